package check

import (
	"net"
	"sync"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

// begin tries answers in the background, few at once, as they would make each
// other slow. One that takes long only waits, so the next may begin.
func begin(answers []answer, atOnce int) []chan []exam.Finding {
	found := make([]chan []exam.Finding, len(answers))
	for i := range found {
		found[i] = make(chan []exam.Finding, 1)
	}
	slots := make(chan bool, atOnce)
	go func() {
		for i, a := range answers {
			slots <- true
			free := sync.OnceFunc(func() { <-slots })
			time.AfterFunc(800*time.Millisecond, free)
			go func() {
				found[i] <- exam.Try(cases, a.echo)
				free()
			}()
		}
	}()
	return found
}

func TestRightAnswers(t *testing.T) {
	exam.Catalogue(t)
	t.Parallel() // with TestLongSleepers
	found := begin(rightAnswers, 3)
	for i, right := range rightAnswers {
		t.Run(right.name, func(t *testing.T) {
			for _, f := range <-found[i] {
				t.Errorf("case %q, diagnosis %q:\n%s", f.Case, f.Diagnosis.Name, f)
			}
		})
	}
}

func TestWrongAnswers(t *testing.T) {
	exam.Catalogue(t)
	seen := tell(t, wrongAnswers)
	if t.Failed() || len(seen) == 1 { // or -run chose one
		return
	}
	for _, d := range diagnoses {
		if !seen[d.Name] && d.Name != unable.Name {
			t.Errorf("no wrong answer gets diagnosis %q", d.Name)
		}
	}
}

func TestLongSleepers(t *testing.T) {
	exam.Catalogue(t)
	t.Parallel()
	tell(t, longSleepers)
}

// tell wants every wrong answer to get its own diagnosis and no other. It returns
// which were given.
func tell(t *testing.T, answers []answer) (seen map[string]bool) {
	found := begin(answers, 14)
	seen = map[string]bool{}
	for i, wrong := range answers {
		t.Run(wrong.name, func(t *testing.T) {
			findings := <-found[i]
			if len(findings) == 0 {
				t.Errorf("passed; want diagnosis %q", wrong.want)
			}
			for _, f := range findings {
				if f.Diagnosis.Name != wrong.want {
					t.Errorf("case %q, diagnosis %q, want %q:\n%s", f.Case, f.Diagnosis.Name, wrong.want, f)
				}
				t.Logf("case %q: %s", f.Case, f.Story)
			}
			seen[wrong.want] = true
		})
	}
	return seen
}

func TestIdleTimer(t *testing.T) {
	exam.Catalogue(t)
	findings := exam.Try([]exam.Case[func(net.PacketConn) error]{{Name: "silence", Run: with(1, plainSocket)}}, idleTimer)
	if len(findings) != 1 || findings[0].Diagnosis != silence && findings[0].Diagnosis != endsEarly {
		t.Errorf("findings = %v", findings)
	}
}

// A stub counts as not started. What reads from conn has been started.
func TestStub(t *testing.T) {
	if err := stub(func(net.PacketConn) error { return exam.ErrToDo }); err != exam.ErrToDo {
		t.Errorf("the stub: %v, want exam.ErrToDo", err)
	}
	if err := stub(func(conn net.PacketConn) error { conn.ReadFrom(nil); return exam.ErrToDo }); err != nil {
		t.Errorf("half an answer: %v, want nil", err)
	}
}

var diagnoses = []exam.Diagnosis{
	noAnswer, endsEarly, changed, wholeBuffer, twice, otherSocket, sender, firstOnly, empty, notText, cut, pieces,
	skips, sharedBuffer, slow, silence, failureHidden, spins, goesOn, closedError, closesConn, anyConn, unable,
}

// Every diagnosis leads to a heading of the lesson's page.
func TestPointers(t *testing.T) {
	exam.CheckPointers(t, "../../../..", diagnoses...)
}
