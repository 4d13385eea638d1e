package steplog

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"
)

// faultNames are the faults that package badnet makes.
var faultNames = []string{
	"split", "merge", "delay", "drip", "stall", "half-close", "reset",
	"drop", "overflow", "dup", "reorder", "cut", "stranger",
}

// aFault is an event of a fault that met text on its way to the server.
func aFault(name, text string) Event {
	return Event{
		Program: "badnet", Fault: name, Direction: "up", Type: "SOCK_DGRAM", Time: time.Now(), Took: 20 * time.Millisecond,
		Local: "127.0.0.1:53210", Remote: "127.0.0.1:7001", Bytes: len(text), Limit: 2, Data: keep([]byte(text)),
	}
}

// TestFaultText: each fault has words of its own, names both ends, and holds
// nothing that a peer could use against the terminal.
func TestFaultText(t *testing.T) {
	seen := map[string]string{}
	for _, name := range faultNames {
		for _, text := range hostile {
			e := aFault(name, text)
			checkShown(t, name, e.String())
			if !strings.HasPrefix(e.String(), "up, 127.0.0.1:53210 to 127.0.0.1:7001: ") {
				t.Errorf("%s does not say from where to where: %q", name, e)
			}
		}
		said := aFault(name, "Hello!").String()
		if seen[said] != "" {
			t.Errorf("%s and %s read alike: %q", name, seen[said], said)
		}
		seen[said] = name
	}
	for e, want := range map[*Event]string{
		{Fault: "drop", Bytes: 1, Data: []byte("x")}: `1 byte is lost: "x"`,
		{Fault: "drop"}: `0 bytes are lost`,
		{Fault: "dup", Bytes: 2, Data: []byte("xy")}:                        `2 bytes go on twice: "xy"`,
		{Fault: "split", Bytes: 5, Limit: 2, Data: []byte("Hello")}:         `5 bytes in two pieces, 2 and then 3: "Hello"`,
		{Fault: "merge", Bytes: 5, Limit: 2, Data: []byte("Hello")}:         `2 bytes waited for 3 more and went on with them: "Hello"`,
		{Fault: "merge", Bytes: 1, Limit: 1, Took: 50e6, Data: []byte("H")}: `1 byte waited 50ms, but nothing came to go with it: "H"`,
		{Fault: "reorder", Bytes: 2, Limit: 1, Data: []byte("ab")}:          `2 bytes overtaken by the next datagram: "ab"`,
		{Fault: "reorder", Bytes: 2, Took: 50e6, Data: []byte("ab")}:        `2 bytes waited 50ms, but nothing came to overtake them: "ab"`,
		{Fault: "cut", Bytes: 6, Limit: 4, Data: []byte("Hello!")}:          `6 bytes are cut to 4: "Hello!"`,
		{Fault: "delay", Bytes: 1, Took: time.Second, Data: []byte("x")}:    `1 byte goes on 1s late: "x"`,
		{Fault: "stall", Bytes: 1}:                                          `nothing goes on any more, after 1 byte; the connection stays open`,
	} {
		if _, said, _ := strings.Cut(e.String(), ": "); said != want {
			t.Errorf("%s is shown as %q, want %q", e.Fault, said, want)
		}
	}
}

// TestFaultLine: at every width, the name stands before the text, the text keeps
// its column, and no line is too long. Piped, it is one line.
func TestFaultLine(t *testing.T) {
	for _, name := range faultNames {
		e := aFault(name, strings.Repeat("안녕하세요 ", 10))
		for width := 20; width <= 120; width++ {
			lines := strings.Split(strings.TrimSuffix(draw(t, e, false, width), "\n"), "\n")
			if !strings.HasPrefix(lines[0], "! "+name+" ") {
				t.Fatalf("%d columns: %q", width, lines[0])
			}
			for i, line := range lines {
				if runewidth.StringWidth(line) > width {
					t.Errorf("%d columns: %q is longer", width, line)
				}
				if at := len(line) - len(strings.TrimLeft(line, " ")); i > 0 && at != textColumn {
					t.Errorf("%d columns: %q begins at %d", width, line, at)
				}
			}
		}
		if piped := draw(t, e, false, 0); strings.Count(piped, "\n") != 1 || strings.Index(piped, "up,") != textColumn {
			t.Errorf("piped: %q", piped)
		}
		if colored := draw(t, e, true, 80); !strings.Contains(colored, "\x1b[31m"+name) {
			t.Errorf("without its colour: %q", colored)
		}
	}
}

// TestFaultJSON: a fault has its own fields in place of those of a call.
func TestFaultJSON(t *testing.T) {
	got := object(t, aFault("cut", "Hello!"))
	want := strings.Fields("bytes data direction fault level limit local msg program remote text time took_ns type")
	if fields := slices.Sorted(maps.Keys(got)); !slices.Equal(fields, want) {
		t.Errorf("the fields are %v, want %v", fields, want)
	}
	if got["fault"] != "cut" || got["direction"] != "up" || got["bytes"] != 6.0 || got["level"] != "INFO" ||
		got["data"] != base64.StdEncoding.EncodeToString([]byte("Hello!")) {
		t.Errorf("written as %v", got)
	}
	empty := object(t, aFault("drop", ""))
	if empty["bytes"] != 0.0 {
		t.Errorf("an empty datagram is written as %v", empty)
	}
}
