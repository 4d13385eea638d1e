package check

import (
	"context"
	"time"

	"example.com/sockets/shared/exam"
)

// otherTimeouts has a call with a short timeout and one with a long timeout under
// way. Each has to end as if it were alone. Both servers drip: so an answer that
// keeps one deadline for all calls looks at it again, whichever call set it last.
func otherTimeouts(tr *exam.Trial, ask asker) {
	if plain := visitPlain(tr, ask); plain == nil || !plain.soon() || !plain.fine(plainReply) {
		return // other cases tell why
	}
	for try := range 2 { // a busy machine can make a call late, but hardly each time
		brief := visitDrip(tr, ask, gap, nil)
		if brief == nil {
			return
		}
		patient := visitDrip(tr, ask, long, brief.returned)
		if patient == nil || brief.soon() && patient.soon() && brief.keepsTime() && patient.keepsTime() {
			return
		}
		// An answer that fails alone, too, is not disturbed by other calls. Here
		// these two must have ended, as they could be disturbed by one more.
		if !wait(brief, patient) || !keepsTimeAlone(tr, ask) {
			return
		}
		v := brief
		if brief.keepsTime() {
			v = patient
		}
		if v.keepsTime() {
			return
		}
		if try == 1 {
			tr.Wrong(shared, "Two calls ran at once, one with the timeout %v, the other with %v. Each server sent a byte every 20ms, the second until a moment after the first call had returned, and neither for longer than %v. The call with the timeout %v %s.", gap, long, mostDrips, v.timeout, v.outcome())
		}
	}
}

// mostDrips is how long such a server drips at most: a right answer has long returned.
const mostDrips = 7 * gap

// visitDrip makes a visit whose server sends a byte every 20 ms until enough is
// closed, and then closes.
func visitDrip(tr *exam.Trial, ask asker, timeout time.Duration, enough <-chan struct{}) *visit {
	return start(tr, ask, plainMessage, timeout, "The server sent a byte every 20ms", func(p *peer) {
		p.receive()
		defer p.finish()
		for end := time.After(mostDrips); ; {
			select {
			case <-enough:
				p.pause(gap / 2) // for a time-out that is not this call's own
				return
			case <-end:
				return
			case <-time.After(20 * time.Millisecond):
				p.send(".")
			}
		}
	})
}

func keepsTimeAlone(tr *exam.Trial, ask asker) bool {
	brief := visitDrip(tr, ask, gap, nil)
	if !wait(brief) || !brief.keepsTime() {
		return false
	}
	enough, cancel := context.WithTimeout(context.Background(), 2*gap)
	defer cancel()
	patient := visitDrip(tr, ask, long, enough.Done())
	return wait(patient) && patient.keepsTime()
}

// keepsTime tells whether a call returned neither far too late nor with a time-out
// far too early. Less is the task of other cases.
func (v *visit) keepsTime() bool {
	tooEarly := deadline(v.err) && v.took < v.timeout/2
	return v.hung == "" && v.took < v.timeout+4*gap && !tooEarly
}
