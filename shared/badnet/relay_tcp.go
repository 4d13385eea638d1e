package badnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/errno"
	"example.com/sockets/shared/steplog"
)

// pieceGap is between the pieces of a split, and before a reset: time to read
// what came first.
const pieceGap = 20 * time.Millisecond

// stallTime is how long a stalled connection stays open when its receiver has
// ended its own direction.
var stallTime = 30 * time.Second // a variable for the tests

// Bounds of what a relay keeps for TCP. Who sends more has to wait.
const (
	maxChunk    = 16 << 10 // what one read returns at most
	queueLength = 64       // chunks that wait in one direction: a megabyte can be late as a whole
	maxMerge    = 64 << 10 // what merge gathers, less the last chunk
	maxLinks    = 256      // connections at once; further ones wait in the system's queue
)

// A link is one relayed connection: a pair of TCP connections.
type link struct {
	client, server *net.TCPConn
	done           chan struct{} // closed when the link is over
	once           sync.Once
	doom           atomic.Pointer[pipe] // the direction that is about to reset the link
}

// A pipe is one direction of a link.
type pipe struct {
	way
	link     *link
	src, dst *net.TCPConn
	other    *pipe         // the other direction
	ended    chan struct{} // closed when the end of src has been read
	over     chan struct{} // closed when nothing more will go on
	finSent  atomic.Bool   // dst has been told the end, or is just being told
	last     int           // the fault that ends this direction
	limit    int           // after how many bytes
	passed   int           // bytes that went on
}

// startTCP listens and accepts clients in the background.
func (r *Relay) startTCP(addr netip.AddrPort) error {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(r.ctx, "tcp", addr.String())
	if err != nil {
		return err
	}
	context.AfterFunc(r.ctx, func() { ln.Close() })
	r.addr = ln.Addr().String()
	r.wg.Go(func() { r.accept(ln) })
	return nil
}

func (r *Relay) accept(ln net.Listener) {
	defer ln.Close()
	slots := make(chan struct{}, maxLinks)
	for number := uint64(1); ; number++ {
		select {
		case slots <- struct{}{}:
		case <-r.ctx.Done():
			return
		}
		conn, err := ln.Accept()
		for err != nil { // the client left again, or this program has too many sockets
			if errors.Is(err, net.ErrClosed) || !sleep(r.ctx.Done(), 10*time.Millisecond) {
				return
			}
			conn, err = ln.Accept()
		}
		r.wg.Go(func() {
			defer func() { <-slots }()
			r.join(conn.(*net.TCPConn), number)
		})
	}
}

// join connects a client with the server, and returns when the link is over.
func (r *Relay) join(client *net.TCPConn, number uint64) {
	var d net.Dialer
	d.SetMultipathTCP(false)
	begun := time.Now()
	conn, err := d.DialContext(r.ctx, "tcp", r.to.String())
	if err != nil {
		// The client was connected too early to be told that the server refuses
		// it: a reset is as near as a relay can come.
		r.failed("connect", "Dialer.DialContext", "SOCK_STREAM", r.to.String(), begun, err)
		client.SetLinger(0)
		client.Close()
		return
	}
	l := &link{client: client, server: conn.(*net.TCPConn), done: make(chan struct{})}
	up := r.newPipe(l, "up", number, l.client, l.server)
	down := r.newPipe(l, "down", number, l.server, l.client)
	up.other, down.other = down, up
	stop := context.AfterFunc(r.ctx, func() { l.end(false) })
	defer stop()
	var wg sync.WaitGroup
	for _, p := range []*pipe{up, down} {
		wg.Go(p.read)
		wg.Go(p.write)
	}
	wg.Wait()
	l.end(false)
	up.empty()
	down.empty()
}

func (r *Relay) newPipe(l *link, direction string, number uint64, src, dst *net.TCPConn) *pipe {
	p := &pipe{
		way:  r.newWay(direction, number, "SOCK_STREAM", src.RemoteAddr(), dst.RemoteAddr(), queueLength, l.done),
		link: l, src: src, dst: dst, ended: make(chan struct{}), over: make(chan struct{}), limit: math.MaxInt,
	}
	for _, which := range []int{reset, halfClose, stall} {
		if s := p.settings[which]; s.on && s.size < p.limit {
			p.last, p.limit = which, s.size
		}
	}
	return p
}

// end closes both connections. With SO_LINGER 0, close sends a reset and throws
// away what is not sent yet (RFC 9293, section 3.10.4, ABORT; socket(7)).
func (l *link) end(reset bool) {
	l.once.Do(func() {
		close(l.done)
		for _, conn := range []*net.TCPConn{l.client, l.server} {
			if reset {
				conn.SetLinger(0)
			}
			conn.Close()
		}
	})
}

// read queues what comes from src. When the queues are full it waits. Then the
// system's buffers fill up, and TCP lets the sender wait, too.
func (p *pipe) read() {
	defer close(p.ended)
	buf := make([]byte, maxChunk)
	for {
		n, err := p.src.Read(buf)
		// Of a reset, the system tells only one call. When a write to src was that
		// call, this read is told of an end. But a connection that was reset cannot
		// be shut down any more (ENOTCONN), as little as one with a FIN each way.
		if err == io.EOF && p.src.CloseRead() != nil && !p.other.finSent.Load() {
			err = errno.ECONNRESET
		}
		p.count(func(t *Traffic) { t.Came += n })
		p.relay.held.Add(int64(n))
		for p.relay.held.Load() > maxHeld && len(p.queue) > 0 && sleep(p.done, 10*time.Millisecond) {
		}
		select {
		case p.queue <- &piece{bytes.Clone(buf[:n]), time.Now(), err}:
		case <-p.done:
			p.relay.held.Add(-int64(n))
			return
		}
		if err != nil {
			return
		}
	}
}

// write passes on what read queued, and then the end of src.
func (p *pipe) write() {
	taken := p.passAll()
	close(p.over)
	if taken {
		return
	}
	// The receiver is gone. That is a reset for the sender, too, as soon as what
	// the receiver itself had sent before is passed on.
	for {
		select {
		case c := <-p.queue:
			p.taken(c)
		case <-p.other.over:
			p.link.end(true)
			return
		case <-p.done:
			return
		}
	}
}

// passAll passes on piece after piece, with the faults, and the end of src as it
// came: a FIN or a reset. False: dst takes no more.
func (p *pipe) passAll() bool {
	for p.passed < p.limit {
		c := p.take()
		if c.err != nil {
			if c.err != io.EOF {
				p.link.end(true)
			} else if p.free() {
				p.sendFIN()
			}
			return true
		}
		hit := p.throw()
		if hit[merge] {
			hit[split] = p.gather(c) || hit[split]
		}
		if !p.pass(c, hit[split]) {
			return false
		}
	}
	p.stop()
	return true
}

func (p *pipe) sendFIN() {
	p.finSent.Store(true)
	p.dst.CloseWrite()
}

// free tells whether something may go on. When the other direction is about to
// reset the link, nothing may: no answer is quicker than the reset.
func (p *pipe) free() bool {
	if doom := p.link.doom.Load(); doom != nil && doom != p {
		<-p.done
		return false
	}
	return true
}

// stop makes the fault that ends this direction before its time.
func (p *pipe) stop() {
	if p.last == reset {
		p.link.doom.CompareAndSwap(nil, p)
	}
	if !p.free() || p.last == reset && !sleep(p.done, pieceGap) {
		return
	}
	p.fault(faults[p.last].name, nil, steplog.Event{Bytes: p.passed})
	switch p.last {
	case reset:
		p.link.end(true)
	case halfClose:
		p.sendFIN()
		for p.take().err == nil {
		}
	case stall:
		// Nothing is read: so the sender sees what it sees of any receiver that has
		// stopped, a full buffer. When the receiver has ended its own direction, it
		// may be gone or may still wait: nothing tells.
		select {
		case <-p.other.ended:
			sleep(p.done, stallTime)
			p.link.end(true)
		case <-p.done:
		}
	}
}

// gather waits for the pieces that c is to go on together with, and adds them to
// it. It tells whether one of them meets a split.
func (p *pipe) gather(c *piece) (splits bool) {
	first := len(c.data)
	for more := true; more && len(c.data) < min(maxMerge, p.limit-p.passed); {
		next := p.follower(c)
		if next == nil {
			break
		}
		hit := p.throw()
		c.data = append(c.data, next.data...)
		splits, more = splits || hit[split], hit[merge]
	}
	p.fault("merge", c.data, steplog.Event{Took: time.Since(c.at), Limit: first})
	return splits
}

// pass sends one piece to dst, up to the limit. False: dst takes no more.
func (p *pipe) pass(c *piece, splits bool) bool {
	c.data = c.data[:min(len(c.data), p.limit-p.passed)]
	if !p.late(c) {
		return false
	}
	data := c.data
	if splits && len(data) > 1 {
		at := 1 + p.roll(numFaults).IntN(len(data)-1)
		p.fault("split", data, steplog.Event{Took: pieceGap, Limit: at})
		if !p.send(data[:at]) || !sleep(p.done, pieceGap) {
			return false
		}
		data = data[at:]
	}
	return p.send(data)
}

// send writes to dst, at once or one byte at a time.
func (p *pipe) send(data []byte) bool {
	step := len(data)
	apart := p.settings[drip].time
	if apart > 0 && len(data) > 1 {
		p.fault("drip", data, steplog.Event{Took: apart})
		step = 1
	}
	for len(data) > 0 {
		if p.last == reset && p.passed+step == p.limit {
			p.link.doom.CompareAndSwap(nil, p)
		}
		if !p.free() {
			return false
		}
		begun := time.Now()
		n, err := p.dst.Write(data[:step])
		p.passed += n
		p.count(func(t *Traffic) { t.Went += n })
		if err != nil {
			p.failed("send", "Conn.Write", begun, err)
			return false
		}
		data = data[step:]
		if apart > 0 && !sleep(p.done, apart) {
			return false
		}
	}
	return true
}
