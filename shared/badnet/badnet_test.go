package badnet

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"example.com/sockets/shared/errno"
	"example.com/sockets/shared/steplog"
)

// sockets counts this process's sockets, where the system can tell; else 0.
func sockets() (n int) {
	files, _ := filepath.Glob("/proc/self/fd/*")
	for _, file := range files {
		if to, _ := os.Readlink(file); strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// TestClose: whatever is going on, Close leaves no goroutine, no socket and no
// connection. The tests before it leave nothing behind, too: it runs alone.
func TestClose(t *testing.T) {
	for _, spec := range []string{
		"", "split=1", "merge=1", "delay=1h", "drip=1h", "up:stall=0", "down:stall=3", "half-close=3", "reset=3",
	} {
		defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the collector closes lost sockets
		goroutines, files := runtime.NumGoroutine(), sockets()
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		r, err := Listen("tcp", "127.0.0.1:0", ln.Addr().String(), mustParse(t, spec), Options{})
		if err != nil {
			t.Fatal(err)
		}
		var conns []net.Conn
		for range 3 {
			client, err := net.Dial("tcp", r.Addr())
			if err != nil {
				t.Fatal(err)
			}
			server, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(client, "Hello, i'm client!")
			io.WriteString(server, "Hello, i'm server!")
			conns = append(conns, client, server)
		}
		closes(t, r)
		for _, conn := range conns {
			conn.SetDeadline(time.Now().Add(patience))
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%q: a connection is open after Close", spec)
			}
			conn.Close()
		}
		ln.Close()
		left(t, spec, goroutines, files)
	}
}

func TestCloseUDP(t *testing.T) {
	for _, spec := range []string{"", "dup=1,stranger=1", "delay=1h", "reorder=1", "drop=1"} {
		defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the collector closes lost sockets
		goroutines, files := runtime.NumGoroutine(), sockets()
		server, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		r, err := Listen("udp", "127.0.0.1:0", server.LocalAddr().String(), mustParse(t, spec), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			client, err := net.Dial("udp", r.Addr())
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(client, "Hello!")
			client.Close()
			until(t, "the relay has the datagram", func() bool { up, _ := r.Traffic(); return up.CameDatagrams == i+1 })
		}
		closes(t, r)
		server.Close()
		left(t, spec, goroutines, files)
	}
}

// closes closes a relay, and once more.
func closes(t *testing.T, r *Relay) {
	t.Helper()
	done := make(chan error)
	go func() { r.Close(); done <- r.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("Close does not return")
	}
}

func left(t *testing.T, spec string, goroutines, files int) {
	t.Helper()
	for end := time.Now().Add(patience); runtime.NumGoroutine() > goroutines || sockets() > files; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%q: %d goroutines and %d sockets before, %d and %d after\n%s", spec, goroutines, files,
				runtime.NumGoroutine(), sockets(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// TestLinksEnd: a connection that is over leaves nothing behind in the relay.
// It is no parallel test: it changes stallTime.
func TestLinksEnd(t *testing.T) {
	defer func(was time.Duration) { stallTime = was }(stallTime)
	stallTime = 5 * time.Millisecond
	for _, spec := range []string{"", "split=1", "down:stall=3", "up:stall=0", "up:stall=3,down:stall=3", "half-close=3", "up:reset=3", "down:delay=1ms,up:drip=1ms"} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		r, err := Listen("tcp", "127.0.0.1:0", ln.Addr().String(), mustParse(t, spec), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the collector closes lost sockets
		goroutines, files := runtime.NumGoroutine(), sockets()
		client, err := net.Dial("tcp", r.Addr())
		if err != nil {
			t.Fatal(err)
		}
		server, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(client, "Hello, i'm client!")
		io.WriteString(server, "Hello, i'm server!")
		client.Close()
		server.Close()
		left(t, spec, goroutines, files)
		until(t, "no bytes are counted as waiting", func() bool { return r.held.Load() == 0 })
		r.Close()
		ln.Close()
	}
}

func TestAddressInUse(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		r, _ := relayTo(t, network, "127.0.0.1:7001", "")
		_, err := Listen(network, r.Addr(), "127.0.0.1:7001", Faults{}, Options{})
		var op *net.OpError
		if !errors.Is(err, errno.EADDRINUSE) || !errors.As(err, &op) || op.Op != "listen" {
			t.Errorf("%s: %v", network, err)
		}
	}
}

// TestSinkError: Close tells that the log is not complete.
func TestSinkError(t *testing.T) {
	broken := errors.New("no paper")
	r, err := Listen("udp", "127.0.0.1:0", "127.0.0.1:7001", mustParse(t, "drop=1"), Options{
		Sink: func(steplog.Event) error { return broken },
	})
	if err != nil {
		t.Fatal(err)
	}
	send(t, dialUDP(t, r), "x")
	until(t, "the datagram is lost", func() bool { up, _ := r.Traffic(); return up.Faults == 1 })
	if err := r.Close(); err != broken {
		t.Errorf("Close returned %v", err)
	}
}

// TestEscaped: what is shown of the traffic cannot harm a terminal, and is bounded.
func TestEscaped(t *testing.T) {
	client, _, _, rec := udpPair(t, "up:drop=1")
	send(t, client, "\x1b[31m\n"+strings.Repeat("가", 10000))
	e := rec.await(t, "drop")
	if text := e.String(); strings.ContainsAny(text, "\x1b\n") || len(text) > 1000 || len(e.Data) != maxData || e.Bytes != 30006 {
		t.Errorf("shown as %q", text)
	}
}

// TestFollower: the next piece is taken when it came within the hold time, however
// late it is asked for, and stays the next one otherwise.
func TestFollower(t *testing.T) {
	for _, test := range []struct {
		hold  string
		after time.Duration
		taken bool
	}{
		{"hold=1m", 59 * time.Second, true},
		{"hold=1m", 61 * time.Second, false},
		{"hold=1h", 59 * time.Minute, true},
		{"hold=0s", time.Nanosecond, false},
	} {
		r := &Relay{faults: mustParse(t, test.hold)}
		w := r.newWay("up", 1, "SOCK_DGRAM", &net.UDPAddr{}, &net.UDPAddr{}, 1, nil)
		first := &piece{at: time.Now().Add(-30 * time.Minute)}
		second := &piece{at: first.at.Add(test.after)}
		w.queue <- second
		next := w.follower(first)
		if next == nil && w.take() != second || next != nil && next != second {
			t.Errorf("%s: the second piece is gone", test.hold)
		}
		if taken := next != nil; taken != test.taken {
			t.Errorf("%s, after %v: taken is %v", test.hold, test.after, taken)
		}
	}
	r := &Relay{faults: mustParse(t, "hold=0s")}
	w := r.newWay("up", 1, "SOCK_DGRAM", &net.UDPAddr{}, &net.UDPAddr{}, 1, nil)
	if next := w.follower(&piece{at: time.Now()}); next != nil {
		t.Errorf("%v came out of an empty queue", next)
	}
}
