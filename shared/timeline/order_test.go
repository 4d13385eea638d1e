package timeline

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/sockets/shared/steplog"
)

const clientAddr, serverAddr = "127.0.0.1:50000", "127.0.0.1:7001"

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// A script makes the rows of a conversation. Each happens a microsecond after the
// one before it.
type script struct {
	rows []Row
	now  time.Duration
}

func (s *script) add(side Side, e steplog.Event) {
	s.now += time.Microsecond
	e.Time = epoch.Add(s.now - e.Took)
	s.rows = append(s.rows, Row{Side: side, Event: e})
}

func (s *script) call(side Side, call string, e steplog.Event) {
	e.Call = call
	if e.Type == "" {
		e.Type = "SOCK_STREAM"
	}
	e.Local, e.Remote = clientAddr, serverAddr
	if side == Server {
		e.Local, e.Remote = serverAddr, clientAddr
	}
	s.add(side, e)
}

// open is how every TCP conversation begins. The server's accept returns before
// the client's connect does.
func (s *script) open() {
	s.add(Server, steplog.Event{Call: "listen", Local: serverAddr})
	s.add(Server, steplog.Event{Call: "accept", Waiting: true, Local: serverAddr})
	s.call(Client, "connect", steplog.Event{Waiting: true})
	s.call(Server, "accept", steplog.Event{Took: 2 * time.Microsecond})
	s.call(Client, "connect", steplog.Event{Took: 2 * time.Microsecond})
}

func data(n int, of string) steplog.Event {
	return steplog.Event{Bytes: n, Data: []byte(strings.Repeat(of, min(n, 1024)))}
}

// tcp is one big message that arrives in pieces, and an answer.
func tcp() *script {
	var s script
	s.open()
	big := data(1<<20, "x")
	big.Took = 4 * time.Microsecond // it returns after most of it has arrived
	first, second, third := data(500_000, "x"), data(500_000, "x"), data(48_576, "x")
	s.call(Server, "recv", first)
	s.call(Server, "recv", second)
	s.call(Client, "send", big)
	s.call(Server, "recv", third)
	s.call(Server, "send", data(5, "a"))
	s.call(Server, "close", steplog.Event{})
	s.call(Client, "recv", data(5, "a"))
	s.call(Client, "recv", steplog.Event{Err: io.EOF})
	s.call(Client, "close", steplog.Event{})
	return &s
}

// halfClosed is a client that ends its own direction, and the answer to that.
func halfClosed() *script {
	var s script
	s.open()
	s.call(Client, "send", data(5, "q"))
	s.call(Client, "shutdown", steplog.Event{})
	s.call(Server, "recv", data(5, "q"))
	s.call(Server, "recv", steplog.Event{Err: io.EOF})
	s.call(Server, "send", data(5, "a"))
	s.call(Server, "close", steplog.Event{})
	s.call(Client, "recv", data(5, "a"))
	s.call(Client, "recv", steplog.Event{Err: io.EOF})
	s.call(Client, "close", steplog.Event{})
	return &s
}

// udp asks twice, as the first datagram gets lost, and has an empty answer.
func udp(network bool) *script {
	var s script
	datagram := func(e steplog.Event) steplog.Event { e.Type = "SOCK_DGRAM"; return e }
	s.add(Server, steplog.Event{Call: "recvfrom", Waiting: true, Local: serverAddr})
	s.call(Client, "sendto", datagram(data(6, "q")))
	if network {
		s.add(Network, steplog.Event{Fault: "drop", Direction: "up", Bytes: 6, Data: data(6, "q").Data})
	}
	s.call(Client, "recvfrom", datagram(steplog.Event{Err: os.ErrDeadlineExceeded}))
	s.call(Client, "sendto", datagram(data(6, "q")))
	if network {
		s.add(Network, steplog.Event{Fault: "dup", Direction: "up", Bytes: 6, Data: data(6, "q").Data})
		s.call(Server, "recvfrom", datagram(data(6, "q")))
	}
	s.call(Server, "recvfrom", datagram(data(6, "q")))
	s.call(Server, "sendto", datagram(data(0, "")))
	s.call(Client, "recvfrom", datagram(data(0, "")))
	return &s
}

// live gives the rows to a live order as two slow pipes may bring them, and
// returns them in the order in which it gives them back.
func (s *script) live(t *testing.T, network bool, random *rand.Rand) []Row {
	t.Helper()
	var o Order
	o.NoEvents[Network] = !network
	var queues [sides][]Row
	for _, r := range s.rows {
		queues[r.Side] = append(queues[r.Side], r)
	}
	var shown []Row
	now := epoch
	for range 100_000 {
		now = now.Add(time.Duration(random.IntN(20)) * time.Millisecond)
		if side := Side(random.IntN(int(sides))); len(queues[side]) > 0 {
			o.Add(queues[side][0], now)
			queues[side] = queues[side][1:]
		} else {
			o.End(side)
		}
		for row, ok := o.Next(now); ok; row, ok = o.Next(now) {
			shown = append(shown, row)
		}
		if len(shown) == len(s.rows) {
			return shown
		}
	}
	t.Fatalf("only %d of %d rows were given back", len(shown), len(s.rows))
	return nil
}

func (s *script) fixed(network bool) (shown []Row, o Order) {
	o.Fixed = true
	o.NoEvents[Network] = !network
	for _, r := range s.rows {
		o.Add(r, epoch)
	}
	for side := range sides {
		o.End(side)
	}
	for row, ok := o.Next(epoch); ok; row, ok = o.Next(epoch) {
		shown = append(shown, row)
	}
	return shown, o
}

func names(rows []Row) string {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%c:%s%s", r.Side.String()[0], r.Event.Call, r.Event.Fault)
		if r.Event.Waiting {
			b.WriteString("...")
		}
		if r.Departs != nil {
			fmt.Fprintf(&b, "[%d>", r.Departs.ID)
		}
		for _, f := range r.Lands {
			fmt.Fprintf(&b, "[>%d %d", f.ID, f.Bytes)
		}
		b.WriteString(" ")
	}
	return b.String()
}

// checkCausal wants every arrow to point down, and each side in its own order.
func checkCausal(t *testing.T, s *script, shown []Row) {
	t.Helper()
	for side := range sides {
		of := func(rows []Row) (calls []steplog.Event) {
			for _, r := range rows {
				if r.Side == side {
					calls = append(calls, r.Event)
				}
			}
			return calls
		}
		if !slices.EqualFunc(of(shown), of(s.rows), func(a, b steplog.Event) bool { return a.Time.Equal(b.Time) && a.Call == b.Call }) {
			t.Errorf("the %s is not in its own order: %s", side, names(shown))
		}
	}
	departed := map[int]bool{}
	connects, sent := 0, [sides]int{}
	closed := [sides]bool{}
	for _, r := range shown {
		e := r.Event
		if r.Departs != nil {
			departed[r.Departs.ID] = true
		}
		for _, f := range r.Lands {
			if !departed[f.ID] {
				t.Errorf("bytes land before they leave: %s", names(shown))
			}
		}
		switch {
		case e.Call == "connect" && e.Waiting:
			connects++
		case e.Call == "accept" && !e.Waiting && connects == 0:
			t.Errorf("accept above its connect: %s", names(shown))
		case e.Call == "send", e.Call == "sendto":
			sent[r.Side]++
		case strings.HasPrefix(e.Call, "recv") && !e.Waiting && e.Err == nil && sent[r.Side.other()] == 0:
			t.Errorf("%s above every send: %s", e.Call, names(shown))
		case e.Call == "recv" && errors.Is(e.Err, io.EOF) && !closed[r.Side.other()]:
			t.Errorf("the end above its close: %s", names(shown))
		case e.Call == "close", e.Call == "shutdown":
			closed[r.Side] = true
		}
	}
}

// TestLiveOrderIsCausal: however late the rows of one side come, no effect stands
// above its cause.
func TestLiveOrderIsCausal(t *testing.T) {
	for seed := range uint64(300) {
		for name, s := range map[string]*script{"tcp": tcp(), "half-closed": halfClosed(), "udp": udp(false), "lossy": udp(true)} {
			checkCausal(t, s, s.live(t, name == "lossy", rand.New(rand.NewPCG(seed, 1))))
			if t.Failed() {
				t.Fatalf("%s, seed %d", name, seed)
			}
		}
	}
}

func TestFixedOrder(t *testing.T) {
	for name, test := range map[string]struct {
		script *script
		want   string
	}{
		"tcp":   {tcp(), "s:listen s:accept... c:connect... c:connect s:accept c:send[1> s:recv[>1 500000 s:recv[>1 500000 s:recv[>1 48576 s:send[2> c:recv[>2 5 s:close c:recv c:close "},
		"udp":   {udp(false), "s:recvfrom... c:sendto[1> c:recvfrom s:recvfrom[>1 6 c:sendto[2> s:sendto[3> c:recvfrom[>3 0 "},
		"lossy": {udp(true), "s:recvfrom... c:sendto[1> n:drop c:recvfrom c:sendto[2> n:dup s:recvfrom[>2 6 s:recvfrom[>2 6 s:sendto[3> c:recvfrom[>3 0 "},
	} {
		shown, _ := test.script.fixed(name == "lossy")
		checkCausal(t, test.script, shown)
		if got := names(shown); got != test.want {
			t.Errorf("%s:\n%s, want\n%s", name, got, test.want)
		}
	}
}

// TestFixedOrderIsTheSameForEveryRun: rows that have nothing to do with each
// other may happen in any order, but stand in the same.
func TestFixedOrderIsTheSameForEveryRun(t *testing.T) {
	run := func(acceptFirst bool) string {
		var s script
		s.add(Server, steplog.Event{Call: "accept", Waiting: true})
		s.call(Client, "connect", steplog.Event{Waiting: true})
		if acceptFirst {
			s.call(Server, "accept", steplog.Event{})
		}
		s.call(Client, "connect", steplog.Event{})
		s.call(Client, "send", data(3, "x"))
		if !acceptFirst {
			s.call(Server, "accept", steplog.Event{})
		}
		s.call(Server, "recv", data(3, "x"))
		shown, _ := s.fixed(false)
		return names(shown)
	}
	if a, b := run(true), run(false); a != b {
		t.Errorf("two runs of one conversation differ:\n%s\n%s", a, b)
	}
}

// TestUnderWay: bytes that nobody received are told at the end.
func TestUnderWay(t *testing.T) {
	var s script
	s.open()
	s.call(Client, "send", data(2000, "x"))
	s.call(Server, "recv", data(1024, "x"))
	_, o := s.fixed(false)
	got := o.UnderWay()
	if len(got) != 1 || got[0].Bytes != 976 || got[0].From != Client {
		t.Errorf("under way: %+v, want 976 bytes from the client", got)
	}
}

// TestNobodyWaitsForASideWithoutEvents: what a foreign program did is not known,
// so its peer's rows come without.
func TestNobodyWaitsForASideWithoutEvents(t *testing.T) {
	var s script
	s.add(Server, steplog.Event{Call: "accept", Waiting: true})
	s.call(Server, "accept", steplog.Event{})
	s.call(Server, "recv", data(3, "x"))
	var o Order
	o.NoEvents = [sides]bool{Client: true, Network: true}
	for _, r := range s.rows {
		o.Add(r, epoch)
	}
	for i := range s.rows {
		if _, ok := o.Next(epoch.Add(window)); !ok {
			t.Errorf("row %d is held back", i+1)
		}
	}
}

// TestOthers: what was sent to, or came from, a program that is neither of the two
// is no arrow between them, even with the same bytes.
func TestOthers(t *testing.T) {
	var s script
	s.add(Server, steplog.Event{Call: "recvfrom", Waiting: true, Local: serverAddr})
	s.call(Client, "sendto", data(6, "q"))
	const other = "127.0.0.1:50001"
	s.add(Server, steplog.Event{Call: "recvfrom", Local: serverAddr, Remote: other, Bytes: 6, Data: data(6, "q").Data})
	s.add(Server, steplog.Event{Call: "sendto", Local: serverAddr, Remote: other, Bytes: 6, Data: data(6, "q").Data})
	shown, o := s.fixed(false)
	if got, want := names(shown), "s:recvfrom... c:sendto[1> s:recvfrom s:sendto[2> "; got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	if reply := shown[len(shown)-1].Departs; reply == nil || !reply.Half {
		t.Errorf("the reply to another program is %+v, want half an arrow", reply)
	}
	if got := o.UnderWay(); len(got) != 1 || got[0].ID != 1 {
		t.Errorf("under way: %+v, want the client's datagram alone", got)
	}
}

// TestServerSpeaksFirst: its bytes may leave before the client's connect returns.
func TestServerSpeaksFirst(t *testing.T) {
	var s script
	s.add(Server, steplog.Event{Call: "accept", Waiting: true})
	s.call(Client, "connect", steplog.Event{Waiting: true})
	s.call(Server, "accept", steplog.Event{})
	s.call(Server, "send", data(3, "x"))
	s.call(Client, "connect", steplog.Event{})
	s.call(Client, "recv", data(3, "x"))
	for seed := range uint64(50) {
		shown := s.live(t, false, rand.New(rand.NewPCG(seed, 1)))
		if last := shown[len(shown)-1]; len(last.Lands) != 1 {
			t.Fatalf("seed %d: the client's recv has no arrow: %s", seed, names(shown))
		}
	}
}
