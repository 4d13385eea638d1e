package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"strings"
)

// A state is how far an exercise is.
type state int

const (
	notStarted state = iota
	started          // some cases fail
	done             // all cases pass
	noBuild          // the code does not compile
	broken           // the tests did not run to their end
)

// A result is what one run of an exercise's tests said.
type result struct {
	exercise exercise
	state    state
	passed   int
	total    int
	failed   string   // the first case that fails
	words    []string // what it said, or the compiler's errors
}

// testEvent is a line of "go test -json": see "go doc cmd/test2json".
type testEvent struct {
	Action string
	Test   string
	Output string
}

// check runs the tests of one exercise.
func check(ctx context.Context, c course, e exercise) result {
	test := exec.CommandContext(ctx, "go", "test", "-json", "-timeout=1m", "./exercise")
	test.Dir = c.root + "/lessons/" + e.lesson
	var stderr bytes.Buffer
	test.Stderr = &stderr
	out, err := test.Output()
	r := read(out)
	r.exercise = e
	if err != nil && (r.state == notStarted || r.state == done) {
		r.state, r.words = broken, append(r.words, lines(stderr.String()+"\n"+err.Error())...)
	}
	return r
}

// read makes a result of what go test printed.
func read(out []byte) (r result) {
	said := map[string]*strings.Builder{} // by test; "" is the package and the compiler
	var unbuilt, skipped, ended bool
	events := bufio.NewScanner(bytes.NewReader(out))
	events.Buffer(nil, 1<<24)
	for events.Scan() {
		var e testEvent
		if json.Unmarshal(events.Bytes(), &e) != nil {
			continue // a line that a program printed past the test
		}
		if said[e.Test] == nil {
			said[e.Test] = new(strings.Builder)
		}
		said[e.Test].WriteString(e.Output)
		oneCase := strings.Contains(e.Test, "/")
		switch {
		case e.Action == "build-fail":
			unbuilt = true
		case e.Action == "run" && oneCase:
			r.total++
		case e.Action == "pass" && oneCase:
			r.passed++
		case e.Action == "fail" && oneCase && r.failed == "":
			r.failed = e.Test
		case e.Action == "skip" && e.Test != "":
			skipped = true
		case (e.Action == "pass" || e.Action == "fail") && e.Test != "" && !oneCase:
			ended = true
		}
	}
	switch {
	case skipped && r.total == 0:
		r.state = notStarted
	case ended && r.passed == r.total && r.total > 0:
		r.state = done
	case r.failed != "":
		r.state, r.words = started, lines(said[r.failed].String())
	default:
		r.state = broken
		if unbuilt {
			r.state = noBuild
		}
		for _, b := range said {
			r.words = append(r.words, lines(b.String())...)
		}
	}
	return r
}

// lines splits what a test said and leaves out what go test adds.
func lines(text string) (words []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", line == "FAIL", strings.HasPrefix(line, "=== "), strings.HasPrefix(line, "--- "),
			strings.HasPrefix(line, "FAIL\t"), strings.HasPrefix(line, "# "):
			continue
		}
		words = append(words, line)
	}
	return words
}
