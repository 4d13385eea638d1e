// Package check checks an answer to the exercise of lesson 5: a whole exchange on
// one stream.
package check

import (
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

// Exchange checks an answer. It skips the test where the answer has not been
// started. TooLong is the error of a reply that is too long.
func Exchange(t *testing.T, exchange func(conn *net.TCPConn, request []byte, limit int) ([]byte, error), tooLong error) {
	t.Helper()
	exam.Run(t, "lessons/tcp-stream/exercise/exercise.go", begun, cases(exchange, tooLong), exchange)
}

// begun calls the answer with a closed connection: one that has been begun fails.
func begun(exchange exchanger) (err error) {
	var tr exam.Trial
	conn, _, ok := tr.Connect()
	if !ok {
		return nil
	}
	conn.Close()
	if tr.Go(func() { _, err = exchange(conn, nil, 0) }).WaitFor(exam.Limit/6) != "" {
		return nil
	}
	return err
}

// All sizes in bytes.
const (
	buffer = 128 << 10 // of a socket; systems take up to twice as much
	big    = 4 << 20   // more than all buffers of a connection hold
	much   = 2 * big   // a limit that no reply here reaches
)

var (
	plainRequest = []byte(" How are you? 100%\n\x00안녕\r\n\n")
	plainReply   = []byte(" Fine, thanks.\n\x00\xff 안녕 \r\n")
)

// Both are made once, and only read: nothing is freed while cases run.
var (
	bigRequest = sync.OnceValue(func() []byte { return []byte(exam.Numbers(big)) })
	zeros      = sync.OnceValue(func() []byte { return make([]byte, 2*big) })
)

// cases returns the cases for an answer. Some need others: what is wrong there
// already is told there, and would only be told again with another idea.
func cases(exchange exchanger, tooLong error) []exam.Case[exchanger] {
	bigRoom := sync.OnceValue(func() []byte { return withRoom(bigRequest()) })
	var list []exam.Case[exchanger]
	add := func(name string, run func(s scene), needs ...*outcome) *outcome {
		o := &outcome{name: name, needs: needs, try: func() []exam.Finding {
			return exam.Try([]exam.Case[exchanger]{{Run: func(tr *exam.Trial, exchange exchanger) {
				run(scene{tr, exchange, tooLong, bigRoom})
			}}}, exchange)
		}}
		list = append(list, exam.Case[exchanger]{Name: name, Run: func(tr *exam.Trial, _ exchanger) { o.tell(tr) }})
		return o
	}
	plain := add("plain reply", reply(plainRequest, plainReply, much))
	drip := add("reply byte by byte", drips, plain)
	stream := add("reply of 300000 bytes", reply(plainRequest, []byte(exam.Numbers(300_000)), much), drip)
	add("empty request", emptyRequestCase, stream)
	empty := add("empty reply", emptyReplyCase, stream)
	full := add("reply of exactly limit bytes", reply(plainRequest, []byte(exam.Numbers(5000)), 5000), stream)
	add("no byte where none is allowed", reply(plainRequest, nil, 0), empty, full)
	over := add("one byte more than limit", tooMuch(5001, 5000), stream)
	add("one byte where none is allowed", tooMuch(1, 0), over)
	silent := add("one byte more than limit, then silence", silentAfterTooMuch, over)
	add("reply without an end", endless, over)
	both := add("echo of 4 MiB while it is sent", echo, stream)
	blocked := add("reply without an end from a peer that never reads", neverReads, over, both)
	add("one byte more than limit from a peer that never reads", silentAndNeverReads, blocked, silent)
	first := add("reply that ends before the request is read", repliesFirst, both)
	add("several calls at once", func(s scene) { severalCalls(s, first) }, stream)
	list[len(list)-1].First = true
	reset := add("reset in the middle of the reply", resetAfter([]byte("half a rep"), much), stream)
	add("reset after exactly limit bytes", resetAfter(plainReply, len(plainReply)), full, reset)
	add("reset after the reply and before the request is read", resetInRequest, first)
	add("reset in the middle of both", resetInBoth, first, reset)
	read := add("deadline of the caller for reading", readDeadline, stream)
	write := add("deadline of the caller for writing", writeDeadline, first, read)
	add("deadline of the caller after a good reply", keptDeadline, full, read)
	add("deadline of the caller in the middle of the reply", silentPeer, full, over, read)
	add("sending fails while the peer is silent", sendFails, write)
	return list
}

// run lets the answer talk to a peer that plays this. It returns nil when there is
// no socket.
func (s scene) run(request []byte, limit int, grace time.Duration, play func(p *peer)) *exchange {
	x := s.prepare(request, limit)
	if x != nil {
		x.start(play)
		x.finish(grace)
	}
	return x
}

// plain talks to a peer that reads to the end, replies and ends.
func (s scene) plain(request, reply []byte, limit int) *exchange {
	return s.run(request, limit, time.Second, answers(reply))
}

// answers is a peer that reads to the end, replies and ends.
func answers(reply []byte) func(p *peer) {
	return func(p *peer) {
		p.receive()
		p.send(reply)
		p.end()
	}
}

func reply(request, reply []byte, limit int) func(scene) {
	return func(s scene) {
		if x := s.plain(request, reply, limit); x != nil {
			x.wantReply(reply)
		}
	}
}

func drips(s scene) {
	x := s.run(plainRequest, much, time.Second, func(p *peer) {
		p.receive()
		p.drip(plainReply)
		p.end()
	})
	if x != nil {
		x.wantReply(plainReply)
	}
}

func emptyRequestCase(s scene) {
	x := s.plain(nil, plainReply, much)
	if x == nil {
		return
	}
	if x.hung == "" && !x.panicked() && !x.toDo() && !x.good(plainReply) {
		x.wrong(emptyRequest, "The request was empty. %s", x.did())
		return
	}
	x.wantReply(plainReply)
}

func emptyReplyCase(s scene) {
	x := s.plain(plainRequest, nil, 10) // less than the request has: the limit is not for that
	if x == nil {
		return
	}
	if x.hung == "" && x.err != nil && !errors.Is(x.err, exam.ErrToDo) && !errors.Is(x.err, s.tooLong) {
		x.wrong(emptyReply, "%s", x.did())
		return
	}
	x.wantReply(nil)
}

func tooMuch(size, limit int) func(scene) {
	return func(s scene) {
		x := s.run(plainRequest, limit, 0, func(p *peer) {
			p.receive()
			p.send([]byte(exam.Numbers(size))[:size-1])
			p.pause(20) // one that looks only at the size of a piece sees none that is too long
			p.send([]byte(exam.Numbers(size))[size-1:])
			p.end()
		})
		if x != nil {
			x.wantTooLong()
		}
	}
}

func silentAfterTooMuch(s scene) {
	s.wantAtOnce(plainRequest, readsOn, func(p *peer) {
		p.receive()
		p.send(tooLongReply)
	})
}

// silentAndNeverReads leaves the answer in its Write.
func silentAndNeverReads(s scene) {
	s.wantAtOnce(bigRequest(), writerStays, func(p *peer) { p.send(tooLongReply) })
}

var tooLongReply = []byte(exam.Numbers(5001))

// wantAtOnce wants ErrTooLong while the peer rests after it has sent too much. D is for
// an answer that returns only later. Once, that may be the computer: it counts when it
// is so twice.
func (s scene) wantAtOnce(request []byte, d exam.Diagnosis, play func(p *peer)) {
	var late *exchange
	var played time.Time
	for range 2 {
		x := s.run(request, len(tooLongReply)-1, 0, func(p *peer) {
			play(p)
			played = time.Now()
			p.pause(60)
		})
		if x == nil {
			return
		}
		if x.hung == "" && (x.peer.late || !errors.Is(x.err, s.tooLong)) {
			x.wantTooLong()
			return
		}
		if late = x; x.hung != "" {
			break
		}
	}
	if late.hung != "" {
		late.wrong(d, "With a limit of %d, that is too much. %s", late.limit, late.did())
		return
	}
	late.wrong(d, "With a limit of %d, that is too much. %s But that was %v after the last byte.", late.limit, late.did(), late.ended.Sub(played).Round(time.Millisecond))
}

// endless is a peer that would never end. To spare the memory, it does after big
// bytes: by then an answer must have returned.
func endless(s scene) {
	x := s.run(plainRequest, 1000, 0, func(p *peer) {
		p.receive()
		p.send(zeros()[:big])
		p.end()
	})
	if x != nil {
		x.wantStop(big)
	}
}

// neverReads is an endless peer, too. The answer cannot send all of its request.
func neverReads(s scene) {
	const limit, all = big / 2, 2 * big
	x := s.run(bigRequest(), limit, 0, func(p *peer) {
		p.send(zeros()[:all])
	})
	switch {
	case x == nil:
	case x.hung == "", x.sent == all:
		x.wantStop(all)
	case x.sent > limit/2: // more than buffers hold: it received
		x.wrong(writerStays, "It never read. The limit was %d bytes. %s", limit, x.did())
	default:
		x.wrong(deadlock, "It never read the request of %d bytes. %s", len(x.request), x.did())
	}
}

// wantStop is wantTooLong, and all that the peer could send is more than an answer
// may have taken.
func (x *exchange) wantStop(all int64) {
	if x.sent == all && (x.hung != "" || errors.Is(x.err, x.tooLong)) {
		x.wrong(readsOn, "The limit was %d bytes, and your Exchange took about all of it.", x.limit)
		return
	}
	x.wantTooLong()
}

func echo(s scene) {
	request := bigRequest()
	x := s.run(request, much, time.Second, (*peer).echo)
	switch {
	case x == nil:
	case x.hung != "" && 0 < len(x.peer.got) && len(x.peer.got) < big:
		x.wrong(deadlock, "The request has %d bytes. %s", big, x.did())
	default:
		x.wantReply(request)
	}
}

// repliesFirst looks whether the answer waits for the end of its request.
func repliesFirst(s scene) {
	x := s.run(bigRequest(), much, time.Second, func(p *peer) {
		p.send(plainReply)
		p.end()
		if p.pause(80); !p.late {
			p.receive()
		}
	})
	switch {
	case x == nil, x.brokeOff():
	case x.hung == "" && x.err == nil && !x.peer.ended: // it was late to break off
		x.wrong(unsent, "The request has %d bytes. %s", big, x.did())
	default:
		x.wantReply(plainReply)
	}
}

// brokeOff reports an answer that returned although its request cannot have been
// sent, and no error.
func (x *exchange) brokeOff() bool {
	if !x.peer.late || x.err != nil || x.panicked() {
		return false
	}
	if x.left == "" {
		x.wrong(unsent, "It had read nothing yet, and the request of %d bytes is more than fits on the way. %s", len(x.request), x.did())
	}
	x.tidy()
	return true
}

// resetAfter breaks off after this part of the reply, where only Read tells of it.
func resetAfter(part []byte, limit int) func(scene) {
	return func(s scene) {
		x := s.run(plainRequest, limit, time.Second, func(p *peer) {
			p.receive()
			p.send(part)
			if p.pause(40); !p.late {
				p.reset()
			}
		})
		if x != nil && !x.peer.late { // who is late has not waited for the end: drips tells
			x.wantError(swallowed)
		}
	}
}

// resetInBoth breaks off where Write or Read tells of it, and the other one sees another
// error or a clean end. Mostly it is Write, but that is luck: hence three tries. Each of
// them must end with an error.
func resetInBoth(s scene) {
	for range 3 {
		x := s.run(bigRequest(), much, time.Second, func(p *peer) {
			p.send([]byte("half a rep"))
			if p.pause(10); !p.late {
				p.reset()
			}
		})
		if x == nil || x.peer.late {
			return
		}
		x.wantError(writeError)
		if x.hung != "" || x.err == nil {
			return
		}
	}
}

// resetInRequest breaks off where only Write tells of it: the reply looks whole.
func resetInRequest(s scene) {
	x := s.run(bigRequest(), much, time.Second, func(p *peer) {
		p.send(plainReply)
		p.end()
		if p.pause(80); !p.late {
			p.reset()
		}
	})
	if x != nil && !x.brokeOff() {
		x.wantError(writeError)
	}
}
