package testscripts

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pictures are those of the READMEs, made by "make pictures", and the arguments
// of pair that make them. Each is named from the course's folder.
var pictures = map[string][]string{
	"lessons/tcp-server/conversation.svg": {"tcp"},
	"lessons/udp-server/conversation.svg": {"udp"},
	"lessons/udp-client/lost.svg":         {"-through", "drop=1", "-client", "./lessons/udp-client -timeout 500ms", "udp"},
}

// TestPictures compares each picture with a real run: the steps and the arrows
// must be the same. Ports and durations may differ.
func TestPictures(t *testing.T) {
	needPrograms(t)
	made, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for file, args := range pictures {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(string(made), "-svg "+file+" ") {
				t.Errorf("make pictures does not make %s", file)
			}
			fresh := filepath.Join(t.TempDir(), "fresh.svg")
			pair := exec.Command("pair", append([]string{"-svg", fresh}, args...)...)
			pair.Dir = ".."
			if out, err := pair.CombinedOutput(); err != nil && pair.ProcessState.ExitCode() != 1 {
				t.Fatalf("pair: %v\n%s", err, out)
			}
			if want, got := told(t, filepath.Join("..", file)), told(t, fresh); want != got {
				t.Errorf("%s tells (ports and times masked):\n%s\nthis run:\n%s\nmake it anew: make pictures", file, want, got)
			}
		})
	}
}

// told returns what a picture tells: its description, which has each step, and the
// kinds of its lines. Where its letters stand depends on the length of a port.
func told(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var svg struct {
		Title string `xml:"title"`
		Desc  string `xml:"desc"`
		Path  []struct {
			Class string `xml:"class,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal(text, &svg); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	drawn := ""
	for _, p := range svg.Path {
		drawn += p.Class + " "
	}
	return mask(svg.Title + "\n" + svg.Desc + drawn)
}

// TestSameConversationSamePicture: what two runs do at different moments stands in
// the same order, so a picture changes only when the steps do.
func TestSameConversationSamePicture(t *testing.T) {
	needPrograms(t)
	first := ""
	for range 5 {
		file := filepath.Join(t.TempDir(), "picture.svg")
		pair := exec.Command("pair", "-svg", file, "tcp")
		pair.Dir = ".."
		if out, err := pair.CombinedOutput(); err != nil {
			t.Fatalf("pair: %v\n%s", err, out)
		}
		// Not what the terminal shows: there, a long time folds a line.
		text := told(t, file)
		if first == "" {
			first = text
		}
		if text != first {
			t.Fatalf("one run (masked):\n%s\nanother:\n%s", first, text)
		}
	}
}
