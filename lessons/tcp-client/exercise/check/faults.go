package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
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
	v := startAt(tr, ask, addr, plainMessage, long, "Nobody listened at the address, and the system said so at once")
	v.wantError(retries, is(swallowed))
}

func visitSilent(tr *exam.Trial, ask asker, timeout time.Duration) *visit {
	did := fmt.Sprintf("The server read and said nothing, and did not close. The timeout was %v", timeout)
	return start(tr, ask, plainMessage, timeout, did, func(p *peer) { p.receive() })
}

func silent(tr *exam.Trial, ask asker) {
	begin := func(timeout time.Duration) *visit { return visitSilent(tr, ask, timeout) }
	bounded{begin: begin, timeout: short, hangs: noDeadline, late: ownTimeout, most: 2}.judge(tr, ask)
}

const half = "This is the first half of "

func isHalf(reply string) bool { return strings.HasPrefix(half, reply) }

func silentAfterHalf(tr *exam.Trial, ask asker) {
	begin := func(timeout time.Duration) *visit {
		did := fmt.Sprintf("The server sent %q, and then nothing more, and did not close. The timeout was %v", half, timeout)
		return start(tr, ask, plainMessage, timeout, did, func(p *peer) {
			p.receive()
			p.send(half)
		})
	}
	bounded{begin: begin, timeout: short, hangs: noDeadline, late: ownTimeout, most: 2, sent: isHalf}.judge(tr, ask)
}

func drips(tr *exam.Trial, ask asker) {
	begin := func(timeout time.Duration) *visit {
		did := fmt.Sprintf("The server sent one byte every 20ms and did not stop. The timeout was %v", timeout)
		return start(tr, ask, plainMessage, timeout, did, func(p *peer) {
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
	did := "The server sent " + exam.Quote(half) + " and reset the connection"
	return start(tr, ask, plainMessage, long, did, func(p *peer) {
		p.receive()
		p.send(half)
		p.pause(rest)
		p.reset()
	})
}

func resetAfterHalf(tr *exam.Trial, ask asker) {
	v := visitReset(tr, ask, gap)
	v.wantError(endNotSeen, func() exam.Diagnosis {
		d := whyNoError(tr, ask)
		if d.Name == timeoutEnd.Name && !v.left() {
			return swallowed // it can return an error, but did not here
		}
		return d
	})
	// The server does not see the client's close after a reset.
	if v != nil && v.soon() && v.err != nil && v.seen() == 1 && staysOpen(v.client().conn.RemoteAddr()) {
		tr.Wrong(notClosed, "%s. Your Ask %s. %v later your program still had its socket.", v.did, v.outcome(), patience)
	}
}

// staysOpen tells whether this program goes on having a broken connection. A right
// answer may leave the close to a goroutine.
func staysOpen(local net.Addr) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(gap / 10) {
		if !hasBroken(local) {
			return false
		}
	}
	return hasBroken(local) // the machine may have stood still in between
}

func resetWhileSending(tr *exam.Trial, ask asker) {
	did := fmt.Sprintf("The message had %d bytes. The server read a few of them and reset the connection", len(huge()))
	v := start(tr, ask, huge(), long, did, func(p *peer) {
		p.conn.Read(make([]byte, 16))
		p.reset()
	})
	v.wantError(writeError, func() exam.Diagnosis {
		after := visitReset(tr, ask, gap)
		if wait(after) && after.hung == "" && after.err == nil {
			return swallowed // not only the error of Write
		}
		return writeError
	})
}

func neverReads(tr *exam.Trial, ask asker) {
	begin := func(timeout time.Duration) *visit {
		did := fmt.Sprintf("The message had %d bytes, and the server read none. The timeout was %v", len(huge()), timeout)
		return start(tr, ask, huge(), timeout, did, func(p *peer) {})
	}
	bounded{begin: begin, timeout: short, hangs: noWriteDeadline, calls: []string{"Write", "Fprint", "io.Copy"}, late: ownTimeout, most: 2}.judge(tr, ask)
}

func readsLate(tr *exam.Trial, ask asker) {
	begin := func(timeout time.Duration) *visit {
		did := fmt.Sprintf("The message had %d bytes. The server began to read after %v, read all, and said nothing. The timeout was %v", len(huge()), timeout*7/10, timeout)
		return start(tr, ask, huge(), timeout, did, func(p *peer) {
			p.pause(timeout * 7 / 10)
			p.receive()
			p.done()
		})
	}
	// A deadline that begins anew when the message is sent cannot be over
	// before 1.7 timeouts are.
	bounded{begin: begin, timeout: short * 6 / 5, hangs: noDeadline, late: restarts, most: 1.68, inTime: true}.judge(tr, ask)
}

func fullQueue(tr *exam.Trial, ask asker) {
	if !canFill {
		return
	}
	var ln net.Listener
	begin := func(timeout time.Duration) *visit {
		var err error
		if ln, err = listenFull(tr); err != nil {
			tr.Wrong(exam.NoSocket, "a full queue: %v.", err)
			return nil
		}
		did := fmt.Sprintf("The queue of the server was full, so it did not answer the connect. The timeout was %v", timeout)
		return startAt(tr, ask, ln.Addr().String(), plainMessage, timeout, did)
	}
	v := bounded{begin: begin, timeout: short, hangs: noConnectDeadline, calls: []string{"Dial"}, late: noConnectDeadline, most: 2}.judge(tr, ask)
	if v != nil && goesOn() && connectsLate(ln) {
		tr.Wrong(notClosed, "%s. Your Ask %s, but its connect went on. When the server had room again the connection stood, and %v later it was still open.", v.did, v.outcome(), patience)
	}
}

// goesOn tells whether, though Ask has returned, a goroutine waits in package net
// for a connect. All other servers answer theirs at once.
func goesOn() bool {
	stacks := make([]byte, 1<<20)
	for end := time.Now().Add(gap); time.Now().Before(end); time.Sleep(gap / 10) {
		if n := runtime.Stack(stacks, true); !bytes.Contains(stacks[:n], []byte("net.(*netFD).connect(")) {
			return false
		}
	}
	return true
}

// connectsLate tells whether a connection that comes to a full queue when there
// is room again stays open.
func connectsLate(ln net.Listener) bool {
	ln.(*net.TCPListener).SetDeadline(time.Now().Add(2 * patience)) // the system tries again after a second
	filler, err := ln.Accept()
	if err != nil {
		return false
	}
	filler.Close()
	conn, err := ln.Accept()
	if err != nil {
		return false
	}
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(patience))
	_, err = io.Copy(io.Discard, conn)
	return errors.Is(err, errDeadline)
}

// severalCalls lets no call go on before all have connected, and none have its
// whole reply before all have a part of it.
func severalCalls(tr *exam.Trial, ask asker) {
	alone := func() bool {
		v := startTogether(tr, ask, 1)[0]
		return v != nil && v.soon() && together(v)
	}
	if !alone() {
		return // a single call fails too, and other cases tell why
	}
	for try := range 3 { // a busy machine can make a call late, but hardly each time
		visits := startTogether(tr, ask, 4)
		if !wait(visits...) {
			return
		}
		i := slices.IndexFunc(visits, func(v *visit) bool { return v.hung != "" || !together(v) })
		if i < 0 {
			return
		}
		if visits[i].hung != "" || try == 2 && alone() && alone() {
			visits[i].wrong(shared)
			return
		}
	}
}

// together tells whether a call that has returned got what its server sent, and
// its server what it sent. Only a part of it is another idea, and not judged here.
func together(v *visit) bool {
	return v.err == nil && strings.HasPrefix(togetherReply(v.message), v.reply) && v.seen() == 1 && v.messageOK()
}

// togetherReply is the reply to one of the messages of startTogether. No part of it
// is like the others.
func togetherReply(message string) string { return strings.Repeat(message[:1], 20) }

// startTogether starts several calls, whose servers wait for each other.
func startTogether(tr *exam.Trial, ask asker, calls int) []*visit {
	var came, half meeting
	var visits []*visit
	for i := range calls {
		message := fmt.Sprint(i, " is my call.") + huge()
		did := fmt.Sprintf("%d calls ran at once, each with a server of its own. This one sent %q", calls, togetherReply(message))
		v := start(tr, ask, message, long, did, func(p *peer) {
			came.wait(calls)
			p.receive()
			reply := togetherReply(message)
			p.send(reply[:i+1])
			half.wait(calls)
			p.pause(gap / 2)
			p.send(reply[i+1:])
			p.finish()
		})
		if v != nil {
			v.slow = true
		}
		visits = append(visits, v)
	}
	return visits
}

// A meeting is where several wait for each other, but not for ever.
type meeting struct {
	once sync.Once
	all  chan struct{}
	here atomic.Int32
}

func (m *meeting) wait(n int) {
	m.once.Do(func() { m.all = make(chan struct{}) })
	if m.here.Add(1) == int32(n) {
		close(m.all)
	}
	select {
	case <-m.all:
	case <-time.After(patience):
	}
}
