// Progress shows how far a learner is: for each lesson a bar, what the tests of
// the exercise say, and what to do next.
//
//	go tool progress
//	go tool progress -watch
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"example.com/sockets/shared/lesson"
	"example.com/sockets/shared/steplog"
	"github.com/fatih/color"
	"golang.org/x/term"
)

const usage = `progress runs the tests of the exercises and shows how far you are.

Usage:
  go tool progress [flags]

Flags:
  -watch
    	stay, and check an exercise again whenever you save it (Ctrl+C stops)
  -no-color
    	print without colours, as when NO_COLOR is set

Exit status:
    0  the lessons are shown, done or not
    1  the lessons could not be checked
    2  a flag was wrong
  130  stopped by Ctrl+C
`

func main() {
	// Signals are caught to the end: "go tool" sends on to us the Ctrl+C that the
	// terminal has sent already.
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) (status int) {
	fs := flag.NewFlagSet("progress", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	watching := fs.Bool("watch", false, "")
	noColor := fs.Bool("no-color", false, "")
	err := fs.Parse(args)
	if err == nil && fs.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q: all settings are flags", fs.Arg(0))
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usage)
		return lesson.ExitDone
	case err != nil:
		fmt.Fprintf(os.Stderr, "progress: %s\nRun it with -h to see all flags.\n", steplog.Printable(err.Error()))
		return lesson.ExitUsage
	}
	color.NoColor = color.NoColor || *noColor
	err = show(ctx, *watching)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "progress: stopped by Ctrl+C")
		return lesson.ExitInterrupted
	case err != nil:
		fmt.Fprintln(os.Stderr, "progress:", err)
		return lesson.ExitFailed
	}
	return lesson.ExitDone
}

// show checks all exercises, draws the course, and stays to watch if asked to.
func show(ctx context.Context, watching bool) error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	c, err := findCourse(dir)
	if err != nil {
		return err
	}
	if !watching {
		if width() > 0 { // someone waits, the first time for long: Go compiles
			fmt.Fprintln(color.Output, "Checking all exercises …")
		}
		results, err := check(ctx, c, c.exercises)
		if err != nil {
			return err
		}
		drawCourse(color.Output, width(), results)
		return nil
	}
	results := make([]result, len(c.exercises))
	clear := "\x1b[H\x1b[2J" // what stands on the screen is true no more
	if color.NoColor {
		clear = ""
	}
	begin := func(exercises []exercise) {
		what := "all exercises"
		if len(exercises) == 1 {
			what = fmt.Sprintf("lesson %d, %s", exercises[0].number, exercises[0].lesson)
		}
		fmt.Fprintln(color.Output, clear+"\nChecking "+what+" …")
	}
	end := func(checked []result) {
		fmt.Fprint(color.Output, clear)
		for _, r := range checked {
			results[slices.Index(c.exercises, r.exercise)] = r
		}
		if len(checked) == 1 && checked[0].state != done {
			drawExercise(color.Output, width(), checked[0])
		} else {
			drawCourse(color.Output, width(), results)
		}
		fmt.Fprintln(color.Output, "\n"+fold("Save it, and it is checked again. Ctrl+C stops.", 0, width()))
	}
	look := watch(ctx, c.exercises, time.NewTicker(lookEvery).C)
	return stay(ctx, c.exercises, look, func(ctx context.Context, exercises []exercise) ([]result, error) {
		return check(ctx, c, exercises)
	}, begin, end)
}

// width returns the columns of the terminal, 0 when there is none.
func width() int {
	columns, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return columns
}
