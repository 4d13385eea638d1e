package exam

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// An Answer is an answer that a checker is tried on. It is an alias of a plain
// struct, so that a catalogue may leave out the names of the fields.
type Answer[F any] = struct {
	Name string
	// Want is the names of all diagnoses that it has to get, sorted, with a space
	// between them. It is empty for a right answer.
	Want string
	Func F
}

// Catalogue tries answers, at most so many at once, and fails t for each that does
// not get just the diagnoses it should. CasesOf returns the cases for an answer.
// Wrong answers hang and spin, and each case lets them for as long as [Limit]. So
// the tests of a checker have the build tag catalogue: they are for those who change
// a checker, and not for learners to build and to wait for.
func Catalogue[F any](t *testing.T, atOnce int, casesOf func(F) []Case[F], answers []Answer[F]) {
	t.Helper()
	runtime.GC()
	defer holdCollections(4 << 30)() // for a hundred answers
	found := make([]chan []Finding, len(answers))
	for i := range found {
		found[i] = make(chan []Finding, 1)
	}
	go func() {
		slots := make(chan bool, atOnce)
		for i, a := range answers {
			slots <- true
			free := sync.OnceFunc(func() { <-slots })
			// One that is not through in a second does little more than wait.
			time.AfterFunc(time.Second, free)
			go func() {
				found[i] <- Try(casesOf(a.Func), a.Func)
				free()
			}()
		}
	}()
	for i, a := range answers {
		t.Run(a.Name, func(t *testing.T) {
			var names []string
			for _, f := range <-found[i] {
				names = append(names, f.Diagnosis.Name)
				t.Logf("%s: %s: %s", f.Case, f.Diagnosis.Name, f.Story)
			}
			slices.Sort(names)
			if got := strings.Join(slices.Compact(names), " "); got != a.Want {
				t.Errorf("the diagnoses are %q, want %q", got, a.Want)
			}
		})
	}
}
