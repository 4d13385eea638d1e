package check

import (
	"fmt"
	"time"
)

// overlapping is the patience where two clients come whose patience overlaps. It
// leaves a busy machine time between the moments that matter.
const overlapping = 2 * short

// A pair is two clients. The second came while the first was silent. It was silent
// too when the patience of the first was over, and then sent its message.
type pair struct {
	first, second         *client
	firstHeard, heard     heard
	firstTook, secondTook time.Duration // from when it came until it had heard this
	pause                 time.Duration // how long the second was silent
	spoke                 bool
}

// apart is by how much the second came later.
func (p *pair) apart() time.Duration { return p.second.came.Sub(p.first.came) }

// overlaps looks whether patience is counted for each client alone. It measures
// what the clients did: on a busy machine they can be late, and then show little. So
// they come again, to another server.
func overlaps(s *server) {
	for range 3 {
		s.serve()
		p := s.pair()
		story := fmt.Sprintf("Patience was %v. A client connected and sent nothing. After %v another one connected", s.patience, p.apart().Round(time.Millisecond))
		if !s.judgeFirst(p, story) || !s.judgeSecond(p, story) {
			return
		}
		s.stop(story)
		if p.inTime(s.patience) {
			return
		}
		if s = s.another(s.patience); s == nil {
			return
		}
	}
}

// pair lets the two come.
func (s *server) pair() *pair {
	p := &pair{first: s.client()}
	defer p.first.close()
	until(silence, func() bool { return s.ln.accepted() == 1 || s.returned(0) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.firstHeard = s.hear(p.first)
		p.firstTook = time.Since(p.first.came)
	}()
	time.Sleep(time.Until(p.first.came.Add(s.patience * 3 / 4)))
	p.second = s.client()
	defer p.second.close()
	p.heard = p.second.hear(s.patience / 2)
	if p.heard.end == open && p.heard.text == "" {
		p.pause, p.spoke = time.Since(p.second.came), true
		send(message)(p.second)
		p.heard = s.hear(p.second)
	}
	p.secondTook = time.Since(p.second.came)
	<-done
	return p
}

// inTime tells whether the second came while the first was there, and spoke while
// a server had to be patient with it.
func (p *pair) inTime(patience time.Duration) bool {
	return p.apart() < patience*7/8 && p.pause < patience*7/8
}

// judgeFirst looks whether the first was let go when its own patience was over.
func (s *server) judgeFirst(p *pair, story string) bool {
	story += fmt.Sprintf(". The first one's connection was closed after %v", p.firstTook.Round(time.Millisecond))
	switch {
	case s.returned(0):
		return true // what the second heard tells that
	case p.firstHeard.text != "":
		s.wrong(answersSilence, "%s. It should have heard nothing. It heard %v.", story, p.firstHeard)
	case p.firstHeard.end == open:
		s.tell(s.cause(noDeadline), "Patience was %v. A client connected and sent nothing, and another one came. The first one's connection should have been closed soon. It was open after %v.", s.patience, s.limit)
	case p.firstTook < s.patience*7/8:
		s.wrong(otherPatience, "%s.", story)
	case p.firstTook-p.apart() < s.patience*7/8: // the patience of the second was not over
		return true
	case s.causes.late():
		s.wrong(otherPatience, "%s.", story)
	case s.causes.heldUp():
		s.wrong(sharedPatience, "%s, as if its patience had begun again with the second.", story)
	default:
		return true
	}
	return false
}

// judgeSecond looks whether the second got its answer. Who let it go before its own
// patience was over is wrong, however busy the machine was. Where it was slow to
// speak, that it was let go later says nothing.
func (s *server) judgeSecond(p *pair, story string) bool {
	early := p.secondTook < s.patience*7/8
	if p.heard.turned() && !early && !s.returned(0) {
		return true
	}
	if p.spoke {
		story += fmt.Sprintf(" and, after %v, sent its message", p.pause.Round(time.Millisecond))
	}
	if p.heard.turned() && !s.returned(0) {
		own := sharedPatience
		if s.causes.soon() {
			own = otherPatience
		}
		s.wrong(own, "%s. The second should have had all of its own patience. Its connection was closed after %v.", story, p.secondTook.Round(time.Millisecond))
		return false
	}
	return s.judge(p.heard, s.impatient(p.heard, clientEnds), story)
}
