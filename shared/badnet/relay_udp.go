package badnet

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"example.com/sockets/shared/errno"
	"example.com/sockets/shared/steplog"
)

// Bounds of what a relay keeps for UDP. What is beyond them is lost, and shown as
// the fault "overflow".
const (
	maxDatagram = 65535 // the largest length that a UDP header can tell (RFC 768)
	maxClients  = 256   // clients at once
	maxWaiting  = 1024  // datagrams that wait in one direction of one client
)

// strange is what a stranger sends.
const strange = "Hello, i'm a stranger!"

// udpRelay is what a relay for UDP needs besides.
type udpRelay struct {
	*Relay
	conn    *net.UDPConn // where the clients send to
	server  *net.UDPAddr
	idle    time.Duration
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
}

// A flow is one direction of one client.
type flow struct {
	way
	receiver *net.UDPAddr
	write    func([]byte) (int, error)
	stranger *net.UDPConn
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
	u := &udpRelay{Relay: r, conn: conn, server: net.UDPAddrFromAddrPort(r.to), clients: map[netip.AddrPort]*client{}}
	u.idle = idleTime + r.faults.hold() + max(r.faults.up[delay].time, r.faults.down[delay].time)
	r.wg.Go(u.receive)
	return nil
}

// receive gives each datagram to the client that it came from.
func (u *udpRelay) receive() {
	defer u.conn.Close()
	buf := make([]byte, maxDatagram)
	for number := uint64(0); ; {
		n, from, err := u.conn.ReadFromUDPAddrPort(buf)
		if err != nil { // of an earlier write, on some systems
			if errors.Is(err, net.ErrClosed) || !sleep(u.ctx.Done(), time.Millisecond) {
				return
			}
			continue
		}
		u.mu.Lock() // while the datagram is not queued, its client must not be forgotten
		c := u.clients[from]
		if c == nil {
			number++
			c = u.newClient(from, number)
		}
		if c != nil {
			c.seen = time.Now()
			c.up.push(buf[:n])
		} else {
			w := u.newWay("up", 0, "SOCK_DGRAM", net.UDPAddrFromAddrPort(from), u.server, 0, nil)
			w.count(func(t *Traffic) { t.Came += n; t.CameDatagrams++ })
			w.fault("overflow", buf[:n], steplog.Event{})
		}
		u.mu.Unlock()
	}
}

// newClient starts to relay for a client. It returns nil when there is no room for
// one more.
func (u *udpRelay) newClient(from netip.AddrPort, number uint64) *client {
	if len(u.clients) >= maxClients {
		return nil
	}
	begun := time.Now()
	conn, err := net.DialUDP("udp", nil, u.server)
	if err != nil {
		u.failed("connect", "DialUDP", "SOCK_DGRAM", u.server.String(), begun, err)
		return nil
	}
	conn.SetReadBuffer(1 << 20)
	addr, done := net.UDPAddrFromAddrPort(from), make(chan struct{})
	c := &client{addr: from, conn: conn}
	c.up = &flow{
		way:      u.newWay("up", number, "SOCK_DGRAM", addr, u.server, maxWaiting, done),
		receiver: u.server, write: conn.Write,
	}
	c.down = &flow{
		way:      u.newWay("down", number, "SOCK_DGRAM", u.server, addr, maxWaiting, done),
		receiver: addr, write: func(b []byte) (int, error) { return u.conn.WriteToUDPAddrPort(b, from) },
	}
	u.clients[from] = c
	u.wg.Go(func() { u.serve(c, done) })
	return c
}

// serve relays for one client until it has been idle for long, or until the relay
// ends. It is what receives from the server.
func (u *udpRelay) serve(c *client, done chan struct{}) {
	stop := context.AfterFunc(u.ctx, func() { c.conn.Close() })
	defer stop()
	defer c.conn.Close()
	var wg sync.WaitGroup
	wg.Go(c.up.run)
	wg.Go(c.down.run)
	defer wg.Wait()
	defer close(done)
	buf := make([]byte, maxDatagram)
	for !u.forget(c) {
		begun := time.Now()
		n, err := c.conn.Read(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, os.ErrDeadlineExceeded):
		case err != nil: // nobody has the server's port open: the system tells a connected socket
			c.up.failed("recvfrom", "Conn.Read", begun, err)
		default:
			c.down.push(buf[:n])
			u.mu.Lock()
			c.seen = time.Now()
			u.mu.Unlock()
		}
	}
}

// forget takes a client that has been idle for long from the list, and tells
// whether it did. If not, it sets when to look again.
func (u *udpRelay) forget(c *client) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if time.Since(c.seen) >= u.idle {
		delete(u.clients, c.addr)
		return true
	}
	c.conn.SetReadDeadline(c.seen.Add(u.idle))
	return false
}

// push queues a datagram for as long as there is room.
func (f *flow) push(data []byte) {
	f.count(func(t *Traffic) { t.Came += len(data); t.CameDatagrams++ })
	if f.relay.held.Add(int64(len(data))) <= maxHeld {
		select {
		case f.queue <- &piece{data: bytes.Clone(data), at: time.Now()}:
			return
		default:
		}
	}
	f.relay.held.Add(-int64(len(data)))
	f.fault("overflow", data, steplog.Event{})
}

// run passes on what push queued, with the faults.
func (f *flow) run() {
	for {
		d := f.take()
		if d.err != nil {
			break
		}
		f.pass(d, true)
	}
	f.empty()
	if f.stranger != nil {
		f.stranger.Close()
	}
}

// pass takes one datagram through the faults, and tells whether it went on. One
// that overtakes another does not wait to be overtaken itself.
func (f *flow) pass(d *piece, mayWait bool) bool {
	hit := f.throw()
	if hit[drop] {
		f.fault("drop", d.data, steplog.Event{})
		return false
	}
	if hit[reorder] && mayWait {
		f.wait(d)
	}
	if s := f.settings[cut]; s.on && len(d.data) > s.size {
		f.fault("cut", d.data, steplog.Event{Limit: s.size})
		d.data = d.data[:s.size]
	}
	if !f.late(d) {
		return false
	}
	if hit[stranger] {
		f.sendStranger()
	}
	if hit[dup] {
		f.fault("dup", d.data, steplog.Event{})
		f.send(d.data)
	}
	f.send(d.data)
	return true
}

// wait lets the next datagram that goes on overtake d.
func (f *flow) wait(d *piece) {
	begun, overtaken := time.Now(), 0
	for overtaken == 0 {
		next := f.follower(d)
		if next == nil {
			break
		}
		if f.pass(next, false) {
			overtaken = 1
		}
	}
	f.fault("reorder", d.data, steplog.Event{Took: time.Since(begun), Limit: overtaken})
}

// send hands a datagram to the system.
func (f *flow) send(data []byte) {
	if f.trySend(f.write, data) {
		f.count(func(t *Traffic) { t.Went += len(data); t.WentDatagrams++ })
	}
}

// trySend writes a second time when the first write was told about an earlier
// datagram that nobody received: the system did not send this one.
func (f *flow) trySend(write func([]byte) (int, error), data []byte) bool {
	begun := time.Now()
	_, err := write(data)
	if errors.Is(err, errno.ECONNREFUSED) || errors.Is(err, errno.ECONNRESET) {
		_, err = write(data)
	}
	if err != nil {
		f.failed("sendto", "Conn.Write", begun, err)
	}
	return err == nil
}

// sendStranger sends a datagram from a socket that the receiver does not know.
// The socket stays open, so that an answer to it is not reported as undeliverable.
func (f *flow) sendStranger() {
	if f.stranger == nil {
		begun := time.Now()
		conn, err := net.DialUDP("udp", nil, f.receiver)
		if err != nil {
			f.failed("connect", "DialUDP", begun, err)
			return
		}
		f.stranger = conn
	}
	f.fault("stranger", []byte(strange), steplog.Event{Local: f.stranger.LocalAddr().String()})
	f.trySend(f.stranger.Write, []byte(strange))
}
