package check

import (
	"fmt"
	"strings"
	"time"

	"example.com/sockets/shared/exam"
)

// wrong reports what a case found. Own is what it means where the simplest
// things go well. Where they do not, that is the cause to report.
func (s *server) wrong(own exam.Diagnosis, format string, args ...any) {
	story := fmt.Sprintf(format, args...)
	returned := s.returned(100 * time.Millisecond)
	if returned && s.call.Panicked() {
		return // and the call has reported it
	}
	if returned {
		story += fmt.Sprintf(" Serve had returned %v.", s.result())
	}
	if returned && own.Name == clientEnds.Name {
		s.tell(s.ended(), "%s", story)
		return
	}
	s.tell(s.cause(own), "%s", story)
}

// tell reports a finding. Where servers disturb each other, at once or one after the
// other, that explains it.
func (s *server) tell(d exam.Diagnosis, format string, args ...any) {
	switch {
	case s.causes.shared.Load():
		d = shared
	case s.causes.spoilt():
		d = shared
		format += " The first call of Serve went well. A call that is made now does not."
	}
	s.tr.Wrong(d, format, args...)
}

// hung is wrong where the server went on, but left a client waiting. It also
// tells where Serve was, so the client must still be there.
func (s *server) hung(own exam.Diagnosis, format string, args ...any) {
	story := fmt.Sprintf(format, args...)
	// To ask for the place ends the case's connections, and with them the hang. A
	// client that closes ends it too, and so may the time that s.cause takes.
	place := s.call.WaitFor(0)
	// A server that serves each client in a goroutine is in Accept all the time.
	// That would explain nothing.
	if strings.Contains(place, " line ") && !strings.Contains(place, "Accept") {
		story += " Serve was " + place + "."
	}
	s.tell(s.cause(own), "%s", story)
}

// cause is own, where no simpler cause explains it.
func (s *server) cause(own exam.Diagnosis) exam.Diagnosis {
	if cause := s.causes.simple(); cause.Name != "" {
		return cause
	}
	switch own.Name {
	case noDeadline.Name, notClosed.Name, clientEnds.Name, awaitsClient.Name:
		// These also show where Read fails. A server that does not end a client then
		// fails here too.
		if cause := s.causes.endOfStream(); cause.Name != "" {
			return cause
		}
	}
	switch own.Name {
	case noDeadline.Name:
		return s.causes.silence()
	case noAnswer.Name: // and others get one
		return choosy
	}
	return own
}

// ended is the cause where a client's trouble seems to have ended Serve. Few of the
// simplest things explain that it returned.
func (s *server) ended() exam.Diagnosis {
	switch cause := s.causes.simple(); cause.Name {
	case oneClient.Name, earlyReturn.Name, acceptDeadline.Name:
		return cause
	}
	return clientEnds
}

// result shows what Serve returned.
func (s *server) result() string {
	if s.err == nil {
		return "nil"
	}
	return fmt.Sprintf("the error %q", s.err)
}

// answered tells whether a client gets its answer and the end of its connection,
// and reports if not. Story says what the client did.
func (s *server) answered(c *client, own exam.Diagnosis, story string) bool {
	defer c.close()
	return s.judge(s.hear(c), own, story)
}

// judge reports what a client heard, if it is not as it should be. Own is what it
// means where the answer did not come.
func (s *server) judge(h heard, own exam.Diagnosis, story string) bool {
	if h.right() {
		return true
	}
	if own.Name == "" || h.text == greeting && !s.returned(0) {
		own = fault(h)
	}
	report := s.wrong
	if h.end == open && !s.returned(0) {
		report = s.hung
	}
	report(own, "%s. It should have heard %q and then the end of its connection. It heard %v.", story, greeting, h)
	return false
}

// impatient is what it means that a client heard this where patience is small.
// Waits is what it means that the client was left waiting.
func (s *server) impatient(h heard, waits exam.Diagnosis) exam.Diagnosis {
	switch {
	case s.returned(0):
		return clientEnds
	case h.end == open:
		return waits
	}
	return sharedPatience
}

// fault is what it most likely means that a client heard this.
func fault(h heard) exam.Diagnosis {
	switch {
	case h.text == "" || h.end == refused:
		return noAnswer
	case h.text != greeting:
		return otherText
	case h.end == open:
		return notClosed
	}
	return unread
}

// An outcome is what Serve did when the listener was closed.
type outcome struct {
	hung  bool
	spins bool // it hung because it called Accept again and again
	err   error
}

func (o outcome) good() bool { return !o.hung && o.err == nil }

// story tells what Serve did instead of returning nil.
func (o outcome) story(s *server) string {
	switch {
	case o.spins:
		return fmt.Sprintf("It called Accept again and again, %d times, %s.", spinning, s.call.WaitFor(0))
	case o.hung:
		return fmt.Sprintf("It was %s.", s.call.WaitFor(0))
	}
	return fmt.Sprintf("It returned %s.", s.result())
}

// shut closes the listener and waits until Serve returns.
func (s *server) shut() outcome {
	s.ln.Close()
	until(s.limit, func() bool { return s.returned(0) || s.ln.spun() })
	if s.returned(0) {
		return outcome{err: s.err}
	}
	return outcome{hung: true, spins: s.ln.spun()}
}

// ends reports an end of Serve that is not good. Own is what it means that Serve
// hung, errs that it returned an error.
func (s *server) ends(o outcome, own, errs exam.Diagnosis, story string) {
	switch {
	case o.good():
		return
	case o.spins:
		own = acceptAgain
	case o.err != nil:
		own = errs
	}
	s.tell(own, "%s. Serve should have returned nil. %s", story, o.story(s))
}

// stop ends a case in which clients were served. It looks for connections that
// are still open, and for errors of clients that Serve returns late. A wrong end
// that has nothing to do with the clients is for other cases to tell.
func (s *server) stop(story string) {
	if s.returned(0) {
		s.wrong(clientEnds, "%s. Serve ended while its listener was open.", story)
		return
	}
	for _, c := range s.clients {
		c.close()
	}
	o := s.shut()
	if !o.good() && s.causes.endsWell() {
		s.ends(o, s.cause(neverEnds), s.ended(), story+", and then the listener was closed")
		return
	}
	if !o.hung && !until(s.limit, func() bool { return s.ln.open() == 0 }) {
		s.tell(s.cause(notClosed), "%s. All clients had gone, but of %d connections, %d stayed open at the server's side.", story, s.ln.accepted(), s.ln.open())
	}
}
