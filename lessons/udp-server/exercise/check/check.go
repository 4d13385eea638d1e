// Package check checks an answer to the exercise of lesson 3: a function Echo
// that sends every datagram back to its sender.
package check

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

// Echo checks an answer, and shows the learner what is wrong with it.
func Echo(t *testing.T, echo func(conn net.PacketConn) error) {
	t.Helper()
	if largest() < exam.MaxDatagram {
		t.Logf("loopback carries datagrams of at most %d bytes here, not %d: the test uses that size", largest(), exam.MaxDatagram)
	}
	exam.Run(t, "lessons/udp-server/exercise/exercise.go", stub, cases, echo)
}

// stub gives the answer a closed conn, where a right one returns nil at once.
func stub(echo func(net.PacketConn) error) error {
	socket, err := exam.ListenUDP()
	if err != nil {
		return err
	}
	c := newConn(socket)
	c.end()
	// An answer that hangs here hangs in the cases too, which tell it.
	hung := new(exam.Trial).Go(func() { err = echo(c) }).WaitFor(exam.Limit / 6)
	if hung != "" || isClosed(c.waits) {
		return nil // it has done something: whatever it returns, it has been started
	}
	return err
}

var cases = []exam.Case[func(net.PacketConn) error]{
	{Name: "several servers at once", First: true, Run: with(1, severalServers)},
	{Name: "one datagram after another", Run: with(1, oneAfterAnother)},
	{Name: "several senders in turn", Run: with(20, severalSenders)},
	{Name: "an empty datagram", Run: with(1, emptyDatagram)},
	{Name: "bytes that are no text", Run: with(1, noText)},
	{Name: "long datagrams", Run: with(1, longDatagrams)},
	{Name: "many datagrams", Run: with(1, manyDatagrams)},
	{Name: "sending takes its time", Run: with(1, slowWrites)},
	{Name: "a long silence", Run: with(1, longSilence)},
	{Name: "a plain socket and a short silence", Run: with(1, plainSocket)},
	{Name: "receiving fails once", Run: with(1, readFailsOnce)},
	{Name: "receiving fails always", Run: with(1, readFailsAlways)},
	{Name: "one sender cannot be reached", Run: with(2, writeFails)},
	{Name: "closed before it begins", Run: with(1, closedBefore)},
}

// with opens the sockets of a case and runs it.
func with(peers int, run func(s *server)) func(*exam.Trial, func(net.PacketConn) error) {
	return func(tr *exam.Trial, echo func(net.PacketConn) error) {
		if s := open(tr, echo, peers); s != nil {
			run(s)
		}
	}
}

// Three calls work, each on a socket of its own. What goes wrong with one alone is
// for the other cases to tell, except what would disturb them.
func severalServers(s *server) {
	texts := []string{"first-to-%d", "second-to-%d", "third-to-%d", "one-has-ended-%d", "and-on-%d"}
	s.start()
	p := s.peers[0]
	for _, text := range texts {
		p.send(fmt.Appendf(nil, text, 1))
		if got, _ := p.receive(nil, turns/6); !bytes.Equal(got, p.sent[len(p.sent)-1]) {
			return
		}
	}
	if isClosed(s.conn.waits) && s.busy() {
		s.tr.Wrong(busy, "nobody sent anything for a while, and your Echo did not rest for a moment.")
		return
	}
	others := []*server{open(s.tr, s.echo, 1), open(s.tr, s.echo, 1)}
	if slices.Contains(others, nil) {
		return
	}
	gate := newGate(int32(len(others)))
	for _, one := range others {
		one.conn.write = func(b []byte, to net.Addr) (int, error) {
			gate.arrive()
			gate.pass()
			return one.conn.PacketConn.WriteTo(b, to)
		}
		one.start()
	}
	for i, text := range texts {
		switch i {
		case 2:
			// Each has received before one sends. So what they keep in one place
			// is that of the last.
			gate.armed.Store(true)
		case 3:
			s.conn.end()
			select {
			case <-s.call.Done():
			case <-time.After(turn):
			}
		}
		for i, one := range others {
			one.peers[0].send(fmt.Appendf(nil, text, i+2))
		}
		for i, one := range others {
			if !one.undisturbed(others[1-i]) {
				return
			}
		}
	}
}

// undisturbed tells whether the latest text came back. It reports when that is
// the fault of other calls, as another's.
func (s *server) undisturbed(other *server) bool {
	p := s.peers[0]
	text := p.sent[len(p.sent)-1]
	got, came := p.receive(nil, turns)
	if bytes.Equal(got, text) {
		return true
	}
	did := s.did()
	switch {
	case s.failed(), s.timedOut() != "", came && !has(other.peers[0].sent, got):
		return false
	case came:
		did = show(got) + " came back"
	default:
		if hung := s.call.WaitFor(0); hung != "" {
			did += ": it was " + hung
		}
	}
	s.tr.Wrong(shared, "several calls were at work, each with a socket of its own. %s sent %s to %s; %s.", p.name, show(text), s.addr, did)
	return false
}

// The same bytes count each time they are sent.
func oneAfterAnother(s *server) {
	s.start()
	p := s.peers[0]
	if !s.greet(p) {
		return
	}
	for range 3 {
		if !s.expectFor(skips, p, []byte("the-same-again")) {
			return
		}
	}
	s.end()
}

func severalSenders(s *server) {
	s.start()
	if !s.greet(s.peers[0]) {
		return
	}
	turns := []int{1, 2, 0, 1, 0, 2, 2, 0}
	for i := 3; i < len(s.peers); i++ {
		turns = append(turns, i)
	}
	for i, which := range turns {
		p := s.peers[which]
		text := fmt.Appendf(nil, "turn-%d-peer-%d", i+1, which+1)
		if !s.ask(p, "", text, nil, func() { s.unanswered(p, text) }) {
			return
		}
	}
	if s.expect(s.peers[0], letters(longest)) && s.burst(s.peers[:3], 1, 8) {
		s.end()
	}
}

// unanswered finds out why a sender that was not the first gets nothing.
func (s *server) unanswered(p *peer, text []byte) {
	sent, _ := s.since()
	first := s.peers[0]
	switch {
	case slices.ContainsFunc(sent, func(w write) bool { return w.to != p.name }), s.timedOut() != "":
		s.missing(p, text)
	case p == first:
		s.tr.Wrong(firstOnly, "%s, the first sender, sent again after others; %s.", p.name, s.did())
	default:
		s.tr.Wrong(firstOnly, "%s sent first and got its echoes. Then %s sent %s; %s.", first.name, p.name, show(text), s.did())
	}
}

func emptyDatagram(s *server) {
	s.start()
	p := s.peers[0]
	if !s.greet(p) {
		return
	}
	for _, data := range []string{"", "after-the-empty-one", "", ""} {
		if !s.expectFor(empty, p, []byte(data)) {
			return
		}
	}
	s.end()
}

func noText(s *server) {
	s.start()
	p := s.peers[0]
	// Letters first: a buffer too small for so much is another idea.
	if !s.greet(p) || !s.expect(p, letters(128)) {
		return
	}
	var low, high []byte
	for b := range 128 { // high is no low with another bit
		low, high = append(low, byte(b)), append(high, byte(255-b))
	}
	data := []string{
		string(low), string(high), string(low[:32]),
		"  two spaces, a tab\tand line ends \r\n\n", "\n", " ", "\x00", "\x00\x00zeros around\x00\x00",
		"\xef\xbb\xbfa mark at the front", "not UTF-8: \xff\xfe \xc3( \xe2\x82", "안녕하세요", "%d %s %%", "a\\nb \"c\"",
		"quit", "exit\n", "bye", "stop", "end", "q", ".", "\x04", "EOF", "ping", "hello",
	}
	for _, d := range data {
		if !s.expectFor(notText, p, []byte(d)) {
			return
		}
	}
	s.end()
}

func longDatagrams(s *server) {
	s.start()
	p := s.peers[0]
	if !s.greet(p) {
		return
	}
	full := largest()
	for _, size := range []int{full, full - 1, 200, 201, 1024, 1025, 1472, 1473, 2049, 4097, 8193, 9000, 9217, 32769, full, 1} {
		if size > full {
			continue
		}
		data := letters(size)
		if !s.ask(p, "", data, nil, s.lacks(cut, p, data)) {
			return
		}
	}
	s.end()
}

// A thousand one by one: each leaves when the echo before has come. Then some at
// once, so few that they fit into any socket's buffer.
func manyDatagrams(s *server) {
	const many = 1000
	s.patient = true
	s.start()
	p := s.peers[0]
	if !s.greet(p) || !s.expect(p, letters(longest)) {
		return
	}
	plain := open(s.tr, plainEcho, 1)
	if plain == nil {
		return
	}
	plain.patient = true
	plain.start()
	for i := range many {
		if !s.expect(p, fmt.Appendf(nil, "datagram-%d-of-%d", i+1, many)) || time.Since(s.began) > 2*budget {
			return
		}
		long := time.Since(s.began) > 2*time.Second
		if (i%20 == 19 || i < 20 && long) && s.tooSlow(plain) {
			return
		}
	}
	for round := range 10 {
		if !s.burst(s.peers, round+1, 16) {
			return
		}
	}
	s.end()
}

// The system takes each datagram late: only when the answer has read all, or
// reads no more. An answer that reads into a buffer which still waits to be sent
// shows it here, and one that throws away what has no room in its queue. They are
// many, and yet small: they fit into the socket's buffer. One that reads when it has
// sent loses a moment, once.
func slowWrites(s *server) {
	const burst = 100
	gate := newGate(burst)
	s.conn.read = func(b []byte) (int, net.Addr, error) {
		n, addr, err := s.conn.PacketConn.ReadFrom(b)
		if err == nil {
			gate.arrive()
		}
		return n, addr, err
	}
	s.conn.write = func(b []byte, to net.Addr) (int, error) {
		gate.pass()
		return s.conn.PacketConn.WriteTo(b, to)
	}
	s.start()
	if !s.greet(s.peers[0]) || !s.expect(s.peers[0], letters(longest)) {
		return
	}
	gate.armed.Store(true)
	if s.burst(s.peers, 1, burst) {
		s.end()
	}
}

func longSilence(s *server) {
	s.conn.hurry = true
	s.start()
	p := s.peers[0]
	if !s.greet(p) {
		return
	}
	s.conn.mu.Lock()
	ahead, which := s.conn.deadline, "read"
	if s.conn.timesWrites && !s.conn.timesReads {
		which = "write"
	}
	s.conn.mu.Unlock()
	text := []byte("after-the-silence")
	switch {
	case which == "write": // after a silence that is long enough, it has passed
		s.conn.PacketConn.SetWriteDeadline(time.Now())
	case ahead == 0: // it would wait for ever
		s.end()
		return
	default:
		select {
		case <-s.conn.silent: // it goes on waiting
		case <-s.call.Done():
		case <-s.conn.spins:
		case <-time.After(exam.Limit):
		}
	}
	if s.ask(p, "", text, nil, func() {
		s.tr.Wrong(silence, "your Echo set a %s deadline. Nobody sent anything, and the checker let the deadline pass. Then %s sent %s; %s.",
			which, p.name, show(text), s.did())
	}) {
		s.end()
	}
}

// An answer may look for a *net.UDPConn. What it does with that is seen here only.
func plainSocket(s *server) {
	s.start()
	if !s.greet(s.peers[0]) || !s.end() {
		return
	}
	plain := open(s.tr, s.echo, 1)
	if plain == nil {
		return
	}
	plain.plain = true
	plain.start()
	p, full := plain.peers[0], letters(largest())
	if !plain.greet(p) || !plain.expectFor(empty, p, nil) || !plain.ask(p, "", full, nil, plain.lacks(cut, p, full)) {
		return
	}
	const pause = 300 * time.Millisecond
	select {
	case <-plain.call.Done():
	case <-time.After(pause):
	}
	text := []byte("after-the-silence")
	if plain.ask(p, "", text, nil, func() {
		plain.tr.Wrong(silence, "for %v nobody sent anything. Then %s sent %s; %s.", pause, p.name, show(text), plain.did())
	}) {
		plain.end()
	}
}

func closedBefore(s *server) {
	s.conn.end()
	s.start()
	if s.ends(turns) && !s.failed() && s.err != nil && isClosed(s.conn.waits) {
		s.tr.Wrong(closedError, "conn was closed before Echo began; Echo returned the error %q, not nil.", s.err)
	}
}
