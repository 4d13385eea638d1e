package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

// server is the function that is checked.
type server = func(ctx context.Context, ln net.Listener, most int) error

const (
	patience = 2 * time.Second        // how long a client waits for what a right answer sends at once
	grace    = 500 * time.Millisecond // what a client has when ctx has ended
	moment   = 100 * time.Millisecond // how long a case waits to see that nothing happens
)

// A run is one call of the answer, and its clients.
type run struct {
	tr      *exam.Trial
	ln      *net.TCPListener
	cancel  context.CancelFunc
	call    *exam.Call
	err     error // what the answer returned
	failed  atomic.Bool
	echoes  atomic.Int64 // that clients have got
	mu      sync.Mutex
	clients []*client

	// What it means in this case when a client gets no echo, or other bytes, or
	// when its connection ends, or Serve does, before their time.
	silent, wrong, ended, early exam.Diagnosis
	// What it means when the idle clients are gone, and Serve returns as soon as
	// the others have left.
	kept exam.Diagnosis
	// What happened before a client that gets no echo came or spoke, as a sentence and a space.
	before string
}

// with makes a case of a body, which gets a run with so many places. The body may
// end its goroutine: see fail.
func with(most int, body func(r *run)) func(*exam.Trial, server) {
	return func(tr *exam.Trial, serve server) {
		if r := prepare(tr); r != nil {
			r.start(serve, r.ln, most)
			r.play(body)
		}
	}
}

// withListener is with for a body that chooses what the answer listens on.
func withListener(body func(r *run, serve server)) func(*exam.Trial, server) {
	return func(tr *exam.Trial, serve server) {
		if r := prepare(tr); r != nil {
			r.play(func(r *run) { body(r, serve) })
		}
	}
}

// tries is withListener for a body that is tried again, twice at most, when it is not
// sure of what it saw.
func tries(body func(r *run, serve server) (sure bool)) func(*exam.Trial, server) {
	return func(tr *exam.Trial, serve server) {
		sure := false
		for try := 0; try < 3 && !sure; try++ {
			sure = true // where the body fails, it does not return
			withListener(func(r *run, serve server) { sure = body(r, serve) })(tr, serve)
		}
	}
}

func prepare(tr *exam.Trial) *run {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tr.Wrong(exam.NoSocket, "%v", err)
		return nil
	}
	tr.Cleanup(func() { ln.Close() })
	return &run{
		tr: tr, ln: ln.(*net.TCPListener),
		silent: noEcho, wrong: changed, ended: dropped, early: early, kept: idleKept,
	}
}

func (r *run) start(serve server, ln net.Listener, most int) {
	ctx, cancel := context.WithCancel(context.Background())
	r.startWith(ctx, cancel, serve, ln, most)
}

func (r *run) startWith(ctx context.Context, cancel context.CancelFunc, serve server, ln net.Listener, most int) {
	r.cancel = cancel
	r.tr.Cleanup(cancel)
	r.call = r.tr.Go(func() {
		r.err = serve(ctx, ln, most)
	})
}

func (r *run) play(body func(r *run)) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		body(r)
	}()
	<-over
}

// fail reports what is wrong and ends the goroutine of the case, or of one of its
// clients. What fails after that is a consequence.
func (r *run) fail(d exam.Diagnosis, format string, args ...any) {
	r.claim()
	r.report(d, format, args...)
}

// claim ends the goroutine where another has failed before.
func (r *run) claim() {
	if !r.failed.CompareAndSwap(false, true) {
		runtime.Goexit()
	}
}

func (r *run) report(d exam.Diagnosis, format string, args ...any) {
	if !r.returned() || !r.call.Panicked() {
		r.tr.Wrong(d, format, args...)
	}
	runtime.Goexit()
}

func (r *run) returned() bool { return r.call != nil && r.returnsIn(0) }

func (r *run) returnsIn(limit time.Duration) bool {
	select {
	case <-r.call.Done():
		return true
	default:
	}
	select {
	case <-r.call.Done():
		return true
	case <-time.After(limit):
		return false
	}
}

// alive fails when Serve has returned.
func (r *run) alive() { r.aliveAfter(0) }

// aliveAfter fails when Serve returns within a time.
func (r *run) aliveAfter(wait time.Duration) {
	if r.call != nil && r.returnsIn(wait) {
		r.fail(r.early, "ctx had not ended, and still your Serve returned %s.", told(r.err))
	}
}

func told(err error) string {
	if err == nil {
		return "nil"
	}
	return fmt.Sprintf("the error %q", err)
}

// A client is one connection to the answer.
type client struct {
	r      *run
	name   string
	conn   *net.TCPConn
	served atomic.Bool
	left   bool
	owed   bool // bytes may come when ctx has ended
}

func (r *run) dial(name string) *client {
	conn, err := net.DialTimeout("tcp", r.ln.Addr().String(), exam.Limit)
	if err != nil {
		r.alive()
		r.fail(r.early, "Client %s could not connect while ctx lived: %v.", name, err)
	}
	c := &client{r: r, name: name, conn: conn.(*net.TCPConn)}
	r.tr.Cleanup(func() { conn.Close() })
	r.mu.Lock()
	r.clients = append(r.clients, c)
	r.mu.Unlock()
	return c
}

const greeting = "Hello!"

// greet shows that the client gets an echo at all, and more than one. Only then
// can a case find out more.
func (c *client) greet() {
	c.echo(greeting)
	c.echo("How are you?")
}

// echo sends a message and receives its echo.
func (c *client) echo(message string) {
	go c.send(message)
	c.receive(message)
}

// send ignores errors: what is received tells.
func (c *client) send(message string) {
	c.conn.SetWriteDeadline(time.Now().Add(exam.Limit))
	io.WriteString(c.conn, message)
}

// receive expects the echo of a message.
func (c *client) receive(message string) {
	got, err := c.read(len(message), patience)
	c.judge(message, got, err)
}

// judge tells what is wrong with what a client has read instead of its echo.
func (c *client) judge(message, got string, err error) {
	switch {
	case got == message:
		c.served.Store(true)
		c.r.echoes.Add(1)
	case !strings.HasPrefix(message, got):
		c.differs(message, got)
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.isSilent(message, got)
	default:
		c.r.aliveAfter(moment)
		c.r.fail(c.r.ended, "Client %s sent %s. It got %s, and then its connection ended: %v.", c.name, exam.Quote(message), exam.Quote(got), err)
	}
}

// read reads n bytes, and waits so long for each piece of them. With patience, it
// waits longer on a busy machine, and while others get their echoes.
func (c *client) read(n int, wait time.Duration) (string, error) {
	buf := make([]byte, n)
	others := c.r.echoes.Load()
	for have := 0; ; {
		c.conn.SetReadDeadline(time.Now().Add(wait))
		more, err := c.conn.Read(buf[have:])
		if have += more; have == n {
			return string(buf), err
		}
		if wait == patience && errors.Is(err, os.ErrDeadlineExceeded) {
			if now := c.r.echoes.Load(); now != others {
				others = now
				continue
			}
			c.r.catchUp()
			wait = moment
		} else if err != nil {
			return string(buf[:have]), err
		}
	}
}

// catchUp takes no time on an idle machine. On a busy one, it takes as long as the
// answer may need for what it should have done at once: both do the same work.
func (r *run) catchUp() {
	near, far, ok := r.tr.Connect()
	if !ok {
		return
	}
	go io.Copy(struct{ io.Writer }{far}, far)
	buf := make([]byte, 1)
	near.SetDeadline(time.Now().Add(3 * patience))
	for range 50 {
		near.Write(buf)
		if _, err := io.ReadFull(near, buf); err != nil {
			return
		}
	}
}

func (c *client) differs(message, got string) {
	d := c.r.wrong
	if !strings.Contains(message, "\x00") && surplus(got) == wholeBuffer {
		d = wholeBuffer
	}
	at := 0
	for at < len(got) && at < len(message) && got[at] == message[at] {
		at++
	}
	c.r.fail(d, "Client %s sent %s. Its echo was another: after %d right bytes came %s.", c.name, exam.Quote(message), at, exam.Quote(got[at:]))
}

// surplus tells what bytes mean that nobody has sent.
func surplus(got string) exam.Diagnosis {
	if strings.Contains(got, "\x00") {
		return wholeBuffer
	}
	return changed
}

// isSilent finds out what the answer waits for before it sends the echo.
func (c *client) isSilent(message, got string) {
	r := c.r
	r.alive()
	r.claim() // now, as the search disturbs the others
	story := r.before + fmt.Sprintf("Client %s sent %s and got %s within %v.", c.name, exam.Quote(message), exam.Quote(got), patience)
	served, others := 0, false
	r.mu.Lock()
	for _, other := range r.clients {
		if other != c && !other.left {
			others = true
			other.conn.Close()
			if other.served.Load() {
				served++
			}
		}
	}
	r.mu.Unlock()
	if others && r.returnsIn(moment) {
		r.report(early, "%s When another client left, your Serve returned %s.", story, told(r.err))
	}
	echoes := func() bool { more, _ := c.read(1, patience/2); return more != "" }
	switch {
	case r.silent != noEcho: // the case knows more
		r.report(r.silent, "%s", story)
	case others && echoes() && served > 1:
		r.report(tooFew, "%s Only %d other clients were being served. When these left, the echo came.", story, served)
	case others && echoes():
		r.report(starved, "%s Another client was connected. When that one left, the echo came.", story)
	case got != "":
		r.report(lost, "%s The rest did not come.", story)
	}
	c.send("\n")
	if echoes() {
		r.report(lines, "%s When it sent a newline, the echo came.", story)
	}
	c.conn.CloseWrite()
	if echoes() {
		r.report(waitsForEnd, "%s When it ended its direction, the echo came.", story)
	}
	r.report(noEcho, "%s%s", story, r.elsewhere())
}

// elsewhere tells where Serve is when it does not accept. The case is over then.
func (r *run) elsewhere() string {
	at := r.call.WaitFor(0)
	if at == "" || strings.Contains(at, "Accept") {
		return ""
	}
	return " Your Serve was " + at + "."
}

// leave closes the connection of a client.
func (c *client) leave() {
	c.r.mu.Lock()
	c.left = true
	c.r.mu.Unlock()
	c.conn.Close()
}

// reset breaks the connection off.
func (c *client) reset() {
	c.conn.SetLinger(0)
	c.leave()
}

// halfClose ends the client's direction and expects just the end.
func (c *client) halfClose() {
	c.conn.CloseWrite()
	c.expectEnd("")
	c.leave()
}

// expectEnd expects an echo and then the end, after the client's own end.
func (c *client) expectEnd(echo string) {
	got, err := c.read(len(echo)+1, patience)
	story := fmt.Sprintf("Client %s sent %s and ended its direction. It got %s", c.name, exam.Quote(echo), exam.Quote(got))
	if echo == "" {
		story = fmt.Sprintf("Client %s ended its direction, and nothing was left to send back. It got %s", c.name, exam.Quote(got))
	}
	switch {
	case !strings.HasPrefix(echo, got):
		c.differs(echo, got)
	case errors.Is(err, os.ErrDeadlineExceeded) && got == echo:
		c.r.fail(notClosed, "%s, but not the end.", story)
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.isSilent(echo, got)
	case got != echo || err != io.EOF:
		c.r.fail(halfClosed, "%s, and then %v.", story, err)
	}
}

// stop ends ctx, and expects the end of Serve and of all that it made.
func (r *run) stop() {
	r.alive()
	r.cancel()
	r.wait()
	r.stopped()
}

// wait waits until Serve returns, and finds out what it waits for when it does not.
func (r *run) wait() {
	if r.returnsIn(exam.Limit) {
		return
	}
	if r.catchUp(); r.returnsIn(moment) {
		return
	}
	kept := r.kept
	for _, c := range r.clients {
		if !c.owed && !c.left && !c.over() {
			kept = idleKept
		}
	}
	for _, c := range r.clients {
		c.conn.Close()
	}
	if r.returnsIn(patience / 4) {
		r.fail(kept, "ctx ended, and your Serve did not return within %v. Then the clients left, and it returned.", exam.Limit)
	}
	if conn, err := net.Dial("tcp", r.ln.Addr().String()); err == nil {
		conn.Close()
		if r.returnsIn(patience / 4) {
			r.fail(acceptWaits, "ctx ended, and your Serve did not return within %v. Then one more client connected, and it returned.", exam.Limit)
		}
	}
	story := fmt.Sprintf("ctx ended, and your Serve did not return within %v", exam.Limit)
	if len(r.clients) > 0 {
		story += ", not even when its clients had left"
	}
	hung := r.call.WaitFor(time.Millisecond)
	if strings.Contains(hung, "Accept") {
		r.fail(acceptWaits, "%s. It was %s.", story, hung)
	}
	r.fail(stuck, "%s. It was %s.", story, hung)
}

// stopped expects that Serve, which has returned, said nil and left nothing.
func (r *run) stopped() {
	if r.err != nil {
		r.fail(endError, "ctx ended, and your Serve returned %s.", told(r.err))
	}
	if !r.soon(func() bool { return r.ln.SetDeadline(time.Now()) != nil }) {
		r.fail(listenerOpen, "ctx ended and your Serve returned, but ln was still open.")
	}
	for _, c := range r.clients {
		if c.left {
			continue
		}
		got, err := c.rest()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			r.fail(leftOpen, "ctx ended and your Serve returned, but the connection of client %s did not end.", c.name)
		}
		if !c.owed && got != "" {
			r.fail(surplus(got), "Client %s got its echo. After that came %s.", c.name, exam.Quote(got))
		}
	}
}

// noGoroutines expects that Serve, which has returned, left no goroutine.
func (r *run) noGoroutines() {
	n := 0
	if !r.soon(func() bool { n = len(r.call.Goroutines()); return n == 0 }) {
		r.fail(goroutineKept, "Your Serve returned and ctx had ended. %v later, there were still %d goroutines that it had started.", patience, n)
	}
}

// over tells whether the connection has ended.
func (c *client) over() bool {
	_, err := c.read(1, moment)
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// rest reads until the connection ends.
func (c *client) rest() (got string, err error) {
	for err == nil && len(got) < 64<<20 {
		var more string
		more, err = c.read(64<<10, patience)
		got += more
	}
	return got, err
}

// soon tells whether ok becomes true within a time that no right answer needs.
func (r *run) soon(ok func() bool) bool {
	end := time.Now().Add(patience)
	for pause := time.Millisecond; time.Now().Before(end); pause *= 2 {
		if ok() {
			return true
		}
		time.Sleep(pause)
	}
	r.catchUp()
	return ok()
}
