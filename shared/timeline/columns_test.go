package timeline

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"example.com/sockets/shared/steplog"
	"github.com/mattn/go-runewidth"
)

// drawn is what the columns of a width show of a script, in its fixed order.
func drawn(t *testing.T, s *script, network bool, width int) string {
	t.Helper()
	rows, o := s.fixed(network)
	var b strings.Builder
	c := NewColumns(&b, width, false, "udp-client", "udp-server")
	for _, r := range rows {
		if err := c.Row(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.End(o.UnderWay()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestTwoColumns: an arrow begins where bytes leave, runs down, and ends where
// they arrive; a lost one ends midway.
func TestTwoColumns(t *testing.T) {
	want := `
udp-client                                         udp-server
──────────                                         ──────────
                                                     Waiting for datagram on
                                                     127.0.0.1:7001
  sendto   6 bytes to        ─6 bytes──╮
    127.0.0.1:7001:                    │
    "qqqqqq"                           │
                                       ✗ drop
  recvfrom failed,
    after 0s: i/o timeout
  sendto   6 bytes to        ─6 bytes──╮
    127.0.0.1:7001:                    │
    "qqqqqq"                           │
                                       ◆ dup
                                       ├─────────▶   recvfrom 6 bytes of
                                       │               at most 0 from
                                       │               127.0.0.1:50000, after
                                       │               0s: "qqqqqq"
                                       ╰─────────▶   recvfrom 6 bytes of
                                                       at most 0 from
                                                       127.0.0.1:50000, after
                                                       0s: "qqqqqq"
                                       ╭──0 bytes─   sendto   0 bytes to
                                       │               127.0.0.1:50000
  recvfrom 0 bytes of        ◀─────────╯
    at most 0 from
    127.0.0.1:7001, after
    0s
`
	if got := "\n" + drawn(t, udp(true), true, 80); got != want {
		t.Errorf("drawn:%s\nwant:%s", got, want)
	}
}

// TestOneColumn: in a narrow terminal each line says whose it is.
func TestOneColumn(t *testing.T) {
	got := drawn(t, udp(true), true, 40)
	for line := range strings.Lines(got) {
		if n := runewidth.StringWidth(line); n > 40 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	for _, want := range []string{"client    sendto ", "network drop up, ", "server    recvfrom 6 bytes"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

// TestColumnsStayStraight: whatever a peer sends, each line has the server's column
// where the head has it, and nothing that could control a terminal.
func TestColumnsStayStraight(t *testing.T) {
	for _, text := range []string{"안녕하세요, 저는 클라이언트입니다. 잘 부탁드립니다", "\x1b[31mred\x1b[2J\r\n\t\x00", "\u202egnp.exe", strings.Repeat("가", 400), "\xff\xfe\xea\xb0", "👩‍👩‍👧 e\u0301"} {
		for _, width := range []int{0, 76, 80, 104, 150} {
			var s script
			s.open()
			s.call(Client, "send", steplog.Event{Bytes: len(text), Data: []byte(text)})
			s.call(Server, "recv", steplog.Event{Bytes: len(text), Data: []byte(text)})
			got := drawn(t, &s, false, width)
			head, _, _ := strings.Cut(got, "\n")
			before, _, _ := strings.Cut(head, "udp-server")
			column := runewidth.StringWidth(before)
			for line := range strings.Lines(got) {
				line = strings.TrimSuffix(line, "\n")
				if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("unprintable: %q", line)
				}
				if width > 0 && runewidth.StringWidth(line) > width {
					t.Errorf("width %d: a line has %d columns: %q", width, runewidth.StringWidth(line), line)
				}
				if at := strings.IndexRune(line, '▶'); at >= 0 && runewidth.StringWidth(line[:at])+2 != column {
					t.Errorf("width %d: the arrow ends in column %d, and the server's column begins in %d: %q", width, runewidth.StringWidth(line[:at]), column, line)
				}
			}
		}
	}
}

// TestKoreanLocale: there, some libraries take arrows for two columns wide.
func TestKoreanLocale(t *testing.T) {
	want := drawn(t, tcp(), false, 0)
	runewidth.DefaultCondition.EastAsianWidth = true
	defer func() { runewidth.DefaultCondition.EastAsianWidth = false }()
	if got := drawn(t, tcp(), false, 0); got != want {
		t.Errorf("drawn:\n%s\nwant:\n%s", got, want)
	}
}

// TestNeverReceived: what was lost is told in the column of who did not receive it,
// and a second copy is told as one.
func TestNeverReceived(t *testing.T) {
	s := udp(true)
	s.rows = s.rows[:7] // up to the first of two copies
	s.add(Network, steplog.Event{Fault: "stranger", Direction: "down", Bytes: 9, Data: []byte("strangers")})
	s.add(Network, steplog.Event{Fault: "stranger", Direction: "up", Bytes: 7, Data: []byte("another")})
	for width, wants := range map[int][]string{
		80: {"╷ stranger\n", "  7 bytes never received\n", "\n9 bytes never received  ", " a copy of 6 bytes never received\n"},
		40: {"\nserver  7 bytes never received\n", "\nclient  9 bytes never received\n", "\nserver  a copy of 6 bytes never\n          received\n"},
	} {
		got := drawn(t, s, true, width)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("width %d lacks %q:\n%s", width, want, got)
			}
		}
	}
}

// TestBytesUnderWay: many sends at once, received together, and some never.
func TestBytesUnderWay(t *testing.T) {
	var s script
	s.open()
	for range 6 {
		s.call(Client, "send", data(20, "y"))
	}
	s.call(Server, "recv", data(110, "x"))
	got := drawn(t, &s, false, 0)
	if n := strings.Count(got, "─ 20 bytes ─"); n != 6 {
		t.Errorf("%d arrows begin, want 6:\n%s", n, got)
	}
	if strings.Count(got, "▶") != 1 || strings.Count(got, "10 bytes never received") != 1 {
		t.Errorf("want one arrow that ends, and 10 bytes never received:\n%s", got)
	}
}

func TestColumnsTellWriteErrors(t *testing.T) {
	full := errors.New("full")
	c := NewColumns(&errWriter{err: full}, 0, false, "a", "b")
	if err := c.Row(Row{}); err != full {
		t.Errorf("got %v, want %v", err, full)
	}
}

// TestSVG: the picture is XML with a title and a description that tells the whole
// conversation; data cannot break out of it.
func TestSVG(t *testing.T) {
	s := udp(true)
	s.call(Client, "sendto", steplog.Event{Type: "SOCK_DGRAM", Bytes: 9, Data: []byte("<a>&\"\x1b]]>")})
	rows, o := s.fixed(true)
	var b strings.Builder
	if err := SVG(&b, "Title <1>", "udp-client", "udp-server", rows, o.UnderWay()); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Title string `xml:"title"`
		Desc  string `xml:"desc"`
		Text  []struct {
			Class string `xml:"class,attr"`
			Text  string `xml:",chardata"`
		} `xml:"text"`
		Path []struct {
			Class string `xml:"class,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal([]byte(b.String()), &read); err != nil {
		t.Fatalf("%v:\n%s", err, b.String())
	}
	if read.Title != "Title <1>" {
		t.Errorf("title = %q", read.Title)
	}
	for _, want := range []string{
		"udp-client: sendto \"qqqqqq\".\n", "network: drop: ", "udp-server: recvfrom \"qqqqqq\" (6 bytes arrived).\n",
		"udp-client: recvfrom (0 bytes arrived).\n", `<a>&\"\x1b]]>`, "udp-server: 9 bytes never received.\n",
	} {
		if !strings.Contains(read.Desc, want) {
			t.Errorf("the description lacks %q:\n%s", want, read.Desc)
		}
	}
	paths := map[string]int{}
	for _, p := range read.Path {
		paths[p.Class]++
	}
	// Five arrows: two datagrams lost, one received twice, one answer.
	if paths["line"] != 5 || paths["tip"] != 3 || paths["cross"] != 2 {
		t.Errorf("the picture has %v, want 5 lines, 3 tips and 2 crosses", paths)
	}
	if err := SVG(&errWriter{err: io.ErrShortWrite}, "", "", "", rows, nil); err != io.ErrShortWrite {
		t.Errorf("a write error: got %v", err)
	}
}

// TestLabelsDoNotOverlap: the labels between the columns keep apart from each
// other, and have room between the columns.
func TestLabelsDoNotOverlap(t *testing.T) {
	for name, s := range map[string]*script{"tcp": tcp(), "lossy": udp(true)} {
		rows, o := s.fixed(name == "lossy")
		var b strings.Builder
		if err := SVG(&b, "", "", "", rows, o.UnderWay()); err != nil {
			t.Fatal(err)
		}
		labels := regexp.MustCompile(`<text class="(label|fault)" x="180" y="(\d+)">([^<]*)<`).FindAllStringSubmatch(b.String(), -1)
		if len(labels) < 4 {
			t.Errorf("%s: only the labels %v", name, labels)
		}
		var heights []int
		for _, label := range labels {
			y, _ := strconv.Atoi(label[2])
			heights = append(heights, y)
			if len(label[3]) > 9 {
				t.Errorf("%s: no room for %q", name, label[3])
			}
		}
		slices.Sort(heights)
		for i := range heights[1:] {
			if heights[i+1]-heights[i] < 12 {
				t.Errorf("%s: labels at %v overlap", name, heights)
			}
		}
	}
}
