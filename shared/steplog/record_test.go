package steplog

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait of these tests. Only a bug takes so long.
const patience = 10 * time.Second

// A record is a sink that keeps the events and lets a test wait for one.
type record struct {
	mu     sync.Mutex
	events []Event
	grown  chan struct{} // closed and replaced when an event comes
}

func newRecord() *record { return &record{grown: make(chan struct{})} }

func (r *record) sink(e Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	close(r.grown)
	r.grown = make(chan struct{})
	return nil
}

// all returns the events so far.
func (r *record) all() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// last returns the newest event.
func (r *record) last(t *testing.T) Event {
	t.Helper()
	events := r.all()
	if len(events) == 0 {
		t.Fatal("no event was logged")
	}
	return events[len(events)-1]
}

// await returns when an event that fits has been logged.
func (r *record) await(t *testing.T, fits func(Event) bool) Event {
	t.Helper()
	late := time.After(patience)
	for {
		r.mu.Lock()
		i, grown := slices.IndexFunc(r.events, fits), r.grown
		events := r.events
		r.mu.Unlock()
		if i >= 0 {
			return events[i]
		}
		select {
		case <-grown:
		case <-late:
			t.Fatalf("the event did not come; there are %v", names(events))
		}
	}
}

// waits fits the event that says that a call has begun and may block.
func waits(call string) func(Event) bool {
	return func(e Event) bool { return e.Call == call && e.Waiting }
}

// names lists the calls, a waiting one with three dots.
func names(events []Event) (calls []string) {
	for _, e := range events {
		if e.Waiting {
			e.Call += "..."
		}
		calls = append(calls, e.Call)
	}
	return calls
}

// The documented steps of the programs that the tests play.
var (
	tcpServer = []string{"socket", "bind", "listen", "accept", "recv", "send", "close"}
	tcpClient = []string{"socket", "connect", "send", "recv", "close"}
	udpServer = []string{"socket", "bind", "recvfrom", "sendto", "close"}
	udpClient = []string{"socket", "sendto", "recvfrom", "close"}
)

// A side is one program of a test: its logger and what it logged.
type side struct {
	*Logger
	*record
}

func newSide(ctx context.Context, program string, steps []string) side {
	r := newRecord()
	return side{New(ctx, r.sink, program, steps, 0), r}
}

func (s side) listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	lc := net.ListenConfig{Control: s.Socket}
	lc.SetMultipathTCP(false)
	raw, err := lc.Listen(context.Background(), "tcp", addr)
	if err == nil {
		raw.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	}
	ln, err := s.Listener(raw, err)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

func (s side) listenPacket(t *testing.T, addr string) net.PacketConn {
	t.Helper()
	lc := net.ListenConfig{Control: s.Socket}
	pc, err := s.PacketConn(lc.ListenPacket(context.Background(), "udp", addr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	pc.SetDeadline(time.Now().Add(patience))
	return pc
}

func (s side) dial(t *testing.T, network string, to net.Addr) net.Conn {
	t.Helper()
	d := net.Dialer{Control: s.SocketConnect, Timeout: patience}
	d.SetMultipathTCP(false)
	c, err := s.Conn(d.DialContext(context.Background(), network, to.String()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

func accept(t *testing.T, ln net.Listener) net.Conn {
	t.Helper()
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

// tcpPair returns both ends of a connection, each logged by its own side.
func tcpPair(t *testing.T, ctx context.Context) (server, client side, there, here net.Conn) {
	t.Helper()
	server, client = newSide(ctx, "server", tcpServer), newSide(ctx, "client", tcpClient)
	ln := server.listen(t, "127.0.0.1:0")
	here = client.dial(t, "tcp", ln.Addr())
	there = accept(t, ln)
	return server, client, there, here
}

func read(t *testing.T, c net.Conn, buf []byte) int {
	t.Helper()
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func write(t *testing.T, c net.Conn, data []byte) {
	t.Helper()
	if _, err := c.Write(data); err != nil {
		t.Fatal(err)
	}
}

// refused returns an address of this computer that is taken and yet refuses
// every peer: the near end of a connection of somebody else. So no other
// program can begin to listen there while the test runs.
func refused(t *testing.T) net.Addr {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.LocalAddr()
}
