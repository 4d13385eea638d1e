package check

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

// three is the case that shows what most readers do wrong with the second message.
var three = reading{
	pieces: once(frame(plain) + frame("") + frame("the last")), raw: true, want: []string{plain, "", "the last"}, means: readsPast}

// keep makes many calls and looks at all messages when the last has returned.
func keep(tr *exam.Trial, f framing) {
	c := connect(tr)
	if c == nil {
		return
	}
	var want []string
	for i := range 20 {
		want = append(want, fmt.Sprintf("message %d", i+1))
	}
	c.send(reading{pieces: want}.stream())
	var got [][]byte
	for range want {
		var message []byte
		var err error
		call := tr.Go(func() { message, err = f.read(c) })
		did := ""
		switch hung := call.WaitFor(moment); {
		case hung != "":
			did = "After " + moment.String() + " it was " + hung
		case call.Panicked():
			return
		case err != nil || string(message) != want[len(got)]:
			did = "It returned " + exam.Quote(message) + " and " + tell(err)
		}
		if did != "" && three.fails(f) {
			tr.NotTried(readThree)
			return
		}
		if did != "" {
			tr.Wrong(readsPast, "The peer sent 20 messages together. Call %d of ReadMessage should have returned %s. %s.", len(got)+1, exam.Quote(want[len(got)]), did)
			return
		}
		got = append(got, message)
	}
	for _, g := range got {
		_ = append(g, "what the caller appends"...) // in the room behind it, if there is any
	}
	for i, w := range want {
		if string(got[i]) != w {
			tr.Wrong(reused, "The peer sent 20 messages. Call %d of ReadMessage returned %s. When all 20 calls had returned, and the caller had appended to each message, this one had become %s.", i+1, exam.Quote(w), exam.Quote(got[i]))
			return
		}
	}
}

// readersAtOnce has one call that waits inside the length, or inside the message, and
// another one, on a connection of its own, that can be through meanwhile.
func readersAtOnce(tr *exam.Trial, f framing) {
	for _, need := range []struct {
		name string
		reading
	}{{readDrips, dripped}, {"read 300 bytes", long(300)}, {"read 70000 bytes", long(70000)}} {
		if need.fails(f) {
			tr.NotTried(need.name)
			return
		}
	}
	if mixed := meet(tr, f, 3); mixed != "" {
		tr.Wrong(shared, "One call of ReadMessage waited inside the length of its message. %s", mixed)
	}
	if mixed := meet(tr, f, 20); mixed != "" {
		tr.Wrong(shared, "One call of ReadMessage waited inside its message. %s", mixed)
	}
}

// meet lets the first call wait behind so many bytes. It returns what went wrong.
func meet(tr *exam.Trial, f framing, place int) string {
	slow, quick := connect(tr), connect(tr)
	if slow == nil || quick == nil {
		return ""
	}
	inside, release := make(chan bool), make(chan bool)
	slow.behind = sync.OnceFunc(func() {
		close(inside)
		<-release
	})
	first, second := exam.Numbers(70000), exam.Numbers(300) // their lengths differ in each byte but the highest
	slow.send([]string{frame(first)[:place]})
	quick.send([]string{frame(second)})
	var got, other string
	var err, otherErr error
	reads := func(c *conn, got *string, err *error) *exam.Call {
		return tr.Go(func() {
			message, e := f.read(c)
			*got, *err = string(message), e
		})
	}
	call := reads(slow, &got, &err)
	select {
	case <-inside:
	case <-time.After(moment): // other cases tell
		close(release)
		return ""
	}
	hung := reads(quick, &other, &otherErr).Wait()
	close(release)
	go io.WriteString(slow.peer, frame(first)[place:])
	const story = "Meanwhile another message came on another connection, for another call"
	if hung != "" {
		return story + ". That call did not return until then: it hung " + hung + "."
	}
	if hung := call.Wait(); hung != "" {
		return story + ". Then the rest came, and the first call did not return: it hung " + hung + "."
	}
	if err != nil || otherErr != nil || got != first || other != second {
		return fmt.Sprintf("%s. The messages were %s and %s. The calls returned %s with %s, and %s with %s.", story,
			exam.Quote(first), exam.Quote(second), exam.Quote(got), tell(err), exam.Quote(other), tell(otherErr))
	}
	return ""
}

// writersAtOnce is the same for WriteMessage, with one call inside its Write.
func writersAtOnce(tr *exam.Trial, f framing) {
	first, second := exam.Numbers(40), plain+", other"
	if (writing{message: first}).fails(f) || (writing{message: second}).fails(f) {
		tr.NotTried(writeOne)
		return
	}
	inside, release := make(chan bool), make(chan bool)
	slow := writing{message: first, prepare: func(c *conn) {
		c.gate = sync.OnceFunc(func() {
			close(inside)
			<-release
		})
	}}
	delivered := make(chan *delivery, 1)
	go func() { delivered <- slow.play(tr, f, exam.Limit) }()
	select {
	case <-inside:
	case <-delivered:
		return
	}
	other := writing{message: second}.play(&exam.Trial{}, f, exam.Limit)
	close(release)
	one := <-delivered
	const story = "One call of WriteMessage was inside its Write, which took its time. Meanwhile another call wrote to another connection"
	switch {
	case one == nil || other == nil:
	case other.hung != "":
		tr.Wrong(shared, "%s. That call did not return until then: it was %s.", story, other.hung)
	case !one.right() || !other.right():
		tr.Wrong(shared, "%s. The messages were %s and %s. The peers got %s and %s.", story, exam.Quote(first), exam.Quote(second), exam.Quote(one.wire), exam.Quote(other.wire))
	default:
		compete(tr, f)
	}
}

// A rival is a w for messages of one length, of which it gets many.
type rival struct {
	frame string        // what each Write has to bring
	other *atomic.Int64 // how many calls the other goroutine has begun
	begun int64         // how many of them before this call
	met   *atomic.Int64 // how many calls got to their Write after the other had begun one
	wrong *atomic.Pointer[mixed]
}

// A mixed is a message that arrived wrong.
type mixed struct{ want, got string }

func (r *rival) Write(p []byte) (int, error) {
	if r.other.Load() != r.begun {
		r.met.Add(1)
	}
	if string(p) != r.frame {
		r.wrong.CompareAndSwap(nil, &mixed{r.frame, string(p)})
	}
	return len(p), nil
}

// competing is held by one pair of goroutines at a time: they leave no processor free.
var competing sync.Mutex

// compete has two goroutines that write again and again, each to a w of its own. It
// tells of what calls share before their Write, where none can be made to wait. So it
// goes on until they have met so often that one has met the other there.
func compete(tr *exam.Trial, f framing) {
	const enough = 500
	first, second := exam.Numbers(300), exam.Numbers(600)
	if (writing{message: first}).fails(f) {
		tr.NotTried(write300)
		return
	}
	competing.Lock()
	defer competing.Unlock()
	end := time.Now().Add(100 * time.Millisecond) // they may never meet where there is one processor
	var calls [2]atomic.Int64
	var met atomic.Int64
	var wrong atomic.Pointer[mixed]
	writes := func(mine, others *atomic.Int64, message string) *exam.Call {
		w := &rival{frame: frame(message), other: others, met: &met, wrong: &wrong}
		return tr.Go(func() {
			for b := []byte(message); met.Load() < enough && wrong.Load() == nil && time.Now().Before(end); {
				w.begun = others.Load()
				mine.Add(1)
				f.write(w, b)
			}
		})
	}
	one := writes(&calls[0], &calls[1], first)
	two := writes(&calls[1], &calls[0], second)
	one.WaitFor(moment) // other cases tell when it hangs
	two.WaitFor(moment)
	if m := wrong.Load(); m != nil {
		tr.Wrong(shared, "Two goroutines called WriteMessage again and again, each for a w of its own. Once a w should have got %s, and got %s.", exam.Quote(m.want), exam.Quote(m.got))
	}
}

// huge is a size beside which all that other cases allocate is little.
const huge = 128 << 20

// measuring is held while memory is measured: that counts for the whole program.
var measuring sync.Mutex

// makesRoom tells whether each of a few calls makes room for huge bytes.
func makesRoom(call func()) bool {
	measuring.Lock()
	defer measuring.Unlock()
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		call()
		runtime.ReadMemStats(&after)
		if after.TotalAlloc-before.TotalAlloc < huge {
			return false
		}
	}
	return true
}

// roomToRead measures only an answer that refuses the length.
func roomToRead(tr *exam.Trial, f framing) {
	switch {
	case lying(2 * most).fails(f):
		tr.NotTried(readHuge)
	case roomForLength(tr, f):
		tr.Wrong(roomFirst, "The peer sent the length %d, which is too long. During ReadMessage the program asked for at least as many bytes of memory.", huge)
	}
}

// roomForLength tells whether ReadMessage makes room for a huge length.
func roomForLength(tr *exam.Trial, f framing) bool {
	return makesRoom(func() {
		if c := connect(tr); c != nil {
			c.send([]string{string(binary.BigEndian.AppendUint32(nil, huge))})
			tr.Go(func() { f.read(c) }).WaitFor(moment)
		}
	})
}

// hugeMessage takes hardly any memory, as long as nothing writes to it.
var hugeMessage = sync.OnceValue(func() []byte { return make([]byte, huge) })

// roomToWrite has a Write that would fail.
func roomToWrite(tr *exam.Trial, f framing) {
	hugeMessage()
	refused := false
	room := makesRoom(func() {
		if c := connect(tr); c != nil {
			c.expire()
			var err error
			hung := tr.Go(func() { err = f.write(c, hugeMessage()) }).WaitFor(moment)
			refused = hung == "" && errors.Is(err, f.tooLong)
		}
	})
	switch {
	case !refused:
		tr.NotTried(writeHuge)
	case room:
		tr.Wrong(roomFirst, "The message had %d bytes, which is too long. During WriteMessage the program asked for at least as many bytes of memory.", huge)
	}
}
