package check

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"example.com/sockets/shared/exam"
)

// A server is the answer under way, with the peers that talk to it.
type server struct {
	tr    *exam.Trial
	echo  func(net.PacketConn) error
	peers []*peer
	conn  *conn
	plain bool // the answer gets the socket itself instead of conn
	addr  netip.AddrPort

	call    *exam.Call
	err     error // what the answer returned, once it has
	echoed  int   // how many datagrams came back right
	marked  int   // how often the answer had called WriteTo when the last datagram left
	patient bool  // the case is there to find out that an answer is slow
	excused bool  // a call failed, so an error is right too when conn is closed
	broken  bool  // the checker itself failed; what follows says nothing
}

// open makes the sockets of a case. It returns nil where the system has none.
func open(tr *exam.Trial, echo func(net.PacketConn) error, peers int) *server {
	s := &server{tr: tr, echo: echo}
	for i := range 1 + peers {
		socket, err := listen()
		if err != nil {
			s.unable("no socket could be opened: %v", err)
			return nil
		}
		tr.Cleanup(func() { socket.Close() })
		if i == 0 {
			s.conn, s.addr = newConn(socket), addrPort(socket)
		} else {
			s.peers = append(s.peers, newPeer(s, socket))
		}
	}
	return s
}

func (s *server) start() {
	given := net.PacketConn(s.conn)
	if s.plain {
		given = s.conn.PacketConn
	}
	s.call = s.tr.Go(func() { s.err = s.echo(given) })
}

// unable reports that the checker could not do its part.
func (s *server) unable(format string, args ...any) {
	s.broken = true
	s.tr.Wrong(unable, format, args...)
}

func (s *server) returned() bool { return isClosed(s.call.Done()) }

// over tells whether the answer has no reason to send any more.
func (s *server) over() bool { return s.returned() || isClosed(s.conn.spins) }

// mark remembers which calls of WriteTo were made before a datagram left.
func (s *server) mark() {
	s.conn.mu.Lock()
	s.marked = len(s.conn.writes)
	s.conn.mu.Unlock()
}

// did tells what the answer does while nothing comes from it.
func (s *server) did() string {
	switch {
	case !s.returned():
		return fmt.Sprintf("nothing came back within %v", exam.Limit)
	case s.err == nil:
		return "Echo returned nil, while conn was open"
	}
	return fmt.Sprintf("Echo returned, while conn was open, the error %q", s.err)
}

// greet sends three short texts, one by one, as all plain texts without spaces:
// where words are cut out of a datagram, one case tells it. It returns false when the case can
// stop there: what is wrong with so little says nothing about the case's own
// question. Lengths go up and down, to see what stays in a buffer.
func (s *server) greet(p *peer) bool {
	var trips []time.Duration
	for _, text := range []string{"Hi", "Hello-" + p.name[len("127.0.0.1:"):], "Ok"} {
		begun := time.Now()
		if !s.expect(p, []byte(text)) {
			return false
		}
		trips = append(trips, time.Since(begun))
	}
	if s.returned() { // and left the work to a goroutine
		s.early()
		return false
	}
	// An answer that takes its time takes too long for most cases. The one with
	// many datagrams tells it so.
	return s.patient || !s.takesItsTime(p, min(trips[1], trips[2]))
}

// expect sends a plain text and reports anything but its echo.
func (s *server) expect(p *peer, text []byte) bool {
	got, came := p.ask(text)
	switch {
	case !came:
		s.missing(p, text)
		return false
	case !bytes.Equal(got, text):
		d := s.different(p, text, got)
		s.tr.Wrong(d, "%s sent %s; %s came back.", p.name, show(text), show(got))
		return false
	}
	s.echoed++
	return true
}

// expectFor is expect for what a case is about: whatever is wrong gets diagnosis d.
func (s *server) expectFor(d exam.Diagnosis, p *peer, data []byte) bool {
	got, came := p.ask(data)
	switch {
	case came && bytes.Equal(got, data):
		s.echoed++
		return true
	case s.failed():
	case came && len(got) > 0 && p.sentBefore(got):
		s.tr.Wrong(twice, "%s sent %s; the earlier %s came back.", p.name, show(data), show(got))
	case came:
		s.tr.Wrong(d, "%s sent %s; %s came back.", p.name, show(data), show(got))
	case s.timedOut():
		s.early()
	default:
		s.tr.Wrong(d, "%s sent %s; %s.", p.name, show(data), s.did())
	}
	return false
}

// failed tells whether something else is already known to be the reason.
func (s *server) failed() bool {
	return s.broken || s.returned() && s.call.Panicked()
}

// different finds the idea behind a wrong echo.
func (s *server) different(p *peer, sent, got []byte) exam.Diagnosis {
	var previous []byte
	if len(p.sent) > 1 {
		previous = p.sent[len(p.sent)-2]
	}
	for _, other := range s.peers {
		if other != p && has(other.sent, got) {
			return sender
		}
	}
	if p.sentBefore(got) {
		return twice
	}
	if rest, ok := bytes.CutPrefix(got, sent); ok {
		zeros := len(bytes.Trim(rest, "\x00")) == 0
		if zeros || len(rest) > 64 || bytes.HasSuffix(previous, rest) {
			return wholeBuffer
		}
	}
	if bytes.HasPrefix(sent, got) {
		return s.shorter(p, sent, got)
	}
	return changed
}

// shorter finds why only the beginning of a datagram came back.
func (s *server) shorter(p *peer, sent, got []byte) exam.Diagnosis {
	joined := got
	for _, piece := range p.more(300 * time.Millisecond) {
		joined = append(joined, piece...)
	}
	if len(joined) > len(got) && bytes.HasPrefix(sent, joined) {
		return pieces
	}
	whole := func(size int) (came, whole bool) {
		data := letters(size)
		got, came := p.ask(data)
		return came, bytes.Equal(got, data)
	}
	// Where as many letters come back whole, there was room enough. And where
	// fewer letters come back cut too, room is not the reason either.
	if _, all := whole(len(sent)); all {
		return changed
	}
	if came, all := whole(len(got)); came && !all {
		return changed
	}
	return cut
}

// missing reports that a plain text never came back, and finds out why.
func (s *server) missing(p *peer, text []byte) {
	if s.failed() {
		return
	}
	story := fmt.Sprintf("%s sent %s", p.name, show(text))
	s.conn.mu.Lock()
	closed, writes := s.conn.closedByEcho, s.conn.writes[s.marked:]
	s.conn.mu.Unlock()
	if closed {
		s.tr.Wrong(closesConn, "%s; Echo closed conn itself, after %s.", story, s.count())
		return
	}
	if p.foreign != "" {
		s.tr.Wrong(otherSocket, "%s to %s; the echo came from another socket, %s.", story, s.addr, p.foreign)
		return
	}
	for _, w := range writes {
		switch {
		case w.to != p.name:
			s.tr.Wrong(sender, "%s; your Echo called WriteTo with the address %s.", story, w.to)
			return
		case w.err != nil && w.bytes > len(text)+64:
			s.tr.Wrong(wholeBuffer, "%s; your Echo called WriteTo with %s bytes, and the system refused: %v.", story, thousands(w.bytes), w.err)
			return
		}
	}
	if s.returned() || s.timedOut() {
		s.early()
		return
	}
	did := s.did()
	if place := s.sleeping(); place != "" {
		s.tr.Wrong(slow, "%s; %s: your Echo was %s.", story, did, place)
	} else if s.echoed == 0 {
		s.tr.Wrong(noAnswer, "%s; %s.", story, did)
	} else {
		s.tr.Wrong(endsEarly, "%s sent datagram number %d; %s.", p.name, s.echoed+1, did)
	}
}

// sleeping returns where an answer sleeps that neither answers nor reads. It
// ends the case, as it closes the sockets.
func (s *server) sleeping() string {
	s.conn.mu.Lock()
	reading := s.conn.reading > 0
	s.conn.mu.Unlock()
	if reading {
		return ""
	}
	if place := s.call.WaitFor(0); strings.Contains(place, "time.Sleep") {
		return place
	}
	return ""
}

// count says how many datagrams came back right.
func (s *server) count() string {
	if s.echoed == 1 {
		return "1 datagram"
	}
	return thousands(s.echoed) + " datagrams"
}

// early reports an answer that returned while conn was open.
func (s *server) early() {
	s.conn.mu.Lock()
	reads, closed := s.conn.reads, s.conn.closedByEcho
	s.conn.mu.Unlock()
	switch {
	case s.failed():
	case closed:
		s.tr.Wrong(closesConn, "Echo closed conn itself, after %s.", s.count())
	case s.timedOut():
		s.tr.Wrong(silence, "a read deadline passed, which your Echo had set; then %s, after %s.", s.did(), s.count())
	case !s.plain && reads == 0 && s.err != nil && s.answersPlain():
		s.tr.Wrong(anyConn, "Echo got a conn that is no *net.UDPConn; it returned at once, the error %q.", s.err)
	default:
		s.tr.Wrong(endsEarly, "%s, after %s.", s.did(), s.count())
	}
}

// timedOut tells whether the last that the answer's reading met was a deadline
// of its own.
func (s *server) timedOut() bool {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	return s.conn.timeouts > 0 || s.returned() && errors.Is(s.err, os.ErrDeadlineExceeded)
}

// answersPlain tells whether the answer answers on a *net.UDPConn.
func (s *server) answersPlain() bool {
	plain := open(s.tr, s.echo, 1)
	if plain == nil {
		return false
	}
	plain.plain = true
	plain.start()
	got, _ := plain.peers[0].ask([]byte("Hi"))
	return string(got) == "Hi"
}

// end closes conn and sees that the answer returns nil, and that nothing came
// back that should not have. It returns whether all was right.
func (s *server) end() bool {
	if s.returned() {
		s.early()
		return false
	}
	s.conn.end()
	if !s.ends() || s.failed() {
		return false
	}
	if s.err != nil && !s.excused {
		s.tr.Wrong(closedError, "conn was closed, after %s; Echo returned the error %q, not nil.", s.count(), s.err)
		return false
	}
	return s.nothingMore()
}

// ends waits until the answer has returned.
func (s *server) ends() bool {
	for range turns {
		select {
		case <-s.call.Done():
			return true
		case <-s.conn.spins:
			s.tr.Wrong(goesOn, "conn was closed; Echo did not return. It called ReadFrom %s times more, and got an error each time.", thousands(spinning))
			return false
		case <-time.After(turn):
		}
	}
	if hung := s.call.WaitFor(0); hung != "" {
		s.tr.Wrong(goesOn, "conn was closed; Echo did not return within %v: it hung %s.", exam.Limit, hung)
		return false
	}
	return true
}

// nothingMore sees that no peer got more than its echoes. What was sent before
// conn was closed is there already: loopback is no slower than that.
func (s *server) nothingMore() bool {
	for _, p := range s.peers {
		more := p.more(10 * time.Millisecond)
		if len(more) == 0 {
			continue
		}
		switch extra := more[0]; {
		case has(p.sent, extra):
			s.tr.Wrong(twice, "%s sent %s; it came back twice.", p.name, show(extra))
		case s.sentByOther(p, extra):
			s.tr.Wrong(sender, "%s, sent by another, came to %s too.", show(extra), p.name)
		default:
			s.tr.Wrong(changed, "%s got a datagram that nobody had sent: %s.", p.name, show(extra))
		}
		return false
	}
	return true
}

func (s *server) sentByOther(p *peer, data []byte) bool {
	for _, other := range s.peers {
		if other != p && has(other.sent, data) {
			return true
		}
	}
	return false
}

// toDo tells whether the answer returned the stub's error.
func (s *server) toDo() bool { return errors.Is(s.err, exam.ErrToDo) }
