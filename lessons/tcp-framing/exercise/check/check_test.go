//go:build catalogue

package check

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"example.com/sockets/shared/exam"
)

var errTooLong = errors.New("too long")

func allCases(framing) []exam.Case[framing] { return cases }

func TestRightAnswersPass(t *testing.T) {
	exam.Catalogue(t, 4, allCases, rights)
}

func TestWrongAnswersAreTold(t *testing.T) {
	exam.Catalogue(t, 4, allCases, wrongs)
}

func TestEveryDiagnosisIsTried(t *testing.T) {
	for _, d := range page.Diagnoses() {
		if !slices.ContainsFunc(wrongs, func(w exam.Answer[framing]) bool { return slices.Contains(strings.Fields(w.Want), d.Name) }) {
			t.Errorf("no wrong answer gets the diagnosis %q", d.Name)
		}
	}
}

func TestStubCountsAsNotBegun(t *testing.T) {
	if err := begun(both(stubWrite, stubRead)); err != exam.ErrToDo {
		t.Errorf("begun = %v, want exam.ErrToDo", err)
	}
	for _, f := range []framing{both(stubWrite, rightRead), both(rightWrite, stubRead), right} {
		if err := begun(f); err == exam.ErrToDo {
			t.Error("one of the two is written, and begun = exam.ErrToDo")
		}
	}
}

func TestStoriesOfAStubAreWhole(t *testing.T) {
	for _, f := range exam.Try(cases, both(rightWrite, stubRead)) {
		if strings.Contains(f.Story, "%!") {
			t.Errorf("%s: %s", f.Case, f.Story)
		}
	}
}

func stubWrite(io.Writer, []byte) error  { return exam.ErrToDo }
func stubRead(io.Reader) ([]byte, error) { return nil, exam.ErrToDo }

// TestDiagnosesPointToHeadings follows every pointer from a diagnosis to the lesson's page.
func TestDiagnosesPointToHeadings(t *testing.T) {
	page.Check(t, "../../../..")
}

// both is an answer.
func both(write writer, read reader) framing { return framing{write, read, errTooLong} }

func framed(m []byte) []byte { return []byte(frame(string(m))) }

// asBytes is packed for a way to mark a message.
func asBytes(pack func(string) string) writer {
	return packed(func(m []byte) []byte { return []byte(pack(string(m))) })
}

// lengthed is what packed needs to put something else before a message.
func lengthed(put func(b []byte, n int) []byte) func([]byte) []byte {
	return func(m []byte) []byte { return append(put(nil, len(m)), m...) }
}
