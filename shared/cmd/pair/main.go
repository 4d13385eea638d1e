// Pair runs a server and a client and shows what both do, side by side.
//
//	go tool pair tcp
//	go tool pair -pace 1s udp
//	go tool pair -through drop=0.3,seed=7 udp
//	go tool pair -client 'python3 my_client.py' tcp
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"example.com/sockets/shared/badnet"
	"example.com/sockets/shared/lesson"
	"example.com/sockets/shared/steplog"
	"example.com/sockets/shared/timeline"
	"github.com/fatih/color"
	"golang.org/x/term"
)

const usageHead = `pair runs a server and a client, and shows the calls of both side by side.

Usage:
  go tool pair [flags] tcp|udp

Flags:
`

const usageTail = `
A command is the folder of a lesson, such as ./lessons/tcp-server, or of another
Go program, or any command line. In a command line, {addr}, {host} and {port} stand
for where the server is; without them it is expected at 127.0.0.1:7001. A program
that tells of no calls has its output shown in its column.

FAULTS are those of go tool badnet: see go tool badnet -h.

Try:
  go tool pair tcp
  go tool pair -pace 1s tcp
  go tool pair -message 안녕하세요 udp
  go tool pair -through drop=0.5,seed=3 udp
  go tool pair -client 'nc -u -w 1 {host} {port}' udp

Exit status:
    0  both programs were done
    1  one of them failed, or could not be built or started
    2  a flag was wrong
  130  stopped by Ctrl+C
`

// config is what the command line says.
type config struct {
	kind           string // "tcp", "udp", or "" where no default depends on it
	server, client string // commands
	addr           string
	message        *string // nil where the flag is not given
	pace           time.Duration
	through        string
	faults         badnet.Faults
	svg            string
	noColor        bool
}

func main() {
	// Each of them ends the programs first, and us after them, in at most killAfter:
	// Ctrl+C, a polite kill, a closed terminal, Ctrl+\.
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	os.Exit(run(ctx, os.Args[1:]))
}

// run returns the exit status.
func run(ctx context.Context, args []string) int {
	var c config
	err := c.parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage(os.Stdout)
		return lesson.ExitDone
	case err != nil:
		fmt.Fprintf(os.Stderr, "pair: %s\nRun it with -h to see all flags.\n", steplog.Printable(err.Error()))
		return lesson.ExitUsage
	}
	p, err := newPair(ctx, c)
	if err == nil {
		err = p.run(ctx)
	}
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "pair: stopped by Ctrl+C; neither program runs any more")
		return lesson.ExitInterrupted
	case err != nil:
		for line := range strings.SplitSeq(err.Error(), "\n") { // of joined errors each has a line
			fmt.Fprintln(os.Stderr, "pair: "+steplog.Printable(line))
		}
		return lesson.ExitFailed
	}
	return lesson.ExitDone
}

func (c *config) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("pair", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&c.server, "server", "", "run this `command` as the server (default ./lessons/tcp-server or ./lessons/udp-server)")
	fs.StringVar(&c.client, "client", "", "run this `command` as the client (default ./lessons/tcp-client or ./lessons/udp-client)")
	fs.StringVar(&c.addr, "addr", "", "the server listens on `host:port` (default 127.0.0.1 and a free port)")
	fs.Func("message", "the client sends this `text`", func(text string) error {
		c.message = &text
		return nil
	})
	fs.DurationVar(&c.pace, "pace", 0, "both rest this `time` after each call, to watch, for example 1s")
	fs.StringVar(&c.through, "through", "", "put a network between them that makes `FAULTS`, such as drop=0.3,seed=7")
	fs.StringVar(&c.svg, "svg", "", "also draw the picture into this `file`")
	fs.BoolVar(&c.noColor, "no-color", false, "print without colours, as with NO_COLOR set (default false)")
	return fs
}

// parse reads the command line.
func (c *config) parse(args []string) error {
	fs := c.flags()
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 1 {
		return fmt.Errorf("unexpected argument %q: flags come before tcp or udp", fs.Arg(1))
	}
	c.kind = fs.Arg(0)
	switch {
	case c.kind != "" && c.kind != "tcp" && c.kind != "udp":
		return fmt.Errorf("%q: write tcp or udp", c.kind)
	case c.kind == "" && (c.server == "" || c.client == "" || c.through != ""):
		return errors.New("which pair is missing: write tcp or udp at the end")
	case c.pace < 0:
		return fmt.Errorf("-pace %v: must not be less than 0", c.pace)
	}
	if c.server == "" {
		c.server = "./lessons/" + c.kind + "-server"
	}
	if c.client == "" {
		c.client = "./lessons/" + c.kind + "-client"
	}
	if c.addr != "" {
		if err := lesson.CheckAddr(c.addr, true); err != nil {
			return fmt.Errorf("-addr %q: %w", c.addr, err)
		}
	}
	if c.through == "" {
		return nil
	}
	var err error
	if c.faults, err = badnet.Parse(c.through); err == nil {
		err = c.faults.Check(c.kind)
	}
	if err != nil {
		return fmt.Errorf("-through: %w", err)
	}
	return nil
}

func usage(w io.Writer) {
	io.WriteString(w, usageHead)
	fs := new(config).flags()
	fs.SetOutput(w)
	fs.PrintDefaults()
	io.WriteString(w, usageTail)
}

// newPair finds the programs and builds those that are Go.
func newPair(ctx context.Context, c config) (*pair, error) {
	root, err := findRoot()
	if err != nil {
		return nil, err
	}
	p := &pair{config: c, news: make(chan news)}
	for side, command := range map[timeline.Side]string{timeline.Server: c.server, timeline.Client: c.client} {
		if p.programs[side], err = newProgram(root, side, command); err != nil {
			return nil, err
		}
	}
	if err := build(ctx, root, p.programs[timeline.Server], p.programs[timeline.Client]); err != nil {
		return nil, err
	}
	p.live = term.IsTerminal(int(os.Stdout.Fd()))
	if p.live {
		p.width, _, _ = term.GetSize(int(os.Stdout.Fd()))
	}
	p.columns = timeline.NewColumns(color.Output, p.width, !color.NoColor && !c.noColor, p.programs[timeline.Client].name, p.programs[timeline.Server].name)
	return p, nil
}

// findRoot finds the folder of the course: the nearest one with a go.work.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("this folder is not part of the course: run it where go.work is, or below")
		}
		dir = parent
	}
}
