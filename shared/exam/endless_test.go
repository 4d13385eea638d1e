//go:build catalogue && unix

package exam

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
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

// TestStandstillIsNoHang stops this whole program, and has it woken after more than the
// limit of a call.
func TestStandstillIsNoHang(t *testing.T) {
	const limit = 300 * time.Millisecond
	woken := make(chan bool)
	call := new(Trial).Go(func() { <-woken })
	wake := exec.Command("sh", "-c", fmt.Sprintf("sleep 1; kill -CONT %d", os.Getpid()))
	if err := wake.Start(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	go func() {
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		wake.Wait()
		time.Sleep(limit / 10)
		close(woken)
	}()
	if hung := call.WaitFor(limit); hung != "" || time.Since(began) < 2*limit {
		t.Errorf("hung = %q after %v", hung, time.Since(began))
	}
}
