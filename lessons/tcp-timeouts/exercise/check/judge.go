package check

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"time"

	"example.com/sockets/shared/errno"
	"example.com/sockets/shared/exam"
)

// fine is the verdict on a visit at which nothing was wrong.
var fine exam.Diagnosis

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
func isEnd(err error) bool     { return errors.Is(err, io.ErrUnexpectedEOF) }
func isReset(err error) bool {
	return errors.Is(err, errno.ECONNRESET) || errors.Is(err, errno.ECONNABORTED)
}

// slack is for clocks that are not quite alike.
const slack = 5 * time.Millisecond

// judge plays a scene and reports what was wrong. Where a busy machine may have
// been the cause it plays the scene again, twice.
func judge(tr *exam.Trial, receive receiver, s scene) {
	for try := range 3 {
		v := play(tr, receive, s)
		if v == nil {
			return
		}
		d := v.verdict()
		if d == fine && !v.excused() {
			return
		}
		if d != fine && s.own {
			v, d = v.whyOwn(d)
		}
		if d != fine && (try == 2 || !v.timed(d)) {
			tr.Wrong(d, "%s", v.story()+v.sequel(d))
			return
		}
	}
}

// whyOwn finds out whether the answer fails with every conn that is no TCPConn. Then
// that visit tells it best.
func (v *visit) whyOwn(d exam.Diagnosis) (*visit, exam.Diagnosis) {
	if p := play(v.tr, v.receive, anyConn); p != nil {
		if plain := p.verdict(); plain != fine {
			return p, plain
		}
	}
	return v, d
}

// timed tells whether a verdict rests on a time that was measured.
func (v *visit) timed(d exam.Diagnosis) bool {
	return v.hung == "" && (isTimeout(v.err) || d == late || d == endNotSeen)
}

// excused tells whether the machine was so busy that the peer's pause itself was
// longer than idle. The answer is then right to give up.
func (v *visit) excused() bool {
	return len(v.pieces) > 0 && isTimeout(v.err) && v.quiet() >= v.idle
}

// verdict finds what was wrong.
func (v *visit) verdict() exam.Diagnosis {
	switch {
	case v.hung != "":
		return v.whyHung()
	case errors.Is(v.err, exam.ErrToDo):
		return unfinished
	case v.excused():
		return fine
	}
	for _, judge := range []func() exam.Diagnosis{v.bytes, v.ending, v.connection} {
		if d := judge(); d != fine {
			return d
		}
	}
	return fine
}

// plainHangs asks the plainest of peers, at which no answer has to wait.
func (v *visit) plainHangs() bool {
	s := plain
	s.patience = time.Second
	p := play(v.tr, v.receive, s)
	return p != nil && p.hung != ""
}

// whyHung finds why a call did not return.
func (v *visit) whyHung() exam.Diagnosis {
	if v.hangs == waitsForEnd || v.plainHangs() {
		return waitsForEnd
	}
	if v.hangs == totalBetween {
		if p := play(v.tr, v.receive, dripping); p != nil && (p.hung != "" || p.excused()) {
			return noTotal
		}
	}
	return v.hangs
}

// bytes judges what the call returned, but not whether that is all.
func (v *visit) bytes() exam.Diagnosis {
	got := string(v.got)
	came := strings.TrimRight(got, "\x00")
	switch {
	case strings.HasPrefix(v.sent, got) && len(got) <= v.n:
		return fine
	case strings.HasPrefix(v.sent, got):
		return readsPast
	case len(got) != v.n || len(v.sent) >= v.n || !strings.HasPrefix(v.sent, came):
		return wrongBytes
	case came != "" && v.err == nil: // one Read was thought to fill the buffer
		return oneRead
	}
	return wholeBuffer
}

// ending judges how the call ended: its error, and when.
func (v *visit) ending() exam.Diagnosis {
	isShort := len(v.got) < v.n
	switch {
	case v.limit > 0:
		return v.endingInTime()
	case v.n == 0 && v.err != nil && v.plainHangs():
		return waitsForEnd
	case v.n == 0 && v.err != nil:
		return zeroBytes
	case v.end != stays:
		return v.endingEarly()
	case isTimeout(v.err) && !isShort && v.quiet() >= min(v.idle, v.total)-slack:
		return waitsForEnd
	case isTimeout(v.err):
		return v.tooEarly()
	case isShort && v.err == nil && (len(v.got) == 0 || len(v.pieces) == 0): // one Read would have brought all
		return wrongBytes
	case isShort && (v.err == nil || errors.Is(v.err, io.EOF) || isEnd(v.err)):
		return oneRead
	case v.err != nil:
		return failed
	}
	return fine
}

// endingEarly judges a call whose peer had ended, or broken off, before n bytes.
func (v *visit) endingEarly() exam.Diagnosis {
	timeout := isTimeout(v.err)
	switch {
	case (timeout || v.first == "") && v.took >= min(v.idle, v.total)-slack:
		return endNotSeen // it knew of the end as soon as it read
	case (v.err == nil || v.end == resets && isEnd(v.err)) && v.readsOnce():
		return oneRead
	case v.err == nil:
		return swallowed
	case v.end == ends && (timeout || !isEnd(v.err)):
		return earlyEnd
	case v.end == resets && (timeout || !isReset(v.err)):
		return otherError
	}
	return fine
}

// endingInTime judges a call that had to end with a time-out.
func (v *visit) endingInTime() exam.Diagnosis {
	tooEarly := v.took < v.limit-slack
	switch {
	case !isTimeout(v.err) && tooEarly && len(v.got) > 0:
		return oneRead
	case v.err == nil:
		return swallowed
	case !isTimeout(v.err) || isEnd(v.err):
		return timeoutUnknown
	case tooEarly:
		return v.tooEarly()
	case v.took > v.limit*7/4+3*v.over:
		return late
	}
	return fine
}

// tooEarly tells why a time-out came too early: idle was measured from the start,
// or something else was measured.
func (v *visit) tooEarly() exam.Diagnosis {
	if len(v.pieces) > 0 && v.took >= v.idle-slack {
		return idleOnce
	}
	return early
}

// readsOnce asks a peer that falls silent whether the answer reads on at all.
func (v *visit) readsOnce() bool {
	s := silentAfterFirst
	s.idle, s.limit, s.patience = long, 0, time.Second/2
	p := play(v.tr, v.receive, s)
	return len(v.got) > 0 && p != nil && p.hung == "" && !isTimeout(p.err)
}

// keepsUnread tells whether the system keeps bytes that came before a reset.
const keepsUnread = runtime.GOOS == "linux"

// connection judges what the call left behind, and what it lost.
func (v *visit) connection() exam.Diagnosis {
	missing := v.after != (v.sent + later)[len(v.got):]
	switch {
	case v.end == ends && string(v.got) != v.sent, v.end == resets && string(v.got) != v.sent && keepsUnread:
		return partialLost
	case isTimeout(v.readErr) || isTimeout(v.wrErr):
		return deadlineLeft
	case v.ended && v.readErr == nil, errors.Is(v.readErr, net.ErrClosed), v.end != resets && v.wrErr != nil:
		return closed
	case v.deadline:
		return deadlineLeft
	case v.end != stays || !missing:
		return fine
	case !strings.HasSuffix(v.after, later) || v.readErr != nil:
		return stillReading
	case v.err != nil:
		return partialLost
	}
	return readsPast
}

// sequel tells what came of the connection, where the diagnosis is about that.
func (v *visit) sequel(d exam.Diagnosis) string {
	switch d {
	case readsPast, stillReading, partialLost:
		if v.end == stays {
			return " Then the peer sent " + exam.Quote(later) + ". From then on the connection brought " + exam.Quote(v.after) + "."
		}
	case deadlineLeft, closed:
		switch {
		case v.deadline:
			return " Afterwards a deadline was set on conn."
		case v.ended && v.readErr == nil:
			return " Afterwards Read on the connection said: EOF. But the peer had not ended."
		case isTimeout(v.readErr) || errors.Is(v.readErr, net.ErrClosed):
			return " Afterwards Read on the connection said: " + v.readErr.Error() + "."
		}
		return " Afterwards Write on the connection said: " + v.wrErr.Error() + "."
	}
	return ""
}
