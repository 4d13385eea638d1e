//go:build catalogue

package check

import (
	"slices"
	"testing"

	"example.com/sockets/shared/exam"
)

var (
	allWrongSends    = slices.Concat(wrongSends, moreWrongSends, foundSends)
	allWrongReceives = slices.Concat(wrongReceives, moreWrongReceives, foundReceives)
)

func casesOf[F any](cases []exam.Case[F]) func(F) []exam.Case[F] {
	return func(F) []exam.Case[F] { return cases }
}

func TestRightAnswersPass(t *testing.T) {
	t.Run("Send", func(t *testing.T) {
		exam.Catalogue(t, 3, casesOf(sendCases), slices.Concat(rightSends, moreRightSends))
	})
	t.Run("Receive", func(t *testing.T) {
		exam.Catalogue(t, 3, casesOf(receiveCases), slices.Concat(rightReceives, moreRightReceives))
	})
}

func TestWrongAnswersAreTold(t *testing.T) {
	t.Run("Send", func(t *testing.T) {
		exam.Catalogue(t, 6, casesOf(sendCases), allWrongSends)
	})
	t.Run("Receive", func(t *testing.T) {
		exam.Catalogue(t, 6, casesOf(receiveCases), allWrongReceives)
	})
}

func TestEveryDiagnosisIsTested(t *testing.T) {
	for _, d := range page.Diagnoses() {
		if !slices.ContainsFunc(allWrongSends, func(w exam.Answer[sender]) bool { return w.Want == d.Name }) &&
			!slices.ContainsFunc(allWrongReceives, func(w exam.Answer[receiver]) bool { return w.Want == d.Name }) {
			t.Errorf("no wrong answer gets the diagnosis %q", d.Name)
		}
	}
}

func TestStubCountsAsNotBegun(t *testing.T) {
	if err := sendStub(stubSend); err != exam.ErrToDo {
		t.Errorf("the stub of Send: %v, want exam.ErrToDo", err)
	}
	if err := receiveStub(stubReceive); err != exam.ErrToDo {
		t.Errorf("the stub of Receive: %v, want exam.ErrToDo", err)
	}
	if err := sendStub(halfSend); err != nil {
		t.Errorf("half of Send: %v, want nil", err)
	}
	if err := receiveStub(halfReceive); err != nil {
		t.Errorf("half of Receive: %v, want nil", err)
	}
}

func TestDiagnosesPointToHeadings(t *testing.T) { page.Check(t, "../../../..") }
