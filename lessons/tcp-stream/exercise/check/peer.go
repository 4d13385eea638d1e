package check

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

// A peer is the other end of the connection. It plays a script in a goroutine of
// its own. What has no lock of its own is for others to read when
// done is closed.
type peer struct {
	conn     *net.TCPConn
	returned <-chan struct{} // closed when the answer has returned
	moved    atomic.Int64    // grows with each byte, in both directions, and each rest
	sent     atomic.Int64
	over     atomic.Bool // the case is over: what the peer sees now is the checker's doing
	done     chan struct{}

	request []byte // what it should get
	got     []byte // of request itself, as long as nothing else comes
	other   bool   // something else came

	ended bool     // it has received the end of the request
	late  bool     // the answer had returned before the end of a pause
	acts  []string // what it did, in the words of a story
}

func (p *peer) did(format string, args ...any) {
	p.acts = append(p.acts, fmt.Sprintf(format, args...))
}

// story tells what the peer really did.
func (p *peer) story() string {
	if len(p.acts) == 0 {
		return "The peer did nothing."
	}
	return "The peer " + strings.Join(p.acts, ", then ") + "."
}

// take adds to what the peer got.
func (p *peer) take(b []byte) {
	p.moved.Add(int64(len(b)))
	have := len(p.got)
	switch {
	case p.other:
		p.got = append(p.got, b...)
	case bytes.HasPrefix(p.request[have:], b):
		p.got = p.request[:have+len(b)]
	default:
		p.other = true
		p.got = slices.Concat(p.got, b)
	}
}

// receive reads to the end of the request.
func (p *peer) receive() {
	buf := make([]byte, 64<<10)
	for {
		n, err := p.conn.Read(buf)
		p.take(buf[:n])
		if err == nil {
			continue
		}
		switch {
		case p.over.Load():
			p.did("received %d bytes and waited for more", len(p.got))
		case err == io.EOF:
			p.ended = true
			p.did("received %d bytes and the end", len(p.got))
		default:
			p.did("received %d bytes and then an error (%v)", len(p.got), err)
		}
		return
	}
}

// echo sends each piece back before it reads the next.
func (p *peer) echo() {
	buf := make([]byte, 64<<10)
	for {
		n, err := p.conn.Read(buf)
		p.take(buf[:n])
		if !p.write(buf[:n]) || err != nil {
			p.ended = err == io.EOF && !p.over.Load()
			break
		}
	}
	p.did("received %d bytes and sent %d of them back while it read", len(p.got), p.sent.Load())
	p.end()
}

// write hands data over in pieces, so that moved tells how far it is.
func (p *peer) write(data []byte) bool {
	for len(data) > 0 {
		n, err := p.conn.Write(data[:min(len(data), 64<<10)])
		p.sent.Add(int64(n))
		p.moved.Add(int64(n))
		if err != nil {
			return false
		}
		data = data[n:]
	}
	return true
}

func (p *peer) send(data []byte) {
	before := p.sent.Load()
	if len(data) == 0 {
		return
	}
	if p.write(data) {
		p.did("sent %s", exam.Quote(data))
	} else {
		p.did("sent %d of %d bytes, until no more was taken", p.sent.Load()-before, len(data))
	}
}

// drip sends byte by byte, with a longer rest in the middle.
func (p *peer) drip(data []byte) {
	for i := range data {
		p.write(data[i : i+1])
		p.pause(1)
		if i == len(data)/2 {
			p.pause(40)
		}
	}
	p.did("sent %s byte by byte", exam.Quote(data))
}

// end half-closes. The peer's socket itself is closed with the case.
func (p *peer) end() {
	p.conn.CloseWrite()
	p.did("ended its direction")
}

func (p *peer) reset() {
	p.conn.SetLinger(0)
	p.conn.Close()
	p.did("reset the connection")
}

// pause rests, but not longer than the answer works. Many short rests are longer
// on a busy machine, where the answer needs longer, too.
func (p *peer) pause(ms int) {
	for range ms {
		select {
		case <-p.returned:
			p.late = true
			return
		case <-time.After(time.Millisecond):
			p.moved.Add(1) // on a busy machine all rests together are long, but no standstill
		}
	}
}
