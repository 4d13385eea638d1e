//go:build catalogue

package check

import (
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

func allCases(asker) []exam.Case[asker] { return newCases() }

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
