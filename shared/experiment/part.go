package experiment

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"example.com/sockets/shared/steplog"
	"github.com/fatih/color"
)

// A Part is one question and the two ways that answer it.
type Part struct {
	Title string // "two sends, one recv"
	// Ask asks what the naive way will show. It says all that a learner has to know
	// to guess.
	Ask     string
	Answers []string // to choose from

	Naive    Way
	Repaired Way
}

// A Way is one way to do it.
type Way struct {
	Idea string // in a few words: "one recv is one message"
	Play func(s *Stage) (Outcome, error)
}

// An Outcome is what one way showed in this very run.
type Outcome struct {
	Good   bool   // it worked: nothing was lost, torn, mixed up or late
	Says   string // what this run saw, in a sentence or two
	Answer string // of the naive way: one of the part's Answers, to the letter, or what came in place of all of them
}

// Play plays the parts. An error names the part that failed, or that did not show
// what it is there for.
func (r *Run) Play() error {
	parts := r.program.Parts
	r.say(0, color.Reset, fmt.Sprintf("%s · lesson %d · Ctrl+C stops", r.program.Name, r.program.Lesson))
	var all []error
	for i, p := range parts {
		if r.only != 0 && i+1 != r.only {
			continue
		}
		r.say(0, color.Reset, "")
		if err := r.say(0, color.Bold, fmt.Sprintf("Part %d of %d: %s", i+1, len(parts), p.Title)); err != nil {
			return err
		}
		if err := r.part(p); err != nil {
			all = append(all, fmt.Errorf("part %d: %w", i+1, err))
		}
		if r.Context.Err() != nil {
			break
		}
	}
	if r.asked > 0 {
		r.say(0, color.Reset, fmt.Sprintf("\n%d of %d guesses were right in this run.", r.right, r.asked))
	}
	return errors.Join(all...)
}

func (r *Run) part(p Part) error {
	guess := r.ask(p)
	if err := r.Context.Err(); err != nil {
		return err
	}
	naive, err := r.way("naive", p.Naive)
	if err != nil {
		return err
	}
	if guess != "" {
		r.compare(guess, naive.Answer)
	}
	repaired, err := r.way("repaired", p.Repaired)
	switch {
	case err != nil:
		return err
	case naive.Good:
		return errors.New("this time the naive way did not break; run it again")
	case !repaired.Good:
		return errors.New("the repaired way did not hold")
	}
	return nil
}

// way plays one way, and says what it showed.
func (r *Run) way(name string, w Way) (Outcome, error) {
	r.say(0, color.Reset, "")
	r.say(0, color.Bold, fmt.Sprintf("The %s way: %s", name, w.Idea))
	s := newStage(r)
	out, err := w.Play(s)
	if end := s.end(); err == nil || errors.Is(end, errLate) {
		err = end
	}
	if err == nil {
		err = r.Context.Err() // after Ctrl+C, a way that looks at errors may say what is not true
	}
	if err != nil {
		return out, fmt.Errorf("the %s way: %w", name, err)
	}
	mark, paint := "✗", color.FgRed
	if out.Good {
		mark, paint = "✓", color.FgGreen
	}
	return out, r.say(0, paint, mark+" "+out.Says)
}

// ask asks for a guess. It returns "" where there is nobody to ask, or no guess.
func (r *Run) ask(p Part) string {
	r.say(0, color.Reset, p.Ask)
	if !r.asks || len(p.Answers) == 0 {
		return ""
	}
	for i, a := range p.Answers {
		r.say(2, color.Reset, fmt.Sprintf("%d  %s", i+1, a))
	}
	for {
		r.waits.Store(true)
		fmt.Fprintf(color.Output, "Your guess, a number from 1 to %d (Enter skips): ", len(p.Answers))
		line, ok := r.readLine()
		if !ok || line == "" {
			return ""
		}
		if n, err := strconv.Atoi(line); err == nil && 1 <= n && n <= len(p.Answers) {
			return p.Answers[n-1]
		}
		r.say(0, color.Reset, fmt.Sprintf("Type a number from 1 to %d, or only Enter.", len(p.Answers)))
	}
}

// readLine reads what the learner types, without the spaces around it. It is not ok
// when no more comes, or at Ctrl+C.
func (r *Run) readLine() (line string, ok bool) {
	if r.lines == nil {
		r.lines = make(chan string)
		go func() { // a read from a terminal cannot be stopped; this one ends with the process
			defer close(r.lines)
			for in := bufio.NewScanner(os.Stdin); in.Scan(); {
				// What was typed before the question is no guess.
				if r.waits.CompareAndSwap(true, false) {
					r.lines <- strings.TrimSpace(in.Text())
				}
			}
		}()
	}
	select {
	case line, ok = <-r.lines:
	case <-r.Context.Done():
		r.afterKey()
		return "", false
	}
	if !ok {
		r.asks = false
		fmt.Fprintln(color.Output)
	}
	return line, ok
}

func (r *Run) compare(guess, saw string) {
	r.asked++
	if guess == saw {
		r.right++
		r.say(2, color.Reset, "You guessed "+guess+", and that was right.")
		return
	}
	r.say(2, color.Reset, "You guessed "+guess+". This run: "+steplog.Escape(saw)+".")
}
