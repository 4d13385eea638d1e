package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"example.com/sockets/shared/experiment"
)

const (
	justOne   = "one"
	notAll    = "more than one, but not all"
	allOfThem = "all of them"
)

// listenOne is a true listen(1) where the system allows it. Go itself chooses a longer
// queue, and has no setting for it.
func listenOne(s *experiment.Stage) (net.Listener, error) {
	ln, err := s.ListenBacklog(1)
	if errors.Is(err, errors.ErrUnsupported) {
		s.ServerNote("This system lets no program choose the length of the queue. It stays as Go made it.")
		return s.Listen()
	}
	return ln, err
}

func queueAsLimit(s *experiment.Stage) (out experiment.Outcome, err error) {
	ln, err := listenOne(s)
	if err != nil {
		return out, err
	}
	const clients = 5
	connected, sent := 0, 0
	for _, name := range []string{"A", "B", "C", "D", "E"}[:clients] {
		conn, err := s.DialTimeout(name, "tcp", ln.Addr().String(), patience)
		if s.Context.Err() != nil {
			return out, s.Context.Err()
		}
		var failed net.Error
		if errors.As(err, &failed) && failed.Timeout() {
			continue
		}
		if err != nil {
			return out, err // this computer itself had no socket
		}
		connected++
		if _, err := io.WriteString(conn, "Hello, i'm "+name+"!"); err == nil {
			sent++
		}
	}
	s.ServerNote("Only now the server accepts, once.")
	conn, err := ln.Accept()
	if err != nil {
		return out, err
	}
	got, err := receive(conn)
	out.Good = connected == 1
	switch connected {
	case 1:
		out.Answer = justOne
	case clients:
		out.Answer = allOfThem
	default:
		out.Answer = notAll
	}
	out.Says = fmt.Sprintf("%d of %d clients connected and %d sent, with no accept. Later the server accepted one of them and received %q. listen(1) makes a queue. It is no limit.", connected, clients, sent, got)
	return out, err
}

// placeAsLimit takes a place before accept. A client that waits for one is connected,
// in the queue, and its bytes wait with it.
func placeAsLimit(s *experiment.Stage) (out experiment.Outcome, err error) {
	ln, err := listenOne(s)
	if err != nil {
		return out, err
	}
	places, ended := make(chan bool, 1), make(chan bool, 2)
	go func() {
		for {
			places <- true
			conn, err := ln.Accept()
			if err != nil {
				return // the stage has ended
			}
			go func() {
				echo(conn)
				<-places
				ended <- true
			}()
		}
	}()
	a, err := s.Dial("A", "tcp", ln.Addr().String())
	if err != nil {
		return out, err
	}
	first, err := ask(a, "Hello, i'm A!")
	if err != nil {
		return out, err
	}
	b, err := s.Dial("B", "tcp", ln.Addr().String())
	if err != nil {
		return out, err
	}
	b.SetReadDeadline(s.Deadline(patience))
	_, early := ask(b, "Hello, i'm B!")
	s.ClientNote("A leaves.")
	a.Close()
	b.SetReadDeadline(s.Deadline(10 * patience))
	second, err := receive(b)
	b.Close()
	await(s, ended, 2)
	out.Good = errors.Is(early, os.ErrDeadlineExceeded) && err == nil
	out.Says = fmt.Sprintf("A got its echo %q. B connected, sent and waited: the only place was taken. When A had left, B got its echo %q.", first, second)
	return out, err
}

// ask sends a message and receives its echo.
func ask(conn net.Conn, message string) (string, error) {
	if _, err := io.WriteString(conn, message); err != nil {
		return "", err
	}
	return receive(conn)
}
