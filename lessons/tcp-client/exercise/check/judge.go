package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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
// A call that took the whole timeout may be repeated: a busy machine can make it
// late once.
func wantReply(begin func() *visit, want string) {
	for try := range 2 {
		v := begin()
		if !wait(v) {
			return
		}
		if v.hung != "" {
			v.wrong(whyHung(v.tr, v.ask, want))
			return
		}
		if v.took >= v.timeout && try == 0 {
			continue
		}
		d, wrong := v.judgeReply(want)
		switch {
		case wrong && d.Name == otherMessage.Name:
			v.wrongMessage()
		case wrong && d.Name == address.Name:
			v.wrongAddress()
		case wrong:
			v.wrong(d)
		}
		return
	}
}

// judgeReply finds what is wrong with a visit that has returned, and at which
// the server did nothing wrong.
func (v *visit) judgeReply(want string) (d exam.Diagnosis, wrong bool) {
	if d, wrong := v.judgeStart(); wrong {
		return d, true
	}
	if v.connections() > 1 {
		return retries, true
	}
	closed := v.client().closed()
	switch {
	case !v.client().messageOK(v.err != nil):
		return otherMessage, true
	case v.err != nil:
		return v.judgeError(want), true
	case v.reply != want:
		return v.judgeBytes(want), true
	case v.took >= v.timeout:
		return waits, true
	case !closed:
		return notClosed, true
	}
	return exam.Diagnosis{}, false
}

// judgeStart finds an answer that is not finished, or does not connect.
func (v *visit) judgeStart() (d exam.Diagnosis, wrong bool) {
	switch {
	case errors.Is(v.err, exam.ErrToDo):
		return unfinished, true
	case v.connections() == 0:
		return address, true
	}
	return d, false
}

// judgeError finds what is wrong with an error where nothing had failed.
func (v *visit) judgeError(want string) exam.Diagnosis {
	switch {
	case errors.Is(v.err, io.EOF), errors.Is(v.err, io.ErrUnexpectedEOF), strings.Contains(v.err.Error(), "EOF"):
		return eofError
	case v.took >= v.timeout:
		return endNotSeen
	case deadline(v.err):
		return ownTimeout
	case want != "":
		return failed
	}
	// Something else may be wrong: then other replies fail too.
	plain := visitPlain(v.tr, v.ask)
	if wait(plain) && plain.hung == "" && plain.err == nil {
		return emptyReply
	}
	return failed
}

// judgeBytes finds what is wrong with a reply that is not the one wanted.
func (v *visit) judgeBytes(want string) exam.Diagnosis {
	got := v.reply
	rest, isStart := strings.CutPrefix(want, got)
	extra, isLonger := strings.CutPrefix(got, want)
	line, _, _ := strings.Cut(want, "\n")
	zeros := strings.Count(got, "\x00") - strings.Count(want, "\x00")
	switch {
	case got == "":
		return wrongReply
	case line != want && strings.TrimSpace(got) == strings.TrimSpace(line):
		return oneLine
	case isStart && rest[0] == 0 && strings.Trim(rest, "\x00") != "":
		return notText
	case isStart && strings.TrimFunc(rest, blank) != "":
		return whyCut(v.tr, v.ask)
	case zeros > 0, isLonger && want != "" && strings.TrimSpace(extra) != "":
		return wholeBuffer
	case strings.Count(got, "\uFFFD") > strings.Count(want, "\uFFFD"),
		got == strings.ToValidUTF8(want, ""), got == strings.ToValidUTF8(want, "?"):
		return notText
	case squeeze(got) == squeeze(want):
		return changedReply
	case len(got) > len(want) && len(want) > 3 && got[:3] == want[:3]: // old bytes in between
		return wholeBuffer
	}
	return wrongReply
}

// whyHung finds out why an answer goes on reading where the server has closed.
// One that does so only for long replies has no more room.
func whyHung(tr *exam.Trial, ask asker, want string) exam.Diagnosis {
	if len(want) > 1024 {
		plain := visitPlain(tr, ask)
		select {
		case <-plain.returned:
			return limited
		case <-time.After(time.Second):
		}
	}
	return endNotSeen
}

func blank(r rune) bool { return r == 0 || unicode.IsSpace(r) }

// squeeze takes out what trimming and splitting into lines can lose.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if blank(r) {
			return -1
		}
		return r
	}, s)
}

// whyCut finds out why an answer takes a part of the reply for the whole, by
// asking again. An answer that reads on after a pause has only too small a
// buffer. One that reads again as long as its buffer gets full finds all of a
// reply that waits complete; one with a single Read does not.
func whyCut(tr *exam.Trial, ask asker) exam.Diagnosis {
	whole := true
	for _, rest := range rests {
		paused := visitTwoPieces(tr, ask, rest)
		if whole = wait(paused) && paused.hung == "" && paused.reply == twoPieces; !whole {
			break
		}
	}
	if whole {
		return limited
	}
	reply := strings.Repeat("0123456789", 3000)
	// While Write still waits for the server to read, the reply comes in whole.
	waiting := start(tr, ask, huge(), long, "", func(p *peer) {
		p.send(reply)
		p.finish()
	})
	if !wait(waiting) || waiting.hung != "" || waiting.reply != reply {
		return oneRead
	}
	return shortRead
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
	switch {
	case c.plain.hung != "":
		return endNotSeen
	case c.silent.hung != "":
		return noDeadline
	case c.silent.heard():
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
	hangs   exam.Diagnosis          // what it means to hang only here
	late    exam.Diagnosis          // what it means to return late
	inTime  bool                    // whether it counts only when the server was done before Ask returned
	most    float64                 // the part of the timeout after which a return is late
	sent    func(reply string) bool // whether reply is a part of what the server sends
}

// judge calls Ask and wants it to return a time-out, in time. A late return
// counts only when it comes again, with more and more time to spare: a busy
// machine may be late once.
func (b bounded) judge(tr *exam.Trial, ask asker) {
	own := true // late even at a silent server, every time
	for try := range 3 {
		timeout := b.timeout << try
		v, c := b.begin(timeout), startControl(tr, ask)
		if !wait(v, c.plain, c.silent) {
			return
		}
		if v.hung != "" {
			v.wrong(c.why(b.hangs))
			return
		}
		if c.plain.hung == "" && c.plain.connections() == 0 {
			c.plain.wrongAddress()
			return
		}
		most := time.Duration(b.most * float64(timeout))
		if v.took <= most && b.inTime && !v.wasInTime() && v.err != nil && try < 2 {
			own = false
			continue
		}
		if v.took <= most {
			b.judgeTimeout(v, c.plain)
			return
		}
		own = own && c.silent.hung == "" && c.silent.took > 2*c.silent.timeout
		if try == 2 || try == 1 && v.took > most+time.Second {
			d := b.late
			if own { // there is nothing that could begin anew
				d = ownTimeout
			}
			tr.Wrong(d, "%s; your Ask returned only after %v.", v.did, v.took.Round(10*time.Millisecond))
			return
		}
	}
}

// judgeTimeout judges a visit that returned in time, but should have timed out.
// Plain is a visit at a server that did nothing wrong.
func (b bounded) judgeTimeout(v, plain *visit) {
	early := v.took < v.timeout*9/10
	fails := plain.hung == "" && plain.err != nil && plain.judgeError(plainReply).Name == failed.Name
	switch {
	case errors.Is(v.err, exam.ErrToDo):
		v.wrong(unfinished)
	case v.err == nil && v.took < v.timeout && v.reply != "" && b.sent != nil && b.sent(v.reply):
		v.wrong(whyCut(v.tr, v.ask))
	case v.err == nil && v.took < v.timeout:
		v.wrong(wrongReply)
	case v.err == nil:
		v.wrong(whyNoError(v.tr, v.ask))
	case early && deadline(v.err):
		v.tr.Wrong(ownTimeout, "%s; your Ask returned the error %q already after %v.", v.did, v.err, v.took.Round(time.Millisecond))
	case early, !deadline(v.err) && fails:
		v.wrong(failed)
	case !deadline(v.err):
		v.tr.Wrong(timeoutUnknown, "%s; when the time was up, your Ask returned the error %q, which errors.Is does not know as a time-out.", v.did, v.err)
	}
	if v.serves() && !v.client().closed() {
		v.tr.Wrong(notClosed, "%s; your Ask returned %q, and %v later the connection was still open.", v.did, fmt.Sprint(v.err), patience)
	}
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

// wantError judges a visit at which something fails at once. Own is what it
// means that Ask returned no error. Silent, where there is one, is a visit at a
// silent server.
func (v *visit) wantError(own exam.Diagnosis, silent *visit) {
	switch {
	case errors.Is(v.err, exam.ErrToDo):
		v.wrong(unfinished)
	case v.err == nil:
		v.wrong(own)
	case deadline(v.err) && silent != nil && silent.hung == "" && silent.took < silent.timeout*9/10 && v.took < v.timeout:
		v.wrong(ownTimeout) // its time-outs come too early everywhere
	case v.took < v.timeout && deadline(v.err):
		v.wrong(notTimeout)
	}
}

// wrongAddress reports that Ask did not come to the server.
func (v *visit) wrongAddress() {
	v.tr.Wrong(address, "the server waited at %s, but no client came; your Ask %s.", v.addr, v.outcome())
}

// wrongMessage reports what the server got instead of the message.
func (v *visit) wrongMessage() {
	p := v.client()
	p.mu.Lock()
	got := quoteStart(string(p.start), p.n)
	p.mu.Unlock()
	v.tr.Wrong(otherMessage, "your Ask was called with the message %s; the server got %s; your Ask %s.", quote(v.message), got, v.outcome())
}
