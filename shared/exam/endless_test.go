//go:build catalogue && unix

package exam

import (
	"os"
	"syscall"
	"testing"
)

func TestEndlessAnswer(t *testing.T) {
	for name, answer := range map[string]func(){
		"has no end":       func() { select {} },
		"stops everything": func() { syscall.Kill(os.Getpid(), syscall.SIGSTOP) }, // as a million goroutines would
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endsTheProcess(t, t.Name(), name, deadlyAnswer{answer, Endless.Idea, Ended.Idea})
		})
	}
}
