package main

import (
	"fmt"
	"io"
	"path"
	"strings"

	"example.com/sockets/shared/steplog"
	"github.com/fatih/color"
)

// barWidth is the length of a bar where the terminal has room for it.
const barWidth = 20

// maxWords bounds how many lines of a failure are shown.
const maxWords = 12

// drawCourse draws a line for each exercise, and then what to do next.
func drawCourse(w io.Writer, width int, results []result) {
	fmt.Fprintln(w)
	longest := 0
	for _, r := range results {
		longest = max(longest, len(r.exercise.lesson))
	}
	for _, r := range results {
		fmt.Fprintf(w, "%2d %-*s  %s  %s\n", r.exercise.number, longest, r.exercise.lesson, bar(r, width-longest-24), stateWords(r))
	}
	fmt.Fprintln(w)
	for _, r := range results {
		if r.state != done {
			drawNext(w, width, r)
			return
		}
	}
	fmt.Fprintln(w, color.GreenString("All exercises are done."))
}

// drawExercise draws one exercise, after a learner has saved it.
func drawExercise(w io.Writer, width int, r result) {
	fmt.Fprintf(w, "\n%2d %s  %s  %s\n\n", r.exercise.number, r.exercise.lesson, bar(r, width-len(r.exercise.lesson)-24), stateWords(r))
	if r.state == done {
		fmt.Fprintln(w, color.GreenString("Done: every case passes.")+" See the others: go tool progress")
		return
	}
	drawNext(w, width, r)
}

// bar shows the share of the cases that pass. Signs, not colours, tell it.
func bar(r result, room int) string {
	length := barWidth
	if room < barWidth && room > 0 {
		length = max(room, 4)
	}
	full := 0
	if r.total > 0 {
		full = length * r.passed / r.total
	}
	return "[" + color.GreenString(strings.Repeat("=", full)) + strings.Repeat(".", length-full) + "]"
}

func stateWords(r result) string {
	switch r.state {
	case notStarted:
		return "not started"
	case done:
		return color.GreenString("done")
	case noBuild:
		return color.RedString("does not compile")
	case broken:
		return color.RedString("stopped halfway")
	}
	return color.YellowString("%d of %d cases", r.passed, r.total)
}

// drawNext says what to do next for an exercise that is not done.
func drawNext(w io.Writer, width int, r result) {
	say := func(indent int, text string) {
		fmt.Fprintln(w, strings.Repeat(" ", indent)+steplog.Fold(text, indent, width))
	}
	switch r.state {
	case notStarted:
		say(0, "Next: open "+r.exercise.file())
		say(6, "The task is in it, and on the page "+r.exercise.page())
		return
	case started:
		say(0, "This case fails: "+strings.ReplaceAll(path.Base(r.failed), "_", " "))
	case noBuild:
		say(0, "The compiler says:")
	case broken:
		say(0, "The tests did not run to their end:")
	}
	for i, line := range r.words {
		if i == maxWords {
			say(2, fmt.Sprintf("… and %d more lines: go test ./... in lessons/%s shows all", len(r.words)-i, r.exercise.lesson))
			break
		}
		say(2, steplog.Escape(line))
	}
	fmt.Fprintln(w)
	say(0, "Next: mend "+r.exercise.file())
	say(6, "Hints are on the page "+r.exercise.page())
}
