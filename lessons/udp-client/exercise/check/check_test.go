package check

import (
	"slices"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

func allCases(asker) []exam.Case[asker] { return newCases() }

func TestRightAnswersPass(t *testing.T) {
	exam.Catalogue(t, 8, allCases, rights)
}

func TestWrongAnswersAreTold(t *testing.T) {
	over.Store(false)
	defer over.Store(true)
	// In parts, each of which begins with a collection: one that is due later, for
	// want of memory, closes the sockets that answers have forgotten.
	for part := range slices.Chunk(wrongs, 44) {
		exam.Catalogue(t, 8, allCases, part)
	}
}

func TestStubCountsAsNotBegun(t *testing.T) {
	if err := begun(func(string, string, time.Duration, int) (string, error) { return "", exam.ErrToDo }); err != exam.ErrToDo {
		t.Errorf("begun = %v, want exam.ErrToDo", err)
	}
	if err := begun(rights[0].Func); err != nil {
		t.Errorf("begun = %v, want nil", err)
	}
}

func TestDiagnosesPointToHeadings(t *testing.T) {
	exam.CheckPointers(t, "../../../..", diagnoses...)
}
