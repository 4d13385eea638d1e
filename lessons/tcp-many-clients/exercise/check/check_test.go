//go:build catalogue

package check

import (
	"context"
	"net"
	"testing"

	"example.com/sockets/shared/exam"
)

func allCases(server) []exam.Case[server] { return cases }

func TestRightAnswersPass(t *testing.T) {
	exam.Catalogue(t, 2, allCases, rights)
}

func TestWrongAnswersAreTold(t *testing.T) {
	exam.Catalogue(t, 4, allCases, wrongs)
}

func TestStubCountsAsNotBegun(t *testing.T) {
	if err := begun(func(context.Context, net.Listener, int) error { return exam.ErrToDo }); err != exam.ErrToDo {
		t.Errorf("begun = %v, want exam.ErrToDo", err)
	}
	if err := begun(rights[0].Func); err != nil {
		t.Errorf("begun = %v, want nil", err)
	}
}

// TestDiagnosesPointToHeadings follows every pointer to the lesson's page.
func TestDiagnosesPointToHeadings(t *testing.T) {
	page.Check(t, "../../../..")
}
