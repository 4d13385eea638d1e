package check

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"example.com/sockets/lessons/tcp-server/exercise/solution"
	"example.com/sockets/shared/exam"
)

func TestRightAnswersPass(t *testing.T) {
	exam.Catalogue(t)
	// They wait most of the time, so several run at once, whatever -parallel is.
	atWork := make(chan bool, 6)
	var all sync.WaitGroup
	defer all.Wait()
	for _, r := range right {
		atWork <- true
		all.Go(func() {
			defer func() { <-atWork }()
			began := time.Now()
			for _, f := range exam.Try(cases(r.answer), r.answer) {
				t.Errorf("%s: %s: %s: %s", r.name, f.Case, f.Diagnosis.Name, f.Story)
			}
			t.Logf("%s: %v", r.name, time.Since(began).Round(time.Millisecond))
		})
	}
}

// TestWrongAnswersAreTold checks that each wrong answer is found, and that all
// that is found about it has the diagnosis of its wrong idea.
func TestWrongAnswersAreTold(t *testing.T) {
	exam.Catalogue(t)
	t.Cleanup(func() { stop.Store(true) })
	found := make([]chan []exam.Finding, len(wrong))
	// They wait most of the time, so many run at once. But not all: each needs
	// some of the processor to show its own mistake, and no delay.
	atWork := make(chan bool, 20)
	for i, w := range wrong {
		found[i] = make(chan []exam.Finding, 1)
		go func() {
			atWork <- true
			found[i] <- exam.Try(cases(w.answer), w.answer)
			<-atWork
		}()
	}
	for i, w := range wrong {
		t.Run(w.name, func(t *testing.T) {
			findings := <-found[i]
			if len(findings) == 0 {
				t.Fatalf("passed, want the diagnosis %s", w.diagnosis.Name)
			}
			for _, f := range findings {
				t.Logf("%s: %s: %s", f.Case, f.Diagnosis.Name, f.Story)
				if f.Diagnosis.Name != w.diagnosis.Name {
					t.Errorf("%s: the diagnosis is %s, want %s: %s", f.Case, f.Diagnosis.Name, w.diagnosis.Name, f.Story)
				}
			}
		})
	}
}

// TestEveryDiagnosisIsTested has no way to list the diagnoses but to name them.
func TestEveryDiagnosisIsTested(t *testing.T) {
	all := []exam.Diagnosis{
		oneClient, earlyReturn, clientEnds, mixedUp,
		closedIsEnd, acceptAgain, neverEnds, acceptError,
		notClosed, awaitsClient, noAnswer, otherText, unread, answersFirst, answersSilence, halfClosed, endIgnored,
		untilNewline, untilFull, untilEnd, untilShort,
		noDeadline, sleeps, otherPatience, sharedPatience, acceptDeadline,
		exam.Panicked,
	}
	exam.CheckPointers(t, "../../../..", all...)
	for _, d := range all {
		if !slices.ContainsFunc(wrong, func(w wrongAnswer) bool { return w.diagnosis.Name == d.Name }) {
			t.Errorf("no wrong answer has the diagnosis %s", d.Name)
		}
	}
}

func TestBegun(t *testing.T) {
	toDo := func(net.Listener, time.Duration) error { return exam.ErrToDo }
	if err := begun(toDo); err != exam.ErrToDo {
		t.Errorf("begun(stub) = %v", err)
	}
	if err := begun(halfDone); err != nil {
		t.Errorf("begun(half done) = %v, but it has been begun", err)
	}
	if err := begun(solution.Serve); err != nil {
		t.Errorf("begun(solution) = %v", err)
	}
}
