package badnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/steplog"
)

// Bounds of what a relay keeps for TCP: maxLinks times two directions times
// queueLength+1 chunks, and what merge gathers. Who sends more has to wait.
const (
	maxChunk    = 32 << 10  // what one read returns at most
	queueLength = 32        // chunks that wait in one direction
	maxMerge    = 256 << 10 // what merge gathers at most
	maxLinks    = 64        // connections at once; further ones wait in the system's queue
)

// A link is one relayed connection: a pair of TCP connections.
type link struct {
	client, server *net.TCPConn
	done           chan struct{} // closed when the link is over
	once           sync.Once
}

// A pipe is one direction of a link.
type pipe struct {
	way
	link     *link
	src, dst *net.TCPConn
	other    *pipe // the other direction
	queue    chan chunk
	put      *chunk        // taken from the queue, and still to come
	ended    chan struct{} // closed when the end of src has been read
	over     chan struct{} // closed when nothing more will go on
	broken   atomic.Bool   // a write to src has failed: its end is no FIN
	passed   int           // bytes that went on
}

// A chunk is what one read returned.
type chunk struct {
	data []byte
	at   time.Time // when it was read
	err  error     // how src ended; no chunk comes after it
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
	conn, err := d.DialContext(r.ctx, "tcp", r.to)
	if err != nil {
		// The client was connected too early to be told that the server refuses
		// it: a reset is as near as a relay can come.
		r.failed("connect", "Dialer.DialContext", "SOCK_STREAM", r.to, begun, err)
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
}

func (r *Relay) newPipe(l *link, direction string, number uint64, src, dst *net.TCPConn) *pipe {
	return &pipe{
		way: way{
			dice: newDice(r.faults, direction, number), relay: r, direction: direction, kind: "SOCK_STREAM",
			from: src.RemoteAddr().String(), to: dst.RemoteAddr().String(),
		},
		link: l, src: src, dst: dst, queue: make(chan chunk, queueLength), ended: make(chan struct{}), over: make(chan struct{}),
	}
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

// read queues what comes from src. When the queue is full it waits. Then the
// system's buffers fill up, and TCP lets the sender wait, too.
func (p *pipe) read() {
	defer close(p.ended)
	buf := make([]byte, maxChunk)
	for {
		n, err := p.src.Read(buf)
		p.count(func(t *Traffic) { t.Came += n })
		select {
		case p.queue <- chunk{bytes.Clone(buf[:n]), time.Now(), err}:
		case <-p.link.done:
			return
		}
		if err != nil {
			return
		}
	}
}

// take waits for the next chunk. After the end of the link it returns an error.
func (p *pipe) take() (c chunk) {
	if p.put != nil {
		c, p.put = *p.put, nil
		return c
	}
	select {
	case c = <-p.queue:
	case <-p.link.done:
		c.err = net.ErrClosed
	}
	return c
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
		case <-p.queue:
		case <-p.other.over:
			p.link.end(true)
			return
		case <-p.link.done:
			return
		}
	}
}

// passAll passes on chunk after chunk, with the faults, and the end of src as it
// came: a FIN or a reset. False: dst takes no more.
func (p *pipe) passAll() bool {
	for {
		if which, after := p.limit(); after == p.passed {
			p.stop(which)
			return true
		}
		c := p.take()
		if c.err != nil {
			if !p.finish(c.err) {
				p.dst.CloseWrite()
			}
			return true
		}
		hit := p.throw()
		if hit[merge] {
			hit = p.gather(&c, hit)
		}
		if !p.pass(c, hit[split]) {
			p.other.broken.Store(true)
			return false
		}
	}
}

// finish resets the link when src ended with anything but a FIN.
func (p *pipe) finish(err error) (wasReset bool) {
	if err == io.EOF && !p.broken.Load() {
		return false
	}
	p.link.end(true)
	return true
}

// discard throws away all that comes and returns how src ended.
func (p *pipe) discard() error {
	for {
		if c := p.take(); c.err != nil {
			return c.err
		}
	}
}

// limit returns the fault that comes first after a number of bytes, and that
// number, -1 where there is none.
func (p *pipe) limit() (which, after int) {
	after = -1
	for _, i := range []int{reset, halfClose, stall} {
		if s := p.settings[i]; s.on && (after < 0 || s.size < after) {
			which, after = i, s.size
		}
	}
	return which, after
}

// stop makes the fault that ends the direction before its time.
func (p *pipe) stop(which int) {
	if which == reset && !sleep(p.link.done, pieceGap) {
		return
	}
	p.fault(faults[which].name, nil, steplog.Event{Bytes: p.passed})
	switch which {
	case reset:
		p.link.end(true)
	case halfClose:
		p.dst.CloseWrite()
		p.finish(p.discard())
	case stall:
		// While the receiver may still wait, nothing is read: so the sender sees
		// what it sees of any receiver that has stopped, a full buffer. When both
		// sides have ended, the link is over.
		select {
		case <-p.other.ended:
			p.discard()
		case <-p.link.done:
		}
	}
}

// gather waits for the chunks that c is to go on together with, and adds them to
// it. It returns which faults meet one of them.
func (p *pipe) gather(c *chunk, hit [numFaults]bool) [numFaults]bool {
	begun, first := time.Now(), len(c.data)
	timeout := time.After(holdTime)
	for more := true; more && len(c.data) < maxMerge; {
		select {
		case next := <-p.queue:
			if next.err != nil {
				p.put, more = &next, false
				break
			}
			also := p.throw()
			c.data, c.at = append(c.data, next.data...), next.at
			hit[split] = hit[split] || also[split]
			more = also[merge]
		case <-timeout:
			more = false
		case <-p.link.done:
			more = false
		}
	}
	p.fault("merge", c.data, steplog.Event{Time: begun, Took: time.Since(begun), Limit: first})
	return hit
}

// pass sends one chunk to dst, up to the limit. False: dst takes no more.
func (p *pipe) pass(c chunk, splits bool) bool {
	if late := p.settings[delay].time; late > 0 {
		p.fault("delay", c.data, steplog.Event{Took: late})
		if !sleep(p.link.done, time.Until(c.at.Add(late))) {
			return false
		}
	}
	data := c.data
	if _, after := p.limit(); after >= 0 {
		data = data[:min(len(data), after-p.passed)]
	}
	if splits && len(data) > 1 {
		at := 1 + p.random.IntN(len(data)-1)
		p.fault("split", data, steplog.Event{Took: pieceGap, Limit: at})
		if !p.send(data[:at]) || !sleep(p.link.done, pieceGap) {
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
		n, err := p.dst.Write(data[:step])
		p.passed += n
		p.count(func(t *Traffic) { t.Went += n })
		if err != nil {
			return false
		}
		data = data[step:]
		if apart > 0 && !sleep(p.link.done, apart) {
			return false
		}
	}
	return true
}
