package check

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

// receiver is an answer.
type receiver = func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error)

// A scene is one situation: what the peer does, how the answer is called, and how
// the call has to end.
type scene struct {
	did         string // what the peer does, in words; %s stands for all that it sent
	first       string // the peer sends this before the call
	pieces      []string
	rest        time.Duration // before each of the pieces, which come during the call
	end         ending
	n           int
	idle, total time.Duration
	limit       time.Duration  // the one of idle and total that has to pass, 0 for none
	hangs       exam.Diagnosis // what it means when the call does not return
	patience    time.Duration  // how long it may take, longer while an ownConn is read; 0 is exam.Limit
	linger      time.Duration  // wait so long after the call: a deadline that was left has then passed
	own         bool           // conn is an ownConn
}

// ending is what the peer does when it has sent its first bytes.
type ending int

const (
	stays  ending = iota // it keeps the connection open
	ends                 // it closes its direction
	resets               // it breaks off
)

// A visit is a scene that was played, and all that was seen.
type visit struct {
	scene
	tr      *exam.Trial
	receive receiver

	sent   string      // all that the peer sent until the call had returned
	writes []time.Time // when each of its writes began
	hung   string
	took   time.Duration
	over   time.Duration // by how much a sleep of the same length was late
	result

	deadline       bool   // a deadline is set on the ownConn
	after          string // what could be read from the connection afterwards
	ended          bool   // that ended before the peer had sent any of it
	readErr, wrErr error  // and how reading and writing ended
}

// An ownConn is a connection of another type. It remembers deadlines.
type ownConn struct {
	net.Conn
	read, write atomic.Bool  // a deadline is set
	bytes       atomic.Int64 // that were read
}

func (c *ownConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

func (c *ownConn) SetDeadline(t time.Time) error {
	c.read.Store(!t.IsZero())
	c.write.Store(!t.IsZero())
	return c.Conn.SetDeadline(t)
}

func (c *ownConn) SetReadDeadline(t time.Time) error {
	c.read.Store(!t.IsZero())
	return c.Conn.SetReadDeadline(t)
}

func (c *ownConn) SetWriteDeadline(t time.Time) error {
	c.write.Store(!t.IsZero())
	return c.Conn.SetWriteDeadline(t)
}

// A result is what came of a call.
type result struct {
	got      []byte
	err      error
	returned time.Time
}

// later is what the peer sends when the call has returned.
const later = "; and this came later."

// play plays a scene. It returns nil where there is nothing to judge: no socket,
// or an answer that panicked, which was reported.
func play(tr *exam.Trial, receive receiver, s scene) *visit {
	v := &visit{scene: s, tr: tr, receive: receive}
	conn, peer, ok := tr.Connect()
	if !ok {
		return nil
	}
	v.begin(peer)
	var given net.Conn = conn
	own := &ownConn{Conn: conn}
	if s.own {
		given = own
	}
	late := overslept(s.limit)
	began := time.Now()
	var r result // becomes v's when the call has returned
	call := tr.Go(func() {
		r.got, r.err = receive(given, s.n, s.idle, s.total)
		r.returned = time.Now()
	})
	dripped := v.drip(peer, call)
	if s.patience == 0 {
		v.patience = exam.Limit
	}
	v.hung = call.WaitWhile(&own.bytes, v.patience) // one Read for each byte is slow, and right
	<-dripped                                       // after a hang, the trial has closed the connection
	if v.hung != "" {
		return v
	}
	if call.Panicked() {
		return nil
	}
	v.result = r
	v.took = v.returned.Sub(began)
	v.over = <-late
	v.deadline = own.read.Load() || own.write.Load()
	time.Sleep(s.linger)
	v.afterwards(conn, peer)
	return v
}

// begin does what the peer does before the call.
func (v *visit) begin(peer *net.TCPConn) {
	if v.first != "" {
		v.send(peer, v.first)
	}
	switch v.end {
	case ends:
		peer.CloseWrite()
	case resets:
		peer.SetLinger(0)
		peer.Close()
	}
}

func (v *visit) send(peer net.Conn, piece string) error {
	v.writes = append(v.writes, time.Now())
	n, err := io.WriteString(peer, piece)
	v.sent += piece[:n]
	return err
}

// drip sends the pieces, each after a rest, until the call has returned or
// the connection is closed. It closes the channel when it is through.
func (v *visit) drip(peer net.Conn, call *exam.Call) <-chan bool {
	through := make(chan bool)
	go func() {
		defer close(through)
		for _, piece := range v.pieces {
			select {
			case <-call.Done():
				return
			case <-time.After(v.rest):
				if v.send(peer, piece) != nil {
					return
				}
			}
		}
	}()
	return through
}

// overslept tells by how much a sleep of d is late on this machine just now.
func overslept(d time.Duration) <-chan time.Duration {
	late := make(chan time.Duration, 1)
	began := time.Now()
	time.AfterFunc(d, func() { late <- time.Since(began) - d })
	return late
}

// afterwards uses the connection as its owner would when the call has returned.
func (v *visit) afterwards(conn, peer *net.TCPConn) {
	reading := make(chan bool)
	use := v.tr.Go(func() {
		var after []byte
		close(reading)
		after, v.readErr = io.ReadAll(conn)
		v.after = string(after)
		_, v.wrErr = io.WriteString(conn, "thanks")
	})
	if v.end == stays {
		<-reading
		select { // where nobody can read any more, this has ended
		case <-use.Done():
			v.ended = true
		case <-time.After(gap):
		}
		io.WriteString(peer, later)
		peer.CloseWrite()
	}
	if use.Wait() != "" {
		v.readErr = errors.New("no byte, and no end, for a long time")
	}
}

// quiet tells how long the peer had sent nothing when the call returned.
func (v *visit) quiet() (d time.Duration) {
	for _, at := range v.writes {
		if at.Before(v.returned) {
			d = v.returned.Sub(at)
		}
	}
	return d
}

// story tells the visit.
func (v *visit) story() string {
	s := v.did
	if strings.Contains(s, "%s") {
		s = fmt.Sprintf(s, exam.Quote(v.sent))
	}
	return fmt.Sprintf("%s. Receive was called with n = %d, idle = %v and total = %v. It %s.", s, v.n, v.idle, v.total, v.outcome())
}

func (v *visit) outcome() string {
	if v.hung != "" {
		return fmt.Sprintf("did not return within %v: it was %s", v.patience, v.hung)
	}
	s := "returned " + exam.Quote(string(v.got))
	if v.err == nil {
		s += " and no error"
	} else {
		s += fmt.Sprintf(" and the error %q", v.err)
	}
	if v.limit > 0 || isTimeout(v.err) {
		s += fmt.Sprintf(", after %v", v.took.Round(time.Millisecond))
	}
	return s
}
