package badnet

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/sockets/shared/errno"
)

// TestUDPPerfect: every datagram goes on whole, the empty one and the largest too.
func TestUDPPerfect(t *testing.T) {
	t.Parallel()
	client, server, r, rec := udpPair(t, "")
	total := 0
	for _, text := range []string{"Hello!", "", "안녕하세요", strings.Repeat("x", 65507)} {
		send(t, client, text)
		from := wantDatagrams(t, server, text)
		server.WriteTo([]byte(text), from)
		buf := make([]byte, maxDatagram)
		if n, err := client.Read(buf); err != nil || string(buf[:n]) != text {
			t.Errorf("the answer is %.50q (%v)", buf[:n], err)
		}
		total += len(text)
	}
	want := Traffic{Came: total, Went: total, CameDatagrams: 4, WentDatagrams: 4}
	until(t, "the counts are complete", func() bool { up, down := r.Traffic(); return up == want && down == want })
	rec.want(t)
}

// TestUDPApart: the server sees one address per client, and each gets its own answer.
func TestUDPApart(t *testing.T) {
	t.Parallel()
	first, server, r, _ := udpPair(t, "")
	second := dialUDP(t, r)
	send(t, first, "first")
	a := wantDatagrams(t, server, "first")
	send(t, second, "second")
	b := wantDatagrams(t, server, "second")
	send(t, first, "first again")
	if c := wantDatagrams(t, server, "first again"); a.String() == b.String() || a.String() != c.String() {
		t.Errorf("the server saw %v, %v and %v", a, b, c)
	}
	server.WriteTo([]byte("for b"), b)
	server.WriteTo([]byte("for a"), a)
	wantBytes(t, first, "for a")
	wantBytes(t, second, "for b")
}

// TestUDPFaults: each fault, one way and counted.
func TestUDPFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		spec       string
		sent, came []string
		shown      []string
	}{
		{"drop=@2", []string{"a", "b", "c"}, []string{"a", "c"}, []string{"drop 1 b"}},
		{"drop=@1-2", []string{"a", "b", "c"}, []string{"c"}, []string{"drop 1 a", "drop 1 b"}},
		{"dup=@2", []string{"a", "b", "c"}, []string{"a", "b", "b", "c"}, []string{"dup 1 b"}},
		{"reorder=@1", []string{"a", "b", "c"}, []string{"b", "a", "c"}, []string{"reorder 1 a"}},
		{"reorder=1", []string{"a", "b", "c", "d"}, []string{"b", "a", "d", "c"}, []string{"reorder 1 a", "reorder 1 c"}},
		{"reorder=@1,drop=@2", []string{"a", "b", "c"}, []string{"c", "a"}, []string{"drop 1 b", "reorder 1 a"}},
		{"reorder=@1,delay=1ms", []string{"a", "b"}, []string{"b", "a"}, []string{"delay 1 b", "reorder 1 a", "delay 1 a"}},
		{"cut=4", []string{"Hello!", "four", ""}, []string{"Hell", "four", ""}, []string{"cut 6 Hello!"}},
		{"cut=0", []string{"x", "y"}, []string{"", ""}, []string{"cut 1 x", "cut 1 y"}},
		{"stranger=@2", []string{"a", "b", "c"}, []string{"a", strange, "b", "c"}, []string{fmt.Sprintf("stranger %d %s", len(strange), strange)}},
		{"dup=1,cut=1,drop=@1", []string{"ab", "cd"}, []string{"c", "c"}, []string{"drop 2 ab", "cut 2 cd", "dup 1 c"}},
		{"down:drop=1", []string{"a"}, []string{"a"}, nil},
	} {
		t.Run(test.spec, func(t *testing.T) {
			t.Parallel()
			spec := test.spec
			if !strings.Contains(spec, ":") {
				spec = "up:" + strings.ReplaceAll(spec, ",", ",up:")
			}
			client, server, r, rec := udpPair(t, spec+",hold=1h")
			send(t, client, test.sent...)
			wantDatagrams(t, server, test.came...)
			r.Close()
			var shown []string
			for _, e := range rec.all() {
				shown = append(shown, fmt.Sprintf("%s %d %s", e.Fault, e.Bytes, e.Data))
			}
			if !slices.Equal(shown, test.shown) {
				t.Errorf("%q was shown, want %q", shown, test.shown)
			}
		})
	}
}

// TestReorderAlone: what nothing overtakes goes on after a while.
func TestReorderAlone(t *testing.T) {
	t.Parallel()
	client, server, _, rec := udpPair(t, "up:reorder=1")
	send(t, client, "alone")
	wantDatagrams(t, server, "alone")
	if e := rec.await(t, "reorder"); e.Limit != 0 || e.Took < defaultHold {
		t.Errorf("the log says %+v", e)
	}
}

// TestStranger: the receiver sees another sender, and the stranger's socket is open.
func TestStranger(t *testing.T) {
	t.Parallel()
	client, server, r, rec := udpPair(t, "down:stranger=@1,up:stranger=@2")
	send(t, client, "one")
	peer := wantDatagrams(t, server, "one")
	send(t, client, "two")
	other := wantDatagrams(t, server, strange)
	if again := wantDatagrams(t, server, "two"); peer.String() != again.String() || peer.String() == other.String() {
		t.Errorf("the client is %v and %v, the stranger %v", peer, again, other)
	}
	if e := rec.await(t, "stranger"); e.Local != other.String() || e.Remote != server.LocalAddr().String() || e.Direction != "up" {
		t.Errorf("the log says %+v", e)
	}
	// The client's socket is connected: the system drops the stranger's datagram.
	server.WriteTo([]byte("answer"), peer)
	wantBytes(t, client, "answer")
	rec.want(t, "stranger", "stranger")
	if r.Addr() != client.RemoteAddr().String() {
		t.Errorf("the relay is at %s, and the client talks to %v", r.Addr(), client.RemoteAddr())
	}
}

func TestUDPDelay(t *testing.T) {
	t.Parallel()
	client, server, _, rec := udpPair(t, "up:delay=30ms")
	begun := time.Now()
	send(t, client, "a", "b")
	wantDatagrams(t, server, "a", "b")
	if took := time.Since(begun); took < 30*time.Millisecond {
		t.Errorf("the datagrams came after %v", took)
	}
	rec.want(t, "delay", "delay")
}

// TestUDPClosedPort: a closed port is reported, and a server that starts later gets
// every datagram from then on.
func TestUDPClosedPort(t *testing.T) {
	t.Parallel()
	// A connected socket keeps the port, and takes nothing from the relay.
	_, _, other, _ := udpPair(t, "")
	taken := dialUDP(t, other)
	to := taken.LocalAddr().String()
	r, rec := relayTo(t, "udp", to, "")
	client := dialUDP(t, r)
	send(t, client, "too early")
	rec.await(t, "recvfrom")
	if e := rec.all()[0]; !errors.Is(e.Err, errno.ECONNREFUSED) && !errors.Is(e.Err, errno.ECONNRESET) || e.Remote != to {
		t.Errorf("the log says %+v", e)
	}
	taken.Close()
	server, err := net.ListenPacket("udp", to)
	if err != nil {
		t.Skip(err) // another test was given the port
	}
	defer server.Close()
	server.SetDeadline(time.Now().Add(patience))
	send(t, client, "now")
	wantDatagrams(t, server, "now")
}

// TestUDPManyClients: the clients are bounded in number. Who comes too many takes
// the place of who has been silent longest, who is a new client when it comes back. It is no parallel test: it counts sockets.
func TestUDPManyClients(t *testing.T) {
	first, server, r, rec := udpPair(t, "")
	second := dialUDP(t, r)
	ask := func(client net.Conn) (relay string) {
		t.Helper()
		send(t, client, "x")
		from := wantDatagrams(t, server, "x")
		server.WriteTo([]byte("answer"), from)
		wantBytes(t, client, "answer")
		return from.String()
	}
	a := ask(first)
	ask(second)
	for range maxClients - 2 {
		ask(dialUDP(t, r))
	}
	if again := ask(first); again != a {
		t.Errorf("the server sees the first client at %s, and then at %s", a, again)
	}
	before := sockets()
	ask(dialUDP(t, r))
	until(t, "a client's socket is closed for the new one's", func() bool { return sockets() <= before+1 })
	ask(second) // on a new socket, which may have been given the old one's port
	if again := ask(first); again != a {
		t.Errorf("the server sees the first client at %s, and then at %s", a, again)
	}
	rec.want(t)
}

// TestUDPOverflow: datagrams that wait too long for their turn are bounded; the
// rest is shown to be lost.
func TestUDPOverflow(t *testing.T) {
	t.Parallel()
	client, _, r, rec := udpPair(t, "up:delay=1h")
	const over = 100
	for i := range maxWaiting + over {
		send(t, client, "x")
		until(t, "the relay has the datagram", func() bool { up, _ := r.Traffic(); return up.CameDatagrams == i+1 })
	}
	if e := rec.await(t, "overflow"); e.Direction != "up" || string(e.Data) != "x" {
		t.Errorf("the log says %+v", e)
	}
	r.Close()
	lost := 0
	for _, name := range rec.names() {
		if name == "overflow" {
			lost++
		}
	}
	if lost < over-1 || lost > over { // one may have left the queue, to be late
		t.Errorf("%d of %d were lost", lost, maxWaiting+over)
	}
}

// TestUDPHeld: the bytes that wait are bounded over all clients together.
func TestUDPHeld(t *testing.T) {
	t.Parallel()
	client, _, r, rec := udpPair(t, "up:delay=1h")
	clients := []net.Conn{client, dialUDP(t, r), dialUDP(t, r)}
	big := strings.Repeat("x", 60000)
	for i := range 2 * maxHeld / len(big) {
		send(t, clients[i%3], big)
		until(t, "the relay has the datagram", func() bool { up, _ := r.Traffic(); return up.CameDatagrams == i+1 })
	}
	if held := r.held.Load(); held > maxHeld {
		t.Errorf("%d bytes are counted as waiting", held)
	}
	r.Close()
	kept := 0
	up, _ := r.Traffic()
	for _, name := range rec.names() {
		if name == "overflow" {
			kept--
		}
	}
	if kept += up.CameDatagrams; (kept-len(clients))*len(big) > maxHeld { // each has taken one from its queue
		t.Errorf("%d datagrams of %d bytes were kept", kept, len(big))
	}
}

// TestUDPSameSeed: the same conversation meets the same faults.
func TestUDPSameSeed(t *testing.T) {
	t.Parallel()
	conversation := func(seed int) (shown []string) {
		client, _, r, rec := udpPair(t, fmt.Sprintf("drop=0.3,dup=0.2,cut=5,seed=%d", seed))
		send(t, client, "hello")
		for i := range 30 {
			send(t, client, fmt.Sprintf("number %d", i))
			until(t, "it is through or lost", func() bool {
				up, _ := r.Traffic()
				done := up.WentDatagrams
				for _, name := range rec.names() {
					switch name {
					case "drop":
						done++
					case "dup":
						done--
					}
				}
				return done == i+2
			})
		}
		r.Close()
		for _, e := range rec.all() {
			shown = append(shown, fmt.Sprintf("%s %s %s", e.Fault, e.Direction, e.Data))
		}
		return shown
	}
	first, again, other := conversation(7), conversation(7), conversation(8)
	if !slices.Equal(first, again) || slices.Equal(first, other) || len(first) < 30 {
		t.Errorf("once %q,\nagain %q,\nwith another seed %q", first, again, other)
	}
}

// TestUDPSendAgain: a send that is told about an earlier datagram is made again.
func TestUDPSendAgain(t *testing.T) {
	rec := newRecord()
	r := &Relay{ctx: t.Context(), sink: rec.sink}
	f := &flow{way: r.newWay("up", 1, "SOCK_DGRAM", &net.UDPAddr{}, &net.UDPAddr{}, 1, nil)}
	for _, failures := range []int{0, 1, 2} {
		calls := 0
		f.write = func(b []byte) (int, error) {
			if calls++; calls <= failures {
				return 0, errno.ECONNREFUSED
			}
			return len(b), nil
		}
		f.send([]byte("x"))
	}
	if up, _ := r.Traffic(); up.WentDatagrams != 2 {
		t.Errorf("the traffic was %+v", up)
	}
	rec.want(t, "sendto")
}
