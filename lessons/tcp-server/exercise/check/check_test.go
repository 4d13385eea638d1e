//go:build catalogue

package check

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/sockets/lessons/tcp-server/exercise/solution"
	"example.com/sockets/shared/exam"
)

func TestRightAnswersPass(t *testing.T) {
	exam.Catalogue(t, 6, casesFor, rights)
}

// Many wait for most of the time, so many are tried at once. But not all: each
// needs some of the processor to show its own mistake, and no delay.
func TestWrongAnswersAreTold(t *testing.T) {
	t.Cleanup(func() { stop.Store(true) })
	exam.Catalogue(t, 4, casesFor, wrongs)
}

func casesFor(answer serveFunc) []exam.Case[serveFunc] { return newCauses(answer).cases() }

func TestEveryDiagnosisIsTested(t *testing.T) {
	page.Check(t, "../../../..")
	for _, d := range append(page.Diagnoses(), exam.Panicked) {
		if !slices.ContainsFunc(wrongs, func(w exam.Answer[serveFunc]) bool { return w.Want == d.Name }) {
			t.Errorf("no wrong answer has the diagnosis %s", d.Name)
		}
	}
}

func TestPlaceIsTold(t *testing.T) {
	for name, answer := range map[string]serveFunc{
		"no deadline": inTurn(func(conn net.Conn, _ time.Duration) { oneClientOf(conn, time.Hour) }),
		"own limit":   inTurn(func(conn net.Conn, _ time.Duration) { oneClientOf(conn, exam.Limit+time.Second) }),
	} {
		cases := slices.DeleteFunc(casesFor(answer), func(c exam.Case[serveFunc]) bool { return c.Name != "silent client" })
		found := exam.Try(cases, answer)
		if len(found) != 1 || !strings.Contains(found[0].Story, " Serve was in conn.Read, called in right_test.go line ") {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestFirst(t *testing.T) {
	toDo := func(net.Listener, time.Duration) error { return exam.ErrToDo }
	if f := first(toDo); f.err != exam.ErrToDo {
		t.Errorf("first(stub) = %+v", f)
	}
	if f := first(halfDone); f.err != nil {
		t.Errorf("first(half done) = %+v, but it has been begun", f)
	}
	if f := first(solution.Serve); f != (firstCall{well: true}) {
		t.Errorf("first(solution) = %+v", f)
	}
}
