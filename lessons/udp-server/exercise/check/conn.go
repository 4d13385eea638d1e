package check

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// So many calls that fail in a row, each at once after the one before, are no
// retry any more. A deadline is allowed to pass more often: to wait in small
// portions is right.
const (
	spinning         = 1000
	spinningDeadline = 100_000
)

// atOnce is less than any pause that people write, and more than a loop needs.
const atOnce = 500 * time.Microsecond

// A conn is what an answer gets: a real UDP socket that keeps in mind what the
// answer did with it. A case can make it behave as sockets sometimes do.
type conn struct {
	net.PacketConn

	// Set before the answer starts. Read and write stand in for the socket's own
	// ReadFrom and WriteTo. Hurry lets read deadlines pass almost at once, so
	// that a case can see what the answer does after a silence of any length.
	read  func(b []byte) (int, net.Addr, error)
	write func(b []byte, to net.Addr) (int, error)
	hurry bool

	waits  chan struct{} // closed when the answer first calls ReadFrom
	silent chan struct{} // closed when a read deadline has passed three times
	spins  chan struct{} // closed when calls failed far too often in a row

	toldEnd atomic.Bool // a call has told the answer that conn is closed

	mu           sync.Mutex
	reads        int           // calls of ReadFrom
	reading      int           // of them, those that have not returned
	received     int           // of them, those that brought a datagram
	timeouts     int           // of them, those in a row that met their deadline
	hurried      int           // of them, those at once after one that had failed
	failedAt     time.Time     // when the last one failed, if that was the last to return
	failedWrites int           // calls of WriteTo that failed, each at once after another that had
	writeFailed  time.Time     // when the last one failed, if that was the last to return
	deadline     time.Duration // the furthest read deadline, seen from when it was set
	timesReads   bool          // the answer has set a read deadline
	timesWrites  bool          // the answer has set a write deadline
	closed       bool          // by the checker
	closedByEcho bool          // by the answer, while it was open
	spun         string        // the call that failed far too often
	writes       []write
}

// A write is one call of WriteTo.
type write struct {
	bytes int
	to    string
	err   error
}

func newConn(socket *net.UDPConn) *conn {
	return &conn{
		PacketConn: socket,
		waits:      make(chan struct{}),
		silent:     make(chan struct{}),
		spins:      make(chan struct{}),
	}
}

func (c *conn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.mu.Lock()
	c.reads++
	c.reading++
	if time.Since(c.failedAt) < atOnce {
		c.hurried++
	}
	if c.reads == 1 {
		close(c.waits)
	}
	read := c.read
	if read == nil || c.isClosed() {
		read = c.PacketConn.ReadFrom
	}
	c.mu.Unlock()
	n, addr, err := read(b)
	c.countRead(err)
	return n, addr, err
}

// isClosed tells whether anybody closed it: then it fails as any closed socket does.
func (c *conn) isClosed() bool { return c.closed || c.closedByEcho }

// learn notes when an error tells the answer that conn is closed.
func (c *conn) learn(err error) error {
	if errors.Is(err, net.ErrClosed) {
		c.toldEnd.Store(true)
	}
	return err
}

// knowsEnd tells whether a call has told the answer that conn is closed.
func (c *conn) knowsEnd() bool { return c.toldEnd.Load() }

func (c *conn) countRead(err error) {
	c.learn(err)
	c.mu.Lock()
	c.reading--
	switch {
	case err == nil:
		c.received++
		c.hurried, c.timeouts, c.failedAt = 0, 0, time.Time{}
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.timeouts++
		if c.timeouts == 3 && !isClosed(c.silent) {
			close(c.silent)
		}
	default:
		c.failedAt = time.Now()
	}
	c.mu.Unlock()
	c.stopSpinning()
}

func (c *conn) WriteTo(b []byte, to net.Addr) (int, error) {
	w := write{bytes: len(b), to: "no address"}
	if to != nil {
		w.to = to.String()
	}
	c.mu.Lock()
	i := len(c.writes)
	c.writes = append(c.writes, w)
	hurried := time.Since(c.writeFailed) < atOnce
	send := c.write
	if send == nil || c.isClosed() {
		send = c.PacketConn.WriteTo
	}
	c.mu.Unlock()
	n, err := send(b, to)
	c.learn(err)
	c.countWrite(i, hurried, err)
	c.stopSpinning()
	return n, err
}

func (c *conn) countWrite(i int, hurried bool, err error) {
	c.mu.Lock()
	c.writes[i].err = err
	switch {
	case err == nil:
		c.failedWrites, c.writeFailed = 0, time.Time{}
	case hurried:
		c.failedWrites++
		c.writeFailed = time.Now()
	default:
		c.failedWrites, c.writeFailed = 0, time.Now()
	}
	c.mu.Unlock()
}

// stopSpinning holds for ever an answer that calls again and again what fails
// every time: it would take the processor from the other cases.
func (c *conn) stopSpinning() {
	c.mu.Lock()
	spins := c.hurried >= spinning || c.failedWrites >= spinning || c.timeouts >= spinningDeadline
	if spins && !isClosed(c.spins) {
		c.spun = "ReadFrom" // where both fail by turns, it is the one to look at
		if c.hurried < spinning/2 && c.timeouts < spinningDeadline {
			c.spun = "WriteTo"
		}
		close(c.spins)
	}
	c.mu.Unlock()
	if spins {
		select {}
	}
}

// soon is how long a read deadline takes in a hurry.
const soon = 20 * time.Millisecond

func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	c.timesReads = c.timesReads || !t.IsZero()
	if c.hurry && time.Until(t) > soon {
		c.deadline = max(c.deadline, time.Until(t))
		t = time.Now().Add(soon)
	}
	c.mu.Unlock()
	return c.learn(c.PacketConn.SetReadDeadline(t))
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	c.timesWrites = c.timesWrites || !t.IsZero()
	c.mu.Unlock()
	return c.learn(c.PacketConn.SetWriteDeadline(t))
}

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Close is the answer's call. The checker itself calls end.
func (c *conn) Close() error {
	c.mu.Lock()
	c.closedByEcho = c.closedByEcho || !c.closed
	c.mu.Unlock()
	return c.learn(c.PacketConn.Close())
}

func (c *conn) end() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.PacketConn.Close()
}

// A gate holds what passes until enough have arrived. It opens after a moment
// in any case: nobody has to arrive.
type gate struct {
	armed   atomic.Bool // until then it lets all pass
	missing atomic.Int32
	opened  chan struct{}
	open    func()
	limit   sync.Once
}

func newGate(arrivals int32) *gate {
	g := &gate{opened: make(chan struct{})}
	g.missing.Store(arrivals)
	g.open = sync.OnceFunc(func() { close(g.opened) })
	return g
}

func (g *gate) arrive() {
	if g.armed.Load() && g.missing.Add(-1) == 0 {
		g.open()
	}
}

func (g *gate) pass() {
	if g.armed.Load() {
		g.limit.Do(func() { time.AfterFunc(200*time.Millisecond, g.open) })
		<-g.opened
	}
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
