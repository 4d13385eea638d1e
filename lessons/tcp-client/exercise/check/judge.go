package check

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"example.com/sockets/shared/exam"
)

var (
	errDeadline = os.ErrDeadlineExceeded
	errContext  = context.DeadlineExceeded
)

// wantReply calls Ask at a server that does nothing wrong, and wants its reply.
// Begin starts a visit whose server sends this reply. A call that was late is
// repeated: a busy machine can make it so, but hardly each time. It returns the
// visit, nil when something was wrong.
func wantReply(tr *exam.Trial, ask asker, want string, begin func(reply string) *visit) *visit {
	for try := range 3 {
		v := begin(want)
		if v == nil || v.soon() && v.fine(want) {
			return v
		}
		if try == 2 || v.neverCame() || !v.late() {
			v.want(want, begin)
			return nil
		}
	}
	return nil
}

// late tells whether Ask returned, but only when its time was up, or the message
// came too late for the server.
func (v *visit) late() bool {
	return wait(v) && v.hung == "" && (v.took >= v.timeout || deadline(v.err) || v.gaveUp())
}

// want reports what is wrong with a visit at a server that does nothing wrong.
func (v *visit) want(want string, begin func(reply string) *visit) {
	if v.soon() && v.fine(want) {
		return
	}
	// Where no client came, no other visit could tell more. When the answer is a
	// loop without an end, each takes time away from the rest.
	if v.neverCame() {
		v.tell(address)
		return
	}
	// The plain visit is made only now, for the sake of answers that are disturbed
	// by other calls.
	plain := visitPlain(v.tr, v.ask)
	if !wait(v, plain) || v.fine(want) || v.hung == "" && deadline(v.err) && (v.slow || slowHere(v.tr, len(want))) {
		return
	}
	v.blame(plain, func() exam.Diagnosis { return v.why(want, begin) })
}

// slowHere tells whether one Read for each byte of a reply, which is right, can take too
// long here and now, whoever does it.
func slowHere(tr *exam.Trial, bytes int) bool {
	const sample = 4500
	conn, peer, ok := tr.Connect()
	if !ok {
		return false
	}
	conn.SetDeadline(time.Now().Add(patience))
	peer.Write(make([]byte, sample))
	began := time.Now()
	for range sample {
		conn.Read(make([]byte, 1))
	}
	return time.Since(began)*time.Duration(bytes/sample) > long/2
}

// fine tells whether Ask did all right at a server that did nothing wrong.
func (v *visit) fine(want string) bool {
	return v.hung == "" && v.err == nil && v.reply == want && v.took < v.timeout &&
		v.connections() == 1 && v.client().closed() && v.messageOK()
}

// blame reports what is wrong with a visit. Something that is wrong even at the
// plainest of servers is not the idea that this visit is about.
func (v *visit) blame(plain *visit, why func() exam.Diagnosis) {
	if !plain.soon() && plain.hung == "" { // a busy machine can make it late once
		plain = visitPlain(v.tr, v.ask)
		if !wait(plain) {
			return
		}
	}
	// A hang is an idea of its own where the plain call returns.
	if plain.fine(plainReply) || v.hung != "" && plain.hung == "" && plain.connections() > 0 {
		v.tell(why())
		return
	}
	d := plain.why(plainReply, func(reply string) *visit { return visitReply(v.tr, v.ask, plainMessage, reply) })
	if d.Name == address.Name || d.Name == otherMessage.Name {
		v = plain // its story shows it
		v.locate()
	}
	v.tell(d)
}

func is(d exam.Diagnosis) func() exam.Diagnosis { return func() exam.Diagnosis { return d } }

// tell reports a diagnosis, with the story that shows it best.
func (v *visit) tell(d exam.Diagnosis) {
	switch d.Name {
	case address.Name:
		v.tr.Wrong(d, "The server waited at %s, but no client came. Your Ask %s.", v.addr, v.outcome())
	case otherMessage.Name:
		v.tr.Wrong(d, "Your Ask was called with the message %s. The server got %s. Your Ask %s.", exam.Quote(v.message), v.client().got(), v.outcome())
	case notClosed.Name:
		v.tr.Wrong(d, "%s. Your Ask %s. %v later the connection was still open.", v.did, v.outcome(), patience)
	default:
		v.wrong(d)
	}
}

// why finds what is wrong with a visit that is not fine.
func (v *visit) why(want string, begin func(reply string) *visit) exam.Diagnosis {
	switch {
	case v.connections() == 0 && (v.hung != "" || !errors.Is(v.err, exam.ErrToDo)):
		return address
	case v.hung != "" && len(want) > 1024: // only here
		return limited
	case v.hung != "":
		return endNotSeen
	case errors.Is(v.err, exam.ErrToDo):
		return unfinished
	case v.connections() > 1:
		return retries
	}
	closed := v.client().closed() // before it is, bytes may be on their way
	switch {
	case !v.messageOK():
		return otherMessage
	case v.err != nil:
		return v.whyError(want, begin)
	case v.reply != want:
		return v.whyBytes(want, begin)
	case v.took >= v.timeout || closed:
		return waits
	}
	return notClosed
}

// whyError finds what is wrong with an error where nothing had failed.
func (v *visit) whyError(want string, begin func(reply string) *visit) exam.Diagnosis {
	switch {
	case errors.Is(v.err, bufio.ErrTooLong), errors.Is(v.err, bufio.ErrBufferFull):
		return limited
	case isEOF(v.err):
		return eofError
	case want == "":
		return emptyReply
	case v.took >= v.timeout && len(want) > 1024 && pauses(v.tr, v.ask):
		return waits
	case v.took >= v.timeout:
		return endNotSeen
	case deadline(v.err):
		return ownTimeout
	case v.textOnly(want, begin):
		return notText
	}
	return failed
}

// pauses tells whether Ask takes long for a reply of two or three pieces that are there.
func pauses(tr *exam.Trial, ask asker) bool {
	reply := exam.Numbers(1500)
	took := long
	for range 3 {
		v := visitReply(tr, ask, plainMessage, reply)
		if !wait(v) || !v.fine(reply) {
			return false
		}
		took = min(took, v.took)
	}
	return took > gap/4
}

// whyBytes finds what is wrong with a reply that is not the one wanted.
func (v *visit) whyBytes(want string, begin func(reply string) *visit) exam.Diagnosis {
	got := v.reply
	rest, isStart := strings.CutPrefix(want, got)
	isLonger := strings.HasPrefix(got, want)
	line, _, _ := strings.Cut(want, "\n")
	moreZeros := strings.Count(got, "\x00") > strings.Count(want, "\x00")
	isBehind := len(got) > len(want) && strings.HasSuffix(got, want)
	switch {
	case got == "" && v.left():
		return timeoutEnd
	case got == "":
		return wrongReply
	case isBehind && keepsOld(v.tr, v.ask):
		return shared
	case line != want && strings.TrimSpace(got) == strings.TrimSpace(line):
		return oneLine
	case squeeze(got) == squeeze(want) && !moreZeros:
		return changedReply
	case !v.left() && v.textOnly(want, begin):
		return notText
	case isStart && strings.Trim(rest, blanks) != "":
		return whyCut(v.tr, v.ask)
	case moreZeros, isLonger && want != "", len(got) > len(want) && len(want) > 1000: // the last has old bytes in between
		return wholeBuffer
	}
	return wrongReply
}

// keepsOld tells whether a reply can begin with what an earlier call had received. It
// calls Ask often, as an answer may choose one of several old buffers, or a new one.
func keepsOld(tr *exam.Trial, ask asker) bool {
	for i := range 20 {
		reply := fmt.Sprintf("This is reply %d. ", i)
		v := visitReply(tr, ask, plainMessage, reply)
		if !wait(v) || v.hung != "" || v.err != nil {
			return false
		}
		if strings.Contains(strings.ReplaceAll(v.reply, reply, ""), "This is reply") {
			return true
		}
	}
	return false
}

// textOnly tells whether Ask does well with a reply that is like want, but plain text.
func (v *visit) textOnly(want string, begin func(reply string) *visit) bool {
	text := []byte(want)
	for i, b := range text {
		if b == 0 || b > unicode.MaxASCII {
			text[i] = 'x'
		}
	}
	if string(text) == want {
		return false
	}
	v = begin(string(text))
	return wait(v) && v.fine(string(text))
}

// blanks are what trimming and splitting into lines can lose.
const blanks = "\x00 \r\n"

// squeeze takes all blanks out.
func squeeze(s string) string {
	for _, b := range blanks {
		s = strings.ReplaceAll(s, string(b), "")
	}
	return s
}

func isEOF(err error) bool { return err != nil && strings.Contains(err.Error(), io.EOF.Error()) }

// whyCut finds out why an answer takes a part of the reply for the whole, by
// asking again.
func whyCut(tr *exam.Trial, ask asker) exam.Diagnosis {
	whole := true
	for _, rest := range rests {
		v := visitTwoPieces(tr, ask, twoPieces, rest)
		if !wait(v) || v.hung != "" {
			return oneRead
		}
		if v.err == nil && !strings.HasPrefix(twoPieces, v.reply) {
			return wrongReply
		}
		if whole = v.reply == twoPieces || isEOF(v.err); !whole {
			break
		}
	}
	if whole {
		return limited
	}
	// One that waits for more, but not for long, always takes longer than at a
	// server that closes.
	took, closing := long, long
	for range 5 {
		v, plain := visitTwoPieces(tr, ask, twoPieces, rests[2]), visitPlain(tr, ask)
		if wait(v, plain) && v.hung == "" && plain.hung == "" {
			took, closing = min(took, v.took), min(closing, plain.took)
		}
		if took < 10*time.Millisecond {
			break
		}
	}
	if took > 2*closing+10*time.Millisecond {
		return timeoutEnd
	}
	// One that reads again as long as its buffer gets full reads on here, if the
	// size of its buffer is a divisor of either number. One with a single Read does not.
	a, b := visitFull(tr, ask, 1<<15), visitFull(tr, ask, 30000)
	if wait(a, b) && (a.hung == "" && len(a.reply) > 1<<15 || b.hung == "" && len(b.reply) > 30000) {
		return shortRead
	}
	return oneRead
}

// visitFull makes a visit at which n bytes of the reply wait before Ask can read:
// its Write still waits for the server. The rest comes later.
func visitFull(tr *exam.Trial, ask asker, n int) *visit {
	return start(tr, ask, huge(), long, "", func(p *peer) {
		p.send(strings.Repeat("0123456789", n)[:n])
		p.listen()
		p.pause(rests[2])
		p.send("and the rest.")
		p.finish()
	})
}

// A control is a pair of visits that tell, beside a visit that hangs, what the
// reason is: an answer that hangs even there needs no other reason.
type control struct {
	plain, silent *visit
}

func startControl(tr *exam.Trial, ask asker) control {
	return control{visitPlain(tr, ask), visitSilent(tr, ask, short)}
}

// why finds the reason of a hang. Own is the reason where only this one hangs.
func (c control) why(own exam.Diagnosis) exam.Diagnosis {
	if c.silent.hung != "" {
		return noDeadline
	}
	if c.silent.heard() {
		return own
	}
	// It did not even send: a busy machine can make that too late.
	again := visitSilent(c.silent.tr, c.silent.ask, 2*short)
	if again != nil && wait(again) && again.hung != "" {
		return noDeadline
	}
	return own
}

// A bounded wait is a situation in which only the timeout helps.
type bounded struct {
	begin   func(timeout time.Duration) *visit
	timeout time.Duration
	hangs   exam.Diagnosis          // what it means to hang only here, or in one of calls
	calls   []string                // the calls that this situation is about
	late    exam.Diagnosis          // what it means to return late
	inTime  bool                    // whether it counts only when the server was done before Ask returned
	most    float64                 // the part of the timeout after which a return is late
	sent    func(reply string) bool // whether reply is a part of what the server sends
}

// judge calls Ask and wants it to return a time-out, in time. A late return
// counts only when it comes again, with more and more time to spare: a busy
// machine may be late once. It returns the visit, nil when something was wrong.
func (b bounded) judge(tr *exam.Trial, ask asker) *visit {
	var first time.Duration // how long the first try took
	own := true             // late even at a silent server, every time
	for try := range 3 {
		timeout := b.timeout << try
		most := time.Duration(b.most * float64(timeout))
		v := b.begin(timeout)
		if v == nil || try == 0 && v.soon() && v.took <= most && v.timedOut() && (!b.inTime || v.wasInTime()) {
			return v
		}
		if v.neverCame() {
			v.tell(address)
			return nil
		}
		c := startControl(tr, ask)
		if !wait(v, c.plain, c.silent) {
			return nil
		}
		if v.hung != "" {
			b.judgeHang(v, c, first > 0)
			return nil
		}
		if v.took <= most && b.inTime && !v.wasInTime() && v.err != nil && try < 2 {
			own = false
			continue
		}
		if v.took <= most {
			if try > 0 && near(v.took, first) {
				b.judgeSame(first, c.plain)
				return nil
			}
			return b.judgeTimeout(v, c.plain)
		}
		if try == 0 {
			first = v.took
		}
		own = own && c.silent.hung == "" && c.silent.took > 2*c.silent.timeout
		if try == 2 || try == 1 && v.took > most+time.Second {
			v.blame(c.plain, func() exam.Diagnosis {
				if own { // there is nothing that could begin anew
					return ownTimeout
				}
				return b.late
			})
			return nil
		}
	}
	return nil
}

// judgeHang judges a visit that did not return. It may have been only late in a try
// before, with a shorter timeout.
func (b bounded) judgeHang(v *visit, c control, onlyLate bool) {
	switch {
	case onlyLate:
		v.blame(c.plain, is(b.late))
	case v.hungIn(b.calls) && c.plain.connections() > 0:
		v.tell(b.hangs)
	default:
		v.blame(c.plain, func() exam.Diagnosis { return c.why(b.hangs) })
	}
}

// judgeSame judges an answer that took the same time with two timeouts, when it
// takes it once more.
func (b bounded) judgeSame(took time.Duration, plain *visit) {
	v := b.begin(b.timeout)
	if wait(v, plain) && v.hung == "" && near(v.took, took) {
		v.blame(plain, is(ownTimeout))
	}
}

// hungIn tells whether Ask hangs in one of these calls.
func (v *visit) hungIn(calls []string) bool {
	return slices.ContainsFunc(calls, func(call string) bool { return strings.Contains(v.hung, call) })
}

// timedOut tells whether Ask did all right where it had to time out.
func (v *visit) timedOut() bool {
	return deadline(v.err) && v.took >= v.timeout*9/10 && (v.seen() == 0 || v.seen() == 1 && v.client().closed())
}

func near(a, b time.Duration) bool { return max(a, b)-min(a, b) < max(a, b)/20 }

// judgeTimeout judges a visit that returned in time, but should have timed out.
// Plain is a visit at a server that did nothing wrong.
func (b bounded) judgeTimeout(v, plain *visit) *visit {
	early := v.took < v.timeout*9/10
	var why func() exam.Diagnosis
	switch {
	case errors.Is(v.err, exam.ErrToDo):
		why = is(unfinished)
	case v.seen() > 1:
		why = is(retries)
	case v.err == nil && early && b.sent != nil && v.reply != "" && b.sent(v.reply):
		why = func() exam.Diagnosis { return whyCut(v.tr, v.ask) }
	case v.err == nil && early && v.reply != "":
		why = is(wrongReply)
	case v.err == nil:
		why = func() exam.Diagnosis { return whyNoError(v.tr, v.ask) }
	case early && deadline(v.err):
		why = is(ownTimeout)
	case early:
		why = is(failed)
	case !deadline(v.err):
		why = is(timeoutUnknown)
	case v.seen() > 0 && !v.client().closed():
		why = is(notClosed)
	default:
		return v
	}
	v.blame(plain, why)
	return nil
}

// whyNoError finds out why an answer returns a part of the reply, or nothing, and
// no error. It may take that part for the whole, every error for the end of the
// reply, or only a time-out. It asks again, and rests longer each time: a busy
// machine can make any answer late once.
func whyNoError(tr *exam.Trial, ask asker) exam.Diagnosis {
	for _, rest := range rests {
		v := visitReset(tr, ask, rest)
		if !wait(v) || v.hung != "" {
			return swallowed
		}
		if v.err != nil {
			return timeoutEnd
		}
		if !v.hasRested() && v.reply != "" && isHalf(v.reply) {
			return whyCut(tr, ask)
		}
		if !v.hasRested() {
			return wrongReply
		}
	}
	return swallowed
}

// wantError judges a visit at which something fails at once. Own finds what it
// means that Ask returned no error, hangs what it means that it did not return.
func (v *visit) wantError(hangs exam.Diagnosis, own func() exam.Diagnosis) {
	if v == nil || v.soon() && v.err != nil && !deadline(v.err) && !errors.Is(v.err, exam.ErrToDo) && v.seen() <= 1 {
		return
	}
	if v.neverCame() {
		v.tell(address)
		return
	}
	c := startControl(v.tr, v.ask)
	if !wait(v, c.plain, c.silent) {
		return
	}
	why := own
	switch {
	case v.hung != "":
		why = func() exam.Diagnosis { return c.why(hangs) }
	case errors.Is(v.err, exam.ErrToDo):
		why = is(unfinished)
	case v.seen() > 1, v.seen() == 0 && v.took >= v.timeout:
		why = is(retries)
	case v.err == nil:
	case v.took >= v.timeout || !deadline(v.err):
		return
	case c.silent.hung == "" && c.silent.took < c.silent.timeout*9/10:
		why = is(ownTimeout) // its time-outs come too early everywhere
	default:
		why = is(notTimeout)
	}
	v.blame(c.plain, why)
}
