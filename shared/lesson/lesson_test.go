package lesson

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
	"unicode"

	"example.com/sockets/shared/steplog"
)

// The programs that the tests play: a server without -timeout and one with it,
// and a client.
var (
	udpServer = Program{Name: "udp-server", Lesson: 3, Does: "echoes.", Steps: []string{"socket", "bind", "recvfrom", "sendto", "close"}}
	tcpServer = Program{Name: "tcp-server", Lesson: 1, Does: "answers.", Steps: []string{"socket", "bind", "listen", "accept", "recv", "send", "close"}, Timeout: 30 * time.Second}
	tcpClient = Program{Name: "tcp-client", Lesson: 2, Does: "asks.", Steps: []string{"socket", "connect", "send", "recv", "close"}, Server: "tcp-server", Message: "Hello!", Timeout: 5 * time.Second}
	udpClient = Program{Name: "udp-client", Lesson: 4, Does: "asks.", Steps: []string{"socket", "sendto", "recvfrom", "close"}, Server: "udp-server", Message: "Hello!", Timeout: 5 * time.Second}
)

func TestParseDefaults(t *testing.T) {
	run := Run{program: tcpClient}
	opts, err := run.parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if run.Addr != "127.0.0.1:7001" || run.Message != tcpClient.Message || run.Timeout != tcpClient.Timeout || opts != (options{}) {
		t.Errorf("without flags: %+v, %+v", run, opts)
	}
}

func TestParseValues(t *testing.T) {
	run := Run{program: tcpClient}
	opts, err := run.parse(strings.Fields("-addr [::1]:80 -message 안녕 -timeout 500ms -pace 1s -json -no-color"))
	if err != nil {
		t.Fatal(err)
	}
	if run.Addr != "[::1]:80" || run.Message != "안녕" || run.Timeout != 500*time.Millisecond {
		t.Errorf("the flags became %+v", run)
	}
	if opts != (options{json: true, noColor: true, pace: time.Second}) {
		t.Errorf("the flags became %+v", opts)
	}
}

// TestParseGoodAddr: parse is no stricter than package net where that would
// refuse an address that works.
func TestParseGoodAddr(t *testing.T) {
	for _, addr := range []string{
		"127.0.0.1:0", "127.0.0.1:65535", "0.0.0.0:7001", "[::1]:7001", "[::]:0", "[fe80::1%eth0]:7001",
		"localhost:7001", "my_host.example:7001", "host-1:7001", "컴퓨터.example:7001", "1.example:7001",
	} {
		run := Run{program: udpServer}
		if _, err := run.parse([]string{"-addr", addr}); err != nil {
			t.Errorf("%q was refused: %v", addr, err)
		}
	}
}

// TestParseRefuses: the message names the flag that is wrong, in one line that no
// value can forge.
func TestParseRefuses(t *testing.T) {
	for _, test := range []struct {
		program Program
		args    []string
		names   string
	}{
		{tcpServer, []string{"-addr", ""}, "-addr"},
		{tcpServer, []string{"-addr", ":"}, "-addr"},
		{tcpServer, []string{"-addr", ":7001"}, "127.0.0.1:7001"},
		{tcpServer, []string{"-addr", "127.0.0.1"}, "host:port"},
		{tcpServer, []string{"-addr", "7001"}, "host:port"},
		{tcpServer, []string{"-addr", "127.0.0.1:"}, "0 to 65535"},
		{tcpServer, []string{"-addr", "127.0.0.1:99999"}, "0 to 65535"},
		{tcpServer, []string{"-addr", "127.0.0.1:65536"}, "0 to 65535"},
		{tcpServer, []string{"-addr", "127.0.0.1:-1"}, "0 to 65535"},
		{tcpServer, []string{"-addr", "127.0.0.1:+80"}, "0 to 65535"},
		{tcpServer, []string{"-addr", "127.0.0.1:http"}, "0 to 65535"},
		{tcpServer, []string{"-addr", "127.0.0.1:7001 "}, "0 to 65535"},
		{tcpServer, []string{"-addr", "256.1.1.1:80"}, "host"},
		{tcpServer, []string{"-addr", "127.1:80"}, "host"},
		{tcpServer, []string{"-addr", "...:80"}, "host"},
		{tcpServer, []string{"-addr", "[::1:7001"}, "[::1]:7001"},
		{tcpServer, []string{"-addr", "::1:7001"}, "[::1]:7001"},
		{tcpServer, []string{"-addr", "[::g]:7001"}, "host"},
		{tcpServer, []string{"-addr", "1.2.3.4 :7001"}, "host"},
		{tcpServer, []string{"-addr", "http://127.0.0.1:7001"}, "-addr"},
		{tcpServer, []string{"-addr", "a\nb:7001"}, "host"},
		{tcpServer, []string{"-addr", "\x1b[31m:7001"}, "-addr"},
		{tcpServer, []string{"-addr", "a\xff:7001"}, "host"},
		{tcpServer, []string{"-addr", "[::1%\x1b]:7001"}, "host"},
		{tcpServer, []string{"-addr", "[fe80::1%a\nb]:7001"}, "host"},
		{tcpClient, []string{"-addr", "127.0.0.1:0"}, "-addr"},
		{tcpClient, []string{"-timeout", "0"}, "-timeout"},
		{tcpClient, []string{"-timeout", "-1s"}, "-timeout"},
		{tcpClient, []string{"-timeout", "soon"}, "-timeout"},
		{tcpServer, []string{"-timeout", "5"}, "-timeout"},
		{tcpServer, []string{"-pace", "-1s"}, "-pace"},
		{tcpServer, []string{"-json=perhaps"}, "-json"},
		{tcpServer, []string{"-message", "x"}, "-message"},
		{udpServer, []string{"-timeout", "1s"}, "-timeout"},
		{udpServer, []string{"-unknown"}, "-unknown"},
		{udpServer, []string{"-\x1b[31m\nforged"}, "forged"},
		{udpServer, []string{"-addr"}, "-addr"},
		{udpServer, []string{"127.0.0.1:7001"}, `"127.0.0.1:7001"`},
		{udpServer, []string{"-json", "\x1b[31m\nforged"}, "forged"},
		{tcpClient, []string{"-message", "two", "words"}, `"words"`},
	} {
		run := Run{program: test.program}
		_, err := run.parse(test.args)
		if err == nil || errors.Is(err, flag.ErrHelp) {
			t.Errorf("%s %q: got %v, want a refusal", test.program.Name, test.args, err)
			continue
		}
		text := err.Error()
		if !strings.Contains(text, test.names) || strings.HasPrefix(test.args[0], "-addr") && !strings.Contains(text, "-addr") {
			t.Errorf("%s %q: %q does not name %s", test.program.Name, test.args, text, test.names)
		}
		if strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("%s %q: control characters in %q", test.program.Name, test.args, text)
		}
	}
}

func TestParseHelp(t *testing.T) {
	for _, arg := range []string{"-h", "-help", "--help"} {
		run := Run{program: udpServer}
		if _, err := run.parse([]string{"-json", arg}); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%s: got %v, want flag.ErrHelp", arg, err)
		}
	}
}

// TestUsage: the help shows each flag with what it is for and its default, the
// steps, and each exit status.
func TestUsage(t *testing.T) {
	for _, p := range []Program{tcpServer, udpServer, tcpClient, udpClient} {
		var b strings.Builder
		run := Run{program: p}
		run.usage(&b)
		help := b.String()
		want := []string{p.Name + " " + p.Does, "go run ./lessons/" + p.Name, strings.Join(p.Steps, " · "), "lessons/" + p.Name + "/README.md"}
		for _, status := range []int{ExitDone, ExitFailed, ExitUsage, ExitInterrupted} {
			want = append(want, fmt.Sprintf("\n  %3d  ", status))
		}
		run.flags(&options{}).VisitAll(func(f *flag.Flag) {
			want = append(want, "  -"+f.Name+" ")
			_, after, _ := strings.Cut(help, "  -"+f.Name)
			about, _, _ := strings.Cut(after, "\n  -")
			_, value, _ := strings.Cut(about, "(default ")
			if !strings.HasPrefix(strings.TrimPrefix(value, `"`), f.DefValue) {
				t.Errorf("%s: -%s does not tell its default, %s: %q", p.Name, f.Name, f.DefValue, about)
			}
		})
		for _, text := range want {
			if !strings.Contains(strings.ReplaceAll(help, "\n    \t", " "), text) {
				t.Errorf("%s: the help does not say %q:\n%s", p.Name, text, help)
			}
		}
	}
}

// newRun returns a run whose steps failed with the given events, and what it
// writes to standard error.
func newRun(p Program, sink steplog.Sink) (*Run, *strings.Builder) {
	stderr := new(strings.Builder)
	steps := steplog.New(context.Background(), sink, p.Name, p.Steps, 0)
	return &Run{Context: context.Background(), program: p, stderr: stderr, Steps: steps}, stderr
}

func show(steplog.Event) error { return nil }

// fail lets the logger see a call that fails with err, as package net tells it.
func fail(run *Run, err error) error {
	_, err = run.Steps.Listener(nil, err)
	return err
}

func TestReport(t *testing.T) {
	plain := errors.New("something else")
	inUse := &net.OpError{Op: "listen", Net: "tcp", Err: errors.New("no luck")}
	for _, test := range []struct {
		name   string
		logged error // what the last failed call returned
		err    error // what the program ended with
		status int
		says   string
	}{
		{"done", nil, nil, ExitDone, ""},
		{"stopped", context.Canceled, context.Canceled, ExitInterrupted, "stopped by Ctrl+C"},
		{"stopped, in other words", nil, fmt.Errorf("accept: %w", context.Canceled), ExitInterrupted, "stopped by Ctrl+C"},
		{"a step failed", inUse, inUse, ExitFailed, "step 2, bind, failed: "},
		{"a step failed, in other words", inUse, fmt.Errorf("setup: %w", inUse), ExitFailed, "step 2, bind, failed: setup: "},
		{"a failure that the program mended", inUse, nil, ExitDone, ""},
		{"a failure outside the steps", nil, plain, ExitFailed, "tcp-server: something else\n"},
		{"a failure outside, after a step's", inUse, plain, ExitFailed, "tcp-server: something else\n"},
		{"the end of a stream", nil, io.EOF, ExitFailed, "EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			run, stderr := newRun(tcpServer, show)
			if test.logged != nil {
				fail(run, test.logged)
			}
			if got := run.report(test.err); got != test.status {
				t.Errorf("the exit status is %d, want %d", got, test.status)
			}
			if got := stderr.String(); !strings.Contains(got, test.says) || (got == "") != (test.says == "") {
				t.Errorf("standard error says %q, want %q", got, test.says)
			}
		})
	}
}

// TestReportLateInterrupt: Ctrl+C in the rest after the last step ends no call.
func TestReportLateInterrupt(t *testing.T) {
	run, stderr := newRun(tcpServer, show)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	run.Context = ctx
	if got := run.report(nil); got != ExitInterrupted || !strings.Contains(stderr.String(), "stopped by Ctrl+C") {
		t.Errorf("report() = %d, and standard error says %q", got, stderr)
	}
}

// TestReportBrokenOutput: when the steps could not be shown, the run has failed,
// although they were done. A failed step or Ctrl+C matters more.
func TestReportBrokenOutput(t *testing.T) {
	full := errors.New("no space left on device")
	for _, test := range []struct {
		err    error
		status int
		says   string
	}{
		{nil, ExitFailed, full.Error()},
		{errors.New("something else"), ExitFailed, "something else"},
		{context.Canceled, ExitInterrupted, "Ctrl+C"},
	} {
		run, stderr := newRun(tcpServer, steplog.Text(brokenWriter{full}, false, 0))
		fail(run, errors.New("any event"))
		if got := run.report(test.err); got != test.status || !strings.Contains(stderr.String(), test.says) {
			t.Errorf("%v: the exit status is %d, want %d; standard error says %q", test.err, got, test.status, stderr)
		}
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }
