package check

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// So many calls of Accept that fail in a row, each a moment after the one before,
// are no retry any more. A deadline on the listener may pass more often: to wait
// in small portions is right.
const (
	spinning         = 1000
	spinningDeadline = 100_000
	aMoment          = 200 * time.Microsecond
)

// A listener is what an answer gets: a real TCP listener that keeps in mind what
// the answer did with it.
type listener struct {
	net.Listener

	// Fails, set before the answer starts, tells whether the nth call of Accept is
	// to fail. It counts from 1.
	fails func(n int) bool

	// Wraps, set before the answer starts, says that net.ErrClosed comes inside
	// another error, as from a listener that is none of package net.
	wraps bool

	spins chan struct{} // closed when Accept failed far too often in a row
	over  chan struct{} // closed when the case is over

	// Whoever holds gate keeps Accept from returning.
	gate sync.Mutex

	mu       sync.Mutex
	conns    []net.Conn // all that Accept returned
	calls    int        // of Accept
	failed   time.Time  // when Accept last failed
	hasty    bool       // the call under way came a moment later
	tries    int        // hasty calls that failed too, in a row
	timeouts int        // calls that met a deadline, in a row
	closed   bool
	done     bool // over is closed
}

func newListener(ln net.Listener) *listener {
	return &listener{
		Listener: ln,
		spins:    make(chan struct{}),
		over:     make(chan struct{}),
	}
}

// Accept keeps every connection that it returns. So none is closed for the
// answer by the garbage collector, and the case can see which ones are open.
func (ln *listener) Accept() (net.Conn, error) {
	err := ln.call()
	var conn net.Conn
	if err == nil {
		conn, err = ln.Listener.Accept()
	}
	if ln.wraps && errors.Is(err, net.ErrClosed) {
		err = fmt.Errorf("the checker's listener: %w", err)
	}
	ln.gate.Lock()
	defer ln.gate.Unlock()
	if ln.count(conn, err) {
		// An answer that spins burns the cores that other cases need. It has
		// shown what it does. So it rests here, and ends with the case.
		ln.gate.Unlock()
		<-ln.over
		ln.gate.Lock()
		runtime.Goexit()
	}
	return conn, err
}

// call counts a call of Accept and tells whether it is to fail.
func (ln *listener) call() error {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	ln.calls++
	ln.hasty = time.Since(ln.failed) < aMoment
	if ln.fails == nil || ln.closed || !ln.fails(ln.calls) {
		return nil
	}
	// So it fails when a process has too many files open.
	return &net.OpError{Op: "accept", Net: "tcp", Addr: ln.Addr(), Err: os.NewSyscallError("accept", syscall.EMFILE)}
}

// count keeps what a call of Accept returned, and tells whether the answer spins.
func (ln *listener) count(conn net.Conn, err error) bool {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	switch {
	case err == nil:
		ln.conns = append(ln.conns, conn)
		ln.tries, ln.timeouts = 0, 0
	case errors.Is(err, os.ErrDeadlineExceeded):
		ln.timeouts++
	case ln.hasty:
		ln.tries++
		fallthrough
	default:
		ln.failed = time.Now()
	}
	if ln.tries < spinning && ln.timeouts < spinningDeadline {
		return false
	}
	select {
	case <-ln.spins:
	default:
		close(ln.spins)
	}
	return true
}

// Close closes the listener, for the case or for the answer.
func (ln *listener) Close() error {
	ln.mu.Lock()
	ln.closed = true
	ln.mu.Unlock()
	return ln.Listener.Close()
}

func (ln *listener) isClosed() bool {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	return ln.closed
}

// SetDeadline is here for answers that look whether their listener has it.
func (ln *listener) SetDeadline(t time.Time) error {
	return ln.Listener.(*net.TCPListener).SetDeadline(t)
}

// pauses tells whether the answer takes its time before it calls Accept again.
func (ln *listener) pauses() bool {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	return ln.calls >= 3 && ln.tries == 0
}

// accepted counts the connections that Accept returned.
func (ln *listener) accepted() int {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	return len(ln.conns)
}

// open counts the connections that the answer has not closed.
func (ln *listener) open() (n int) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	for _, conn := range ln.conns {
		// Control calls the function unless the connection is closed.
		raw, err := conn.(*net.TCPConn).SyscallConn()
		if err == nil && raw.Control(func(uintptr) {}) == nil {
			n++
		}
	}
	return n
}

// end closes the listener and what came from it, to let a hung answer go.
func (ln *listener) end() {
	ln.Close()
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if !ln.done {
		ln.done = true
		close(ln.over)
	}
	for _, conn := range ln.conns {
		conn.Close()
	}
}

// spun tells whether the answer spins.
func (ln *listener) spun() bool {
	select {
	case <-ln.spins:
		return true
	default:
		return false
	}
}

// called tells whether the answer has called Accept.
func (ln *listener) called() bool {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	return ln.calls > 0
}
