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
	"sync"

	"example.com/sockets/shared/lesson"
	"github.com/fatih/color"
	"golang.org/x/term"
)

const usage = `progress runs the tests of the exercises and shows how far you are.

Usage:
  go tool progress [flags]

Flags:
  -watch
    	stay, and check an exercise again whenever you save it (Ctrl+C stops)
  -poll
    	with -watch: look at the files every half second, where the system does
    	not tell of changes (some network and shared folders)
  -no-color
    	print without colours, as when NO_COLOR is set

Exit status:
  0  the lessons are shown, done or not
  1  the lessons could not be checked
  2  a flag was wrong
  130  stopped by Ctrl+C
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl+C ends the process at once
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) (status int) {
	fs := flag.NewFlagSet("progress", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	watching := fs.Bool("watch", false, "")
	polling := fs.Bool("poll", false, "")
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
		fmt.Fprintf(os.Stderr, "progress: %v\nRun it with -h to see all flags.\n", err)
		return lesson.ExitUsage
	}
	color.NoColor = color.NoColor || *noColor
	err = show(ctx, *watching, *polling)
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
func show(ctx context.Context, watching, polling bool) error {
	c, err := findCourse(ctx)
	if err != nil {
		return err
	}
	var changes <-chan exercise
	if watching { // before the first check, so that no save is missed
		changes = watch(ctx, c.exercises, polling)
	}
	results := make([]result, len(c.exercises))
	var all sync.WaitGroup
	for i, e := range c.exercises {
		all.Go(func() { results[i] = check(ctx, c, e) })
	}
	all.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	drawCourse(color.Output, width(), results)
	if !watching {
		return nil
	}
	fmt.Fprintln(color.Output, "\nSave an exercise, and it is checked again. Ctrl+C stops.")
	for e := range changes {
		r := check(ctx, c, e)
		if ctx.Err() == nil {
			drawExercise(color.Output, width(), r)
		}
	}
	return nil
}

// width returns the columns of the terminal, 0 when there is none.
func width() int {
	columns, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return columns
}
