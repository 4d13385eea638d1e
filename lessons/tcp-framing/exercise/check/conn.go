package check

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

// An ending is what comes behind the bytes that the peer sent.
type ending int

const (
	stays   ending = iota // nothing: the connection stays open
	ends                  // the peer ends the stream
	resets                // the peer resets the connection
	expires               // the caller's deadline passes
)

// A conn is the answer's end of a real connection. It counts the calls, and it
// decides where the stream is torn: a Read gets bytes of one piece only, as if the
// others were still on their way. So what a case shows is no matter of time.
type conn struct {
	net.Conn
	peer *net.TCPConn

	reading  sync.Mutex
	pieces   []string // what has not arrived yet
	queue    []byte   // what has arrived
	ending   ending
	together bool   // the last bytes come together with the error behind them
	pipe     bool   // a Read without room waits for bytes, as that of io.Pipe does
	behind   func() // called by the Read behind the last piece
	taken    atomic.Int64
	noRoom   atomic.Bool  // a Read without room waited
	room     atomic.Int64 // of the last Read
	ahead    atomic.Int64 // room of a Read that asked for a length and more

	gate   func() // called by Write before it writes
	half   bool   // a Write takes a half before it fails
	writes atomic.Int64

	cause  atomic.Value // a failure: the first that a Read or Write met
	fails  atomic.Int64 // how many there were
	misuse atomic.Value // a string: a call that is not the answer's to make
}

// A failure holds an error, as an [atomic.Value] wants one type.
type failure struct{ error }

// connect returns nil when there is no socket.
func connect(tr *exam.Trial) *conn {
	answer, peer, ok := tr.Connect()
	if !ok {
		return nil
	}
	return &conn{Conn: answer, peer: peer, behind: func() {}, gate: func() {}}
}

// send lets the peer send pieces.
func (c *conn) send(pieces []string) {
	c.pieces = pieces
	go io.WriteString(c.peer, strings.Join(pieces, ""))
}

func (c *conn) Read(p []byte) (n int, err error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	c.room.Store(int64(len(p)))
	if c.taken.Load() < header && len(p) > header {
		c.ahead.CompareAndSwap(0, int64(len(p)))
	}
	if len(c.queue) == 0 && (len(p) > 0 || c.pipe) {
		if len(c.pieces) == 0 {
			return c.readBehind(p)
		}
		c.queue = make([]byte, len(c.pieces[0])) // an empty piece is a Read of 0 bytes
		c.pieces = c.pieces[1:]
		if _, err := io.ReadFull(c.Conn, c.queue); err != nil {
			return 0, err // the case is over, and has closed the connection
		}
	}
	n = copy(p, c.queue)
	c.queue = c.queue[n:]
	c.taken.Add(int64(n))
	// A reset comes with bytes only where there was room for more. Else io.ReadFull,
	// which wanted no more, would drop it: an end is told again, and a reset is not.
	if c.together && len(c.queue) == 0 && len(c.pieces) == 0 && (c.ending == ends || n < len(p)) {
		_, err = c.readBehind(make([]byte, 1))
	}
	return n, err
}

// readBehind reads where all pieces have been taken.
func (c *conn) readBehind(p []byte) (int, error) {
	if len(p) == 0 {
		c.noRoom.Store(true)
		_, err := c.Conn.Read(make([]byte, 1)) // nothing comes any more: this ends with the case
		return 0, err
	}
	c.behind()
	switch c.ending {
	case ends:
		c.peer.CloseWrite()
	case resets:
		c.peer.SetLinger(0)
		c.peer.Close()
	case expires:
		c.expire()
	}
	n, err := c.Conn.Read(p)
	c.taken.Add(int64(n))
	c.note(err)
	return n, err
}

// hangUp closes both ends.
func (c *conn) hangUp() {
	c.Conn.Close()
	c.peer.Close()
}

// expire is the caller's deadline, which has passed.
func (c *conn) expire() { c.Conn.SetDeadline(time.Unix(1, 0)) }

func (c *conn) Write(p []byte) (n int, err error) {
	c.writes.Add(1)
	c.gate()
	if c.half {
		n, _ = c.Conn.Write(p[:len(p)/2])
		c.expire()
	}
	more, err := c.Conn.Write(p[n:])
	c.note(err)
	return n + more, err
}

// note keeps the first error. A later one can be another: io.EOF after a reset.
func (c *conn) note(err error) {
	if err != nil {
		c.cause.CompareAndSwap(nil, failure{err})
		c.fails.Add(1)
	}
}

// The calls that the task forbids are noted, and made.

func (c *conn) Close() error {
	c.misuse.Store("Close")
	return c.Conn.Close()
}

func (c *conn) SetDeadline(t time.Time) error {
	c.misuse.Store("SetDeadline")
	return c.Conn.SetDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.misuse.Store("SetReadDeadline")
	return c.Conn.SetReadDeadline(t)
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.misuse.Store("SetWriteDeadline")
	return c.Conn.SetWriteDeadline(t)
}

// rootCause is the innermost part of the first error that the system gave: whoever
// wraps or unwraps it has not lost it. It is nil when no Read or Write failed.
func (c *conn) rootCause() error {
	f, _ := c.cause.Load().(failure)
	err := f.error
	for {
		outer, ok := err.(interface{ Unwrap() error })
		if !ok || outer.Unwrap() == nil {
			return err
		}
		err = outer.Unwrap()
	}
}

// count says how many there are of a thing.
func count(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// tell shows an error.
func tell(err error) string {
	if err == nil {
		return "no error"
	}
	return fmt.Sprintf("the error %q", err)
}
