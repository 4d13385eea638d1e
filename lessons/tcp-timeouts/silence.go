package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"example.com/sockets/shared/experiment"
)

const (
	nothingTwice = "nothing, both times: it waits"
	errorForGone = "nothing of the silent one, an error of the one that is gone"
	errorTwice   = "an error, both times"
)

const question = "How are you?"

// ask connects and sends the question.
func ask(s *experiment.Stage) (client, server *experiment.Conn, err error) {
	client, server, err = s.Connect()
	if err != nil {
		return nil, nil, err
	}
	_, err = io.WriteString(client, question)
	return client, server, err
}

// askTwo asks a server that is silent, and one that is gone. Recv is how the client
// receives.
func askTwo(s *experiment.Stage, recv func(client *experiment.Conn) error) (silent, gone error, err error) {
	client, server, err := ask(s)
	if err != nil {
		return nil, nil, err
	}
	if err := server.Arrived(len(question)); err != nil {
		return nil, nil, err
	}
	if _, err := server.Read(make([]byte, 100)); err != nil {
		return nil, nil, err
	}
	silent = recv(client)

	s.ClientNote("And now the server that is gone:")
	client, _, err = ask(s)
	if err != nil {
		return nil, nil, err
	}
	return silent, recv(client), nil
}

func waitForEver(s *experiment.Stage) (out experiment.Outcome, err error) {
	const bound = 300 * time.Millisecond
	silent, gone, err := askTwo(s, func(client *experiment.Conn) error {
		defer time.AfterFunc(bound, func() {
			s.ClientNote("The experiment closes the socket, to end this.")
			client.Raw.Close()
		}).Stop()
		_, err := client.Read(make([]byte, 100))
		return err
	})
	if err != nil {
		return out, err
	}
	waited := func(err error) bool { return errors.Is(err, net.ErrClosed) }
	switch {
	case waited(silent) && waited(gone):
		out.Answer = nothingTwice
		out.Says = fmt.Sprintf("Each recv said nothing for %v, and no end was in sight. Both sends had worked: a send only says that the client's own system has taken the bytes.", bound)
		return out, nil
	case waited(silent):
		out.Answer = errorForGone
	default:
		out.Answer = errorTwice
	}
	out.Good = true
	out.Says = fmt.Sprintf("Of the silent server recv said %q, of the one that is gone %q.", tell(silent), tell(gone))
	return out, nil
}

func waitWithDeadline(s *experiment.Stage) (out experiment.Outcome, err error) {
	silent, gone, err := askTwo(s, func(client *experiment.Conn) error {
		client.SetReadDeadline(s.Deadline(200 * time.Millisecond))
		_, err := client.Read(make([]byte, 100))
		return err
	})
	if err != nil {
		return out, err
	}
	out.Good = isTimeout(silent) && isTimeout(gone)
	out.Says = fmt.Sprintf("The deadline ended both waits. The program said %q of the silent server and %q of the one that is gone: it cannot tell them apart.", tell(silent), tell(gone))
	return out, nil
}
