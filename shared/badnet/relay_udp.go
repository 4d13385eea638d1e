package badnet

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/errno"
	"example.com/sockets/shared/steplog"
)

// Bounds of what a relay keeps for UDP. What is beyond them is lost, and shown as
// the fault "overflow".
const (
	maxDatagram = 65535   // the largest length that a UDP header can tell (RFC 768)
	maxClients  = 128     // clients at once
	maxWaiting  = 256     // datagrams that wait in one direction of one client
	maxHeld     = 8 << 20 // bytes of all datagrams that wait
)

// idleTime is after how long without a datagram a client is forgotten.
var idleTime = 30 * time.Second // a variable for the tests

// strange is what a stranger sends.
const strange = "Hello, i'm a stranger!"

// udpRelay is what a relay for UDP needs besides.
type udpRelay struct {
	*Relay
	conn    *net.UDPConn // where the clients send to
	idle    time.Duration
	held    atomic.Int64 // bytes that wait
	mu      sync.Mutex
	clients map[netip.AddrPort]*client
}

// A client is one peer on the clients' side. It has a socket of its own towards
// the server, so that the server can tell the clients apart.
type client struct {
	addr     netip.AddrPort
	conn     *net.UDPConn // towards the server, connected
	up, down *flow
	seen     time.Time // when something last came from it or for it
	done     chan struct{}
}

// A flow is one direction of one client.
type flow struct {
	way
	udp      *udpRelay
	receiver netip.AddrPort
	write    func([]byte) error
	done     <-chan struct{}
	queue    chan datagram
	late     *datagram        // waits for the next one to overtake it
	overdue  <-chan time.Time // when it has waited long enough
	stranger *net.UDPConn
}

// A datagram on its way.
type datagram struct {
	data []byte
	at   time.Time // when it came, or when it began to wait
	hit  [numFaults]bool
}

// startUDP binds a socket and relays what comes in the background.
func (r *Relay) startUDP(addr netip.AddrPort) error {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return err
	}
	conn.SetReadBuffer(1 << 20) // the more fits, the less the system itself throws away
	context.AfterFunc(r.ctx, func() { conn.Close() })
	r.addr = conn.LocalAddr().String()
	u := &udpRelay{Relay: r, conn: conn, clients: map[netip.AddrPort]*client{}}
	u.idle = idleTime + r.faults.up[delay].time + r.faults.down[delay].time
	r.wg.Go(u.receive)
	return nil
}

// receive gives each datagram to the client that it came from.
func (u *udpRelay) receive() {
	defer u.conn.Close()
	buf := make([]byte, maxDatagram)
	for number := uint64(1); ; {
		n, from, err := u.conn.ReadFromUDPAddrPort(buf)
		if err != nil { // of an earlier write, on some systems
			if errors.Is(err, net.ErrClosed) || !sleep(u.ctx.Done(), time.Millisecond) {
				return
			}
			continue
		}
		u.mu.Lock() // while the datagram is not queued, its client must not be forgotten
		c, isNew, err := u.clientAt(from, number)
		if err == nil {
			c.up.push(buf[:n])
		}
		u.mu.Unlock()
		if isNew {
			number++
		}
		if err != nil {
			u.refuse(from, buf[:n], err)
		}
	}
}

var errTooMany = errors.New("too many clients")

// clientAt returns the client at an address, a new one if need be. The caller
// holds u.mu.
func (u *udpRelay) clientAt(from netip.AddrPort, number uint64) (c *client, isNew bool, err error) {
	if c := u.clients[from]; c != nil {
		c.seen = time.Now()
		return c, false, nil
	}
	if len(u.clients) >= maxClients {
		return nil, false, errTooMany
	}
	conn, err := net.Dial("udp", u.to)
	if err != nil {
		return nil, false, err
	}
	c = &client{addr: from, conn: conn.(*net.UDPConn), seen: time.Now(), done: make(chan struct{})}
	c.conn.SetReadBuffer(1 << 20)
	server := c.conn.RemoteAddr().(*net.UDPAddr).AddrPort()
	c.up = u.newFlow(c, "up", number, from, server, func(b []byte) error {
		_, err := c.conn.Write(b)
		return err
	})
	c.down = u.newFlow(c, "down", number, server, from, func(b []byte) error {
		_, err := u.conn.WriteToUDPAddrPort(b, from)
		return err
	})
	u.clients[from] = c
	u.wg.Go(func() { u.serve(c) })
	return c, true, nil
}

// refuse shows that a datagram of no known client is lost.
func (u *udpRelay) refuse(from netip.AddrPort, data []byte, err error) {
	if err != errTooMany {
		u.failed("connect", "Dial", "SOCK_DGRAM", u.to, time.Now(), err)
	}
	w := way{relay: u.Relay, direction: "up", kind: "SOCK_DGRAM", from: from.String(), to: u.to}
	w.count(func(t *Traffic) { t.Came += len(data); t.CameDatagrams++ })
	w.fault("overflow", data, steplog.Event{})
}

func (u *udpRelay) newFlow(c *client, direction string, number uint64, from, to netip.AddrPort, write func([]byte) error) *flow {
	return &flow{
		way: way{
			dice: newDice(u.faults, direction, number), relay: u.Relay, direction: direction, kind: "SOCK_DGRAM",
			from: from.String(), to: to.String(),
		},
		udp: u, receiver: to, write: write, done: c.done, queue: make(chan datagram, maxWaiting),
	}
}

// serve relays for one client until it has been idle for long, or until the relay
// ends. It is what receives from the server.
func (u *udpRelay) serve(c *client) {
	stop := context.AfterFunc(u.ctx, func() { c.conn.Close() })
	defer stop()
	defer c.conn.Close()
	var wg sync.WaitGroup
	wg.Go(c.up.run)
	wg.Go(c.down.run)
	defer wg.Wait()
	defer close(c.done)
	buf := make([]byte, maxDatagram)
	for {
		u.mu.Lock()
		if len(c.up.queue)+len(c.down.queue) > 0 {
			c.seen = time.Now()
		}
		idle := time.Since(c.seen) >= u.idle
		if idle {
			delete(u.clients, c.addr)
		}
		c.conn.SetReadDeadline(c.seen.Add(u.idle))
		u.mu.Unlock()
		if idle {
			return
		}
		begun := time.Now()
		n, err := c.conn.Read(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, os.ErrDeadlineExceeded):
		case err != nil: // nobody has the server's port open: the system tells a connected socket
			u.failed("recvfrom", "Conn.Read", "SOCK_DGRAM", u.to, begun, err)
		default:
			u.mu.Lock()
			c.seen = time.Now()
			u.mu.Unlock()
			c.down.push(buf[:n])
		}
	}
}

// push queues a datagram. Without a delay the queue empties itself at once, and
// when it is full push waits for that. With one it does not.
func (f *flow) push(data []byte) {
	f.count(func(t *Traffic) { t.Came += len(data); t.CameDatagrams++ })
	if f.udp.held.Add(int64(len(data))) <= maxHeld && f.enqueue(datagram{data: bytes.Clone(data), at: time.Now()}) {
		return
	}
	f.udp.held.Add(-int64(len(data)))
	f.fault("overflow", data, steplog.Event{})
}

func (f *flow) enqueue(d datagram) bool {
	if !f.settings[delay].on {
		select {
		case f.queue <- d:
		case <-f.udp.ctx.Done():
		}
		return true
	}
	select {
	case f.queue <- d:
		return true
	default:
		return false
	}
}

// run passes on what push queued, with the faults.
func (f *flow) run() {
	defer func() {
		if f.stranger != nil {
			f.stranger.Close()
		}
	}()
	for {
		select {
		case <-f.done:
			return
		case <-f.overdue:
			f.release(0)
		case d := <-f.queue:
			f.pass(d)
			f.udp.held.Add(-int64(len(d.data)))
		}
	}
}

// pass takes one datagram through the faults.
func (f *flow) pass(d datagram) {
	d.hit = f.throw()
	if d.hit[drop] {
		f.fault("drop", d.data, steplog.Event{})
		return
	}
	if s := f.settings[cut]; s.on && len(d.data) > s.size {
		f.fault("cut", d.data, steplog.Event{Limit: s.size})
		d.data = d.data[:s.size]
	}
	if late := f.settings[delay].time; late > 0 {
		f.fault("delay", d.data, steplog.Event{Took: late})
		if !f.wait(d.at.Add(late)) {
			return
		}
	}
	if d.hit[reorder] && f.late == nil {
		d.at = time.Now()
		f.late, f.overdue = &d, time.After(holdTime)
		return
	}
	f.send(d)
	f.release(1)
}

// wait waits until then, or until the end, for which it returns false. A datagram
// that waits to be overtaken does not wait longer because of that.
func (f *flow) wait(then time.Time) bool {
	timer := time.After(time.Until(then))
	for {
		select {
		case <-timer:
			return true
		case <-f.overdue:
			f.release(0)
		case <-f.done:
			return false
		}
	}
}

// release sends the datagram that waits to be overtaken, if any, and says by how
// many it was.
func (f *flow) release(overtaken int) {
	if f.late == nil {
		return
	}
	d := *f.late
	f.late, f.overdue = nil, nil
	f.fault("reorder", d.data, steplog.Event{Time: d.at, Took: time.Since(d.at), Limit: overtaken})
	f.send(d)
}

// send hands one datagram to the system, once or twice, and a stranger's before it.
func (f *flow) send(d datagram) {
	if d.hit[stranger] {
		f.sendStranger()
	}
	if d.hit[dup] {
		f.fault("dup", d.data, steplog.Event{})
		f.sendOnce(d.data)
	}
	f.sendOnce(d.data)
}

func (f *flow) sendOnce(data []byte) {
	begun := time.Now()
	if err := again(func() error { return f.write(data) }); err != nil {
		f.relay.failed("sendto", "Conn.Write", f.kind, f.to, begun, err)
		return
	}
	f.count(func(t *Traffic) { t.Went += len(data); t.WentDatagrams++ })
}

// again writes a second time when the first write was told about an earlier
// datagram that nobody received: the system did not send this one.
func again(write func() error) error {
	err := write()
	if errors.Is(err, errno.ECONNREFUSED) || errors.Is(err, errno.ECONNRESET) {
		err = write()
	}
	return err
}

// sendStranger sends a datagram from a socket that the receiver does not know.
// The socket stays open, so that an answer to it is not reported as undeliverable.
func (f *flow) sendStranger() {
	begun := time.Now()
	if f.stranger == nil {
		conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(f.receiver))
		if err != nil {
			f.relay.failed("connect", "DialUDP", f.kind, f.to, begun, err)
			return
		}
		f.stranger = conn
	}
	f.fault("stranger", []byte(strange), steplog.Event{Local: f.stranger.LocalAddr().String()})
	if err := again(func() error { _, err := f.stranger.Write([]byte(strange)); return err }); err != nil {
		f.relay.failed("sendto", "Conn.Write", f.kind, f.to, begun, err)
	}
}
