package check

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
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

	call      *exam.Call
	goroutine string          // how a stack names the one that calls the answer
	err       error           // what the answer returned, once it has
	trips     []time.Duration // how long each datagram took that came back right
	marked    int             // how often the answer had called WriteTo when the last datagram left
	received  int             // how many datagrams it had received then
	began     time.Time
	patient   bool // the case is there to find out that an answer is slow
	excused   bool // a call failed, so an error is right too
	silenced  bool // what follows says nothing: the checker itself failed, or the answer is slow
}

// budget is how long an answer may take for the datagrams of one case, when it
// takes long for each. The case with many datagrams tells it so.
const budget = 5 * time.Second

// open makes the sockets of a case. It returns nil where the system has none.
func open(tr *exam.Trial, echo func(net.PacketConn) error, peers int) *server {
	s := &server{tr: tr, echo: echo, began: time.Now()}
	for i := range 1 + peers {
		socket, err := exam.ListenUDP()
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
	s.call = s.tr.Go(func() {
		defer s.asserts()
		s.goroutine = goroutine()
		s.err = s.echo(given)
	})
}

// asserts takes a panic of conn.(*net.UDPConn) for an error: that is no wrong index.
func (s *server) asserts() {
	v := recover()
	if err, ok := v.(*runtime.TypeAssertionError); ok && strings.Contains(err.Error(), "check.conn") {
		s.err = err
	} else if v != nil {
		panic(v)
	}
}

// unable reports that the checker could not do its part.
func (s *server) unable(format string, args ...any) {
	s.silenced = true
	s.tr.Wrong(exam.NoSocket, format, args...)
}

func (s *server) returned() bool { return isClosed(s.call.Done()) }

// over tells whether the answer has no reason to send any more.
func (s *server) over() bool { return s.returned() || isClosed(s.conn.spins) }

// gaveUp tells whether the answer returned an error after a call had failed.
func (s *server) gaveUp() bool {
	return s.returned() && s.excused && s.err != nil && !s.toDo() && !s.call.Panicked()
}

// mark remembers what the answer did before a datagram left.
func (s *server) mark() {
	s.conn.mu.Lock()
	s.marked, s.received = len(s.conn.writes), s.conn.received
	s.conn.mu.Unlock()
}

// since returns what the answer sent since the mark, and whether it took a
// datagram in the meantime and waits for the next.
func (s *server) since() (sent []write, readsOn bool) {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	return slices.Clone(s.conn.writes[s.marked:]), s.conn.received > s.received && s.conn.reading > 0
}

// did tells what the answer does while nothing comes from it.
func (s *server) did() string {
	switch {
	case !s.returned():
		return fmt.Sprintf("nothing came back within %v", exam.Limit)
	case s.err == nil:
		return "Echo returned nil, while conn was open"
	case errors.As(s.err, new(*runtime.TypeAssertionError)):
		return fmt.Sprintf("Echo panicked: %v", s.err)
	}
	return fmt.Sprintf("Echo returned, while conn was open, the error %q", s.err)
}

// greet sends three short texts, one by one, as all plain texts without spaces:
// where words are cut out of a datagram, one case tells it. It returns false when
// the case can stop there: what is wrong with so little says nothing about the
// case's own question. Lengths go up and down, to see what stays in a buffer.
func (s *server) greet(p *peer) bool {
	for _, text := range []string{"Hi", "Hello-" + p.name[len("127.0.0.1:"):], "Ok"} {
		if !s.expect(p, []byte(text)) {
			return false
		}
	}
	if s.returned() { // and left the work to a goroutine
		s.early()
		return false
	}
	return true
}

// expect sends a plain text and reports anything but its echo.
func (s *server) expect(p *peer, text []byte) bool {
	return s.ask(p, "", text, nil, func() { s.missing(p, text) })
}

// expectFor is expect for what a case is about: whatever is wrong gets diagnosis d.
func (s *server) expectFor(d exam.Diagnosis, p *peer, data []byte) bool {
	return s.ask(p, "", data, func(got []byte) exam.Diagnosis {
		if len(got) > 0 && p.sentBefore(got) {
			return twice
		}
		return d
	}, s.lacks(d, p, data))
}

// lacks reports that data did not come back, which has to do with what is in it.
func (s *server) lacks(d exam.Diagnosis, p *peer, data []byte) func() {
	return func() {
		switch {
		case s.timedOut() != "":
			s.early()
		case p.sentBefore(data) && !s.returned():
			s.tr.Wrong(skips, "%s sent %s again; %s.", p.name, show(data), s.did())
		default:
			s.tr.Wrong(d, "%s sent %s; %s.", p.name, show(data), s.did())
		}
	}
}

// ask sends data and tells whether its echo came. If something else came, it
// reports that, and idea finds the diagnosis. If nothing came, missing reports
// that. Story begins what is told, if there is something to tell before.
func (s *server) ask(p *peer, story string, data []byte, idea func(got []byte) exam.Diagnosis, missing func()) bool {
	begun := time.Now()
	got, came := p.ask(data)
	switch {
	case came && bytes.Equal(got, data):
		s.trips = append(s.trips, time.Since(begun))
		s.silenced = s.slow()
		return !s.silenced
	case s.failed():
	case !came:
		missing()
	case idea == nil:
		s.tr.Wrong(s.different(p, data, got), "%s%s sent %s; %s came back.", story, p.name, show(data), show(got))
	default:
		s.tr.Wrong(idea(got), "%s%s sent %s; %s came back.", story, p.name, show(data), show(got))
	}
	return false
}

// slow tells whether the answer takes so long for each datagram that this case has
// to stop.
func (s *server) slow() bool {
	return !s.patient && time.Since(s.began) > budget && slices.Min(s.trips) > budget/50
}

// failed tells whether something else is already known to be the reason.
func (s *server) failed() bool {
	return s.silenced || s.returned() && s.call.Panicked()
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
	switch {
	case len(got) == 0 && len(joined) > 0 && bytes.Equal(joined, sent):
		return twice // one is empty, and one is whole
	case len(joined) > len(got) && bytes.HasPrefix(sent, joined):
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
	sent, readsOn := s.since()
	if s.closedConn() {
		s.tr.Wrong(closesConn, "%s; Echo closed conn itself, after %s.", story, s.count())
		return
	}
	if p.foreign != "" {
		s.tr.Wrong(otherSocket, "%s to %s; the echo came from another socket, %s.", story, s.addr, p.foreign)
		return
	}
	for _, w := range sent {
		switch {
		case w.to != p.name:
			s.tr.Wrong(sender, "%s; your Echo called WriteTo with the address %s.", story, w.to)
			return
		case w.err != nil && w.bytes > len(text)+64:
			s.tr.Wrong(wholeBuffer, "%s; your Echo called WriteTo with %d bytes, and the system refused: %v.", story, w.bytes, w.err)
			return
		}
	}
	if s.returned() || s.timedOut() != "" {
		s.early()
		return
	}
	did := s.did()
	if place := s.sleeping(); place != "" {
		s.tr.Wrong(slow, "%s; %s: your Echo was %s.", story, did, place)
	} else if len(s.trips) == 0 {
		s.tr.Wrong(noAnswer, "%s; %s.", story, did)
	} else if readsOn && len(sent) == 0 {
		s.tr.Wrong(skips, "%s sent datagram number %d; your Echo received it and did not send it back.", p.name, len(s.trips)+1)
	} else {
		s.tr.Wrong(endsEarly, "%s sent datagram number %d; %s.", p.name, len(s.trips)+1, did)
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
	if len(s.trips) == 1 {
		return "1 datagram"
	}
	return fmt.Sprint(len(s.trips), " datagrams")
}

// early reports an answer that returned while conn was open.
func (s *server) early() {
	var op *net.OpError
	switch {
	case s.failed():
	case s.closedConn():
		s.tr.Wrong(closesConn, "Echo closed conn itself, after %s.", s.count())
	case s.timedOut() != "":
		s.tr.Wrong(silence, "a %s deadline passed, which your Echo had set; then %s, after %s.", s.timedOut(), s.did(), s.count())
	case errors.As(s.err, &op) && (op.Op == "listen" || op.Op == "dial"):
		s.tr.Wrong(otherSocket, "%s, after %s.", s.did(), s.count())
	case s.answers():
		s.tr.Wrong(leftBehind, "%s; a goroutine still answered.", s.did())
	case !s.plain && len(s.trips) == 0 && !isClosed(s.conn.waits) && s.answersPlain():
		s.tr.Wrong(anyConn, "Echo got a conn that is no *net.UDPConn; %s.", s.did())
	default:
		s.tr.Wrong(endsEarly, "%s, after %s.", s.did(), s.count())
	}
}

// closedConn tells whether the answer closed conn.
func (s *server) closedConn() bool {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	return s.conn.closedByEcho
}

// timedOut tells which deadline of its own was the last that the answer met:
// "read", "write", or "".
func (s *server) timedOut() string {
	sent, _ := s.since()
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	switch {
	case s.conn.timeouts > 0, s.returned() && errors.Is(s.err, os.ErrDeadlineExceeded):
		return "read"
	case len(sent) > 0 && errors.Is(sent[len(sent)-1].err, os.ErrDeadlineExceeded):
		return "write"
	}
	return ""
}

// answers tells whether the answer sends one plain text back.
func (s *server) answers() bool {
	got, _ := s.peers[0].ask([]byte("Hi"))
	return string(got) == "Hi"
}

// answersPlain tells whether the answer answers on a *net.UDPConn.
func (s *server) answersPlain() bool {
	plain := open(s.tr, s.echo, 1)
	if plain == nil {
		return false
	}
	plain.plain = true
	plain.start()
	return plain.answers()
}

// end closes conn and sees that the answer returns nil.
func (s *server) end() bool {
	if s.returned() && !s.gaveUp() {
		s.early()
		return false
	}
	switch before := isClosed(s.conn.spins); {
	case before && s.timedOut() != "":
		s.tr.Wrong(busy, "nobody sent anything for a while, and a read deadline, which your Echo had set, passed %d times.", spinningDeadline)
		return false
	case before:
		s.tr.Wrong(spins, "your Echo called %s %d times without a pause, and got an error each time.", s.conn.spun, spinning)
		return false
	}
	s.conn.end()
	if !s.ends(turns) || s.failed() {
		return false
	}
	if s.err != nil && !s.excused {
		s.tr.Wrong(closedError, "conn was closed, after %s; Echo returned the error %q, not nil.", s.count(), s.err)
		return false
	}
	return true
}

// ends waits some turns until the answer has returned.
func (s *server) ends(turns int) bool {
	for range turns {
		select {
		case <-s.call.Done():
			return true
		case <-s.conn.spins:
			s.tr.Wrong(goesOn, "conn was closed; Echo did not return. It called %s %d times more, and got an error each time.", s.conn.spun, spinning)
			return false
		case <-time.After(turn):
		}
	}
	if hung := s.call.WaitFor(0); hung != "" {
		s.tr.Wrong(goesOn, "conn was closed; Echo did not return within %v: it was %s.", time.Duration(turns)*turn, hung)
		return false
	}
	return true
}

// toDo tells whether the answer returned the stub's error.
func (s *server) toDo() bool { return errors.Is(s.err, exam.ErrToDo) }
