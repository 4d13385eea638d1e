// Package check checks an answer to the exercise of lesson 7: an echo server for
// many clients.
package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

// Serve checks an answer. It skips the test where the answer has not been started.
func Serve(t *testing.T, serve func(ctx context.Context, ln net.Listener, most int) error) {
	t.Helper()
	exam.Run(t, "lessons/tcp-many-clients/exercise/exercise.go", begun, cases, serve)
}

// begun calls the answer when its end has come. One that has been begun may never
// return.
func begun(serve server) (err error) {
	var tr exam.Trial
	r := prepare(&tr)
	if r == nil {
		return nil
	}
	defer r.ln.Close()
	r.start(serve, r.ln, 1)
	r.cancel()
	if r.call.WaitFor(moment) != "" {
		return nil
	}
	return r.err
}

var cases = []exam.Case[server]{
	{Name: "two calls at once", First: true, Run: twoCalls},
	{Name: "one client", Run: with(3, oneClient)},
	{Name: "256 KiB in pieces", Run: with(3, inPieces)},
	{Name: "silent client first", Run: with(3, silentFirst)},
	{Name: "client that pauses", Run: with(3, pauses)},
	{Name: "half-close", Run: with(3, halfClose)},
	{Name: "client that resets", Run: withListener(resets)},
	{Name: "two clients at the same moment", Run: withListener(sameMoment)},
	{Name: "more clients than places", Run: with(3, waiting)},
	{Name: "places are given back", Run: with(1, givenBack)},
	{Name: "many clients and few places", Run: with(3, manyClients)},
	{Name: "clients that come and go", Run: withListener(comeAndGo)},
	{Name: "client that reads late", Run: withListener(readsLate)},
	{Name: "end without a client", Run: with(3, (*run).stop)},
	{Name: "end with idle clients", Run: with(3, endIdle)},
	{Name: "end with a client that waits", Run: with(1, endWaiting)},
	{Name: "client in the last moment", Run: withListener(lastMoment)},
	{Name: "end in the middle of an echo", Run: tries(endMiddle)},
	{Name: "end with a client that does not read", Run: tries(endUnread)},
	{Name: "ended before it began", Run: withListener(endedBefore)},
	{Name: "ended by its time", Run: withListener(endByTime)},
	{Name: "Accept fails", Run: withListener(acceptFails)},
	{Name: "Accept fails once", Run: withListener(acceptFailsOnce)},
	{Name: "ln is closed by another", Run: with(3, closedByAnother)},
}

func twoCalls(tr *exam.Trial, serve server) {
	a, b := prepare(tr), prepare(tr)
	if a == nil || b == nil {
		return
	}
	a.start(serve, a.ln, 1)
	w, free := b.watched()
	b.start(serve, w, 1)
	// What is wrong with one call alone, other cases tell.
	first := a.dial("A of the first call")
	for range 2 {
		go first.send(greeting)
		if got, _ := first.read(len(greeting), patience); got != greeting {
			return
		}
	}
	b.silent, b.wrong, b.ended, b.early = calls, calls, calls, calls
	b.play(func(b *run) {
		second := b.dial("B of the second call")
		second.echo(greeting)
		w.armed.Store(true)
		go second.send("I am client B.")
		select { // while the answer holds these bytes, the first call gets others
		case <-w.hold:
			go first.send("I am another client.")
			first.read(len("I am another client."), patience)
		case <-time.After(patience):
		}
		free()
		second.receive("I am client B.")
		a.cancel()
		back := a.returnsIn(moment)
		second.echo("Are you still there?")
		if back || a.returnsIn(patience/2) {
			return
		}
		second.leave()
		if a.returnsIn(patience / 4) {
			b.fail(calls, "Two calls of your Serve served one client each. The ctx of the first call ended, but it returned only when the client of the second had left.")
		}
	})
	b.cancel()
}

func oneClient(r *run) {
	a := r.dial("A")
	a.greet()
	for _, message := range []string{"x", "two\nlines\n", " 안녕 100% \r", "\xff\xfe\xea no text \x80"} {
		a.echo(message)
	}
	a.echo("zero\x00zero")
	a.halfClose()
	r.stop()
}

func inPieces(r *run) {
	a := r.dial("A")
	a.greet()
	message := exam.Numbers(256 << 10)
	go func() {
		for from, size := 0, 1; from < len(message); size = size*3%50021 + 1 {
			to := min(from+size, len(message))
			a.send(message[from:to])
			from = to
		}
	}()
	a.receive(message)
	r.stop()
}

func silentFirst(r *run) {
	r.dial("A")
	r.dial("B").greet()
	r.stop()
}

func pauses(r *run) {
	a := r.dial("A")
	a.greet()
	time.Sleep(3 * moment)
	r.ended, r.silent = idleDropped, idleDropped
	a.echo("Here I am again.")
	r.stop()
}

func halfClose(r *run) {
	a := r.dial("A")
	a.greet()
	message := exam.Numbers(64 << 10)
	a.send(message)
	a.conn.CloseWrite()
	a.expectEnd(message)
	a.leave()
	r.stop()
}

func resets(r *run, serve server) {
	w := &watch{Listener: r.ln, small: true}
	r.start(serve, w, 3)
	a := r.dial("A")
	a.greet()
	a.push(w, moment)
	b := r.dial("B")
	b.greet()
	r.alive()
	r.silent, r.ended, r.early = clientError, clientError, clientError
	a.reset()
	b.echo("Client A has reset its connection. What about mine?")
	r.dial("C").echo("And mine?")
	r.stop()
}

// flood is more than fits into small buffers and an answer's own.
var flood = sync.OnceValue(func() string { return exam.Numbers(4 << 20) })

// push sends, without reading the echo, until nothing moves any more for so long and the
// answer is in Write. It returns what it has sent.
func (c *client) push(w *watch, long time.Duration) (sent string) {
	c.conn.SetWriteBuffer(room)
	message, n := flood(), 0
	end := time.Now().Add(patience)
	for moved := time.Now(); time.Since(moved) < long && n < len(message) && time.Now().Before(end); {
		c.conn.SetWriteDeadline(time.Now().Add(moment / 3))
		more, err := io.WriteString(c.conn, message[n:min(n+64<<10, len(message))])
		n += more
		switch {
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			return message[:n] // what is received tells
		case more > 0, w.writing.Load() == 0: // or its Read waits for what is under way
			moved = time.Now()
		default:
			c.r.catchUp()
		}
	}
	return message[:n]
}

// readsLate lets a client take its echo only when half a second has passed.
func readsLate(r *run, serve server) {
	w := &watch{Listener: r.ln, small: true}
	r.start(serve, w, 3)
	a := r.dial("A")
	a.greet()
	a.echo(flood()[:80<<10]) // what fails here has nothing to do with the pause
	a.name = "A, which did not read for half a second,"
	r.wrong, r.ended = lost, idleDropped
	sent := a.push(w, grace/2) // TCP sends again, what was lost, before that
	time.Sleep(grace/2 + moment/2)
	a.receive(sent)
	r.stop()
}

// watched returns a listener that can hold the answer until free is called.
func (r *run) watched() (w *watch, free func()) {
	w = &watch{Listener: r.ln, hold: make(chan *watched, 1), free: make(chan struct{})}
	free = sync.OnceFunc(func() { close(w.free) })
	r.tr.Cleanup(free)
	return w, free
}

// held starts the answer, and holds it where it has read a message of client A and
// not yet sent it back, until free is called.
func (r *run) held(serve server, message string) (a *client, conn *watched, free func()) {
	w, free := r.watched()
	r.start(serve, w, 3)
	a = r.dial("A")
	a.greet()
	a.echo(message) // what fails here has nothing to do with the end
	w.armed.Store(true)
	go a.send(message)
	select {
	case conn = <-w.hold:
	case <-time.After(patience):
		r.catchUp()
		select {
		case conn = <-w.hold:
		default:
			a.isSilent(message, "")
		}
	}
	return a, conn, free
}

// sameMoment lets client B come while the answer has a message of client A in its
// hands.
func sameMoment(r *run, serve server) {
	a, _, free := r.held(serve, "I am client A.")
	b := r.dial("B")
	message := "I am another client, and I am B."
	go b.send(message)
	got, err := b.read(len(message), patience)
	free()
	r.wrong = shared
	b.judge(message, got, err)
	a.receive("I am client A.")
	r.stop()
}

func waiting(r *run) {
	a, b, c := r.dial("A"), r.dial("B"), r.dial("C")
	for _, served := range []*client{a, b, c} {
		served.greet()
	}
	d, e := r.dial("D"), r.dial("E")
	d.send("Is there a place for me?")
	e.send("I have no time.")
	d.mustWait("most was 3, and clients A, B and C were being served.", a, b, c)
	r.alive()
	e.reset()
	r.silent, r.ended, r.early = placeKept, turnedAway, clientError
	a.leave()
	d.receive("Is there a place for me?")
	b.leave()
	r.dial("F").echo("And for me?")
	r.stop()
}

// mustWait expects that a client that has sent something gets no echo while others are
// being served. The story tells of these.
func (c *client) mustWait(story string, others ...*client) {
	got, err := c.read(1, moment)
	switch {
	case got != "" && slices.ContainsFunc(others, (*client).over):
		c.r.fail(idleDropped, "%s One of them paused, and its connection ended.", story)
	case got != "":
		c.r.fail(noLimit, "%s Client %s got its echo too.", story, c.name)
	case !errors.Is(err, os.ErrDeadlineExceeded):
		c.r.fail(turnedAway, "%s Client %s had to wait, but its connection ended: %v.", story, c.name, err)
	}
}

// ways are the ways in which a client may leave.
var ways = []struct {
	name  string
	leave func(c *client)
}{
	{"closed", func(c *client) { c.echo("Hello!"); c.leave() }},
	{"reset", func(c *client) { c.echo("Hello!"); c.reset() }},
	{"half-closed", func(c *client) { c.echo("Hello!"); c.halfClose() }},
	{"closed without a word", func(c *client) { c.leave() }},
	{"half-closed without a word", func(c *client) { c.halfClose() }},
	{"reset before it took its echo", func(c *client) { c.send("Hello!"); c.reset() }},
	{"reset without a word", func(c *client) { c.reset() }},
}

func givenBack(r *run) {
	a := r.dial("A")
	a.greet()
	a.leave()
	r.catchUp() // an answer that returns now returns for another reason
	r.alive()
	r.silent, r.ended, r.early = placeKept, turnedAway, clientError
	name := "B, after one that closed,"
	for i, way := range ways {
		way.leave(r.dial(name))
		name = fmt.Sprintf("%c, after one that %s,", 'C'+i, way.name)
	}
	last := r.dial(name)
	last.echo("And I am the last one.")
	more := r.dial("Z")
	more.send("Am I one too many?")
	more.mustWait("most was 1. Clients had left in different ways, and the last one was being served.", last)
	more.leave()
	r.stop()
}

func manyClients(r *run) {
	a := r.dial("A")
	a.greet()
	a.leave()
	r.silent, r.ended, r.wrong = placeKept, turnedAway, shared
	var now atomic.Int32
	var all sync.WaitGroup
	for i := range 12 {
		all.Add(1)
		go func() {
			defer all.Done()
			c := r.dial(fmt.Sprint(i + 1))
			c.echo(fmt.Sprintf("I am client %d.", i+1))
			if n := now.Add(1); n > 3 {
				r.fail(noLimit, "most was 3. Of 12 clients that came at the same time, %d were served at once.", n)
			}
			c.echo("And again.")
			now.Add(-1)
			c.leave()
		}()
	}
	all.Wait()
	if !r.failed.Load() {
		r.stop()
	}
}

func comeAndGo(r *run, serve server) {
	w := &watch{Listener: r.ln}
	r.start(serve, w, 3)
	a := r.dial("A")
	a.greet()
	a.leave()
	r.catchUp() // an answer that returns now returns for another reason
	r.alive()
	r.silent, r.ended, r.early = placeKept, clientError, clientError
	const clients = 30
	for i := range clients {
		ways[i%len(ways)].leave(r.dial(fmt.Sprint(i + 1)))
	}
	r.alive()
	r.dial("Z").greet()
	if !r.soon(func() bool { return w.open.Load() <= 1 }) {
		r.fail(connKept, "%d clients came, and left in different ways. %v later, your Serve had closed only %d of these connections.", clients, patience, clients+2-w.open.Load())
	}
	n := 0
	if !r.soon(func() bool { n = len(r.call.Goroutines()); return n < clients/2 }) {
		r.fail(goroutineKept, "%d clients came, and left. %v later, %d goroutines were still there.", clients, patience, n)
	}
	r.stop()
	r.noGoroutines()
}

func endIdle(r *run) {
	for _, name := range []string{"A", "B", "C"} {
		r.dial(name).greet()
	}
	r.stop()
	r.noGoroutines()
}

// endWaiting forgives one last echo: a place became free as ctx ended.
func endWaiting(r *run) {
	a := r.dial("A")
	a.greet()
	b := r.dial("B")
	b.owed = true
	b.send("I wait for a place.")
	b.read(1, moment/2) // an answer that accepts it, does so now
	r.alive()
	r.kept = servesOn
	r.cancel()
	r.wait()
	r.stopped()
}

// lastMoment lets Accept hand out a client when ctx has ended.
func lastMoment(r *run, serve server) {
	l := &late{Listener: r.ln, has: make(chan struct{}), ended: make(chan struct{})}
	free := sync.OnceFunc(func() { close(l.ended) })
	r.tr.Cleanup(free)
	r.start(serve, l, 3)
	a := r.dial("A")
	a.greet()
	b := r.dial("B, whom Accept handed out just after ctx had ended,")
	b.owed = true
	select {
	case <-l.has:
	case <-time.After(patience):
		return // it accepts one client at a time, as other cases tell
	}
	r.alive()
	r.kept = servesOn
	r.cancel()
	time.Sleep(moment / 2) // what the answer does at the end, it has done by then
	free()
	r.wait()
	r.stopped()
}

// endMiddle is not sure when the machine was so busy that the half second was over before
// the answer had sent all.
func endMiddle(r *run, serve server) (sure bool) {
	message := "My echo is under way: " + exam.Numbers(20<<10)
	a, conn, free := r.held(serve, message)
	a.owed = true
	r.wrong = shared
	r.alive()
	want := message[:conn.read.Load()] // it need not read more
	conn.skip(len(message) - len(want))
	began := time.Now()
	r.cancel()
	select { // what the answer does to this connection, it may do now
	case <-conn.stirred:
	case <-time.After(moment):
	}
	r.newcomer()
	if r.returnsIn(moment / 2) {
		r.fail(notAwaited, "Client A sent %s. Your Serve had read it and had not yet sent it back when ctx ended, and returned %s.", exam.Quote(message), told(r.err))
	}
	free()
	got, _ := a.rest()
	busy := time.Since(began) > grace
	if !strings.HasPrefix(message, got) {
		a.differs(message, got)
	}
	if len(got) < len(want) && !busy {
		r.fail(currentEcho, "Client A sent %s. Your Serve had read %s of it when ctx ended. Client A got %s, and the end.", exam.Quote(message), exam.Quote(want), exam.Quote(got))
	}
	r.wait()
	r.stopped()
	return len(got) >= len(want)
}

// newcomer expects that clients that come after the end are not served. One or two
// are forgiven: the answer may be about to close ln.
func (r *run) newcomer() {
	served := 0
	for range 6 {
		conn, err := net.Dial("tcp", r.ln.Addr().String())
		if err != nil {
			return
		}
		c := &client{r: r, conn: conn.(*net.TCPConn)}
		go c.send("x")
		if got, _ := c.read(1, moment); got != "" {
			served++
		}
		conn.Close()
		time.Sleep(moment / 4)
	}
	if served > 2 {
		r.fail(acceptsOn, "ctx had ended, and your Serve still was busy with a client. 6 new clients connected, and %d of them got their echo.", served)
	}
}

// endUnread is not sure when no Write had to wait for client A.
func endUnread(r *run, serve server) (sure bool) {
	w := &watch{Listener: r.ln, small: true}
	r.start(serve, w, 3)
	a := r.dial("A")
	a.greet()
	r.kept = noBound
	a.owed = true
	a.push(w, moment)
	r.wrong = shared
	r.dial("B").echo("Client A sends and does not read. Do I get my echo?")
	r.alive()
	w.gaveUp.Store(false) // it may be the polling of a right answer
	began := time.Now()
	r.cancel()
	r.wait()
	r.gaveUpInTime(w, time.Since(began))
	r.noGoroutines() // before stopped reads from A: that would help a Write to its end
	r.stopped()
	return w.gaveUp.Load()
}

// gaveUpInTime expects that Serve, which has returned so long after the end of ctx,
// gave up client A, who does not read, neither too early nor too late.
func (r *run) gaveUpInTime(w *watch, after time.Duration) {
	const story = "Client A sent and did not read, so that Write had to wait. "
	writing := w.writing.Load() > 0
	early := after < grace-moment
	after = after.Round(time.Millisecond)
	switch {
	case writing && early:
		r.fail(notAwaited, story+"Your Serve returned %v after the end of ctx, and this Write was still under way.", after)
	case writing:
		r.fail(noBound, story+"Your Serve returned %v after the end of ctx, but this Write did not end, and A's connection stayed open.", after)
	case w.gaveUp.Load() && early:
		r.fail(currentEcho, story+"ctx ended, and only %v later your Serve had given A up and returned. A has half a second.", after)
	case after > 3*grace:
		r.fail(noBound, story+"ctx ended, and your Serve returned only %v later. A has half a second.", after)
	}
}

func endedBefore(r *run, serve server) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r.startWith(ctx, cancel, serve, r.ln, 1)
	r.wait()
	r.stopped()
}

// endByTime lets ctx end as a context with a time-out does.
func endByTime(r *run, serve server) {
	ctx, cancel := context.WithTimeout(context.Background(), moment)
	r.startWith(ctx, cancel, serve, r.ln, 1)
	r.wait()
	r.stopped()
}

var errAccept = &net.OpError{Op: "accept", Net: "tcp", Err: errors.New("too many open files")}

func acceptFails(r *run, serve server) {
	f := r.failing(1, math.MaxInt64)
	r.start(serve, f, 3)
	a := r.dial("A")
	a.greet()
	r.alive()
	close(f.broken)
	back := r.returnsIn(moment)
	calls := f.calls.Load()
	if back {
		if _, err := a.rest(); errors.Is(err, os.ErrDeadlineExceeded) {
			r.fail(leftOpen, "Accept failed, and your Serve returned %s. The connection of client A was still open.", told(r.err))
		}
	}
	a.leave()
	r.catchUp()
	back = r.returnsIn(moment)
	switch {
	case calls > spinning:
		r.fail(spins, "Accept failed with %q while ctx lived. Your Serve called it more than %d times in %v.", errAccept, spinning, moment)
	case back && r.err == nil:
		r.fail(acceptNil, "Accept failed with %q while ctx lived, and your Serve returned nil.", errAccept)
	}
	r.cancel()
	r.wait()
	r.noGoroutines()
}

// acceptFailsOnce gives an answer with one place the choice: it returns the error, or it
// serves the next client.
func acceptFailsOnce(r *run, serve server) {
	f := r.failing(2, 1)
	r.start(serve, f, 1)
	a := r.dial("A")
	a.greet()
	a.leave()
	r.silent, r.ended = placeKept, turnedAway
	b := r.dial("B")
	b.echo("I am the next one.")
	b.leave()
	r.catchUp() // an answer that returns now returns for another reason
	r.alive()
	c := r.dial("C")
	c.send("x")
	close(f.broken)
	served := func() bool { got, _ := c.read(1, moment/4); return got == "x" }
	if !r.soon(func() bool { return served() || r.returned() }) {
		r.fail(notAgain, "Accept failed once with %q, and then worked again. Your Serve went on, but client C got no echo within %v.", errAccept, patience)
	}
	if !r.returned() {
		r.stop()
	}
}

func closedByAnother(r *run) {
	a := r.dial("A")
	a.greet()
	a.leave()
	r.catchUp() // an answer that returns now returns for another reason
	r.alive()
	r.ln.Close()
	if r.returnsIn(moment) && r.err == nil {
		r.fail(acceptNil, "Somebody else closed ln while ctx lived, and your Serve returned nil.")
	}
	r.cancel()
	r.wait()
}
