package main

import (
	"fmt"
	"io"
	"time"

	"example.com/sockets/shared/experiment"
)

const (
	firstFails = "the first"
	laterFails = "a later one"
	noneFails  = "none"
)

// closedPeer returns the client's end of a connection that the server has closed.
func closedPeer(s *experiment.Stage) (client *experiment.Conn, err error) {
	client, server, err := s.Connect()
	if err != nil {
		return nil, err
	}
	if err := server.Close(); err != nil {
		return nil, err
	}
	return client, client.Arrived(1) // no byte arrives, but the end of the stream
}

func countSends(s *experiment.Stage) (out experiment.Outcome, err error) {
	client, err := closedPeer(s)
	if err != nil {
		return out, err
	}
	const most = 20
	sent := 0
	var failed error
	for sent < most {
		if _, failed = fmt.Fprintf(client, "message %d", sent+1); failed != nil {
			break
		}
		sent++
		time.Sleep(10 * time.Millisecond) // the reset that it brings may be on its way
	}
	out.Good = sent == 0 // the server has received nothing
	switch {
	case failed == nil:
		out.Answer = noneFails
		out.Says = fmt.Sprintf("All %d sends worked. The server has received nothing.", sent)
	case sent == 0:
		out.Answer = firstFails
		out.Says = fmt.Sprintf("The first send failed: %s.", tell(failed))
	default:
		out.Answer = laterFails
		out.Says = fmt.Sprintf("Send %d failed: %s. Until then every send had worked, as if its message had arrived. The server has received nothing.", sent+1, tell(failed))
	}
	return out, nil
}

func countAnswers(s *experiment.Stage) (out experiment.Outcome, err error) {
	client, err := closedPeer(s)
	if err != nil {
		return out, err
	}
	if _, err := io.WriteString(client, "message 1"); err != nil {
		return out, err
	}
	client.SetReadDeadline(s.Deadline(time.Second))
	_, noAnswer := client.Read(make([]byte, 100))
	out.Good = noAnswer != nil
	out.Says = fmt.Sprintf("The send worked. But in place of an answer the client learned: %s. So it does not count the message as received.", tell(noAnswer))
	return out, nil
}
