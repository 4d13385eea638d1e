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
