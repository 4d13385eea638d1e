package check

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

// A host is one call of Receive, and what it has delivered.
type host struct {
	tr      *exam.Trial
	receive receiver
	socket  *net.UDPConn
	conn    *recvConn   // what the answer gets
	plain   bool        // the answer gets the socket itself
	did     []string    // what happened, for the story
	peers   []*peer     // who sent something, for the story
	want    []string    // what is to be delivered
	coming  []string    // what may be delivered after it, if it was kept
	unaware atomic.Bool // ReadFrom has failed, and no call has told that conn was closed
	met     bool        // it has received two messages well
	hook    func(payload []byte)

	call *exam.Call
	err  error

	mu      sync.Mutex
	changed *sync.Cond
	got     []string // what was delivered
	kept    [][]byte // the same bytes, as deliver may keep them
	running int      // calls of deliver under way
	atOnce  bool     // two were
}

// recvConn is a net.PacketConn that is no *net.UDPConn.
type recvConn struct {
	net.PacketConn
	used   atomic.Bool
	failed atomic.Int64 // calls of ReadFrom that returned an error
	hurry  bool         // shorten deadlines: silence is long
	read   func(b []byte) (int, net.Addr, error)
	write  func(b []byte, to net.Addr) (int, error)
}

func newConn(socket *net.UDPConn) *recvConn {
	return &recvConn{PacketConn: socket, read: socket.ReadFrom, write: socket.WriteTo}
}

func (c *recvConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.used.Store(true)
	n, from, err := c.read(b)
	if err != nil && c.failed.Add(1) > spinning {
		time.Sleep(time.Millisecond) // leave the processor to others
	}
	return n, from, err
}

func (c *recvConn) WriteTo(b []byte, to net.Addr) (int, error) { return c.write(b, to) }

func (c *recvConn) SetReadDeadline(t time.Time) error {
	return c.PacketConn.SetReadDeadline(c.sooner(t))
}

func (c *recvConn) SetDeadline(t time.Time) error { return c.PacketConn.SetDeadline(c.sooner(t)) }

// sooner lets an hour pass in a moment.
func (c *recvConn) sooner(t time.Time) time.Time {
	if soon := time.Now().Add(10 * time.Millisecond); c.hurry && t.After(soon) {
		return soon
	}
	return t
}

// newHost opens the socket for an answer. Start begins the call.
func newHost(tr *exam.Trial, receive receiver) *host {
	socket, err := exam.ListenUDP()
	if err != nil {
		tr.Wrong(exam.NoSocket, "%v", err)
		return nil
	}
	return hostAt(tr, receive, socket)
}

func hostAt(tr *exam.Trial, receive receiver, socket *net.UDPConn) *host {
	tr.Cleanup(func() { socket.Close() })
	h := &host{tr: tr, receive: receive, socket: socket, conn: newConn(socket)}
	h.changed = sync.NewCond(&h.mu)
	return h
}

func (h *host) start() {
	h.call = h.tr.Go(func() {
		var conn net.PacketConn = h.conn
		if h.plain {
			conn = h.socket
		}
		h.err = h.receive(conn, h.deliver)
	})
}

func (h *host) deliver(payload []byte) {
	h.mu.Lock()
	h.running++
	h.atOnce = h.atOnce || h.running > 1
	h.got = append(h.got, string(payload))
	h.kept = append(h.kept, payload)
	h.changed.Broadcast()
	h.mu.Unlock()
	if h.hook != nil {
		h.hook(payload)
	}
	h.mu.Lock()
	h.running--
	h.mu.Unlock()
}

// A hold keeps the call of deliver with this payload from returning.
type hold struct {
	payload           string
	entered, released chan bool // closed when it is so
	enter, letGo      func()
}

func newHold(payload string) *hold {
	o := &hold{payload: payload, entered: make(chan bool), released: make(chan bool)}
	o.enter = sync.OnceFunc(func() { close(o.entered) })
	o.letGo = sync.OnceFunc(func() { close(o.released) })
	return o
}

func (o *hold) hook(payload []byte) {
	if string(payload) == o.payload {
		o.enter()
		<-o.released
	}
}

// enters sends the next message of p, and waits for the call of deliver that is held.
func (h *host) enters(p *peer, o *hold) bool {
	p.send(h, p.next[h], o.payload)
	select {
	case <-o.entered:
	case <-time.After(patience):
		h.taken(p, o.payload, endsEarly)
		return false
	}
	p.next[h]++
	h.want = append(h.want, o.payload)
	h.tell("deliver did not return yet")
	return true
}

// A peer is one sender, with a socket of its own.
type peer struct {
	tr     *exam.Trial
	socket *net.UDPConn
	acks   map[ack]int
	odd    []byte // something that came and is no acknowledgement; nil: nothing did
	marks  int    // empty datagrams that came from itself
	next   map[*host]uint32
}

type ack struct {
	from netip.AddrPort
	seq  uint32
}

// spinning is how many calls fail when somebody tries again without a pause.
const spinning = 1000

// patience is how long an acknowledgement or a delivery may take.
const patience = 2 * time.Second

func newPeer(tr *exam.Trial) *peer {
	socket, err := exam.ListenUDP()
	if err != nil {
		tr.Wrong(exam.NoSocket, "%v", err)
		return nil
	}
	return peerAt(tr, socket)
}

func peerAt(tr *exam.Trial, socket *net.UDPConn) *peer {
	tr.Cleanup(func() { socket.Close() })
	return &peer{tr: tr, socket: socket, acks: map[ack]int{}, next: map[*host]uint32{}}
}

func (p *peer) send(h *host, seq uint32, payload string) {
	p.raw(h, append(number(seq), payload...))
}

func (p *peer) raw(h *host, data []byte) { p.socket.WriteTo(data, h.socket.LocalAddr()) }

// count returns how often h has acknowledged seq, as far as it was received.
func (p *peer) count(h *host, seq uint32) int {
	return p.acks[ack{addrPort(h.socket), seq}]
}

func addrPort(socket *net.UDPConn) netip.AddrPort {
	return socket.LocalAddr().(*net.UDPAddr).AddrPort()
}

// acked waits until seq has been acknowledged so many times.
func (p *peer) acked(h *host, seq uint32, times int, limit time.Duration) bool {
	return p.receive(limit, func() bool { return p.count(h, seq) >= times })
}

// receive receives until it is enough.
func (p *peer) receive(limit time.Duration, enough func() bool) bool {
	buf := make([]byte, exam.MaxDatagram)
	p.socket.SetReadDeadline(time.Now().Add(limit))
	for !enough() {
		n, from, err := p.socket.ReadFromUDPAddrPort(buf)
		switch {
		case isTimeout(err), errors.Is(err, net.ErrClosed):
			return false
		case err != nil:
		case n == 0 && from == addrPort(p.socket):
			p.marks++
		case n == header:
			p.acks[ack{from, binary.BigEndian.Uint32(buf)}]++
		default:
			p.odd = bytes.Clone(buf[:n:n])
		}
	}
	return true
}

// drain receives what has come: all that is in the queue before an empty datagram of
// its own.
func (p *peer) drain() {
	marks := p.marks
	p.socket.WriteTo(nil, p.socket.LocalAddr())
	p.receive(patience, func() bool { return p.marks > marks })
}

// inARow receives what has come, and returns how many numbers have been acknowledged
// from the next one on, without a gap.
func (p *peer) inARow(h *host) (count int) {
	for before := -1; before < len(p.acks); {
		before = len(p.acks)
		p.drain()
	}
	for p.count(h, p.next[h]+uint32(count)) > 0 {
		count++
	}
	return count
}

// delivered waits until so many payloads have been delivered.
func (h *host) delivered(count int, limit time.Duration) bool {
	late := false
	timer := time.AfterFunc(limit, func() {
		h.mu.Lock()
		late = true
		h.changed.Broadcast()
		h.mu.Unlock()
	})
	defer timer.Stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.got) < count && !late {
		h.changed.Wait()
	}
	return len(h.got) >= count
}

// tell keeps what happens for the story.
func (h *host) tell(format string, args ...any) { h.did = append(h.did, fmt.Sprintf(format, args...)) }

// name names a sender in the story: "sender A" is the first.
func (h *host) name(p *peer) string {
	i := slices.Index(h.peers, p)
	if i < 0 {
		i, h.peers = len(h.peers), append(h.peers, p)
	}
	return "sender " + string(rune('A'+i))
}

// say sends the next message of p and wants it acknowledged and delivered.
func (h *host) say(p *peer, payload string, own exam.Diagnosis) bool {
	seq := p.next[h]
	p.send(h, seq, payload)
	h.tell("%s sent number %d, %s", h.name(p), seq, exam.Quote(payload))
	return h.taken(p, payload, own)
}

// taken wants the next message of p, which has been sent, acknowledged and delivered.
func (h *host) taken(p *peer, payload string, own exam.Diagnosis) bool {
	seq := p.next[h]
	p.next[h]++
	h.want = append(h.want, payload)
	acked := p.acked(h, seq, 1, patience)
	delivered := h.delivered(len(h.want), patience)
	if delivered && !h.asWanted(own) {
		return false
	}
	if acked && delivered {
		return true
	}
	if own.Name == order.Name && acked && !delivered {
		own = ackLies
		h.tell("number %d was acknowledged", seq)
	}
	switch {
	case h.failed(p, own):
	case h.met:
		h.wrong(own)
	case acked:
		h.wrong(noDeliver)
	case h.oddNumber(p):
		h.wrong(badAck)
	case delivered:
		h.wrong(noAck)
	default:
		h.wrong(h.firstReason(p))
	}
	return false
}

// meet sends two messages, which any answer should receive.
func (h *host) meet(p *peer) bool {
	h.met = h.say(p, "first", nothing) && h.say(p, "second", nothing)
	return h.met
}

// failed reports what is wrong in every case alike.
func (h *host) failed(p *peer, own exam.Diagnosis) bool {
	switch {
	case isDone(h.call):
		h.returned(own)
	case p.odd != nil:
		h.tell("it got back %s", exam.Quote(p.odd))
		h.wrong(badAck)
	default:
		return false
	}
	return true
}

// returned reports that the answer has returned while conn was open.
func (h *host) returned(own exam.Diagnosis) {
	switch {
	case h.call.Panicked():
	case errors.Is(h.err, exam.ErrToDo):
		h.wrong(toDo)
	case isTimeout(h.err), h.met && h.conn.hurry:
		h.wrong(silence)
	case own.Name == short.Name, own.Name == noEmpty.Name:
		h.wrong(own)
	default:
		h.wrong(endsEarly)
	}
}

// oddNumber tells whether h acknowledged a number that p has not sent.
func (h *host) oddNumber(p *peer) bool {
	for a := range p.acks {
		if a.seq >= p.next[h] {
			h.tell("number %d was acknowledged", a.seq)
			return true
		}
	}
	return false
}

// firstReason finds out why one of the first two messages was not even looked at.
func (h *host) firstReason(p *peer) exam.Diagnosis {
	const probe = patience / 8
	before := len(h.want) - 1
	if before == 1 { // number 0 was taken, number 1 was not
		p.raw(h, append(binary.LittleEndian.AppendUint32(nil, 1), "probe"...))
		if h.delivered(before+1, probe) {
			h.tell("it sent the bytes 01 00 00 00, number 16777216, and that was delivered")
			return byteOrder
		}
		p.send(h, 0, h.want[0])
		if h.delivered(before+1, probe) {
			h.tell("it sent number 0 again, and that was delivered again")
			return senderKey
		}
	}
	return nothing
}

// asWanted compares what was delivered with what should have been.
func (h *host) asWanted(own exam.Diagnosis) bool {
	h.mu.Lock()
	got := h.got
	h.mu.Unlock()
	want := append(h.want[:len(h.want):len(h.want)], h.coming...)
	for i, g := range got {
		switch {
		case i < len(want) && g == want[i]:
			continue
		case g != "" && slices.Contains(got[:i], g):
			return h.wrong(doubled)
		case strings.HasPrefix(g, "ahead") && own.Name == perSender.Name && i >= len(want):
			return h.wrong(perSender) // it came with the turn of another sender
		case strings.HasPrefix(g, "ahead"):
			return h.wrong(order)
		case own.Name == order.Name && !slices.Contains(want, g): // what was kept until its turn
			return h.wrong(keptBuffer)
		case h.met:
			return h.wrong(own)
		}
		return h.wrong(payload)
	}
	return true
}

// end closes conn and wants the answer to return nil.
func (h *host) end() bool { return h.endAs(doubled) }

// endAs is end. Own is what it means that more was delivered than should have been.
func (h *host) endAs(own exam.Diagnosis) bool {
	h.socket.Close()
	h.tell("conn was closed")
	return h.ends() && h.asWanted(own)
}

func (h *host) ends() bool {
	hung := h.call.Wait()
	switch times := h.conn.failed.Load(); {
	case hung != "" && times > spinning:
		h.tell("%v later Receive had not returned: it had called ReadFrom %d times", exam.Limit, times)
		return h.wrong(goesOn)
	case hung != "":
		h.tell("%v later Receive had not returned: it was %s", exam.Limit, hung)
		return h.wrong(goesOn)
	}
	switch {
	case h.call.Panicked():
		return false
	case errors.Is(h.err, exam.ErrToDo):
		return h.wrong(toDo)
	case h.err != nil && !h.unaware.Load():
		return h.wrong(closedError)
	}
	return true
}

// keptIsKept wants what was delivered to be what it was, when Receive has returned.
func (h *host) keptIsKept() bool {
	for i, k := range h.kept {
		if string(k) != h.got[i] {
			h.tell("the payload delivered as %s had become %s", exam.Quote(h.got[i]), exam.Quote(k))
			return h.wrong(keptBuffer)
		}
	}
	return true
}

// wrong reports what happened and what the answer has done.
func (h *host) wrong(d exam.Diagnosis) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	did := h.did
	if len(did) > 8 {
		did = append([]string{"…"}, did[len(did)-8:]...)
	}
	var got []string
	for _, g := range h.got {
		got = append(got, exam.Quote(g))
	}
	if len(got) > 8 {
		got = append(got[:3:3], append([]string{"…"}, got[len(got)-5:]...)...)
	}
	end := "your Receive had not returned"
	switch {
	case isDone(h.call) && h.err != nil:
		end = fmt.Sprintf("your Receive returned the error %q", h.err)
	case isDone(h.call):
		end = "your Receive returned nil"
	}
	h.tr.Wrong(d, "%s. Delivered: %s; %s.", strings.Join(did, "; "), strings.Join(append(got, fmt.Sprint(len(h.got), " in all")), ", "), end)
	return false
}
