package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"example.com/sockets/shared/exam"
)

// A state is how far an exercise is.
type state int

const (
	notStarted state = iota
	started          // some cases do not pass
	done             // all cases pass
	noBuild          // the code does not compile
	unvetted         // go vet, which is part of go test, finds a mistake in it
	broken           // the tests did not run to their end
	missing          // a file of the exercise is not there
)

// A result is what one run of an exercise's tests said.
type result struct {
	exercise exercise
	state    state
	passed   int
	total    int
	untried  int      // how many cases were skipped
	failed   string   // the first case that fails
	words    []string // what that case said, or the compiler, or the crash
	prints   []string // the last lines that the answer printed
	printed  int      // how many it printed
	lacks    string   // the file that is not there, or is no file
}

const (
	maxPrints = 5        // how many of the answer's own lines are kept
	maxKept   = 1000     // how many lines of any other kind: an answer can print without an end
	maxLine   = 64 << 10 // about how many bytes of a line
)

// check runs the tests of some exercises, and returns a result for each. When ctx
// ends, so do the tests.
func check(ctx context.Context, c course, exercises []exercise) ([]result, error) {
	args := []string{"test", "-json", "-timeout=1m", "-mod=readonly"}
	for _, e := range exercises {
		args = append(args, "./lessons/"+e.lesson+"/exercise")
	}
	test := exec.CommandContext(ctx, "go", args...)
	test.Dir = c.root
	// The exercises are modules of their own: one run needs the workspace.
	test.Env = append(os.Environ(), "GOWORK="+filepath.Join(c.root, "go.work"))
	test.WaitDelay = time.Second // a program that the answer has started can hold the output open
	killWhole(test)
	var stderr bytes.Buffer
	test.Stderr = &stderr
	out, in := io.Pipe()
	test.Stdout = in
	go func() { in.CloseWithError(test.Run()) }()
	readings, err := read(out)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var results []result
	for _, e := range exercises {
		rd := readings[e.lesson]
		if rd == nil { // the go command itself failed
			if text := strings.TrimSpace(stderr.String()); text != "" {
				err = errors.New(text)
			}
			return nil, fmt.Errorf("go test: %w", err)
		}
		results = append(results, rd.judge(e))
	}
	return results, nil
}

// A testEvent is a line of "go test -json": see "go doc cmd/test2json" and "go
// help buildjson".
type testEvent struct {
	Action, Package, Test, Output, ImportPath, FailedBuild string
}

// A reading is what go test has told of one package.
type reading struct {
	result
	line    string              // what has come of a line that has not ended
	test    string              // where it belongs
	said    map[string][]string // by case
	other   []string            // what belongs to no test
	crash   []string            // what the Go runtime said when it stopped the program
	witness []string            // what the checker's witness said when the program had ended
	stub    bool                // the answer has not been begun
	ended   bool                // the test ran to its end
	ok      bool                // go test has found nothing wrong
	unbuilt bool                // other is from the compiler
	vet     bool                // other is from go vet
}

// read reads what go test prints, to its end, and returns a reading for each
// exercise, by its lesson. The error is that of out, nil for [io.EOF].
func read(out io.Reader) (map[string]*reading, error) {
	readings := map[string]*reading{}
	built := map[string]*reading{} // what compiler and vet say, by import path
	events := bufio.NewReader(out)
	for {
		line, err := events.ReadBytes('\n')
		var e testEvent
		switch {
		case json.Unmarshal(line, &e) != nil: // not from the test
		case e.Action == "build-output":
			if built[e.ImportPath] == nil {
				built[e.ImportPath] = new(reading)
			}
			b := built[e.ImportPath]
			b.vet = b.vet || strings.HasPrefix(e.Output, "# [") // the header of vet's words
			b.other = keep(b.other, e.Output)
		case e.Package != "":
			lesson := path.Base(path.Dir(e.Package))
			if readings[lesson] == nil {
				readings[lesson] = &reading{said: map[string][]string{}}
			}
			readings[lesson].add(e)
			if b := built[e.FailedBuild]; b != nil {
				readings[lesson].unbuilt, readings[lesson].vet, readings[lesson].other = true, b.vet, b.other
			}
		}
		if err == io.EOF {
			return readings, nil
		}
		if err != nil {
			return readings, err
		}
	}
}

// add takes in what one event tells. A long line comes in pieces, one event for
// each. Only the last has a line end.
func (rd *reading) add(e testEvent) {
	oneCase := strings.Contains(e.Test, "/")
	if e.Action != "output" || e.Test != rd.test || frame.MatchString(e.Output) {
		rd.endLine() // it never had a line end
	}
	switch {
	case e.Action == "output":
		rd.test = e.Test
		last := strings.HasSuffix(e.Output, "\n")
		if last || len(rd.line) < maxLine { // the last can tell of a crash
			rd.line += e.Output
		}
		if last {
			rd.endLine()
		}
	case e.Test == "":
		rd.ok = e.Action == "pass"
	case oneCase:
		switch e.Action {
		case "run":
			rd.total++
		case "pass":
			rd.passed++
		case "skip":
			rd.untried++
		case "fail":
			rd.failed = cmp.Or(rd.failed, e.Test)
		}
	case e.Action == "skip":
		rd.stub = true
	case e.Action == "pass", e.Action == "fail":
		rd.ended = true
	}
}

// frame matches the lines with which package testing tells what runs and how it ended.
var frame = regexp.MustCompile(`^(=== [A-Z]+  |--- [A-Z]+: )`)

// endLine hears the line that has come so far, if any.
func (rd *reading) endLine() {
	if rd.line != "" {
		rd.hear(rd.test, rd.line)
		rd.line = ""
	}
}

// hear takes in a line of output.
func (rd *reading) hear(test, line string) {
	switch {
	case frame.MatchString(line):
	case rd.witness != nil, strings.HasPrefix(line, exam.Testimony):
		rd.witness = keep(rd.witness, line)
		return
	case test == "":
		rd.other = keep(rd.other, line)
	case strings.HasPrefix(line, "    "): // package testing indents what a case says
		rd.said[test] = keep(rd.said[test], line)
	case strings.TrimSpace(line) != "":
		rd.prints = append(rd.prints, strings.TrimSpace(line))
		rd.prints = rd.prints[max(0, len(rd.prints)-maxPrints):]
		rd.printed++
	}
	if at := crashes.FindStringIndex(line); at != nil {
		rd.crash = keep(rd.crash, line[at[0]:])
	} else if rd.crash != nil {
		rd.crash = keep(rd.crash, line)
	}
}

// crashes matches how the Go runtime begins to tell why it stops a program. A
// print without a line end may come right before it.
var crashes = regexp.MustCompile(`(panic|fatal error|SIGQUIT): `)

// judge makes a result of all that was read.
func (rd *reading) judge(e exercise) result {
	r := rd.result
	r.exercise = e
	var how string
	r.lacks, how = e.lacks()
	switch {
	case rd.ok && rd.stub && r.total == 0:
		r.state = notStarted
	case rd.ok && r.total > 0 && r.passed == r.total:
		r.state = done
	case rd.ended && r.total > 0:
		r.state, r.words = started, rd.said[r.failed]
	case r.lacks != "":
		r.state, r.words = missing, []string{r.lacks + " " + how + "."}
	case rd.vet:
		r.state, r.words = unvetted, rd.other
	case rd.unbuilt:
		r.state, r.words = noBuild, rd.other
	case rd.crash != nil:
		r.state, r.words, r.printed = broken, where(rd.crash), 0
		r.prints = nil // they are its end
	case rd.witness != nil:
		r.state, r.words = broken, rd.witness
	case len(rd.other) == 0:
		r.state, r.words = broken, []string{"The program ended before them. os.Exit and log.Fatal do that."}
	default:
		r.state, r.words = broken, rd.other
	}
	return r
}

// where shortens what the Go runtime says of a crash, stacks of all goroutines, to
// the reason and the first line of the learner's code.
func where(crash []string) []string {
	words := crash[:1]
	if strings.HasPrefix(words[0], "SIGQUIT") {
		words = []string{"They took too long, and go test ended them."}
	}
	for _, line := range crash {
		if _, at, found := strings.Cut(line, "/exercise/exercise.go:"); found {
			number, _, _ := strings.Cut(at, " ")
			return append(words[:1:1], "in exercise.go line "+number)
		}
	}
	return words
}

// keep adds a line, as far as there is room and it says something to a learner.
func keep(lines []string, line string) []string {
	line = strings.TrimSpace(line)
	if line == "" || ofGoTest.MatchString(line) || len(lines) == maxKept {
		return lines
	}
	return append(lines, line)
}

// ofGoTest matches the lines with which go test frames what a program says.
var ofGoTest = regexp.MustCompile(`^(FAIL|PASS|FAIL\t.*|ok  \t.*|# .*|exit status \d+)$`)
