// Package check checks an answer to the exercise of lesson 4: a UDP client.
package check

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/sockets/shared/badnet"
	"example.com/sockets/shared/exam"
)

// Ask checks an answer. It skips the test where the answer has not been started.
func Ask(t *testing.T, ask func(addr, message string, timeout time.Duration, tries int) (string, error)) {
	t.Helper()
	if largest() < exam.MaxDatagram {
		t.Logf("loopback carries datagrams of at most %d bytes here, not %d: the test uses that size", largest(), exam.MaxDatagram)
	}
	exam.Run(t, "lessons/udp-client/exercise/exercise.go", begun, newCases(&controls{alone: true}), ask)
}

// begun asks a server that answers. Whatever else than the stub's error comes of
// it, the answer has been begun.
func begun(ask asker) error {
	s, err := newServer(func(s *server, q question) { s.answer(q, plainAnswer) })
	if err != nil {
		return nil
	}
	defer s.close()
	call := new(exam.Trial).Go(func() { _, err = ask(s.addr.String(), s.sign(hello), long, 1) })
	if call.WaitFor(500*time.Millisecond) != "" {
		return nil
	}
	return err
}

// newCases returns the cases for one answer.
func newCases(c *controls) []exam.Case[asker] {
	var cases []exam.Case[asker]
	add := func(name string, run func(*attempt)) {
		cases = append(cases, exam.Case[asker]{Name: name, Run: inCase(c, run)})
	}
	add("plain answer", func(a *attempt) { a.found = a.plain(); a.certain = true })
	add("Korean answer", answers(notText, "안녕하세요, 저는 서버 "+id+" 입니다."))
	add("answer that is no text", answers(notText, "any\x00\xff\xfe bytes \x80\x00\xea\xb0 are \x00 "+id+" an answer\x00\x00"))
	add("answer of several lines", answers(changed, " \tfirst line\nsecond line "+id+" \r\n\n"))
	add("answer like the message", answers(wrongReply, hello))
	add("longest answer", func(a *attempt) { answers(cut, longText()[:largest()])(a) })
	add("empty answer", answers(emptyAnswer, ""))
	add("empty message", emptyQuestion)
	add("message of any bytes", asks(" 안녕\x00\r\n\xff\xfe 100%d bytes "+id+" \n "))
	add("longest message", func(a *attempt) { asks(longText()[:largest()])(a) })
	add("message that is too long", tooLong)
	add("calls that send nothing", func(a *attempt) { a.found = a.unsent(); a.certain = true })
	add("two datagrams", twoDatagrams)
	add("answer that is there at once", func(a *attempt) { a.found = a.prompt(); a.certain = true })
	add("network that delays and doubles", delaysAndDoubles)
	add("server that takes its time", takesTime)
	add("one try", oneTry)
	add("one try and a silent server", oneSilentTry)
	add("silent server", silentServer)
	add("silent server and a very short timeout", silentShort)
	add("silent server and many tries", manyTries)
	add("question lost", lost(1, "the first datagram got lost; the server answered what came after it"))
	add("answers lost twice", lost(2, "the server's first two answers got lost on the way; it answered each datagram"))
	add("answer after the time of its try", lateAnswer)
	add("closed port", closedPort)
	add("port closed after the first try", closedLater)
	add("address without a port", noPort)
	add("strangers before the answer", strangersFirst)
	add("strangers and a silent server", strangersOnly)
	add("several calls at once", severalCalls)
	cases[len(cases)-1].First = true
	return cases
}

// inCase returns the Run of a case. On a busy machine exam runs a case that has found
// something once more. What is certain, or took long to confirm, is then only told
// again: else answers that hang would keep the checker for too long.
func inCase(c *controls, run func(*attempt)) func(*exam.Trial, asker) {
	var told []exam.Finding
	return func(tr *exam.Trial, ask asker) {
		found, certain, began := told, false, time.Now()
		if found == nil {
			found, certain = confirmed(ask, c, run)
		}
		if certain || time.Since(began) > exam.Limit {
			told = found
		}
		for _, f := range found {
			tr.Wrong(f.Diagnosis, "%s", f.Story)
		}
	}
}

// answers wants the answer of a server that answers at once. Own is what it means
// that Ask returns an error, or nothing, only here.
func answers(own exam.Diagnosis, answer string) func(*attempt) {
	return func(a *attempt) { a.wantAnswer(exchange(hello, answer), own, answer) }
}

func asks(message string) func(*attempt) {
	return func(a *attempt) {
		a.wantAnswerOf(func() *visit {
			v := a.visit(exchange(message, messageAnswer))
			if v != nil && v.count() == 0 && (v.hung != "" || v.err != nil) && a.reason(otherMessage, a.plain) == otherMessage {
				v.wrongMessage("nothing")
				return nil
			}
			return v
		}, otherMessage, messageAnswer)
	}
}

// longText is text that is too long for a datagram. No part of it is like another,
// and even a small one has the server's number.
var longText = sync.OnceValue(func() string {
	var s strings.Builder
	for i := 1; s.Len() <= exam.MaxDatagram; i++ {
		fmt.Fprintf(&s, "%d,", i)
		if i%16 == 0 {
			s.WriteString(id + ",")
		}
	}
	return s.String()[:exam.MaxDatagram+1]
})

func emptyQuestion(a *attempt) {
	s := exchange("", emptyAnswered)
	s.did = `the message was ""; the server would have answered a datagram of 0 bytes`
	a.wantAnswerOf(func() *visit {
		v := a.visit(s)
		if v != nil && v.count() == 0 {
			v.wrongCount(a.reason(emptyMessage, a.plain))
			return nil
		}
		return v
	}, emptyMessage, emptyAnswered)
}

// tooLong asks what no datagram can hold.
func tooLong(a *attempt) {
	v := a.visit(unsendable())
	switch {
	case v == nil:
	case v.hung != "":
		v.did += ", which is to be looked at before anything is waited for"
		v.wrongCount(a.reason(wrongTries, a.plain, a.silent))
	case v.err == nil:
		v.wrong(a.reason(swallowed, a.plain, a.silent))
	default:
		v.left()
	}
}

func unsendable() setup {
	s := exchange(longText(), messageAnswer)
	s.timeout, s.tries = short, 2
	s.did = fmt.Sprintf("the message had %d bytes, which no datagram can hold: Write returns an error", len(s.message))
	return s
}

func twoDatagrams(a *attempt) {
	s := setup{message: hello, timeout: long, tries: 3, on: twoAnswers}
	s.did = fmt.Sprintf("the server answered with two datagrams, %q and %q; either of them is an answer", firstAnswer, secondAnswer)
	a.wantAnswerOf(func() *visit {
		v := a.visit(s)
		if v != nil && v.hung == "" && v.err == nil && strings.Contains(v.reply, v.server.sign(secondAnswer)) && len(v.reply) > len(secondAnswer) {
			v.wrong(oneDatagram)
			return nil
		}
		return v
	}, oneDatagram, firstAnswer, secondAnswer)
}

// delaysAndDoubles puts a network between client and server on which nothing
// gets lost, and the time is not nearly up.
func delaysAndDoubles(a *attempt) {
	a.wantAnswerOf(func() *visit {
		server := openServer(a, func(s *server, q question) { s.answer(q, plainAnswer) })
		if server == nil {
			return nil
		}
		faults, err := badnet.Parse("delay=30ms,dup=1")
		if err != nil {
			a.Wrong(exam.NoSocket, "the network: %v.", err)
			return nil
		}
		relay, err := badnet.Listen("udp", "127.0.0.1:0", server.addr.String(), faults, badnet.Options{})
		if err != nil {
			a.Wrong(exam.NoSocket, "the network: %v.", err)
			return nil
		}
		a.Cleanup(func() { relay.Close() })
		s := exchange(hello, plainAnswer)
		s.addr, s.relay = relay.Addr(), relay
		s.did = fmt.Sprintf("each datagram came twice and 30ms late, and the server answered %q", plainAnswer)
		v := s.start(a, server)
		if a.end(v) == nil {
			return nil
		}
		if v.hung == "" && v.took < v.timeout && (v.sent() > 1 || v.err != nil) {
			v.wrongCount(a.reason(ownTimeout, a.plain, a.why))
			return nil
		}
		return v
	}, ownTimeout, plainAnswer)
}

// takesTime answers late, but long before the time of the first try is up. When
// a second datagram comes, it need not wait any longer.
func takesTime(a *attempt) {
	const late = 550 * time.Millisecond
	a.wantAnswerOf(func() *visit {
		s := exchange(hello, plainAnswer)
		s.tries = 6
		s.did = fmt.Sprintf("the server answered after %v", late)
		second := make(chan struct{})
		s.on = func(s *server, q question) {
			switch q.number {
			case 1: // beside serve, which goes on to read
				go func() {
					select {
					case <-second:
					case <-time.After(late):
					}
					s.answer(q, plainAnswer)
				}()
			case 2:
				close(second)
			}
		}
		v := a.visit(s)
		if v != nil && v.hung == "" && v.took < v.timeout && (v.count() > 1 || v.err != nil) {
			if gap := v.gap(); 0 < gap && gap < late {
				v.did = fmt.Sprintf("the server would have answered after %v, and answered at once when your second datagram came after %v", late, gap.Round(time.Millisecond))
			}
			v.wrongCount(a.reason(ownTimeout, a.plain, a.why))
			return nil
		}
		return v
	}, ownTimeout, plainAnswer)
}

func oneTry(a *attempt) {
	s := exchange(hello, plainAnswer)
	s.tries = 1
	a.wantAnswer(s, lastWait, plainAnswer)
}

func oneSilentTry(a *attempt) {
	v := a.visit(silence(short, 1))
	if v == nil {
		return
	}
	if d, wrong := v.judgeTries(); wrong {
		v.wrongCount(a.reason(d, a.plain, a.silent))
		return
	}
	if v.early() {
		v.wrongCount(a.reason(lastWait, a.plain, a.why))
		return
	}
	v.left()
}

func silentServer(a *attempt) {
	for _, f := range a.silent() {
		d := f.Diagnosis
		if d.Name == noRetry.Name { // it may have failed before there was anything to wait for
			d = a.reason(d, a.plain)
		}
		a.Wrong(d, "%s", f.Story)
	}
	a.certain = true // the control is confirmed itself
}

// manyTries is for answers that have a greatest number of tries. The timeout is so
// short that a busy machine can use it up before the send; so nobody is blamed for
// what does not happen with a longer one.
func manyTries(a *attempt) {
	v := a.visit(silence(short/5, 12))
	if v == nil {
		return
	}
	if _, wrong := v.judgeTries(); wrong && a.reason(wrongTries, a.plain, a.silent) == wrongTries {
		if v = a.visit(silence(short, 12)); v == nil {
			return
		}
	}
	if d, wrong := v.judgeTries(); wrong {
		v.wrongCount(a.reason(d, a.plain, a.silent))
	}
}

// silentShort is for answers that wait longer than they are asked to.
func silentShort(a *attempt) {
	begin := func() *visit { return a.visit(silence(short/3, 3)) }
	v := begin()
	if v == nil {
		return
	}
	d, wrong := v.judgeTries()
	switch {
	case wrong:
		v.wrongCount(a.reason(d, a.plain, a.silent))
	case v.early():
		v.wrongCount(a.reason(ownTimeout, a.plain, a.why))
	case v.late(begin):
		v.wrongLength(a.reason(ownTimeout, a.plain, a.silent))
		a.sure = true
	default:
		v.left()
	}
}

// lost answers what comes after the first n datagrams. A busy machine can make
// an answer late for its try; so there are tries to spare, and a second attempt.
func lost(n int, did string) func(*attempt) {
	return func(a *attempt) {
		begin := func(timeout time.Duration) *visit {
			return a.visit(setup{message: hello, timeout: timeout, tries: n + 3, did: did, on: func(s *server, q question) {
				if q.number > n {
					s.answer(q, plainAnswer)
				}
			}})
		}
		v := begin(short)
		if v != nil && v.hung == "" && v.err != nil && a.reason(laterAnswer, a.plain) == laterAnswer {
			v = begin(longer)
			a.sure = true
		}
		a.judgeLater(v, plainAnswer)
	}
}

// judgeLater judges a call that got its answer at a later try.
func (a *attempt) judgeLater(v *visit, want string) {
	switch {
	case v == nil:
	case v.hung != "", v.err != nil:
		v.wrongCount(a.reason(laterAnswer, a.plain, a.why))
	case v.reply == "":
		v.wrongCount(a.reason(swallowed, a.plain, a.silent))
	case v.reply != v.server.sign(want):
		v.wrong(a.reason(v.judgeBytes(want), a.plain))
	case v.count() > v.tries:
		v.wrongCount(a.reason(wrongTries, a.plain, a.silent))
	default:
		v.left()
	}
}

// lateAnswer answers only the first datagram, when the second has come. An
// answer with a new socket for each try does not hear of it, and may say so.
func lateAnswer(a *attempt) {
	begin := func(timeout time.Duration) *visit {
		var first question // serve calls on for one datagram after the other
		return a.visit(setup{
			message: hello, timeout: timeout, tries: 4,
			did: "the server answered the first datagram when the second had come already, and no other",
			on: func(s *server, q question) {
				switch q.number {
				case 1:
					first = q
				case 2:
					s.answer(first, plainAnswer)
				}
			},
		})
	}
	v := begin(short)
	if v != nil && v.hung == "" && v.err != nil && !v.movedOn() && a.reason(laterAnswer, a.plain) == laterAnswer {
		v = begin(longer)
		a.sure = true
	}
	if v != nil && v.hung == "" && v.err != nil && v.movedOn() && v.count() <= v.tries {
		v.left()
		return
	}
	a.judgeLater(v, plainAnswer)
}

// movedOn tells whether the second datagram came from another socket.
func (v *visit) movedOn() bool {
	_, questions := v.server.asked()
	return len(questions) > 1 && questions[0].from != questions[1].from
}

// closedPort asks at an address that a socket has, but only for another peer. So
// nobody else can get it, and for the client it is closed.
func closedPort(a *attempt) {
	server := openServer(a, nil)
	if server == nil {
		return
	}
	conn, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, net.UDPAddrFromAddrPort(server.addr))
	if err != nil {
		a.Wrong(exam.NoSocket, "a closed port: %v.", err)
		return
	}
	a.Cleanup(func() { conn.Close() })
	a.judgeError(nobody(conn.LocalAddr().String(), "nobody had the port open").start(a, server))
}

// closedLater closes the port when the first datagram has come. So the checker
// knows the client's address, and can see whether its socket is closed.
func closedLater(a *attempt) {
	s := silence(short, 3)
	s.did = "the server got the first datagram and closed its port"
	s.on = func(s *server, q question) { turnAway(s.conn, s.addr) }
	server := openServer(a, s.on)
	if server == nil {
		return
	}
	v := s.start(a, server)
	v.deaf = true
	a.judgeError(v)
}

func noPort(a *attempt) {
	if server := openServer(a, nil); server != nil {
		a.judgeError(portless().start(a, server))
	}
}

func portless() setup { return nobody("127.0.0.1", `the address was "127.0.0.1", without a port`) }

// nobody is a setup with an address where no server is.
func nobody(addr, did string) setup {
	return setup{message: hello, timeout: short, tries: 3, did: did, addr: addr}
}

func (a *attempt) judgeError(v *visit) {
	switch {
	case a.end(v) == nil:
	case v.hung != "":
		v.wrong(a.reason(refused, a.plain, a.silent))
	case v.err == nil:
		v.wrong(a.reason(swallowed, a.plain, a.silent))
	default:
		v.left()
	}
}
