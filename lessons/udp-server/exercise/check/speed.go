package check

import (
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
	trip := time.Since(v.last)
	v.trips = append(v.trips, trip)
	defer func() { v.last = time.Now() }()
	others := 0
	if len(v.trips) <= 20 && trip > slowest {
		others = 4
	} else if len(v.trips)%4 == 0 {
		others = 1
	}
	for range others {
		begun := time.Now()
		if _, came := v.plain.peers[0].ask([]byte("how-fast")); !came {
			v.s.unable("the checker's own datagrams did not come back")
			return true
		}
		v.others = append(v.others, time.Since(begun))
	}
	passed := time.Since(v.begun)
	fast, usual := time.Duration(0), time.Duration(0)
	switch n := len(v.trips); {
	case n >= 20 && passed > time.Second:
		fast, usual = part(v.trips, 50), part(v.others, 4)
		v.begun = time.Now() // look again in a second
	case 3 <= n && n < 20 && passed > exam.Limit && len(v.others) > 0: // few, so they have to be clear
		fast, usual = slices.Min(v.trips), slices.Max(v.others)
	}
	if fast < slowest || fast < 5*usual {
		return false
	}
	v.s.tr.Wrong(slow, "%d datagrams came back, the fastest after %v. A server that does nothing else needs %v.",
		len(v.trips), fast.Round(100*time.Microsecond), usual.Round(time.Microsecond))
	return true
}

// slowest is a time that an echo on loopback never needs. The shortest sleep
// that people write, a millisecond, takes longer.
const slowest = 900 * time.Microsecond

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
		for range 4 {
			begun := time.Now()
			if plain.peers[0].ask(text); time.Since(begun) > long/5 {
				return false
			}
		}
		begun := time.Now()
		if !s.expect(p, text) {
			return true
		}
		if time.Since(begun) < long {
			return false
		}
	}
	return true
}
