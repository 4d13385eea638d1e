package pages

import (
	"os"
	"path/filepath"
	"testing"
)

func TestHasAnchor(t *testing.T) {
	page := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(page, []byte("# Lesson 1: tcp-server\n\ntext # no heading\n### One `Read` is not one message!\r\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for anchor, want := range map[string]bool{
		"lesson-1-tcp-server":         true,
		"one-read-is-not-one-message": true,
		"no-heading":                  false,
		"one-read":                    false,
	} {
		if got := HasAnchor(page, anchor); got != want {
			t.Errorf("HasAnchor(%q) = %v", anchor, got)
		}
	}
	if HasAnchor(page+".missing", "lesson-1-tcp-server") {
		t.Error("a page that is not there has an anchor")
	}
}
