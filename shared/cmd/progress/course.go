package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A course is the workspace with its exercises, in the order of the lessons.
type course struct {
	root      string
	exercises []exercise
}

// An exercise is one lesson's exercise.
type exercise struct {
	number int
	lesson string // the lesson's folder below lessons: "tcp-server"
	dir    string // the folder of its package
}

// file is the one file that a learner edits, as seen from the course's root.
func (e exercise) file() string { return "lessons/" + e.lesson + "/exercise/exercise.go" }

// page is where the task is explained.
func (e exercise) page() string { return "lessons/" + e.lesson + "/README.md#exercise" }

// lacks returns what is wrong with the exercise's folder or a file of it, and how it
// is wrong, "" when all is well.
func (e exercise) lacks() (file, how string) {
	for _, name := range []string{"", "exercise.go", "exercise_test.go"} {
		file = path.Join("lessons", e.lesson, "exercise", name)
		info, err := os.Stat(filepath.Join(e.dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return file, "is not there"
		case err == nil && name != "" && info.IsDir():
			return file, "is a folder"
		}
	}
	return "", ""
}

// content returns a text that differs whenever a Go file of the exercise was
// saved. A file whose name begins with a dot or "_" is no Go file: editors make such.
func (e exercise) content() string {
	all := new(strings.Builder)
	fmt.Fprintln(all, e.dir) // so it is never empty
	files, _ := filepath.Glob(filepath.Join(e.dir, "*.go"))
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), ".") || strings.HasPrefix(filepath.Base(file), "_") {
			continue
		}
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() { // to read a pipe would wait
			text, _ := os.ReadFile(file) // the clock of some systems is too coarse to tell two saves apart
			fmt.Fprintf(all, "%s %v %q\n", file, info.ModTime(), text)
		}
	}
	return all.String()
}

// findCourse finds the workspace around a folder, and its exercises. The first
// line of a lesson's page has the lesson's number.
func findCourse(dir string) (course, error) {
	c := course{root: dir}
	for !isFile(filepath.Join(c.root, "go.work")) {
		if c.root == filepath.Dir(c.root) {
			return c, errors.New("this folder is not part of the course: run it where go.work is, or below")
		}
		c.root = filepath.Dir(c.root)
	}
	pages, err := filepath.Glob(filepath.Join(c.root, "lessons", "*", "README.md"))
	if err != nil {
		return c, err
	}
	for _, page := range pages {
		e := exercise{dir: filepath.Join(filepath.Dir(page), "exercise")}
		e.lesson = filepath.Base(filepath.Dir(page))
		title, err := firstLine(page)
		if err != nil {
			return c, err
		}
		if _, err := fmt.Sscanf(title, "# Lesson %d:", &e.number); err != nil {
			return c, fmt.Errorf("lessons/%s/README.md does not begin with its lesson's number: %q", e.lesson, title)
		}
		c.exercises = append(c.exercises, e)
	}
	if len(c.exercises) == 0 {
		return c, errors.New("there are no lessons in " + filepath.Join(c.root, "lessons"))
	}
	slices.SortFunc(c.exercises, func(a, b exercise) int { return cmp.Compare(a.number, b.number) })
	return c, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func firstLine(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Scan()
	return lines.Text(), lines.Err()
}
