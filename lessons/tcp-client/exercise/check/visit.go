package check

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"example.com/sockets/shared/exam"
)

// An asker is an answer to the exercise.
type asker = func(addr, message string, timeout time.Duration) (string, error)

const (
	// long is the timeout where a right answer needs none. One that waits
	// until it is over still returns before exam.Limit.
	long = 2 * time.Second
	// short is the timeout where a right answer has to wait until it is over.
	short = 250 * time.Millisecond
	// patience is how long a server waits for what a right answer does at once.
	patience = 1500 * time.Millisecond
	// gap is how long a server rests between two pieces, so that the client has
	// read the first before the second comes.
	gap = 100 * time.Millisecond
)

// rests are pauses for servers that try again because a busy machine can make
// any client late once.
var rests = []time.Duration{gap, 4 * gap, 10 * gap}

// A visit is one call of Ask, at a server of its own.
type visit struct {
	tr      *exam.Trial
	ask     asker
	message string
	timeout time.Duration
	did     string // what the server does, as the learner is told it: sentences, the last without its dot
	addr    string // where Ask is to connect
	noOne   bool   // at addr is no server of the checker
	slow    bool   // even a right answer may need more than the timeout
	call    *exam.Call
	began   time.Time

	returned chan struct{} // closed when Ask has returned, or panicked
	reply    string        // this and the next two are set when Ask has returned
	err      error
	took     time.Duration
	hung     string // where Ask hangs
	located  bool   // hung is as good as it gets

	mu     sync.Mutex
	peers  []*peer
	marker string // the address of a client that is the checker's own
	rested bool   // the server has rested, with Ask still waiting
	cut    bool   // Ask has returned while the server rested
	inTime bool   // the server has done all it was to do, with Ask still waiting
}

// start calls Ask with the address of a server that runs serve for each client.
func start(tr *exam.Trial, ask asker, message string, timeout time.Duration, did string, serve func(*peer)) *visit {
	return startNamed(tr, ask, "127.0.0.1", message, timeout, did, serve)
}

// startNamed is start with ::1, or with a name for 127.0.0.1.
func startNamed(tr *exam.Trial, ask asker, host, message string, timeout time.Duration, did string, serve func(*peer)) *visit {
	at := "127.0.0.1:0"
	if host == "::1" {
		at = "[::1]:0"
	}
	listen := func() (net.Listener, error) { return net.Listen("tcp", at) }
	if len(message) >= hugeSize {
		listen = listenNarrow
	}
	ln, err := listen()
	if err != nil {
		tr.Wrong(exam.NoSocket, "listen: %v.", err)
		return nil
	}
	tr.Cleanup(func() { ln.Close() })
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	v := &visit{tr: tr, ask: ask, message: message, timeout: timeout, did: did, addr: net.JoinHostPort(host, port), began: time.Now(), returned: make(chan struct{})}
	go v.accept(ln, serve)
	v.call = tr.Go(v.run)
	return v
}

// startAt calls Ask with an address where no server of the checker answers.
func startAt(tr *exam.Trial, ask asker, addr, message string, timeout time.Duration, did string) *visit {
	v := &visit{tr: tr, ask: ask, message: message, timeout: timeout, did: did, addr: addr, noOne: true, began: time.Now(), returned: make(chan struct{})}
	v.call = tr.Go(v.run)
	return v
}

func (v *visit) run() {
	defer close(v.returned)
	began := time.Now()
	v.reply, v.err = v.ask(v.addr, v.message, v.timeout)
	v.took = time.Since(began)
}

func (v *visit) accept(ln net.Listener, serve func(*peer)) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		p := &peer{v: v, conn: conn.(*net.TCPConn), enough: make(chan struct{}), ended: make(chan struct{})}
		if v.message == "" {
			p.once.Do(func() { close(p.enough) })
		}
		v.tr.Cleanup(func() { conn.Close() })
		v.mu.Lock()
		v.peers = append(v.peers, p)
		v.mu.Unlock()
		go serve(p)
	}
}

// soon tells whether Ask has returned within a moment from its beginning.
func (v *visit) soon() bool {
	select {
	case <-v.call.Done():
	case <-time.After(time.Until(v.began.Add(7 * gap))):
	}
	select {
	case <-v.call.Done():
		return !v.call.Panicked()
	default:
		return false
	}
}

// wait waits for calls, of each at most exam.Limit, and notes which of them hang,
// of the first also where. When the first hangs, the others have no more time than
// it had. It returns false when one of them panicked, or never began.
func wait(visits ...*visit) bool {
	end := time.Now().Add(exam.Limit)
	expired := false // the time of the first
	for i, v := range visits {
		if v == nil {
			return false
		}
		if v.hung != "" { // known from before
			continue
		}
		limit := time.Until(end)
		if i == 0 {
			limit = time.Until(v.began.Add(exam.Limit))
		} else if expired {
			limit = 0
		}
		select {
		case <-v.call.Done():
		case <-time.After(limit):
			select {
			case <-v.call.Done(): // both were ready, and select chose the limit
			default:
				v.hung = exam.Unknown
				expired = expired || i == 0
			}
		}
	}
	// WaitFor closes the trial's sockets. So it comes after all have been looked
	// at, and for the first only: of the others nobody asks where they hang.
	visits[0].locate()
	for _, v := range visits {
		if v.hung == "" && v.call.Panicked() {
			return false
		}
	}
	return true
}

// locate finds where a call hangs. It looks only once: a Call can tell it once.
func (v *visit) locate() {
	if v.hung == "" || v.located {
		return
	}
	v.located = true
	if at := v.call.WaitFor(time.Millisecond); at != "" {
		v.hung = at
	}
}

// neverCame tells whether Ask hangs before it has connected. It waits until that
// is known.
func (v *visit) neverCame() bool {
	for v != nil && !v.noOne && v.seen() == 0 {
		select {
		case <-v.call.Done():
			return false
		case <-time.After(gap / 10):
		}
		if time.Since(v.began) > exam.Limit {
			return wait(v) && v.hung != "" && v.seen() == 0
		}
	}
	return false
}

// seen tells how many clients the server has seen so far.
func (v *visit) seen() int {
	n, _ := v.clients()
	return n
}

// connections tells how many connections Ask has made to the server.
func (v *visit) connections() int {
	if n := v.seen(); n > 0 {
		return n
	}
	// Ask may have connected and gone before the server saw it. Clients are
	// accepted in the order they came: when this one is, all before it were.
	marker, err := net.Dial("tcp", v.addr)
	if err != nil {
		return 0
	}
	defer marker.Close()
	v.mu.Lock()
	v.marker = marker.LocalAddr().String()
	v.mu.Unlock()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if n, marked := v.clients(); marked {
			return n
		}
	}
	return 0
}

// client is the server's end of the connection that Ask made.
func (v *visit) client() *peer {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.peers[0]
}

// outcome says what Ask did.
func (v *visit) outcome() string {
	if v.hung != "" {
		return fmt.Sprintf("did not return within %v: it was %s", exam.Limit, v.hung)
	}
	did := "returned "
	switch {
	case v.err == nil:
		did += exam.Quote(v.reply) + " and no error"
	case v.reply == "":
		did += fmt.Sprintf("the error %q", v.err)
	default:
		did += fmt.Sprintf("%s and the error %q", exam.Quote(v.reply), v.err)
	}
	// Elsewhere the time says more about the computer than about the answer.
	if v.timeout == long && v.took < v.timeout && !deadline(v.err) {
		return did
	}
	return fmt.Sprintf("%s, after %v", did, v.took.Round(time.Millisecond))
}

// wrong reports a diagnosis with the story of this visit.
func (v *visit) wrong(d exam.Diagnosis) {
	v.tr.Wrong(d, "%s. Your Ask %s.", v.did, v.outcome())
}

// wasInTime tells whether the server was done while Ask still waited.
func (v *visit) wasInTime() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.inTime
}

// left tells whether Ask has returned while the server rested.
func (v *visit) left() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.cut
}

// gaveUp tells whether the server has waited for the message in vain.
func (v *visit) gaveUp() bool {
	if v.seen() == 0 {
		return false
	}
	p := v.client()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gaveUp
}

// messageOK tells whether the server got the message, in time, and nothing else. An
// answer that failed need not have sent all of it.
func (v *visit) messageOK() bool {
	p := v.client()
	p.mu.Lock()
	defer p.mu.Unlock()
	// A reset can take bytes with it that had come but were not read.
	// A busy machine needs long for a long message.
	late := p.gaveUp && !v.slow
	return !p.other && !late && (p.broke || v.err != nil || p.n == len(v.message))
}

// shown is how many bytes a story shows at most.
const shown = 60

// hasRested tells whether the server has rested while Ask still waited.
func (v *visit) hasRested() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.rested
}

// deadline tells whether err says that the time is up.
func deadline(err error) bool {
	return errors.Is(err, errDeadline) || errors.Is(err, errContext)
}

// A peer is the server's end of one connection.
type peer struct {
	v      *visit
	conn   *net.TCPConn
	once   sync.Once     // closes enough
	enough chan struct{} // closed when as many bytes came as the message has, or the end
	reader sync.Once
	ended  chan struct{} // closed when the client's end was seen

	closing  sync.Once
	isClosed bool

	mu       sync.Mutex
	n        int    // how many bytes the client sent
	start    []byte // the first of them
	other    bool   // they are not those of the message
	broke    bool   // the client's end was a reset, or the server's own
	finished bool   // the server has ended its direction
	gaveUp   bool   // the server has waited for the message in vain
}

// listen begins to read what the client sends, to the end.
func (p *peer) listen() {
	p.reader.Do(func() { go p.read() })
}

func (p *peer) read() {
	defer close(p.ended)
	defer p.once.Do(func() { close(p.enough) })
	buf := make([]byte, 16<<10)
	for {
		n, err := p.conn.Read(buf)
		p.mu.Lock()
		p.take(buf[:n])
		all := p.n >= len(p.v.message)
		p.broke = err != nil && err != io.EOF
		p.mu.Unlock()
		if all {
			p.once.Do(func() { close(p.enough) })
		}
		if err != nil {
			return
		}
	}
}

// receive reads the client's message. It does not insist: what came in the end
// is looked at when all is over.
func (p *peer) receive() {
	p.listen()
	select {
	case <-p.enough:
	case <-time.After(patience):
		p.mu.Lock()
		p.gaveUp = true
		p.mu.Unlock()
	}
}

func (p *peer) send(s string) {
	io.WriteString(p.conn, s)
}

// pause rests until the client must have read what was sent. A client that has
// returned needs no rest.
func (p *peer) pause(d time.Duration) {
	select {
	case <-p.v.returned:
		p.v.mu.Lock()
		p.v.cut = true
		p.v.mu.Unlock()
	case <-time.After(d):
		p.v.mu.Lock()
		p.v.rested = true
		p.v.mu.Unlock()
	}
}

// done notes that the server has done all, if Ask still waits.
func (p *peer) done() {
	select {
	case <-p.v.returned:
	default:
		p.v.mu.Lock()
		p.v.inTime = true
		p.v.mu.Unlock()
	}
}

// finish ends the server's direction, as close does. The server goes on to read,
// to see all that the client sends and when it closes.
func (p *peer) finish() {
	p.mu.Lock()
	p.finished = true
	p.mu.Unlock()
	p.conn.CloseWrite()
	p.listen()
}

// reset ends the connection without a goodbye.
func (p *peer) reset() {
	p.conn.SetLinger(0)
	p.conn.Close()
}

// take compares a piece with the message, of which it keeps only the start.
func (p *peer) take(piece []byte) {
	rest := p.v.message[min(p.n, len(p.v.message)):]
	p.other = p.other || len(rest) < len(piece) || rest[:len(piece)] != string(piece)
	p.start = append(p.start, piece[:min(len(piece), shown+1-len(p.start))]...)
	p.n += len(piece)
}

// got shows what the client sent.
func (p *peer) got() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return exam.QuoteStart(string(p.start), p.n)
}

// count tells how many bytes the client sent.
func (p *peer) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

// sawEnd waits until the client's end was seen. As long as bytes come that were
// still on their way, it goes on waiting.
func (p *peer) sawEnd() bool {
	for {
		before := p.count()
		select {
		case <-p.ended:
			return true
		case <-time.After(patience):
		}
		if p.count() == before {
			return false
		}
	}
}

// closed waits until the client has closed the connection, and tells whether it has.
func (p *peer) closed() bool {
	p.closing.Do(func() { p.isClosed = p.seesClose() })
	return p.isClosed
}

func (p *peer) seesClose() bool {
	p.listen()
	if !p.sawEnd() {
		return false
	}
	end := time.Now().Add(patience)
	p.mu.Lock()
	sure := p.broke || p.finished
	p.mu.Unlock()
	// The client may have ended only its own direction. A connection that it
	// has closed answers further bytes with a reset.
	for !sure && time.Now().Before(end) {
		if _, err := p.conn.Write([]byte{'.'}); err != nil {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return sure
}

// clients counts the clients that the server has seen so far, and tells whether
// it has seen the marker, which does not count.
func (v *visit) clients() (n int, marked bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range v.peers {
		if p.conn.RemoteAddr().String() == v.marker {
			marked = true
		} else {
			n++
		}
	}
	return n, marked
}

// heard tells whether the server has got anything from Ask.
func (v *visit) heard() bool { return v.seen() > 0 && v.client().count() > 0 }
