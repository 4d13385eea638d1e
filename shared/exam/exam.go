// Package exam checks a learner's answer to an exercise and tells which wrong
// idea it holds.
//
// An exercise has cases: situations as real peers bring them about. Each case
// calls the answer, over real sockets, and reports what it finds as a
// [Diagnosis]: not only that the answer is wrong, but what its author may have
// believed. All cases run, whatever the others find, unless calls disturb each other
// or a case needs another: see [Case] and [Trial.NotTried]. An answer that never
// returns is let go after [Limit].
package exam

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// ErrToDo is what the stub of an exercise returns. An answer that returns it
// has not been started.
var ErrToDo = errors.New("to do: this exercise waits for you")

// Limit is how long one call of an answer may take before it counts as hung.
// It only ever passes for wrong answers: cases give right ones no reason to wait.
const Limit = 3 * time.Second

// A Case is one situation that an answer of type F has to master.
type Case[F any] struct {
	Name string // a sentence's worth of words: "reply in two pieces"
	// First is for the case that calls the answer several times at once. It runs
	// before the others. When it finds something, calls disturb each other, and then
	// the others run one after the other: else what they find would be luck.
	First bool
	Run   func(tr *Trial, answer F)
}

// A Finding is one thing that a case found wrong.
type Finding struct {
	Case      string
	Diagnosis Diagnosis
	Story     string // what the peer did, what was expected, what came
}

// String shows the finding as the learner reads it.
func (f Finding) String() string {
	return fmt.Sprintf("%s\n%s\n→ %s\n", f.Story, f.Diagnosis.Idea, f.Diagnosis.Read)
}

// Run checks an answer in every case, each shown as a subtest of t, and fails
// those that find something. Stub calls the answer in the simplest way and returns
// its error: where that is [ErrToDo], the test is skipped, and says that file is
// the one to open.
func Run[F any](t *testing.T, file string, stub func(F) error, cases []Case[F], answer F) {
	t.Helper()
	began := time.Now()
	stop := watch(t)
	defer stop()
	defer holdCollections(1 << 30)()
	var err error
	if hung := (&Trial{}).Call(func() { err = stub(answer) }); hung == "" && errors.Is(err, ErrToDo) {
		t.Skipf("not started: open %s", file)
	}
	found := start(cases, answer, began.Add(patience))
	told := map[string]string{} // by diagnosis, the case that told its idea
	var failed []string
	untried := 0
	for i, c := range cases {
		t.Run(strings.ReplaceAll(c.Name, " ", "_"), func(t *testing.T) {
			result := <-found[i]
			if result.untried != "" {
				untried++
				t.Skip("not tried: " + result.untried)
			}
			for _, f := range result.findings {
				// Output, unlike Error, puts no line of this file before the text.
				// The answer may have printed something that does not end a line.
				text := f.String()
				if first := told[f.Diagnosis.Name]; first != "" {
					text = fmt.Sprintf("%s\nThe idea is the same as in the case %q.\n→ %s\n", f.Story, first, f.Diagnosis.Read)
				} else {
					told[f.Diagnosis.Name] = c.Name
				}
				io.WriteString(t.Output(), "\n"+text)
				t.Fail()
			}
			if t.Failed() {
				failed = append(failed, c.Name)
			}
		})
	}
	if len(failed) > 1 { // a terminal shows the last of many lines
		fmt.Fprintf(t.Output(), "%d cases fail. Begin with the first: %s. To see only that one: go test -failfast ./...\n", len(failed), failed[0])
	}
	switch {
	case untried == 0:
	case t.Failed():
		t.Logf("Cases not tried: %d", untried)
	default: // the case that they needed failed at first and passed at last
		t.Errorf("Cases not tried: %d. The computer was too busy: run the test again.", untried)
	}
}

// Try checks an answer in every case and returns what they found, in the order of
// the cases. It waits for all of them: in a [Catalogue] a hundred answers share the
// machine, and some cases wait for those of other answers.
func Try[F any](cases []Case[F], answer F) (findings []Finding) {
	for _, found := range start(cases, answer, time.Now().Add(time.Hour)) {
		findings = append(findings, (<-found).findings...)
	}
	return findings
}

// patience is how long a checker may take in all. Its cases end long before, unless the
// answer takes all of the machine for itself.
const patience = 14 * time.Second

// unfinished is why a case is not tried that [patience] was too short for.
var unfinished = fmt.Sprintf("after %v the checker had not come to an end", patience)

// turns is how long cases may run one after the other. When it is over, no
// further one begins.
const turns = 3 * time.Second

// A result is what came of a case: findings, none where the answer is right, or why
// the case was not tried.
type result struct {
	findings []Finding
	untried  string
}

// start runs the cases. Each gets a channel on which its result comes, at the deadline at the
// latest.
//
// The cases do not use t.Parallel: that would run only as many at once as there
// are processors, and an answer that hangs in all of them would take long.
func start[F any](cases []Case[F], answer F, deadline time.Time) []chan result {
	late, stop := watchClock()
	s := newSession(cases, answer, late)
	go func() {
		defer stop()
		defer time.AfterFunc(time.Until(deadline), s.giveUp).Stop()
		s.run()
	}()
	return s.found
}

const (
	// few is how many cases can fail because this program was a little late. An
	// answer that fails in more is wrong, unless the program stood still.
	few           = 4
	aLittle       = 25 * time.Millisecond
	standstill    = 500 * time.Millisecond
	lastBeginning = 7 * time.Second // what hangs after that can still end before [patience]
)

// A session is the cases that an answer is tried in, and what came of them.
type session[F any] struct {
	cases  []Case[F]
	answer F
	found  []chan result        // each takes one
	late   func() time.Duration // by how much this program has got the processor too late
	end    time.Time            // nothing is tried again, or in turn, after it

	mu      sync.Mutex // held to change results
	results []result
}

func newSession[F any](cases []Case[F], answer F, late func() time.Duration) *session[F] {
	s := &session[F]{cases: cases, answer: answer, late: late, end: time.Now().Add(lastBeginning)}
	for range cases {
		s.found = append(s.found, make(chan result, 1))
		s.results = append(s.results, result{untried: unfinished})
	}
	return s
}

// run runs the cases and delivers their results.
func (s *session[F]) run() {
	var rest []int
	atOnce := true
	for i, c := range s.cases {
		if c.First {
			failed, untried := s.settle([]int{i})
			atOnce = atOnce && len(failed) == 0
			if len(untried) == 0 {
				s.deliver(i, s.results[i])
				continue
			}
		}
		rest = append(rest, i)
	}
	if atOnce {
		s.settle(rest)
	} else {
		s.inTurn(rest)
	}
	for _, i := range rest {
		s.deliver(i, s.results[i])
	}
}

// deliver tells the result of a case. Only the first one counts.
func (s *session[F]) deliver(i int, r result) {
	select {
	case s.found[i] <- r:
	default:
	}
}

// giveUp delivers what has been found so far. Where that is nothing, the first case
// that has not come to its end gets a finding.
func (s *session[F]) giveUp() {
	s.mu.Lock()
	results := slices.Clone(s.results)
	s.mu.Unlock()
	open := slices.IndexFunc(results, func(r result) bool { return r.untried == unfinished })
	if open >= 0 && !slices.ContainsFunc(results, func(r result) bool { return len(r.findings) > 0 }) {
		story := strings.ToUpper(unfinished[:1]) + unfinished[1:] + "."
		results[open] = result{findings: []Finding{{s.cases[open].Name, Endless, story}}}
	}
	for i, r := range results {
		s.deliver(i, r)
	}
}

// conclude keeps the result of a case.
func (s *session[F]) conclude(i int, r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results[i] = r
}

// settle runs these cases, all at once. On a busy computer even a right answer can
// fail. So what failed there is tried again, when all else is over, at most twice:
// what the last try finds counts.
func (s *session[F]) settle(which []int) (failed, untried []int) {
	failed, untried = s.attempt(which)
	for range 2 {
		excused := len(failed) <= few && s.late() > aLittle || s.late() > standstill
		if len(failed) > 0 && excused && time.Now().Before(s.end) {
			failed, untried = s.attempt(slices.Concat(failed, untried))
		}
	}
	if len(failed) == 0 && len(untried) > 0 { // what they needed has passed by now
		failed, untried = s.attempt(untried)
	}
	return failed, untried
}

func (s *session[F]) attempt(which []int) (failed, untried []int) {
	var wg sync.WaitGroup
	for _, i := range which {
		wg.Go(func() { s.conclude(i, try(s.cases[i], s.answer)) })
	}
	wg.Wait()
	for _, i := range which {
		switch {
		case len(s.results[i].findings) > 0:
			failed = append(failed, i)
		case s.results[i].untried != "":
			untried = append(untried, i)
		}
	}
	return failed, untried
}

// inTurn runs these cases one after the other.
func (s *session[F]) inTurn(which []int) {
	end := time.Now().Add(turns)
	for _, i := range which {
		if now := time.Now(); now.Before(end) && now.Before(s.end) {
			s.conclude(i, try(s.cases[i], s.answer))
		} else {
			s.conclude(i, result{untried: "calls of your code disturb each other, and the cases before took too long"})
		}
	}
}

// watchClock begins to watch by how much this program gets the processor too late.
// Late returns the most so far.
func watchClock() (late func() time.Duration, stop func()) {
	const tick = 5 * time.Millisecond
	var most atomic.Int64
	done := make(chan struct{})
	go func() {
		for {
			before := time.Now()
			select {
			case <-done:
				return
			case <-time.After(tick):
				most.Store(max(most.Load(), int64(time.Since(before)-tick)))
			}
		}
	}()
	return func() time.Duration { return time.Duration(most.Load()) }, func() { close(done) }
}

func try[F any](c Case[F], answer F) result {
	tr := &Trial{name: c.Name}
	defer tr.release()
	c.Run(tr, answer)
	tr.release()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if len(tr.findings) > 0 {
		return result{findings: tr.findings}
	}
	return result{untried: tr.untried}
}

// holdCollections stops the garbage collector until the program needs so many
// bytes, and returns what ends that. A collection closes sockets that were
// forgotten, and so would hide them.
func holdCollections(bytes int64) (resume func()) {
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(bytes)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// A Trial is one case under way. Its methods may be used by several goroutines.
type Trial struct {
	name string

	mu       sync.Mutex
	findings []Finding
	untried  string
	cleanups []func()
}

// Wrong reports that the answer is wrong, and the story that shows it. A second
// finding with the same diagnosis in one case adds nothing and is dropped.
func (tr *Trial) Wrong(d Diagnosis, format string, args ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, f := range tr.findings {
		if f.Diagnosis.Name == d.Name {
			return
		}
	}
	tr.findings = append(tr.findings, Finding{tr.name, d, fmt.Sprintf(format, args...)})
}

// NotTried says that the case tells nothing about an answer that fails in the case
// of this name: it is skipped. A finding counts more.
func (tr *Trial) NotTried(other string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.untried = fmt.Sprintf("first your code has to pass the case %q", other)
}

// Cleanup keeps f, which closes a peer's socket or listener, for the end of the
// case: the last kept is called first. When a call hangs, all are called at
// once, in the hope that it returns. So f must bear to be called while the peer
// uses the socket.
func (tr *Trial) Cleanup(f func()) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.cleanups = append(tr.cleanups, f)
}

func (tr *Trial) release() {
	tr.mu.Lock()
	cleanups := tr.cleanups
	tr.cleanups = nil
	tr.mu.Unlock()
	for i := len(cleanups) - 1; i >= 0; i-- {
		cleanups[i]()
	}
}
