// Package solution holds one good answer to the exercise of lesson 7.
package solution

import (
	"context"
	"net"
	"sync"
	"time"
)

// grace is how long a client has, when the end has come, to take its echo.
const grace = 500 * time.Millisecond

// Serve echoes to each client of ln, at most most at once, until ctx ends.
func Serve(ctx context.Context, ln net.Listener, most int) error {
	defer ln.Close()
	var clients sync.WaitGroup
	defer clients.Wait()

	// When Serve returns for another reason than ctx, its clients end too.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	// Accept does not know ctx. It returns when ln is closed.
	context.AfterFunc(ctx, func() { ln.Close() })

	places := make(chan struct{}, most)
	for {
		select {
		case places <- struct{}{}: // take a place before Accept: others wait in the queue
		case <-ctx.Done():
			return nil
		}
		conn, err := ln.Accept()
		if ctx.Err() != nil {
			if err == nil {
				conn.Close() // it came in the last moment
			}
			return nil
		}
		if err != nil {
			return err
		}
		clients.Add(1)
		go func() {
			defer clients.Done()
			defer func() { <-places }()
			echo(ctx, conn)
		}()
	}
}

// echo sends back what comes, until the client or ctx ends.
func echo(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	// The end stops a Read that waits. A Write may go on: what has been read goes
	// back whole. Only a client that takes nothing is given up.
	stop := context.AfterFunc(ctx, func() {
		conn.SetReadDeadline(time.Now())
		conn.SetWriteDeadline(time.Now().Add(grace))
	})
	defer stop()
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if _, err := conn.Write(buf[:n]); err != nil {
			return
		}
	}
}
