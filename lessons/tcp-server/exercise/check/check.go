// Package check checks answers to the exercise of lesson 1.
package check

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

// Serve checks an answer, and skips the test where none has been begun.
func Serve(t *testing.T, serve func(ln net.Listener, patience time.Duration) error) {
	t.Helper()
	exam.Run(t, "lessons/tcp-server/exercise/exercise.go", begun, cases(serve), serve)
}

// begun returns the answer's error if it returns without a single Accept, as the
// stub does.
func begun(answer serveFunc) error {
	s, err := listen(new(exam.Trial), answer, short)
	if err != nil {
		return nil // the cases report that
	}
	defer s.close()
	s.serve()
	select {
	case <-s.ln.asked:
		return nil
	case <-s.call.Done():
	}
	if s.ln.called() {
		return nil
	}
	return s.err
}

// cases are the situations that an answer has to master. Each begins with a
// listener that nobody serves yet.
func cases(answer serveFunc) (list []exam.Case[serveFunc]) {
	causes := newCauses(answer)
	add := func(name string, patience time.Duration, run func(s *server)) {
		list = append(list, exam.Case[serveFunc]{Name: name, Run: func(tr *exam.Trial, answer serveFunc) {
			s, err := listen(tr, answer, patience)
			if err != nil {
				tr.Wrong(broken, "The checker could not listen: %v", err)
				return
			}
			s.causes = causes
			suspicion := time.AfterFunc(time.Second, causes.suspect)
			defer suspicion.Stop()
			run(s)
		}})
	}
	add("one client", long, oneMessage(message))
	add("one byte", long, oneMessage("!"))
	add("clients in a row", long, inARow)
	add("clients at once", long, atOnce)
	add("client that speaks late", long, speaksLate)
	add("silent client", short, isSilent)
	add("client that resets before its message", long, resetsFirst)
	add("client that resets after its message", long, rude("sent a message and reset its connection at once", send(message), reset))
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
	add("listener closed while nobody is there", long, closedIdle)
	add("listener closed while a client is served", short, closedServing)
	add("Accept fails once", long, failsOnce)
	add("Accept fails for good", long, failsForGood)
	return list
}

// oneMessage is the plainest case: one client, which waits for the answer and for
// the end of its connection.
func oneMessage(text string) func(s *server) {
	return func(s *server) {
		s.serve()
		story := fmt.Sprintf("A client sent %q and kept its connection open", text)
		if s.answered(s.client(send(text)), exam.Diagnosis{}, story) {
			s.stop(story)
		}
	}
}

// So many clients come in a row.
const inRow = 20

func inARow(s *server) {
	s.serve()
	for i := range inRow {
		story := fmt.Sprintf("Client number %d came when the one before it was done, and sent %q", i+1, message)
		if !s.answered(s.client(send(message)), oneClient, story) {
			return
		}
	}
	s.stop(fmt.Sprintf("%d clients came, one after the other", inRow))
}

// atOnce lets clients queue before anybody serves. None of them sends before the
// server has accepted all, if it is one that accepts many at once.
func atOnce(s *server) {
	const n = 10
	for range n {
		s.client()
	}
	s.serve()
	until(50*time.Millisecond, func() bool { return s.ln.accepted() == n })
	got := make([]heard, n)
	var all sync.WaitGroup
	for i, c := range s.clients {
		all.Go(func() {
			send(message)(c)
			got[i] = s.hear(c)
			c.close()
		})
	}
	all.Wait()
	for i, h := range got {
		var own exam.Diagnosis
		switch {
		case s.returned(0):
			own = oneClient
		case h.end == open, strings.HasPrefix(h.text, greeting+greeting):
			own = mixedUp
		}
		if !s.judge(h, own, fmt.Sprintf("%d clients connected and then sent %q. This is number %d", n, message, i+1)) {
			return
		}
	}
	s.stop(fmt.Sprintf("%d clients came at once", n))
}

// speaksLate has a second server to measure time with: when that has lost its
// small patience with a silent client, this one must still have some.
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
	clock, err := listen(s.tr, s.answer, short)
	if err != nil {
		s.tr.Wrong(broken, "The checker could not listen: %v", err)
		return
	}
	clock.serve()
	if clock.hear(clock.client()).end == open {
		return // the case of the silent client tells that
	}
	clock.ln.Close()
	send(message)(c)
	story := fmt.Sprintf("Patience was %v. A client connected and sent its message after %v", s.patience, time.Since(began).Round(time.Millisecond))
	if s.answered(c, otherPatience, story) {
		s.stop(story)
	}
}

// isSilent has a client behind the silent one, which a server that serves one at
// a time makes wait, and one that comes when patience is over.
func isSilent(s *server) {
	s.serve()
	silent := s.client()
	until(s.limit, func() bool { return s.ln.accepted() == 1 || s.returned(0) })
	next := s.client(send(message))
	h := s.hear(silent)
	story := fmt.Sprintf("Patience was %v. A client connected and sent nothing", s.patience)
	switch {
	case h.text != "":
		s.wrong(answersSilence, "%s. It should have heard nothing. It heard %v.", story, h)
		return
	case h.end == open && !s.returned(0):
		s.hung(noDeadline, "%s. Its connection should have been closed soon. It was open after %v.", story, s.limit)
		return
	}
	silent.close()
	if s.afterSilence(next, story+". Another connected while the first was there, and sent its message") &&
		s.afterSilence(s.client(send(message)), story+". Another connected when the first was let go, and sent its message") {
		s.stop(story)
	}
}

// afterSilence looks whether a client is served that came after a silent one.
func (s *server) afterSilence(c *client, story string) bool {
	h := s.hearPatient(c)
	return s.judge(h, s.impatient(h), story)
}

// rude lets one client do something, and others come after it.
func rude(did string, acts ...func(*client)) func(s *server) {
	return func(s *server) {
		s.serve()
		s.client(acts...)
		s.serveOthers("A client " + did)
	}
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

// resetsFirst has one client that is gone before it is accepted, and one that
// goes when the server waits for its message.
func resetsFirst(s *server) {
	s.serve()
	s.client(reset)
	second := s.client()
	until(s.limit, func() bool { return s.ln.accepted() == 2 || s.returned(0) })
	reset(second)
	s.serveOthers("A client reset its connection before it sent anything")
}

// endsFirst has a client that sends no message, only the end of its stream. An
// answer to it does no harm, but its connection must end.
func endsFirst(s *server) {
	s.serve()
	c, next := s.client(halfClose), s.client(send(message))
	silent, served := s.hearBoth(c, next)
	c.close()
	next.close()
	const story = "A client ended its direction (CloseWrite) without a message"
	if silent.end == open && !s.returned(0) {
		s.hung(endIgnored, "%s. Its connection should have been closed at once. It heard %v.", story, silent)
		return
	}
	if silent.text != "" && silent.text != greeting {
		s.wrong(otherText, "%s. It should have heard nothing, or %q. It heard %v.", story, greeting, silent)
		return
	}
	if s.judge(served, clientEnds, story+". Then another client came and sent its message") {
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
	own := s.impatient(h)
	if h.end == open {
		own = awaitsClient
	}
	if !s.judge(h, own, story+". Then another client came and sent its message") {
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
	c.close()
	const story = `A client sent "Hello, " and, 20 ms later, "i'm client!"`
	if h.cut() || s.judge(h, exam.Diagnosis{}, story) {
		s.serveOthers(story)
	}
}

// longMessage allows a reset where more was sent than one recv takes.
func longMessage(size int, own exam.Diagnosis) func(s *server) {
	return func(s *server) {
		s.serve()
		c := s.client(send(strings.Repeat("7", size)))
		h := s.hear(c)
		c.close()
		story := fmt.Sprintf("A client sent %d bytes and kept its connection open", size)
		if h.cut() || s.judge(h, own, story) {
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
	if s.judge(h, s.impatient(h), story+". Then one came and sent its message") {
		s.stop(story)
	}
}

func closedBefore(s *server) {
	s.ln.Close()
	s.serve()
	s.ends(s.shut(), neverEnds, closedIsEnd, "Serve got a listener that was closed already")
}

func closedIdle(s *server) {
	s.serve()
	until(s.limit, func() bool { return s.returned(0) || s.ln.called() })
	if s.returned(10 * time.Millisecond) {
		s.wrong(earlyReturn, "No client came, and nobody closed the listener. Serve should have waited.")
		return
	}
	s.ends(s.shut(), neverEnds, closedIsEnd, "The listener was closed while no client was there")
}

// closedServing has a silent client. A server that serves one at a time notices
// the end of the listener only when that one is let go.
func closedServing(s *server) {
	s.serve()
	c := s.client()
	until(s.limit, func() bool { return s.ln.accepted() == 1 || s.returned(0) })
	o := s.shut()
	story := fmt.Sprintf("Patience was %v. The listener was closed while a client was connected that had sent nothing", s.patience)
	if !o.good() {
		// If Serve does not even end well without a client, simpler cases tell.
		if s.causes.endsWell() {
			own := noDeadline
			if c.hear(short).end != open {
				own = neverEnds
			}
			s.ends(o, s.cause(own), s.cause(clientEnds), story)
		}
		return
	}
	if h := c.hear(s.limit); h.end == open {
		s.tr.Wrong(s.cause(noDeadline), "%s. Its connection should have been closed. It was open after %v.", story, s.limit)
	}
}

// failsOnce lets Accept fail as it does when a process has too many files open.
// To return that error and to go on are both right.
func failsOnce(s *server) {
	s.ln.fails = func(n int) error {
		if n > 1 {
			return nil
		}
		return &net.OpError{Op: "accept", Net: "tcp", Addr: s.ln.Addr(), Err: os.NewSyscallError("accept", syscall.EMFILE)}
	}
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
		s.judge(h, acceptError, story+", and Serve went on. A client sent its message")
	case s.err == nil:
		s.wrong(acceptError, "%s. Serve should have returned the error, or have gone on.", story)
	}
}

// failsForGood lets Accept fail until the listener is closed. To return the error
// is right, and so is to try again after a pause.
func failsForGood(s *server) {
	s.ln.fails = func(int) error {
		return &net.OpError{Op: "accept", Net: "tcp", Addr: s.ln.Addr(), Err: errors.New("the network is out of order")}
	}
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
