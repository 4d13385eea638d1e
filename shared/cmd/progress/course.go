package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
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

// findCourse finds the workspace around the current folder, and its exercises.
// The first line of a lesson's page has the lesson's number.
func findCourse(ctx context.Context) (course, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOWORK").Output()
	if err != nil {
		return course{}, fmt.Errorf("go env GOWORK: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if file == "" || file == "off" {
		return course{}, errors.New("this folder is not part of the course: run it where go.work is, or below")
	}
	c := course{root: filepath.Dir(file)}
	dirs, err := filepath.Glob(filepath.Join(c.root, "lessons", "*", "exercise"))
	if err != nil {
		return c, err
	}
	for _, dir := range dirs {
		e := exercise{lesson: filepath.Base(filepath.Dir(dir)), dir: dir}
		title, err := firstLine(filepath.Join(c.root, "lessons", e.lesson, "README.md"))
		if err != nil {
			return c, err
		}
		if _, err := fmt.Sscanf(title, "# Lesson %d:", &e.number); err != nil {
			return c, fmt.Errorf("lessons/%s/README.md does not begin with its lesson's number: %q", e.lesson, title)
		}
		c.exercises = append(c.exercises, e)
	}
	if len(c.exercises) == 0 {
		return c, errors.New("there are no exercises in " + filepath.Join(c.root, "lessons"))
	}
	slices.SortFunc(c.exercises, func(a, b exercise) int { return cmp.Compare(a.number, b.number) })
	return c, nil
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
