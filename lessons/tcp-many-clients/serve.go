package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"example.com/sockets/shared/errno"
)

// pause follows an error of Accept.
const pause = 50 * time.Millisecond

// listenAndServe is an echo server until ctx ends, or a SIGTERM comes. Unlike the other
// programs it prints no line for each call: it is meant for thousands of clients.
func listenAndServe(ctx context.Context, addr string, most int) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM) // as kill sends it
	context.AfterFunc(ctx, stop)                            // a second one ends the process at once
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("%w%s", err, nextStep(err))
	}
	if _, err := fmt.Println("Waiting for connection on", ln.Addr()); err != nil {
		return errors.Join(err, ln.Close()) // nobody would know where it listens
	}
	return serve(ctx, ln, most)
}

// nextStep says what to do when an address can have no listener, where that is known.
func nextStep(err error) string {
	switch {
	case errors.Is(err, errno.EADDRINUSE):
		return ": another program has it. Stop that one, or choose -addr 127.0.0.1:0"
	case errors.Is(err, errno.EACCES):
		return ": ports below 1024 are often kept for the administrator. Choose one from 1024 up: -addr 127.0.0.1:7001"
	case errors.Is(err, errno.EADDRNOTAVAIL):
		return ": use an address of this computer: -addr 127.0.0.1:7001"
	}
	return ""
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
