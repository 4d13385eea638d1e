package exam

import (
	"path/filepath"
	"strings"
	"testing"

	"example.com/sockets/shared/pages"
)

// A Diagnosis names a wrong idea that an answer can hold.
type Diagnosis struct {
	Name string // a short name, for the checker's own tests: "one-read"
	Idea string // the right idea and what to do, in one to three sentences
	Read string // where to read on: "lessons/tcp-client/README.md#anchor"
}

// Panicked is the diagnosis of an answer that panics.
var Panicked = Diagnosis{
	Name: "panicked",
	Idea: "Your code panicked. The usual causes are an index outside a slice, a negative length for make, a nil connection after an error that was not looked at, and a channel closed twice.",
	Read: "README.md#when-an-exercise-fails",
}

// Endless is the diagnosis of an answer that keeps the checker itself from coming
// to an end, where no case has found anything by then.
var Endless = Diagnosis{
	Name: "endless",
	Idea: "Your code keeps the computer so busy that the other side could not do its part. A loop that starts goroutines without an end, or never waits, is the usual cause.",
	Read: "README.md#when-an-exercise-fails",
}

// A Page is where the diagnoses of one exercise are explained.
type Page struct {
	Path string // "lessons/tcp-client/README.md"
	all  []Diagnosis
}

// Diagnosis makes the diagnosis that the heading with this anchor explains.
func (p *Page) Diagnosis(name, anchor, idea string) Diagnosis {
	d := Diagnosis{Name: name, Idea: idea, Read: p.Path + "#" + anchor}
	p.all = append(p.all, d)
	return d
}

// Diagnoses are all that the page has made.
func (p *Page) Diagnoses() []Diagnosis { return p.all }

// Check fails t for each diagnosis of the page, and of this package, that lacks a
// name or an idea, or points to a heading that is not there. Root is the folder of
// the course.
func (p *Page) Check(t *testing.T, root string) {
	t.Helper()
	for _, d := range append(p.all, Panicked, Endless, Ended, NoSocket) {
		page, anchor, _ := strings.Cut(d.Read, "#")
		if d.Name == "" || d.Idea == "" {
			t.Errorf("the diagnosis is not complete: %+v", d)
		}
		if !pages.HasAnchor(filepath.Join(root, filepath.FromSlash(page)), anchor) {
			t.Errorf("the diagnosis %q points to no heading: %s", d.Name, d.Read)
		}
	}
}
