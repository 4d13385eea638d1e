package main

import (
	"fmt"
	"io"

	"example.com/sockets/shared/experiment"
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
