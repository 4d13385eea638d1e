// Package check checks an answer to the exercise of lesson 7: an echo server for
// many clients.
package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
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
	{Name: "80 KiB in pieces", Run: with(3, inPieces)},
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
		a.returnsIn(moment)
		second.echo("Are you still there?")
		a.waitsNotFor(second)
	})
	b.cancel()
}

// waitsNotFor expects that a call whose ctx has ended returns while a client of another
// call is there. Why it does not return at all, other cases tell.
func (r *run) waitsNotFor(other *client) {
	if r.returnsIn(patience / 2) {
		return
	}
	other.leave()
	if r.returnsIn(patience / 4) {
		other.r.fail(calls, "Two calls of your Serve served one client each. The ctx of the first call ended, but it returned only when the client of the second had left.")
	}
}

func oneClient(r *run) {
	a := r.dial("A")
	a.greet()
	for _, message := range []string{"x", "two\nlines\n", " 안녕 100% \r", "\xff\xfe\xea no text \x80"} {
		a.echo(message)
	}
	a.echo("zero\x00zero")
	a.halfClose()
	r.catchUp() // an answer that returns now returns before the end of ctx
	r.stop()
}

func inPieces(r *run) {
	a := r.dial("A")
	a.greet()
	message := exam.Numbers(80 << 10)
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
	a, w := r.small(serve)
	a.push(w, moment)
	b := r.dial("B")
	b.greet()
	r.alive()
	r.silent, r.ended, r.early = clientError, clientError, clientError
	open := w.open.Load()
	a.reset()
	r.soon(func() bool { return w.open.Load() < open }) // what the answer does about it, it has done
	b.echo("Client A has reset its connection. What about mine?")
	r.dial("C").echo("And mine?")
	r.stop()
}

// small starts the answer, with a client A, and lets its Write soon wait when A does not
// read.
func (r *run) small(serve server) (a *client, w *watch) {
	w = &watch{Listener: r.ln, small: true}
	r.start(serve, w, 3)
	a = r.dial("A")
	a.greet()
	return a, w
}

// flood is more than fits into small buffers and an answer's own.
var flood = sync.OnceValue(func() string { return exam.Numbers(4 << 20) })

// push sends, without reading the echo, until nothing moves any more for so long and the
// answer is in Write. One that sends a few bytes at a time would fill the buffers too slowly.
// It returns what it has sent.
func (c *client) push(w *watch, long time.Duration) (sent string) {
	c.conn.SetWriteBuffer(room)
	message, n := flood(), 0
	end := time.Now().Add(patience)
	for moved := time.Now(); time.Since(moved) < long && n < len(message) && w.writes.Load() < 5000 && time.Now().Before(end); {
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
	a, w := r.small(serve)
	a.echo(flood()[:4<<10])
	if w.writes.Load() > 200 {
		return // it sends a few bytes at a time: on a busy machine, all that follows would take too long
	}
	a.echo(flood()[:256<<10]) // what fails here has nothing to do with the pause
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
	r.before = "Clients A, B and C had the 3 places, and A left. "
	d.receive("Is there a place for me?")
	r.before = ""
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
