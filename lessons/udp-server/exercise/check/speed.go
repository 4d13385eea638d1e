package check

import (
	"errors"
	"net"
	"slices"
	"time"

	"example.com/sockets/shared/exam"
)

// slowest is a time that an echo on loopback never needs. The shortest sleep
// that people write, a millisecond, takes longer.
const slowest = 900 * time.Microsecond

// tooSlow tells whether the answer is slow, and not the machine. One that sleeps for
// each datagram has no fast trip. Where all seem long, they are compared with
// those of a server that does nothing but echo, made in between: all have to be
// longer than all of these.
func (s *server) tooSlow(plain *server) bool {
	fastest, usual := slices.Min(s.trips[1:]), time.Duration(0)
	for range 3 {
		for range 5 {
			if fastest < slowest || fastest < 3*usual || !plain.expect(plain.peers[0], []byte("how-fast")) {
				return false
			}
			usual = max(usual, plain.trips[len(plain.trips)-1])
		}
		if !s.expect(s.peers[0], []byte("how-slow")) {
			return true // and reported
		}
		fastest = min(fastest, s.trips[len(s.trips)-1])
	}
	if fastest < slowest || fastest < 3*usual {
		return false
	}
	s.tr.Wrong(slow, "%s came back, the fastest after %v. A server that does nothing else needs %v at most.",
		s.count(), fastest.Round(100*time.Microsecond), usual.Round(time.Microsecond))
	return true
}

func plainEcho(conn net.PacketConn) error {
	buf := make([]byte, exam.MaxDatagram)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err == nil {
			conn.WriteTo(buf[:n], addr)
		}
	}
}
