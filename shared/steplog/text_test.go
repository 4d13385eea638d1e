package steplog

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"
)

// shapes are events of every kind: short and long, with wide characters, with
// words longer than a line, waiting, failed.
func shapes() map[string]Event {
	const local, remote = "127.0.0.1:7001", "127.0.0.1:53210"
	korean := []byte(strings.Repeat("안녕하세요 여러분 ", 6))
	return map[string]Event{
		"socket":         {Step: 1, Call: "socket", Go: "ListenConfig.ListenPacket", Family: "AF_INET6", Type: "SOCK_DGRAM", Descriptor: 5},
		"bind":           {Step: 2, Call: "bind", Go: "ListenConfig.Listen", Local: local},
		"listen":         {Step: 3, Call: "listen", Go: "ListenConfig.Listen", Local: local},
		"accept waits":   {Step: 4, Call: "accept", Go: "Listener.Accept", Local: local, Waiting: true},
		"accept":         {Step: 4, Call: "accept", Go: "Listener.Accept", Local: local, Remote: remote, Descriptor: 7, Took: time.Second},
		"recv":           {Step: 5, Call: "recv", Go: "Conn.Read", Limit: 1024, Bytes: 18, Data: []byte("Hello, i'm client!")},
		"recv Korean":    {Step: 5, Call: "recv", Go: "Conn.Read", Limit: 1024, Bytes: len(korean), Data: korean},
		"one long word":  {Step: 6, Call: "send", Go: "Conn.Write", Bytes: 200, Data: bytes.Repeat([]byte("x"), 200)},
		"one wide word":  {Step: 6, Call: "send", Go: "Conn.Write", Bytes: 180, Data: bytes.Repeat([]byte("가"), 60)},
		"escapes":        {Step: 6, Call: "send", Go: "Conn.Write", Bytes: 200, Data: bytes.Repeat([]byte("\x1b\n"), 100)},
		"empty datagram": {Step: 3, Call: "recvfrom", Go: "PacketConn.ReadFrom", Limit: 200, Remote: remote},
		"UDP connect":    {Call: "connect", Go: "Dialer.DialContext", Type: "SOCK_DGRAM", Remote: local},
		"end of stream":  {Step: 5, Call: "recv", Go: "Conn.Read", Err: io.EOF},
		"failure":        {Step: 2, Call: "connect", Go: "Dialer.DialContext", Remote: remote, Err: errors.New("connection refused")},
		"stopped":        {Step: 4, Call: "accept", Go: "Listener.Accept", Local: local, Err: context.Canceled},
		"close":          {Step: 7, Call: "close", Go: "Conn.Close", Type: "SOCK_STREAM", Local: local, Remote: remote},
	}
}

// draw returns what the text sink writes for an event.
func draw(t *testing.T, e Event, colored bool, width int) string {
	t.Helper()
	var b strings.Builder
	if err := Text(&b, colored, width)(e); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// each runs a test for each shape of event and each width of a terminal.
func each(t *testing.T, test func(t *testing.T, e Event, width int)) {
	t.Helper()
	for name, e := range shapes() {
		t.Run(name, func(t *testing.T) {
			for width := 20; width <= 120 && !t.Failed(); width++ {
				test(t, e, width)
			}
		})
	}
}

// TestTextFits: no line is wider than the terminal, which would fold it by itself
// and break the columns.
func TestTextFits(t *testing.T) {
	each(t, func(t *testing.T, e Event, width int) {
		for _, l := range strings.Split(draw(t, e, false, width), "\n") {
			if got := runewidth.StringWidth(l); got > width {
				t.Errorf("width %d: a line of %d columns: %q", width, got, l)
			}
		}
	})
}

// TestTextIsWhole: folding loses nothing but the spaces where it breaks a line.
func TestTextIsWhole(t *testing.T) {
	squeeze := func(text string) string { return strings.Join(strings.Fields(text), "") }
	each(t, func(t *testing.T, e Event, width int) {
		got := squeeze(strings.Replace(draw(t, e, false, width), e.Go+"\n", "\n", 1))
		if want := squeeze(e.String()); !strings.HasSuffix(got, want) {
			t.Errorf("width %d: drawn as %q, want %q", width, got, want)
		}
	})
}

// TestTextAligned: the Go calls of all events stand under each other, and so do
// the lines of a text that goes on below, whatever the width of its characters.
func TestTextAligned(t *testing.T) {
	columns := map[int]int{}
	each(t, func(t *testing.T, e Event, width int) {
		first, rest, _ := strings.Cut(draw(t, e, false, width), "\n")
		indent := textColumn
		if e.Waiting {
			indent = 3
		}
		for _, l := range strings.Split(strings.TrimSuffix(rest, "\n"), "\n") {
			if l != "" && len(l)-len(strings.TrimLeft(l, " ")) != indent {
				t.Errorf("width %d: the text begins in column %d, this line does not: %q", width, indent, l)
			}
		}
		before, ok := strings.CutSuffix(first, e.Go)
		if !ok || e.Waiting {
			return
		}
		column := runewidth.StringWidth(before)
		if want, ok := columns[width]; ok && column != want {
			t.Errorf("width %d: the Go call is in column %d, the others in %d: %q", width, column, want, first)
		}
		columns[width] = column
	})
	if columns[80] == 0 || columns[120] == 0 {
		t.Error("a terminal of 80 columns has room for the Go call, and it was not drawn")
	}
}

// TestTextOfFile: in a file, one event is one line, however long.
func TestTextOfFile(t *testing.T) {
	for name, e := range shapes() {
		text := draw(t, e, false, 0)
		if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") || !strings.Contains(text, e.String()) {
			t.Errorf("%s: %q", name, text)
		}
		if strings.Contains(text, e.Go) == e.Waiting {
			t.Errorf("%s: the Go call belongs to the line that tells how it ended: %q", name, text)
		}
	}
}

// TestColours: they are there when asked for, are switched off again, and say
// nothing that the words do not say.
func TestColours(t *testing.T) {
	each(t, func(t *testing.T, e Event, width int) {
		plain, painted := draw(t, e, false, width), draw(t, e, true, width)
		if strings.ContainsRune(plain, '\x1b') {
			t.Errorf("colour codes that nobody asked for: %q", plain)
		}
		words, codes := colours(painted)
		if words != plain {
			t.Errorf("without its colour codes it is %q, want %q", words, plain)
		}
		if (len(codes) == 0) != e.Waiting { // the ready line is plain, for scripts
			t.Errorf("the colour codes are %v: %q", codes, painted)
		}
		for i, code := range codes {
			off := code == "0" || code == "22" // all off, or only faint off (ECMA-48, section 8.3.117)
			if off != (i%2 == 1) || !off && i == len(codes)-1 {
				t.Errorf("code %d is %s, colours should go on and off in turn: %q", i, code, painted)
			}
		}
	})
}

// TestFailureIsRed: a failure stands out, and no other event looks like one.
func TestFailureIsRed(t *testing.T) {
	for name, e := range shapes() {
		_, codes := colours(draw(t, e, true, 80))
		if slices.Contains(codes, "31") != (e.Err != nil) {
			t.Errorf("%s with the error %v has the colour codes %v", name, e.Err, codes)
		}
	}
}

// colours parts text into its words and its colour codes (ESC [ … m).
func colours(text string) (words string, codes []string) {
	parts := strings.Split(text, "\x1b[")
	for i, part := range parts[1:] {
		code, after, _ := strings.Cut(part, "m")
		codes = append(codes, code)
		parts[i+1] = after
	}
	return strings.Join(parts, ""), codes
}

// TestTextWriteError: a sink hands on what the writer says.
func TestTextWriteError(t *testing.T) {
	for name, sink := range map[string]Sink{"Text": Text(brokenWriter{}, false, 0), "JSON": JSON(brokenWriter{})} {
		if err := sink(Event{Call: "bind"}); err != errBroken {
			t.Errorf("%s returned %v, want %v", name, err, errBroken)
		}
	}
}

var errBroken = errors.New("the writer is broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
