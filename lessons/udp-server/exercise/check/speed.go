package check

import (
	"bytes"
	"errors"
	"net"
	"slices"
	"time"

	"example.com/sockets/shared/exam"
)

// A speed compares the answer with a server that does nothing but echo, at the
// same time on the same machine: what makes both slow is not the answer's fault.
type speed struct {
	s, plain *server
	begun    time.Time
	last     time.Time
	trips    []time.Duration // of the answer
	others   []time.Duration // of the plain server
}

func compare(s *server) *speed {
	plain := open(s.tr, plainEcho, 1)
	if plain != nil {
		plain.start()
	}
	now := time.Now()
	return &speed{s: s, plain: plain, begun: now, last: now}
}

func plainEcho(conn net.PacketConn) error {
	buf := make([]byte, largestUDP)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err == nil {
			conn.WriteTo(buf[:n], addr)
		}
	}
}

// tooSlow is called after each round trip and tells when to stop. It reports an
// answer whose very fastest trips take far longer than a good part of the others.
func (v *speed) tooSlow() bool {
	if v.plain == nil {
		return true
	}
	v.trips = append(v.trips, time.Since(v.last))
	if len(v.trips)%4 == 1 {
		text, begun := []byte("how fast?"), time.Now()
		if got, _ := v.plain.peers[0].ask(text); !bytes.Equal(got, text) {
			v.s.unable("the checker's own datagrams did not come back")
			return true
		}
		v.others = append(v.others, time.Since(begun))
	}
	defer func() { v.last = time.Now() }()
	passed := time.Since(v.begun)
	if passed < time.Second || len(v.trips) < 20 && passed < exam.Limit {
		return false
	}
	fast, usual := part(v.trips, 50), part(v.others, 4)
	if fast < 900*time.Microsecond || fast < 5*usual {
		v.begun = time.Now() // look again in a second
		return false
	}
	v.s.tr.Wrong(slow, "%d datagrams took %v in all, and the fastest %v each. A server that does nothing else needs %v.",
		len(v.trips), passed.Round(time.Millisecond), fast.Round(100*time.Microsecond), usual.Round(time.Microsecond))
	return true
}

// part returns the time below which one in n lies.
func part(times []time.Duration, n int) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/n]
}

// takesItsTime tells whether the answer is slow, and not the machine: then every
// trip is, and none of a plain server's in between.
func (s *server) takesItsTime(p *peer, trip time.Duration) bool {
	const long = 300 * time.Millisecond
	if trip < long {
		return false
	}
	plain := compare(s).plain
	if plain == nil {
		return true
	}
	text := []byte("Once-more")
	for range 3 {
		begun := time.Now()
		if plain.peers[0].ask(text); time.Since(begun) > long/5 {
			return false
		}
		begun = time.Now()
		if !s.expect(p, text) {
			return true
		}
		if time.Since(begun) < long {
			return false
		}
	}
	return true
}
