package badnet

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"example.com/sockets/shared/errno"
	"example.com/sockets/shared/steplog"
)

// Bounds of what a relay keeps for UDP.
const (
	maxDatagram = 65535 // the largest length that a UDP header can tell (RFC 768)
	maxClients  = 256   // clients at once; a further one takes the place of who has been silent longest
	maxWaiting  = 1024  // datagrams that wait in one direction of one client; what is beyond is lost
)

// strange is what a stranger sends.
const strange = "Hello, i'm a stranger!"

// A client is one peer on the clients' side. It has a socket of its own towards
// the server, so that the server can tell the clients apart.
type client struct {
	conn     *net.UDPConn // towards the server, connected
	up, down *flow
	seen     time.Time // when a datagram last came from it
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
	r.wg.Go(func() { r.receive(conn) })
	return nil
}

// receive gives each datagram to the client that it came from.
func (r *Relay) receive(conn *net.UDPConn) {
	defer conn.Close()
	clients := map[netip.AddrPort]*client{}
	buf := make([]byte, maxDatagram)
	for number := uint64(1); ; {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil { // of an earlier write, on some systems
			if errors.Is(err, net.ErrClosed) || !sleep(r.ctx.Done(), time.Millisecond) {
				return
			}
			continue
		}
		c := clients[from]
		if c == nil {
			if c, err = r.newClient(conn, from, number); err != nil {
				r.failed("connect", "DialUDP", "SOCK_DGRAM", r.to.String(), time.Now(), err)
				continue
			}
			number++
			makeRoom(clients)
			clients[from] = c
		}
		c.seen = time.Now()
		c.up.push(buf[:n])
	}
}

// makeRoom forgets the client that has been silent longest, when there are many.
func makeRoom(clients map[netip.AddrPort]*client) {
	if len(clients) < maxClients {
		return
	}
	var oldest netip.AddrPort
	for addr, c := range clients {
		if !oldest.IsValid() || c.seen.Before(clients[oldest].seen) {
			oldest = addr
		}
	}
	clients[oldest].conn.Close() // that ends serve
	delete(clients, oldest)
}

// newClient starts to relay for a client, which reaches the relay at conn.
func (r *Relay) newClient(conn *net.UDPConn, from netip.AddrPort, number uint64) (*client, error) {
	server, addr := net.UDPAddrFromAddrPort(r.to), net.UDPAddrFromAddrPort(from)
	own, err := net.DialUDP("udp", nil, server)
	if err != nil {
		return nil, err
	}
	own.SetReadBuffer(1 << 20)
	done := make(chan struct{})
	c := &client{conn: own}
	c.up = &flow{
		way:      r.newWay("up", number, "SOCK_DGRAM", addr, server, maxWaiting, done),
		receiver: server, write: own.Write,
	}
	c.down = &flow{
		way:      r.newWay("down", number, "SOCK_DGRAM", server, addr, maxWaiting, done),
		receiver: addr, write: func(b []byte) (int, error) { return conn.WriteToUDPAddrPort(b, from) },
	}
	r.wg.Go(c.up.run)
	r.wg.Go(c.down.run)
	r.wg.Go(func() { r.serve(c) })
	return c, nil
}

// serve receives from the server for one client, until its socket is closed.
func (r *Relay) serve(c *client) {
	stop := context.AfterFunc(r.ctx, func() { c.conn.Close() })
	defer stop()
	defer close(c.down.done)
	buf := make([]byte, maxDatagram)
	for {
		begun := time.Now()
		n, err := c.conn.Read(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // nobody has the server's port open: the system tells a connected socket
			c.up.failed("recvfrom", "Conn.Read", begun, err)
		default:
			c.down.push(buf[:n])
		}
	}
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
	overtaken := 0
	for overtaken == 0 {
		next := f.follower(d)
		if next == nil {
			break
		}
		if f.pass(next, false) {
			overtaken = 1
		}
	}
	f.fault("reorder", d.data, steplog.Event{Took: time.Since(d.at), Limit: overtaken})
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
