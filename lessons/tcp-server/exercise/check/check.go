// Package check checks answers to the exercise of lesson 1.
package check

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

// Serve checks an answer, and skips the test where none has been begun.
func Serve(t *testing.T, serve func(ln net.Listener, patience time.Duration) error) {
	t.Helper()
	causes := newCauses(serve)
	begun := func(serveFunc) error { return causes.first().err }
	exam.Run(t, "lessons/tcp-server/exercise/exercise.go", begun, causes.cases(), serve)
}

// several is the case in which a probe would be one more server.
const several = "several servers at once"

// newCase is a case that begins with a listener that nobody serves yet.
func (causes *causes) newCase(name string, patience time.Duration, run func(s *server)) exam.Case[serveFunc] {
	return exam.Case[serveFunc]{Name: name, First: name == several, Run: func(tr *exam.Trial, answer serveFunc) {
		s, err := listen(tr, answer, patience)
		if err != nil {
			tr.Wrong(exam.NoSocket, "The checker could not listen: %v", err)
			return
		}
		s.causes = causes
		if name != several {
			if idles := causes.first().idles; idles != "" {
				tr.Wrong(oneClient, "Serve was called. After %v it had not called Accept. It was %s.", probing, idles)
				return
			}
			suspicion := time.AfterFunc(time.Second, causes.suspect)
			defer suspicion.Stop()
		}
		run(s)
	}}
}

// cases are the situations that an answer has to master.
func (causes *causes) cases() (list []exam.Case[serveFunc]) {
	add := func(name string, patience time.Duration, run func(s *server)) {
		list = append(list, causes.newCase(name, patience, run))
	}
	add(several, long, together)
	add("one client", long, messages(message))
	add("one byte", long, messages("!", "7", " ", "\n", "\x00", "\xff"))
	add("clients in a row", long, inARow)
	add("clients at once", long, atOnce)
	add("client that speaks late", long, speaksLate)
	add("silent client", short, isSilent)
	add("clients whose patience overlaps", overlapping, overlaps)
	add("client that resets before its message", long, resetsFirst)
	add("client that resets after its message", long, rude("sent a message and reset their connection at once", send(message), reset))
	add("client that leaves at once", long, rude("connected and closed at once", (*client).close))
	add("client that leaves after its message", long, rude("sent a message and closed at once", send(message), (*client).close))
	add("client that ends without a message", long, endsFirst)
	add("client that ends after its message", long, endsAfter)
	add("client that stays", short, stays)
	add("message in two pieces", long, twoPieces)
	add("message of 1024 bytes", long, longMessage(1024, untilShort))
	add("message of 3000 bytes", long, longMessage(3000, noAnswer))
	add("no client for a while", short, idle)
	add("listener closed before Serve", long, closedBefore)
	add("listener closed while nobody is there", long, closedIdle("The listener was closed while no client was there"))
	add("listener of another type", long, otherType)
	add("listener closed while a client is served", short, closedServing)
	add("Accept fails once", long, failsOnce)
	add("Accept fails for good", long, failsForGood)
	return list
}

// messages is the plainest case: a client for each text waits for the answer and
// for the end of its connection.
func messages(texts ...string) func(s *server) {
	return func(s *server) {
		s.serve()
		story := ""
		for _, text := range texts {
			story = fmt.Sprintf("A client sent %q and kept its connection open", text)
			if !s.answered(s.client(send(text)), exam.Diagnosis{}, story) {
				return
			}
		}
		s.stop(story)
	}
}

// together has three servers at work, each with a listener and a patience of its
// own. It does to them what goes well for one alone, so that a failure means that
// they disturb each other.
func together(s *server) {
	if !s.causes.first().well {
		return // other cases tell
	}
	servers := []*server{s}
	for _, patience := range []time.Duration{long, short / 4} {
		other := s.another(patience)
		if other == nil {
			return
		}
		servers = append(servers, other)
	}
	for _, s := range servers {
		s.serve()
		until(s.limit, func() bool { return s.returned(0) || s.ln.called() })
	}
	slow := s.client()
	until(silence, func() bool { return s.ln.accepted() == 1 || s.returned(0) })
	if s.meanwhile(servers[1], servers[2]) {
		s.afterwards(slow, servers[2].patience)
	}
}

// another makes one more server of the same answer. It returns nil, and has reported
// it, where it could not.
func (s *server) another(patience time.Duration) *server {
	other, err := listen(s.tr, s.answer, patience)
	if err != nil {
		s.tr.Wrong(exam.NoSocket, "The checker could not listen: %v", err)
		return nil
	}
	other.causes = s.causes
	return other
}

// disturbed reports what goes wrong only when several calls run at once.
func (s *server) disturbed(format string, args ...any) {
	s.causes.shared.Store(true)
	s.tell(shared, "A call of Serve went well and ended. Then three ran at once, each with its own listener. "+format, args...)
}

const shouldHear = "It should have heard %q and then the end of its connection. It heard %v."

// meanwhile needs the second and ends it, and the third one after its patience, while
// a client of s is silent. It returns false when it has found something.
func (s *server) meanwhile(second, third *server) (well bool) {
	pause := time.NewTimer(silent)
	c := second.client(send(message))
	if h := second.hear(c); !h.right() {
		if !h.turned() || s.causes.servesAlone() { // else it is so for one alone, if it is slow
			s.disturbed("A client of the first was silent. A client of the second sent its message. "+shouldHear, greeting, h)
		}
		return false
	}
	c.close()
	if o := second.shut(); !o.good() {
		s.disturbed("The listener of the second was closed, while a client of the first was silent. The second should have returned nil. %s", o.story(second))
		return false
	}
	<-pause.C
	third.shut()
	return true
}

// servesAlone tells whether a client is served that is silent for a moment where no
// other server is at work, or was until an earlier call spoilt that.
func (c *causes) servesAlone() bool { return c.speaksLate() || c.spoilt() }

// silent is longer than the patience of the third server.
const silent = short * 3 / 8

// afterwards lets the client speak that was silent until then, and one more.
func (s *server) afterwards(slow *client, third time.Duration) {
	send(message)(slow)
	if h := s.hear(slow); !h.right() {
		if s.causes.servesAlone() {
			s.disturbed("Patience was %v for the third and %v for the others. A client of the first was silent for %v and then sent its message. "+shouldHear, third, s.patience, silent, greeting, h)
		}
		return
	}
	slow.close()
	c := s.client(send(message))
	if h := s.hear(c); !h.right() {
		s.disturbed("The listeners of two were closed. A client of the one that was left sent its message. "+shouldHear, greeting, h)
		return
	}
	c.close()
	if o := s.shut(); !o.good() {
		s.disturbed("Their listeners were closed one after the other. The last one should have returned nil. %s", o.story(s))
	}
}

// inRow are the clients that come in a row: so many, or as many as come in two
// seconds, but some at least.
func inRow(yield func(int) bool) {
	const most, least = 120, 8
	began := time.Now()
	for i := 0; i < most && (i < least || time.Since(began) < 2*silence); i++ {
		if !yield(i) {
			return
		}
	}
}

func inARow(s *server) {
	s.serve()
	for i := range inRow {
		story := fmt.Sprintf("Client number %d sent %q", i+1, message)
		if i > 0 {
			story = fmt.Sprintf("Client number %d came when the one before it was done, and sent %q", i+1, message)
		}
		if !s.answered(s.client(send(message)), oneClient, story) {
			return
		}
	}
	s.stop(fmt.Sprintf("%d clients came, one after the other", len(s.clients)))
}

// So many clients come at once: more than the ten places or workers that an answer may have.
const atOnceClients = 16

// atOnce lets clients queue before anybody serves. None of them sends before the
// server has accepted all, if it is one that accepts many at once.
func atOnce(s *server) {
	for range atOnceClients {
		s.client()
	}
	s.serve()
	until(100*time.Millisecond, func() bool { return s.ln.accepted() == atOnceClients })
	got := make([]heard, atOnceClients)
	var all sync.WaitGroup
	for i, c := range s.clients {
		all.Go(func() {
			send(message)(c)
			got[i] = s.hear(c)
			if got[i].end != open {
				c.close()
			}
		})
	}
	all.Wait()
	served := slices.ContainsFunc(got, heard.right)
	for i, h := range got {
		// On a busy machine, who serves one at a time can come late to the last.
		if served && h.text == "" && h.end == open {
			h = s.hear(s.clients[i])
			s.clients[i].close()
		}
		if !s.judge(h, s.crowded(h), fmt.Sprintf("%d clients connected and then sent %q. This is number %d", atOnceClients, message, i+1)) {
			return
		}
	}
	s.stop(fmt.Sprintf("%d clients came at once", atOnceClients))
}

// crowded is what it means that a client among others heard this.
func (s *server) crowded(h heard) (own exam.Diagnosis) {
	switch {
	case s.returned(0):
		own = oneClient
	case h.end == open, strings.HasPrefix(h.text, greeting+greeting):
		own = mixedUp
	case h.turned():
		own = turnedAway
	}
	return own
}

func speaksLate(s *server) {
	s.serve()
	began := time.Now()
	c := s.client()
	if h := c.hear(50 * time.Millisecond); h.text != "" {
		s.wrong(answersFirst, "A client connected and sent nothing yet. It should have heard nothing. It heard %v.", h)
		return
	} else if h.end != open {
		s.wrong(otherPatience, "Patience was %v. A client connected and was silent at first. It heard %v, after %v.", s.patience, h, time.Since(began).Round(time.Millisecond))
		return
	}
	send(message)(c)
	story := fmt.Sprintf("Patience was %v. A client connected and sent its message after %v", s.patience, time.Since(began).Round(time.Millisecond))
	if s.answered(c, otherPatience, story) {
		s.stop(story)
	}
}

// isSilent has a client behind the silent one, which a server that serves one at
// a time makes wait, and others that come when patience is over.
func isSilent(s *server) {
	story := fmt.Sprintf("Patience was %v. A client connected and sent nothing", s.patience)
	silent := s.client()
	s.serve()
	until(silence, func() bool { return s.ln.accepted() == 1 || s.returned(0) })
	next := s.client(send(message))
	if !s.letsGo(silent, false, story) ||
		!s.afterSilence(next, story+". Another connected while the first was there, and sent its message") {
		return
	}
	if s.letsGo(s.client(), true, story+", and was let go. Then another one connected and sent nothing") &&
		s.afterSilence(s.client(send(message)), story+". Another connected when the first was let go, and sent its message") {
		s.stop(story)
	}
}

// letsGo looks whether a silent client is let go when patience is over. If it is
// the second and waits for ever, or not at all, what held for the first was for
// that one alone.
func (s *server) letsGo(c *client, second bool, story string) bool {
	defer c.close()
	h := s.hear(c)
	took := time.Since(c.came)
	switch {
	case h.text != "":
		s.wrong(answersSilence, "%s. It should have heard nothing. It heard %v.", story, h)
	case s.returned(0):
		return true // what comes next tells that
	case h.end == open:
		own := noDeadline
		if second {
			own = sharedPatience
		}
		s.hung(own, "%s. Its connection should have been closed soon. It was open after %v.", story, s.limit)
	case took < s.patience*7/8, took > s.patience*3/2 && s.causes.late():
		own := otherPatience
		if second && took < s.patience*7/8 && !s.causes.soon() {
			own = sharedPatience
		}
		s.wrong(own, "%s. Its connection was closed after %v.", story, took.Round(time.Millisecond))
	default:
		return true
	}
	return false
}

// afterSilence looks whether a client is served that came after a silent one.
func (s *server) afterSilence(c *client, story string) bool {
	h := s.hearPatient(c)
	return s.judge(h, s.impatient(h, clientEnds), story)
}

// So many clients are rude before another one comes. What the server keeps for
// each of them, a place or a worker, it then has no more of.
const rudeClients = 24

// rude lets clients do something, and others come after them.
func rude(did string, acts ...func(*client)) func(s *server) {
	return func(s *server) {
		s.serve()
		n := s.crowd(func(int) { s.client(acts...) })
		s.serveOthers(fmt.Sprintf("Clients (%d) %s", n, did))
	}
}

// crowd lets clients come, and tells how many did. If the first is not done with,
// the others stay away: each could keep a core busy from then on.
func (s *server) crowd(come func(i int)) int {
	come(0)
	if !until(silence, func() bool { return s.ln.accepted() > 0 && s.ln.open() == 0 || s.returned(0) }) {
		return 1
	}
	n := 1
	for began := time.Now(); n < rudeClients && time.Since(began) < silence; n++ {
		come(n)
	}
	return n
}

// serveOthers looks whether clients are served after the one of the story.
func (s *server) serveOthers(story string) {
	for range 3 {
		if !s.answered(s.client(send(message)), clientEnds, story+". Then another client came and sent its message") {
			return
		}
	}
	s.stop(story)
}

// resetsFirst has clients that are gone before they are accepted, and clients that
// go when the server waits for their message.
func resetsFirst(s *server) {
	s.serve()
	n := s.crowd(func(i int) {
		c := s.client()
		if i%2 == 0 {
			until(silence, func() bool { return s.ln.accepted() > i || s.returned(0) })
		}
		reset(c)
	})
	s.serveOthers(fmt.Sprintf("Clients (%d) reset their connection before they sent anything", n))
}

// endsFirst has a client that sends no message, only the end of its stream. An
// answer to it does no harm, but its connection must end.
func endsFirst(s *server) {
	s.serve()
	c, next := s.client(halfClose), s.client(send(message))
	silent := s.hear(c)
	const story = "A client ended its direction (CloseWrite) without a message"
	if silent.end == open && !s.returned(0) {
		s.hung(endIgnored, "%s. Its connection should have been closed at once. It heard %v.", story, silent)
		return
	}
	c.close()
	if silent.text != "" && silent.text != greeting {
		s.wrong(otherText, "%s. It should have heard nothing, or %q. It heard %v.", story, greeting, silent)
		return
	}
	if s.answered(next, clientEnds, story+". Then another client came and sent its message") {
		s.stop(story)
	}
}

func endsAfter(s *server) {
	s.serve()
	const story = "A client sent its message, ended its direction (CloseWrite) and waited for the answer"
	if s.answered(s.client(send(message), halfClose), halfClosed, story) {
		s.stop(story)
	}
}

// stays has a client that sends its message, and then neither reads nor closes.
// The answer fits into the buffers of the system.
func stays(s *server) {
	s.serve()
	s.client(send(message))
	const story = "A client sent its message, and then did nothing more: it did not read and did not close"
	h := s.hearPatient(s.client(send(message)))
	if !s.judge(h, s.impatient(h, awaitsClient), story+". Then another client came and sent its message") {
		return
	}
	if !until(s.limit, func() bool { return s.ln.open() == 0 }) {
		s.hung(awaitsClient, "%s. The server should have closed its connection. It was open after %v.", story, s.limit)
		return
	}
	s.stop(story)
}

// twoPieces leaves open whether the server has received both pieces when it
// closes. If not, the client's connection is reset.
func twoPieces(s *server) {
	s.serve()
	c := s.client(send("Hello, "))
	time.Sleep(20 * time.Millisecond) // keeps the pieces apart
	send("i'm client!")(c)
	h := s.hear(c)
	const story = `A client sent "Hello, " and, 20 ms later, "i'm client!"`
	if h.cut() || s.judge(h, exam.Diagnosis{}, story) {
		c.close()
		s.serveOthers(story)
	}
}

// longMessage allows a reset where more was sent than one recv takes. Waits is what
// it means that the server waits for more.
func longMessage(size int, waits exam.Diagnosis) func(s *server) {
	return func(s *server) {
		s.serve()
		c := s.client(send(strings.Repeat("7", size)))
		h := s.hear(c)
		story := fmt.Sprintf("A client sent %d bytes and kept its connection open", size)
		own := exam.Diagnosis{}
		if h.end == open {
			own = waits
		}
		if size > 1024 && h.cut() || s.judge(h, own, story) {
			c.close()
			s.serveOthers(story)
		}
	}
}

func idle(s *server) {
	s.serve()
	story := fmt.Sprintf("Patience was %v, and for %v no client came", s.patience, s.patience*3/2)
	if s.returned(s.patience * 3 / 2) {
		s.wrong(acceptDeadline, "%s. Serve should have gone on.", story)
		return
	}
	h := s.hearPatient(s.client(send(message)))
	if s.judge(h, s.impatient(h, acceptDeadline), story+". Then one came and sent its message") {
		s.stop(story)
	}
}

func closedBefore(s *server) {
	s.ln.Close()
	s.serve()
	o := s.shut()
	if o.hung && !s.ln.called() {
		return // so no client is served either, and other cases tell that
	}
	s.ends(o, neverEnds, closedIsEnd, "Serve got a listener that was closed already")
}

func closedIdle(story string) func(s *server) {
	return func(s *server) {
		s.serve()
		until(s.limit, func() bool { return s.returned(0) || s.ln.called() })
		switch {
		case s.returned(10 * time.Millisecond):
			s.wrong(earlyReturn, "No client came, and nobody closed the listener. Serve should have waited.")
			return
		case !s.ln.called():
			return // so no client is served either, and other cases tell that
		}
		s.ends(s.shut(), neverEnds, closedIsEnd, story)
	}
}

// otherType has a listener whose Accept returns net.ErrClosed inside another error.
// Errors.Is finds it there, and so does who looks for its text.
func otherType(s *server) {
	s.ln.wraps = true
	closedIdle("The listener was none of package net. When it was closed, its Accept returned net.ErrClosed inside another error")(s)
}

// closedServing has a silent client. A server that serves one at a time notices
// the end of the listener only when that one is let go.
func closedServing(s *server) {
	s.serve()
	c := s.client()
	until(silence, func() bool { return s.ln.accepted() == 1 || s.returned(0) })
	o := s.shut()
	story := fmt.Sprintf("Patience was %v. The listener was closed while a client was connected that had sent nothing", s.patience)
	if !o.good() {
		// If Serve does not even end well without a client, simpler cases tell.
		if s.causes.endsWell() {
			own := neverEnds
			if c.hear(short).end == open {
				own = noDeadline
			}
			s.ends(o, s.cause(own), s.ended(), story)
		}
		return
	}
	if h := c.hear(s.limit); h.end == open {
		s.tell(s.cause(noDeadline), "%s. Its connection should have been closed. It was open after %v.", story, s.limit)
	}
}

// failsOnce lets Accept fail one time.
// To return that error and to go on are both right.
func failsOnce(s *server) {
	s.ln.fails = func(n int) bool { return n == 1 }
	s.serve()
	c := s.client(send(message))
	got := make(chan heard, 1)
	go func() { got <- s.hear(c) }()
	const story = `Accept failed once ("too many open files") while the listener was open`
	var h heard
	select {
	case <-s.call.Done():
	case h = <-got:
	}
	switch {
	case h.right():
		s.shut() // at its end, Serve may still return that error
	case !s.returned(silence):
		if s.causes.endsWell() { // if not, simpler cases tell
			s.judge(h, acceptError, story+", and Serve went on. A client sent its message")
		}
	case s.err == nil:
		s.wrong(acceptError, "%s. Serve should have returned the error, or have gone on.", story)
	}
}

// failsForGood lets Accept fail until the listener is closed. To return the error
// is right, and so is to try again after a pause.
func failsForGood(s *server) {
	s.ln.fails = func(int) bool { return true }
	s.serve()
	const story = "Accept failed each time it was called, while the listener was open"
	// An answer that takes its time between two calls is let go soon.
	until(short, func() bool { return s.returned(0) })
	until(time.Second, func() bool { return s.returned(0) || s.ln.spun() || s.ln.pauses() })
	switch {
	case s.ln.spun():
		s.wrong(acceptAgain, "%s. Serve called it again and again without a pause.", story)
	case !s.returned(0):
		// It may still return an error, but it has to return.
		if o := s.shut(); o.hung && s.causes.endsWell() {
			s.ends(o, neverEnds, acceptError, story+". Then the listener was closed")
		}
	case s.err == nil:
		s.wrong(acceptError, "%s. Serve should have returned the error.", story)
	}
}
