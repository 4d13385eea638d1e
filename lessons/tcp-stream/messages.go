package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"example.com/sockets/shared/experiment"
)

// What a learner can guess.
const (
	allOfIt = "yes, all"
	aPart   = "no, a part"
)

// sendTwo sends two messages. They have arrived when it returns.
func sendTwo(s *experiment.Stage) (server *experiment.Conn, err error) {
	client, server, err := s.Connect()
	if err != nil {
		return nil, err
	}
	for _, message := range []string{"one", "two"} {
		if _, err := client.Write([]byte(message)); err != nil {
			return nil, err
		}
	}
	return server, server.Arrived(len("onetwo"))
}

func recvOnce(s *experiment.Stage) (out experiment.Outcome, err error) {
	server, err := sendTwo(s)
	if err != nil {
		return out, err
	}
	buf := make([]byte, 1024)
	n, err := server.Read(buf)
	if err != nil {
		return out, err
	}
	out.Good = string(buf[:n]) == "one"
	out.Answer = fmt.Sprintf("%q", buf[:n])
	out.Says = fmt.Sprintf("The client made 2 sends. The server's first recv returned %q, as if it were one message.", buf[:n])
	return out, nil
}

func recvCounted(s *experiment.Stage) (out experiment.Outcome, err error) {
	server, err := sendTwo(s)
	if err != nil {
		return out, err
	}
	// Both sides know that a message has 3 bytes. So the server asks for 3.
	first, second := make([]byte, 3), make([]byte, 3)
	for _, message := range [][]byte{first, second} {
		if _, err := io.ReadFull(server, message); err != nil {
			return out, err
		}
	}
	out.Good = string(first) == "one" && string(second) == "two"
	out.Says = fmt.Sprintf("The server received %q and %q: 2 messages, as they were sent.", first, second)
	return out, nil
}

// sendBig sends 256 KiB. The client's own queue takes all of it. The server's is made
// small, so that only a part has arrived when the server receives.
func sendBig(s *experiment.Stage, receive func(server *experiment.Conn, buf []byte) (int, error)) (out experiment.Outcome, err error) {
	client, server, err := s.Connect()
	if err != nil {
		return out, err
	}
	message := bytes.Repeat([]byte("0123456789abcdef"), 256<<10/16)
	if err := errors.Join(client.TCP().SetWriteBuffer(len(message)), server.TCP().SetReadBuffer(32<<10)); err != nil {
		return out, err
	}
	if _, err := client.Write(message); err != nil {
		return out, err
	}
	buf := make([]byte, len(message))
	n, err := receive(server, buf)
	out.Good = n == len(message) && bytes.Equal(buf, message)
	out.Answer = aPart
	if out.Good {
		out.Answer = allOfIt
	}
	out.Says = fmt.Sprintf("The client sent %d bytes with one send. The server has %d of them.", len(message), n)
	return out, err
}

func recvBigOnce(s *experiment.Stage) (experiment.Outcome, error) {
	return sendBig(s, (*experiment.Conn).Read)
}

func recvBigFull(s *experiment.Stage) (experiment.Outcome, error) {
	return sendBig(s, func(server *experiment.Conn, buf []byte) (int, error) { return io.ReadFull(server, buf) })
}
