package check

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

// ample is a timeout that never passes for a right answer.
const ample = 10 * time.Second

// A scene is how one call of Send is made, and what the receiver does about it.
type scene struct {
	seq     uint32
	payload []byte
	timeout time.Duration           // 0: ample
	tries   int                     // 0: three
	did     string                  // what the receiver does, for the story
	on      func(v *visit, nth int) // called for each datagram; nil: it acknowledges
}

// A visit is a conn for Send, and the receiver at its other end that the checker
// plays. Several calls can be made, one after the other.
type visit struct {
	scene
	tr   *exam.Trial
	send sender
	peer *net.UDPConn // the receiver's socket
	conn *net.UDPConn // the answer's socket
	hook *sendConn    // what the answer gets in its place
	met  bool         // one message was sent well

	call   *exam.Call
	result chan result
	hung   string // where it hung
	err    error  // what it returned
	began  time.Time
	took   time.Duration

	mu      sync.Mutex
	changed *sync.Cond
	settled chan bool
	came    []datagram
	acked   int       // how many datagrams had come when the acknowledgement went; 0: none went
	ackedAt time.Time // when it had gone
	noisy   bool      // something else went to the answer
}

type datagram struct {
	data []byte
	at   time.Time
}

// sendConn is a net.Conn that is no *net.UDPConn.
type sendConn struct {
	net.Conn
	used      atomic.Bool
	failed    atomic.Int64      // calls of Read that returned an error
	deadlines atomic.Int32      // how many were set for Read
	meet      func(call string) // called before a Write, and after a Read
}

func (c *sendConn) Write(b []byte) (int, error) {
	c.used.Store(true)
	if c.meet != nil {
		c.meet("Write")
	}
	return c.Conn.Write(b)
}

func (c *sendConn) Read(b []byte) (int, error) {
	c.used.Store(true)
	n, err := c.Conn.Read(b)
	if c.meet != nil && err == nil {
		c.meet("Read")
	}
	if err != nil && c.failed.Add(1) > spinning {
		time.Sleep(time.Millisecond) // leave the processor to others
	}
	return n, err
}

func (c *sendConn) SetReadDeadline(t time.Time) error {
	c.deadlines.Add(1)
	return c.Conn.SetReadDeadline(t)
}

func (c *sendConn) SetDeadline(t time.Time) error {
	c.deadlines.Add(1)
	return c.Conn.SetDeadline(t)
}

// open opens the two sockets and begins to receive.
func open(tr *exam.Trial, send sender) *visit {
	v := &visit{tr: tr, send: send, settled: make(chan bool, 1)}
	v.changed = sync.NewCond(&v.mu)
	var err error
	if v.peer, err = exam.ListenUDP(); err == nil {
		tr.Cleanup(func() { v.peer.Close() })
		v.conn, err = net.DialUDP("udp4", nil, v.peer.LocalAddr().(*net.UDPAddr))
	}
	if err != nil {
		tr.Wrong(exam.NoSocket, "%v", err)
		return nil
	}
	tr.Cleanup(func() { v.conn.Close() })
	exam.GiveRoom(v.conn)
	v.hook = &sendConn{Conn: v.conn}
	go v.receive()
	return v
}

// meet opens a visit and sends a message as any answer should.
func meet(tr *exam.Trial, send sender) (v *visit, ok bool) {
	v = open(tr, send)
	return v, v != nil && v.message(1, []byte("hello"), ackMissed)
}

// message sends one message, which is acknowledged soon, and sees that the caller
// finds conn as it should be.
func (v *visit) message(seq uint32, payload []byte, own exam.Diagnosis) bool {
	v.run(soon(seq, payload))
	v.met = v.judge(own) && v.leftAsItWas()
	return v.met
}

// soon is a scene with an acknowledgement that comes soon.
func soon(seq uint32, payload []byte) scene {
	return scene{seq: seq, payload: payload, did: "the receiver acknowledged, 10ms after the first datagram", on: func(v *visit, nth int) {
		if nth == 1 { // but not before what is sent in one go has come
			time.AfterFunc(10*time.Millisecond, v.ack)
		}
	}}
}

func (v *visit) leftAsItWas() bool {
	v.conn.SetDeadline(time.Time{})
	got := make(chan error, 1)
	go func() {
		_, err := v.conn.Read(make([]byte, 16))
		got <- err
	}()
	v.reply([]byte("next"))
	select {
	case err := <-got:
		if errors.Is(err, net.ErrClosed) {
			v.did += "; then the caller used conn again, and it was closed"
			return v.wrong(closesConn)
		}
	case <-time.After(time.Second):
		v.did += "; after Send had returned, the receiver sent 4 bytes more, the caller read from conn, and they were gone"
		return v.wrong(readsOn)
	}
	return true
}

// receive is the receiver, until its socket is closed.
func (v *visit) receive() {
	buf := make([]byte, exam.MaxDatagram)
	for {
		n, from, err := v.peer.ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			continue
		case from != v.conn.LocalAddr().(*net.UDPAddr).AddrPort():
			v.settled <- true // from settle
			continue
		}
		v.mu.Lock()
		v.came = append(v.came, datagram{bytes.Clone(buf[:n]), time.Now()})
		nth := len(v.came)
		on := v.on
		v.changed.Broadcast()
		v.mu.Unlock()
		if on == nil {
			v.ack()
		} else {
			on(v, nth)
		}
	}
}

// reply sends something to the answer.
func (v *visit) reply(data []byte) { v.peer.WriteTo(data, v.conn.LocalAddr()) }

// ack acknowledges the message.
func (v *visit) ack() {
	v.mu.Lock()
	if v.acked == 0 {
		v.acked = len(v.came)
	}
	v.mu.Unlock()
	v.reply(number(v.seq))
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ackedAt.IsZero() {
		v.ackedAt = time.Now()
	}
}

// noise sends something that is not the acknowledgement.
func (v *visit) noise(data ...[]byte) {
	v.mu.Lock()
	v.noisy = true
	v.mu.Unlock()
	for _, d := range data {
		v.reply(d)
	}
}

// run makes a call and waits for its end.
func (v *visit) run(sc scene) {
	v.start(sc)
	v.end()
}

func (v *visit) start(sc scene) {
	if sc.timeout == 0 {
		sc.timeout = ample
	}
	if sc.tries == 0 {
		sc.tries = 3
	}
	v.mu.Lock()
	v.scene, v.came, v.acked, v.noisy = sc, nil, 0, false
	v.ackedAt = time.Time{}
	v.mu.Unlock()
	v.hook.deadlines.Store(0)
	given := bytes.Clone(sc.payload)
	v.began = time.Now()
	v.err, v.hung, v.result = nil, "", make(chan result, 1)
	v.call = v.tr.Go(func() {
		err := v.send(v.hook, sc.seq, given, sc.timeout, sc.tries)
		v.result <- result{err, time.Since(v.began)}
	})
}

// A result is what a call returned, and when.
type result struct {
	err  error
	took time.Duration
}

// end waits until the call has returned, and the receiver has all that was sent. When
// it hung the sockets are closed, and nothing more comes.
func (v *visit) end() {
	v.wait(exam.Limit)
	if v.hung == "" {
		v.settle()
	}
}

// wait waits for the call. What one that hung returns later does not count.
func (v *visit) wait(limit time.Duration) {
	select {
	case <-v.call.Done(): // with a limit of 0, WaitFor may not see that
	default:
		v.hung = v.call.WaitFor(limit)
	}
	if v.hung == "" && !v.call.Panicked() {
		r := <-v.result
		v.err, v.took = r.err, r.took
	}
}

// settle waits until the receiver has read all that was sent: what the checker
// itself sends now arrives behind it.
func (v *visit) settle() {
	own, err := net.DialUDP("udp4", nil, v.peer.LocalAddr().(*net.UDPAddr))
	if err != nil {
		return
	}
	defer own.Close()
	own.Write(nil)
	select {
	case <-v.settled:
	case <-time.After(exam.Limit):
	}
}

// arrived waits until so many datagrams have come, and tells whether they have.
func (v *visit) arrived(count int, limit time.Duration) bool {
	late := false
	timer := time.AfterFunc(limit, func() {
		v.mu.Lock()
		late = true
		v.changed.Broadcast()
		v.mu.Unlock()
	})
	defer timer.Stop()
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(v.came) < count && !late {
		v.changed.Wait()
	}
	return len(v.came) >= count
}

// at tells how long after the begin of the call a datagram came, the first is 0.
// One that did not come is never too early.
func (v *visit) at(i int) time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	if i >= len(v.came) {
		return 1 << 62
	}
	return v.came[i].at.Sub(v.began)
}

// wrong reports what the call did.
func (v *visit) wrong(d exam.Diagnosis) bool {
	v.mu.Lock()
	came := slices.Clone(v.came)
	v.mu.Unlock()
	story := fmt.Sprintf("number %d, payload %s, timeout %v, tries %d: %s. ", v.seq, exam.Quote(v.payload), v.timeout, v.tries, v.did)
	switch len(came) {
	case 0:
		story += "No datagram came"
	default:
		story += fmt.Sprintf("Your Send sent %s", exam.Quote(came[0].data))
		for i, d := range came[1:] {
			if i == 5 {
				story += fmt.Sprintf(", and %d more", len(came)-1-i)
				break
			}
			what := exam.Quote(d.data)
			if bytes.Equal(d.data, came[0].data) {
				what = "the same"
			}
			story += fmt.Sprintf(", then %s, %v later", what, d.at.Sub(came[i].at).Round(time.Millisecond))
		}
	}
	switch {
	case v.hung != "":
		story += "; it had not returned after " + exam.Limit.String() + ": it was " + v.hung + "."
	case !isDone(v.call):
		story += "; it had not returned."
	case v.err != nil:
		story += fmt.Sprintf("; it returned the error %q after %v.", v.err, v.took.Round(time.Millisecond))
	default:
		story += fmt.Sprintf("; it returned nil after %v.", v.took.Round(time.Millisecond))
	}
	v.tr.Wrong(d, "%s", story)
	return false
}

func isDone(call *exam.Call) bool {
	select {
	case <-call.Done():
		return true
	default:
		return false
	}
}

// A meeting lets each of two calls of one kind wait for the other, once and not
// for long.
type meeting struct {
	mu   sync.Mutex
	open map[string]chan bool
}

func newMeeting() *meeting { return &meeting{open: map[string]chan bool{}} }

func (m *meeting) wait(kind string) {
	m.mu.Lock()
	other, second := m.open[kind]
	switch {
	case !second:
		other = make(chan bool)
		m.open[kind] = other
	case other != nil:
		close(other)
		m.open[kind] = nil
	}
	m.mu.Unlock()
	if !second {
		select {
		case <-other:
		case <-time.After(exam.Limit / 3):
		}
	}
}
