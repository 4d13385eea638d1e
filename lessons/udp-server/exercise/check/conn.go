package check

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// So many calls that fail in a row are no retry any more. An answer that tries
// again after a pause of a millisecond needs a second for the first number. A
// deadline is allowed to pass more often: to wait in small portions is right.
const (
	spinning         = 1000
	spinningDeadline = 100_000
)

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

	mu           sync.Mutex
	reads        int           // calls of ReadFrom
	reading      int           // calls of ReadFrom that have not returned
	timeouts     int           // calls of ReadFrom that met their deadline
	failedReads  int           // in a row, deadlines not counted
	quickReads   int           // of them, those after which the next came at once
	failedAt     time.Time     // when the last of them returned
	failedWrites int           // in a row
	deadline     time.Duration // the furthest read deadline, seen from when it was set
	closed       bool          // by the checker
	closedByEcho bool          // by the answer, while it was open
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
	if time.Since(c.failedAt) < 500*time.Microsecond {
		c.quickReads++
	}
	if c.reads == 1 {
		close(c.waits)
	}
	read := c.read
	if read == nil || c.closed {
		read = c.PacketConn.ReadFrom
	}
	c.mu.Unlock()
	n, addr, err := read(b)
	c.countRead(err)
	return n, addr, err
}

func (c *conn) countRead(err error) {
	c.mu.Lock()
	c.reading--
	switch {
	case err == nil:
		c.failedReads, c.quickReads, c.timeouts = 0, 0, 0
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.timeouts++
		if c.timeouts == 3 && !isClosed(c.silent) {
			close(c.silent)
		}
	default:
		c.failedReads++
		c.failedAt = time.Now()
	}
	c.mu.Unlock()
	c.stopSpinning()
}

func (c *conn) WriteTo(b []byte, to net.Addr) (int, error) {
	send := c.write
	if send == nil {
		send = c.PacketConn.WriteTo
	}
	n, err := send(b, to)
	w := write{bytes: len(b), to: "no address", err: err}
	if to != nil {
		w.to = to.String()
	}
	c.mu.Lock()
	c.writes = append(c.writes, w)
	c.failedWrites++
	if err == nil {
		c.failedWrites = 0
	}
	c.mu.Unlock()
	c.stopSpinning()
	return n, err
}

// stopSpinning holds for ever an answer that calls again and again what fails
// every time: it would take the processor from the other cases.
func (c *conn) stopSpinning() {
	c.mu.Lock()
	spins := c.failedReads >= spinning || c.failedWrites >= spinning || c.timeouts >= spinningDeadline
	if spins && !isClosed(c.spins) {
		close(c.spins)
	}
	c.mu.Unlock()
	if spins {
		select {}
	}
}

func (c *conn) SetReadDeadline(t time.Time) error {
	if c.hurry && time.Until(t) > soon {
		c.mu.Lock()
		c.deadline = max(c.deadline, time.Until(t))
		c.mu.Unlock()
		t = time.Now().Add(soon)
	}
	return c.PacketConn.SetReadDeadline(t)
}

// soon is how long a deadline takes in a hurry.
const soon = 20 * time.Millisecond

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Close is the answer's call. The checker itself calls end.
func (c *conn) Close() error {
	c.mu.Lock()
	c.closedByEcho = c.closedByEcho || !c.closed
	c.mu.Unlock()
	return c.PacketConn.Close()
}

func (c *conn) end() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.PacketConn.Close()
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
