package check

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A watch is a listener that counts the connections it has handed out and that
// are not yet closed. It also holds the answer where the answer has read bytes of
// its first client and not yet sent them back: no peer can bring that about.
type watch struct {
	net.Listener
	small          bool // the buffers for Write are small, so that it soon has to wait
	accepted, open atomic.Int32
	writing        atomic.Int32  // Writes to its first client that are under way
	writes         atomic.Int64  // to it that have ended
	gaveUp         atomic.Bool   // the last of these Writes ended with an error
	armed          atomic.Bool   // the next Read of the first client is held
	hold           chan *watched // gets the connection that is held
	free           chan struct{} // closed when the hold ends
}

func (w *watch) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if w.small {
		conn.(*net.TCPConn).SetWriteBuffer(room)
	}
	w.open.Add(1)
	return &watched{Conn: conn, watch: w, first: w.accepted.Add(1) == 1, stirred: make(chan struct{})}, nil
}

// room is the size of a small buffer. A Write that waits goes on when a third of it is
// free: a still smaller one is helped on by what trickles away, late, when nobody reads.
// The buffers for Read stay as they are: one that becomes small while the connection
// lives loses what no longer fits, and that comes again late.
const room = 128 << 10

// watched is a connection of a watch. It hides the methods with which io.Copy would
// go past Read and Write.
type watched struct {
	net.Conn
	watch  *watch
	first  bool
	closed sync.Once

	read    atomic.Int32  // bytes that the answer has read since the watch was armed
	held    atomic.Bool   // the hold has begun
	stirred chan struct{} // closed when the answer closes, or sets a deadline, after that
	stir    sync.Once
}

func (c *watched) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n <= 0 || !c.first || !c.watch.armed.Load() {
		return n, err
	}
	c.read.Add(int32(n))
	if c.held.CompareAndSwap(false, true) {
		c.watch.hold <- c
		<-c.watch.free
	}
	return n, err
}

func (c *watched) Write(p []byte) (int, error) {
	if c.first {
		c.watch.writing.Add(1)
		defer c.watch.writing.Add(-1)
	}
	n, err := c.Conn.Write(p)
	if c.first {
		c.watch.writes.Add(1)
		c.watch.gaveUp.Store(err != nil)
	}
	return n, err
}

// skip takes so many bytes away before the answer reads them. A Close resets a connection
// that has bytes which nobody has read, and then its last echo may be lost.
func (c *watched) skip(n int) {
	c.Conn.SetReadDeadline(time.Now().Add(patience))
	io.CopyN(io.Discard, c.Conn, int64(n))
	c.Conn.SetReadDeadline(time.Time{})
}

func (c *watched) Close() error {
	c.noticed()
	c.closed.Do(func() { c.watch.open.Add(-1) })
	return c.Conn.Close()
}

func (c *watched) SetDeadline(t time.Time) error {
	defer c.noticed()
	return c.Conn.SetDeadline(t)
}

func (c *watched) SetReadDeadline(t time.Time) error {
	defer c.noticed()
	return c.Conn.SetReadDeadline(t)
}

func (c *watched) CloseRead() error  { return c.Conn.(*net.TCPConn).CloseRead() }
func (c *watched) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

func (c *watched) noticed() {
	if c.held.Load() {
		c.stir.Do(func() { close(c.stirred) })
	}
}

// A late listener keeps its second client until ctx has ended.
type late struct {
	net.Listener
	clients atomic.Int32
	has     chan struct{} // closed when it has its second client
	ended   chan struct{} // closed when ctx has ended
}

func (l *late) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil && l.clients.Add(1) == 2 {
		close(l.has)
		<-l.ended
	}
	return conn, err
}

func (l *late) SetDeadline(t time.Time) error {
	return l.Listener.(*net.TCPListener).SetDeadline(t)
}

// A failing listener hands out its first clients. Once it is broken, its Accept fails
// so often. Then it works again.
type failing struct {
	net.Listener
	first  int64
	fails  int64
	calls  atomic.Int64
	broken chan struct{}
	closed chan struct{}
	once   sync.Once
}

// spinning is how many calls of Accept in a moment can only come from a loop
// without a pause.
const spinning = 10000

func (r *run) failing(first, fails int64) *failing {
	f := &failing{Listener: r.ln, first: first, fails: fails, broken: make(chan struct{}), closed: make(chan struct{})}
	r.tr.Cleanup(func() { f.Close() })
	return f
}

func (f *failing) Accept() (net.Conn, error) {
	n := f.calls.Add(1)
	if n <= f.first || n-f.first > f.fails {
		conn, err := f.Listener.Accept()
		if err != nil { // a deadline of the answer's
			f.calls.Add(-1)
		}
		return conn, err
	}
	if n > spinning {
		<-f.closed // enough is known: leave the processor to others
	}
	select {
	case <-f.broken:
	case <-f.closed:
	}
	select {
	case <-f.closed:
		return nil, net.ErrClosed
	default:
		return nil, errAccept
	}
}

func (f *failing) Close() error {
	f.once.Do(func() { close(f.closed) })
	return f.Listener.Close()
}

// SetDeadline is what many listeners have.
func (w *watch) SetDeadline(t time.Time) error {
	return w.Listener.(*net.TCPListener).SetDeadline(t)
}

func (f *failing) SetDeadline(t time.Time) error {
	return f.Listener.(*net.TCPListener).SetDeadline(t)
}
