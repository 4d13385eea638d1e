package exam

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func pipe(tr *Trial) net.Conn {
	a, b := net.Pipe()
	tr.Cleanup(func() { a.Close(); b.Close() })
	return a
}

func TestCallReturns(t *testing.T) {
	var tr Trial
	called := false
	if hung := tr.Call(func() { called = true }); hung != "" || !called {
		t.Errorf("Call() = %q, called = %v", hung, called)
	}
}

func TestHungCallIsNamedAndFreed(t *testing.T) {
	var tr Trial
	conn := pipe(&tr)
	call := tr.Go(func() { io.ReadAll(conn) })
	hung := call.WaitFor(50 * time.Millisecond)
	if !strings.Contains(hung, "exam_test.go line ") || !strings.Contains(hung, "ReadAll") {
		t.Errorf("hung = %q, want the line and the call", hung)
	}
	<-call.Done() // the trial has closed the connection, so the call returns
}

func TestSpinningCallIsNamed(t *testing.T) {
	var stop atomic.Bool
	call := new(Trial).Go(func() {
		for !stop.Load() {
		}
	})
	hung := call.WaitFor(50 * time.Millisecond)
	stop.Store(true)
	if !strings.HasPrefix(hung, "in ") || !strings.Contains(hung, "exam_test.go line ") {
		t.Errorf("hung = %q, want the line", hung)
	}
	<-call.Done()
}

func TestSlowCallHangsOnlyWhereNothingMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr Trial
		var moved atomic.Int64
		stop := make(chan bool)
		tr.Cleanup(func() { close(stop) })
		slow := func(steps int) {
			for range steps {
				time.Sleep(Limit / 2)
				moved.Add(1)
			}
		}
		if hung := tr.Go(func() { slow(5) }).WaitWhile(&moved, Limit); hung != "" {
			t.Errorf("a call that moves: hung = %q", hung)
		}
		began := time.Now()
		hung := tr.Go(func() { slow(5); <-stop }).WaitWhile(&moved, Limit)
		if took := time.Since(began); hung == "" || took < 7*Limit/2 {
			t.Errorf("a call that stands still: hung = %q, after %v", hung, took)
		}
	})
}

func TestPanicIsAFinding(t *testing.T) {
	findings := Try([]Case[func()]{{Name: "any", Run: func(tr *Trial, answer func()) { tr.Call(answer) }}}, func() {
		var conn net.Conn
		conn.Close()
	})
	if len(findings) != 1 || findings[0].Diagnosis.Name != "panicked" || !strings.Contains(findings[0].Story, "exam_test.go line ") {
		t.Errorf("findings = %v", findings)
	}
}

func TestEveryCaseRunsAndFindsOnce(t *testing.T) {
	wrong := Diagnosis{Name: "wrong", Idea: "An idea.", Read: "README.md#idea"}
	run := func(tr *Trial, answer int) {
		if answer != 1 {
			tr.Wrong(wrong, "got %d", answer)
			tr.Wrong(wrong, "again")
		}
	}
	cases := []Case[int]{{Name: "first", Run: run}, {Name: "second", Run: func(*Trial, int) {}}, {Name: "third", Run: run}}
	if findings := Try(cases, 1); len(findings) != 0 {
		t.Errorf("a right answer: %v", findings)
	}
	findings := Try(cases, 2)
	if len(findings) != 2 || findings[0].Case != "first" || findings[1].Case != "third" {
		t.Fatalf("findings = %v", findings)
	}
	if got, want := findings[0].String(), "got 2\nAn idea.\n→ README.md#idea\n"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

// The answer here is how often it is called at the moment.
func TestCasesRunInTurnWhenCallsDisturbEachOther(t *testing.T) {
	wrong := Diagnosis{Name: "wrong", Idea: "An idea.", Read: "README.md#idea"}
	for _, disturbed := range []bool{false, true} {
		var atWork, most atomic.Int32
		meet := make(chan bool)
		alone := func(tr *Trial, _ int) {
			if n := atWork.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer atWork.Add(-1)
			if !disturbed { // both have to be here at once
				select {
				case meet <- true:
				case <-meet:
				}
			}
		}
		first := func(tr *Trial, _ int) {
			if atWork.Load() != 0 {
				t.Error("the first case was not the first")
			}
			if disturbed {
				tr.Wrong(wrong, "calls disturb each other")
			}
		}
		Try([]Case[int]{{Name: "a", Run: alone}, {Name: "b", First: true, Run: first}, {Name: "c", Run: alone}}, 0)
		if want := map[bool]int32{false: 2, true: 1}[disturbed]; most.Load() != want {
			t.Errorf("disturbed = %v: %d cases at once, want %d", disturbed, most.Load(), want)
		}
	}
}

// TestBusyComputer: what fails on a busy computer is tried again, and what fails each
// time counts. Only on one that stood still can that be more than a few cases.
func TestBusyComputer(t *testing.T) {
	wrong := Diagnosis{Name: "wrong", Idea: "An idea.", Read: "README.md#idea"}
	for _, test := range []struct {
		late         time.Duration
		always, once int // how many cases fail each time, and how many only the first time
		failed       int // how many findings there are in the end
		first        bool
	}{
		{late: 0, once: 1, failed: 1},
		{late: 0, once: 1, failed: 1, first: true},
		{late: 2 * aLittle, once: 1, failed: 0},
		{late: 2 * aLittle, once: 1, failed: 0, first: true},
		{late: 2 * aLittle, always: 1, once: few - 1, failed: 1},
		{late: 2 * aLittle, always: 1, once: few, failed: few + 1},
		{late: 2 * standstill, always: 1, once: few, failed: 1},
		{late: 2 * standstill, always: 1, failed: 1, first: true},
	} {
		var runs [few + 2]atomic.Int32
		var cases []Case[int]
		for i := range runs {
			cases = append(cases, Case[int]{Name: "any", First: test.first && i == 0, Run: func(tr *Trial, _ int) {
				once := runs[i].Add(1) == 1
				if i < test.always || i < test.always+test.once && once {
					tr.Wrong(wrong, "it failed")
				}
			}})
		}
		s := newSession(cases, 0, func() time.Duration { return test.late })
		s.run()
		failed := 0
		for _, f := range s.found {
			failed += len((<-f).findings)
		}
		if failed != test.failed {
			t.Errorf("%+v: %d findings", test, failed)
		}
	}
}

// TestNotTried: a case that depends on another is tried when that one passes, be it
// at the second attempt.
func TestNotTried(t *testing.T) {
	for late, want := range map[time.Duration]string{0: `first your code has to pass the case "one"`, 2 * aLittle: ""} {
		var runs atomic.Int32
		cases := []Case[int]{
			{Name: "one", Run: func(tr *Trial, _ int) {
				if runs.Add(1) == 1 {
					tr.Wrong(Diagnosis{Name: "wrong"}, "it failed")
				}
			}},
		}
		for _, first := range []bool{true, false} {
			cases = append(cases, Case[int]{Name: "two", First: first, Run: func(tr *Trial, _ int) {
				if runs.Load() < 2 { // also when it comes before "one" in the second attempt
					tr.NotTried("one")
				}
			}})
		}
		s := newSession(cases, 0, func() time.Duration { return late })
		s.run()
		one, two, three := <-s.found[0], <-s.found[1], <-s.found[2]
		if two.untried != want || three.untried != want || len(two.findings)+len(three.findings) != 0 || (len(one.findings) > 0) != (want != "") {
			t.Errorf("late %v: %+v, %+v and %+v", late, one, two, three)
		}
	}
}

// TestWhatIsFoundIsToldInTime: a case that does not come to an end takes no other case's
// finding away, and is a finding itself only where there is no other.
func TestWhatIsFoundIsToldInTime(t *testing.T) {
	wrong := Diagnosis{Name: "wrong", Idea: "An idea.", Read: "README.md#idea"}
	for found, want := range map[bool][]string{true: {"", "wrong", ""}, false: {"", "", "endless"}} {
		synctest.Test(t, func(t *testing.T) {
			end := make(chan bool)
			began := time.Now()
			results := start([]Case[int]{
				{Name: "passes first", First: true, Run: func(*Trial, int) {}},
				{Name: "fails or passes", Run: func(tr *Trial, _ int) {
					if found {
						tr.Wrong(wrong, "it failed")
					}
				}},
				{Name: "has no end", Run: func(*Trial, int) { <-end }},
			}, 0, began.Add(patience))
			for i, r := range results {
				result, got := <-r, ""
				if len(result.findings) > 0 {
					got = result.findings[0].Diagnosis.Name
				}
				if open := result.untried == unfinished; got != want[i] || open != (found && i == 2) {
					t.Errorf("found = %v: case %d: %+v", found, i, result)
				}
			}
			if took := time.Since(began); took != patience {
				t.Errorf("found = %v: the results came after %v", found, took)
			}
			close(end)
		})
	}
}

type deadlyAnswer struct {
	answer func()
	want   string // what the learner reads
	never  string // and does not
}

// deadly are answers that end the process. TestAnswerThatEndsTheProcess runs
// itself with each.
var deadly = map[string]deadlyAnswer{
	"exits":                       {func() { os.Exit(1) }, Ended.Idea, "PASS"},
	"exits in a goroutine with 0": {func() { go os.Exit(0); select {} }, Ended.Idea, "PASS"},
	"panics in a goroutine":       {func() { go panic("a slip"); select {} }, Ended.Idea, Endless.Idea},
}

func TestAnswerThatEndsTheProcess(t *testing.T) {
	for name, d := range deadly {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endsTheProcess(t, t.Name(), name, d)
		})
	}
}

// endsTheProcess runs the test of this name in a process of its own, with the answer
// d, and looks at what the learner reads.
func endsTheProcess(t *testing.T, test, name string, d deadlyAnswer) {
	if os.Getenv("DEADLY") == name {
		cases := []Case[func()]{{Name: "any", Run: func(tr *Trial, answer func()) { answer() }}}
		Run(t, "exercise.go", func(func()) error { return nil }, cases, d.answer)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^"+strings.ReplaceAll(test, "/", "$/^")+"$", "-test.paniconexit0")
	child.Env = append(os.Environ(), "DEADLY="+name)
	out, err := child.CombinedOutput()
	if err == nil || !strings.Contains(string(out), d.want) || strings.Contains(string(out), d.never) {
		t.Errorf("got %v and:\n%s", err, out)
	}
}

func TestGoexitIsAFinding(t *testing.T) {
	tr := &Trial{}
	c := tr.Go(runtime.Goexit)
	if hung := c.Wait(); hung != "" || !c.Panicked() || len(tr.findings) != 1 || tr.findings[0].Diagnosis != Ended {
		t.Errorf("hung %q, findings %v", hung, tr.findings)
	}
}

func TestConnectedEndsAreClosedWithTheCase(t *testing.T) {
	tr := &Trial{}
	answer, peer, ok := tr.Connect()
	if !ok {
		t.Fatal(tr.findings)
	}
	if _, err := answer.Write([]byte("hi")); err != nil {
		t.Error(err)
	}
	if n, err := peer.Read(make([]byte, 9)); n != 2 || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
	tr.release()
	if _, err := answer.Write([]byte("hi")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the case: %v", err)
	}
}

func TestGoroutinesOfACall(t *testing.T) {
	end := make(chan bool)
	c := new(Trial).Go(func() {
		for range 2 {
			go func() { <-end }()
		}
	})
	if hung := c.Wait(); hung != "" {
		t.Fatal(hung)
	}
	other := new(Trial).Go(func() { <-end })
	// Its own goroutine may still be on its way out.
	for until := time.Now().Add(Limit); len(c.Goroutines()) > 2 && time.Now().Before(until); {
		runtime.Gosched()
	}
	got := c.Goroutines()
	if len(got) != 2 || got[0] != got[1] || !regexp.MustCompile(`^in exam_test\.go line \d+$`).MatchString(got[0]) {
		t.Errorf("Goroutines() = %q", got)
	}
	close(end)
	other.Wait()
	for until := time.Now().Add(Limit); len(c.Goroutines()) > 0 && time.Now().Before(until); {
		runtime.Gosched()
	}
	if got := c.Goroutines(); len(got) != 0 {
		t.Errorf("Goroutines() = %q, and all have ended", got)
	}
}
