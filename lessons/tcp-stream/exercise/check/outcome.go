package check

import (
	"sync"

	"example.com/sockets/shared/exam"
)

// An outcome is what came of a case that others may need.
type outcome struct {
	name  string
	needs []*outcome
	try   func() []exam.Finding

	mu       sync.Mutex
	tried    bool
	told     bool
	findings []exam.Finding
}

// tell tries the case, unless another has needed it before, and reports what it found.
// When it is asked again it tries the case again.
func (o *outcome) tell(tr *exam.Trial) {
	o.mu.Lock()
	o.tried, o.told = o.tried && !o.told, true
	o.mu.Unlock()
	if failed := o.failed(); failed != nil && failed != o {
		tr.NotTried(failed.name)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.findings {
		tr.Wrong(f.Diagnosis, "%s", f.Story)
	}
}

// failed returns the case that found something: this one, or one that it needs. Then
// this one is not tried.
func (o *outcome) failed() *outcome {
	for _, n := range o.needs {
		if failed := n.failed(); failed != nil {
			return failed
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.tried {
		o.tried, o.findings = true, o.try()
	}
	if len(o.findings) > 0 {
		return o
	}
	return nil
}
