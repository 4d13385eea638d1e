package main

import (
	"errors"
	"io"
	"net"
	"sync"

	"example.com/sockets/shared/experiment"
)

// serveUntilStopped serves two clients. It receives from the first one, is told to
// stop, and only then gets to its send: work that takes its time.
func serveUntilStopped(s *experiment.Stage, ln net.Listener, stop func(net.Listener, []net.Conn)) error {
	first, err := ln.Accept()
	if err != nil {
		return err
	}
	second, err := ln.Accept()
	if err != nil {
		return err
	}
	message, err := receive(first)
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		if _, err := receive(second); !errors.Is(err, net.ErrClosed) {
			second.Close()
		}
	})
	s.ServerNote("The server is told to stop.")
	stop(ln, []net.Conn{first, second})
	// This fails where the connection is closed. Then the way shows it.
	if _, err := io.WriteString(first, message); err == nil {
		first.Close()
	}
	serving.Wait()
	return nil
}
