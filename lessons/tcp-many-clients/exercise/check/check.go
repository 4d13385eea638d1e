// Package check checks an answer to the exercise of lesson 7: an echo server for
// many clients.
package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
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
	{Name: "client that resets", Run: with(3, resets)},
	{Name: "two clients at the same moment", Run: withListener(sameMoment)},
	{Name: "more clients than places", Run: with(3, waiting)},
	{Name: "places are given back", Run: with(1, givenBack)},
	{Name: "many clients and few places", Run: with(3, manyClients)},
	{Name: "clients that come and go", Run: withListener(comeAndGo)},
	{Name: "end without a client", Run: with(3, (*run).stop)},
	{Name: "end with idle clients", Run: with(3, endIdle)},
	{Name: "end with a client that waits", Run: with(1, endWaiting)},
	{Name: "client in the last moment", Run: withListener(lastMoment)},
	{Name: "end in the middle of an echo", Run: tries(endMiddle)},
	{Name: "end with a client that does not read", Run: tries(endUnread)},
	{Name: "ended before it began", Run: withListener(endedBefore)},
	{Name: "Accept fails", Run: withListener(acceptFails)},
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

func resets(r *run) {
	a := r.dial("A")
	a.greet()
	a.push() // so that the answer is in Write
	b := r.dial("B")
	b.greet()
	r.alive()
	r.silent, r.ended, r.early = clientError, clientError, clientError
	a.reset()
	b.echo("Client A has reset its connection. What about mine?")
	r.dial("C").echo("And mine?")
	r.stop()
}

// push sends, without reading the echo, until nothing moves any more.
func (c *client) push() {
	piece := bytes.Repeat([]byte("x"), 64<<10)
	end := time.Now().Add(patience)
	for still := 0; still < 3 && time.Now().Before(end); still++ {
		c.conn.SetWriteDeadline(time.Now().Add(moment / 3))
		if n, _ := c.conn.Write(piece); n > 0 {
			still = -1
		} else {
			c.r.catchUp()
		}
	}
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
	got, err := d.read(1, moment)
	switch {
	case got != "" && (a.over() || b.over() || c.over()):
		r.fail(idleDropped, "Clients A, B and C were being served. One of them paused, and its connection ended.")
	case got != "":
		r.fail(noLimit, "most was 3, and clients A, B and C were being served. Client D got its echo too.")
	case !errors.Is(err, os.ErrDeadlineExceeded):
		r.fail(turnedAway, "most was 3, and clients A, B and C were being served. Client D had to wait, but its connection ended: %v.", err)
	}
	r.alive()
	e.reset()
	r.silent, r.ended, r.early = placeKept, turnedAway, clientError
	a.leave()
	d.receive("Is there a place for me?")
	b.leave()
	r.dial("F").echo("And for me?")
	r.stop()
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
	r.dial(name).echo("And I am the last one.")
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
	free()
	r.wait()
	r.stopped()
}

// endMiddle is not sure when the machine was so busy that the half second may have
// been over before a patient answer could go on.
func endMiddle(r *run, serve server) (sure bool) {
	message := "My echo is under way."
	a, conn, free := r.held(serve, message)
	a.owed = true
	r.wrong = shared
	r.alive()
	r.cancel()
	began := time.Now()
	select { // what the answer does to this connection, it may do now
	case <-conn.stirred:
	case <-time.After(moment):
	}
	r.newcomer()
	if r.returnsIn(moment / 2) {
		r.fail(notAwaited, "Client A sent %s. Your Serve had read it and had not yet sent it back when ctx ended, and returned %s.", exam.Quote(message), told(r.err))
	}
	free()
	busy := time.Since(began) > grace/2 && conn.patient.Load()
	got, _ := a.rest()
	want := message[:conn.read.Load()]
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

// endUnread is not sure when Serve ended so soon that it may not have been in Write.
func endUnread(r *run, serve server) (sure bool) {
	r.start(serve, r.ln, 3)
	a := r.dial("A")
	a.greet()
	r.kept = noBound
	a.owed = true
	a.push()
	r.wrong = shared
	r.dial("B").echo("Client A sends and does not read. Do I get my echo?")
	r.alive()
	r.cancel()
	began := time.Now()
	r.wait()
	sure = time.Since(began) > grace/2
	r.stopped()
	r.noGoroutines()
	return sure
}

func endedBefore(r *run, serve server) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r.startWith(ctx, cancel, serve, r.ln, 1)
	r.wait()
	r.stopped()
}

var errAccept = &net.OpError{Op: "accept", Net: "tcp", Err: errors.New("too many open files")}

func acceptFails(r *run, serve server) {
	f := &failing{Listener: r.ln, broken: make(chan struct{}), closed: make(chan struct{})}
	r.tr.Cleanup(func() { f.Close() })
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
