package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"example.com/sockets/shared/exam"
)

// A serveFunc is an answer.
type serveFunc = func(ln net.Listener, patience time.Duration) error

// The texts of the document.
const (
	greeting = "Hello, i'm server!"
	message  = "Hello, i'm client!"
)

const (
	long = time.Minute // a patience that nobody uses up
	// This one is still long where its unit is taken for a much smaller one.
	endless = 250 * 365 * 24 * time.Hour
	short   = 200 * time.Millisecond // one that a silent client uses up
)

// A server is an answer at work, with its listener and its clients.
type server struct {
	tr       *exam.Trial
	answer   serveFunc
	causes   *causes
	patience time.Duration
	limit    time.Duration // the longest that a client listens
	ln       *listener
	clients  []*client
	call     *exam.Call
	err      error // what Serve returned, once the call is done
}

// listen makes the listener of a server. Clients can queue at it from now on.
func listen(tr *exam.Trial, answer serveFunc, patience time.Duration) (*server, error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false) // a plain TCP socket, as in the lesson
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{tr: tr, answer: answer, patience: patience, limit: exam.Limit, ln: newListener(ln)}
	tr.Cleanup(s.close)
	return s, nil
}

// serve calls the answer.
func (s *server) serve() {
	s.call = s.tr.Go(func() { s.err = s.answer(s.ln, s.patience) })
}

func (s *server) close() {
	s.ln.end()
	for _, c := range s.clients {
		c.close()
	}
}

// returned tells whether Serve has returned, or does so within grace.
func (s *server) returned(grace time.Duration) bool {
	if grace > 0 {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-s.call.Done():
		case <-timer.C:
		}
	}
	select {
	case <-s.call.Done():
		return true
	default:
		return false
	}
}

// A client is a peer of the server. Its conn is nil when it could not connect.
type client struct {
	came time.Time
	conn *net.TCPConn
	err  error
}

// client connects and does what acts say before Accept can return its connection.
// So the server's patience with it begins when all of that has arrived.
func (s *server) client(acts ...func(*client)) *client {
	s.ln.gate.Lock()
	defer s.ln.gate.Unlock()
	c := &client{came: time.Now()}
	s.clients = append(s.clients, c)
	if s.ln.isClosed() {
		// By now its port can be another server's, which is not to be disturbed.
		c.err = errors.New("the listener was closed")
		return c
	}
	conn, err := net.DialTimeout("tcp", s.ln.Addr().String(), 10*time.Second)
	if err != nil {
		c.err = err
		return c
	}
	c.conn = conn.(*net.TCPConn)
	for _, act := range acts {
		act(c)
	}
	return c
}

// Send, reset, half-close and close are what a client may do. Their errors say
// that the server was faster, which the client learns anyway when it listens.

func send(text string) func(*client) {
	return func(c *client) {
		if c.conn != nil {
			c.conn.SetWriteDeadline(time.Now().Add(exam.Limit))
			c.conn.Write([]byte(text))
		}
	}
}

func reset(c *client) {
	if c.conn != nil {
		c.conn.SetLinger(0) // close then resets the connection
		c.conn.Close()
	}
}

func halfClose(c *client) {
	if c.conn != nil {
		c.conn.CloseWrite()
	}
}

func (c *client) close() {
	if c.conn != nil {
		c.conn.Close()
	}
}

// An ending is how a client's connection ended.
type ending int

const (
	closed  ending = iota // by the server, in good order
	broke                 // by a reset
	open                  // not at all while the client listened
	refused               // before it began
)

// A heard is all that a client heard from the server.
type heard struct {
	text string
	end  ending
	err  error
}

const (
	shown = 60   // how many bytes a story shows at most
	most  = 4096 // how many bytes a client listens to: an answer can be endless
)

// right is a client's good end: the answer, and then the end of the connection.
func (h heard) right() bool { return h.text == greeting && h.end == closed }

// turned is how it ends for a client that is turned away.
func (h heard) turned() bool { return h.text == "" && (h.end == closed || h.end == broke) }

// cut is how it ends for a client whose bytes the server did not all receive:
// the system resets the connection, which can destroy the answer's end.
func (h heard) cut() bool { return h.end == broke && strings.HasPrefix(greeting, h.text) }

func (h heard) String() string {
	text := "nothing"
	if h.text != "" {
		text = fmt.Sprintf("%q", h.text)
	}
	switch {
	case len(h.text) >= most:
		return fmt.Sprintf("%q… (more than %d bytes)", h.text[:shown], most-1)
	case len(h.text) > shown:
		text = fmt.Sprintf("%q… (%d bytes)", h.text[:shown], len(h.text))
	}
	switch h.end {
	case closed:
		return text + ", and then its connection was closed"
	case broke:
		return text + ", and then its connection was reset"
	case open:
		return text + ", and its connection stayed open"
	}
	return fmt.Sprintf("nothing: it could not connect (%v)", h.err)
}

// hear listens until the connection ends, at most as long as the server's limit.
// When Serve has returned, it gives up soon.
func (s *server) hear(c *client) heard {
	return c.listen(s.limit, s.call.Done())
}

// hearPatient listens where patience is small. On a busy machine that can pass
// before a good server comes to read what is there. So a client that was let go
// may come again, but not one that was let go before its patience was over.
func (s *server) hearPatient(c *client) heard {
	h := s.hear(c)
	for i := 0; i < 10 && h.turned() && time.Since(c.came) > s.patience && !s.returned(0); i++ {
		c.close()
		c = s.client(send(message))
		h = s.hear(c)
	}
	c.close()
	return h
}

func (c *client) hear(limit time.Duration) heard { return c.listen(limit, nil) }

// listen is hear, which gives up soon when over is closed.
func (c *client) listen(limit time.Duration, over <-chan struct{}) heard {
	if c.conn == nil {
		return heard{end: refused, err: c.err}
	}
	const slice = 50 * time.Millisecond
	var text []byte
	buf := make([]byte, most)
	for w := newWait(limit); ; {
		c.conn.SetReadDeadline(time.Now().Add(min(limit, slice)))
		n, err := c.conn.Read(buf)
		text = append(text, buf[:min(n, most-len(text))]...)
		switch {
		case err == io.EOF, len(text) >= most:
			return heard{string(text), closed, nil}
		case errors.Is(err, os.ErrDeadlineExceeded):
			if w.over() {
				return heard{string(text), open, err}
			}
		case err != nil:
			return heard{string(text), broke, err}
		}
		select {
		case <-over:
			over = nil
			w.limit = min(w.limit, w.spent+silence)
		default:
		}
	}
}

// A wait is a time that only wrong answers use up. On a busy machine a good one may
// have had little of it: of a long moment between two looks, only a part counts. But
// there is an end to that too.
type wait struct {
	limit, spent time.Duration
	began, last  time.Time
}

func newWait(limit time.Duration) *wait {
	now := time.Now()
	return &wait{limit: limit, began: now, last: now}
}

// over tells whether the wait is over. It is to be asked every 50 ms or sooner.
func (w *wait) over() bool {
	now := time.Now()
	w.spent += min(now.Sub(w.last), 100*time.Millisecond)
	w.last = now
	return w.spent >= w.limit || now.Sub(w.began) >= 4*w.limit
}

// until asks again and again whether something is so, at most as long as limit.
func until(limit time.Duration, so func() bool) bool {
	for w := newWait(limit); !so(); time.Sleep(time.Millisecond) {
		if w.over() {
			return false
		}
	}
	return true
}
