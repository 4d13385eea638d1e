package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"example.com/sockets/shared/steplog"
	"example.com/sockets/shared/timeline"
)

// A program is one of the two that run.
type program struct {
	side    timeline.Side
	name    string // for the head of its column
	command string
	dir     string   // of its Go code, "" where it is a command line
	lesson  bool     // it has the flags of a lesson, and tells of its calls
	tells   bool     // it tells of its calls
	args    []string // behind the folder in the command
	binary  string

	cmd     *exec.Cmd
	running bool
	lines   int   // that it printed
	stopped bool  // by us
	err     error // how it ended
	errors  []string
}

// newProgram finds out what a command is. Folders are looked for from here and
// from the root of the course.
func newProgram(root string, side timeline.Side, command string) (*program, error) {
	p := &program{side: side, name: side.String() + ": " + steplog.Escape(command), command: command}
	words := strings.Fields(command)
	if len(words) == 0 {
		return nil, fmt.Errorf("-%s: the command is empty", side)
	}
	for _, from := range []string{"", root} {
		path := words[0]
		if !filepath.IsAbs(path) {
			path = filepath.Join(from, path)
		}
		dir, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(dir)
		if err != nil {
			continue
		}
		if !info.IsDir() {
			return p, nil // a program, which the shell finds
		}
		p.dir, p.args = dir, words[1:]
		p.name = filepath.Base(dir)
		p.lesson = filepath.Dir(dir) == filepath.Join(root, "lessons")
		p.tells = p.lesson
		p.binary = filepath.Join(root, "bin", p.name)
		if runtime.GOOS == "windows" {
			p.binary += ".exe"
		}
		return p, nil
	}
	if strings.HasPrefix(words[0], ".") {
		return nil, fmt.Errorf("-%s %s: there is no such folder or program", side, words[0])
	}
	return p, nil
}

// fixed tells whether nothing can tell the program where the server is.
func (p *program) fixed() bool {
	return !p.lesson && !strings.Contains(p.command, "{addr}") && !strings.Contains(p.command, "{port}")
}

// build builds the Go programs that have changed since they were built. They stay
// in the folder bin of the course, so that this costs nothing the next time.
func build(ctx context.Context, root string, programs ...*program) error {
	bin := filepath.Join(root, "bin")
	var dirs []string
	for _, p := range programs {
		if p.dir != "" && (!p.lesson || stale(root, p)) {
			dirs = append(dirs, p.dir)
		}
	}
	if len(dirs) == 0 {
		return nil
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	// Another pair may run, or build, the same programs at this moment. So they
	// are put in place whole.
	fresh, err := os.MkdirTemp(bin, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-ldflags=-s -w", "-o", fresh + string(filepath.Separator)}, dirs...)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the programs could not be built: %w\n%s", err, bytes.TrimSpace(out))
	}
	for _, p := range programs {
		err := os.Rename(filepath.Join(fresh, filepath.Base(p.binary)), p.binary)
		if err != nil && slices.Contains(dirs, p.dir) {
			return err
		}
	}
	return nil
}

// stale tells whether a lesson's program is older than anything it is made of. To
// ask the go command takes longer than the two programs run.
func stale(root string, p *program) bool {
	info, err := os.Stat(p.binary)
	if err != nil {
		return true
	}
	built := info.ModTime()
	newer := func(path string) (found bool) {
		filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
			if err == nil {
				info, err = d.Info()
			}
			if err != nil || info.ModTime().After(built) {
				found = true
				return fs.SkipAll
			}
			return nil
		})
		return found
	}
	// A newer go command may build it otherwise.
	made, err := buildinfo.ReadFile(p.binary)
	return err != nil || made.GoVersion != runtime.Version() ||
		newer(p.dir) || newer(filepath.Join(root, "shared")) || newer(filepath.Join(root, "go.work"))
}

// start starts the program. Its output comes as news.
func (p *program) start(c config, addr string, all chan<- news) error {
	p.cmd = p.commandLine(c, addr)
	stdout, stderr := &lines{side: p.side, to: all}, &lines{side: p.side, stderr: true, to: all}
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	// A program that it started may hold its output open.
	p.cmd.WaitDelay = 500 * time.Millisecond
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("the %s did not start: %w", p.side, err)
	}
	p.running = true
	go func() {
		err := p.cmd.Wait()
		kill(p.cmd) // what it started and left behind
		if errors.Is(err, exec.ErrWaitDelay) {
			err = nil // the program itself was done
		}
		stdout.flush()
		stderr.flush()
		all <- news{side: p.side, ended: true, err: err}
	}()
	return nil
}

func (p *program) commandLine(c config, addr string) *exec.Cmd {
	host, port, _ := net.SplitHostPort(addr)
	where := strings.NewReplacer("{addr}", addr, "{host}", host, "{port}", port)
	var cmd *exec.Cmd
	var args []string
	switch {
	case p.lesson:
		args = append([]string{"-json", "-addr", addr}, p.args...)
		if c.pace > 0 {
			args = append(args, "-pace", c.pace.String())
		}
		if p.side == timeline.Client && c.message != nil {
			args = append(args, "-message", *c.message)
		}
		cmd = exec.Command(p.binary, args...)
	case p.dir != "":
		for _, arg := range p.args {
			args = append(args, where.Replace(arg))
		}
		cmd = exec.Command(p.binary, args...)
	default:
		cmd = shell(where.Replace(p.command))
	}
	cmd.Env = append(os.Environ(), "PYTHONUNBUFFERED=1") // else Python's lines come when it ends
	ownGroup(cmd)
	return cmd
}

// news is what one of the programs did.
type news struct {
	side   timeline.Side
	line   string
	stderr bool
	at     time.Time
	ended  bool // the program has ended, and all it printed has come
	err    error
}

// Of what a program prints, so much is kept: bytes of a line, and lines.
const (
	maxLine  = 16 << 10 // more than an event of a call needs
	maxLines = 10_000
)

// lines sends what is written to it as news, line by line.
type lines struct {
	side   timeline.Side
	stderr bool
	to     chan<- news
	rest   []byte
	cut    int // bytes of the line that were not kept
}

func (l *lines) Write(b []byte) (int, error) {
	for _, c := range b {
		if c == '\n' {
			l.send()
		} else if len(l.rest) < maxLine {
			l.rest = append(l.rest, c)
		} else {
			l.cut++
		}
	}
	return len(b), nil
}

func (l *lines) send() {
	line := strings.TrimSuffix(string(l.rest), "\r")
	if l.cut > 0 {
		line += fmt.Sprintf(" … and %d bytes not shown", l.cut)
	}
	l.to <- news{side: l.side, stderr: l.stderr, line: line, at: time.Now()}
	l.rest, l.cut = l.rest[:0], 0
}

// flush sends a last line that has no end.
func (l *lines) flush() {
	if len(l.rest) > 0 {
		l.send()
	}
}

// calls are those that a program can tell of.
var calls = []string{"socket", "bind", "listen", "accept", "connect", "send", "recv", "sendto", "recvfrom", "shutdown", "close"}

// readCall returns the event that a line tells of, where it can be one of a call.
// A program may print anything, and what it printed then is text.
func readCall(line string) (steplog.Event, bool) {
	e, ok := steplog.ReadJSON([]byte(line))
	const longest = 100 // of a word or an address
	ok = ok && slices.Contains(calls, e.Call) && e.Fault == "" &&
		e.Step >= 0 && e.Step < 100 && e.Bytes >= len(e.Data) && e.Limit >= 0 && e.Took >= 0 &&
		max(len(e.Local), len(e.Remote), len(e.Family), len(e.Type)) <= longest
	return e, ok
}
