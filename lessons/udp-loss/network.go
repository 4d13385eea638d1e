package main

import (
	"errors"
	"fmt"
	"net"
	"os"
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
			s.ServerNote("Nothing more came. The experiment ended the wait.")
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
