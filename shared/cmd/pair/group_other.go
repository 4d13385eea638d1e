//go:build !unix

package main

import "os/exec"

// shell runs a command line.
func shell(line string) *exec.Cmd { return exec.Command("cmd", "/C", line) }

func ownGroup(*exec.Cmd) {}

// Windows sends no Ctrl+C to a single program: it is ended at once.
func interrupt(cmd *exec.Cmd) { cmd.Process.Kill() }
func terminate(cmd *exec.Cmd) { cmd.Process.Kill() }
func kill(cmd *exec.Cmd)      { cmd.Process.Kill() }
