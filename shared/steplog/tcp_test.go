package steplog

import (
	"errors"
	"io"
	"net"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestTCPConversation plays the document's TCP story and compares every field of
// every event of both programs.
func TestTCPConversation(t *testing.T) {
	ctx := t.Context()
	server, client := newSide(ctx, "server", tcpServer), newSide(ctx, "client", tcpClient)
	ln := server.listen(t, "127.0.0.1:0")
	here := client.dial(t, "tcp", ln.Addr())
	there := accept(t, ln)
	buf := make([]byte, 1024)
	write(t, here, []byte("ping"))
	read(t, there, buf)
	write(t, there, []byte("pong!"))
	read(t, here, buf[:100])
	here.Close()
	there.Close()
	ln.Close()

	s, c := ln.Addr().String(), here.LocalAddr().String()
	const listen, dial = "ListenConfig.Listen", "Dialer.DialContext"
	compare(t, server.all(), []Event{
		{Step: 1, Call: "socket", Go: listen, Family: "AF_INET", Type: "SOCK_STREAM"},
		{Step: 2, Call: "bind", Go: listen, Local: s},
		{Step: 3, Call: "listen", Go: listen, Local: s},
		{Step: 4, Call: "accept", Go: "Listener.Accept", Local: s, Waiting: true},
		{Step: 4, Call: "accept", Go: "Listener.Accept", Local: s, Remote: c},
		{Step: 5, Call: "recv", Go: "Conn.Read", Type: "SOCK_STREAM", Local: s, Remote: c, Limit: 1024, Waiting: true},
		{Step: 5, Call: "recv", Go: "Conn.Read", Type: "SOCK_STREAM", Local: s, Remote: c, Limit: 1024, Bytes: 4, Data: []byte("ping")},
		{Step: 6, Call: "send", Go: "Conn.Write", Type: "SOCK_STREAM", Local: s, Remote: c, Bytes: 5, Data: []byte("pong!")},
		{Step: 7, Call: "close", Go: "Conn.Close", Type: "SOCK_STREAM", Local: s, Remote: c},
		{Step: 7, Call: "close", Go: "Listener.Close", Type: "SOCK_STREAM", Local: s},
	})
	compare(t, client.all(), []Event{
		{Step: 1, Call: "socket", Go: dial, Family: "AF_INET", Type: "SOCK_STREAM"},
		{Step: 2, Call: "connect", Go: dial, Type: "SOCK_STREAM", Remote: s, Waiting: true},
		{Step: 2, Call: "connect", Go: dial, Type: "SOCK_STREAM", Local: c, Remote: s},
		{Step: 3, Call: "send", Go: "Conn.Write", Type: "SOCK_STREAM", Local: c, Remote: s, Bytes: 4, Data: []byte("ping")},
		{Step: 4, Call: "recv", Go: "Conn.Read", Type: "SOCK_STREAM", Local: c, Remote: s, Limit: 100, Waiting: true},
		{Step: 4, Call: "recv", Go: "Conn.Read", Type: "SOCK_STREAM", Local: c, Remote: s, Limit: 100, Bytes: 5, Data: []byte("pong!")},
		{Step: 5, Call: "close", Go: "Conn.Close", Type: "SOCK_STREAM", Local: c, Remote: s},
	})
}

// TestHalfClose: the peer receives the end, and can still send. A UDP socket has no
// such call.
func TestHalfClose(t *testing.T) {
	server, client := newSide(t.Context(), "server", tcpServer), newSide(t.Context(), "client", tcpClient)
	ln := server.listen(t, "127.0.0.1:0")
	here := client.dial(t, "tcp", ln.Addr())
	there := accept(t, ln)
	half := here.(interface{ CloseWrite() error })
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	e := client.last(t)
	if e.Call != "shutdown" || e.Go != "TCPConn.CloseWrite" || e.Waiting || e.Remote != ln.Addr().String() || !strings.HasPrefix(e.String(), "nothing more to ") {
		t.Errorf("logged %+v", e)
	}
	if n, err := there.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the peer received %d bytes and %v", n, err)
	}
	write(t, there, []byte("still here"))
	read(t, here, make([]byte, 100))
	udp := client.dial(t, "udp", ln.Addr()).(interface{ CloseWrite() error })
	if err := udp.CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("UDP: %v", err)
	}
}

// compare compares all that is the same in every run, and then that the rest is
// there: a descriptor where a socket is new, and times that fit each other.
func compare(t *testing.T, got, want []Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("logged %v\nwant   %v", names(got), names(want))
	}
	program := got[0].Program
	for i, e := range got {
		isNew := !e.Waiting && (e.Call == "socket" || e.Call == "accept")
		if (e.Descriptor > 0) != isNew {
			t.Errorf("%s %s: descriptor %d", program, e.Call, e.Descriptor)
		}
		if i > 0 && e.Time.Before(got[i-1].Time) {
			t.Errorf("%s %s: begins before %s", program, e.Call, got[i-1].Call)
		}
		if e.Waiting && (!got[i+1].Time.Equal(e.Time) || e.Took != 0 || got[i+1].Took <= 0) {
			t.Errorf("%s %s: it waits from %v on, and is done after %v from %v on", program, e.Call, e.Time, got[i+1].Took, got[i+1].Time)
		}
		e.Program, e.Descriptor, e.Time, e.Took = "", 0, time.Time{}, 0
		if !reflect.DeepEqual(e, want[i]) {
			t.Errorf("%s, event %d:\ngot  %+v\nwant %+v", program, i, e, want[i])
		}
	}
	if program == "" {
		t.Error("the events do not name their program")
	}
}

// TestAcceptTook proves that Took is the time that a call waited, from its
// waiting event on: the client comes only when that event is there.
func TestAcceptTook(t *testing.T) {
	server, client := newSide(t.Context(), "server", tcpServer), newSide(t.Context(), "client", tcpClient)
	ln := server.listen(t, "127.0.0.1:0")
	accepted := start(func() error {
		conn, err := ln.Accept()
		if err == nil {
			conn.Close()
		}
		return err
	})
	waiting := server.await(t, waits("accept"))
	atLeast := time.Since(waiting.Time)
	client.dial(t, "tcp", ln.Addr())
	if err := result(t, accepted); err != nil {
		t.Fatal(err)
	}
	done := server.await(t, func(e Event) bool { return e.Call == "accept" && !e.Waiting })
	if done.Took < atLeast {
		t.Errorf("accept took %v, and its client came no sooner than after %v", done.Took, atLeast)
	}
}

func TestEndOfStream(t *testing.T) {
	_, client, there, here := tcpPair(t, t.Context())
	there.Close()
	n, err := here.Read(make([]byte, 10))
	if n != 0 || err != io.EOF {
		t.Fatalf("Read returned %d, %v: want the same as without a logger, 0 and io.EOF", n, err)
	}
	e := client.last(t)
	if e.Call != "recv" || e.Err != io.EOF || e.Waiting {
		t.Errorf("logged %+v", e)
	}
	if text := e.String(); !strings.Contains(text, "ended the stream") || strings.Contains(text, "failed") {
		t.Errorf("the end of a stream is no failure and no silence: %q", text)
	}
}

// TestCloseTwice: the second Close fails as without a logger, and the log says so.
func TestCloseTwice(t *testing.T) {
	_, client, _, here := tcpPair(t, t.Context())
	here.Close()
	if err := here.Close(); !errors.Is(err, net.ErrClosed) || client.last(t).Err != err {
		t.Errorf("Close returned %v and logged %v", err, client.last(t).Err)
	}
}

// TestSeveralConnections runs conversations at once. The sink is called once at a
// time all the same, so it needs no lock of its own.
func TestSeveralConnections(t *testing.T) {
	const clients = 8
	count := 0
	var inside atomic.Bool
	sink := func(e Event) error {
		if !inside.CompareAndSwap(false, true) {
			t.Error("the sink was called while it was busy")
		}
		runtime.Gosched() // give another call its chance
		inside.Store(false)
		if e.Call == "recv" && !e.Waiting && e.Err == nil {
			count++
		}
		return nil
	}
	s := side{New(t.Context(), sink, "server", tcpServer, 0), newRecord()}
	ln := s.listen(t, "127.0.0.1:0")
	errs := make(chan error, clients)
	for range clients {
		go func() { errs <- talk(ln) }()
	}
	for range clients {
		if err := result(t, errs); err != nil {
			t.Error(err)
		}
	}
	if count != clients {
		t.Errorf("%d events of recv, want %d", count, clients)
	}
}

// talk connects to ln, accepts a connection and sends a byte across each.
func talk(ln net.Listener) error {
	peer, err := net.DialTimeout("tcp", ln.Addr().String(), patience)
	if err != nil {
		return err
	}
	defer peer.Close()
	peer.SetDeadline(time.Now().Add(patience))
	if _, err := peer.Write([]byte("x")); err != nil {
		return err
	}
	conn, err := ln.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	_, err = conn.Read(make([]byte, 1))
	return err
}
