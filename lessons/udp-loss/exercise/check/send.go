package check

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"example.com/sockets/shared/exam"
)

var sendCases = []exam.Case[sender]{
	{Name: "several sends at once", First: true, Run: severalSends},
	{Name: "one message after another", Run: inARow},
	{Name: "an empty payload", Run: acknowledged(noPayload, []byte{})},
	{Name: "a payload of any bytes", Run: acknowledged(changed, []byte(" \x00\xff\xfe \r\n안녕\x00 100%d\n"), []byte("\x00zeros around\x00"), []byte("quit"))},
	{Name: "the largest payload", Run: func(tr *exam.Trial, send sender) {
		acknowledged(largePayload, []byte(exam.Numbers(largest())))(tr, send)
	}},
	{Name: "a payload that is too long", Run: payloadTooLong},
	{Name: "room behind the payload", Run: roomBehind},
	{Name: "no acknowledgement", Run: silent(100*time.Millisecond, 3)},
	{Name: "no acknowledgement and one try", Run: silent(100*time.Millisecond, 1)},
	{Name: "no acknowledgement and a short timeout", Run: silentShort},
	{Name: "two datagrams lost", Run: twoLost},
	{Name: "an acknowledgement that comes late", Run: late},
	{Name: "acknowledgements of other numbers", Run: noise(anyAck, 0x00010203, others)},
	{Name: "cut acknowledgements", Run: noise(cutAck, 0x01020300, [][]byte{{1, 2, 3}, {1, 2}, {1}, {}})},
	{Name: "cut acknowledgements of number 0", Run: noise(cutAck, 0, [][]byte{{}, {0}, {0, 0}, {0, 0, 0}})},
	{Name: "other acknowledgements without end", Run: noiseWithoutEnd},
	{Name: "conn closed meanwhile", Run: closedMeanwhile},
	{Name: "nobody listens", Run: nobodyListens},
}

// judge judges a call that has ended. Own is what it means that it gave up in this
// case, where the acknowledgement was sent, or did not, where it was not.
func (v *visit) judge(own exam.Diagnosis) bool {
	v.mu.Lock()
	count, acked, noisy := len(v.came), v.acked, v.noisy
	v.mu.Unlock()
	switch {
	case v.begun():
		return false
	case count == 0:
		return v.wrong(own)
	}
	if d, bad := v.content(); bad {
		return v.wrong(d)
	}
	if d, bad := v.pace(); bad {
		return v.wrong(d)
	}
	switch {
	case count > v.tries:
		return v.wrong(tooMany)
	case v.hung != "" && acked > 0:
		return v.wrong(ackMissed)
	case v.hung != "" && count == 1 && v.hook.deadlines.Load() == 0:
		return v.wrong(noDeadline)
	case v.hung != "":
		return v.wrong(ownTimeout)
	case v.err != nil:
		return v.gaveUp(own, count, acked, noisy)
	case acked == 0 && noisy:
		return v.wrong(own)
	case acked == 0:
		return v.wrong(swallowed)
	}
	return v.soonAfterAck()
}

// gaveUp judges a call that has returned an error. The rest is what it had before it.
func (v *visit) gaveUp(own exam.Diagnosis, count, acked int, noisy bool) bool {
	switch {
	case v.writeTimedOut():
		return v.wrong(writeDeadline)
	case count < v.tries && noisy:
		return v.wrong(noiseFails)
	case acked > 0 && v.timeout == ample:
		return v.wrong(own)
	case count < v.tries && count == 1:
		return v.wrong(noRetry)
	case count < v.tries:
		return v.wrong(tooFew)
	case acked > 0:
		return v.wrong(own)
	}
	return v.lastTry()
}

// slow is longer than the checker takes for a standstill of the whole program, after
// which the case is tried again.
const slow = 650 * time.Millisecond

// soonAfterAck wants a call with much time to return soon after the acknowledgement.
func (v *visit) soonAfterAck() bool {
	v.mu.Lock()
	at := v.ackedAt
	v.mu.Unlock()
	after := v.began.Add(v.took).Sub(at)
	if v.timeout < ample || at.IsZero() || after < slow {
		return true
	}
	v.did += fmt.Sprintf(", and the call returned %v after that", after.Round(time.Millisecond))
	return v.wrong(ackMissed)
}

// lastTry looks at a call that has sent all it should, and then gave up. The moment
// at which a datagram was seen can be late. How long the call took cannot be too
// short for a right answer.
func (v *visit) lastTry() bool {
	whole := time.Duration(v.tries) * v.timeout
	switch {
	case v.took-v.at(len(v.came)-1) < v.timeout/8 && v.took < whole-v.timeout/2:
		return v.wrong(lastWait)
	case v.took < whole-whole/10:
		return v.wrong(ownTimeout)
	}
	return true
}

// begun reports what is wrong in every case alike.
func (v *visit) begun() (wrong bool) {
	v.mu.Lock()
	count := len(v.came)
	v.mu.Unlock()
	switch {
	case v.call.Panicked():
		return true
	case errors.Is(v.err, exam.ErrToDo):
		return !v.wrong(toDo)
	case count == 0 && !v.met:
		return !v.wrong(nothingSent)
	}
	return false
}

// writeTimedOut tells whether a deadline ended a Write.
func (v *visit) writeTimedOut() bool {
	var e *net.OpError
	return errors.As(v.err, &e) && e.Op == "write" && e.Timeout()
}

// content looks at the bytes of each datagram.
func (v *visit) content() (d exam.Diagnosis, bad bool) {
	want := append(number(v.seq), v.payload...)
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, got := range v.came {
		switch {
		case bytes.Equal(got.data, want):
			continue
		case v.seq != 0 && bytes.HasPrefix(got.data, binary.LittleEndian.AppendUint32(nil, v.seq)):
			return byteOrder, true
		case bytes.HasPrefix(got.data, number(v.seq)) && (len(got.data) > header || v.met):
			return changed, true
		}
		return layout, true
	}
	return d, false
}

// pace looks for datagrams that came too early. They are counted from the begin
// of the call, so a right answer on a busy machine is only ever later.
func (v *visit) pace() (d exam.Diagnosis, bad bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, got := range v.came {
		soonest := time.Duration(i) * v.timeout
		switch {
		case got.at.Sub(v.began) >= soonest-soonest/10:
			continue
		case v.acked > 0 && i >= v.acked && v.err == nil:
			return afterAck, true
		case v.noisy && inOneGo(v.came):
			return noiseSends, true
		case i >= 2 && !v.noisy && got.at.Sub(v.came[i-1].at) < 5*time.Millisecond:
			return deadlineOnce, true
		}
		return ownTimeout, true
	}
	return d, false
}

// inOneGo tells whether two datagrams came with nothing between them.
func inOneGo(came []datagram) bool {
	for i := range came[1:] {
		if came[i+1].at.Sub(came[i].at) < 5*time.Millisecond {
			return true
		}
	}
	return false
}

// acknowledged sends messages with payloads that are special.
func acknowledged(own exam.Diagnosis, payloads ...[]byte) func(*exam.Trial, sender) {
	return func(tr *exam.Trial, send sender) {
		v, ok := meet(tr, send)
		for i := 0; ok && i < len(payloads); i++ {
			ok = v.message(uint32(i+2), payloads[i], own)
		}
	}
}

func inARow(tr *exam.Trial, send sender) {
	v := open(tr, func(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
		return send(conn.(*sendConn).Conn, seq, payload, timeout, tries) // a *net.UDPConn
	})
	if v == nil {
		return
	}
	for i, seq := range []uint32{1, 2, 0, 0x01020304, 0xfffffffe} {
		if !v.message(seq, fmt.Appendf(nil, "message %d", i), ackMissed) {
			return
		}
	}
	v.nextFindsWhatIsLeft()
}

// nextFindsWhatIsLeft makes further calls, and does not clear the deadline between
// them: what one has left, the next one finds. Each alone goes well, as was seen.
func (v *visit) nextFindsWhatIsLeft() {
	for seq := range uint32(2) {
		v.run(soon(seq+3, []byte("and on")))
		if v.hung == "" && v.err != nil && v.took < ample/2 {
			v.did += "; the message before it went well, and conn is as that call has left it"
			v.wrong(deadlineLeft)
			return
		}
		if !v.judge(ackMissed) {
			return
		}
	}
}

// roomBehind has something behind the payload, where append would write.
func roomBehind(tr *exam.Trial, send sender) {
	whole := []byte("this is sent, and this is not")
	before := string(whole)
	v, ok := meet(tr, send)
	if !ok {
		return
	}
	payload := bytes.Clone(whole[:12])
	v.send = func(conn net.Conn, seq uint32, _ []byte, timeout time.Duration, tries int) error {
		return send(conn, seq, whole[:12], timeout, tries)
	}
	if v.message(2, payload, ackMissed) && string(whole) != before {
		v.did = fmt.Sprintf("payload was the front of a longer slice, which was %q before the call and %q after", before, whole)
		v.wrong(touched)
	}
}

func payloadTooLong(tr *exam.Trial, send sender) {
	v, ok := meet(tr, send)
	if !ok {
		return
	}
	v.run(scene{payload: []byte(exam.Numbers(exam.MaxDatagram - header + 1)), timeout: 50 * time.Millisecond,
		did: "a payload of one byte too much fits into no datagram, so Write fails"})
	d, bad := v.content()
	switch {
	case v.begun():
	case bad: // what came cannot be the whole payload
		v.wrong(d)
	case v.hung != "", v.err == nil:
		v.wrong(tooLong)
	default:
		v.leftAsItWas()
	}
}

// unanswered is a scene without an acknowledgement.
func unanswered(timeout time.Duration, tries int) scene {
	return scene{seq: 5, payload: []byte("hello"), timeout: timeout, tries: tries,
		did: "the receiver did not acknowledge", on: func(*visit, int) {}}
}

func silent(timeout time.Duration, tries int) func(*exam.Trial, sender) {
	return func(tr *exam.Trial, send sender) {
		if v, ok := meet(tr, send); ok {
			v.run(unanswered(timeout, tries))
			if v.judge(swallowed) {
				v.leftAsItWas()
			}
		}
	}
}

// silentShort is for answers that wait longer than they should. A busy machine
// makes everybody late: so they are compared with waits of the checker's own, and
// blamed only when they are late three times.
func silentShort(tr *exam.Trial, send sender) {
	const timeout, tries = 30 * time.Millisecond, 5
	v, ok := meet(tr, send)
	for attempt := 1; ok; attempt++ {
		reference := make(chan time.Duration, 1)
		go func() {
			began := time.Now()
			for range tries {
				<-time.After(timeout)
			}
			reference <- time.Since(began)
		}()
		v.run(unanswered(timeout, tries))
		if !v.judge(swallowed) || v.took < <-reference*3/2+2*timeout {
			return
		}
		if attempt == 3 {
			v.did += fmt.Sprintf(", and all tries together have %v", tries*timeout)
			v.wrong(ownTimeout)
			return
		}
	}
}

// twoLost loses two datagrams.
func twoLost(tr *exam.Trial, send sender) {
	lost(tr, send, "the first two datagrams got lost, and the receiver acknowledged each one after",
		func(v *visit, nth int) {
			if nth > 2 {
				v.ack()
			}
		})
}

func late(tr *exam.Trial, send sender) {
	lost(tr, send, "the acknowledgement of the first datagram came when the second had been sent, and no other came",
		func(v *visit, nth int) {
			if nth == 2 {
				v.ack()
			}
		})
}

// lost makes a call whose first try does not help. There are tries to spare, for a
// busy machine can make an acknowledgement late.
func lost(tr *exam.Trial, send sender, did string, on func(*visit, int)) {
	v, ok := meet(tr, send)
	if !ok {
		return
	}
	v.run(scene{seq: 6, payload: []byte("hello"), timeout: 60 * time.Millisecond, tries: 30, did: did, on: on})
	if v.usedUpAll() {
		v.did += "; all 30 tries together have " + (30 * v.timeout).String()
		v.wrong(deadlineOnce)
		return
	}
	v.judge(lateAck)
}

// usedUpAll tells whether the first try took the time of all of them. With many
// tries no machine is so late.
func (v *visit) usedUpAll() bool {
	whole := v.timeout * time.Duration(v.tries)
	return len(v.came) > 1 && v.at(1) > whole-whole/10
}

// others are acknowledgements that are not for number 0x00010203.
var others = [][]byte{
	number(0x00010202), number(0x00010202), number(0x00010204), number(0), number(0x03020100), number(0xff010203),
	number(0x00ff0203), number(0x0001ff03), number(0x000102ff),
}

// noise sends what is not the acknowledgement, waits, and acknowledges.
func noise(own exam.Diagnosis, seq uint32, data [][]byte) func(*exam.Trial, sender) {
	return func(tr *exam.Trial, send sender) {
		v, ok := meet(tr, send)
		if !ok {
			return
		}
		did := "the receiver sent acknowledgements with the bytes"
		for _, d := range data {
			did += fmt.Sprintf(" [% x]", d)
		}
		v.start(scene{seq: seq, payload: []byte("hello"), did: did, on: func(v *visit, nth int) {
			if nth == 1 {
				v.noise(data...)
			}
		}})
		v.arrived(1, exam.Limit)
		select {
		case <-v.call.Done():
		case <-time.After(80 * time.Millisecond): // a right answer goes on waiting
			v.did += ", and then the right one"
			v.ack()
		}
		v.end()
		if v.err != nil {
			v.judge(noiseFails)
		} else {
			v.judge(own)
		}
	}
}

// noiseWithoutEnd sends other acknowledgements all the time. They must not put off
// the end of a try.
func noiseWithoutEnd(tr *exam.Trial, send sender) {
	v, ok := meet(tr, send)
	if !ok {
		return
	}
	v.start(scene{seq: 9, payload: []byte("hello"), timeout: 150 * time.Millisecond, tries: 2, on: func(*visit, int) {},
		did: "the receiver sent acknowledgements of number 8, three every 5ms, and no other"})
	for v.arrived(1, exam.Limit) && !isDone(v.call) && time.Since(v.began) < exam.Limit {
		v.noise(number(8), number(8), number(8))
		time.Sleep(5 * time.Millisecond)
	}
	if v.wait(0); v.hung == "" {
		v.settle()
	}
	again := int(v.hook.deadlines.Load()) > len(v.came)+1
	switch {
	case v.begun():
	case v.hung != "" && len(v.came) < v.tries && (again || !strings.Contains(v.hung, "Read")):
		v.wrong(newTime)
	case v.hung == "" && v.err == nil && len(v.came) < v.tries:
		v.wrong(anyAck)
	case v.hung == "" && v.early() != "" && !v.earlyInSilence():
		v.did += ". " + v.early() + ", and in silence it would have waited longer"
		if len(v.came) < v.tries {
			v.wrong(noiseFails)
		} else {
			v.wrong(noiseSends)
		}
	} // how long it waits otherwise is for other cases to tell
}

// early tells what the call did before its time was up. How long something took
// cannot be too short for a right answer.
func (v *visit) early() string {
	each, whole := v.timeout, v.timeout*time.Duration(v.tries)
	switch {
	case v.at(1) < each-each/10:
		return "Your Send sent again too early"
	case v.took < whole-whole/10:
		return "Your Send gave up too early"
	}
	return ""
}

// earlyInSilence tells whether the answer is as early when nothing comes: then it is
// not the noise that misleads it, and other cases tell what does.
func (v *visit) earlyInSilence() bool {
	quiet := open(v.tr, v.send)
	if quiet == nil {
		return true
	}
	quiet.run(unanswered(v.timeout, v.tries))
	return quiet.hung != "" || quiet.early() != ""
}

func closedMeanwhile(tr *exam.Trial, send sender) {
	v, ok := meet(tr, send)
	if !ok {
		return
	}
	v.start(scene{seq: 4, payload: []byte("hello"), on: func(*visit, int) {},
		did: "the receiver did not acknowledge, and then conn was closed"})
	v.arrived(1, exam.Limit)
	v.conn.Close()
	v.end()
	switch {
	case v.begun():
	case v.hung != "":
		v.wrong(closedConn)
	case v.err == nil && len(v.came) > 0:
		v.wrong(swallowed)
	}
}

// nobodyListens sends to the address of a socket that takes nothing from others.
// So nobody else can get the address, and for the answer it is closed.
func nobodyListens(tr *exam.Trial, send sender) {
	v, ok := meet(tr, send)
	if !ok {
		return
	}
	closed, err := net.DialUDP("udp4", nil, v.peer.LocalAddr().(*net.UDPAddr))
	if err != nil {
		tr.Wrong(exam.NoSocket, "%v", err)
		return
	}
	tr.Cleanup(func() { closed.Close() })
	conn, err := net.DialUDP("udp4", nil, closed.LocalAddr().(*net.UDPAddr))
	if err != nil {
		tr.Wrong(exam.NoSocket, "%v", err)
		return
	}
	tr.Cleanup(func() { conn.Close() })
	v.hook.Conn = conn
	v.start(scene{payload: []byte("hello"), timeout: 50 * time.Millisecond, did: "nobody had the receiver's port open"})
	v.wait(exam.Limit)
	switch {
	case v.begun():
	case v.hung != "":
		v.wrong(noDeadline)
	case v.err == nil:
		v.wrong(swallowed)
	}
}

// severalSends makes three calls, each with a conn of its own. One has a silent
// receiver, and the others must not wait for it. Those send at the same moment,
// and read at the same.
func severalSends(tr *exam.Trial, send sender) {
	alone, ok := meet(new(exam.Trial), send)
	if alone != nil {
		defer alone.conn.Close()
		defer alone.peer.Close()
	}
	lonely, a, b := open(tr, send), open(tr, send), open(tr, send)
	if !ok || lonely == nil || a == nil || b == nil {
		return // what is wrong with one alone is for the other cases to tell
	}
	lonely.start(scene{seq: 1, payload: []byte("quiet"), on: func(*visit, int) {}})
	lonely.arrived(1, exam.Limit)
	meeting := newMeeting()
	a.hook.meet, b.hook.meet = meeting.wait, meeting.wait
	did := "several calls ran at once, each with a conn of its own, and this receiver acknowledged at once"
	a.start(scene{seq: 2, payload: []byte("the first"), did: did})
	b.start(scene{seq: 3, payload: []byte("the other"), did: did})
	for _, v := range []*visit{a, b} {
		if v.end(); v.hung != "" || v.err != nil || len(v.came) != 1 || !bytes.Equal(v.came[0].data, append(number(v.seq), v.payload...)) {
			v.wrong(shared)
			break
		}
	}
	lonely.conn.Close()
	lonely.call.Wait()
}
