package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"example.com/sockets/shared/lesson"
)

// TestMain lets the test program be badnet itself, for the tests that start it.
func TestMain(m *testing.M) {
	if os.Getenv("BE_BADNET") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// command prepares a run of the command.
func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "BE_BADNET=1", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// TestUsage: wrong usage is refused with status 2, and the message names the word.
func TestUsage(t *testing.T) {
	for _, test := range []struct{ args, says string }{
		{"", "write tcp or udp"},
		{"sctp", `"sctp"`},
		{"tcp drop=1", "drop is no fault of tcp"},
		{"tcp splt=1", `"splt=1"`},
		{"tcp split=1 delay=1s", `"delay=1s": join faults by commas`},
		{"udp drop=0.1 -jsn", "-jsn"},
		{"-no-such-flag tcp", "-no-such-flag"},
		{"udp seed=x", `"seed=x"`},
		{"-listen here tcp", `"here"`},
		{"-to 127.0.0.1:0 udp", `"127.0.0.1:0"`},
		{"-to 192.0.2.1:7001 tcp", "-allow-remote"},
	} {
		var stdout, stderr bytes.Buffer
		cmd := command(strings.Fields(test.args)...)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		cmd.Run()
		if cmd.ProcessState.ExitCode() != lesson.ExitUsage || stdout.Len() > 0 || !strings.Contains(stderr.String(), test.says) || !strings.Contains(stderr.String(), "-h") {
			t.Errorf("badnet %s: %v, printed %q and %q", test.args, cmd.ProcessState, stdout.String(), stderr.String())
		}
	}
}

func TestHelp(t *testing.T) {
	if err := new(config).parse([]string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	var help bytes.Buffer
	usage(&help)
	for _, word := range []string{
		"-listen", "-to", "seed=7", "hold=2s", "-json", "-no-color", "-allow-remote", "127.0.0.1:7002", "127.0.0.1:7001",
		"split=", "merge=", "delay=", "drip=", "stall=", "half-close=", "reset=", "drop=", "dup=", "reorder=", "cut=", "stranger=",
	} {
		if !strings.Contains(help.String(), word) {
			t.Errorf("the help does not tell of %s", word)
		}
	}
}

// TestCannotListen: three lines say what, why, and what to do next.
func TestCannotListen(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var stdout, stderr bytes.Buffer
	cmd := command("-listen", ln.Addr().String(), "tcp")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Run()
	lines := strings.Split(stderr.String(), "\n")
	if cmd.ProcessState.ExitCode() != lesson.ExitFailed || len(lines) != 4 || stdout.Len() > 0 ||
		!strings.HasPrefix(lines[1], "  why:  Another program uses "+ln.Addr().String()) || !strings.HasPrefix(lines[2], "  next: ") {
		t.Errorf("%v, printed %q and %q", cmd.ProcessState, stdout.String(), stderr.String())
	}
}

// TestRun: it says where it waits, shows each fault, and Ctrl+C ends it with a summary.
func TestRun(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a program cannot send Ctrl+C to one other program on Windows")
	}
	for _, flags := range []string{"", " -json"} {
		var stderr bytes.Buffer
		cmd := command(strings.Fields("-listen 127.0.0.1:0 udp drop=1" + flags)...)
		cmd.Stderr = &stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() }).Stop()
		lines := bufio.NewScanner(stdout)
		find := func(text string) string {
			t.Helper()
			for lines.Scan() {
				if flags != "" && !json.Valid(lines.Bytes()) {
					t.Errorf("not JSON: %s", lines.Text())
				}
				if _, after, found := strings.Cut(lines.Text(), text); found {
					return after
				}
			}
			t.Fatalf("no line has %q", text)
			return ""
		}
		addr, _, _ := strings.Cut(find("Waiting for datagram on "), `"`)
		conn, err := net.Dial("udp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.Write([]byte("\x1b[31m안녕"))
		if shown := find("11 bytes are lost: "); strings.Contains(shown, "\x1b") || !strings.Contains(shown, `x1b[31m안녕`) {
			t.Errorf("the datagram is shown as %q", shown)
		}
		cmd.Process.Signal(os.Interrupt)
		if flags == "" {
			find("1 datagram (11 bytes) came, 0 datagrams (0 bytes) went on, 1 fault")
			find("0 datagrams (0 bytes) came, 0 datagrams (0 bytes) went on, 0 faults")
		} else {
			find(`"msg":"relayed"`)
		}
		for lines.Scan() {
		}
		cmd.Wait()
		if cmd.ProcessState.ExitCode() != lesson.ExitInterrupted || stderr.String() != "badnet: stopped by Ctrl+C\n" {
			t.Errorf("%v, and on stderr %q", cmd.ProcessState, stderr.String())
		}
	}
}
