package check

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"example.com/sockets/shared/exam"
)

// An attempt is one case, with the answer that it tries.
type attempt struct {
	*exam.Trial
	ask      asker
	controls *controls
	found    []exam.Finding
	sure     bool // only a busy machine could make what it finds chance
	certain  bool // not even that could
}

// Wrong keeps a finding. It does not reach the Trial: exam.Try would run the attempt
// again on a busy machine, up to three times in all, and confirmed does that itself.
// It is for the goroutine of the case alone.
func (a *attempt) Wrong(d exam.Diagnosis, format string, args ...any) {
	a.found = append(a.found, exam.Finding{Diagnosis: d, Story: fmt.Sprintf(format, args...)})
}

// confirmed returns what run finds, when it finds something a second time too. A
// busy machine, or whatever else uses its ports, can make anything go wrong once.
// While the machine is seen to be busy, there are some more times. Certain tells that
// not even a busy machine explains it.
func confirmed(ask asker, c *controls, run func(*attempt)) (found []exam.Finding, certain bool) {
	began := time.Now()
	for times := 1; ; times++ {
		var a *attempt
		stalled := watch()
		panics := exam.Try([]exam.Case[asker]{{Run: func(tr *exam.Trial, ask asker) {
			a = &attempt{Trial: tr, ask: ask, controls: c}
			run(a)
		}}}, ask)
		found = append(panics, a.found...)
		calm := stalled() < 50*time.Millisecond
		enough := times == 8 || times > 1 && time.Since(began) > exam.Limit*3/2
		if len(found) == 0 || a.certain || calm && (a.sure || times > 1) || enough {
			return found, a.certain
		}
	}
}

// watch begins to watch how much longer than they should short rests take on this
// machine. Stalled ends it, and returns the longest of these times.
func watch() (stalled func() time.Duration) {
	end, longest := make(chan bool), make(chan time.Duration)
	go func() {
		var most time.Duration
		for {
			began := time.Now()
			select {
			case <-time.After(20 * time.Millisecond):
				most = max(most, time.Since(began)-20*time.Millisecond)
			case <-end:
				longest <- most
				return
			}
		}
	}()
	return func() time.Duration {
		close(end)
		return <-longest
	}
}

// controls are situations of which several cases want to know. An answer that fails in
// the plainest, plain and silent, fails in many cases, for the same reason. Each is
// tried once for all cases.
type controls struct {
	plain, silent, patient, prompt, unsent control

	alone bool // no other answer is tried in this process
}

type control struct {
	once  sync.Once
	found []exam.Finding
}

func (c *control) try(a *attempt, run func(*attempt)) []exam.Finding {
	c.once.Do(func() { c.found, _ = confirmed(a.ask, a.controls, run) })
	return c.found
}

func (a *attempt) plain() []exam.Finding  { return a.controls.plain.try(a, judgePlain) }
func (a *attempt) silent() []exam.Finding { return a.controls.silent.try(a, judgeSilent) }

// prompt and unsent are tried before other cases begin, where a single call goes well.
// Then nothing else in this process makes an answer late, or opens a socket.
func (a *attempt) prompt() []exam.Finding { return a.controls.prompt.try(a, judgePrompt) }

func (a *attempt) unsent() []exam.Finding {
	if !a.controls.alone {
		return nil
	}
	return a.controls.unsent.try(a, judgeUnsent)
}

// why is silent, and looks more closely where that finds nothing.
func (a *attempt) why() []exam.Finding {
	if found := a.silent(); len(found) > 0 {
		return found
	}
	return a.controls.patient.try(a, judgePatiently)
}

// reason returns the diagnosis of the first control that fails too, and own
// where none does. An open socket is no reason for anything else.
func (a *attempt) reason(own exam.Diagnosis, controls ...func() []exam.Finding) exam.Diagnosis {
	for _, control := range controls {
		for _, f := range control() {
			if f.Diagnosis.Name != notClosed.Name {
				a.certain = true // controls are confirmed themselves
				return f.Diagnosis
			}
		}
	}
	return own
}

// visit calls Ask as the setup says. It returns nil when there is nothing more
// to judge.
func (a *attempt) visit(s setup) *visit {
	server := openServer(a, s.on)
	if server == nil {
		return nil
	}
	return a.end(s.start(a, server))
}

// end waits for the end of a visit, at most exam.Limit. It returns nil when there
// is nothing more to judge.
func (a *attempt) end(v *visit) *visit {
	ended := v.wait()
	a.certain = a.certain || !ended
	if v.stuck() || v.took >= long {
		a.sure = true
	}
	if !ended || !v.sound() {
		return nil
	}
	return v
}

// stuck tells whether Ask hangs somewhere. What has no place to hang in had only
// not been let run yet.
func (v *visit) stuck() bool {
	return v.hung != "" && v.hung != exam.Unknown
}

const (
	hello       = "Hello, i'm client " + id + "!"
	plainAnswer = "Good morning, client " + id + "."
	// What servers answer to other messages.
	messageAnswer = "I got it, client " + id + "."
	emptyAnswered = "You said nothing, client " + id + "."
)

// exchange is a setup with a server that answers each datagram at once.
func exchange(message, answer string) setup {
	return setup{
		message: message, timeout: long, tries: 3,
		did: "the server answered " + exam.Quote(message) + " at once with " + exam.Quote(answer),
		on:  func(s *server, q question) { s.answer(q, answer) },
	}
}

// judgePlain is the first control: one question, one answer.
func judgePlain(a *attempt) {
	v := a.visit(exchange(hello, plainAnswer))
	if v == nil {
		return
	}
	n := v.count()
	if n == 0 && (v.hung != "" || v.err != nil) {
		v.wrongMessage("nothing")
		return
	}
	if strings.Contains(v.hung, "time.Sleep") {
		v.wrongCount(sleeps)
		return
	}
	if v.hung != "" || v.slow() {
		if d, wrong := a.whyLate(); wrong {
			a.certain = a.certain || v.hung != "" && a.sure // it hung, or was late, a second time
			v.wrongCount(d)
			return
		} else if v.hung != "" {
			v.wrongCount(oneDatagram)
			return
		}
		n = 1 // it could not know that the answer was still on its way
	}
	switch {
	case v.err != nil:
		v.wrongCount(v.whyError(a))
	case v.reply != v.server.sign(plainAnswer):
		v.wrong(v.judgeBytes(plainAnswer))
	case n > 1:
		v.wrongCount(a.reason(sendsAgain, a.silent))
	default:
		v.left()
	}
}

// whyError finds what is wrong with an error where nothing had failed.
func (v *visit) whyError(a *attempt) exam.Diagnosis {
	switch {
	case v.took >= v.timeout:
		return oneDatagram
	case v.count() > 1: // it does wait when nothing comes
		return a.reason(thrownAway, a.silent)
	case errors.Is(v.err, os.ErrDeadlineExceeded):
		return a.reason(ownTimeout, a.silent)
	}
	return failed
}

// Two answers, which nobody should put together.
const firstAnswer, secondAnswer = "Hello, client " + id, ", i'm the server of client " + id + "!"

func twoAnswers(s *server, q question) {
	s.answer(q, firstAnswer)
	s.answer(q, secondAnswer)
}

// whyLate finds out why an answer returned only when the time was up, or not at
// all: it may rest, or collect what else comes. It asks twice, as a busy machine
// can make an answer late. An answer that is in time then was late by chance.
func (a *attempt) whyLate() (d exam.Diagnosis, wrong bool) {
	for range 2 {
		v := a.visit(setup{message: hello, timeout: longer, tries: 1, limit: 2 * longer, did: "the server answered with two datagrams", on: twoAnswers})
		switch {
		case v == nil:
			return d, false
		case v.hung != "", v.err != nil, v.reply != v.server.sign(firstAnswer):
			return oneDatagram, true
		case !v.slow():
			return d, false
		}
	}
	return sleeps, true
}

// wantAnswer calls Ask with a server that answers at once, with one of wants. Own
// is what it means that Ask does not get the answer only here.
func (a *attempt) wantAnswer(s setup, own exam.Diagnosis, wants ...string) {
	a.wantAnswerOf(func() *visit { return a.visit(s) }, own, wants...)
}

// wantAnswerOf is wantAnswer for calls that begin makes.
func (a *attempt) wantAnswerOf(begin func() *visit, own exam.Diagnosis, wants ...string) {
	v := begin()
	if v != nil && v.slow() && a.reason(own, a.plain) == own {
		v = begin() // a busy machine can make the server late once
	}
	if v == nil {
		return
	}
	switch {
	case v.hung == "" && v.err != nil && v.took < v.timeout: // it may be in a hurry always
		v.wrongCount(a.reason(own, a.plain, a.silent))
	case v.hung != "", v.err != nil:
		v.wrongCount(a.reason(own, a.plain))
	case !slices.ContainsFunc(wants, func(want string) bool { return v.reply == v.server.sign(want) }):
		v.wrong(a.reason(v.judgeBytes(wants[0]), a.plain))
	case v.took >= v.timeout:
		v.wrongCount(a.reason(sleeps, a.plain))
	case v.sent() > 1:
		v.wrongCount(a.reason(sendsAgain, a.plain, a.why))
	default:
		v.left()
	}
}

// slow tells whether the time of a try was up before Ask returned.
func (v *visit) slow() bool { return v.hung == "" && v.took >= v.timeout }

// judgeBytes finds what is wrong with an answer that is not the one wanted.
func (v *visit) judgeBytes(want string) exam.Diagnosis {
	got, want := v.reply, v.server.sign(want)
	var latin1 strings.Builder
	for i := range len(want) {
		latin1.WriteRune(rune(want[i]))
	}
	rest, isStart := strings.CutPrefix(want, got)
	extra, isLonger := strings.CutPrefix(got, want)
	switch {
	case isLonger && want != "" && strings.ReplaceAll(got, want, "") == "":
		return oneDatagram
	case isLonger && strings.HasSuffix(extra, "\x00"):
		return wholeBuffer
	case got == "":
		return wrongReply
	case squeeze(got) == squeeze(want):
		return changed
	case isStart && blank(rune(rest[0])): // cut off where a line or a C string ends
		return changed
	case isStart:
		return cut
	case got == latin1.String(),
		strings.Count(got, "\uFFFD") > strings.Count(want, "\uFFFD"),
		squeeze(got) == squeeze(strings.ToValidUTF8(want, "")), squeeze(got) == squeeze(strings.ToValidUTF8(want, "?")):
		return notText
	}
	return wrongReply
}

func blank(r rune) bool { return r == 0 || unicode.IsSpace(r) }

// squeeze takes out what trimming can lose. It leaves bytes that are no text.
func squeeze(s string) string {
	return string(slices.DeleteFunc([]byte(s), func(b byte) bool { return b == 0 || b < 0x80 && unicode.IsSpace(rune(b)) }))
}

// silence is a setup with a server that never answers.
func silence(timeout time.Duration, tries int) setup {
	return setup{message: hello, timeout: timeout, tries: tries, did: "the server was silent", timed: true}
}

// judgeSilent is the second control: tries and timeout are used up.
func judgeSilent(a *attempt) {
	begin := func() *visit { return a.visit(silence(short, 3)) }
	v := begin()
	if v == nil {
		return
	}
	if d, wrong := v.judgeTries(); wrong {
		if v.hung != "" && a.sleeps(v.hung) {
			d = sleeps
		}
		v.wrongCount(d)
		return
	}
	switch {
	case v.early():
		a.certain = true // no busy machine ends a wait early
		if second := a.visit(silence(again, 3)); second != nil {
			second.wrongCount(second.whyEarly())
		}
	case v.late(begin):
		v.wrongLength(ownTimeout)
		a.sure = true
	case v.lateBy(20*time.Millisecond) > 0: // it may rest between the tries
		patient := func() *visit { return a.visit(silence(again, 2)) }
		if p := patient(); p != nil && p.late(patient) {
			p.wrongLength(ownTimeout)
			a.sure = true
		}
	default:
		v.left()
	}
}

// judgePrompt is for answers that rest, or read on, although the answer has come. A busy
// machine can make an answer late, but hardly so often one after the other.
func judgePrompt(a *attempt) {
	for began, late := time.Now(), 0; ; {
		stalled := watch()
		v := a.visit(exchange(hello, plainAnswer))
		lag := stalled()
		if v == nil || v.hung != "" || v.err != nil || v.took < soon {
			return // where it failed, other cases say more
		}
		if v.took > soon+2*lag { // what is less can be the machine's fault
			late++
		}
		spent := time.Since(began)
		a.sure = late > 1 && spent > 2*time.Second
		switch {
		case a.sure, late == 5:
			v.wrongCount(a.reason(atOnce, a.plain))
			return
		case spent > 4*time.Second: // the machine is too busy to tell
			return
		}
	}
}

// judgeUnsent is for calls that fail before a server hears of them. So only the system
// can tell whether their sockets are closed. Where it does not, nothing is found.
func judgeUnsent(a *attempt) {
	for _, s := range []setup{unsendable(), portless()} {
		server := openServer(a, nil)
		if server == nil {
			return
		}
		before := sockets()
		s.limit = patience
		v := a.end(s.start(a, server))
		if v == nil || v.hung != "" {
			return
		}
		for end := time.Now().Add(patience); more(before, sockets()); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				v.wrongOpen("its socket")
				a.sure = true
				return
			}
		}
	}
}

// sleeps tells whether an answer that hangs in time.Sleep rests even when there
// is something to read.
func (a *attempt) sleeps(hung string) bool {
	if !strings.Contains(hung, "time.Sleep") {
		return false
	}
	s := exchange(hello, plainAnswer)
	s.timeout = short
	v := a.visit(s)
	return v != nil && strings.Contains(v.hung, "time.Sleep")
}

// judgeTries judges how often a call sent that got no answer, and how it ended.
func (v *visit) judgeTries() (d exam.Diagnosis, wrong bool) {
	n := v.count()
	var op *net.OpError
	switch {
	case v.hung != "" && n == 0:
		return otherMessage, true
	case n > v.tries:
		return wrongTries, true
	case v.hung != "" && v.gap() > 5*v.timeout:
		return ownTimeout, true
	case v.hung != "":
		return noDeadline, true
	case v.err == nil && v.reply == "":
		return swallowed, true
	case v.err == nil:
		return wrongReply, true
	case n == 0:
		return otherMessage, true
	case n < v.tries && errors.As(v.err, &op) && op.Op == "write" && op.Timeout(): // the deadline of the first try ended the second
		return perTry, true
	case n == 1 && v.tries > 1:
		return noRetry, true
	case n < v.tries:
		return wrongTries, true
	}
	return d, false
}

// early tells whether a call gave up before all tries had their time. The time
// that Ask takes cannot be too short because the machine is busy.
func (v *visit) early() bool {
	return v.took < time.Duration(v.tries)*v.timeout*85/100
}

// lateBy tells by how much a call took longer than all tries together may take on
// this machine now, 0 when it did not.
func (v *visit) lateBy(slack time.Duration) time.Duration {
	if v.hung != "" {
		return exam.Limit
	}
	due := time.Duration(v.tries)*v.timeout*115/100 + slack + 3*v.lag
	return max(0, v.took-due)
}

// late tells whether a call took far too long, or too long three times: a busy
// machine can make it so once. Begin begins such a call anew.
func (v *visit) late(begin func() *visit) bool {
	const slack = 100 * time.Millisecond
	for range 2 {
		switch by := v.lateBy(slack); {
		case by == 0:
			return false
		case by > time.Second:
			return true
		}
		if v = begin(); v == nil {
			return false
		}
	}
	return v.lateBy(slack) > 0
}

// again is the timeout of a second call, to tell why an answer gives up early.
// It is so long that a busy machine does not blur the difference.
const again = 800 * time.Millisecond

// judgePatiently is judgeSilent with more time for each try.
func judgePatiently(a *attempt) {
	if v := a.visit(silence(again, 3)); v != nil && v.hung == "" && v.early() {
		a.certain = true
		v.wrongCount(v.whyEarly())
	}
}

// whyEarly finds out why a call with the timeout again and three tries gave up early.
func (v *visit) whyEarly() exam.Diagnosis {
	gap := v.gap()
	switch {
	case v.took < again/8:
		return sendsAgain
	case v.took > again*175/100 && gap > again*8/10:
		return lastWait
	case v.took < again*9/10, v.took > again*125/100: // one deadline for all takes as long as one try
		return ownTimeout
	case gap < again/20: // all tries at once, and one wait for all
		return sendsAgain
	case gap < again/4:
		return ownTimeout
	case gap < again*6/10: // three tries share the time of one
		return divided
	}
	return perTry
}
