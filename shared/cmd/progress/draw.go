package main

import (
	"fmt"
	"io"
	"path"
	"strings"

	"example.com/sockets/shared/steplog"
	"github.com/fatih/color"
	"github.com/mattn/go-runewidth"
)

const (
	longestBar = 20 // where the terminal has room for it
	maxWords   = 12 // how many lines of a failure are shown
	maxPrint   = 70 // how many columns of a line that the answer printed
)

// drawCourse draws a line for each exercise, and then what to do next: go on with
// an exercise that is begun, else begin the next one.
func drawCourse(w io.Writer, width int, results []result) {
	drawBars(w, width, results...)
	var next *result
	for i, r := range results {
		if r.state != done && (next == nil || next.state == notStarted && r.state != notStarted) {
			next = &results[i]
		}
	}
	if next == nil {
		fmt.Fprintln(w, color.GreenString("All exercises are done."))
		return
	}
	drawNext(w, width, *next)
}

// drawExercise draws one exercise, and what to do next in it.
func drawExercise(w io.Writer, width int, r result) {
	drawBars(w, width, r)
	drawNext(w, width, r)
}

// drawBars draws a line for each exercise. Signs, not colours, tell how far it is.
// All bars get shorter, or are left out, where the terminal is narrow.
func drawBars(w io.Writer, width int, results ...result) {
	name, words := 0, 0
	for _, r := range results {
		text, _ := stateWords(r)
		name, words = max(name, len(r.exercise.lesson)), max(words, len(text))
	}
	length := longestBar
	if width > 0 {
		length = min(longestBar, width-len(" 1 ")-name-len("  []  ")-words)
	}
	fmt.Fprintln(w)
	for _, r := range results {
		bar := ""
		if length > 0 {
			full := length * r.passed / max(r.total, 1)
			bar = "[" + color.GreenString(strings.Repeat("=", full)) + strings.Repeat(".", length-full) + "]  "
		}
		text, paint := stateWords(r)
		fmt.Fprintf(w, "%2d %-*s  %s%s\n", r.exercise.number, name, r.exercise.lesson, bar, color.New(paint).Sprint(text))
	}
	fmt.Fprintln(w)
}

// stateWords tells a state in a few words, and with a colour that repeats them.
func stateWords(r result) (string, color.Attribute) {
	switch r.state {
	case notStarted:
		return "not started", color.Reset
	case started:
		return fmt.Sprintf("%d of %d cases", r.passed, r.total), color.FgYellow
	case done:
		return "done", color.FgGreen
	case noBuild:
		return "compile error", color.FgRed
	case unvetted:
		return "vet error", color.FgRed
	case missing:
		return "file missing", color.FgRed
	}
	return "did not finish", color.FgRed
}

// drawNext says what is wrong in an exercise that is not done, and what to do next.
func drawNext(w io.Writer, width int, r result) {
	say := func(indent int, text string) {
		fmt.Fprintln(w, strings.Repeat(" ", indent)+fold(text, indent, width))
	}
	switch r.state {
	case notStarted:
		say(0, "Next: open "+r.exercise.file())
		say(0, "Task: "+r.exercise.page())
		return
	case started:
		if r.failed != "" {
			say(0, "This case fails: "+strings.ReplaceAll(path.Base(r.failed), "_", " "))
		}
	case noBuild:
		say(0, "The compiler says:")
	case unvetted:
		say(0, "go vet says:")
	case broken:
		say(0, "The tests could not run to their end:")
	}
	for i, line := range r.words {
		if i == maxWords {
			say(2, fmt.Sprintf("… and more: go test ./... in lessons/%s shows all", r.exercise.lesson))
			break
		}
		say(2, steplog.Printable(line))
	}
	switch {
	case r.printed > len(r.prints):
		say(0, fmt.Sprintf("Your code printed %d lines. The last:", r.printed))
	case r.printed > 0:
		say(0, "Your code printed:")
	}
	for _, line := range r.prints {
		say(2, runewidth.Truncate(steplog.Printable(line), maxPrint, "…"))
	}
	if r.untried > 0 {
		say(0, fmt.Sprintf("Cases not tried: %d", r.untried))
	}
	fmt.Fprintln(w)
	if r.state == missing {
		say(0, "Next: get it back: git checkout "+r.lacks)
		return
	}
	say(0, "Next: fix "+r.exercise.file())
	say(0, "Hint: "+r.exercise.page())
}

// fold breaks text between words, into lines of at most width columns; 0 means no
// bound. The text begins in column indent, and each further line is moved in as
// far. A word that no line has room for, mostly a path, is left to the terminal: a
// learner can still copy it as one.
func fold(text string, indent, width int) string {
	if width == 0 {
		return text
	}
	var b strings.Builder
	column := indent
	for i, word := range strings.Split(text, " ") {
		length := runewidth.StringWidth(word)
		switch {
		case i == 0:
		case column+1+length <= width, length > width-indent && column < width:
			b.WriteByte(' ')
			column++
		default:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		}
		b.WriteString(word)
		column += length
		if column > width {
			column %= width
		}
	}
	return b.String()
}
