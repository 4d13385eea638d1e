package check

import (
	"bytes"
	"errors"
	"net"
	"os"
	"time"

	"example.com/sockets/shared/exam"
)

// readDeadline is one that has passed before the call, so nobody has to wait.
func readDeadline(s scene) {
	s.deadline("read", (*net.TCPConn).SetReadDeadline, swallowed, answers(plainReply))
}

// writeDeadline has a peer that does not wait for the request: it would for ever.
func writeDeadline(s scene) {
	s.deadline("write", (*net.TCPConn).SetWriteDeadline, writeError, func(p *peer) {
		p.send(plainReply)
		p.end()
		p.receive()
	})
}

// deadline tells d when the answer does as if all had gone well, but its request or
// the reply cannot have gone through.
func (s scene) deadline(which string, set func(*net.TCPConn, time.Time) error, d exam.Diagnosis, play func(p *peer)) {
	x := s.prepare(plainRequest, much)
	if x == nil {
		return
	}
	set(x.conn, past())
	x.start(play)
	x.finishPast()
	if x.hung != "" || x.err == nil && bytes.Equal(x.reply, plainReply) && len(x.peer.got) > 0 {
		x.wrong(ownDeadline, "Conn had a %s deadline that had passed before the call. %s", which, x.did())
		return
	}
	x.wantError(d)
}

// sendFails has a peer that waits for the end of the request, which never comes, as
// sending fails. An answer may wait for the peer, which gives up soon. But one that
// returns at once leaves nothing behind.
func sendFails(s scene) {
	x := s.prepare(plainRequest, much)
	if x == nil {
		return
	}
	x.conn.SetWriteDeadline(past())
	x.start(func(p *peer) {
		if p.pause(100); !p.late {
			p.end()
		}
	})
	x.finishPast()
	x.wantError(writeError)
}

func past() time.Time { return time.Now().Add(-time.Second) }

// finishPast is finish where an error is right. Without one, the answer says that all
// went through, and the peer gets time to show whether that is so.
func (x *exchange) finishPast() {
	x.wait()
	grace := time.Duration(0)
	if x.hung == "" && x.err == nil {
		grace = time.Second
	}
	x.finish(grace)
}

// waits are how long before the deadline of the caller its call begins. On a machine so
// busy that the case does not get to its point in time, it is tried again with the next.
// All are less than exam.Limit: after that a call counts as hung.
var waits = []time.Duration{250 * time.Millisecond, time.Second, 2500 * time.Millisecond}

// shortRequest has fewer bytes than the limits here: they are not for the request.
var shortRequest = []byte("Hello!")

// keptDeadline looks whether the deadline of the caller still holds after a good return.
func keptDeadline(s scene) {
	for _, wait := range waits {
		if s.kept(wait) {
			return
		}
	}
}

// kept returns false when the deadline had passed too early to tell anything.
func (s scene) kept(wait time.Duration) (told bool) {
	x := s.prepare(shortRequest, len(plainReply))
	if x == nil {
		return true
	}
	deadline := time.Now().Add(wait)
	x.conn.SetDeadline(deadline)
	x.start(answers(plainReply))
	x.finish(time.Second)
	if !x.good(plainReply) || !x.open {
		if x.hung == "" && time.Now().After(deadline) {
			return false
		}
		x.wantReply(plainReply)
		return true
	}
	read, write := x.timeOuts()
	if time.Now().After(deadline) {
		return false
	}
	if read || write {
		x.wrong(ownDeadline, "%s The caller's deadline was later than that, but now conn had one that had passed: %s timed out.", x.did(), calls(read, write))
		return true
	}
	for end := deadline.Add(time.Second); !(read && write) && time.Now().Before(end); read, write = x.timeOuts() {
		time.Sleep(max(time.Until(deadline), 5*time.Millisecond))
	}
	if !read || !write {
		x.wrong(ownDeadline, "Conn had a deadline %v after the call. %s A second after that deadline, %s did not time out: the deadline was gone.", wait, x.did(), calls(!read, !write))
	}
	return true
}

// timeOuts tells which calls of the caller fail now because a deadline has passed. The
// peer has closed, so none of them waits.
func (x *exchange) timeOuts() (read, write bool) {
	_, rerr := x.conn.Read(make([]byte, 1))
	_, werr := x.conn.Write([]byte{0})
	return errors.Is(rerr, os.ErrDeadlineExceeded), errors.Is(werr, os.ErrDeadlineExceeded)
}

func calls(read, write bool) string {
	switch {
	case read && write:
		return "Read and Write"
	case read:
		return "Read"
	}
	return "Write"
}

// silentPeer falls silent in the middle of its reply: the deadline of the caller ends
// the call. Exactly limit bytes have come by then.
func silentPeer(s scene) {
	for _, wait := range waits {
		if s.silent(wait) {
			return
		}
	}
}

// silent returns false when it was not in time to tell anything.
func (s scene) silent(wait time.Duration) (told bool) {
	half := plainReply[:10]
	x := s.prepare(shortRequest, len(half))
	if x == nil {
		return true
	}
	deadline := time.Now().Add(wait)
	x.conn.SetDeadline(deadline)
	var sent time.Time
	x.start(func(p *peer) {
		p.receive()
		p.send(half)
		sent = time.Now()
	})
	x.finish(0)
	switch {
	case x.hung == "" && deadline.Sub(sent) < wait/2, // perhaps it had not read that before
		wait == waits[0] && x.hung == "" && x.ended.After(deadline) && (x.err == nil || x.ended.Sub(deadline) > time.Second):
		return false
	case x.panicked(), x.toDo():
	case x.hung != "", x.ended.Sub(deadline) > time.Second:
		x.wrong(ownDeadline, "It was silent then. Conn had a deadline %v after the call, which did not end your Exchange in time. %s", wait, x.did())
	case x.ended.Before(deadline) && (x.err == nil || errors.Is(x.err, os.ErrDeadlineExceeded)):
		x.wrong(ownDeadline, "It was silent then. The caller's deadline had not passed yet. %s", x.did())
	default:
		x.wantError(swallowed)
	}
	return true
}
