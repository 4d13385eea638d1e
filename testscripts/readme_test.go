package testscripts

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/sockets/shared/pages"
	"github.com/rogpeppe/go-internal/testscript"
)

// shown checks that the README of a lesson shows, under "What you see", what the
// program really printed.
func shown(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: shown LESSON")
	}
	page, err := os.ReadFile("../lessons/" + args[0] + "/README.md")
	ts.Check(err)
	_, section, _ := strings.Cut(strings.ReplaceAll(string(page), "\r\n", "\n"), "\n## What you see\n")
	_, block, _ := strings.Cut(section, "```text\n")
	block, _, ok := strings.Cut(block, "```")
	if !ok {
		ts.Fatalf("lessons/%s/README.md has no ```text block under ## What you see", args[0])
	}
	want, got := mask(block), mask(ts.ReadFile("stdout"))
	if want != got {
		ts.Fatalf("lessons/%s/README.md shows another run (masked):\n%s\nthis run (masked):\n%s\nthis run:\n%s",
			args[0], want, got, ts.ReadFile("stdout"))
	}
}

// masks are what differs from run to run, and what stands in its place.
var masks = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`descriptor \d+`), "descriptor N"},
	{regexp.MustCompile(`after [0-9.]+(m[0-9.]+)?[nµm]?s`), "after TIME"},
	{regexp.MustCompile(`  +`), "  "},
}

func mask(text string) string {
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.name)
	}
	return strings.TrimSpace(text)
}

// links matches the target of a Markdown link.
var links = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinks follows every link of the READMEs inside the repository, to the
// file and to the heading.
func TestLinks(t *testing.T) {
	readmes, err := filepath.Glob("../lessons/*/README.md")
	if err != nil {
		t.Fatal(err)
	}
	readmes = append(readmes, "../README.md")
	if len(readmes) < 1+len(lessons) {
		t.Errorf("found only the pages %v", readmes)
	}
	for _, page := range readmes {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range links.FindAllStringSubmatch(string(text), -1) {
			target := m[1]
			if strings.Contains(target, "://") {
				continue
			}
			path, anchor, _ := strings.Cut(target, "#")
			file := page
			if path != "" {
				file = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: the link %s leads nowhere: %v", page, target, err)
			} else if anchor != "" && !pages.HasAnchor(file, anchor) {
				t.Errorf("%s: the link %s leads to no heading", page, target)
			}
		}
	}
}
