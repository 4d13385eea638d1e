package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"example.com/sockets/shared/experiment"
)

// open opens a server, and a client whose datagrams go through the faults. One that
// is to be overtaken waits long enough for the next one, on a busy computer too.
func open(s *experiment.Stage, faults string) (client *experiment.Conn, server net.PacketConn, err error) {
	if server, err = s.ListenPacket(); err != nil {
		return nil, nil, err
	}
	hold := time.Until(s.Deadline(2 * time.Second)).Round(time.Millisecond)
	addr, err := s.Through("udp", server.LocalAddr().String(), fmt.Sprintf("%s,hold=%v", faults, hold))
	if err != nil {
		return nil, nil, err
	}
	client, err = s.Dial("", "udp", addr)
	return client, server, err
}

// sendAll sends each text in a datagram, and waits for nothing.
func sendAll(conn net.Conn, texts []string) error {
	for _, text := range texts {
		if _, err := conn.Write([]byte(text)); err != nil {
			return err
		}
	}
	return nil
}

// recvSome receives datagrams: count of them, and then what comes until nobody has
// sent anything for a moment.
func recvSome(s *experiment.Stage, conn net.PacketConn, count int) (texts []string, err error) {
	buf := make([]byte, 1024)
	for {
		wait := 2 * time.Second
		if len(texts) >= count {
			wait = 200 * time.Millisecond
		}
		conn.SetReadDeadline(s.Deadline(wait))
		n, _, err := conn.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return texts, nil
		}
		if err != nil {
			return texts, err
		}
		texts = append(texts, string(buf[:n]))
	}
}

func quoted(texts []string) string {
	var all []string
	for _, text := range texts {
		all = append(all, fmt.Sprintf("%q", text))
	}
	return strings.Join(all, ", ")
}

// reliably sends the texts as numbered messages, through the faults.
func reliably(faults string) func(s *experiment.Stage) (experiment.Outcome, error) {
	return func(s *experiment.Stage) (out experiment.Outcome, err error) {
		got, sends, err := deliverAll(s, faults, counted)
		out.Good = slices.Equal(got, counted)
		out.Says = fmt.Sprintf("The client needed %d sends for %d messages. The server delivered %s.", sends, len(counted), quoted(got))
		return out, err
	}
}

// deliverAll sends messages until all are acknowledged, and returns what was
// delivered, and how many sends it took.
func deliverAll(s *experiment.Stage, faults string, messages []string) (got []string, sends int, err error) {
	client, server, err := open(s, faults)
	if err != nil {
		return nil, 0, err
	}
	from := sender{conn: client, tries: 100, wait: func() time.Time { return s.Deadline(40 * time.Millisecond) }}
	err = s.Both(func() error {
		defer server.Close() // ends receive
		for _, message := range messages {
			if err := from.send([]byte(message)); err != nil {
				return err
			}
		}
		return nil
	}, func() error {
		return receive(server, func(payload []byte) { got = append(got, string(payload)) })
	})
	return got, from.sends, err
}
