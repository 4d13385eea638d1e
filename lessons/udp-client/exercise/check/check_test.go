package check

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

func TestMain(m *testing.M) {
	resume := holdCollections()
	code := m.Run()
	resume()
	os.Exit(code)
}

func TestRightAnswersPass(t *testing.T) {
	exam.Catalogue(t)
	found := try(len(rights), func(i int) []exam.Finding { return exam.Try(newCases(), rights[i].ask) })
	for i, r := range rights {
		t.Run(r.name, func(t *testing.T) {
			for _, f := range <-found[i] {
				t.Errorf("%s: %s: %s", f.Case, f.Diagnosis.Name, f)
			}
		})
	}
}

func TestWrongAnswersAreTold(t *testing.T) {
	exam.Catalogue(t)
	runtime.GC() // as no collection may be due while they run: see holdCollections
	over.Store(false)
	defer over.Store(true)
	found := try(len(wrongs), func(i int) []exam.Finding { return exam.Try(casesFor(wrongs[i].want), wrongs[i].ask) })
	for i, w := range wrongs {
		t.Run(w.name, func(t *testing.T) {
			var names []string
			for _, f := range <-found[i] {
				names = append(names, f.Diagnosis.Name)
				t.Logf("%s: %s: %s", f.Case, f.Diagnosis.Name, f.Story)
			}
			slices.Sort(names)
			names = slices.Compact(names)
			if got := strings.Join(names, " "); got != w.want {
				t.Errorf("diagnoses: %q, want %q", got, w.want)
			}
		})
	}
}

// try calls f for 0 to n-1. Most answers only wait, so all run at the same time;
// but they begin one after the other, as they would make each other late, and not
// too many, as a process may have only so many sockets.
func try(n int, f func(i int) []exam.Finding) []chan []exam.Finding {
	found := make([]chan []exam.Finding, n)
	for i := range found {
		found[i] = make(chan []exam.Finding, 1)
	}
	go func() {
		slots := make(chan bool, 8)
		tick := time.NewTicker(30 * time.Millisecond)
		defer tick.Stop()
		for i := range found {
			slots <- true
			go func() {
				found[i] <- f(i)
				<-slots
			}()
			<-tick.C
		}
	}()
	return found
}

// casesFor returns all cases but where an answer's calls disturb each other: they
// do so across the cases too, and then it depends on luck which of them fail.
func casesFor(want string) []exam.Case[asker] {
	return slices.DeleteFunc(newCases(), func(c exam.Case[asker]) bool {
		return want == shared.Name && c.Name != "several calls at once"
	})
}

func TestStubCountsAsNotBegun(t *testing.T) {
	if err := begun(func(string, string, time.Duration, int) (string, error) { return "", exam.ErrToDo }); err != exam.ErrToDo {
		t.Errorf("begun = %v, want exam.ErrToDo", err)
	}
	if err := begun(rights[0].ask); err != nil {
		t.Errorf("begun = %v, want nil", err)
	}
}

func TestDiagnosesPointToHeadings(t *testing.T) {
	exam.CheckPointers(t, "../../../..", diagnoses...)
}
