// Package testscripts runs the lesson programs as a learner does: as real
// processes that talk over loopback. Each .txtar file here is one script, one
// claim of the course. Go test -run TestScripts/NAME runs one of them, -v shows
// all it did. The scripts have the commands of
// github.com/rogpeppe/go-internal/testscript (grep, exec, skip, …) and these:
//
//	run STATUS PROGRAM [ARG...]
//		runs a program to its end, which must come with this exit status.
//		Then stdout and stderr look at what it printed. Of the variables that
//		a script sets with env, the program gets only GODEBUG.
//
//	start NAME [-until REGEXP] PROGRAM [ARG...]
//		starts a program and reads its output, as a learner does, until a
//		line matches REGEXP: when -until is not given, the line that says
//		where the program waits. The first group of the match, there the
//		address, becomes the variable $NAME.
//
//	await NAME REGEXP
//		does the same later, for a program that was started.
//
//	reserve NAME tcp|udp
//		sets the variable $NAME to an address where nobody listens, and
//		keeps every other program from it until the script ends.
//
//	finish NAME STATUS
//		waits for a started program, which must end by itself with this
//		exit status. Then stdout and stderr look at what it printed. Each
//		started program has to be finished.
//
//	interrupt NAME
//		presses Ctrl+C for a started program.
//
//	shown LESSON
//		checks that the README of the lesson shows what the last run or
//		finish printed. Ports, durations and descriptors may differ.
//
// Whatever a script checks, run and finish also refuse output that holds
// control characters, bytes that are no UTF-8, or the trace of a panic.
//
// The programs are the lessons and the command pair, built from the sources
// beside this folder, and peer, a misbehaving peer made for these scripts: see
// peer_test.go. The variable $COURSE is the folder of the course.
package testscripts

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience bounds every wait for a program. It only ends tests that fail.
const patience = 30 * time.Second

// waits matches the line by which a program says that it waits, and where.
var waits = `Waiting for (?:connection|datagram) on ([^\s"]+)`

func TestMain(m *testing.M) {
	// A program built with the race detector rests for a second when it ends,
	// to report late races. Ours have no goroutines left by then.
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	// Tests mostly wait for programs. A -parallel on the command line still counts.
	flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0)))
	testscript.Main(cleanMain{m}, map[string]func(){"peer": peerMain})
}

// cleanMain runs the tests and then removes the programs built for them.
type cleanMain struct{ m *testing.M }

func (c cleanMain) Run() int {
	if dir, err := os.MkdirTemp("", "sockets-lessons"); err == nil {
		lessonsDir = dir
		defer os.RemoveAll(dir)
	}
	return c.m.Run()
}

// lessons are the folders of the programs that the scripts run.
var lessons = []string{
	"tcp-server", "tcp-client", "udp-server", "udp-client",
	"tcp-stream", "tcp-framing", "tcp-many-clients", "tcp-timeouts", "udp-loss",
}

var lessonsDir string // where buildLessons puts the programs

// buildLessons builds the lesson programs, with the race detector if the tests
// have it, and puts them into the PATH. It does so once for all tests.
var buildLessons = sync.OnceValue(func() error {
	// Without what a debugger needs, as with go run: that links sooner.
	args := []string{"build", "-ldflags=-s -w", "-o", lessonsDir + string(os.PathSeparator)}
	if raceEnabled {
		args = append(args, "-race")
	}
	for _, name := range lessons {
		args = append(args, "./lessons/"+name)
	}
	args = append(args, "./shared/cmd/pair")
	build := exec.Command("go", args...)
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("the lessons do not build: %v\n%s", err, out)
	}
	return os.Setenv("PATH", lessonsDir+string(os.PathListSeparator)+os.Getenv("PATH"))
})

// needPrograms begins a test that runs the lesson programs. It has the slow tests
// run beside each other, and none where an exercise has failed.
func needPrograms(t *testing.T) {
	t.Helper()
	t.Parallel()
	if exerciseFails {
		t.Skip("an exercise fails: see TestExercises")
	}
	if err := buildLessons(); err != nil {
		t.Fatal(err)
	}
}

func TestScripts(t *testing.T) {
	needPrograms(t)
	testscript.Run(t, testscript.Params{
		Dir: ".",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"run":       run,
			"start":     start,
			"await":     await,
			"reserve":   reserve,
			"finish":    finish,
			"interrupt": interrupt,
			"shown":     shown,
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "ipv6":
				return hasIPv6(), nil
			case "unprivileged":
				return canDropPrivileges(), nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Setup: func(env *testscript.Env) error {
			course, err := filepath.Abs("..")
			if err != nil {
				return err
			}
			env.Setenv("COURSE", course)
			env.Setenv("GORACE", os.Getenv("GORACE"))
			env.Setenv("GODEBUG", os.Getenv("GODEBUG"))
			all := map[string]*process{}
			env.Values["processes"] = all
			env.Defer(func() {
				for name, p := range all {
					if p.finished {
						continue
					}
					p.cmd.Process.Kill()
					<-p.done
					if t := env.T().(testing.TB); !t.Failed() {
						t.Errorf("the script has no line: finish %s STATUS\n%s", name, p.output())
					}
				}
			})
			return nil
		},
	})
}

// hasIPv6 tells whether this computer has the loopback address ::1.
func hasIPv6() bool {
	ln, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return false
	}
	ln.Close()
	return true
}

// canDropPrivileges tells whether unshare(1) can run a program without the rights
// of an administrator, on a computer where ports below 1024 need those rights.
func canDropPrivileges() bool {
	first, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	return err == nil && strings.TrimSpace(string(first)) == "1024" &&
		exec.Command("unshare", "--user", "true").Run() == nil
}

// A process is a started program, and what it has printed so far.
type process struct {
	cmd      *exec.Cmd
	done     chan struct{} // closed when the program has ended
	finished bool

	mu     sync.Mutex
	stdout bytes.Buffer
	stderr bytes.Buffer
	until  *regexp.Regexp
	found  chan string // gets the last group of the first match of until
}

// Write takes what the program prints on standard output.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stdout.Write(b)
	p.match()
	return len(b), nil
}

// match looks for until in the whole lines that the program has printed.
func (p *process) match() {
	lines := p.stdout.Bytes()[:bytes.LastIndexByte(p.stdout.Bytes(), '\n')+1]
	if p.until == nil {
		return
	}
	if m := p.until.FindSubmatch(lines); m != nil {
		p.until = nil
		p.found <- string(m[len(m)-1])
	}
}

// await waits until the program has printed a line that matches the regular
// expression, now or earlier, and returns the last group of the match.
func (p *process) await(until *regexp.Regexp) (string, error) {
	p.mu.Lock()
	p.until = until
	p.match()
	p.mu.Unlock()
	var failure error
	select {
	case text := <-p.found:
		return text, nil
	case <-p.done:
		failure = fmt.Errorf("ended before it printed %q", until)
	case <-time.After(patience):
		p.cmd.Process.Kill()
		<-p.done
		failure = fmt.Errorf("did not print %q", until)
	}
	p.finished = true
	return "", fmt.Errorf("%w\n%s", failure, p.output())
}

// output shows all that the program has printed. The program must have ended.
func (p *process) output() string {
	return fmt.Sprintf("[stdout]\n%s[stderr]\n%s", p.stdout.Bytes(), p.stderr.Bytes())
}

// launch starts a program in the script's folder.
func launch(ts *testscript.TestScript, name string, args []string) *process {
	all := ts.Value("processes").(map[string]*process)
	if all[name] != nil && !all[name].finished {
		ts.Fatalf("%s is running already", name)
	}
	path, err := exec.LookPath(args[0])
	ts.Check(err)
	p := &process{cmd: exec.Command(path, args[1:]...), done: make(chan struct{}), found: make(chan string, 1)}
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Env = append(os.Environ(), "GODEBUG="+ts.Getenv("GODEBUG"))
	p.cmd.Stdout, p.cmd.Stderr = p, &p.stderr
	ts.Check(p.cmd.Start())
	all[name] = p
	go func() {
		p.cmd.Wait()
		close(p.done)
	}()
	return p
}

func start(ts *testscript.TestScript, neg bool, args []string) {
	until := waits
	if len(args) > 3 && args[1] == "-until" {
		until = args[2]
		args = append(args[:1], args[3:]...)
	}
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME [-until REGEXP] PROGRAM [ARG...]")
	}
	launch(ts, args[0], args[1:])
	await(ts, false, []string{args[0], until})
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await NAME REGEXP")
	}
	until, err := regexp.Compile(args[1])
	ts.Check(err)
	text, err := started(ts, args[0]).await(until)
	if err != nil {
		ts.Fatalf("%s %v", args[0], err)
	}
	if until.NumSubexp() > 0 {
		ts.Setenv(args[0], text)
	}
}

func run(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: run STATUS PROGRAM [ARG...]")
	}
	launch(ts, args[1], args[1:])
	finish(ts, false, []string{args[1], args[0]})
}

func finish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: finish NAME STATUS")
	}
	name := args[0]
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	p := started(ts, name)
	select {
	case <-p.done:
	case <-time.After(patience):
		p.cmd.Process.Kill()
		<-p.done
		ts.Logf("%s did not end by itself", name)
	}
	p.finished = true
	ts.Stdout().Write(p.stdout.Bytes())
	ts.Stderr().Write(p.stderr.Bytes())
	if got := p.cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("%s ended with exit status %d, want %d\n%s", name, got, want, p.output())
	}
	for _, out := range []*bytes.Buffer{&p.stdout, &p.stderr} {
		if strings.Contains(out.String(), "goroutine ") {
			ts.Fatalf("%s panicked\n%s", name, p.output())
		}
		if i := bytes.IndexFunc(out.Bytes(), unprintable); i >= 0 || !utf8.Valid(out.Bytes()) {
			ts.Fatalf("%s printed characters that could control a terminal: %q", name, out)
		}
	}
}

func reserve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: reserve NAME tcp|udp")
	}
	// A socket that is connected to one peer has its port to itself, and does
	// not answer anyone else: for others the port is closed.
	var addr string
	switch network := args[1]; network {
	case "tcp":
		ln, err := net.Listen(network, "127.0.0.1:0")
		ts.Check(err)
		ts.Defer(func() { ln.Close() })
		addr = ln.Addr().String()
	case "udp":
		pc, err := net.ListenPacket(network, "127.0.0.1:0")
		ts.Check(err)
		ts.Defer(func() { pc.Close() })
		addr = pc.LocalAddr().String()
	default:
		ts.Fatalf("reserve: no such network: %s", network)
	}
	conn, err := net.Dial(args[1], addr)
	ts.Check(err)
	ts.Defer(func() { conn.Close() })
	ts.Setenv(args[0], conn.LocalAddr().String())
}

func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: interrupt NAME")
	}
	ts.Check(started(ts, args[0]).cmd.Process.Signal(os.Interrupt))
}

// started returns the started program of this name.
func started(ts *testscript.TestScript, name string) *process {
	p := ts.Value("processes").(map[string]*process)[name]
	if p == nil || p.finished {
		ts.Fatalf("%s is not running", name)
	}
	return p
}

// unprintable tells which characters have no place in a program's output.
func unprintable(r rune) bool {
	return r != '\n' && r != '\t' && r != '\r' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}
