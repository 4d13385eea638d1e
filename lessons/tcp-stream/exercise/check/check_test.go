//go:build catalogue

package check

import (
	"errors"
	"net"
	"testing"

	"example.com/sockets/shared/exam"
)

var errTooLong = errors.New("too long")

func allCases(f exchanger) []exam.Case[exchanger] { return cases(f, errTooLong) }

func TestRightAnswersPass(t *testing.T) {
	exam.Catalogue(t, 4, allCases, rights)
}

func TestWrongAnswersAreTold(t *testing.T) {
	over.Store(false)
	defer over.Store(true)
	exam.Catalogue(t, 4, allCases, wrongs)
}

func TestStubCountsAsNotBegun(t *testing.T) {
	if err := begun(func(*net.TCPConn, []byte, int) ([]byte, error) { return nil, exam.ErrToDo }); err != exam.ErrToDo {
		t.Errorf("begun = %v, want exam.ErrToDo", err)
	}
	if err := begun(rights[0].Func); err == nil || err == exam.ErrToDo {
		t.Errorf("begun = %v, want the error of a closed connection", err)
	}
}

// TestDiagnosesPointToHeadings follows every pointer to the lesson's page.
func TestDiagnosesPointToHeadings(t *testing.T) {
	page.Check(t, "../../../..")
}
