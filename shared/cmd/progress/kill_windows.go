package main

import (
	"os/exec"
	"strconv"
)

// killWhole makes the end of cmd's context kill also what cmd has started: the go
// command does not take its tests with it.
func killWhole(cmd *exec.Cmd) {
	cmd.Cancel = func() error {
		return exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run()
	}
}
