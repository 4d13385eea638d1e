// Package experiment shows how a wrong idea breaks, and what repairs it. Both ends
// of a real conversation run in one program, over loopback sockets, and what they
// do is drawn side by side.
//
// A lesson has parts. Each asks a question, plays the naive way, says what this
// run answered, and plays the repaired way in the same conditions:
//
//	run := experiment.Start(experiment.Program{Name: "tcp-stream", …, Parts: []experiment.Part{
//		{Title: "two sends, one recv", Ask: …, Naive: …, Repaired: …},
//		…
//	}})
//	run.Exit(run.Play())
package experiment

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/lesson"
	"example.com/sockets/shared/steplog"
	"github.com/fatih/color"
	"golang.org/x/term"
)

// A Program says what is particular to one lesson.
type Program struct {
	Name   string // its folder below lessons: "tcp-stream"
	Lesson int    // its place in the course, from 1
	Does   string // what it shows, in one sentence for -h
	Parts  []Part
	Flags  func(*flag.FlagSet) // defines flags of its own; may be nil
	Check  func() error        // tells what is wrong with the values of these; may be nil
}

// A Run is one run of a lesson's program.
type Run struct {
	Context context.Context // ends at Ctrl+C

	program Program
	noColor bool
	noAsk   bool
	pace    time.Duration
	only    int // the part to play, 0 for all

	width int // of the terminal, 0 where stdout is none
	paint func(color.Attribute, string) string
	asks  bool // there is somebody to ask
	lines chan string
	waits atomic.Bool // for a line, since the question is there
	key   sync.Once   // for the new line after ^C
	asked int         // guesses that were made
	right int         // guesses that were as the run went
}

// Start reads the flags from the command line. After -h, and after a wrong flag, it
// ends the process.
func Start(p Program) *Run {
	r := &Run{program: p}
	err := r.parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		r.usage(os.Stdout)
		os.Exit(lesson.ExitDone)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\nTo see all flags: go run ./lessons/%s -h\n", p.Name, steplog.Printable(err.Error()), p.Name)
		os.Exit(lesson.ExitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl+C ends the process at once
	r.Context = ctx
	if term.IsTerminal(int(os.Stdout.Fd())) {
		r.width, _, _ = term.GetSize(int(os.Stdout.Fd()))
		r.asks = !r.noAsk && term.IsTerminal(int(os.Stdin.Fd()))
	}
	// color.NoColor is true where NO_COLOR is set and where stdout is no terminal.
	r.paint = steplog.Painter(!color.NoColor && !r.noColor)
	return r
}

func (r *Run) flags() *flag.FlagSet {
	fs := flag.NewFlagSet(r.program.Name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.BoolVar(&r.noAsk, "no-ask", false, "never ask for a guess, as when the output is no terminal (default false)")
	fs.BoolVar(&r.noColor, "no-color", false, "print without colours, as with NO_COLOR set (default false)")
	fs.DurationVar(&r.pace, "pace", 0, "rest this `time` after each call, to watch, for example 1s")
	fs.IntVar(&r.only, "part", 0, "play only the part with this `number` (default all)")
	if r.program.Flags != nil {
		r.program.Flags(fs)
	}
	return fs
}

func (r *Run) parse(args []string) error {
	fs := r.flags()
	if err := fs.Parse(args); err != nil {
		return err
	}
	switch {
	case fs.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: all settings are flags", fs.Arg(0))
	case r.only < 0 || r.only > len(r.program.Parts):
		return fmt.Errorf("-part %d: there are parts 1 to %d", r.only, len(r.program.Parts))
	case r.pace < 0 || r.pace > time.Minute:
		return fmt.Errorf("-pace %v: must be from 0s to 1m", r.pace)
	case r.program.Check != nil:
		return r.program.Check()
	}
	return nil
}

func (r *Run) usage(w io.Writer) {
	p := r.program
	fmt.Fprintf(w, "%s %s\n\nUsage:\n  go run ./lessons/%s [flags]\n\nFlags:\n", p.Name, p.Does, p.Name)
	fs := r.flags()
	fs.SetOutput(w)
	fs.PrintDefaults()
	fmt.Fprintf(w, "\nExit status:\n  %3d  each part showed what it is there for\n  %3d  one did not, or a call failed\n  %3d  a flag was wrong\n  %3d  stopped by Ctrl+C\n",
		lesson.ExitDone, lesson.ExitFailed, lesson.ExitUsage, lesson.ExitInterrupted)
	fmt.Fprintf(w, "\nThe lesson's page: lessons/%s/README.md\n", p.Name)
}

// Exit ends the process with the exit status that err asks for, and says why on
// standard error.
func (r *Run) Exit(err error) {
	switch {
	case r.Context.Err() != nil:
		r.afterKey()
		fmt.Fprintf(os.Stderr, "%s: stopped by Ctrl+C\n", r.program.Name)
		os.Exit(lesson.ExitInterrupted)
	case err != nil:
		for _, line := range strings.Split(err.Error(), "\n") { // of joined errors each has a line
			fmt.Fprintf(os.Stderr, "%s: %s\n", r.program.Name, steplog.Fold(steplog.Printable(line), 0, r.width))
		}
		os.Exit(lesson.ExitFailed)
	}
	os.Exit(lesson.ExitDone)
}

// afterKey begins a new line after Ctrl+C, once: the terminal has written ^C where
// the line began.
func (r *Run) afterKey() {
	if r.Context.Err() != nil && r.width > 0 {
		r.key.Do(func() { fmt.Fprintln(color.Output) })
	}
}

// say prints text in the width of the terminal, moved in by indent columns.
func (r *Run) say(indent int, paint color.Attribute, text string) error {
	room := r.width
	if room == 0 {
		room = pageWidth
	}
	_, err := fmt.Fprintf(color.Output, "%*s%s\n", indent, "", r.paint(paint, steplog.Fold(text, indent, min(room, pageWidth))))
	return err
}

// pageWidth is how wide sentences are printed at most, in columns.
const pageWidth = 100
