// Package check checks an answer to the exercise of lesson 3: a function Echo
// that sends every datagram back to its sender.
package check

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

// Echo checks an answer, and shows the learner what is wrong with it.
func Echo(t *testing.T, echo func(conn net.PacketConn) error) {
	t.Helper()
	if largest() < largestUDP {
		t.Logf("loopback carries datagrams of at most %d bytes here, not %d: the test uses that size", largest(), largestUDP)
	}
	exam.Run(t, "lessons/udp-server/exercise/exercise.go", stub, cases, echo)
}

// stub gives the answer a closed conn, where a right one returns nil at once.
func stub(echo func(net.PacketConn) error) error {
	socket, err := listen()
	if err != nil {
		return err
	}
	c := newConn(socket)
	c.end()
	err = echo(c)
	if isClosed(c.waits) {
		return nil // it has read: whatever it returns, it has been started
	}
	return err
}

var cases = []exam.Case[func(net.PacketConn) error]{
	{Name: "one datagram after another", Run: with(1, oneAfterAnother)},
	{Name: "several senders in turn", Run: with(3, severalSenders)},
	{Name: "an empty datagram", Run: with(1, emptyDatagram)},
	{Name: "bytes that are no text", Run: with(1, noText)},
	{Name: "long datagrams", Run: with(1, longDatagrams)},
	{Name: "many datagrams", Run: with(1, manyDatagrams)},
	{Name: "sending takes its time", Run: with(1, slowWrites)},
	{Name: "a long silence", Run: with(1, longSilence)},
	{Name: "a plain socket and a short silence", Run: with(1, plainSocket)},
	{Name: "receiving fails once", Run: with(1, readFailsOnce)},
	{Name: "receiving fails always", Run: with(1, readFailsAlways)},
	{Name: "one sender can not be reached", Run: with(2, writeFails)},
	{Name: "closed while it waits", Run: with(1, closedWhileWaiting)},
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
	for i, which := range []int{1, 2, 0, 1, 0, 2, 2, 0} {
		p := s.peers[which]
		text := fmt.Appendf(nil, "turn-%d-peer-%d", i+1, which+1)
		got, came := p.ask(text)
		switch {
		case !came && !s.failed():
			s.unanswered(p, text)
			return
		case !came:
			return
		case !bytes.Equal(got, text):
			s.tr.Wrong(s.different(p, text, got), "%s sent %s; %s came back.", p.name, show(text), show(got))
			return
		}
		s.echoed++
	}
	if s.burst(s.peers, 1, 1) {
		s.end()
	}
}

// unanswered finds out why a sender that was not the first gets nothing.
func (s *server) unanswered(p *peer, text []byte) {
	s.conn.mu.Lock()
	writes := s.conn.writes[s.marked:]
	s.conn.mu.Unlock()
	first := s.peers[0]
	switch {
	case slices.ContainsFunc(writes, func(w write) bool { return w.to != p.name }), s.timedOut():
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
	for b := range 128 {
		low, high = append(low, byte(b)), append(high, byte(128+b))
	}
	data := []string{
		string(low), string(high), string(low[:32]),
		"  two spaces, a tab\tand line ends \r\n\n", "\n", " ", "\x00", "\x00\x00zeros around\x00\x00",
		"\xef\xbb\xbfa mark at the front", "not UTF-8: \xff\xfe \xc3( \xe2\x82", "안녕하세요", "%d %s %%", "a\\nb \"c\"",
		"quit", "exit\n", "bye", "stop", "end", "q", ".", "\x04", "EOF",
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
		got, came := p.ask(data)
		switch {
		case came && bytes.Equal(got, data):
			s.echoed++
			continue
		case s.failed():
		case came && bytes.HasPrefix(data, got) && !p.sentBefore(got):
			s.tr.Wrong(s.shorter(p, data, got), "%s sent %s; %s came back.", p.name, show(data), show(got))
		case came:
			s.tr.Wrong(s.different(p, data, got), "%s sent %s; %s came back.", p.name, show(data), show(got))
		case s.timedOut():
			s.early()
		default:
			s.tr.Wrong(cut, "%s sent %s; %s.", p.name, show(data), s.did())
		}
		return
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
	if !s.greet(p) {
		return
	}
	speed := compare(s)
	for i := range many {
		if !s.expect(p, fmt.Appendf(nil, "datagram-%d-of-%d", i+1, many)) || speed.tooSlow() {
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
// shows it here. One that reads when it has sent loses a moment, once.
func slowWrites(s *server) {
	const burst = 8
	var slowed atomic.Bool
	var read atomic.Int32
	all, go1 := make(chan struct{}), make(chan struct{})
	s.conn.read = func(b []byte) (int, net.Addr, error) {
		n, addr, err := s.conn.PacketConn.ReadFrom(b)
		if slowed.Load() && err == nil && read.Add(1) == burst {
			close(all)
		}
		return n, addr, err
	}
	var first atomic.Bool
	s.conn.write = func(b []byte, to net.Addr) (int, error) {
		if slowed.Load() {
			if first.CompareAndSwap(false, true) {
				select {
				case <-all:
				case <-time.After(200 * time.Millisecond):
				}
				close(go1)
			}
			<-go1
		}
		return s.conn.PacketConn.WriteTo(b, to)
	}
	s.start()
	if !s.greet(s.peers[0]) {
		return
	}
	slowed.Store(true)
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
	deadline := s.conn.deadline
	s.conn.mu.Unlock()
	if deadline == 0 { // it would wait for ever
		s.end()
		return
	}
	select {
	case <-s.conn.silent: // it goes on waiting
	case <-s.call.Done():
	case <-s.conn.spins:
	case <-time.After(exam.Limit):
	}
	text := []byte("after-the-silence")
	got, came := p.ask(text)
	switch {
	case bytes.Equal(got, text):
		s.echoed++
		s.end()
	case s.failed():
	case came:
		s.tr.Wrong(s.different(p, text, got), "%s sent %s; %s came back.", p.name, show(text), show(got))
	default:
		s.tr.Wrong(silence, "your Echo set a read deadline, %v ahead. Nobody sent anything, and the checker let the deadline pass early. Then %s sent %s; %s.",
			deadline.Round(time.Millisecond), p.name, show(text), s.did())
	}
}

// An answer may look for a *net.UDPConn. What it does with that is seen here.
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
	if !plain.greet(plain.peers[0]) {
		return
	}
	const pause = 300 * time.Millisecond
	select {
	case <-plain.call.Done():
	case <-time.After(pause):
	}
	text := []byte("after-the-silence")
	got, came := plain.peers[0].ask(text)
	switch {
	case plain.failed():
	case !came:
		plain.tr.Wrong(silence, "for %v nobody sent anything. Then %s sent %s; %s.", pause, plain.peers[0].name, show(text), plain.did())
	case !bytes.Equal(got, text):
		plain.tr.Wrong(plain.different(plain.peers[0], text, got), "%s sent %s; %s came back.", plain.peers[0].name, show(text), show(got))
	default:
		plain.end()
	}
}

// refused is what a system can say when an earlier datagram found a closed port.
var refused = &net.OpError{Op: "read", Net: "udp", Err: os.NewSyscallError("recvfrom", syscall.ECONNREFUSED)}

// trigger is a datagram that can not be received: ReadFrom fails instead.
const trigger = "this-one-can-not-be-received"

func readFailsOnce(s *server) {
	s.conn.read = func(b []byte) (int, net.Addr, error) {
		n, addr, err := s.conn.PacketConn.ReadFrom(b)
		if err == nil && string(b[:n]) == trigger {
			return 0, nil, refused
		}
		return n, addr, err
	}
	s.start()
	p := s.peers[0]
	if !s.greet(p) {
		return
	}
	if !p.send([]byte(trigger)) {
		return
	}
	s.after("ReadFrom failed once, with the error \""+refused.Error()+"\"", p)
}

// after sees what the answer did about a failure: it may return an error or go
// on, then p gets its echo.
func (s *server) after(failure string, p *peer) {
	s.excused = true
	text := []byte("after-the-failure")
	got, came := p.ask(text)
	switch {
	case s.failed():
	case isClosed(s.conn.spins):
		s.tr.Wrong(spins, "%s; your Echo made the same call %s times without a pause.", failure, thousands(spinning))
	case s.returned() && s.err != nil && !s.toDo():
	case came && bytes.Equal(got, text):
		s.echoed++
		s.end()
	case came:
		s.tr.Wrong(s.different(p, text, got), "%s. Then %s sent %s; %s came back.", failure, p.name, show(text), show(got))
	default:
		s.tr.Wrong(failureHidden, "%s. Then %s sent %s; %s.", failure, p.name, show(text), s.did())
	}
}

func readFailsAlways(s *server) {
	broken := &net.OpError{Op: "read", Net: "udp", Err: os.NewSyscallError("recvfrom", syscall.ENOBUFS)}
	var fails atomic.Bool
	s.conn.read = func(b []byte) (n int, addr net.Addr, err error) {
		if !fails.Load() {
			n, addr, err = s.conn.PacketConn.ReadFrom(b)
		}
		if fails.Load() && err == nil {
			return 0, nil, broken
		}
		return n, addr, err
	}
	s.start()
	p := s.peers[0]
	if !s.greet(p) {
		return
	}
	fails.Store(true)
	if !p.send([]byte(trigger)) {
		return
	}
	s.waitWhileHurrying()
	story := fmt.Sprintf("from now on every ReadFrom failed, with the error %q", broken)
	switch {
	case isClosed(s.conn.spins) && s.ignoresClose():
		s.tr.Wrong(goesOn, "%s; your Echo tried again without a pause, and it does the same when conn is closed.", story)
	case isClosed(s.conn.spins):
		s.tr.Wrong(spins, "%s; your Echo called it %s times without a pause.", story, thousands(spinning))
	case !s.returned():
		s.conn.end()
		s.ends()
	case s.failed():
	case s.err == nil, s.toDo():
		s.tr.Wrong(failureHidden, "%s; %s.", story, s.did())
	}
}

// waitWhileHurrying waits until the answer has returned or has tried far too
// often. It leaves an answer that makes pauses after a moment.
func (s *server) waitWhileHurrying() {
	for i := range turns {
		select {
		case <-s.call.Done():
			return
		case <-s.conn.spins:
			return
		case <-time.After(turn):
		}
		s.conn.mu.Lock()
		hurrying := 2*s.conn.quickReads > s.conn.failedReads
		s.conn.mu.Unlock()
		if i >= 4 && !hurrying {
			return
		}
	}
}

// ignoresClose tells whether the answer goes on for ever on a closed conn too.
// Then it has no way out at all, which is one mistake and not two.
func (s *server) ignoresClose() bool {
	closed := open(s.tr, s.echo, 0)
	if closed == nil {
		return false
	}
	closed.conn.end()
	closed.start()
	closed.waitWhileHurrying()
	return isClosed(closed.conn.spins)
}

func writeFails(s *server) {
	lost := s.peers[1]
	failure := &net.OpError{Op: "write", Net: "udp", Addr: lost.socket.LocalAddr(), Err: os.NewSyscallError("sendto", syscall.EHOSTUNREACH)}
	s.conn.write = func(b []byte, to net.Addr) (int, error) {
		if to != nil && to.String() == lost.name {
			return 0, failure
		}
		return s.conn.PacketConn.WriteTo(b, to)
	}
	s.start()
	if !s.greet(s.peers[0]) || !lost.send([]byte("I-can-not-be-reached")) {
		return
	}
	s.after("WriteTo failed for "+lost.name+", with the error \""+failure.Error()+"\"", s.peers[0])
}

func closedWhileWaiting(s *server) {
	s.start()
	select {
	case <-s.conn.waits:
	case <-s.call.Done():
	case <-time.After(exam.Limit):
	}
	s.end()
}

func closedBefore(s *server) {
	s.conn.end()
	s.start()
	if s.ends() && !s.failed() && s.err != nil && isClosed(s.conn.waits) {
		s.tr.Wrong(closedError, "conn was closed before Echo began; Echo returned the error %q, not nil.", s.err)
	}
}
