package check

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/sockets/shared/exam"
)

// largest is the longest datagram that this system's loopback carries.
var largest = sync.OnceValue(func() int { return exam.LargestDatagram(exam.ListenUDP) })

func addrPort(socket *net.UDPConn) netip.AddrPort {
	return socket.LocalAddr().(*net.UDPAddr).AddrPort()
}

// A peer is one sender, with a socket of its own.
type peer struct {
	socket  *net.UDPConn
	server  *server
	name    string   // its address: "127.0.0.1:40123"
	sent    [][]byte // what it has sent, the latest last
	late    [][]byte // echoes that may still come, each once, and need not
	foreign string   // the other socket that sent it what it waited for, if one did
	buf     []byte
}

func newPeer(s *server, socket *net.UDPConn) *peer {
	return &peer{socket: socket, server: s, name: addrPort(socket).String(), buf: make([]byte, exam.MaxDatagram+1)}
}

// ask sends data and waits for what the server sends back. It returns false when
// nothing came.
func (p *peer) ask(data []byte) (got []byte, came bool) {
	p.server.mark()
	if !p.send(data) {
		return nil, false
	}
	return p.receive(data, turns)
}

func (p *peer) send(data []byte) bool {
	p.sent = append(p.sent, data)
	if _, err := p.socket.WriteToUDPAddrPort(data, p.server.addr); err != nil {
		p.server.unable("a datagram of %d bytes could not be sent: %v", len(data), err)
		return false
	}
	return true
}

// A wait is counted in short turns, not by the clock: on a busy machine the turns
// take longer, and so the answer gets more time too.
const (
	turn  = 50 * time.Millisecond
	turns = int(exam.Limit / turn)
)

// receive waits some turns for one datagram from the server, and not much longer
// than the answer runs. Datagrams of others may come too: a port can have had another
// owner a moment ago.
func (p *peer) receive(want []byte, turns int) (got []byte, came bool) {
	for waited, idle := 0, 0; waited < turns && idle < 3; {
		data, from, err := p.next(turn)
		switch {
		case err == nil && from == p.server.addr && p.cameLate(data):
		case err == nil && from == p.server.addr:
			return data, true
		case err == nil && bytes.Equal(data, want):
			p.foreign = from.String()
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return nil, false
		default:
			waited++
			if p.server.over() {
				idle++
			}
		}
	}
	return nil, false
}

// cameLate tells whether data is an echo that could not be sent before.
func (p *peer) cameLate(data []byte) bool {
	for i, late := range p.late {
		if bytes.Equal(late, data) {
			p.late = slices.Delete(p.late, i, i+1)
			return true
		}
	}
	return false
}

// more returns what else the server sends within a time: nothing, if all is right.
func (p *peer) more(within time.Duration) (got [][]byte) {
	for {
		data, from, err := p.next(within)
		if err != nil {
			return got
		}
		if from == p.server.addr {
			got = append(got, data)
		}
	}
}

func (p *peer) next(within time.Duration) ([]byte, netip.AddrPort, error) {
	p.socket.SetReadDeadline(time.Now().Add(within))
	n, from, err := p.socket.ReadFromUDPAddrPort(p.buf)
	return bytes.Clone(p.buf[:n]), from, err
}

// sentBefore tells whether p sent data before its latest datagram.
func (p *peer) sentBefore(data []byte) bool {
	return len(p.sent) > 0 && has(p.sent[:len(p.sent)-1], data)
}

func has(list [][]byte, data []byte) bool {
	return slices.ContainsFunc(list, func(d []byte) bool { return bytes.Equal(d, data) })
}

// letters makes a datagram of plain letters and digits, in which every place
// looks different.
func letters(size int) []byte {
	var text strings.Builder
	for text.Len() < size {
		fmt.Fprintf(&text, "at%05d.", text.Len())
	}
	return []byte(text.String()[:size])
}

// show shows a datagram to the learner.
func show(data []byte) string {
	switch {
	case len(data) == 0:
		return "an empty datagram"
	case len(data) <= 40:
		return fmt.Sprintf("%q", data)
	}
	return fmt.Sprintf("%d bytes (%.20q…)", len(data), data)
}
