package steplog

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// hostile are bytes that a peer may send to move the cursor, to change colours,
// to turn the text around or to forge a line.
var hostile = []string{
	"", "plain", `back\slash "quoted" \"both\" \`, "tab\tline\nreturn\rnul\x00bell\a",
	"\x1b[31mred\x1b]0;title\a", "\u009b31m", "\u202eright to left", "zero\u200bwidth\ufeff", "soft\u00adhyphen",
	"line\u2028paragraph\u2029", "안녕하세요", "cut: \xec\x95", "\xff\xfe", "\u200dfamily", "\U000e0041tag", "�",
}

// checkShown fails when text holds what could change how a terminal shows it:
// control characters, format characters, line ends, bytes that are no UTF-8.
func checkShown(t *testing.T, what, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s is no UTF-8: %+.80q", what, text)
	}
	for i, r := range text {
		if ' ' <= r && r <= '~' {
			continue // the quick way, for the test of all characters
		}
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) {
			t.Errorf("%s holds the character %U: %+.80q", what, r, text[i:])
			return
		}
	}
}

// FuzzShown feeds bytes of a peer to everything that shows them to people.
func FuzzShown(f *testing.F) {
	for _, text := range hostile {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		quoted, escaped := Quote(string(data)), Escape(string(data))
		checkShown(t, "Quote", quoted)
		checkShown(t, "Escape", escaped)
		if back, err := strconv.Unquote(quoted); err != nil || back != string(data) {
			t.Errorf("Quote %s stands for %+q (%v), not for %+q", quoted, back, err, data)
		}
		for _, call := range []string{"send", "sendto", "recv", "recvfrom"} {
			e := Event{Call: call, Limit: len(data), Bytes: len(data), Data: keep(data)}
			checkShown(t, call, e.String())
		}
		e := Event{Call: "connect", Err: &net.DNSError{Err: string(data), Name: string(data)}}
		checkShown(t, "an error", e.String())
		checkShown(t, "a line", strings.TrimSuffix(line(e, false, 0), "\n"))
	})
}

// TestEveryCharacter goes through all of Unicode once, and through all bytes.
func TestEveryCharacter(t *testing.T) {
	var all strings.Builder
	for r := range rune(unicode.MaxRune + 1) {
		all.WriteRune(r)
	}
	for b := range 256 {
		all.WriteByte(byte(b))
		all.WriteByte(' ')
	}
	checkShown(t, "Quote", Quote(all.String()))
	checkShown(t, "Escape", Escape(all.String()))
}

// TestEscapeIsNotAmbiguous: two different texts never look the same.
func TestEscapeIsNotAmbiguous(t *testing.T) {
	seen := map[string]string{}
	for _, text := range append([]string{`\n`, "\n", `\\n`, `"`, `\"`, `\x1b`, "\x1b"}, hostile...) {
		if other, ok := seen[Escape(text)]; ok && other != text {
			t.Errorf("%+q and %+q are both shown as %s", other, text, Escape(text))
		}
		seen[Escape(text)] = text
	}
}

// TestDataShown: an event keeps at most 1024 bytes and its text shows at most 200
// of them. It cuts between two characters and says how much it leaves out.
func TestDataShown(t *testing.T) {
	for _, test := range []struct {
		name string
		data string
		keep int
		show int
	}{
		{"short", "Hello!", 6, 6},
		{"as long as the text may be", strings.Repeat("a", 200), 200, 200},
		{"one byte longer", strings.Repeat("a", 201), 201, 200},
		{"as long as an event may be", strings.Repeat("a", 1024), 1024, 200},
		{"longer than an event may be", strings.Repeat("a", 5000), 1024, 200},
		{"3 bytes a character", strings.Repeat("가", 100), 300, 198},
		{"3 bytes a character, from byte 1", "a" + strings.Repeat("가", 100), 301, 199},
		{"3 bytes a character, from byte 2", "aa" + strings.Repeat("가", 100), 302, 200},
		{"4 bytes a character, from byte 1", "a" + strings.Repeat("🙂", 100), 401, 197},
		{"no characters at all", strings.Repeat("\x80", 300), 300, 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := Event{Call: "send", Bytes: len(test.data), Data: keep([]byte(test.data))}
			if len(e.Data) != test.keep || !strings.HasPrefix(test.data, string(e.Data)) {
				t.Errorf("the event keeps %d bytes, want the first %d", len(e.Data), test.keep)
			}
			text := e.String()
			want := fmt.Sprintf("%s: %s", count(len(test.data)), Quote(test.data[:test.show]))
			if left := len(test.data) - test.show; left > 0 {
				want += fmt.Sprintf(" and %s not shown", count(left))
			}
			if text != want {
				t.Errorf("shown as %s\nwant     %s", text, want)
			}
		})
	}
}

// TestDataIsACopy: the program uses its buffer again, and the events must not
// change with it.
func TestDataIsACopy(t *testing.T) {
	_, client, there, here := tcpPair(t, t.Context())
	buf := []byte("first")
	write(t, there, []byte("reply"))
	write(t, here, buf)
	sent := client.last(t)
	read(t, here, buf)
	received := client.last(t)
	copy(buf, "XXXXX")
	if string(sent.Data) != "first" || string(received.Data) != "reply" {
		t.Errorf("the events now hold %q and %q", sent.Data, received.Data)
	}
}

// TestOneByte: the texts say "1 byte" and "2 bytes".
func TestOneByte(t *testing.T) {
	for n, want := range map[int]string{0: "0 bytes of ", 1: "1 byte of ", 2: "2 bytes of "} {
		if got := (Event{Call: "recv", Bytes: n}).String(); !strings.HasPrefix(got, want) {
			t.Errorf("%d: %q", n, got)
		}
	}
}

// TestEventText: a text says how far the call came, and how long it took where
// that is known.
func TestEventText(t *testing.T) {
	const took, peer = 1500 * time.Millisecond, "127.0.0.1:7001"
	late := os.ErrDeadlineExceeded
	for _, test := range []struct {
		name  string
		event Event
		want  string
	}{
		{"failed", Event{Call: "send", Took: took, Err: late}, "failed, after 1.5s: i/o timeout"},
		{"failed halfway", Event{Call: "send", Took: took, Bytes: 3, Data: []byte("abc"), Err: late}, "failed, after 1.5s, with 3 bytes sent: i/o timeout"},
		{"failed, nobody knows when", Event{Call: "bind", Err: late}, "failed: i/o timeout"},
		{"nothing to send", Event{Call: "send", Took: took}, "0 bytes"},
		{"empty datagram", Event{Call: "recvfrom", Limit: 200, Remote: peer, Took: took}, "0 bytes of at most 200 from " + peer + ", after 1.5s"},
		{"full buffer", Event{Call: "recv", Limit: 2, Bytes: 2, Data: []byte("ab"), Took: took}, `2 bytes of at most 2, after 1.5s, the buffer is full: more may be waiting: "ab"`},
	} {
		if got := test.event.String(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestCause: the text of a failure is the system's own words. What package net
// says around them is in the event's other fields.
func TestCause(t *testing.T) {
	inner := errors.New("no luck")
	e := Event{Call: "connect", Err: &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("wrapped: %w", inner)}}
	if text := e.String(); !strings.HasSuffix(text, ": no luck") || strings.Contains(text, "wrapped") {
		t.Errorf("shown as %q", text)
	}
}
