package check

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.com/sockets/shared/exam"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// room is asked for in a server's buffers, so that nothing gets lost on loopback.
const room = 1 << 20

// kept is how many datagrams a server remembers. It counts all.
const kept = 64

// A port that one socket has given back may be another's a moment later, in this
// process or in another one. So that nobody takes a datagram that was meant for
// somebody else, each server has a number of its own. It is in each message and
// in each answer that is not empty: texts have it in the place of id.
const id = "#0000000000"

var numbered = regexp.MustCompile("#[0-9a-z]{10}")

func newNumber() string {
	return fmt.Sprintf("#%010s", strconv.FormatUint(rand.Uint64N(36*36*36*36*36*36*36*36*36*36), 36))
}

// A server gets the datagrams of Ask, and answers as a case wants it.
type server struct {
	conn   *net.UDPConn
	addr   netip.AddrPort
	number string // as newNumber makes it

	mu    sync.Mutex
	on    func(s *server, q question) // called for each datagram, one after the other; nil does nothing
	calls []*exam.Call                // the calls of Ask that know this server
	count int
	first []question
	seen  chan struct{} // gets a value when the server's own mark has come
}

// sign puts the server's number into a text.
func (s *server) sign(text string) string { return strings.ReplaceAll(text, id, s.number) }

// stray tells whether a datagram was meant for somebody else.
func (s *server) stray(data []byte) bool {
	return numbered.Match(data) && !bytes.Contains(data, []byte(s.number))
}

// mark is what the checker itself sends to the server.
func (s *server) mark() string { return s.sign("The checker's own datagram " + id) }

// A question is a datagram that a server got.
type question struct {
	number int // from 1
	data   string
	from   netip.AddrPort
	at     time.Time
}

// newServer opens a server that lives until it is closed.
func newServer(on func(*server, question)) (*server, error) {
	conn, err := listen(netip.AddrPortFrom(loopback, 0))
	if err != nil {
		return nil, err
	}
	conn.SetReadBuffer(room)
	s := &server{conn: conn, addr: local(conn), number: newNumber(), on: on, seen: make(chan struct{}, 1)}
	go s.serve()
	return s, nil
}

// openServer opens a server for a case.
func openServer(a *attempt, on func(*server, question)) *server {
	s, err := newServer(on)
	if err != nil {
		a.Wrong(exam.NoSocket, "a server's socket: %v.", err)
		return nil
	}
	a.Cleanup(s.close)
	return s
}

func listen(addr netip.AddrPort) (*net.UDPConn, error) {
	return net.ListenUDP("udp4", net.UDPAddrFromAddrPort(addr))
}

func local(conn *net.UDPConn) netip.AddrPort {
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// buffers are used again, as nothing else frees them while cases run: see holdCollections.
var buffers = sync.Pool{New: func() any { return new([1 << 16]byte) }}

func (s *server) serve() {
	buf := buffers.Get().(*[1 << 16]byte)
	defer buffers.Put(buf)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf[:])
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // some systems tell here that an answer found a closed port
			time.Sleep(time.Millisecond)
			continue
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		switch {
		case s.stray(buf[:n]):
			continue
		case string(buf[:n]) == s.mark():
			select {
			case s.seen <- struct{}{}:
			default: // it was sent more than once
			}
			continue
		}
		s.mu.Lock()
		s.count++
		q := question{number: s.count, data: string(buf[:n]), from: from, at: time.Now()}
		if len(s.first) < kept {
			s.first = append(s.first, q)
		}
		on := s.on
		s.mu.Unlock()
		if on != nil {
			on(s, q)
		}
	}
}

// close gives the port back. When an answer hangs, it does so only when that has
// returned, and turns away what comes until then: whoever else had the port would
// get it.
func (s *server) close() {
	s.mu.Lock()
	calls := s.calls
	s.mu.Unlock()
	for i, call := range calls {
		select {
		case <-call.Done():
		default:
			turnAway(s.conn, s.addr)
			go func() {
				for _, call := range calls[i:] {
					<-call.Done()
				}
				s.conn.Close()
			}()
			return
		}
	}
	s.conn.Close()
}

// handle sets what the server does with datagrams that come from now on.
func (s *server) handle(on func(*server, question)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = on
}

// answer sends a datagram back to where a question came from. When it does not
// go out, the story of the call that waits for it tells enough.
func (s *server) answer(q question, data string) {
	buf := buffers.Get().(*[1 << 16]byte)
	defer buffers.Put(buf)
	s.conn.WriteToUDPAddrPort(buf[:copy(buf[:], s.sign(data))], q.from)
}

// settle waits until the server has seen all that has been sent to it so far:
// datagrams come in the order in which they were sent, and its own is the last.
func (s *server) settle() {
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(s.addr))
	if err != nil {
		return
	}
	defer conn.Close()
	for range 50 {
		conn.Write([]byte(s.mark()))
		select {
		case <-s.seen:
			return
		case <-time.After(100 * time.Millisecond): // it found the buffer full
		}
	}
}

// asked returns how many datagrams came, and the first of them.
func (s *server) asked() (count int, first []question) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count, s.first[:len(s.first):len(s.first)]
}

// largest is the longest datagram that this system's loopback carries between
// sockets as they come. On macOS it is 9,216 bytes.
var largest = sync.OnceValue(func() int {
	return exam.LargestDatagram(func() (*net.UDPConn, error) { return listen(netip.AddrPortFrom(loopback, 0)) })
})
