package main

import (
	"errors"
	"fmt"
	"net"
	"os"

	"example.com/sockets/shared/experiment"
)

func placeAsLimit(s *experiment.Stage) (out experiment.Outcome, err error) {
	ln, err := listenOne(s)
	if err != nil {
		return out, err
	}
	ended := make(chan bool, 2)
	go serveInOnePlace(ln, ended)
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

// serveInOnePlace serves two clients. Each takes the place before accept. A client
// that waits for it is connected, in the queue, and its bytes wait with it.
func serveInOnePlace(ln net.Listener, ended chan<- bool) {
	places := make(chan bool, 1)
	for range 2 {
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
}
