package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"example.com/sockets/shared/errno"
)

const (
	lastCall = 100 * time.Millisecond // after Ctrl+C: what has arrived by then is still echoed
	grace    = time.Second            // after Ctrl+C: the time a client has to take its echo
	pause    = 50 * time.Millisecond  // after an error of Accept
)

// listenAndServe is an echo server until ctx ends. Unlike the other
// programs it prints no line for each call: it is meant for thousands of clients.
func listenAndServe(ctx context.Context, addr string, most int) error {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(ctx, "tcp", addr)
	if errors.Is(err, errno.EADDRINUSE) {
		return fmt.Errorf("%w: another program has it. Stop that one, or choose -addr 127.0.0.1:0", err)
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Println("Waiting for connection on", ln.Addr()); err != nil {
		return errors.Join(err, ln.Close()) // nobody would know where it listens
	}
	return serve(ctx, ln, most)
}

// serve echoes to each client of ln, at most most at once, until ctx ends and all
// clients are gone.
func serve(ctx context.Context, ln net.Listener, most int) error {
	defer ln.Close()
	stop := context.AfterFunc(ctx, func() { ln.Close() }) // Accept does not know ctx
	defer stop()
	var clients sync.WaitGroup
	defer clients.Wait()
	places := make(chan struct{}, most)
	for {
		select {
		case places <- struct{}{}: // before Accept: who waits, waits in the queue
		case <-ctx.Done():
			return nil
		}
		conn, err := ln.Accept()
		switch {
		case err == nil:
			clients.Add(1)
			go func() {
				defer clients.Done()
				defer func() { <-places }()
				serveClient(ctx, conn)
			}()
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default: // too many open files, perhaps: soon some will be closed
			<-places
			time.Sleep(pause)
		}
	}
}

// serveClient echoes until the client or ctx ends.
func serveClient(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() {
		conn.SetReadDeadline(time.Now().Add(lastCall))
		conn.SetWriteDeadline(time.Now().Add(grace))
	})
	defer stop()
	var end time.Time // when a client that goes on talking is left
	buf := make([]byte, 512)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			break
		}
		if _, err := conn.Write(buf[:n]); err != nil {
			return
		}
		// While Write waited for a slow client, the time to receive may have passed,
		// and more has arrived. It is echoed, too.
		if ctx.Err() != nil {
			now := time.Now()
			if end.IsZero() {
				end = now.Add(grace - lastCall)
				conn.SetWriteDeadline(now.Add(grace))
			}
			next := now.Add(lastCall)
			if next.After(end) {
				next = end
			}
			conn.SetReadDeadline(next)
		}
		// Thousands of idle clients need little room, one that sends much gets more.
		if n == len(buf) && n < 64<<10 {
			buf = make([]byte, 2*n)
		}
	}
	if ctx.Err() != nil {
		leave(conn)
	}
}

// leave ends a connection whose client may still send. To close it with bytes unread
// would reset it, and the reset can overtake the last echo.
func leave(conn net.Conn) {
	if conn.(*net.TCPConn).CloseWrite() == nil {
		conn.SetReadDeadline(time.Now().Add(lastCall))
		io.Copy(io.Discard, conn)
	}
}
