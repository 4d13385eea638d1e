package check

import (
	"strings"
	"sync"
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
	simple      func() exam.Diagnosis // what is wrong with the simplest things
	endOfStream func() exam.Diagnosis // what is wrong where a client ends without a message
	endsWell    func() bool           // whether Serve returns nil when no client came
}

func newCauses(answer serveFunc) *causes {
	return &causes{
		simple:      sync.OnceValue(func() exam.Diagnosis { return probe(answer).cause() }),
		endOfStream: sync.OnceValue(func() exam.Diagnosis { return probeEnd(answer) }),
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

// Probes are what an answer does in the simplest situations.
type probes struct {
	early    bool  // returns although no client came
	deadline bool  // returns when no client came for as long as patience
	silent   heard // what a client hears that sends nothing
	one      heard // what a client hears that sends one byte
	leaks    bool  // its connection is still open when the client has gone
	row      bool  // others are served after it
	late     bool  // one of them waits for ever
	little   bool  // with a small patience, two are served one after the other
	mixed    bool  // a message ends the connection of another client

	line, full, end heard // what a client hears whose byte ends a line, fills the buffer, ends the stream
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
	all.Go(func() { p.serveRow(answer) })
	all.Go(func() { p.servePair(answer) })
	all.Go(func() {
		try(answer, short, func(s *server) {
			first := s.hearPatient(s.client(send("!")))
			second := s.hearPatient(s.client(send("!")))
			p.little = first.right() && second.right()
		})
	})
	all.Go(func() { hear(&p.line, send("!\n")) })
	all.Go(func() { hear(&p.full, send(strings.Repeat("!", 1024))) })
	all.Go(func() { hear(&p.end, send("!"), halfClose) })
	all.Wait()
	return p
}

func (p *probes) serveRow(answer serveFunc) {
	try(answer, long, func(s *server) {
		c := s.client(send("!"))
		p.one = s.hear(c)
		c.close()
		if !p.one.right() {
			return
		}
		p.leaks = !until(probing, func() bool { return s.ln.open() == 0 })
		p.row = true
		for i := 1; i < inRow && p.row && !p.leaks; i++ {
			c := s.client(send("!"))
			h := s.hear(c)
			c.close()
			p.row = h.right()
			p.late = h.end == open && !s.returned(0)
		}
	})
}

// servePair has two clients, and only the first sends.
func (p *probes) servePair(answer serveFunc) {
	try(answer, long, func(s *server) {
		first, second := s.client(), s.client()
		until(short, func() bool { return s.ln.accepted() == 2 })
		send("!")(first)
		two := second.hear(silence)
		p.mixed = two.end != open && first.hear(silence).end == open
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
	case p.silent.end == closed, p.silent.end == broke:
		return otherPatience
	case waits && p.line.text != "":
		return untilNewline
	case waits && p.full.text != "":
		return untilFull
	case waits && p.end.text != "":
		return untilEnd
	case p.little && (waits || p.late):
		return sleeps
	case !p.one.right():
		return fault(p.one)
	case p.leaks:
		return notClosed
	case !p.row:
		return oneClient
	case p.mixed:
		return mixedUp
	case p.deadline:
		return acceptDeadline
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
