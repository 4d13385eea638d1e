package steplog

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A Sink shows one event. The [Logger] calls it once at a time, in the order in
// which the calls began waiting or ended. An error tells that the event could
// not be shown. A sink must not call the logger.
type Sink func(Event) error

// A Logger turns the socket calls of one program into events. Its methods may
// be used by several goroutines at once.
type Logger struct {
	ctx     context.Context
	program string
	steps   []string
	pace    time.Duration

	mu      sync.Mutex
	sink    Sink
	sinkErr error
	failed  Event
	pending Event // the connect under way, zero when there is none
}

// New returns a logger for a program and its documented steps, in order:
// "socket", "bind", …. An event's Step is the place of its call among them.
// Each event goes to sink. After a call, the program rests for pace (0: not at
// all), so that a person can watch.
//
// The end of ctx ends every call that waits, and every rest. The call returns
// [context.Canceled], and so does each later one but Close.
func New(ctx context.Context, sink Sink, program string, steps []string, pace time.Duration) *Logger {
	return &Logger{ctx: ctx, sink: sink, program: program, steps: steps, pace: pace}
}

// Err returns the first error of the sink: from then on the log is incomplete.
func (l *Logger) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sinkErr
}

// Failed returns the last call that failed. Its Err is nil when none did.
func (l *Logger) Failed() Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// Socket logs a new socket. It is made for [net.ListenConfig.Control], which
// package net calls after socket and before bind. Turn Multipath TCP off there:
// Go may otherwise make two sockets.
func (l *Logger) Socket(network, address string, c syscall.RawConn) error {
	goCall := "ListenConfig.Listen"
	if kind(network) == "SOCK_DGRAM" {
		goCall = "ListenConfig.ListenPacket"
	}
	err := l.socket(goCall, network, c)
	l.rest()
	return err
}

// SocketConnect logs a new socket and that it is about to connect. It is made
// for [net.Dialer.Control], which package net calls after socket and before
// connect. The program does not rest in between. A name may have several
// addresses, each tried with a socket of its own. They must be tried one after
// the other: for TCP, the dialer's FallbackDelay has to be negative.
func (l *Logger) SocketConnect(network, address string, c syscall.RawConn) error {
	l.nextAddress()
	err := l.socket("Dialer.DialContext", network, c)
	e := Event{
		Call: "connect", Go: "Dialer.DialContext", Type: kind(network), Remote: address,
		Waiting: kind(network) == "SOCK_STREAM", Time: time.Now(),
	}
	l.mu.Lock()
	l.pending = e
	l.mu.Unlock()
	if e.Waiting { // connect on a UDP socket never waits
		l.emit(e)
	}
	return err
}

// These stand for errors that package net keeps to itself: of several addresses
// of a name it returns the error of the first, whatever the others had.
var (
	errNextAddress = errors.New("no connection; Go tries once more")
	errNoAddress   = errors.New("no connection")
)

// nextAddress logs the end of an earlier connect of the same dial, if any.
func (l *Logger) nextAddress() {
	if e, ok := l.takePending(); ok {
		e.Err = errNextAddress
		l.emit(e)
	}
}

// takePending ends the connect under way and returns its event.
func (l *Logger) takePending() (Event, bool) {
	l.mu.Lock()
	e := l.pending
	l.pending = Event{}
	l.mu.Unlock()
	e.Waiting = false
	e.Took = time.Since(e.Time)
	return e, e.Call != ""
}

func (l *Logger) socket(goCall, network string, c syscall.RawConn) error {
	e := Event{Call: "socket", Go: goCall, Family: family(network), Type: kind(network), Time: time.Now()}
	err := c.Control(func(fd uintptr) { e.Descriptor = int(fd) })
	e.Err = err
	l.emit(e)
	return err
}

// Listener takes what [net.ListenConfig.Listen] returned and logs the bind and
// the listen in it, or the one of them that failed. The listener it returns logs
// each Accept and Close, and its connections log their calls.
func (l *Logger) Listener(ln net.Listener, err error) (net.Listener, error) {
	if err != nil {
		return nil, l.failedSetup(err, "ListenConfig.Listen", "bind", "listen")
	}
	e := Event{Go: "ListenConfig.Listen", Time: time.Now(), Local: ln.Addr().String()}
	for _, e.Call = range []string{"bind", "listen"} {
		l.emit(e)
	}
	l.rest()
	return &listener{ln, l}, nil
}

// PacketConn takes what [net.ListenConfig.ListenPacket] returned and logs the
// bind in it, or its failure. The connection it returns logs each ReadFrom,
// WriteTo and Close.
func (l *Logger) PacketConn(pc net.PacketConn, err error) (net.PacketConn, error) {
	if err != nil {
		return nil, l.failedSetup(err, "ListenConfig.ListenPacket", "bind")
	}
	l.emit(Event{Call: "bind", Go: "ListenConfig.ListenPacket", Time: time.Now(), Local: pc.LocalAddr().String()})
	l.rest()
	return &packetConn{pc, l}, nil
}

// Conn takes what [net.Dialer.DialContext] returned and logs the connect in it,
// or its failure. A socket that could not be connected, or bound, is closed
// inside package net, which tells nobody: it has no close in the log. The connection it returns logs each Read, Write and Close.
func (l *Logger) Conn(c net.Conn, err error) (net.Conn, error) {
	e, ok := l.takePending()
	if err != nil {
		if !ok { // the name has no address, or no socket could be made
			return nil, l.failedSetup(err, "Dialer.DialContext", "connect")
		}
		err = l.canceled(err)
		first := e.Remote
		var op *net.OpError
		if errors.As(err, &op) && op.Addr != nil {
			first = op.Addr.String()
		}
		e.Err = err
		if first != e.Remote { // the error is that of the first address tried
			e.Err = errNoAddress
		}
		l.emit(e)
		l.mu.Lock()
		l.failed.Err, l.failed.Remote = err, first
		l.mu.Unlock()
		return nil, err
	}
	e.Local, e.Remote = c.LocalAddr().String(), c.RemoteAddr().String()
	l.emit(e)
	l.rest()
	return &conn{c, l}, nil
}

// failedSetup logs that one of the calls inside goCall failed, and the ones
// before it that went well. Package net's error names the system's call. The
// document's bind and connect look a name up, so a failed look-up is theirs.
func (l *Logger) failedSetup(err error, goCall string, calls ...string) error {
	err = l.canceled(err)
	e := Event{Go: goCall, Time: time.Now()}
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		if op.Op == "dial" {
			e.Remote = op.Addr.String()
		} else {
			e.Local = op.Addr.String()
		}
	}
	var sys *os.SyscallError
	named := errors.As(err, &sys)
	if named && sys.Syscall == "socket" {
		calls = []string{"socket"}
	}
	// What is none of the calls, like setsockopt, comes before the first of them.
	named = named && slices.Contains(calls, sys.Syscall)
	for _, e.Call = range calls {
		if !named || e.Call == sys.Syscall {
			e.Err = err
		}
		l.emit(e)
		if e.Err != nil {
			break
		}
	}
	return err
}

// canceled returns the context's error in place of err where the end of the
// context was the cause, so that callers have one error to look for.
func (l *Logger) canceled(err error) error {
	if l.ctx.Err() != nil && (errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.Canceled)) {
		return l.ctx.Err()
	}
	return err
}

// do makes one call and logs it: that it waits, where it may block, and then
// how it ended. The call fills in what it learns in e. When the context ends,
// setDeadline wakes the call.
func (l *Logger) do(e *Event, blocks bool, setDeadline func(time.Time) error, call func() error) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	e.Time = time.Now()
	if blocks {
		begun := *e
		begun.Waiting = true
		l.emit(begun)
	}
	longAgo := time.Unix(1, 0)
	stop := context.AfterFunc(l.ctx, func() { setDeadline(longAgo) })
	err := call()
	stop()
	e.Took = time.Since(e.Time)
	if err != nil {
		err = l.canceled(err)
	}
	e.Err = err
	l.emit(*e)
	l.rest()
	return err
}

// emit completes the event with what the logger knows and shows it.
func (l *Logger) emit(e Event) {
	e.Program = l.program
	e.Step = slices.Index(l.steps, e.Call) + 1
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Err != nil {
		l.failed = e
	}
	if err := l.sink(e); err != nil && l.sinkErr == nil {
		l.sinkErr = err
	}
}

// rest waits for the pace, or until the context ends.
func (l *Logger) rest() {
	if l.pace <= 0 {
		return
	}
	select {
	case <-time.After(l.pace):
	case <-l.ctx.Done():
	}
}
