//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// shell runs a command line.
func shell(line string) *exec.Cmd { return exec.Command("sh", "-c", line) }

// ownGroup gives a program, and those it starts, a process group of their own. So
// Ctrl+C in the terminal reaches only us, and we stop all of them.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// interrupt is Ctrl+C, terminate asks a program to end that may not know Ctrl+C.
func interrupt(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
func terminate(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
func kill(cmd *exec.Cmd)      { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
