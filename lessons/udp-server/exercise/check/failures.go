package check

import (
	"bytes"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"example.com/sockets/shared/exam"
)

// refused is what a system can say when an earlier datagram found a closed port.
var refused = exam.Failure("read", "recvfrom", syscall.ECONNREFUSED)

// trigger is a datagram that cannot be received: ReadFrom fails instead.
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
	if !s.greet(p) || !p.send([]byte(trigger)) {
		return
	}
	story := "ReadFrom failed once, with the error \"" + refused.Error() + "\""
	if s.after(story, p, "after-the-failure", func(story string) {
		// Perhaps it never returns. Then that is the mistake.
		if s.conn.end(); s.ends(turns / 2) {
			s.tr.Wrong(failureHidden, "%s", story)
		}
	}) {
		s.end()
	}
}

// after tells whether p gets an echo after a call failed. An answer may return the
// error instead. Stays reports one that does neither and only stays.
func (s *server) after(failure string, p *peer, text string, stays func(story string)) bool {
	s.excused = true
	data := []byte(text)
	return s.ask(p, failure+". Then ", data, nil, func() {
		story := fmt.Sprintf("%s. Then %s sent %s; %s.", failure, p.name, show(data), s.did())
		switch {
		case s.gaveUp():
		case isClosed(s.conn.spins):
			s.tr.Wrong(spins, "%s; your Echo called %s %d times without a pause.", failure, s.conn.spun, spinning)
		case s.returned():
			s.tr.Wrong(failureHidden, "%s", story)
		default:
			stays(story)
		}
	})
}

func readFailsAlways(s *server) {
	broken := exam.Failure("read", "recvfrom", syscall.ENOBUFS)
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
	s.judgeFailing(fmt.Sprintf("from now on every ReadFrom failed, with the error %q", broken))
}

// judgeFailing tells what an answer has made of failures without an end. It closes
// conn when the answer goes on. When that returns nil then, but has made no call since
// that could tell it so, it has taken the failures for the end.
func (s *server) judgeFailing(story string) {
	switch {
	case isClosed(s.conn.spins) && s.ignoresClose():
		s.tr.Wrong(goesOn, "%s; your Echo tried again without a pause, and it does the same when conn is closed.", story)
	case isClosed(s.conn.spins):
		s.tr.Wrong(spins, "%s; your Echo called it %d times without a pause.", story, spinning)
	case !s.returned():
		if s.conn.end(); s.ends(turns) && !s.failed() && s.err == nil && !s.conn.knowsEnd() {
			s.tr.Wrong(failureHidden, "%s; Echo returned nil, and no call had told it that conn was closed.", story)
		}
	case s.failed():
	case s.err == nil, s.toDo():
		s.tr.Wrong(failureHidden, "%s; %s.", story, s.did())
	}
}

// waitWhileHurrying waits until the answer has returned or has tried far too
// often. It leaves an answer that makes pauses after a moment: so long that one which
// tries five times, and rests 100 ms in between, has done that.
func (s *server) waitWhileHurrying() {
	for i, before := 0, -1; i < turns; i++ {
		select {
		case <-s.call.Done():
			return
		case <-s.conn.spins:
			return
		case <-time.After(turn):
		}
		s.conn.mu.Lock()
		hurried := s.conn.hurried
		s.conn.mu.Unlock()
		if i >= 8 && hurried == before {
			return
		}
		before = hurried
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

// An outage lets each WriteTo to one peer fail while it is on.
type outage struct {
	on     atomic.Bool
	failed atomic.Int32 // how often that was
}

func (s *server) newOutage(p *peer, broken error) *outage {
	o := new(outage)
	s.conn.write = func(b []byte, to net.Addr) (int, error) {
		if to != nil && to.String() == p.name && o.on.Load() {
			o.failed.Add(1)
			return 0, broken
		}
		return s.conn.PacketConn.WriteTo(b, to)
	}
	return o
}

// writeFails lets a sender be out of reach for a while. The others need not wait for
// it, and when it can be reached again, it gets its echoes again.
func writeFails(s *server) {
	p, lost := s.peers[0], s.peers[1]
	broken := exam.Failure("write", "sendto", syscall.EHOSTUNREACH)
	broken.Addr = lost.socket.LocalAddr()
	out := s.newOutage(lost, broken)
	s.start()
	if !s.greet(p) {
		return
	}
	// What is wrong when nothing has failed yet is for other cases to tell.
	hello := []byte("Hi-from-another")
	if got, _ := lost.ask(hello); !bytes.Equal(got, hello) {
		return
	}
	out.on.Store(true)
	goesOn := func(story string, p *peer, text string, d exam.Diagnosis) bool {
		return s.after(story, p, text, func(story string) { s.tr.Wrong(d, "%s", story) })
	}
	story := fmt.Sprintf("WriteTo failed for %s, with the error %q", lost.name, broken)
	const times = 3
	for i := range times {
		text := fmt.Appendf(nil, "I-can-not-be-reached-%d", i+1)
		lost.late = append(lost.late, text)
		if !lost.send(text) || !goesOn(story, p, fmt.Sprintf("after-the-failure-%d", i+1), starves) {
			return
		}
	}
	for i := 0; i < 4 && out.failed.Load() < times; i++ { // it may still be about to send
		time.Sleep(turn)
	}
	out.on.Store(false)
	story += ". Later it could be reached again"
	if goesOn(story, lost, "here-I-am-again", banned) && goesOn(story, p, "after-all-this", starves) {
		s.end()
	}
}
