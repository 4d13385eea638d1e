package steplog

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"example.com/sockets/shared/errno"
)

// elsewhere is an address that no computer has: it is kept for examples
// (RFC 5737). The tests try to bind it, which sends nothing.
const elsewhere = "203.0.113.1:0"

func listen(s side, addr string) error {
	lc := net.ListenConfig{Control: s.Socket}
	lc.SetMultipathTCP(false) // else Go may make two sockets
	ln, err := s.Listener(lc.Listen(context.Background(), "tcp", addr))
	if err == nil {
		ln.Close()
	}
	return err
}

func listenPacket(s side, addr string) error {
	lc := net.ListenConfig{Control: s.Socket}
	pc, err := s.PacketConn(lc.ListenPacket(context.Background(), "udp", addr))
	if err == nil {
		pc.Close()
	}
	return err
}

func dialTCP(s side, addr string) error {
	d := net.Dialer{Control: s.SocketConnect, Timeout: patience}
	c, err := s.Conn(d.DialContext(context.Background(), "tcp", addr))
	if err == nil {
		c.Close()
	}
	return err
}

// TestSetupFails: the log names the documented call that failed and no call
// after it, although one Go call makes several.
func TestSetupFails(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	nobody := refused(t).String()
	for _, test := range []struct {
		name  string
		try   func(side, string) error
		addr  string
		is    error
		calls string
	}{
		{"TCP port in use", listen, ln.Addr().String(), errno.EADDRINUSE, "socket bind"},
		{"UDP port in use", listenPacket, pc.LocalAddr().String(), errno.EADDRINUSE, "socket bind"},
		{"TCP address of another computer", listen, elsewhere, errno.EADDRNOTAVAIL, "socket bind"},
		{"UDP address of another computer", listenPacket, elsewhere, errno.EADDRNOTAVAIL, "socket bind"},
		{"nobody listens", dialTCP, nobody, errno.ECONNREFUSED, "socket connect... connect"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSide(t.Context(), "program", []string{"socket", "bind", "listen", "connect"})
			err := test.try(s, test.addr)
			if !errors.Is(err, test.is) {
				t.Fatalf("got %v, want %v", err, test.is)
			}
			if got := strings.Join(names(s.all()), " "); got != test.calls {
				t.Errorf("logged the calls %s, want %s", got, test.calls)
			}
			e := s.last(t)
			if e.Err != err || e.Local+e.Remote != test.addr || e.Step == 0 || e.Go == "" || e.Time.IsZero() {
				t.Errorf("logged %+v", e)
			}
			if failed := s.Failed(); failed.Call != e.Call || failed.Err != err {
				t.Errorf("Failed() tells of %q, %v", failed.Call, failed.Err)
			}
			if text := e.String(); !strings.HasPrefix(text, "failed") || !strings.HasSuffix(text, ": "+test.is.Error()) {
				t.Errorf("the text %q does not end in the system's own words", text)
			}
		})
	}
}

// TestInnerCall hands in errors that a test cannot make with a real socket: each
// names the system's call, as package net's do.
func TestInnerCall(t *testing.T) {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7001}
	fail := func(op, call string) error {
		return &net.OpError{Op: op, Net: "tcp", Addr: addr, Err: os.NewSyscallError(call, syscall.EMFILE)}
	}
	listener := func(l *Logger, call string) error { _, err := l.Listener(nil, fail("listen", call)); return err }
	conn := func(l *Logger, call string) error { _, err := l.Conn(nil, fail("dial", call)); return err }
	for _, test := range []struct {
		name, inner   string
		try           func(*Logger, string) error
		calls         []string
		local, remote string
	}{
		{"no socket for a server", "socket", listener, []string{"socket"}, "127.0.0.1:7001", ""},
		{"a bad option comes before bind", "setsockopt", listener, []string{"bind"}, "127.0.0.1:7001", ""},
		{"listen fails after a good bind", "listen", listener, []string{"bind", "listen"}, "127.0.0.1:7001", ""},
		{"no socket for a client", "socket", conn, []string{"socket"}, "", "127.0.0.1:7001"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSide(t.Context(), "program", nil)
			if err := test.try(s.Logger, test.inner); !errors.Is(err, syscall.EMFILE) {
				t.Errorf("the error became %v", err)
			}
			events := s.all()
			if !slices.Equal(names(events), test.calls) {
				t.Fatalf("logged the calls %v, want %v", names(events), test.calls)
			}
			for i, e := range events {
				if (e.Err != nil) != (i == len(events)-1) {
					t.Errorf("%s has the error %v", e.Call, e.Err)
				}
				if e.Local != test.local || e.Remote != test.remote {
					t.Errorf("%s is from %q to %q, want %q to %q", e.Call, e.Local, e.Remote, test.local, test.remote)
				}
			}
		})
	}
}

// TestNextAddress connects to a name with two addresses. Nobody listens on the
// first; the log shows both tries, each with a socket and an end of its own.
func TestNextAddress(t *testing.T) {
	s := newSide(t.Context(), "client", tcpClient)
	first, second := refused(t).String(), s.listen(t, "127.0.0.1:0").Addr().String()
	before := len(s.all())
	d := net.Dialer{Control: s.SocketConnect}
	// Package net makes these two dials itself for such a name, and keeps the
	// first error to itself.
	if c, err := d.DialContext(t.Context(), "tcp", first); err == nil {
		c.Close()
		t.Fatal("the first address answered")
	}
	c, err := s.Conn(d.DialContext(t.Context(), "tcp", second))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	events := s.all()[before:]
	want := []string{"socket", "connect...", "connect", "socket", "connect...", "connect"}
	if !slices.Equal(names(events), want) {
		t.Fatalf("logged the calls %v, want %v", names(events), want)
	}
	if e := events[2]; e.Remote != first || e.Err == nil {
		t.Errorf("the first try was logged as %+v", e)
	}
	if e := events[5]; e.Remote != second || e.Err != nil || e.Took > patience {
		t.Errorf("the second try was logged as %+v", e)
	}
	s.dial(t, "tcp", c.RemoteAddr()) // a dial of its own, that owes nothing to the first
	if got := names(s.all()[before+len(want):]); !slices.Equal(got, want[3:]) {
		t.Errorf("the next dial logged the calls %v, want %v", got, want[3:])
	}
}

// TestNoAddress connects to a name with two addresses where nobody listens on
// either. Package net returns the first error, which is not true of the second.
func TestNoAddress(t *testing.T) {
	s := newSide(t.Context(), "client", tcpClient)
	first, second := refused(t).String(), refused(t).String()
	d := net.Dialer{Control: s.SocketConnect}
	_, err := d.DialContext(t.Context(), "tcp", first)
	if _, second := d.DialContext(t.Context(), "tcp", second); err == nil || second == nil {
		t.Fatal("an address answered")
	}
	if _, got := s.Conn(nil, err); got != err {
		t.Errorf("Conn() = %v, want %v", got, err)
	}
	if e := s.last(t); e.Remote != second || errors.Is(e.Err, err) {
		t.Errorf("the second try was logged as %+v", e)
	}
	if e := s.Failed(); e.Remote != first || !errors.Is(e.Err, err) {
		t.Errorf("Failed() = %+v, want the try of %s with its own error", e, first)
	}
}

// TestSinkFails: the logger tells the sink's first error, and the program's own
// calls do not fail because of it.
func TestSinkFails(t *testing.T) {
	first, calls := errors.New("disk full"), 0
	sink := func(Event) error {
		calls++
		if calls == 2 {
			return first
		}
		if calls > 2 {
			return errors.New("a later error")
		}
		return nil
	}
	s := side{New(t.Context(), sink, "server", nil, 0), newRecord()}
	lc := net.ListenConfig{Control: func(network, address string, c syscall.RawConn) error {
		err := s.Socket(network, address, c)
		if s.Err() != nil {
			t.Errorf("the first event was shown, and yet Err() is %v", s.Err())
		}
		return err
	}}
	lc.SetMultipathTCP(false)
	ln, err := s.Listener(lc.Listen(t.Context(), "tcp", "127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if s.Err() != first || calls != 4 {
		t.Errorf("after %d calls of the sink, want 4, Err() is %v", calls, s.Err())
	}
	if s.Failed().Err != nil {
		t.Errorf("no call failed, and Failed() tells of %+v", s.Failed())
	}
}
