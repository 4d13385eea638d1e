package main

import (
	"errors"
	"fmt"
	"io"
	"net"

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
	names := []string{"A", "B", "C", "D", "E"}
	connected, sent, err := connectEach(s, ln.Addr().String(), names)
	if err != nil {
		return out, err
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
	case len(names):
		out.Answer = allOfThem
	default:
		out.Answer = notAll
	}
	out.Says = fmt.Sprintf("%d of %d clients connected and %d sent, with no accept. Later the server accepted one of them and received %q. listen(1) makes a queue. It is no limit.", connected, len(names), sent, got)
	return out, err
}

// connectEach connects one client after the other. Each sends a message if it can.
func connectEach(s *experiment.Stage, addr string, names []string) (connected, sent int, err error) {
	for _, name := range names {
		conn, err := s.DialTimeout(name, "tcp", addr, patience)
		if s.Context.Err() != nil {
			return 0, 0, s.Context.Err()
		}
		var failed net.Error
		if errors.As(err, &failed) && failed.Timeout() {
			continue
		}
		if err != nil {
			return 0, 0, err // this computer itself had no socket
		}
		connected++
		if _, err := io.WriteString(conn, "Hello, i'm "+name+"!"); err == nil {
			sent++
		}
	}
	return connected, sent, nil
}
