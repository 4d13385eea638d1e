package experiment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"example.com/sockets/shared/badnet"
	"example.com/sockets/shared/steplog"
	"example.com/sockets/shared/timeline"
	"github.com/fatih/color"
)

const (
	// limit is how long one way may take, without the rests of -pace.
	limit = 5 * time.Second
	// soon is how long a call may wait before the wait is drawn, too.
	soon = 50 * time.Millisecond
)

// errLate says more than the error of a call that the stage's end has stopped.
var errLate = errors.New("it did not end")

// A Stage is where one way is played: sockets whose calls are drawn in two columns.
// Its methods may be used by several goroutines. What is open when the way ends, the
// stage closes, without a line: the lines show what the way itself did.
type Stage struct {
	// Context ends at Ctrl+C, and when the way takes too long.
	Context context.Context

	run     *Run
	cancel  context.CancelFunc
	columns *timeline.Columns
	stop    chan struct{} // closed to end the drawing
	stopped chan struct{} // closed when it has ended

	mu     sync.Mutex
	order  timeline.Order
	waits  []*wait
	toEnd  []io.Closer
	failed error // of the drawing
}

// A wait is a call that may block, which has begun and not ended.
type wait struct {
	row   timeline.Row
	drawn bool
}

func newStage(r *Run) *Stage {
	s := &Stage{run: r, stop: make(chan struct{}), stopped: make(chan struct{})}
	s.Context, s.cancel = context.WithTimeout(r.Context, limit+100*r.pace)
	s.order.Together = true
	s.order.NoEvents[timeline.Network] = true
	s.order.End(timeline.Network)
	s.columns = timeline.NewColumns(color.Output, r.width, !color.NoColor && !r.noColor, "client", "server")
	go s.drawing()
	return s
}

// Client returns a step log that is drawn on the left. Where several clients take
// part, each has a letter as its name; a single one has "".
func (s *Stage) Client(name string) *steplog.Logger { return s.logger(timeline.Client, name) }

// Server returns a step log that is drawn on the right.
func (s *Stage) Server() *steplog.Logger { return s.logger(timeline.Server, "") }

func (s *Stage) logger(side timeline.Side, who string) *steplog.Logger {
	return steplog.New(s.Context, s.sink(side, who), side.String(), nil, s.run.pace)
}

// ClientNote draws a line of text on the left. It is for what happened and is no
// socket call.
func (s *Stage) ClientNote(text string) { s.note(timeline.Client, text) }

// ServerNote draws one on the right.
func (s *Stage) ServerNote(text string) { s.note(timeline.Server, text) }

func (s *Stage) note(side timeline.Side, text string) {
	if s.Context.Err() != nil {
		return // what it announces will not happen
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.order.Add(timeline.Row{Side: side, Text: "  " + steplog.Escape(text), Event: steplog.Event{Time: now}}, now)
}

// listen opens a listening socket whose calls are not drawn.
func (s *Stage) listen() (net.Listener, error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false) // plain TCP, as the document has it
	ln, err := lc.Listen(s.Context, "tcp", "127.0.0.1:0")
	if err == nil {
		s.closeLater(ln)
	}
	return ln, err
}

// Listen opens a listening socket on a free port of loopback. Its accepts, and the
// calls on its connections, are drawn on the right.
func (s *Stage) Listen() (net.Listener, error) {
	return s.Server().Listener(s.listen())
}

// ListenBacklog is Listen with a queue for so many clients that wait to be accepted:
// a true listen(n). Systems add something to n. Where a program cannot choose it,
// the error is [errors.ErrUnsupported].
func (s *Stage) ListenBacklog(n int) (net.Listener, error) {
	raw, err := s.listen()
	if err != nil {
		return nil, err
	}
	if err := setBacklog(raw.(*net.TCPListener), n); err != nil {
		return nil, err
	}
	return s.Server().Listener(raw, nil)
}

// Dial connects to addr, "tcp" or "udp", as the client of this name: see
// [Stage.Client].
func (s *Stage) Dial(name, network, addr string) (*Conn, error) {
	return s.DialTimeout(name, network, addr, 0)
}

// DialTimeout is Dial with a time after which it gives up. 0 is none.
func (s *Stage) DialTimeout(name, network, addr string, timeout time.Duration) (*Conn, error) {
	if err := s.Context.Err(); err != nil {
		return nil, err // nothing is begun any more
	}
	log := s.Client(name)
	d := net.Dialer{Timeout: timeout, FallbackDelay: -1, Control: log.SocketConnect}
	d.SetMultipathTCP(false)
	raw, err := d.DialContext(s.Context, network, addr)
	conn, err := log.Conn(raw, err)
	if err != nil {
		return nil, err
	}
	s.closeLater(raw)
	return &Conn{conn, raw, s.Context}, nil
}

// Connect makes one TCP connection and returns both its ends. Only the connect and
// the accept are drawn.
func (s *Stage) Connect() (client, server *Conn, err error) {
	raw, err := s.listen()
	if err != nil {
		return nil, nil, err
	}
	defer raw.Close()
	kept := &keeper{Listener: raw}
	ln, _ := s.Server().Listener(kept, nil)
	if client, err = s.Dial("", "tcp", raw.Addr().String()); err != nil {
		return nil, nil, err
	}
	accepted, err := ln.Accept()
	if err != nil {
		return nil, nil, err
	}
	s.closeLater(kept.conn)
	return client, &Conn{accepted, kept.conn, s.Context}, nil
}

// A keeper keeps the connection it accepted, as it is below the log.
type keeper struct {
	net.Listener
	conn net.Conn
}

func (k *keeper) Accept() (c net.Conn, err error) {
	k.conn, err = k.Listener.Accept()
	return k.conn, err
}

// ListenPacket opens a UDP socket on a free port of loopback, drawn on the right.
func (s *Stage) ListenPacket() (net.PacketConn, error) {
	var lc net.ListenConfig
	raw, err := lc.ListenPacket(s.Context, "udp", "127.0.0.1:0")
	if err == nil {
		s.closeLater(raw) // not pc: this close is not the way's own
	}
	return s.Server().PacketConn(raw, err)
}

// Through puts a network that misbehaves before the server at addr, and returns
// the address for the clients. Network is "tcp" or "udp"; the faults are written as
// for go tool badnet: "drop=0.3,seed=7". They are drawn between the columns. It is
// called before any other socket of the stage has sent anything, and once.
func (s *Stage) Through(network, addr, faults string) (string, error) {
	f, err := badnet.Parse(faults)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	s.order.NoEvents[timeline.Network] = false
	s.mu.Unlock()
	relay, err := badnet.Listen(network, "127.0.0.1:0", addr, f, badnet.Options{Sink: s.sink(timeline.Network, "")})
	if err != nil {
		return "", err
	}
	s.closeLater(relay)
	return relay.Addr(), nil
}

// Deadline returns the moment that is so long from now: for a wait whose end the way
// shows. With -pace it is later, as the peer rests a few times before it acts.
func (s *Stage) Deadline(in time.Duration) time.Time {
	return time.Now().Add(in + 5*s.run.pace)
}

// Rest is how long each call is followed by a rest, with -pace.
func (s *Stage) Rest() time.Duration { return s.run.pace }

// Both runs the client's part and the server's part at the same time, and returns
// when both have: their errors, joined.
func (s *Stage) Both(client, server func() error) error {
	var errs [2]error
	var wg sync.WaitGroup
	wg.Go(func() { errs[0] = client() })
	wg.Go(func() { errs[1] = server() })
	wg.Wait()
	return errors.Join(errs[:]...)
}

func (s *Stage) closeLater(c io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.toEnd = append(s.toEnd, c)
}

// end closes what is open, and draws the rest.
func (s *Stage) end() error {
	late := errors.Is(s.Context.Err(), context.DeadlineExceeded)
	s.cancel()
	for _, c := range s.toEnd {
		c.Close()
	}
	close(s.stop)
	<-s.stopped
	if late {
		return fmt.Errorf("%w within %v. Was the program stopped, or the computer busy? Run it again", errLate, limit+100*s.run.pace)
	}
	return s.failed
}

// hidden are calls that open the sockets. They are the same in every way, and the
// first lessons show them.
func hidden(e steplog.Event) bool {
	switch e.Call {
	case "socket", "bind", "listen":
		return e.Err == nil
	}
	return e.Call == "connect" && (e.Waiting || e.Type == "SOCK_DGRAM" && e.Err == nil)
}

// sink takes the events of one side. A wait is drawn only when it lasts, so that it
// means something.
func (s *Stage) sink(side timeline.Side, who string) steplog.Sink {
	return func(e steplog.Event) error {
		row := timeline.Row{Side: side, Who: who, Event: e}
		s.mu.Lock()
		defer s.mu.Unlock()
		if e.Waiting && e.Call != "connect" { // a connect begins before its accept
			s.waits = append(s.waits, &wait{row: row})
			return s.failed
		}
		for i, w := range s.waits {
			if b := w.row.Event; w.row.Side == side && w.row.Who == who && b.Call == e.Call && b.Time.Equal(e.Time) {
				s.waits = append(s.waits[:i], s.waits[i+1:]...)
				break
			}
		}
		s.order.Add(row, time.Now())
		return s.failed
	}
}

// drawing draws the rows until the stage stops, and then what is left.
func (s *Stage) drawing() {
	defer close(s.stopped)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.draw(false)
		case <-s.stop:
			s.draw(true)
			return
		}
	}
}

func (s *Stage) draw(last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, w := range s.waits {
		if !w.drawn && now.Sub(w.row.Event.Time) > soon {
			w.drawn = true
			w.row.Event.Time = now // it is true now
			s.order.Add(w.row, now)
		}
	}
	if last {
		s.order.End(timeline.Client)
		s.order.End(timeline.Server)
		s.order.End(timeline.Network)
	}
	for {
		row, ok := s.order.Next(now)
		if !ok {
			break
		}
		if err := s.row(row); err != nil && s.failed == nil {
			s.failed = err
		}
	}
	if last && s.failed == nil {
		s.failed = s.columns.End(s.order.UnderWay())
	}
}

func (s *Stage) row(row timeline.Row) error {
	if hidden(row.Event) {
		return nil
	}
	s.run.afterKey()
	return s.columns.Row(row)
}
