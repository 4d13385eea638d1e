//go:build catalogue

package check

import (
	"os"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

// TestMain does what Ask does before it tries an answer.
func TestMain(m *testing.M) {
	answerNames()
	os.Exit(m.Run())
}

func allCases(asker) []exam.Case[asker] { return cases }

func TestRightAnswersPass(t *testing.T) {
	exam.Catalogue(t, 2, allCases, rights)
}

func TestWrongAnswersAreTold(t *testing.T) {
	over.Store(false)
	defer over.Store(true)
	exam.Catalogue(t, 4, allCases, wrongs)
}

func TestStubCountsAsNotBegun(t *testing.T) {
	if err := begun(func(string, string, time.Duration) (string, error) { return "", exam.ErrToDo }); err != exam.ErrToDo {
		t.Errorf("begun = %v, want exam.ErrToDo", err)
	}
	if err := begun(rights[0].Func); err == nil || err == exam.ErrToDo {
		t.Errorf("begun = %v, want the error of a refused connection", err)
	}
}

// TestPointersExist follows every pointer from a diagnosis to the lesson's page.
func TestPointersExist(t *testing.T) {
	page.Check(t, "../../../..")
}
