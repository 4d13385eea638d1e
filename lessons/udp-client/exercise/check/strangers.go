package check

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/sockets/shared/exam"
)

// What strangers send.
const (
	fromElsewhere = "I am a stranger: another host, another port. " + id
	fromHere      = "I am a stranger: the server's host, another port. " + id
	samePort      = "I am a stranger: another host, the server's port. " + id
)

// A crowd is sockets that the client never wrote to.
type crowd struct {
	conns []*net.UDPConn
	texts []string
}

// strangers opens the sockets of a crowd. Where the system has no second address
// on loopback, only one of them can be had.
func (a *attempt) strangers(server *server) *crowd {
	elsewhere := netip.MustParseAddr("127.0.0.2")
	c := new(crowd)
	for _, s := range []struct {
		addr netip.AddrPort
		text string
	}{
		// An answer that looks at no address takes the first, one that looks
		// at the host alone the second, one that looks at the port the third.
		{netip.AddrPortFrom(elsewhere, 0), fromElsewhere},
		{netip.AddrPortFrom(loopback, 0), fromHere},
		{netip.AddrPortFrom(elsewhere, server.addr.Port()), samePort},
	} {
		conn, err := listen(s.addr)
		if err != nil {
			continue
		}
		a.Cleanup(func() { conn.Close() })
		c.conns, c.texts = append(c.conns, conn), append(c.texts, server.sign(s.text))
	}
	if len(c.conns) == 0 {
		a.Wrong(exam.NoSocket, "no socket for a stranger.")
		return nil
	}
	return c
}

// send sends a datagram from each. It returns false when their sockets are closed.
func (c *crowd) send(to netip.AddrPort) (open bool) {
	for i, conn := range c.conns {
		if _, err := conn.WriteToUDPAddrPort([]byte(c.texts[i]), to); errors.Is(err, net.ErrClosed) {
			return false
		}
	}
	return true
}

// taken returns the diagnosis of an answer that took a stranger's datagram.
func (c *crowd) taken(v *visit) (d exam.Diagnosis, wrong bool) {
	if v.hung != "" || v.err != nil {
		return d, false
	}
	i := slices.IndexFunc(c.texts, func(text string) bool { return strings.Contains(v.reply, text) })
	switch {
	case i > 0:
		return halfAddress, true
	case i == 0:
		return stranger, true
	}
	return d, false
}

// strangersFirst lets more strangers speak than there are tries, before the
// server answers. All is there when the client reads.
func strangersFirst(a *attempt) {
	a.wantAnswerOf(func() *visit {
		server := openServer(a, nil)
		if server == nil {
			return nil
		}
		c := a.strangers(server)
		if c == nil {
			return nil
		}
		server.handle(c.speakFirst)
		s := setup{message: hello, timeout: long, tries: 3}
		s.did = fmt.Sprintf("some strangers sent datagrams such as %q to the client; then the server answered %q", c.texts[0], plainAnswer)
		v := s.start(a, server)
		if a.end(v) == nil {
			return nil
		}
		switch d, taken := c.taken(v); {
		case taken:
			v.wrong(d)
		case v.hung == "" && v.err == nil && v.reply == "":
			v.wrong(a.reason(stranger, a.plain))
		case v.hung == "" && v.took < v.timeout && v.count() > 1:
			v.wrongCount(a.reason(strangerEnds, a.plain, a.why))
		default:
			return v
		}
		return nil
	}, strangerEnds, plainAnswer)
}

// speakFirst lets the strangers speak before the server answers.
func (c *crowd) speakFirst(s *server, q question) {
	for range 8 {
		c.send(q.from)
	}
	c.conns[0].WriteToUDPAddrPort(nil, q.from)
	s.answer(q, plainAnswer)
}

// strangersOnly lets strangers speak on and on, until Ask has returned. The
// server does not answer.
func strangersOnly(a *attempt) {
	var c *crowd
	begin := func() (v *visit) {
		v, c = a.flood()
		return v
	}
	v := begin()
	if v == nil {
		return
	}
	if d, taken := c.taken(v); taken {
		v.wrong(d)
		return
	}
	d, wrong := v.judgeTries()
	switch {
	case wrong && v.hung != "" && v.count() <= v.tries:
		v.wrongCount(a.reason(strangerRestarts, a.plain, a.silent))
	case wrong && v.hung == "" && (v.err == nil || d.Name == wrongTries.Name && v.gap() > v.timeout*85/100):
		v.wrongCount(a.reason(d, a.plain, a.silent))
	case wrong, v.early():
		v.wrongCount(a.reason(strangerEnds, a.plain, a.why))
	case v.late(begin):
		v.wrongCount(a.reason(strangerRestarts, a.plain, a.why))
	default:
		v.left()
	}
}

// flood is a visit at a silent server, with strangers that send to wherever the
// client last wrote from.
func (a *attempt) flood() (*visit, *crowd) {
	var mu sync.Mutex
	var client netip.AddrPort
	server := openServer(a, func(s *server, q question) {
		mu.Lock()
		defer mu.Unlock()
		client = q.from
	})
	if server == nil {
		return nil, nil
	}
	c := a.strangers(server)
	if c == nil {
		return nil, nil
	}
	s := silence(250*time.Millisecond, 2)
	s.did = "the server was silent, and strangers sent a datagram to the client every few milliseconds"
	v := s.start(a, server)
	go func() {
		for tick := time.Tick(3 * time.Millisecond); ; {
			select {
			case <-v.call.Done():
				return
			case <-tick:
			}
			mu.Lock()
			to := client
			mu.Unlock()
			if to.IsValid() && !c.send(to) {
				return
			}
		}
	}()
	return a.end(v), c
}
