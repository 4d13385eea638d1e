package check

import (
	"bytes"
	"net"
	"time"

	"example.com/sockets/shared/exam"
)

// readDeadline is one that has passed before the call, so nobody has to wait.
func readDeadline(s scene) {
	s.deadline("read", (*net.TCPConn).SetReadDeadline, swallowed, func(p *peer) {
		p.receive()
		p.send(plainReply)
		p.end()
	})
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

// sendFails has a peer that answers only when it has the end of the request. As sending
// fails, that end never comes.
func sendFails(s scene) {
	x := s.prepare(plainRequest, much)
	if x == nil {
		return
	}
	x.conn.SetWriteDeadline(past())
	x.start(func(p *peer) {
		if p.receive(); p.ended {
			p.send(plainReply)
			p.end()
		}
	})
	x.finishPast()
	if x.hung != "" {
		x.wrong(readerStays, "Conn had a write deadline that had passed before the call. %s", x.did())
		return
	}
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
