package badnet

import (
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"example.com/sockets/shared/steplog"
)

// patience bounds every wait of these tests. Only a bug takes so long.
const patience = 20 * time.Second

// A record is a sink that keeps the events and lets a test wait for one.
type record struct {
	mu     sync.Mutex
	events []steplog.Event
	grown  chan struct{} // closed and replaced when an event comes
}

func newRecord() *record { return &record{grown: make(chan struct{})} }

func (r *record) sink(e steplog.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	close(r.grown)
	r.grown = make(chan struct{})
	return nil
}

func (r *record) all() []steplog.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// names lists the faults so far.
func (r *record) names() (names []string) {
	for _, e := range r.all() {
		names = append(names, e.Fault+e.Call)
	}
	return names
}

// await returns the first event of a fault, or of a call.
func (r *record) await(t *testing.T, name string) steplog.Event {
	t.Helper()
	late := time.After(patience)
	for {
		r.mu.Lock()
		i, grown := slices.IndexFunc(r.events, func(e steplog.Event) bool { return e.Fault+e.Call == name }), r.grown
		events := r.events
		r.mu.Unlock()
		if i >= 0 {
			return events[i]
		}
		select {
		case <-grown:
		case <-late:
			t.Fatalf("no event %q came, only %q", name, r.names())
		}
	}
}

// want checks which faults were made, in order.
func (r *record) want(t *testing.T, names ...string) {
	t.Helper()
	if got := r.names(); !slices.Equal(got, names) {
		t.Errorf("the relay showed %q, want %q", got, names)
	}
}

// relayTo starts a relay that ends with the test.
func relayTo(t *testing.T, network, to, spec string) (*Relay, *record) {
	t.Helper()
	f, err := Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	rec := newRecord()
	r, err := Listen(network, "127.0.0.1:0", to, f, Options{Sink: rec.sink})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r, rec
}

// tcpPair returns the two ends of one relayed connection.
func tcpPair(t *testing.T, spec string) (client, server *net.TCPConn, r *Relay, rec *record) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	r, rec = relayTo(t, "tcp", ln.Addr().String(), spec)
	client = dialTCP(t, r)
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return client, conn.(*net.TCPConn), r, rec
}

func dialTCP(t *testing.T, r *Relay) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn.(*net.TCPConn)
}

// udpPair returns a client that sends to a relay, and a server behind it.
func udpPair(t *testing.T, spec string) (client net.Conn, server net.PacketConn, r *Relay, rec *record) {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	server.SetDeadline(time.Now().Add(patience))
	r, rec = relayTo(t, "udp", server.LocalAddr().String(), spec)
	return dialUDP(t, r), server, r, rec
}

func dialUDP(t *testing.T, r *Relay) net.Conn {
	t.Helper()
	conn, err := net.Dial("udp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// send writes each text in a call of its own.
func send(t *testing.T, conn net.Conn, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

// wantBytes reads as many bytes as text has and compares.
func wantBytes(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	buf := make([]byte, len(text))
	if n, err := io.ReadFull(conn, buf); err != nil || string(buf) != text {
		t.Fatalf("received %q (%v), want %q", buf[:n], err, text)
	}
}

// wantEnd checks that the other side has ended the stream and sent no more bytes.
func wantEnd(t *testing.T, conn net.Conn) {
	t.Helper()
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("read %d bytes and %v, want the end", n, err)
	}
}

// wantDatagrams receives as many datagrams as there are texts and compares.
func wantDatagrams(t *testing.T, conn net.PacketConn, texts ...string) (from net.Addr) {
	t.Helper()
	buf := make([]byte, maxDatagram)
	for i, text := range texts {
		n, peer, err := conn.ReadFrom(buf)
		if err != nil || string(buf[:n]) != text {
			t.Fatalf("datagram %d is %.100q (%v), want %.100q", i+1, buf[:n], err, text)
		}
		from = peer
	}
	return from
}

// until waits for something that no event tells.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came that %s", what)
		}
	}
}
