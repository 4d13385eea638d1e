package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"example.com/sockets/shared/experiment"
)

// payEach pays for each datagram that asks for it.
func payEach(s *experiment.Stage) (out experiment.Outcome, err error) {
	client, server, err := open(s, "down:drop=@1")
	if err != nil {
		return out, err
	}
	paid := 0
	err = s.Both(func() error {
		defer server.Close()
		return askUntilPaid(s, client)
	}, func() error {
		buf := make([]byte, 1024)
		for {
			n, from, err := server.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			if err != nil {
				return err
			}
			if string(buf[:n]) == "pay 100" {
				paid += 100
			}
			server.WriteTo([]byte("paid"), from)
		}
	})
	out.Good = paid == 100
	out.Answer = fmt.Sprint(paid)
	out.Says = fmt.Sprintf("The client wanted 100 to be paid. The server paid %d: it cannot tell the same message from another one that says the same.", paid)
	return out, err
}

// askUntilPaid sends the same datagram until an answer comes.
func askUntilPaid(s *experiment.Stage, conn net.Conn) error {
	buf := make([]byte, 1024)
	for {
		if _, err := conn.Write([]byte("pay 100")); err != nil {
			return err
		}
		conn.SetReadDeadline(s.Deadline(200 * time.Millisecond))
		_, err := conn.Read(buf)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
}

func payOnce(s *experiment.Stage) (out experiment.Outcome, err error) {
	paid := 0
	got, sends, err := deliverAll(s, "down:drop=@1", []string{"pay 100"})
	for _, message := range got {
		if message == "pay 100" {
			paid += 100
		}
	}
	out.Good = paid == 100
	out.Says = fmt.Sprintf("The client needed %d sends. The server knew the number, acknowledged again, and paid %d.", sends, paid)
	return out, err
}
