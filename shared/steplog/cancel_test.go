package steplog

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// start runs f beside the test. See result.
func start(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// result returns what a call that start runs came back with, and fails the test
// when it does not come back: a bug would let it wait for ever.
func result(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatal("the call did not come back")
		return nil
	}
}

// TestCancelWaiting ends the context in the middle of each call that may wait for
// ever. Nobody connects and nobody sends, so only the context can end it.
func TestCancelWaiting(t *testing.T) {
	for _, test := range []struct {
		name, call string
		begin      func(t *testing.T, s side) (wait func() error, end func() error)
	}{
		{"accept", "accept", func(t *testing.T, s side) (func() error, func() error) {
			ln := s.listen(t, "127.0.0.1:0")
			ln.(*listener).Listener.(*net.TCPListener).SetDeadline(time.Time{})
			return func() error { _, err := ln.Accept(); return err }, ln.Close
		}},
		{"recv", "recv", func(t *testing.T, s side) (func() error, func() error) {
			quiet := newSide(context.Background(), "peer", nil)
			c := s.dial(t, "tcp", quiet.listen(t, "127.0.0.1:0").Addr())
			c.SetDeadline(time.Time{})
			return func() error { _, err := c.Read(make([]byte, 1)); return err }, c.Close
		}},
		{"recvfrom, not connected", "recvfrom", func(t *testing.T, s side) (func() error, func() error) {
			pc := s.listenPacket(t, "127.0.0.1:0")
			pc.SetDeadline(time.Time{})
			return func() error { _, _, err := pc.ReadFrom(make([]byte, 1)); return err }, pc.Close
		}},
		{"recvfrom, connected", "recvfrom", func(t *testing.T, s side) (func() error, func() error) {
			quiet := newSide(context.Background(), "peer", nil)
			c := s.dial(t, "udp", quiet.listenPacket(t, "127.0.0.1:0").LocalAddr())
			c.SetDeadline(time.Time{})
			return func() error { _, err := c.Read(make([]byte, 1)); return err }, c.Close
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := newSide(ctx, "program", nil)
			wait, end := test.begin(t, s)
			done := start(wait)
			s.await(t, waits(test.call))
			cancel()
			if err := result(t, done); err != context.Canceled {
				t.Errorf("the call returned %v, want context.Canceled", err)
			}
			e := s.last(t)
			if e.Call != test.call || e.Waiting || e.Err != context.Canceled {
				t.Errorf("logged %+v", e)
			}
			if text := e.String(); !strings.HasPrefix(text, "stopped") {
				t.Errorf("a call that the user stopped has not failed: %q", text)
			}
			checkClosed(t, s, wait, end)
		})
	}
}

// checkClosed checks that after the end of the context a further call is not made
// and not logged, and that Close is both.
func checkClosed(t *testing.T, s side, call, end func() error) {
	t.Helper()
	before := len(s.all())
	if err := result(t, start(call)); err != context.Canceled || len(s.all()) != before {
		t.Errorf("a later call returned %v and logged %v", err, names(s.all()[before:]))
	}
	if err := end(); err != nil {
		t.Errorf("Close returned %v", err)
	}
	if e := s.last(t); e.Call != "close" || e.Err != nil || len(s.all()) != before+1 {
		t.Errorf("Close logged %v", names(s.all()[before:]))
	}
}

// TestCancelConnect ends the context when the log says that connect begins. So
// the connect never succeeds, however quick the server is.
func TestCancelConnect(t *testing.T) {
	server := newSide(t.Context(), "server", nil)
	ln := server.listen(t, "127.0.0.1:0")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := newRecord()
	sink := func(e Event) error {
		if e.Waiting {
			cancel()
		}
		return r.sink(e)
	}
	s := side{New(ctx, sink, "client", tcpClient, 0), r}
	d := net.Dialer{Control: s.SocketConnect}
	c, err := s.Conn(d.DialContext(ctx, "tcp", ln.Addr().String()))
	if err != context.Canceled || c != nil {
		t.Fatalf("Conn returned %v, %v", c, err)
	}
	if e := s.last(t); e.Call != "connect" || e.Err != context.Canceled || e.Remote != ln.Addr().String() {
		t.Errorf("logged %+v", e)
	}
}

// TestCancelBeforeDial: with a context that has ended, there is no socket, and
// one event says that the connect was stopped.
func TestCancelBeforeDial(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := newSide(ctx, "client", tcpClient)
	d := net.Dialer{Control: s.SocketConnect}
	_, err := s.Conn(d.DialContext(ctx, "tcp", "127.0.0.1:7001"))
	if err != context.Canceled {
		t.Fatalf("Conn returned %v", err)
	}
	if e := s.last(t); e.Call != "connect" || e.Err != context.Canceled || len(s.all()) != 1 {
		t.Errorf("logged %+v", e)
	}
}

// TestCancelRest ends the context while the program rests after a step. The rest
// would be an hour long.
func TestCancelRest(t *testing.T) {
	for _, after := range []string{"socket", "listen", "send"} {
		t.Run("after "+after, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := newSide(ctx, "server", tcpServer)
			done := start(func() error { return serve(s, after) })
			s.await(t, func(e Event) bool { return e.Call == after })
			cancel()
			if err := result(t, done); err != context.Canceled {
				t.Errorf("the program ended with %v", err)
			}
			calls := names(s.all())
			if i := slices.Index(calls, after); slices.Contains(calls[i:], "recv...") || calls[len(calls)-1] != "close" {
				t.Errorf("logged the calls %v", calls)
			}
		})
	}
}

// serve is a server that rests for an hour after one of its calls, and not after
// the ones before it.
func serve(s side, restAfter string) error {
	rest := func(call string) {
		if call == restAfter {
			s.pace = time.Hour
		}
	}
	rest("socket")
	lc := net.ListenConfig{Control: s.Socket}
	raw, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	rest("listen")
	ln, err := s.Listener(raw, err)
	if err != nil {
		return err
	}
	defer ln.Close()
	peer, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		return err
	}
	defer peer.Close()
	conn, err := ln.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	rest("send")
	if _, err = conn.Write([]byte("x")); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	return err
}

// TestPace: after a step the program rests at least as long as asked.
func TestPace(t *testing.T) {
	const pace = 2 * time.Millisecond
	s := newSide(t.Context(), "client", udpClient)
	s.pace = pace
	pc := s.listenPacket(t, "127.0.0.1:0")
	for range 2 {
		if _, err := pc.WriteTo([]byte("x"), pc.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	pc.ReadFrom(make([]byte, 1))
	pc.Close()
	events := s.all()
	for i, e := range events[1:] {
		before := events[i]
		if rested := e.Time.Sub(before.Time.Add(before.Took)); rested < pace && !before.Waiting {
			t.Errorf("between %s and %s it rested %v, want at least %v", before.Call, e.Call, rested, pace)
		}
	}
}

// TestOtherErrorsAreNotCanceled: an error that has nothing to do with the end of
// the context stays what it is, also when the context has ended meanwhile.
func TestOtherErrorsAreNotCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newSide(ctx, "server", tcpServer)
	cancel()
	if err := listen(s, elsewhere); errors.Is(err, context.Canceled) || s.Failed().Err != err {
		t.Errorf("a bind that failed returned %v and logged %v", err, s.Failed().Err)
	}
}
