package check

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/sockets/shared/exam"
)

// severalCalls calls Ask several times at once, after it has been right alone.
// Then it does so again and again, and what Ask returned first must stay as it was.
func severalCalls(a *attempt) {
	server := openServer(a, nil)
	if server == nil {
		return
	}
	a.unsent() // now, as no other case runs yet
	// There are more calls than tries, for answers that count all tries together.
	const several, tries = 6, 4
	quick := setup{timeout: 50 * time.Millisecond, tries: tries}
	if !a.rightAlone(server, quick) {
		return // other cases say more about it
	}
	a.prompt()
	first := a.round(server, several, 1, quick)
	if v := worst(first); v != nil && v.failed() {
		// A busy machine can make one call so late that another has no try left.
		quick.timeout, quick.limit = longer, tries*longer+700*time.Millisecond
		first = a.round(server, several, 1, quick)
	}
	if first == nil || a.disturbed(first) {
		return
	}
	for number := 2; number < 10; number++ {
		again := a.round(server, several, number, setup{timeout: time.Second, tries: tries})
		if again == nil || a.disturbed(again) {
			return
		}
		if !slices.ContainsFunc(again, func(v *visit) bool { return v.took < soon }) {
			break // it rests although there is an answer, and would do so in each round
		}
	}
	for _, v := range first {
		if !v.answered() {
			a.certain = true
			v.a.Wrong(shared, "%s. What your Ask returned then was right. When it had been called again, that had become %s.", v.did, unlike(v.reply, v.want))
			return
		}
	}
}

// rightAlone tells whether a single call goes well. A busy machine can use up all
// its tries; so it gets more time for a second attempt.
func (a *attempt) rightAlone(server *server, s setup) bool {
	for _, s.timeout = range []time.Duration{s.timeout, longer} {
		s.limit = time.Duration(s.tries)*s.timeout + 500*time.Millisecond
		visits := a.round(server, 1, 1, s)
		if visits == nil || visits[0].hung != "" {
			return false
		}
		if visits[0].err == nil {
			return visits[0].answered()
		}
	}
	return false
}

// round calls Ask n times at once and waits for all. No call gets its answer before
// all have asked: twice in the first round. It returns nil when it has found what
// has nothing to do with other calls, and when the machine was too busy to tell.
func (a *attempt) round(srv *server, n, number int, s setup) []*visit {
	times, asked := 1, "once"
	if number == 1 {
		times, asked = 2, "twice"
	}
	s.did = fmt.Sprintf("%d calls ran at once; when all had asked %s, the server sent each its own answer", n, asked)
	if n == 1 {
		s.did = "one call ran; when it had asked twice, the server sent its answer"
	}

	setups := map[string]*setup{}
	for i := range n {
		s.message = srv.sign(fmt.Sprintf("This is call %d of %d, client %s.", i+1, n, id))
		// It is so long that calls with one buffer mix their answers up.
		text := fmt.Sprintf("answer %d to: %s ", number, s.message)
		s.want = strings.Repeat(text, min(largest(), 32<<10)/len(text))
		one := s
		setups[s.message] = &one
	}
	srv.settle() // what calls of another round sent does not count in this one
	srv.handle(whenAllAsked(times, setups))

	var visits []*visit
	var wg sync.WaitGroup
	for _, s := range setups {
		v := s.start(a, srv)
		visits = append(visits, v)
		wg.Go(func() { v.join() })
	}
	wg.Wait()
	// When one hangs, others may have returned only as the server is closed then.
	hang := slices.ContainsFunc(visits, (*visit).stuck)
	for _, v := range visits {
		if v.overdue && !hang || v.hung == "" && (v.call.Panicked() || n > 1 && !v.ready()) {
			return nil
		}
	}
	return visits
}

// whenAllAsked answers the calls with these messages as soon as each has asked so
// many times, and then at once.
func whenAllAsked(times int, setups map[string]*setup) func(*server, question) {
	count := map[string]int{}
	last := map[string]question{}
	ready := 0
	return func(s *server, q question) {
		if setups[q.data] == nil {
			return
		}
		count[q.data]++
		last[q.data] = q
		switch {
		case ready == len(setups):
			s.answer(q, setups[q.data].want)
			return
		case count[q.data] == times:
			ready++
		}
		if ready == len(setups) {
			for message, q := range last {
				s.answer(q, setups[message].want)
			}
		}
	}
}

func (v *visit) hangs() bool  { return v.hung != "" }
func (v *visit) failed() bool { return v.hung == "" && v.err != nil }

// mistaken tells whether Ask returned another answer than it should.
func (v *visit) mistaken() bool { return v.hung == "" && v.err == nil && v.reply != v.want }

// answered tells whether Ask returned what it should.
func (v *visit) answered() bool { return v.hung == "" && v.err == nil && v.reply == v.want }

// worst returns the call to tell of, nil where all are right. One that hangs makes the
// others fail, as the server is closed then. A wrong answer tells more than an error.
func worst(visits []*visit) *visit {
	for _, wrong := range []func(*visit) bool{(*visit).hangs, (*visit).mistaken, (*visit).failed} {
		if i := slices.IndexFunc(visits, wrong); i >= 0 {
			return visits[i]
		}
	}
	return nil
}

// disturbed reports the worst of calls at once.
func (a *attempt) disturbed(visits []*visit) bool {
	v := worst(visits)
	switch {
	case v == nil:
		return false
	case v.hung != "":
		v.wrong(shared)
	case v.err != nil:
		v.wrongCount(shared)
	case strings.Count(v.reply, v.message) == strings.Count(v.want, v.message): // an answer to it, but of another round
		v.did += ", and another one than to the same message before"
		v.wrong(wrongReply)
	default:
		got := unlike(v.reply, v.want)
		if i := slices.IndexFunc(visits, func(other *visit) bool { return v.reply == other.want }); i >= 0 {
			got = fmt.Sprintf("the answer to %q", visits[i].message)
		}
		v.a.Wrong(shared, "%s; your Ask was called with %q and returned %s.", v.did, v.message, got)
	}
	a.certain = v.mistaken() // a busy machine does not mix bytes up
	a.sure = v.stuck()
	// Calls that still wait would disturb the cases to come.
	limit := time.After(exam.Limit)
	for _, v := range visits {
		select {
		case <-v.call.Done():
		case <-limit:
			return true
		}
	}
	return true
}

// unlike shows a long reply from where it is not like the one wanted.
func unlike(got, want string) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	if i == 0 {
		return exam.Quote(got)
	}
	return fmt.Sprintf("a text that is right up to byte %d, and has %s there instead of %s", i, exam.Quote(got[i:]), exam.Quote(want[i:]))
}
