package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"
)

// TestMain lets the test binary be the command itself.
func TestMain(m *testing.M) {
	if os.Getenv("PROGRESS_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// A sample is a small exercise. Its test is a real one, run by the real go command.
type sample struct{ name, code, test string }

// newCourse makes a workspace with these lessons.
func newCourse(t *testing.T, lessons ...sample) course {
	root := t.TempDir()
	work := "go 1.25.0\nuse (\n"
	for i, l := range lessons {
		dir := filepath.Join(root, "lessons", l.name)
		work += "./lessons/" + l.name + "\n"
		write(t, filepath.Join(dir, "go.mod"), "module example.com/"+l.name+"\n\ngo 1.25.0\n")
		// The numbers run against the alphabet.
		write(t, filepath.Join(dir, "README.md"), "# Lesson "+string(rune('9'-i))+": "+l.name+"\n")
		if l.code != "" {
			write(t, filepath.Join(dir, "exercise", "exercise.go"), "package exercise\n"+l.code+"\n")
		}
		write(t, filepath.Join(dir, "exercise", "exercise_test.go"), "package exercise\nimport \"testing\"\nfunc TestIt(t *testing.T) {\n"+l.test+"\n}\n")
	}
	write(t, filepath.Join(root, "go.work"), work+")\n")
	c, err := findCourse(filepath.Join(root, "lessons", lessons[0].name)) // any folder of the workspace will do
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
		t.Fatal(err)
	}
}

// TestStates: each state that an exercise can be in is told as it is.
func TestStates(t *testing.T) {
	t.Setenv("GOWORK", "off") // a learner's settings do no harm
	t.Setenv("GOFLAGS", "-mod=mod")
	lessons := []sample{
		{"crash", `import "strings"; func Answer() { go func() { print(strings.Repeat("=", 200000)); panic("boom") }(); select {} }`,
			`t.Run("first", func(t *testing.T) { t.Fail() }); t.Run("second", func(t *testing.T) { Answer() })`},
		{"done", `const Answer = 1`, `t.Run("first", func(t *testing.T) {})`},
		{"exit", `import "os"; func Answer() { os.Exit(3) }`, `t.Run("first", func(t *testing.T) { println("going"); Answer() })`},
		{"half", `const Answer = 1`,
			`t.Run("untried", func(t *testing.T) { t.Skip("not tried") })
			t.Run("first", func(t *testing.T) {})
			t.Run("reply_in_pieces", func(t *testing.T) {
				for range 2000 { println("panic: so it prints") }
				print("no line end\n")
				t.Output().Write([]byte("the server sent \x1b[31m2\n→ README.md#idea\n")); t.Fail() })
			t.Run("third", func(t *testing.T) { t.Error("the third") })`},
		{"long", `import "strings"; var Answer = strings.Repeat("\\x00", 1006)`,
			`t.Run("long_line", func(t *testing.T) { t.Output().Write([]byte("the client sent " + Answer + "\n→ README.md#idea\n")); t.Fail() })
			t.Run("second", func(t *testing.T) { print(Answer, "\nno line end") })
			t.Run("third", func(sub *testing.T) { print("--- one\nno line end either"); t.Log("not of this case") })`},
		{"lost", ``, `t.Run("first", func(t *testing.T) { Answer() })`},
		{"stub", `const Answer = 1`, `t.Skip("not started: open it")`},
		{"typo", `var x int = nothing`, ``},
		{"vet", `import "fmt"; func Answer() { fmt.Printf("%d", "a") }`, `t.Run("first", func(t *testing.T) {})`},
		{"only", `const Answer = 1`, `t.Run("first", func(t *testing.T) { t.Skip("not tried") })`},
	}
	c := newCourse(t, lessons...)
	results, err := check(t.Context(), c, c.exercises)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		lesson, bar, screen string
	}{
		{"crash", "[....................]  did not finish", "The tests could not run to their end:\n  panic: boom\n  in exercise.go line 2\n\nNext: fix "},
		{"done", "[====================]  done", ""},
		{"exit", "[....................]  did not finish", "os.Exit and log.Fatal do that.\nYour code printed:\n  going\n"},
		{"half", "[=====...............]  1 of 4 cases", "This case fails: reply in pieces\n  the server sent \\x1b[31m2\n  → README.md#idea\n" +
			"Your code printed 2001 lines. The last:\n" + strings.Repeat("  panic: so it prints\n", 4) + "  no line end\nCases not tried: 1\n\nNext: fix lessons/half/exercise/exercise.go\nHint: lessons/half/README.md#exercise\n"},
		{"long", "[=============.......]  2 of 3 cases", "This case fails: long line\n  the client sent " + strings.Repeat(`\x00`, 1006) + "\n  → README.md#idea\n" +
			"Your code printed:\n  " + strings.Repeat(`\x00`, 17) + "\\…\n  no line end\n  --- one\n  no line end either\n\nNext: "},
		{"lost", "[....................]  file missing", "  lessons/lost/exercise/exercise.go is not there.\n\nNext: get it back: git checkout lessons/lost/exercise/exercise.go\n"},
		{"stub", "[....................]  not started", "\nNext: open lessons/stub/exercise/exercise.go\nTask: lessons/stub/README.md#exercise\n"},
		{"typo", "[....................]  compile error", "The compiler says:\n  lessons/typo/exercise/exercise.go:2:13: undefined: nothing\n"},
		{"vet", "[....................]  vet error", "go vet says:\n  lessons/vet/exercise/exercise.go:2:"},
		{"only", "[....................]  0 of 1 cases", "Cases not tried: 1\n"},
	} {
		i := slices.IndexFunc(results, func(r result) bool { return r.exercise.lesson == want.lesson })
		var page strings.Builder
		drawExercise(&page, 0, results[i])
		page.WriteString("\n")
		text := filepath.ToSlash(page.String())
		if !strings.Contains(text, " "+want.lesson+"  "+want.bar+"\n") || !strings.Contains(text, want.screen) {
			t.Errorf("%s: want %q and %q in:\n%s", want.lesson, want.bar, want.screen, text)
		}
	}
}

// TestNarrow: no line is wider than the terminal, but for a path that no line has
// room for. Bars and states stay below one another.
func TestNarrow(t *testing.T) {
	results := []result{
		{exercise: exercise{number: 1, lesson: "tcp-server"}, state: done, passed: 9, total: 9},
		{exercise: exercise{number: 2, lesson: "tcp-client"}, state: noBuild},
		{exercise: exercise{number: 3, lesson: "udp-server"}, state: started, passed: 10, total: 20, failed: "TestEcho/many_in_a_row",
			words: []string{"서버가 보냈다 \"안녕하세요\" 그리고 닫았다", strings.Repeat("long ", 40), "→ lessons/udp-server/README.md#a-long-heading"}},
	}
	for _, width := range []int{20, 35, 50, 80, 200} {
		var page strings.Builder
		drawCourse(&page, width, results)
		drawExercise(&page, width, results[2])
		column := 0
		for _, line := range strings.Split(page.String(), "\n") {
			if runewidth.StringWidth(line) > width && !strings.Contains(line, "lessons/") && width > 20 {
				t.Errorf("width %d: too wide: %q", width, line)
			}
			if at := strings.Index(line, "]"); at >= 0 {
				if column != 0 && at != column {
					t.Errorf("width %d: the bars are not aligned:\n%s", width, page.String())
				}
				column = at
			}
		}
		if wide := column > 0; wide != (width > 20) {
			t.Errorf("width %d: bars = %v", width, wide)
		}
	}
}

// TestNext: the next step is to go on with what is begun, else the first lesson
// that is not done.
func TestNext(t *testing.T) {
	for _, test := range []struct {
		states []state
		want   string
	}{
		{[]state{notStarted, notStarted}, "\nNext: open lessons/a/exercise/exercise.go\n"},
		{[]state{done, notStarted}, "\nNext: open lessons/b/exercise/exercise.go\n"},
		{[]state{notStarted, started}, "\nNext: fix lessons/b/exercise/exercise.go\n"},
		{[]state{noBuild, started}, "\nNext: fix lessons/a/exercise/exercise.go\n"},
		{[]state{done, done}, "\nAll exercises are done.\n"},
	} {
		var results []result
		for i, s := range test.states {
			results = append(results, result{exercise: exercise{number: i + 1, lesson: string(rune('a' + i))}, state: s})
		}
		var page strings.Builder
		drawCourse(&page, 0, results)
		if !strings.Contains(page.String(), test.want) || strings.Count(page.String(), "Next") > 1 {
			t.Errorf("%v: want %q in:\n%s", test.states, test.want, page.String())
		}
	}
}

// TestWatch: a save is told soon where the system tells of it, also when an editor
// puts a new file in the place of the old one.
func TestWatch(t *testing.T) {
	e := exercise{lesson: "mine", dir: t.TempDir()}
	file := filepath.Join(e.dir, "exercise.go")
	look := watch(t.Context(), []exercise{{lesson: "none", dir: "not-there"}, e}, nil)
	for _, text := range []string{"one", "two"} {
		write(t, file+".tmp", text)
		if err := os.Rename(file+".tmp", file); err != nil {
			t.Fatal(err)
		}
		for !strings.Contains(e.content(), text) {
			<-look
		}
		<-look
	}
}

// TestTick: where the system tells nothing, the clock does.
func TestTick(t *testing.T) {
	tick := make(chan time.Time)
	look := watch(t.Context(), []exercise{{lesson: "none", dir: "not-there"}}, tick)
	for range 3 {
		tick <- time.Time{}
		<-look
	}
}

// TestContent: each way to save makes another content, what an editor keeps beside
// the file does not.
func TestContent(t *testing.T) {
	e := exercise{dir: t.TempDir()}
	file := filepath.Join(e.dir, "exercise.go")
	seen := []string{e.content()}
	for i, save := range []func(){
		func() { write(t, file, "1") },
		func() { write(t, file, "2") },
		func() { write(t, file+"~", "3"); os.Rename(file+"~", file) },
		func() { os.Chtimes(file, time.Unix(1, 0), time.Unix(1, 0)) }, // saved unchanged
		func() { write(t, filepath.Join(e.dir, "helper.go"), "4") },
		func() { os.Remove(file) },
	} {
		if save(); slices.Contains(seen, e.content()) {
			t.Errorf("save %d is not seen", i)
		}
		seen = append(seen, e.content())
	}
	before := e.content()
	for _, name := range []string{".#exercise.go", "4913", "exercise.go~", ".exercise.go.swp"} {
		write(t, filepath.Join(e.dir, name), "5")
	}
	if e.content() != before {
		t.Error("an editor's own file counts as a save")
	}
}

// TestNewestSaveWins: a save ends the check under way, whose result is never shown.
// So it is with a save that nobody has told of before the check ends.
func TestNewestSaveWins(t *testing.T) {
	c := newCourse(t, sample{"mine", "// 0", ""}, sample{"other", "// 0", ""})
	ctx, cancel := context.WithCancel(t.Context())
	look := make(chan struct{})
	save := func(text string) { write(t, filepath.Join(c.exercises[0].dir, "exercise.go"), text) }
	var log []string
	checks, atOnce := 0, 0
	check := func(ctx context.Context, exercises []exercise) ([]result, error) {
		if atOnce++; atOnce > 1 {
			t.Error("two checks at once")
		}
		defer func() { atOnce-- }()
		switch checks++; checks {
		case 2:
			save("2")
			look <- struct{}{}
			<-ctx.Done() // as a check that hangs
		case 3:
			save("3")
		case 4:
			look <- struct{}{} // no reason to show what check 3 has found
		case 5:
			return nil, errors.New("no go")
		}
		return []result{{total: checks}}, nil
	}
	begin := func(exercises []exercise) {
		log = append(log, "begin "+exercises[0].lesson+strings.Repeat("+", len(exercises)-1))
	}
	end := func(results []result) {
		log = append(log, "end "+string(rune('0'+results[0].total)))
		save("after " + log[len(log)-1])
		go func() { look <- struct{}{} }()
	}
	err := stay(ctx, c.exercises, look, check, begin, end)
	want := "begin other+, end 1, begin other, begin other, begin other, end 4, begin other"
	if got := strings.Join(log, ", "); got != want || err == nil || err.Error() != "no go" {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	cancel()
	if err := stay(ctx, c.exercises, look, check, begin, end); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

// TestInterrupt: Ctrl+C, which "go tool" sends on and the terminal sends too, ends
// all: the command with status 130, and the tests that hang.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there a program cannot send Ctrl+C to another")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c := newCourse(t, sample{"hang", `import "net"; func Answer() { net.Dial("tcp", "` + ln.Addr().String() + `"); select {} }`,
		`t.Run("first", func(t *testing.T) { Answer() })`})
	for _, args := range [][]string{nil, {"-watch"}} {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self, args...)
		cmd.Dir = c.root
		cmd.Env = append(os.Environ(), "PROGRESS_MAIN=1")
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		conn, err := ln.Accept() // the answer is at work
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() { // to its end
			for cmd.Process.Signal(os.Interrupt) == nil {
				runtime.Gosched()
			}
		}()
		words, _ := bufio.NewReader(stderr).ReadString('\n')
		cmd.Wait()
		if status := cmd.ProcessState.ExitCode(); status != 130 || words != "progress: stopped by Ctrl+C\n" {
			t.Errorf("%v: status %d, %q", args, status, words)
		}
		conn.SetDeadline(time.Now().Add(10 * time.Second)) // before go test's own time-out
		if _, err := conn.Read(make([]byte, 1)); err != io.EOF && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%v: the test lives on: %v", args, err)
		}
	}
}

// TestUsage: wrong usage has status 2 and says where help is.
func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-x"}, {"all"}, {"-watch=maybe"}} {
		if status := run(t.Context(), args); status != 2 {
			t.Errorf("%v: status %d", args, status)
		}
	}
	t.Chdir(t.TempDir())
	if status := run(t.Context(), nil); status != 1 {
		t.Errorf("outside the course: status %d", status)
	}
}

// TestLate: go test ends a program that hangs before its first test only after two
// minutes, so here are its words.
func TestLate(t *testing.T) {
	var out strings.Builder
	for _, line := range []string{"SIGQUIT: quit", "PC=0x48 m=0 sigcode=0", "example.com/x/exercise.init.0()",
		"/course/lessons/x/exercise/exercise.go:3 +0x1d", "*** Test killed with quit: ran too long (2m0s)."} {
		out.WriteString(`{"Action":"output","Package":"example.com/x/exercise","Output":"` + line + `\n"}` + "\n")
	}
	out.WriteString(`{"Action":"fail","Package":"example.com/x/exercise"}`)
	readings, err := read(strings.NewReader(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "exercise.go"), "")
	write(t, filepath.Join(dir, "exercise_test.go"), "")
	r := readings["x"].judge(exercise{lesson: "x", dir: dir})
	want := []string{"They took too long, and go test ended them.", "in exercise.go line 3"}
	if r.state != broken || !slices.Equal(r.words, want) {
		t.Errorf("%+v, want %q", r, want)
	}
}
