//go:build catalogue

package check

import (
	"net"
	"slices"
	"testing"

	"example.com/sockets/shared/exam"
)

func allCases(func(net.PacketConn) error) []exam.Case[func(net.PacketConn) error] { return cases }

func TestRightAnswersPass(t *testing.T) {
	exam.Catalogue(t, 3, allCases, rights)
}

func TestWrongAnswersAreTold(t *testing.T) {
	exam.Catalogue(t, 3, allCases, wrongs)
}

func TestEveryDiagnosisIsTested(t *testing.T) {
	for _, d := range page.Diagnoses() {
		if !slices.ContainsFunc(wrongs, func(w exam.Answer[func(net.PacketConn) error]) bool { return w.Want == d.Name }) {
			t.Errorf("no wrong answer gets the diagnosis %q", d.Name)
		}
	}
}

func TestIdleTimer(t *testing.T) {
	findings := exam.Try([]exam.Case[func(net.PacketConn) error]{{Name: "silence", Run: with(1, plainSocket)}}, idleTimer)
	if len(findings) != 1 || findings[0].Diagnosis != silence && findings[0].Diagnosis != endsEarly {
		t.Errorf("findings = %v", findings)
	}
}

// A stub counts as not started. What reads from conn has been started.
func TestStub(t *testing.T) {
	if err := stub(func(net.PacketConn) error { return exam.ErrToDo }); err != exam.ErrToDo {
		t.Errorf("the stub: %v, want exam.ErrToDo", err)
	}
	if err := stub(func(conn net.PacketConn) error { conn.ReadFrom(nil); return exam.ErrToDo }); err != nil {
		t.Errorf("half an answer: %v, want nil", err)
	}
}

// Every diagnosis leads to a heading of the lesson's page.
func TestPointers(t *testing.T) {
	page.Check(t, "../../../..")
}
