package check

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"example.com/sockets/shared/exam"
)

var receiveCases = []exam.Case[receiver]{
	{Name: "several receivers at once", First: true, Run: severalReceivers},
	{Name: "numbers far ahead", First: true, Run: farNumbers},
	{Name: "one message after another", Run: oneAfterAnother},
	{Name: "many messages at once", Run: manyAtOnce},
	{Name: "an empty payload", Run: payloads(noEmpty, "", "after the empty one", "", "")},
	{Name: "payloads of any bytes", Run: payloads(payload, " \x00\xff\xfe\r\n", "\x00", "\x00zeros around\x00", "안녕\n", "100%d", "\n", " ", "bye", "quit")},
	{Name: "long payloads", Run: func(tr *exam.Trial, receive receiver) {
		full := []byte(exam.Numbers(largest()))
		part := func(size int) string { return string(full[:min(size, len(full))]) }
		payloads(cut, part(len(full)), part(len(full)-1), "short", part(9000), part(1500), part(1025), part(len(full)-2))(tr, receive)
	}},
	{Name: "datagrams that come twice", Run: comeTwice},
	{Name: "datagrams that overtake", Run: overtake},
	{Name: "many ahead of their turn", Run: manyAhead},
	{Name: "several senders", Run: severalSenders},
	{Name: "two addresses with the same port", Run: samePort},
	{Name: "datagrams without a whole number", Run: shortOnes},
	{Name: "deliver takes its time", Run: slowDeliver(true)},
	{Name: "conn closed while deliver runs", Run: slowDeliver(false)},
	{Name: "deliver closes conn", Run: deliverCloses},
	{Name: "a long silence", Run: longSilence},
	{Name: "receiving fails", Run: readFails},
	{Name: "an acknowledgement takes its time", Run: ackWaits},
	{Name: "an acknowledgement cannot be sent", Run: ackFails},
	{Name: "closed before it begins", Run: closedBefore},
}

// begin starts an answer and lets a first peer send two messages.
func begin(tr *exam.Trial, receive receiver, setUp ...func(*host)) (h *host, p *peer, ok bool) {
	if h, p = newHost(tr, receive), newPeer(tr); h == nil || p == nil {
		return nil, nil, false
	}
	for _, f := range setUp {
		f(h)
	}
	h.start()
	return h, p, h.meet(p)
}

// payloads sends messages with these payloads.
func payloads(own exam.Diagnosis, list ...string) func(*exam.Trial, receiver) {
	return func(tr *exam.Trial, receive receiver) {
		h, p, ok := begin(tr, receive)
		if !ok {
			return
		}
		for _, payload := range list {
			if !h.say(p, payload, own) {
				return
			}
		}
		h.end()
	}
}

func oneAfterAnother(tr *exam.Trial, receive receiver) {
	h, p, ok := begin(tr, receive, func(h *host) { h.plain = true })
	if !ok {
		return
	}
	for i := range 10 {
		if !h.say(p, fmt.Sprintf("message %d", i+2), endsEarly) {
			return
		}
	}
	if h.end() {
		h.keptIsKept()
	}
}

// manyAtOnce sends many without a wait. What an answer threw away, because it took
// the datagrams in another order, comes again.
func manyAtOnce(tr *exam.Trial, receive receiver) {
	h, p, ok := begin(tr, receive)
	if !ok {
		return
	}
	const many = 200
	var list []string
	for i := range many {
		list = append(list, fmt.Sprintf("message %d of many", i+2))
	}
	for i := 0; i < many; i += 50 {
		h.tell("%s sent numbers %d to %d at once", h.name(p), i+2, i+51)
		for j, payload := range list[i : i+50] {
			p.send(h, uint32(i+j+2), payload)
		}
		if !h.finish(p, 50, list[i:i+50]) {
			return
		}
	}
	if h.end() {
		h.keptIsKept()
	}
}

// finish wants the first count messages of the list, which p has sent, acknowledged
// and delivered. As a sender does, it sends again what has not been acknowledged.
func (h *host) finish(p *peer, count int, list []string) bool {
	for i, payload := range list[:count] {
		if seq := p.next[h]; !p.acked(h, seq, 1, 2*time.Millisecond) {
			h.tell("number %d was sent again, for it had not been acknowledged", seq)
			p.send(h, seq, payload)
		}
		h.coming = list[i+1:]
		if !h.taken(p, payload, order) {
			return false
		}
	}
	h.coming = nil
	return true
}

func comeTwice(tr *exam.Trial, receive receiver) {
	h, p, ok := begin(tr, receive)
	if !ok {
		return
	}
	for _, seq := range []uint32{1, 1, 0, 1, 0} {
		times := p.count(h, seq) + 1
		p.send(h, seq, h.want[seq])
		h.tell("%s sent number %d again", h.name(p), seq)
		if !p.acked(h, seq, times, patience) {
			if !h.failed(p, doubleUnacked) {
				h.wrong(doubleUnacked)
			}
			return
		}
	}
	if h.say(p, "third", doubled) {
		h.end()
	}
}

// overtake sends datagrams ahead of their turn, each also a second time.
func overtake(tr *exam.Trial, receive receiver) {
	h, p, ok := begin(tr, receive)
	if !ok {
		return
	}
	for round := range 4 {
		if round == 3 { // a sender whose first datagram is not number 0
			if p = newPeer(tr); p == nil || !h.another() {
				return
			}
		}
		next := p.next[h]
		list := []string{fmt.Sprintf("late %d", round), fmt.Sprintf("ahead A%d", round), fmt.Sprintf("ahead B%d", round), fmt.Sprintf("ahead C%d", round)}
		for _, i := range []int{2, 1, 2, 3} {
			p.send(h, next+uint32(i), list[i])
		}
		h.tell("%s sent numbers %d, %d, %d and %d", h.name(p), next+2, next+1, next+2, next+3)
		if round == 1 { // most answers have looked at them when this is over
			if p.acked(h, next+3, 1, 50*time.Millisecond) && !h.acksKept(p, next+3, list[3]) {
				return
			}
		}
		if !h.asWanted(order) {
			return
		}
		p.send(h, next, list[0])
		h.tell("then number %d", next)
		if !h.finish(p, len(list), list) {
			return
		}
	}
	h.end()
}

// acksKept sends again what was kept until its turn, and acknowledged.
func (h *host) acksKept(p *peer, seq uint32, payload string) bool {
	times := p.count(h, seq) + 1
	h.tell("number %d was acknowledged, and %s sent it again", seq, h.name(p))
	for range 10 {
		p.send(h, seq, payload)
		if p.acked(h, seq, times, patience/20) {
			return true
		}
	}
	return !h.failed(p, doubleUnacked) && h.wrong(doubleUnacked)
}

// manyAhead leaves out a number, and sends more than may be kept of what follows.
func manyAhead(tr *exam.Trial, receive receiver) {
	h, p, ok := begin(tr, receive)
	other := newPeer(tr)
	if !ok || other == nil {
		return
	}
	const most, many, burst = 1000, 1200, 50
	first, acked := p.next[h], 0
	list := []string{"late"}
	for i := 1; i <= many; i++ {
		list = append(list, fmt.Sprint("ahead ", i))
		p.send(h, first+uint32(i), list[i])
		if i%burst == 0 { // no more than fit into the socket's buffer
			h.tell("%s sent numbers %d to %d", h.name(p), first+uint32(i-burst+1), first+uint32(i))
			if !h.say(other, fmt.Sprint("other ", i), perSender) {
				return
			}
			p.drain()
		}
	}
	for i := range list {
		acked += p.count(h, first+uint32(i))
	}
	kept := 0 // as many follow the one that is missing, and will not be sent again
	for p.count(h, first+uint32(kept+1)) > 0 {
		kept++
	}
	p.send(h, first, list[0])
	h.tell("then number %d", first)
	h.coming = list[1:]
	switch {
	case !h.taken(p, list[0], order):
	case !h.delivered(len(h.want)+kept, patience):
		h.tell("%d of them had been acknowledged", acked)
		h.wrong(ackLies)
	case acked > most:
		h.tell("%d were acknowledged before number %d was sent", acked, first)
		h.wrong(unbounded)
	case h.finish(p, most/10, list[1:]):
		h.coming = list[most/10+1:]
		h.end()
	}
}

func severalSenders(tr *exam.Trial, receive receiver) {
	h, a, ok := begin(tr, receive)
	b, c := newPeer(tr), newPeer(tr)
	if !ok || b == nil || c == nil {
		return
	}
	for i, p := range []*peer{b, c, a, b, c, a, a, c} {
		if i == 5 {
			b.send(h, b.next[h]+1, "ahead")
			h.tell("%s left out number %d and sent the one after", h.name(b), b.next[h])
		}
		if !h.say(p, fmt.Sprintf("turn %d", i), perSender) {
			return
		}
	}
	h.endAs(perSender)
}

// another lets one more sender be received. Where that fails, it fails for any.
func (h *host) another() bool {
	p := newPeer(h.tr)
	return p != nil && h.say(p, "another", perSender)
}

// samePort has two peers that differ only by their address. Not every system has
// a second address on loopback.
func samePort(tr *exam.Trial, receive receiver) {
	h, p, ok := begin(tr, receive)
	if !ok || runtime.GOOS != "linux" || !h.another() {
		return
	}
	port := p.socket.LocalAddr().(*net.UDPAddr).Port
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2), Port: port})
	if err != nil {
		return
	}
	h.tell("the next one has the port of %s, and another address", h.name(p))
	if h.say(peerAt(tr, socket), "other", senderKey) && h.say(p, "third", senderKey) {
		h.end()
	}
}

func shortOnes(tr *exam.Trial, receive receiver) {
	h, p, ok := begin(tr, receive)
	stranger := newPeer(tr)
	if !ok || stranger == nil || !h.another() {
		return
	}
	for _, q := range []*peer{p, stranger} {
		if !h.getsShort(q) {
			return
		}
	}
	h.end()
}

// getsShort has q send datagrams that are too short, and looks what comes back for them.
// An answer may acknowledge twice, and the second of these can come late once.
func (h *host) getsShort(q *peer) bool {
	var old ack
	for range 3 {
		q.drain()
		before := maps.Clone(q.acks)
		for _, data := range [][]byte{{}, {0}, {0, 0}, {0, 0, 0}} {
			q.raw(h, data)
		}
		h.tell("%s sent datagrams of 0, 1, 2 and 3 bytes", h.name(q))
		seq := q.next[h]
		if !h.say(q, fmt.Sprint("after ", q.next[h]), short) {
			return false
		}
		q.drain()
		if q.odd != nil {
			h.tell("it got back %s", exam.Quote(q.odd))
			return h.wrong(short)
		}
		more := false
		for a, times := range q.acks {
			if a.seq != seq && times > before[a] {
				old, more = a, true
			}
		}
		if !more {
			return true
		}
	}
	h.tell("number %d was acknowledged", old.seq)
	return h.wrong(short)
}

// slowDeliver keeps deliver waiting. Nothing else is delivered meanwhile, though
// more may come, and Receive does not return, though conn is closed.
func slowDeliver(more bool) func(*exam.Trial, receiver) {
	return func(tr *exam.Trial, receive receiver) {
		slow, next := newHold("slow"), newHold("next 0")
		defer slow.letGo()
		defer next.letGo()
		h, p, ok := begin(tr, receive, func(h *host) {
			h.hook = func(payload []byte) { slow.hook(payload); next.hook(payload) }
		})
		other := newPeer(tr)
		if !ok || other == nil || !h.say(other, "other", perSender) || !h.enters(p, slow) {
			return
		}
		if more {
			other.send(h, other.next[h], "more")
			for i := range uint32(300) { // more than a queue may hold
				p.send(h, p.next[h]+i, fmt.Sprint("next ", i))
			}
			h.tell("300 more datagrams came")
			h.delivered(len(h.want)+1, 100*time.Millisecond)
		}
		if !h.closeDuring(slow, next) {
			return
		}
		count := len(h.want) + p.inARow(h) + other.inARow(h)
		if !h.delivered(count, 0) {
			h.tell("%d numbers had been acknowledged, and none was missing", count)
			h.wrong(ackLies)
		}
	}
}

// closeDuring closes conn while deliver runs, and lets it go a moment later. It holds
// the next call of deliver too, if one comes: Receive has to wait for each.
func (h *host) closeDuring(slow, next *hold) bool {
	h.mu.Lock()
	together := h.atOnce
	h.mu.Unlock()
	if together {
		return h.wrong(atOnce)
	}
	h.socket.Close()
	h.tell("conn was closed")
	if h.returnsDuring(slow) {
		return false
	}
	slow.letGo()
	h.tell("deliver returned")
	select {
	case <-next.entered:
	case <-h.call.Done():
	case <-time.After(100 * time.Millisecond):
	}
	if h.returnsDuring(next) {
		return false
	}
	next.letGo()
	return h.ends()
}

// returnsDuring reports an answer that returns while a call of deliver is held. One
// that returns before that call begins is as wrong.
func (h *host) returnsDuring(held *hold) bool {
	select {
	case <-h.call.Done():
	case <-time.After(100 * time.Millisecond):
		return false
	}
	select {
	case <-held.entered:
	case <-time.After(20 * time.Millisecond):
		return false
	}
	h.tell("Receive returned while deliver still ran")
	return h.call.Panicked() || !h.wrong(afterReturn)
}

func deliverCloses(tr *exam.Trial, receive receiver) {
	h, p, ok := begin(tr, receive, func(h *host) {
		h.hook = func(payload []byte) {
			if string(payload) == "close" {
				h.socket.Close()
			}
		}
	})
	if !ok {
		return
	}
	p.send(h, p.next[h], "close")
	if h.delivered(len(h.want)+1, patience) {
		h.tell("deliver closed conn")
		h.ends()
		return
	}
	h.taken(p, "close", endsEarly)
}

func longSilence(tr *exam.Trial, receive receiver) {
	h, p, ok := begin(tr, receive, func(h *host) { h.conn.hurry = true })
	if !ok {
		return
	}
	select {
	case <-h.call.Done():
	case <-time.After(150 * time.Millisecond):
	}
	h.tell("then nobody sent anything for a long time, and a deadline would have passed")
	if h.say(p, "third", silence) {
		h.end()
	}
}

// readFails lets every ReadFrom fail from some moment on, until conn is closed. In
// this moment deliver runs.
func readFails(tr *exam.Trial, receive receiver) {
	broken := exam.Failure("read", "recvfrom", syscall.ENOBUFS)
	var failing atomic.Bool
	held := newHold("slow")
	defer held.letGo()
	h, p, ok := begin(tr, receive, func(h *host) {
		h.hook = held.hook
		h.failWhile(failing.Load, broken)
	})
	if !ok || !h.enters(p, held) {
		return
	}
	h.unaware.Store(true)
	h.coming = []string{"third"} // it may still be received when conn is about to be closed
	failing.Store(true)
	p.send(h, p.next[h], "third") // wakes the one that waits
	h.tell("from now on ReadFrom failed: %v", broken)
	if h.returnsDuring(held) {
		return
	}
	held.letGo()
	h.tell("deliver returned")
	if h.goesOnFailing() {
		failing.Store(false)
		h.socket.Close()
		h.tell("conn was closed")
	}
	switch {
	case !h.ends():
	case h.err == nil && h.unaware.Load():
		h.wrong(failureHidden)
	default:
		h.asWanted(doubled)
	}
}

// goesOnFailing watches an answer whose ReadFrom fails, and tells whether it has not
// returned. It watches longer where there is a long pause between the calls.
func (h *host) goesOnFailing() bool {
	const least, most, many = 100 * time.Millisecond, 400 * time.Millisecond, 8
	began, before := time.Now(), h.conn.failed.Load()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-h.call.Done():
			return false
		case <-ticker.C:
		}
		took, times := time.Since(began), h.conn.failed.Load()-before
		switch {
		case took < least, took < most && times < many:
			continue
		case times >= spinning:
			h.tell("your Receive called it %d times in %v", times, took.Round(time.Millisecond))
			h.wrong(spins)
		}
		return true
	}
}

// failWhile lets each ReadFrom return an error while it is so. What tells the answer
// that conn was closed, it notes.
func (h *host) failWhile(failing func() bool, broken error) {
	aware := func(err error) {
		if errors.Is(err, net.ErrClosed) {
			h.unaware.Store(false)
		}
	}
	h.conn.read = func(b []byte) (n int, from net.Addr, err error) {
		if !failing() {
			n, from, err = h.socket.ReadFrom(b)
		}
		if failing() {
			return 0, nil, broken
		}
		aware(err)
		return n, from, err
	}
	h.conn.write = func(b []byte, to net.Addr) (int, error) {
		n, err := h.socket.WriteTo(b, to)
		aware(err)
		return n, err
	}
}

// ackWaits lets one WriteTo take so long that the next datagram can come meanwhile.
func ackWaits(tr *exam.Trial, receive receiver) {
	var armed atomic.Bool
	entered := make(chan bool)
	h, p, ok := begin(tr, receive, func(h *host) { h.holdWrite(&armed, entered) })
	if !ok {
		return
	}
	armed.Store(true)
	seq := p.next[h]
	p.send(h, seq, "third")
	select {
	case <-entered:
	case <-time.After(patience): // taken tells why
	}
	p.send(h, seq+1, "fourth")
	h.tell("%s sent number %d; before WriteTo had sent its acknowledgement, number %d came", h.name(p), seq, seq+1)
	if p.acked(h, seq+1, 1, patience) && !p.acked(h, seq, 1, patience/2) {
		h.tell("number %d was acknowledged %d times, and number %d never", seq+1, p.count(h, seq+1), seq)
		if !h.failed(p, keptBuffer) {
			h.wrong(keptBuffer)
		}
		return
	}
	if h.finish(p, 2, []string{"third", "fourth"}) {
		h.end()
	}
}

// holdWrite holds the first WriteTo after it was armed until ReadFrom has returned
// once more, but not for long: most answers read only when WriteTo has returned.
func (h *host) holdWrite(armed *atomic.Bool, entered chan bool) {
	var held atomic.Bool
	again := make(chan bool)
	cameAgain := sync.OnceFunc(func() { close(again) })
	h.conn.read = func(b []byte) (int, net.Addr, error) {
		n, from, err := h.socket.ReadFrom(b)
		if held.Load() {
			cameAgain()
		}
		return n, from, err
	}
	h.conn.write = func(b []byte, to net.Addr) (int, error) {
		if armed.CompareAndSwap(true, false) {
			held.Store(true)
			close(entered)
			select {
			case <-again:
			case <-time.After(50 * time.Millisecond):
			}
		}
		return h.socket.WriteTo(b, to)
	}
}

// ackFails lets one WriteTo fail, and sends the datagram again.
func ackFails(tr *exam.Trial, receive receiver) {
	broken := exam.Failure("write", "sendto", syscall.EHOSTUNREACH)
	var armed atomic.Bool
	h, p, ok := begin(tr, receive, func(h *host) {
		h.conn.write = func(b []byte, to net.Addr) (int, error) {
			if armed.CompareAndSwap(true, false) {
				return 0, broken
			}
			return h.socket.WriteTo(b, to)
		}
	})
	if !ok {
		return
	}
	armed.Store(true)
	seq := p.next[h]
	h.tell("%s sent number %d until it was acknowledged; the first WriteTo failed: %v", h.name(p), seq, broken)
	for range 10 {
		p.send(h, seq, "third")
		if p.acked(h, seq, 1, patience/10) || isDone(h.call) {
			break
		}
	}
	switch {
	case isDone(h.call) && h.call.Panicked(), isDone(h.call) && h.err != nil:
	case isDone(h.call):
		h.wrong(failureHidden)
	case p.count(h, seq) == 0 && h.delivered(len(h.want)+1, 0):
		h.wrong(doubleUnacked)
	case h.taken(p, "third", lostWithAck) && h.say(p, "fourth", lostWithAck):
		h.end()
	}
}

func closedBefore(tr *exam.Trial, receive receiver) {
	h := newHost(tr, receive)
	if h == nil {
		return
	}
	h.socket.Close()
	h.tell("conn was closed before Receive began")
	h.start()
	h.ends()
}

// apart is begin, but what is wrong with the first messages is for other cases to
// tell.
func apart(tr *exam.Trial, receive receiver, setUp ...func(*host)) (h *host, p *peer, ok bool) {
	h, p, ok = begin(new(exam.Trial), receive, setUp...)
	if h == nil {
		return nil, nil, false
	}
	for _, socket := range []*net.UDPConn{h.socket, p.socket} {
		tr.Cleanup(func() { socket.Close() })
	}
	h.tr = tr
	h.call.ReportTo(tr)
	return h, p, ok
}

// farNumbers sends numbers that are far ahead of their turn.
func farNumbers(tr *exam.Trial, receive receiver) {
	h, p, ok := apart(tr, receive)
	other := newPeer(tr)
	if !ok || other == nil {
		return
	}
	other.send(h, 1, "ahead")
	if h.tr = new(exam.Trial); !h.say(p, "in turn", order) {
		return // it is wrong with near ones too
	}
	h.tr = tr
	const far, limit = 4_000_000, 60 << 20
	least := uint64(1 << 62)
	for i := range 3 { // other parts of the program need memory too, but not each time
		before := allocated()
		p.send(h, far<<i, "far")
		h.tell("%s sent number %d", h.name(p), far<<i)
		if !h.say(p, fmt.Sprint("in turn ", i), farNumber) {
			return
		}
		least = min(least, allocated()-before)
	}
	if least > limit {
		h.tell("for each one Receive took %d MB of memory or more", least>>20)
		h.wrong(numberIsSize)
		return
	}
	next := p.next[h]
	for _, seq := range []uint32{next + 1<<8, next + 1<<16, next + 1<<24, next + 1<<31, 1<<32 - 1} {
		p.send(h, seq, "far")
		h.tell("%s sent number %d", h.name(p), seq)
	}
	if !h.say(p, "in turn", farNumber) {
		return
	}
	p.drain()
	if p.count(h, 1<<32-1) > 0 && p.count(h, next+1<<16) == 0 {
		h.tell("number %d was acknowledged, as if it were there", uint32(1<<32-1))
		h.wrong(farNumber)
		return
	}
	h.end()
}

// allocated returns how many bytes this program has asked for so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// severalReceivers has two at work at once, and a third later, all with the same
// sender.
func severalReceivers(tr *exam.Trial, receive receiver) {
	var armed atomic.Bool
	meet := newMeeting()
	together := func(h *host) {
		h.conn.read = func(b []byte) (int, net.Addr, error) {
			n, from, err := h.socket.ReadFrom(b)
			if armed.Load() && err == nil {
				meet.wait("read")
			}
			return n, from, err
		}
	}
	a, p, ok := apart(tr, receive, together)
	b := newHost(tr, receive)
	if !ok || b == nil {
		return
	}
	together(b)
	b.met = true
	a.tell("two calls of Receive ran, each with a conn of its own")
	b.tell("two calls of Receive ran, each with a conn of its own")
	b.start()
	for i := range 3 {
		if !b.say(p, fmt.Sprint("to b ", i), shared) || !a.say(p, fmt.Sprint("to a ", i), shared) {
			return
		}
	}
	armed.Store(true)
	p.send(a, p.next[a], "for a")
	p.send(b, p.next[b], "for b")
	if !a.taken(p, "for a", shared) || !b.taken(p, "for b", shared) || !a.end() || !b.say(p, "and on", shared) || !b.end() {
		return
	}
	if c := a.again(p); c != nil && c.say(p, "anew", shared) {
		c.end()
	}
}

// again starts a call anew, with the same port if nobody has taken it meanwhile.
func (h *host) again(p *peer) *host {
	socket, err := net.ListenUDP("udp4", h.socket.LocalAddr().(*net.UDPAddr))
	if err != nil {
		return nil
	}
	clear(p.acks) // those of this port are not of this call
	again := hostAt(h.tr, h.receive, socket)
	again.met = true
	again.tell("an earlier call of Receive had ended")
	again.start()
	return again
}
