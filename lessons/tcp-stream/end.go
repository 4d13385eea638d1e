package main

import (
	"fmt"
	"io"

	"example.com/sockets/shared/experiment"
)

// What a learner can guess.
const (
	recvWaits    = "recv waits"
	zeroEachTime = "recv returns 0 bytes, every time"
)

// sendAndClose sends a message and closes: that is the end of the stream.
func sendAndClose(s *experiment.Stage) (server *experiment.Conn, err error) {
	client, server, err := s.Connect()
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(client, "that is all"); err != nil {
		return nil, err
	}
	return server, client.Close()
}

func tryAgain(s *experiment.Stage) (out experiment.Outcome, err error) {
	server, err := sendAndClose(s)
	if err != nil {
		return out, err
	}
	const most = 5 // without it, the loop would keep a processor busy for ever
	empty := 0
	buf := make([]byte, 1024)
	for empty < most {
		n, err := server.Read(buf)
		if err != nil && err != io.EOF {
			return out, err
		}
		if n == 0 {
			empty++
		}
	}
	out.Answer = zeroEachTime
	out.Says = fmt.Sprintf("recv returned 0 bytes %d times, and did not wait. Here the loop was stopped; else it would never end.", empty)
	return out, nil
}

func stopAtEnd(s *experiment.Stage) (out experiment.Outcome, err error) {
	server, err := sendAndClose(s)
	if err != nil {
		return out, err
	}
	var message []byte
	err = toEnd(server, func(b []byte) { message = append(message, b...) })
	out.Good = string(message) == "that is all"
	out.Says = fmt.Sprintf("The server received %q, saw the end and stopped.", message)
	return out, err
}
