package check

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

func refused(tr *exam.Trial, ask asker) {
	addr, free, ok := reserve(tr)
	if !ok {
		return
	}
	tr.Cleanup(free)
	v := startAt(tr, ask, addr, "Hello, i'm client!", long, "nobody listened at the address")
	plain := visitPlain(tr, ask)
	if !wait(v, plain) {
		return
	}
	switch {
	case v.hung == "" && v.took < v.timeout:
		v.wantError(swallowed, nil)
	case plain.hung != "":
		v.wrong(endNotSeen)
	case plain.took >= plain.timeout:
		v.wrong(waits)
	default:
		v.tr.Wrong(retries, "%s; the system said so at once, but with a timeout of %v your Ask %s after %v.", v.did, v.timeout, v.outcome(), v.took.Round(10*time.Millisecond))
	}
}

func visitSilent(tr *exam.Trial, ask asker, timeout time.Duration) *visit {
	did := fmt.Sprintf("the server read and said nothing, and did not close; the timeout was %v", timeout)
	return start(tr, ask, "Hello, i'm client!", timeout, did, func(p *peer) { p.receive() })
}

func silent(tr *exam.Trial, ask asker) {
	begin := func(timeout time.Duration) *visit { return visitSilent(tr, ask, timeout) }
	bounded{begin: begin, timeout: short, hangs: noDeadline, late: ownTimeout, most: 2}.judge(tr, ask)
}

const half = "This is the first half of "

func isHalf(reply string) bool { return strings.HasPrefix(half, reply) }

func silentAfterHalf(tr *exam.Trial, ask asker) {
	begin := func(timeout time.Duration) *visit {
		did := fmt.Sprintf("the server sent %q, and then nothing more, and did not close; the timeout was %v", half, timeout)
		return start(tr, ask, "Hello, i'm client!", timeout, did, func(p *peer) {
			p.receive()
			p.send(half)
		})
	}
	bounded{begin: begin, timeout: short, hangs: noDeadline, late: ownTimeout, most: 2, sent: isHalf}.judge(tr, ask)
}

func drips(tr *exam.Trial, ask asker) {
	begin := func(timeout time.Duration) *visit {
		did := fmt.Sprintf("the server sent one byte every 20ms and did not stop; the timeout was %v", timeout)
		return start(tr, ask, "Hello, i'm client!", timeout, did, func(p *peer) {
			p.receive()
			for { // until the connection is closed, at the latest with the case
				if _, err := p.conn.Write([]byte{'.'}); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	dots := func(reply string) bool { return strings.Trim(reply, ".") == "" }
	bounded{begin: begin, timeout: short, hangs: restarts, late: restarts, most: 2, sent: dots}.judge(tr, ask)
}

func visitReset(tr *exam.Trial, ask asker, rest time.Duration) *visit {
	did := "the server sent " + quote(half) + " and reset the connection"
	return start(tr, ask, "Hello, i'm client!", long, did, func(p *peer) {
		p.receive()
		p.send(half)
		p.pause(rest)
		p.reset()
	})
}

func resetAfterHalf(tr *exam.Trial, ask asker) {
	v, c := visitReset(tr, ask, gap), startControl(tr, ask)
	if !wait(v, c.plain, c.silent) {
		return
	}
	if v.hung != "" {
		v.wrong(c.why(endNotSeen))
		return
	}
	if v.err != nil {
		v.wantError(swallowed, c.silent)
		return
	}
	d := whyNoError(tr, ask)
	if d.Name == timeoutEnd.Name { // it can return an error, but did not here
		d = swallowed
	}
	v.wrong(d)
}

func resetWhileSending(tr *exam.Trial, ask asker) {
	did := fmt.Sprintf("the message had %d bytes; the server read a few of them and reset the connection", len(huge()))
	v := start(tr, ask, huge(), long, did, func(p *peer) {
		p.conn.Read(make([]byte, 16))
		p.reset()
	})
	c := startControl(tr, ask)
	if !wait(v, c.plain, c.silent) {
		return
	}
	if v.hung != "" {
		v.wrong(c.why(writeError))
		return
	}
	v.wantError(writeError, c.silent)
}

func neverReads(tr *exam.Trial, ask asker) {
	begin := func(timeout time.Duration) *visit {
		did := fmt.Sprintf("the message had %d bytes, and the server read none; the timeout was %v", len(huge()), timeout)
		return start(tr, ask, huge(), timeout, did, func(p *peer) {})
	}
	bounded{begin: begin, timeout: short, hangs: noWriteDeadline, late: ownTimeout, most: 2}.judge(tr, ask)
}

func readsLate(tr *exam.Trial, ask asker) {
	begin := func(timeout time.Duration) *visit {
		did := fmt.Sprintf("the message had %d bytes; the server began to read after %v, read all, and said nothing; the timeout was %v", len(huge()), timeout*7/10, timeout)
		return start(tr, ask, huge(), timeout, did, func(p *peer) {
			p.pause(timeout * 7 / 10)
			p.receive()
			p.done()
		})
	}
	// A deadline that begins anew when the message is sent can not be over
	// before 1.7 timeouts are.
	bounded{begin: begin, timeout: short * 6 / 5, hangs: noDeadline, late: restarts, most: 1.68, inTime: true}.judge(tr, ask)
}

func fullQueue(tr *exam.Trial, ask asker) {
	if !canFill {
		return
	}
	begin := func(timeout time.Duration) *visit {
		ln, err := listenFull(tr)
		if err != nil {
			tr.Wrong(broken, "a full queue: %v.", err)
			return nil
		}
		did := fmt.Sprintf("the queue of the server was full, so it did not answer the connect; the timeout was %v", timeout)
		return startAt(tr, ask, ln.Addr().String(), "Hello, i'm client!", timeout, did)
	}
	bounded{begin: begin, timeout: short, hangs: noConnectDeadline, late: ownTimeout, most: 2}.judge(tr, ask)
}

// severalCalls lets no call have its reply before all have sent their message.
func severalCalls(tr *exam.Trial, ask asker) {
	alone := visitPlain(tr, ask)
	if !wait(alone) || alone.hung != "" || alone.reply != plainReply || alone.err != nil {
		return // a single call fails too, and other cases tell why
	}
	for try := range 2 { // a busy machine can make a call late once
		visits := startTogether(tr, ask)
		if !wait(visits...) {
			return
		}
		i := slices.IndexFunc(visits, func(v *visit) bool {
			return v.hung != "" || v.err != nil || v.reply != togetherReply(v.message)
		})
		if i < 0 {
			return
		}
		if visits[i].hung != "" || try == 1 {
			visits[i].wrong(shared)
			return
		}
	}
}

// togetherReply is the reply to one of the messages of startTogether.
func togetherReply(message string) string { return "The reply to " + message }

// startTogether starts several calls, whose servers wait for each other.
func startTogether(tr *exam.Trial, ask asker) []*visit {
	const calls = 8
	var sent atomic.Int32
	all := make(chan struct{})
	var visits []*visit
	for i := range calls {
		message := fmt.Sprintf("call %d.", i)
		did := fmt.Sprintf("%d calls ran at once, and each server sent its reply when all had their message; this one sent %q", calls, togetherReply(message))
		visits = append(visits, start(tr, ask, message, long, did, func(p *peer) {
			p.receive()
			if sent.Add(1) == calls {
				close(all)
			}
			select {
			case <-all:
			case <-time.After(patience):
			}
			p.send(togetherReply(message))
			p.finish()
		}))
	}
	return visits
}
