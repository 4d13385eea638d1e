package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"example.com/sockets/shared/experiment"
)

const (
	atOnce      = "at once"
	whenALeaves = "when A has left"
)

func oneAtATime(s *experiment.Stage) (experiment.Outcome, error) {
	return silentClient(s, patience, func(serve func()) { serve() })
}

func allAtOnce(s *experiment.Stage) (experiment.Outcome, error) {
	return silentClient(s, 10*patience, func(serve func()) { go serve() })
}

// silentClient lets a silent client come before one that talks, and that waits so
// long for its echo. The server serves each client as begin does.
func silentClient(s *experiment.Stage, wait time.Duration, begin func(serve func())) (out experiment.Outcome, err error) {
	ln, err := s.Listen()
	if err != nil {
		return out, err
	}
	ended := make(chan bool, 2)
	go acceptTwo(ln, func(conn net.Conn) { begin(func() { echo(conn); ended <- true }) })
	a, b, err := twoClients(s, ln)
	if err != nil {
		return out, err
	}
	if _, err := io.WriteString(b, "Hello, i'm B!"); err != nil {
		return out, err
	}
	began := time.Now()
	b.SetReadDeadline(s.Deadline(wait))
	got, err := receive(b)
	waited := time.Since(began).Round(time.Millisecond)
	out.Good = err == nil
	out.Answer = atOnce
	out.Says = fmt.Sprintf("B got its echo %q while A was connected and silent.", got)
	s.ClientNote("A leaves.")
	a.Close()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		b.SetReadDeadline(time.Time{})
		got, err = receive(b)
		out.Answer = whenALeaves
		out.Says = fmt.Sprintf("B waited %v in vain: the server was in recv for A. When A had left, B got its echo %q.", waited, got)
	}
	b.Close()
	await(s, ended, 2)
	return out, err
}

// acceptTwo accepts two clients, and calls serve for each.
func acceptTwo(ln net.Listener, serve func(conn net.Conn)) {
	for range 2 {
		conn, err := ln.Accept()
		if err != nil {
			return // the stage has ended
		}
		serve(conn)
	}
}
