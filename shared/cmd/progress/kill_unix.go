//go:build unix

package main

import (
	"os/exec"
	"os/signal"
	"syscall"
)

// "go tool" does not stop with its tool on Ctrl+Z, so the terminal would answer no
// key any more.
func init() { signal.Ignore(syscall.SIGTSTP) }

// killWhole makes the end of cmd's context kill also what cmd has started: the go
// command does not take its tests with it. They get a process group of their own,
// so Ctrl+C in the terminal reaches only us.
func killWhole(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
