package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"example.com/sockets/shared/experiment"
)

// What a learner can guess.
const (
	both   = "both"
	nobody = "nobody"
)

// talk lets both receive to the end. The client calls done when it has sent its
// request.
func talk(s *experiment.Stage, done func(client *experiment.Conn) error) (request, reply []byte, err error) {
	client, server, err := s.Connect()
	if err != nil {
		return nil, nil, err
	}
	// Without a deadline, both would wait for ever.
	deadline := s.Deadline(400 * time.Millisecond)
	client.SetReadDeadline(deadline)
	server.SetReadDeadline(deadline)
	err = s.Both(func() (err error) {
		if _, err := io.WriteString(client, "How are you?"); err != nil {
			return err
		}
		if err := done(client); err != nil {
			return err
		}
		reply, err = io.ReadAll(client)
		return err
	}, func() (err error) {
		if request, err = io.ReadAll(server); err != nil {
			return err
		}
		if _, err := io.WriteString(server, "Fine, thanks."); err != nil {
			return err
		}
		return server.Close()
	})
	return request, reply, err
}

func nobodyMoves(s *experiment.Stage) (out experiment.Outcome, err error) {
	request, reply, err := talk(s, func(*experiment.Conn) error { return nil })
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return out, err
	}
	out.Good = err == nil
	if out.Good {
		out.Answer = both
		out.Says = fmt.Sprintf("The server received %q and its end, and the client the reply %q.", request, reply)
		return out, nil
	}
	out.Answer = nobody
	out.Says = fmt.Sprintf("The server had received %q and waited for more. The client had received %d bytes and waited for a reply. The deadline freed both.", request, len(reply))
	return out, nil
}

func halfClose(s *experiment.Stage) (out experiment.Outcome, err error) {
	request, reply, err := talk(s, (*experiment.Conn).CloseWrite)
	if err != nil {
		return out, err
	}
	out.Good = string(request) == "How are you?" && string(reply) == "Fine, thanks."
	out.Says = fmt.Sprintf("The client half-closed. The server saw the end of the request %q and sent the reply %q.", request, reply)
	return out, nil
}
