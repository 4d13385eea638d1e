package check

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
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
	slots := make(chan bool, 4)
	var all sync.WaitGroup
	defer all.Wait()
	for name, ask := range rights {
		slots <- true
		all.Go(func() {
			began := time.Now()
			for _, f := range exam.Try(cases, ask) {
				t.Errorf("%s: %s: %s: %s", name, f.Case, f.Diagnosis.Name, f)
			}
			t.Logf("%s: through in %v", name, time.Since(began).Round(time.Millisecond))
			<-slots
		})
	}
}

// TestForgottenConnectionsAreTold has its answers to itself: so little memory is
// used that no collection closes what they forget. See holdCollections.
func TestForgottenConnectionsAreTold(t *testing.T) {
	exam.Catalogue(t)
	runtime.GC()
	tell(t, forgets)
}

func TestWrongAnswersAreTold(t *testing.T) {
	exam.Catalogue(t)
	t.Parallel() // with TestSharedCalls
	over.Store(false)
	defer over.Store(true)
	tell(t, wrongs)
}

// tell wants every wrong answer to get its own diagnoses and no others.
func tell(t *testing.T, wrongs []wrong) {
	found := make([]chan []exam.Finding, len(wrongs))
	for i := range wrongs {
		found[i] = make(chan []exam.Finding, 1)
	}
	// Few run at once, as they would make each other late. Most of those that
	// are slow only wait, so they run beside the others.
	run := func(slow bool, slots chan bool) {
		for i, w := range wrongs {
			if w.slow() != slow {
				continue
			}
			slots <- true
			go func() {
				found[i] <- exam.Try(cases, w.ask)
				<-slots
			}()
		}
	}
	go run(true, make(chan bool, 8))
	go run(false, make(chan bool, 3))
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

// TestSharedCalls looks at one case only: an answer whose calls disturb each
// other also does so across the cases, and then it depends on luck which fails.
func TestSharedCalls(t *testing.T) {
	exam.Catalogue(t)
	t.Parallel()
	only := slices.DeleteFunc(slices.Clone(cases), func(c exam.Case[asker]) bool { return c.Name != "several calls at once" })
	for name, ask := range map[string]asker{"one buffer for all": oneForAll(), "one call after the other": oneByOne()} {
		t.Run(name, func(t *testing.T) {
			findings := exam.Try(only, ask)
			if len(findings) != 1 || findings[0].Diagnosis.Name != shared.Name {
				t.Errorf("findings = %v, want one of %q", findings, shared.Name)
			}
		})
	}
}

func TestStubCountsAsNotBegun(t *testing.T) {
	if err := begun(func(string, string, time.Duration) (string, error) { return "", exam.ErrToDo }); err != exam.ErrToDo {
		t.Errorf("begun = %v, want exam.ErrToDo", err)
	}
	if err := begun(rights["solution"]); err == nil || err == exam.ErrToDo {
		t.Errorf("begun = %v, want the error of a refused connection", err)
	}
}

// TestPointersExist follows every pointer from a diagnosis to the lesson's page.
func TestPointersExist(t *testing.T) {
	exam.CheckPointers(t, "../../../..", diagnoses...)
}
