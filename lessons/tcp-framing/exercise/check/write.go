package check

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"example.com/sockets/shared/exam"
)

// A writing is a situation for WriteMessage.
type writing struct {
	message string
	bare    bool           // w has no method but Write
	prepare func(*conn)    // what else is particular
	did     string         // the same in words
	means   exam.Diagnosis // what it means when only here the message does not go
}

// A delivery is one call of WriteMessage that was made.
type delivery struct {
	writing
	framing
	conn    *conn
	err     error
	hung    string
	broken  bool   // the call panicked, which was reported
	writes  int64  // the calls of Write so far, when it returned
	changed bool   // so was the caller's array
	wire    string // what the peer got
}

// run plays the writing and tells what was wrong.
func (w writing) run(tr *exam.Trial, f framing) {
	d := w.play(tr, f, exam.Limit)
	if d != nil && !d.broken && !d.right() {
		tr.Wrong(d.verdict(), "%s Expected: %s, with one Write, and no error.", d.story(), exam.Quote(frame(w.message)))
	}
}

// fails tells whether the message does not go.
func (w writing) fails(f framing) bool {
	d := w.play(&exam.Trial{}, f, moment)
	return d != nil && !d.right()
}

// play calls WriteMessage. The message stands in the middle of an array.
func (w writing) play(tr *exam.Trial, f framing, patience time.Duration) *delivery {
	c := connect(tr)
	if c == nil {
		return nil
	}
	if w.prepare != nil {
		w.prepare(c)
	}
	d := &delivery{writing: w, framing: f, conn: c}
	wire := make(chan string)
	go func() {
		all, _ := io.ReadAll(c.peer)
		wire <- string(all)
	}()
	var to io.Writer = c
	if w.bare {
		to = struct{ io.Writer }{c}
	}
	const before, behind = "in front", "and behind"
	array := []byte(before + w.message + behind)
	var err error
	call := tr.Go(func() { err = f.write(to, array[len(before):][:len(w.message)]) })
	if d.hung = call.WaitFor(patience); d.hung == "" {
		d.err, d.broken = err, call.Panicked()
		d.changed = string(array) != before+w.message+behind
	}
	d.writes = c.writes.Load()
	c.Conn.Close()
	d.wire = <-wire
	c.hangUp()
	return d
}

// right tells whether a call that had nothing in its way did what it should.
func (d *delivery) right() bool {
	return !d.broken && d.hung == "" && d.err == nil && d.wire == frame(d.message) &&
		d.writes == 1 && !d.changed && d.conn.misuse.Load() == nil
}

// verdict finds what was wrong with a call that was not right.
func (d *delivery) verdict() exam.Diagnosis {
	plainly := writing{message: plain}
	switch {
	case d.conn.misuse.Load() != nil:
		return callers
	case d.hung != "":
		return d.stuck()
	case errors.Is(d.err, exam.ErrToDo):
		return unfinished
	case d.changed:
		return changed
	case errors.Is(d.err, d.tooLong):
		return wrongLimit
	case d.err != nil:
		if d.message != plain && !plainly.fails(d.framing) {
			return d.means
		}
		return failed
	case d.writes == 0 && d.message == "" && !plainly.fails(d.framing):
		return emptyMessage
	case d.writes == 0:
		return notWritten
	case d.wire != frame(d.message):
		return d.otherForm()
	}
	return twoWrites
}

// stuck is the verdict of a call that hung.
func (d *delivery) stuck() exam.Diagnosis {
	if d.writes == 0 {
		return neverWrites
	}
	return waits
}

// otherForm finds the idea behind bytes that are not the message's frame.
func (d *delivery) otherForm() exam.Diagnosis {
	for _, o := range others {
		if d.wire == o.pack(d.message) {
			return o.idea
		}
	}
	m := d.message
	length := binary.BigEndian.AppendUint32(nil, uint32(len(m)))
	characters := binary.BigEndian.AppendUint32(nil, uint32(utf8.RuneCountInString(m)))
	switch rest, own := strings.CutPrefix(d.wire, string(length)); {
	case own && len(rest) < len(m) && strings.HasPrefix(m, rest):
		return notWritten
	case own, d.wire == string(characters)+m:
		return wrongBytes
	case len(d.wire) >= header && int(binary.BigEndian.Uint32([]byte(d.wire))) == len(d.wire)-header:
		return wrongBytes
	}
	return lengthSize
}

func (d *delivery) story() string {
	s := "The message was " + exam.Quote(d.message) + "."
	if d.bare {
		s += " w had no method but Write."
	}
	if d.did != "" {
		s += " " + d.did
	}
	s += " WriteMessage"
	if d.hung != "" {
		s += " did not return: it hung " + d.hung
	} else {
		s += " returned " + tell(d.err)
	}
	s += fmt.Sprintf(", after %s of Write. The peer got %s.", count(d.writes, "call"), exam.Quote(d.wire))
	if name := d.conn.misuse.Load(); name != nil {
		s += fmt.Sprintf(" It called %v.", name)
	}
	if d.changed {
		s += " The caller's array was not as before."
	}
	return s
}

// writeSlowly has a Write that ends only when the call has returned, or after a time
// in which one that does not wait for it would have.
func writeSlowly(tr *exam.Trial, f framing) {
	returned := make(chan bool)
	var under atomic.Int32 // calls of Write that are under way
	early := false
	slow := writing{message: plain, did: "Write took 100ms.", means: notWritten, prepare: func(c *conn) {
		c.gate = func() {
			under.Add(1)
			defer under.Add(-1)
			select {
			case <-returned:
			case <-time.After(100 * time.Millisecond):
			}
		}
	}}
	watched := f
	watched.write = func(w io.Writer, message []byte) error {
		defer func() {
			early = under.Load() > 0
			close(returned)
		}()
		return f.write(w, message)
	}
	d := slow.play(tr, watched, exam.Limit)
	switch {
	case d == nil || d.broken:
	case d.hung == "" && early: // also when the Write came to its end soon after
		tr.Wrong(notWritten, "%s It returned before the Write.", d.story())
	case !d.right():
		tr.NotTried(writeOne)
	}
}

// writeFails has a Write that takes nothing before it fails, and one that takes a half.
func writeFails(tr *exam.Trial, f framing) {
	half := writing{message: plain, did: "Write took a half of its bytes, and then the caller's deadline passed.",
		prepare: func(c *conn) { c.half = true }}
	nothing := writing{message: plain, did: "The caller's deadline had passed before the call.", prepare: (*conn).expire}
	for _, w := range []writing{nothing, half} {
		d := w.play(tr, f, exam.Limit)
		if d == nil || d.broken {
			return
		}
		cause := d.conn.rootCause()
		idea := fine
		switch {
		case cause == nil || d.writes == 0: // no Write was made when it returned
			tr.NotTried(writeOne)
		case errors.Is(d.err, exam.ErrToDo):
			idea = unfinished
		case d.writes > 1:
			idea = writesAgain
		case d.hung != "":
			idea = waits
		case !d.knows(d.err, cause):
			idea = writeError
		}
		if idea != fine {
			tr.Wrong(idea, "%s Expected: one Write, and its error %q.", d.story(), cause)
			return
		}
	}
}

// writeTooLong tries two sizes, to tell no limit from a wrong one.
func writeTooLong(tr *exam.Trial, f framing) {
	d := writing{message: exam.Numbers(most + 1)}.play(tr, f, exam.Limit)
	if d == nil || d.broken {
		return
	}
	if (writing{message: plain}).fails(f) {
		tr.NotTried(writeOne)
		return
	}
	accepts := func(n int) bool {
		more := writing{message: exam.Numbers(n)}.play(&exam.Trial{}, f, moment)
		return more != nil && (more.hung != "" || more.err == nil)
	}
	idea := fine
	switch known := errors.Is(d.err, f.tooLong); {
	case d.conn.misuse.Load() != nil:
		idea = callers
	case d.hung != "":
		idea = d.stuck()
	case errors.Is(d.err, exam.ErrToDo):
		idea = unfinished
	case d.err == nil && d.writes == 0 && d.wire == "":
		idea = tooLongUnknown
	case d.err == nil && len(d.wire) < header+len(d.message):
		idea = partlyWritten
	case d.err == nil && accepts(4*most):
		idea = noLimit
	case d.err == nil:
		idea = wrongLimit
	case d.writes > 0 || d.wire != "":
		idea = partlyWritten
	case !known:
		idea = tooLongUnknown
	}
	if idea != fine {
		tr.Wrong(idea, "%s Expected: nothing, no Write, and ErrTooLong.", d.story())
	}
}
