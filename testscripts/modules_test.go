package testscripts

import (
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestModules runs "go test ./..." in every other module of the workspace. So
// "go test ./..." in the root, which by itself tests only the root's module,
// tests the whole course. The flags -count, -short, -v and -race go on to them.
func TestModules(t *testing.T) {
	t.Parallel()
	readSources(t)
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}")
	list.Env = workspace(t)
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list -m: %v", err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dirs := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(dirs) < 1+1+len(lessons) {
		t.Errorf("go.work lists only the modules %v", dirs)
	}
	for _, dir := range dirs {
		name, err := filepath.Rel(root, strings.TrimSpace(dir))
		if err != nil {
			t.Fatal(err)
		}
		if name == "." {
			continue
		}
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			t.Parallel()
			test := exec.Command("go", append([]string{"test"}, append(sameFlags(t), "./...")...)...)
			test.Dir = filepath.Join(root, name)
			test.Env = workspace(t)
			out, err := test.CombinedOutput()
			if err != nil {
				t.Errorf("go test ./... in %s: %v\n%s", name, err, out)
			} else {
				t.Logf("%s", out) // shown with -v
			}
		})
	}
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
		case "test.short", "test.v":
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

// readSources opens every file that the inner test runs depend on. Without it
// the go command would not know of them, and print "ok (cached)" for a lesson
// that has been broken since.
func readSources(t *testing.T) {
	sources := []string{"../go.work"}
	for _, dir := range []string{"../lessons", "../shared"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			sources = append(sources, path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range sources {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}
