package check

import (
	"net"
	"slices"
	"testing"
	"time"

	"example.com/sockets/lessons/tcp-server/exercise/solution"
	"example.com/sockets/shared/exam"
)

func TestRightAnswersPass(t *testing.T) {
	exam.Catalogue(t, 6, cases, rights)
}

// Many wait for most of the time, so many are tried at once. But not all: each
// needs some of the processor to show its own mistake, and no delay.
func TestWrongAnswersAreTold(t *testing.T) {
	t.Cleanup(func() { stop.Store(true) })
	exam.Catalogue(t, 8, cases, wrongs)
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
		if !slices.ContainsFunc(wrongs, func(w exam.Answer[serveFunc]) bool { return w.Want == d.Name }) {
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
