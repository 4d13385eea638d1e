package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// lessons are small exercises in every state, by the name of the lesson. Their
// tests are real ones, run by the real go command.
var lessons = []struct{ name, code, test string }{
	{"stub", "", `t.Skip("not started: open it")`},
	{"half", "", `t.Run("first", func(t *testing.T) {})
		t.Run("reply_in_pieces", func(t *testing.T) { t.Output().Write([]byte("the server sent \x1b[31m2\n→ README.md#idea\n")); t.Fail() })
		t.Run("third", func(t *testing.T) { t.Error("the third") })`},
	{"done", "", `t.Run("first", func(t *testing.T) {})`},
	{"typo", "var x int = nothing", ``},
	{"crash", "", `t.Run("first", func(t *testing.T) { done := make(chan int); go func() { defer close(done); panic("boom") }(); <-done; select {} })`},
}

// newCourse makes a workspace with these lessons.
func newCourse(t *testing.T) course {
	root := t.TempDir()
	work := "go 1.25.0\nuse (\n"
	write := func(path, text string) {
		path = filepath.Join(root, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for i, l := range lessons {
		dir := "lessons/" + l.name + "/"
		work += "./" + dir + "\n"
		write(dir+"go.mod", "module example.com/"+l.name+"\n\ngo 1.25.0\n")
		// The numbers run against the alphabet.
		write(dir+"README.md", "# Lesson "+string(rune('9'-i))+": "+l.name+"\n")
		write(dir+"exercise/exercise.go", "package exercise\n"+l.code+"\n")
		write(dir+"exercise/exercise_test.go", "package exercise\nimport \"testing\"\nfunc TestIt(t *testing.T) {\n"+l.test+"\n}\n")
	}
	write("go.work", work+")\n")
	t.Chdir(filepath.Join(root, "lessons", "done")) // any folder of the workspace will do
	t.Setenv("GOWORK", "")
	t.Setenv("GOFLAGS", "")
	c, err := findCourse(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCourse(t *testing.T) {
	c := newCourse(t)
	var results []result
	for _, e := range c.exercises {
		results = append(results, check(t.Context(), c, e))
	}
	var page strings.Builder
	drawCourse(&page, 0, results)
	for i, want := range []struct {
		lesson        string
		state         state
		passed, total int
		words         string
	}{
		{"crash", broken, 0, 1, "panic: boom"},
		{"typo", noBuild, 0, 0, "exercise.go:2:13: undefined: nothing"},
		{"done", done, 1, 1, ""},
		{"half", started, 1, 3, "the server sent \x1b[31m2\n→ README.md#idea"},
		{"stub", notStarted, 0, 0, ""},
	} {
		r := results[i]
		if r.exercise.lesson != want.lesson || r.state != want.state || r.passed != want.passed || r.total != want.total {
			t.Errorf("result %d = %+v, want %+v", i, r, want)
		}
		if words := strings.Join(r.words, "\n"); !strings.Contains(words, want.words) {
			t.Errorf("%s says:\n%s\nwant:\n%s", want.lesson, words, want.words)
		}
	}
	for _, want := range []string{"crash  [....................]  stopped halfway\n", "half   [======..............]  1 of 3 cases\n", "stub   [....................]  not started\n", "Next: mend lessons/crash/exercise/exercise.go\n"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, page.String())
		}
	}
}

// TestDraw: what to do next follows the state, no line is wider than the
// terminal, and control characters from a test's output stay off the screen.
func TestDraw(t *testing.T) {
	e := exercise{number: 2, lesson: "tcp-client"}
	for _, test := range []struct {
		r    result
		want string
	}{
		{result{exercise: e, state: notStarted}, "Next: open"},
		{result{exercise: e, state: done, passed: 3, total: 3}, "Done:"},
		{result{exercise: e, state: noBuild, words: []string{"exercise.go:1:2: bad"}}, "exercise.go:1:2: bad"},
		{result{exercise: e, state: started, passed: 1, total: 3, failed: "TestAsk/reply_in_two_pieces",
			words: []string{"\x1b[31m서버가 보냈다 \"a\"", strings.Repeat("long ", 40)}}, "reply in two pieces"},
	} {
		for _, width := range []int{0, 30, 45, 80} {
			var page strings.Builder
			drawExercise(&page, width, test.r)
			text := strings.Join(strings.Fields(page.String()), " ")
			if !strings.Contains(text, test.want) {
				t.Errorf("width %d: %q is not in:\n%s", width, test.want, page.String())
			}
			if strings.Contains(text, "\x1b") {
				t.Errorf("width %d: an escape code reaches the terminal: %q", width, page.String())
			}
		}
	}
}

// TestWatch: a save is told, with both ways to look, also when an editor puts a
// new file in the place of the old one.
func TestWatch(t *testing.T) {
	for name, polling := range map[string]bool{"notify": false, "poll": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "exercise.go")
			if err := os.WriteFile(file, []byte("package exercise\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			saved := watch(ctx, []exercise{{lesson: "other", dir: t.TempDir()}, {lesson: "mine", dir: dir}}, polling)
			for try := range 2 {
				temp := file + ".tmp"
				if err := os.WriteFile(temp, []byte("package exercise // new\n"), 0o666); err != nil {
					t.Fatal(err)
				}
				later := time.Now().Add(time.Duration(try+1) * time.Hour) // whatever the clock's grain
				if err := os.Chtimes(temp, later, later); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(temp, file); err != nil {
					t.Fatal(err)
				}
				if e := <-saved; e.lesson != "mine" {
					t.Fatalf("got %+v", e)
				}
			}
			cancel()
			for range saved { // it ends
			}
		})
	}
}
