package exam

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Call is one call of an answer, made in a goroutine of its own.
type Call struct {
	trial    atomic.Pointer[Trial]
	started  chan struct{} // closed when name is known
	name     string        // how a stack names the call's goroutine: "goroutine 7 "
	done     chan struct{}
	panicked string
	began    time.Time
	id       string // the value of the label of its goroutines
}

// calls counts the calls. The goroutines of each have a label with its number: those
// that the answer starts inherit it.
var calls atomic.Int64

const label = "call"

// Call calls f, which calls the answer, and waits for its end. It returns where
// f hung, "" when it returned in time. A panic of the answer is reported.
func (tr *Trial) Call(f func()) (hung string) {
	return tr.Go(f).Wait()
}

// Go calls f, which calls the answer, and does not wait.
func (tr *Trial) Go(f func()) *Call {
	c := &Call{
		started: make(chan struct{}), done: make(chan struct{}),
		began: time.Now(), id: strconv.FormatInt(calls.Add(1), 10),
	}
	c.trial.Store(tr)
	go c.run(f)
	return c
}

func (c *Call) run(f func()) {
	defer close(c.done)
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels(label, c.id)))
	c.name, _, _ = strings.Cut(stack(false), "[")
	close(c.started)
	returned := false
	defer func() {
		if v := recover(); v == nil && !returned {
			c.panicked = "It ended its goroutine and did not return: runtime.Goexit"
			c.trial.Load().Wrong(Ended, "%s", c.panicked)
		} else if v != nil {
			c.panicked = fmt.Sprintf("It panicked: %v", v)
			_, below, _ := strings.Cut(stack(false), "\npanic(")
			if at := frame("panic(" + below); at != "" {
				c.panicked += ", " + at
			}
			c.trial.Load().Wrong(Panicked, "%s", c.panicked)
		}
	}()
	f()
	returned = true
}

// ReportTo lets a panic from now on be reported to another trial.
func (c *Call) ReportTo(tr *Trial) { c.trial.Store(tr) }

// Done is closed when the call has returned.
func (c *Call) Done() <-chan struct{} { return c.done }

// Panicked tells whether the answer panicked, or ended its goroutine, and so
// returned nothing. The call must have ended.
func (c *Call) Panicked() bool { return c.panicked != "" }

// Wait waits for the call to return, at most [Limit]. It returns where the call
// hung, for example "in Conn.Read, called in exercise.go line 23", and "" when
// it returned in time. After a hang, the trial's sockets are closed.
func (c *Call) Wait() (hung string) {
	return c.WaitFor(Limit)
}

// WaitFor is [Call.Wait] with a limit of its own.
func (c *Call) WaitFor(limit time.Duration) (hung string) {
	return c.WaitWhile(new(atomic.Int64), limit)
}

// WaitWhile is [Call.WaitFor] for a call that may be slow and is watched: it hangs when
// moved, which grows with what it does, has not changed for as long as limit.
//
// The limit is counted in ticks, of which the waiting goroutine sees none while the whole
// program stands still: a computer that sleeps for a moment is no call that hangs.
func (c *Call) WaitWhile(moved *atomic.Int64, limit time.Duration) (hung string) {
	const ticks = 50
	ticker := time.NewTicker(max(limit/ticks, 1))
	defer ticker.Stop()
	last := moved.Load()
	for still := 0; still < ticks; still++ {
		select {
		case <-c.done:
			return ""
		case <-ticker.C:
		}
		if now := moved.Load(); now != last {
			last, still = now, -1
		}
	}
	<-c.started
	for _, goroutine := range strings.Split(stacks(c.began), "\n\n") {
		if strings.HasPrefix(goroutine, c.name) {
			hung = frame(goroutine)
		}
	}
	if hung == "" {
		hung = Unknown
	}
	c.trial.Load().release()
	return hung
}

// Goroutines tells of each goroutine that the call has started, and of its own, where
// it is: "in exercise.go line 23". To look stops the whole program for a moment.
func (c *Call) Goroutines() (places []string) {
	mine := fmt.Sprintf("# labels: {%q:%q}", label, c.id)
	_, all, _ := strings.Cut(profile(), "\n") // the first line counts all goroutines
	for alike := range strings.SplitSeq(all, "\n\n") {
		// "2 @ 0x4788ae …", the labels, and of each function: #  address  name  file:line
		if !strings.Contains(alike, mine) {
			continue
		}
		place := Unknown
		for _, m := range profiled.FindAllStringSubmatch(alike, -1) {
			if file, line := m[1], m[2]; ofLearner(file) {
				place = fmt.Sprintf("in %s line %s", path.Base(file), line)
				break
			}
		}
		count, _, _ := strings.Cut(strings.TrimSpace(alike), " ")
		n, _ := strconv.Atoi(count)
		places = append(places, slices.Repeat([]string{place}, n)...)
	}
	return places
}

// A look at all goroutines stops the whole program for a moment. When an answer hangs
// in many cases they all ask at the same time, and that would make other calls late.
// So those who wait for one another here share the newest.
type look struct {
	sync.Mutex
	taken time.Time // when it began
	text  string
}

// since returns a look that is not from before a moment. It takes one if need be.
func (l *look) since(moment time.Time, take func() string) string {
	l.Lock()
	defer l.Unlock()
	if l.taken.Before(moment) {
		l.taken = time.Now()
		l.text = take()
	}
	return l.text
}

var lastProfile, lastStacks look

// profile tells of all goroutines, as they were after it was called.
func profile() string {
	return lastProfile.since(time.Now(), func() string {
		var text bytes.Buffer
		pprof.Lookup("goroutine").WriteTo(&text, 1)
		return text.String()
	})
}

// profiled matches the file and line of a function that is none of the standard
// library, as its name begins with a domain.
var profiled = regexp.MustCompile(`(?m)^#\t\S+\t[\w-]+\.\S+/\S+\t+(.*):(\d+)$`)

// Unknown is where a call hangs that shows no line of the learner's.
const Unknown = "in a place that cannot be told"

// ofLearner tells whether a file may be the learner's, and not the checker's. A
// checker's tests are its learners.
func ofLearner(file string) bool {
	return path.Base(path.Dir(file)) != "check" || strings.HasSuffix(file, "_test.go")
}

func stack(all bool) string {
	for size := 64 << 10; ; size *= 4 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, all); n < size || size >= 16<<20 {
			return string(buf[:n])
		}
	}
}

// stacks returns the stacks of all goroutines, as they were at most a tenth of a
// second ago, and after began.
func stacks(began time.Time) string {
	moment := time.Now().Add(-100 * time.Millisecond)
	if began.After(moment) {
		moment = began
	}
	return lastStacks.since(moment, func() string { return stack(true) })
}

// frames matches two lines of a stack: the function, and its file and line.
var frames = regexp.MustCompile(`(?m)^([^\s(].*)\(.*\)\n\t(.*):(\d+)`)

// receiver matches the type in a method's name: "(*conn)" in "net.(*conn)".
var receiver = regexp.MustCompile(`\.\(\*?(\w+)\)`)

// frame finds in a goroutine's stack the last line of the learner's code, and
// what it called there.
func frame(goroutine string) string {
	called := ""
	for _, m := range frames.FindAllStringSubmatch(goroutine, -1) {
		name, file, line := m[1], m[2], m[3]
		first, _, _ := strings.Cut(name, "/")
		if !strings.Contains(first, ".") || !strings.Contains(name, "/") { // the standard library, or panic itself
			called = name
			continue
		}
		if strings.HasSuffix(name, "exam.(*Call).run") {
			break
		}
		// A checker's own listener or connection may stand between the answer and
		// the standard library: then the answer has called its method.
		if !ofLearner(file) {
			called = name[strings.LastIndex(name, ".")+1:]
			continue
		}
		at := fmt.Sprintf("%s line %s", path.Base(file), line)
		called = receiver.ReplaceAllString(called, ".$1")
		called = strings.Replace(called, "net.conn.", "conn.", 1) // inside every net.TCPConn and net.UDPConn
		switch {
		case called == "", strings.HasPrefix(called, "panic"), strings.HasPrefix(called, "runtime"):
			return "in " + at
		}
		return fmt.Sprintf("in %s, called in %s", called, at)
	}
	return ""
}
