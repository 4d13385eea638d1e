package check

import (
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

// How long a probe waits for what should come, and for what should not.
const (
	probing = 2500 * time.Millisecond
	silence = time.Second
)

// Causes finds out why an answer fails in a case. A wrong idea about the simplest
// things shows in every case, and is then the one to report. The answer is probed
// once, when the first case fails or takes suspiciously long.
type causes struct {
	shared      atomic.Bool           // whether servers at work at once disturb each other
	first       func() firstCall      // what the first call did
	spoilt      func() bool           // whether later calls fail where the first did not
	simple      func() exam.Diagnosis // what is wrong with the simplest things
	endOfStream func() exam.Diagnosis // what is wrong where a client ends without a message
	silence     func() exam.Diagnosis // what is wrong where a silent client is not let go
	speaksLate  func() bool           // whether a client is served that is silent for a moment
	soon        func() bool           // whether a silent client is let go too soon
	late        func() bool           // whether a silent client is let go too late
	heldUp      func() bool           // whether it is only when another client comes after it
	endsWell    func() bool           // whether Serve returns nil when no client came
}

func newCauses(answer serveFunc) *causes {
	firstCall := sync.OnceValue(func() firstCall { return first(answer) })
	return &causes{
		first:       firstCall,
		spoilt:      sync.OnceValue(func() bool { return firstCall().well && failsNow(answer) }),
		simple:      sync.OnceValue(func() exam.Diagnosis { return probe(answer).cause() }),
		endOfStream: sync.OnceValue(func() exam.Diagnosis { return probeEnd(answer) }),
		silence:     sync.OnceValue(func() exam.Diagnosis { return probeSilence(answer) }),
		soon:        sync.OnceValue(func() bool { return probeSoon(answer) }),
		late:        sync.OnceValue(func() bool { return probeLate(answer) }),
		heldUp:      sync.OnceValue(func() bool { return probeHeldUp(answer) }),
		speaksLate: sync.OnceValue(func() (right bool) {
			try(answer, long, func(s *server) {
				c := s.client()
				time.Sleep(short * 3 / 8)
				send(message)(c)
				right = s.hear(c).right()
			})
			return right
		}),
		endsWell: sync.OnceValue(func() (good bool) {
			try(answer, long, func(s *server) {
				until(s.limit, func() bool { return s.returned(0) || s.ln.called() })
				good = s.shut().good()
			})
			return good
		}),
	}
}

// suspect makes the probes in advance, so that the report comes the sooner.
func (c *causes) suspect() {
	go c.simple()
	go c.endOfStream()
	go c.silence()
	go c.endsWell()
}

// try lets an answer serve on a listener of its own.
func try(answer serveFunc, patience time.Duration, run func(s *server)) {
	s, err := listen(new(exam.Trial), answer, patience)
	if err != nil {
		return // the case reports that by itself
	}
	defer s.close()
	s.limit = probing
	s.serve()
	run(s)
}

// A firstCall is what the first call of an answer did, with two clients. The second
// was silent for a moment, in which what an earlier call has ended would show.
type firstCall struct {
	well  bool   // all went well
	slow  bool   // a client waited too long, or Serve did not end
	idles string // where it was, if it neither called Accept nor returned
	err   error  // what it returned, if without a single Accept, as the stub does
}

func first(answer serveFunc) (f firstCall) {
	try(answer, long, func(s *server) {
		until(probing, func() bool { return s.returned(0) || s.ln.called() })
		if !s.ln.called() {
			if s.returned(0) {
				f.err = s.err
			} else {
				f.idles = s.call.WaitFor(0)
			}
			return
		}
		s.limit = silence // who is slower may be right, but learns less
		for _, pause := range []time.Duration{0, 20 * time.Millisecond} {
			c := s.client()
			time.Sleep(pause)
			send(message)(c)
			if h := s.hear(c); !h.right() {
				f.slow = h.end == open
				return
			}
			c.close()
		}
		o := s.shut()
		f.well, f.slow = o.good(), o.hung
	})
	return f
}

// failsNow plays once more what the first call went through. Three times it has to
// go wrong, as luck can make it go wrong once. To be slow is not wrong here: the
// machine may be busy.
func failsNow(answer serveFunc) bool {
	for range 3 {
		if f := first(answer); f.well || f.slow {
			return false
		}
	}
	return true
}

// Probes are what an answer does in the simplest situations.
type probes struct {
	early    bool  // returns although no client came
	deadline bool  // returns when no client came for as long as patience
	silent   heard // what a client hears that sends nothing
	instant  bool  // its connection is closed at once, be patience long or endless
	one      heard // what a client hears that sends one byte
	awaits   bool  // its connection is open until the client has gone
	leaks    bool  // its connection is open even then
	row      bool  // others are served after it
	late     bool  // one of them waits for ever
	little   bool  // with a small patience, two that send at once are served
	hasty    bool  // with less than a second of patience, one that sends at once is not
	turned   bool  // one of them is turned away
	away     bool  // a client is turned away while others are there
	mixed    bool  // a client is left waiting when another came after it

	// What a client hears that sends the message of the document, 1024 bytes, each
	// byte there is, the end of its stream.
	usual, full, any, end heard
}

// probe makes all probes at once.
func probe(answer serveFunc) *probes {
	p := new(probes)
	hear := func(h *heard, acts ...func(*client)) {
		try(answer, long, func(s *server) { *h = s.hear(s.client(acts...)) })
	}
	var all sync.WaitGroup
	all.Go(func() { try(answer, long, func(s *server) { p.early = s.returned(silence) }) })
	all.Go(func() { try(answer, short/4, func(s *server) { p.deadline = s.returned(silence) }) })
	all.Go(func() { try(answer, long, func(s *server) { p.silent = s.client().hear(silence) }) })
	all.Go(func() { p.instant = closesAtOnce(answer, long) && closesAtOnce(answer, endless) })
	all.Go(func() { p.serveRow(answer) })
	all.Go(func() { p.servePair(answer) })
	all.Go(func() { p.serveCrowd(answer) })
	all.Go(func() {
		try(answer, short, func(s *server) {
			first := s.hearPatient(s.client(send("7")))
			second := s.hearPatient(s.client(send("7")))
			p.little = first.right() && second.right()
		})
	})
	all.Go(func() {
		p.hasty = true
		for i := 0; i < 3 && p.hasty; i++ {
			try(answer, 4*short, func(s *server) { p.hasty = s.hear(s.client(send("7"))).turned() })
		}
	})
	all.Go(func() { hear(&p.usual, send(message)) })
	all.Go(func() { hear(&p.full, send(strings.Repeat("7", 1024))) })
	all.Go(func() { hear(&p.any, send(everyByte())) })
	all.Go(func() { hear(&p.end, send("7"), halfClose) })
	all.Wait()
	return p
}

// closesAtOnce tells whether a silent client is let go in a moment. It asks three
// times, as a busy machine may be late by itself.
func closesAtOnce(answer serveFunc, patience time.Duration) (yes bool) {
	for i := 0; i < 3 && !yes; i++ {
		try(answer, patience, func(s *server) { yes = s.client().hear(silence/20).turned() && !s.returned(0) })
	}
	return yes
}

// everyByte is a message in which every sign for an end occurs.
func everyByte() string {
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	return string(all[:])
}

func (p *probes) serveRow(answer serveFunc) {
	try(answer, long, func(s *server) {
		c := s.client(send("7"))
		p.one = s.hear(c)
		p.awaits = p.one.text == greeting && s.ln.open() > 0
		c.close()
		p.leaks = p.awaits && !until(s.limit, func() bool { return s.ln.open() == 0 })
		p.row = p.one.right()
		for range inRow {
			if !p.row || p.leaks {
				break
			}
			c := s.client(send("7"))
			h := s.hear(c)
			c.close()
			p.row = h.right()
			p.late = h.end == open && !s.returned(0)
			p.turned = h.turned() && !s.returned(silence/10)
		}
	})
}

// servePair has two clients, and first only the second sends.
func (p *probes) servePair(answer serveFunc) {
	try(answer, long, func(s *server) {
		first, second := s.client(), s.client()
		until(short, func() bool { return s.ln.accepted() == 2 })
		send("7")(second)
		second.hear(silence)
		send("7")(first)
		p.mixed = s.hear(first).end == open && !s.returned(0)
	})
}

// serveCrowd has many clients that are silent. If one that came before them, and is
// alone at a server, is let go by then too, it is not because of the others.
func (p *probes) serveCrowd(answer serveFunc) {
	try(answer, long, func(s *server) {
		alone := s.client()
		until(silence, func() bool { return s.ln.accepted() == 1 || s.returned(0) })
		try(answer, long, func(s *server) {
			for range atOnceClients {
				s.client()
			}
			turned := func(c *client) bool { return c.hear(time.Millisecond).turned() }
			p.away = until(silence, func() bool { return slices.ContainsFunc(s.clients, turned) }) &&
				alone.hear(silence/4).end == open
		})
	})
}

// cause tells what the probes say together. The first that applies explains the
// ones below it.
func (p *probes) cause() exam.Diagnosis {
	waits := p.one.end == open && p.one.text == ""
	switch {
	case p.early:
		return earlyReturn
	case p.silent.text != "":
		return answersFirst
	// One with too small a deadline may still answer what is there already.
	case p.instant && !(p.one.right() && p.full.right() && p.any.right()):
		return closesEarly
	case p.silent.end == closed, p.silent.end == broke:
		return otherPatience
	case waits && p.full.text != "":
		return untilFull
	case waits && p.any.text != "":
		return untilNewline
	case waits && p.end.text != "":
		return untilEnd
	case p.little && (waits || p.late):
		return sleeps
	case p.one.end == open && p.awaits && !p.leaks:
		return awaitsClient
	case !p.one.right():
		if cause := fault(p.one); cause.Name != noAnswer.Name || !p.usual.right() {
			return cause
		}
		return choosy
	case p.leaks:
		return notClosed
	case p.turned:
		return turnedAway
	case !p.row:
		return oneClient
	case p.mixed:
		return mixedUp
	case p.away:
		return turnedAway
	case p.deadline:
		return acceptDeadline
	case p.hasty:
		return otherPatience
	}
	return exam.Diagnosis{}
}

// probeEnd lets a client end its stream without a message, which makes Read fail.
func probeEnd(answer serveFunc) (cause exam.Diagnosis) {
	try(answer, long, func(s *server) {
		if s.hear(s.client(halfClose)).end == open && !s.returned(0) {
			cause = endIgnored
		}
	})
	return cause
}

// probeSilence finds out why a silent client is not let go: it is in another case
// (so its connection was forgotten there), or it is when patience is as small as
// can be (so the answer makes something else of patience), or not at all.
func probeSilence(answer serveFunc) exam.Diagnosis {
	letGo := func(patience time.Duration) (yes bool) {
		try(answer, patience, func(s *server) { yes = s.hear(s.client()).end != open })
		return yes
	}
	var normal, tiny bool
	var both sync.WaitGroup
	both.Go(func() { normal = letGo(short) })
	both.Go(func() { tiny = letGo(1) })
	both.Wait()
	switch {
	case normal:
		return notClosed
	case tiny:
		return otherPatience
	}
	return noDeadline
}

// probeLate compares with a good server that has half as long again to wait: is its
// silent client let go first? On a busy machine that happens to a right answer too,
// but not six times, and never the other way round.
func probeLate(answer serveFunc) bool {
	late := 0
	for i := 0; i < 12 && late < 6; i++ {
		inTime, prompt := false, false
		try(answer, short, func(s *server) {
			c := s.client()
			until(s.limit, func() bool { return s.ln.accepted() == 1 })
			try(patientServer, short*3/2, func(good *server) {
				other := good.client()
				good.hear(other)
				inTime = c.hear(short/8).end != open
				prompt = time.Since(c.came) < short*15/8
			})
		})
		switch {
		case !inTime:
			late++
		case prompt: // else the good server was late itself, so this shows nothing
			return false
		}
	}
	return late == 6
}

// probeSoon tells whether the first silent client is let go long before its patience
// is over. It asks three times, as a busy machine may tell that late.
func probeSoon(answer serveFunc) (soon bool) {
	for i := 0; i < 3 && !soon; i++ {
		try(answer, short, func(s *server) {
			c := s.client()
			soon = s.hear(c).turned() && time.Since(c.came) < s.patience/2
		})
	}
	return soon
}

// probeHeldUp has a silent client that is alone at its server, and one that another
// comes after: is the first let go before the second? On a busy machine that happens
// to a right answer too, but not three times, and never the other way round.
func probeHeldUp(answer serveFunc) bool {
	held := 0
	for i := 0; i < 5 && held < 3; i++ {
		waits, prompt := false, false
		try(answer, overlapping, func(s *server) {
			first := s.client()
			try(answer, overlapping, func(single *server) {
				alone := single.client()
				until(s.limit, func() bool { return s.ln.accepted() == 1 && single.ln.accepted() == 1 })
				time.Sleep(time.Until(alone.came.Add(overlapping * 3 / 4)))
				second := s.client()
				single.hear(alone)
				waits = first.hear(overlapping/4).end == open
				prompt = second.came.Sub(first.came) < overlapping*7/8 && time.Since(second.came) < overlapping*7/8
			})
		})
		switch {
		case waits && prompt:
			held++
		case prompt: // else a client came too late, or was let go too late, to show anything
			return false
		}
	}
	return held == 3
}

// patientServer lets go of one silent client as it should.
func patientServer(ln net.Listener, patience time.Duration) error {
	conn, err := ln.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(patience))
	_, err = conn.Read(make([]byte, 1))
	return err
}
