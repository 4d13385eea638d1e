// Package solution holds one good answer to the exercise of lesson 1. Look at it
// when yours is done.
package solution

import (
	"errors"
	"net"
	"time"
)

// Serve answers every client until ln is closed.
func Serve(ln net.Listener, patience time.Duration) error {
	for {
		conn, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		// Each client has a goroutine of its own. So a silent one lets nobody
		// else wait.
		go answer(conn, patience)
	}
}

// answer serves one client. Whatever goes wrong here is the trouble of this
// client alone: its connection is closed, and nobody else notices.
func answer(conn net.Conn, patience time.Duration) {
	// A function of its own, so that defer closes the connection when this
	// client is done, and not when the server ends.
	defer conn.Close()

	// One deadline for all of it: a client may send nothing, or never read.
	conn.SetDeadline(time.Now().Add(patience))
	buf := make([]byte, 1024)
	if _, err := conn.Read(buf); err != nil {
		return
	}
	conn.Write([]byte("Hello, i'm server!"))
}
