//go:build catalogue

package check

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

func allCases(asker) []exam.Case[asker] { return newCases(new(controls)) }

// One answer is tried at a time, as the look is at all sockets of the process.
func TestSocketsOfCallsThatSendNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system does not tell which sockets are open")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection closes what was forgotten
	for _, answer := range append(leaks, rights...) {
		got := ""
		found, _ := confirmed(answer.Func, &controls{alone: true}, judgeUnsent)
		for _, f := range found {
			t.Logf("%s: %s: %s", answer.Name, f.Diagnosis.Name, f.Story)
			got = f.Diagnosis.Name
		}
		if got != answer.Want {
			t.Errorf("%s: the diagnosis is %q, want %q", answer.Name, got, answer.Want)
		}
	}
}

func TestRightAnswersPass(t *testing.T) {
	exam.Catalogue(t, 2, allCases, rights) // few, as none of them has to wait long
}

func TestWrongAnswersAreTold(t *testing.T) {
	over.Store(false)
	defer over.Store(true)
	exam.Catalogue(t, 4, allCases, wrongs)
}

func TestStubCountsAsNotBegun(t *testing.T) {
	if err := begun(func(string, string, time.Duration, int) (string, error) { return "", exam.ErrToDo }); err != exam.ErrToDo {
		t.Errorf("begun = %v, want exam.ErrToDo", err)
	}
	answered := false
	err := begun(func(addr, message string, timeout time.Duration, tries int) (string, error) {
		reply, err := rights[0].Func(addr, message, timeout, tries)
		answered = reply != ""
		return reply, err
	})
	if err != nil || !answered { // without an answer, each learner would wait for it first
		t.Errorf("begun = %v, answered: %v; want nil and true", err, answered)
	}
}

func TestDiagnosesPointToHeadings(t *testing.T) {
	page.Check(t, "../../../..")
}
