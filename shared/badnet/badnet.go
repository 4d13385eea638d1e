// Package badnet is a network that misbehaves on request: a relay between any two
// programs on this computer, which makes the faults it is asked for and no others.
//
//	f, err := badnet.Parse("drop=0.3,seed=7")
//	…
//	relay, err := badnet.Listen("udp", "127.0.0.1:0", server, f, badnet.Options{Sink: sink})
//	…
//	defer relay.Close()
//
// What meets the n-th datagram, or the n-th chunk of a stream, depends on the seed,
// the client, the direction and n, and on nothing else. What a stream's chunks are,
// each the bytes of one read, is a matter of time.
//
// A client talks to the relay's address in place of the server's. TCP and UDP
// themselves are the system's: what the relay makes happens between two real
// sockets on each side of it. So it cannot show what only a real network does
// underneath, such as lost segments, which TCP sends again without a word.
package badnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/steplog"
)

// ErrRemote tells that an address is beyond loopback, which has to be allowed.
var ErrRemote = errors.New("other computers can reach this address, or it is one of theirs")

// Options of a relay.
type Options struct {
	// Sink gets each fault as it is made, an event with a Fault, and each call of
	// the relay's own towards a program that failed, an event with an Err. It is
	// called once at a time and must not call the relay. Nil: nobody is told.
	Sink steplog.Sink
	// AllowRemote permits addresses beyond loopback.
	AllowRemote bool
}

// maxHeld bounds the bytes that wait in all queues of a relay: when there are more,
// a datagram is lost, and a stream has to wait.
const maxHeld = 16 << 20

// A Relay passes on what clients and server send each other.
type Relay struct {
	faults Faults
	to     netip.AddrPort // the server
	addr   string
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup // all goroutines
	held   atomic.Int64   // bytes in all queues

	mu       sync.Mutex
	sink     steplog.Sink
	sinkErr  error
	up, down Traffic
}

// Traffic is what went one way through a relay.
type Traffic struct {
	Came          int `json:"came"`           // bytes from the sender
	Went          int `json:"went"`           // bytes to the receiver
	CameDatagrams int `json:"came_datagrams"` // the same in datagrams, for UDP
	WentDatagrams int `json:"went_datagrams"`
	Faults        int `json:"faults"` // made on the way
}

// Listen starts a relay from addr, where clients will connect or send to, to the
// server's address to. With port 0 in addr the system chooses. Network is "tcp" or
// "udp". It relays until Close.
//
// A [*net.OpError] tells that it could not listen. All other errors mean that an
// argument is wrong; they name it.
func Listen(network, addr, to string, f Faults, o Options) (*Relay, error) {
	if network != "tcp" && network != "udp" {
		return nil, fmt.Errorf("%s: a relay is for tcp or udp", steplog.Quote(network))
	}
	if err := f.Check(network); err != nil {
		return nil, err
	}
	from, err := resolve(addr, o.AllowRemote)
	if err != nil {
		return nil, err
	}
	server, err := resolve(to, o.AllowRemote)
	if err != nil {
		return nil, err
	}
	if server.Port() == 0 {
		return nil, fmt.Errorf("%s: the server's port cannot be 0", steplog.Quote(to))
	}
	if from == server {
		return nil, fmt.Errorf("%s: the relay would talk to itself", steplog.Quote(to))
	}
	r := &Relay{faults: f, to: server, sink: o.Sink}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	start := r.startTCP
	if network == "udp" {
		start = r.startUDP
	}
	if err := start(from); err != nil {
		r.cancel()
		return nil, err
	}
	return r, nil
}

// Addr returns where clients connect or send to, as host:port.
func (r *Relay) Addr() string { return r.addr }

// Traffic returns what has been relayed so far: up is from the clients to the
// server, down the other way.
func (r *Relay) Traffic() (up, down Traffic) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.up, r.down
}

// Close ends every relayed connection, every socket and every goroutine, and then
// returns. What was on the way is lost. Its error is the first one of the sink.
func (r *Relay) Close() error {
	r.cancel()
	r.wg.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sinkErr
}

// resolve looks an address up and refuses those beyond loopback.
func resolve(addr string, allowRemote bool) (netip.AddrPort, error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr) // UDP has the same addresses
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return netip.AddrPort{}, fmt.Errorf("%s: no computer has this name", steplog.Quote(addr))
	}
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%s: is no address: write host:port, for example 127.0.0.1:7001 or [::1]:7001", steplog.Quote(addr))
	}
	resolved := tcp.AddrPort()
	resolved = netip.AddrPortFrom(resolved.Addr().Unmap(), resolved.Port())
	if !resolved.Addr().IsLoopback() && !allowRemote {
		return netip.AddrPort{}, fmt.Errorf("%s: %w", steplog.Quote(addr), ErrRemote)
	}
	return resolved, nil
}

// failed shows a call of the relay's own that failed. That is no fault it made:
// the program on that side is not there.
func (r *Relay) failed(call, goCall, kind, remote string, begun time.Time, err error) {
	if r.ctx.Err() == nil && !errors.Is(err, net.ErrClosed) { // not by the relay itself
		r.show(steplog.Event{
			Program: "badnet", Call: call, Go: goCall, Type: kind, Remote: remote,
			Time: begun, Took: time.Since(begun), Err: err,
		})
	}
}

func (r *Relay) show(e steplog.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sink == nil {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now() // here, so that faults come in the order of their times
	}
	if err := r.sink(e); err != nil && r.sinkErr == nil {
		r.sinkErr = err
	}
}
