package check

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"example.com/sockets/shared/exam"
)

// A reading is a situation for ReadMessage: what the peer sends, what comes behind
// that, and what the calls have to return.
type reading struct {
	pieces   []string // each is framed, unless raw; a Read gets bytes of one only
	raw      bool
	ending   ending
	together bool           // the last bytes come together with the error behind them
	bare     bool           // r has no method but Read
	pipe     bool           // a Read without room waits for bytes, as that of io.Pipe does
	want     []string       // the messages, one for each call
	refuses  bool           // the call behind them has to refuse a length that is too long
	means    exam.Diagnosis // what it means when a message does not come, though plain and dripped ones do
}

// A visit is one call of ReadMessage that was made.
type visit struct {
	reading
	framing
	tr     *exam.Trial
	conn   *conn
	call   int // 0 is the first
	got    string
	err    error
	hung   string
	broken bool  // the call panicked, which was reported
	taken  int64 // bytes that this call took
}

// moment is how long a call may take where another case tells if it hangs.
const moment = time.Second

// run plays the reading and tells what was wrong. An answer that does not read a
// plain message fails everywhere: that is told once, by readPlainly.
func (r reading) run(tr *exam.Trial, f framing) {
	r.passes(tr, f)
}

// passes is run, and returns whether all was right.
func (r reading) passes(tr *exam.Trial, f framing) bool {
	calls := len(r.want)
	if r.ending != stays && (!r.together || calls == 0) {
		calls++
	}
	v := r.play(tr, f, calls, exam.Limit)
	if v != nil {
		v.judge(v.verdict)
	}
	return v == nil
}

// judge tells the verdict. An answer that does not read a plain message is told that.
func (v *visit) judge(verdict func() exam.Diagnosis) {
	if v.stubborn() || !plainly.fails(v.framing) {
		v.tell(verdict())
	} else {
		v.tr.NotTried(readOne)
	}
}

// readPlainly tells what is wrong with an answer that does not read a plain message.
func readPlainly(tr *exam.Trial, f framing) {
	v := plainly.play(tr, f, 1, exam.Limit)
	switch {
	case v == nil:
	case v.stubborn():
		v.tell(v.verdict())
	default:
		v.tell(v.otherForm())
	}
}

func (v *visit) tell(d exam.Diagnosis) {
	if !v.broken {
		v.tr.Wrong(d, "%s", v.story())
	}
}

// stubborn tells whether what was wrong needs no other situation to be understood.
func (v *visit) stubborn() bool {
	return v.conn.misuse.Load() != nil || v.hung == "" && errors.Is(v.err, exam.ErrToDo)
}

// fails tells whether the answer fails here before the stream ends.
func (r reading) fails(f framing) bool {
	return r.play(&exam.Trial{}, f, max(1, len(r.want)), moment) != nil
}

// play makes so many calls, and returns the first that was not right.
func (r reading) play(tr *exam.Trial, f framing, calls int, patience time.Duration) *visit {
	c := connect(tr)
	if c == nil {
		return nil
	}
	defer c.hangUp()
	c.ending, c.together, c.pipe = r.ending, r.together, r.pipe
	c.send(r.stream())
	for i := range calls {
		if v := r.call(tr, f, c, i, patience); !v.right() {
			return v
		}
	}
	return nil
}

func (r reading) stream() (pieces []string) {
	if r.raw {
		return r.pieces
	}
	for _, p := range r.pieces {
		pieces = append(pieces, frame(p))
	}
	return pieces
}

func (r reading) call(tr *exam.Trial, f framing, c *conn, i int, patience time.Duration) *visit {
	v := &visit{reading: r, framing: f, tr: tr, conn: c, call: i}
	var from io.Reader = c
	if r.bare {
		from = struct{ io.Reader }{c}
	}
	before := c.taken.Load()
	var got []byte
	var err error
	call := tr.Go(func() { got, err = f.read(from) })
	if v.hung = call.WaitFor(patience); v.hung == "" {
		v.got, v.err, v.broken = string(got), err, call.Panicked()
	}
	v.taken = c.taken.Load() - before
	return v
}

// right tells whether the call did what it should.
func (v *visit) right() bool {
	switch {
	case v.broken || v.hung != "" || v.conn.misuse.Load() != nil:
		return false
	case v.call < len(v.want):
		return v.err == nil && v.got == v.want[v.call] && v.taken == v.size()
	case v.refuses:
		return errors.Is(v.err, v.tooLong) && v.taken == header
	}
	return v.knows(v.err, v.wanted())
}

// size is how many bytes the message has in the stream.
func (v *visit) size() int64 {
	if len(v.want) == 1 {
		return int64(len(strings.Join(v.stream(), "")))
	}
	return int64(header + len(v.want[v.call]))
}

// wanted is the error of a call behind the last message.
func (v *visit) wanted() error {
	switch {
	case v.ending == ends && v.begun():
		return io.ErrUnexpectedEOF
	case v.ending == ends:
		return io.EOF
	}
	return v.conn.rootCause()
}

// verdict finds what was wrong with a call that was not right.
func (v *visit) verdict() exam.Diagnosis {
	behind := v.call == len(v.want)
	switch {
	case v.conn.misuse.Load() != nil:
		return callers
	case v.hung == "" && errors.Is(v.err, exam.ErrToDo):
		return unfinished
	case v.refuses:
		return v.notRefused()
	case behind && (v.hung != "" || v.wentOn()):
		return readsOn
	case !behind && v.taken > v.size() && v.want[v.call] != "":
		return readsPast
	case !behind && v.together && v.want[v.call] != "" && v.err != nil && v.taken == v.size():
		return lateError
	case !behind && v.piecesOver():
		return overwrites
	case v.means != oneRead && !(behind && v.wanted() == io.EOF) && dripped.fails(v.framing):
		return oneRead
	case behind:
		return v.atEnd()
	}
	return v.notRead()
}

// wentOn tells whether the call read on after an error. Behind an end that came with
// bytes it may read once more: that Read says the same again, without bytes.
func (v *visit) wentOn() bool {
	errors := v.conn.fails.Load()
	if v.together && v.ending == ends {
		return errors > 2
	}
	return errors > 1
}

// piecesOver tells whether each piece came to the place of the one before: all were
// taken, and they are not the message or not its length.
func (v *visit) piecesOver() bool {
	return v.raw && len(v.pieces) > 1 && (v.hung == "" && v.err == nil && v.taken == v.size() ||
		errors.Is(v.err, v.tooLong) && v.taken == header)
}

// notRead finds the idea behind a message that was not read, where plain ones are.
func (v *visit) notRead() exam.Diagnosis {
	want := v.want[v.call]
	empty := reading{pieces: once(""), want: once("")}
	switch n := len(v.got); {
	case v.conn.noRoom.Load():
		return waitsForEnd
	case want == "" && (v.means == emptyMessage || empty.fails(v.framing)):
		return emptyMessage
	case v.taken > v.size():
		return readsPast
	case v.hung != "" && v.taken == v.size():
		return waitsForEnd
	case v.hung != "" || v.err != nil && !errors.Is(v.err, v.tooLong) || v.means == oneRead:
		return v.means
	case v.err != nil:
		return wrongLimit
	case n != len(want) && (n == len(want)&0xff || n == len(want)&0xffff):
		return lengthSize
	case len(want) > 255 && n > 0 && n < len(want)-1 && strings.HasPrefix(want, v.got):
		return shortBuffer
	}
	return wrongBytes
}

// notRefused finds the idea behind a length beyond the limit that was not refused as
// it should be.
func (v *visit) notRefused() exam.Diagnosis {
	switch {
	case v.hung == "" && errors.Is(v.err, v.tooLong):
		return readsPast
	case long(300).fails(v.framing):
		return lengthSize
	case v.hung == "" && v.err != nil:
		return tooLongUnknown
	}
	return noLimit
}

// otherForm finds the idea behind an answer that does not read a plain message.
func (v *visit) otherForm() exam.Diagnosis {
	if v.hung != "" {
		// An end of the stream lets it return, or nothing does.
		ended := plainly
		ended.ending = ends
		if w := ended.play(&exam.Trial{}, v.framing, 1, moment); w == nil || w.hung != "" {
			return waitsForEnd
		}
	}
	m := exam.Numbers(200) // no newline in it
	for _, o := range others {
		if !(reading{pieces: once(o.pack(m)), raw: true, want: once(m), ending: ends}).fails(v.framing) {
			return o.idea
		}
	}
	switch {
	case v.hung != "" && v.readAhead():
		return readsPast
	case v.hung != "":
		return waitsForEnd
	case v.err == nil:
		return wrongBytes
	case 0 < v.taken && v.taken < header:
		return lengthSize
	}
	return failed
}

// readAhead tells whether the call waits for a message that it took with the length:
// its last Read asked for no more than the message.
func (v *visit) readAhead() bool {
	return v.conn.ahead.Load() > 0 && v.conn.room.Load() <= int64(len(plain))
}

// atEnd judges a call that had to end with the stream, or with an error of Read.
func (v *visit) atEnd() exam.Diagnosis {
	wanted := v.wanted()
	switch {
	case wanted == io.EOF:
		return endBetween
	case v.err == nil:
		return swallowed
	case wanted == io.ErrUnexpectedEOF && errors.Is(v.err, io.EOF) && strings.Join(v.pieces, "") == frame(plain)[:header]:
		return endBehind
	case wanted == io.ErrUnexpectedEOF:
		return endInside
	}
	return otherError
}

// begun tells whether a part of a message had come.
func (v *visit) begun() bool { return v.raw && len(v.pieces) > 0 }

// knows tells whether err is known as target, and as nothing else that the task names.
func (f framing) knows(err, target error) bool {
	for _, other := range []error{io.EOF, io.ErrUnexpectedEOF, f.tooLong} {
		if other != target && errors.Is(err, other) {
			return false
		}
	}
	return err != nil && errors.Is(err, target)
}

// readTooLong tries larger and larger lengths, until one is not refused. So an
// answer that has no limit does not fill the memory.
func readTooLong(tr *exam.Trial, f framing) {
	for _, n := range []uint32{most + 1, 2 * most, 64 << 20, 1 << 31, 1<<32 - 1} {
		if n >= 1<<31 && roomForLength(tr, f) {
			tr.NotTried(readRoom) // that one tells, with less memory
			return
		}
		v := lying(n).play(tr, f, 1, exam.Limit)
		if v == nil {
			continue
		}
		v.judge(func() exam.Diagnosis { return v.beyond(n) })
		return
	}
}

// lying is a length beyond the limit.
func lying(n uint32) reading {
	return reading{pieces: once(string(binary.BigEndian.AppendUint32(nil, n)) + "and so on"), raw: true, refuses: true}
}

// beyond is the verdict where the length n was not refused, and smaller ones were.
func (v *visit) beyond(n uint32) exam.Diagnosis {
	d := v.verdict()
	switch {
	case d == noLimit && n == most+1 && !lying(64<<20).fails(v.framing):
		return wrongLimit
	case d == noLimit && n >= 1<<31:
		return signed
	}
	return d
}

// withEnd brings the last bytes of a message together with io.EOF.
func withEnd(pieces []string, message string) func(*exam.Trial, framing) {
	return reading{pieces: pieces, raw: true, want: once(message), ending: ends, together: true, means: lateError}.run
}

// inside ends the stream behind so many bytes of a message.
func inside(e ending, places ...int) func(*exam.Trial, framing) {
	return reading{ending: e}.cut(places)
}

// insideWith is inside, where the last bytes come together with the error.
func insideWith(e ending, places ...int) func(*exam.Trial, framing) {
	return reading{ending: e, together: true}.cut(places)
}

// cut plays the reading with so many bytes of a message, and no more.
func (r reading) cut(places []int) func(*exam.Trial, framing) {
	return func(tr *exam.Trial, f framing) {
		for _, n := range places {
			r := r
			r.raw, r.pieces = true, nil
			for i, part := range []string{frame(plain)[:min(n, header)], frame(plain)[min(n, header):n]} {
				if i == 0 && n > 0 || part != "" {
					r.pieces = append(r.pieces, part)
				}
			}
			if !r.passes(tr, f) {
				return
			}
		}
	}
}

// story tells the visit.
func (v *visit) story() string {
	stream := v.stream()
	s := "The peer sent " + exam.Quote(strings.Join(stream, ""))
	if n := len(stream); n > 1 {
		s += fmt.Sprintf(" in %d pieces", n)
	}
	behind := ". The connection stayed open"
	switch v.ending {
	case ends:
		behind = " and ended the stream"
	case resets:
		behind = " and reset the connection"
	case expires:
		behind = ". Then the caller's deadline passed"
	}
	return s + behind + v.how() + ". " + v.outcome()
}

func (v *visit) how() (s string) {
	for _, piece := range v.stream() {
		if piece == "" {
			s = ". Between the pieces, a Read returned 0 bytes and no error"
		}
	}
	switch {
	case v.together && v.ending == ends:
		s = ". The Read with the last bytes returned io.EOF together with them"
	case v.together:
		s = ". The Read with the last bytes returned the error together with them"
	}
	if v.bare {
		s += ". r had no method but Read"
	}
	if v.conn.noRoom.Load() {
		s += ". A Read had no room for a byte, and waited, as that of io.Pipe does"
	}
	return s
}

func (v *visit) outcome() string {
	s := "ReadMessage"
	if v.call > 0 {
		s = fmt.Sprintf("Call %d of ReadMessage", v.call+1)
	}
	switch {
	case v.hung != "":
		s += " did not return: it hung " + v.hung
	case v.err != nil:
		s += " returned " + tell(v.err)
	default:
		s += " returned " + exam.Quote(v.got) + " and no error"
	}
	s += ", and took " + count(v.taken, "byte") + ". "
	if n := v.conn.ahead.Load(); n > 0 && v.call == 0 {
		s += fmt.Sprintf("A Read that was for the length had room for %d bytes. ", n)
	}
	if name := v.conn.misuse.Load(); name != nil {
		s += fmt.Sprintf("It called %v. ", name)
	}
	return s + "Expected: " + v.expected() + "."
}

func (v *visit) expected() string {
	switch {
	case v.call < len(v.want):
		return fmt.Sprintf("%s and no error, with %s taken", exam.Quote(v.want[v.call]), count(v.size(), "byte"))
	case v.refuses:
		return "ErrTooLong, with 4 bytes taken"
	case v.ending == ends && v.begun():
		return "io.ErrUnexpectedEOF"
	case v.ending == ends:
		return "io.EOF"
	}
	switch err := v.wanted(); {
	case err != nil:
		return fmt.Sprintf("the first error of Read, %q", err)
	case v.ending == resets: // and no Read met it
		return "the error of Read, which tells of the reset"
	}
	return "the error of Read, which tells of the deadline"
}
