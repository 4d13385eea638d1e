package testscripts

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// By itself "go test ./..." in the root tests only the root's module. The two tests
// here run "go test" for every other one, so that it tests the whole course. The
// flags -count, -short, -v, -failfast and -race go on to them.

// TestExercises comes before all others. A learner whose answer fails hears so at
// once: then the slow ones are not run.
func TestExercises(t *testing.T) {
	exerciseFails = true
	exercises, _ := packages(t)
	if len(exercises) != len(lessons) {
		t.Errorf("the course has %d lessons, and these exercises: %v", len(lessons), exercises)
	}
	if exerciseFails = !goTest(t, exercises); exerciseFails {
		t.Log("The rest of the course is tested when no exercise fails.")
	}
}

// exerciseFails is what TestExercises found, when it ran.
var exerciseFails bool

func TestModules(t *testing.T) {
	needPrograms(t) // to build them at the same time would compile much twice
	_, others := packages(t)
	goTest(t, others)
}

// packages lists the exercises and all other packages outside the root's module.
// It opens every file that they depend on. Without that the go command would not
// know of them, and print "ok (cached)" for a lesson that has been broken since.
func packages(t *testing.T) (exercises, others []string) {
	for _, dir := range []string{"../go.work", "../lessons", "../shared"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			f, err := os.Open(path)
			if err == nil {
				f.Close()
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// With -e: what is wrong in a package is for go test to tell.
	list := exec.Command("go", "list", "-e", "example.com/sockets/...")
	list.Env = workspace(t)
	var told bytes.Buffer
	list.Stderr = &told
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &told)
	}
	for _, name := range strings.Fields(string(out)) {
		switch {
		case strings.HasSuffix(name, "/exercise"):
			exercises = append(exercises, name)
		case name != "example.com/sockets/testscripts":
			others = append(others, name)
		}
	}
	return exercises, others
}

// goTest runs "go test" for these packages, and tells whether all passed. What it
// printed is shown when a test failed, and with -v.
func goTest(t *testing.T, packages []string) bool {
	// Most tests wait more than they work, so more run at once than there are cores.
	args := append([]string{"test", "-p", strconv.Itoa(2 * runtime.GOMAXPROCS(0))}, sameFlags(t)...)
	test := exec.Command("go", append(args, packages...)...)
	test.Dir = ".."
	test.Env = workspace(t)
	out, err := test.CombinedOutput()
	if err != nil {
		t.Errorf("go test: %v\n%s", err, out)
	} else {
		t.Logf("%s", out)
	}
	return err == nil
}

// workspace is the environment for a go command that has to see the whole course.
func workspace(t *testing.T) []string {
	file, err := filepath.Abs("../go.work")
	if err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "GOWORK="+file)
}

// sameFlags returns the flags of this test run that the inner ones share.
func sameFlags(t *testing.T) (flags []string) {
	flag.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "test.count":
			// Whoever asks for a count wants no cached result. The count itself
			// is this run's: it repeats the whole test.
			flags = append(flags, "-count=1")
		case "test.short", "test.v", "test.failfast":
			flags = append(flags, "-"+strings.TrimPrefix(f.Name, "test.")+"="+f.Value.String())
		}
	})
	if raceEnabled {
		flags = append(flags, "-race")
	}
	if end, ok := t.Deadline(); ok { // an inner run ends first, and says what hung
		left := time.Until(end) - 5*time.Second
		// The time-out is part of what the test cache goes by: whole minutes are the
		// same in each run.
		if left > 2*time.Minute {
			left = left.Truncate(time.Minute)
		}
		flags = append(flags, "-timeout="+max(left, time.Second).String())
	}
	return flags
}
