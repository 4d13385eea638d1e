//go:build catalogue

package check

import (
	"testing"
	"time"

	"net"

	"example.com/sockets/shared/exam"
)

func allCases(receiver) []exam.Case[receiver] { return cases }

func TestRightAnswersPass(t *testing.T) {
	exam.Catalogue(t, 4, allCases, rights)
}

func TestWrongAnswersAreTold(t *testing.T) {
	exam.Catalogue(t, 4, allCases, wrongs)
}

func TestStubCountsAsNotBegun(t *testing.T) {
	stub := func(net.Conn, int, time.Duration, time.Duration) ([]byte, error) { return nil, exam.ErrToDo }
	if err := begun(stub); err != exam.ErrToDo {
		t.Errorf("begun = %v, want exam.ErrToDo", err)
	}
	if err := begun(rights[0].Func); err != nil {
		t.Errorf("begun = %v, want nil", err)
	}
}

// TestDiagnosesPointToHeadings follows every pointer from a diagnosis to the lesson's page.
func TestDiagnosesPointToHeadings(t *testing.T) {
	page.Check(t, "../../../..")
}
