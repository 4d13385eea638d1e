package check

import (
	"context"
	"errors"
	"math"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"example.com/sockets/shared/exam"
)

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
		conn, err := net.DialTimeout("tcp", r.ln.Addr().String(), exam.Limit)
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
	a, w := r.small(serve)
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
