package experiment

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"example.com/sockets/shared/steplog"
	"github.com/fatih/color"
)

// played plays parts, with answers to their questions, and returns what was printed.
func played(t *testing.T, answers string, parts ...Part) (string, error) {
	t.Helper()
	var out bytes.Buffer
	before := color.Output
	color.Output = &out
	defer func() { color.Output = before }()
	r := &Run{Context: t.Context(), program: Program{Name: "test", Lesson: 5, Parts: parts}, paint: steplog.Painter(false), noColor: true}
	if answers != "" {
		r.asks = true
		r.lines = make(chan string, 10)
		for _, line := range strings.Split(answers, ",") {
			r.lines <- line
		}
		close(r.lines)
	}
	err := r.Play()
	return out.String(), err
}

// way returns a way that sends a text over a connection and has this outcome.
func way(text string, out Outcome) Way {
	return Way{Idea: "an idea", Play: func(s *Stage) (Outcome, error) {
		client, server, err := s.Connect()
		if err != nil {
			return out, err
		}
		if _, err := io.WriteString(client, text); err != nil {
			return out, err
		}
		if err := server.Arrived(len(text)); err != nil {
			return out, err
		}
		n, err := server.Read(make([]byte, 100))
		if n != len(text) {
			err = errors.Join(err, errors.New("after Arrived, recv did not return all"))
		}
		return out, err
	}}
}

var (
	breaks = way("naive text", Outcome{Says: "It broke.", Answer: "yes"})
	holds  = way("repaired text", Outcome{Good: true, Says: "It held."})
)

func TestPartShowsBothWays(t *testing.T) {
	got, err := played(t, "", Part{Title: "a title", Ask: "a question?", Answers: []string{"yes", "no"}, Naive: breaks, Repaired: holds})
	if err != nil {
		t.Fatal(err)
	}
	rest := got
	for _, want := range []string{"Part 1 of 1: a title", "a question?", "The naive way: an idea", "connect ", "accept ", `send     10 bytes: "naive text"`, "▶   recv     10 bytes", "✗ It broke.",
		"The repaired way: an idea", `"repaired text"`, "✓ It held."} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("%q is missing, or not in its place:\n%s", want, got)
		}
		rest = after
	}
	for _, never := range []string{"Your guess", "socket ", "listen ", "never received", "Waiting"} {
		if strings.Contains(got, never) {
			t.Errorf("it says %q:\n%s", never, got)
		}
	}
}

func TestGuesses(t *testing.T) {
	part := Part{Ask: "a question?", Answers: []string{"yes", "no"}, Naive: breaks, Repaired: holds}
	for answers, want := range map[string]string{
		"1":     "You guessed yes, and that was right.",
		"2":     "You guessed no. This run: yes.",
		"9,no,": "a question?", // none of them, then skipped
	} {
		got, err := played(t, answers, part)
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("answers %q: %v\n%s", answers, err, got)
		}
		if skipped := answers == "9,no,"; skipped == strings.Contains(got, "You guessed") {
			t.Errorf("answers %q:\n%s", answers, got)
		}
	}
}

// TestWhatIsNotShownFails: a run that does not show the failure and its repair is
// no success.
func TestWhatIsNotShownFails(t *testing.T) {
	failing := Way{Play: func(s *Stage) (Outcome, error) { return Outcome{}, io.ErrUnexpectedEOF }}
	for name, p := range map[string]Part{
		"naive held":     {Naive: holds, Repaired: holds},
		"repaired broke": {Naive: breaks, Repaired: breaks},
		"naive failed":   {Naive: failing, Repaired: holds},
	} {
		if _, err := played(t, "", p); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestStageLeavesNothingOpen: a way may return in the middle.
func TestStageLeavesNothingOpen(t *testing.T) {
	var conns []*Conn
	leaves := Way{Play: func(s *Stage) (out Outcome, err error) {
		client, server, err := s.Connect()
		conns = append(conns, client, server)
		return out, err
	}}
	if _, err := played(t, "", Part{Naive: leaves, Repaired: holds}); err != nil {
		t.Fatal(err)
	}
	for _, c := range conns {
		if _, err := c.Raw.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("still open: %v", err)
		}
	}
}

func TestLongWaitIsDrawn(t *testing.T) {
	waits := Way{Play: func(s *Stage) (out Outcome, err error) {
		client, server, err := s.Connect()
		if err != nil {
			return out, err
		}
		return out, s.Both(func() error {
			_, err := client.Read(make([]byte, 1))
			return err
		}, func() error { // sends when the wait has been drawn
			for s.Context.Err() == nil {
				s.mu.Lock()
				drawn := len(s.waits) > 0 && s.waits[0].drawn
				s.mu.Unlock()
				if drawn {
					break
				}
				time.Sleep(time.Millisecond)
			}
			_, err := server.Write([]byte("x"))
			return err
		})
	}}
	got, err := played(t, "", Part{Naive: waits, Repaired: holds})
	if err != nil || !strings.Contains(got, "Waiting for bytes from") {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestCtrlCEndsAWay(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := &Run{Context: ctx, paint: steplog.Painter(false), noColor: true}
	s := newStage(r)
	client, _, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("recv: %v", err)
	}
	if err := client.Arrived(1); err == nil {
		t.Error("Arrived waits on")
	}
	if err := s.end(); err != nil {
		t.Error(err)
	}
}
