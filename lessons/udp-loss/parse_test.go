package main

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// FuzzParse: whatever comes, nothing panics, and number and payload together are
// the datagram.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "\x00\x00\x00", "\x00\x00\x00\x07", "\x00\x00\x00\x01one", strange} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, datagram []byte) {
		number, payload, ok := parse(datagram)
		if ok != (len(datagram) >= header) {
			t.Fatalf("ok is %v for %d bytes", ok, len(datagram))
		}
		if again := append(binary.BigEndian.AppendUint32(nil, number), payload...); ok && string(again) != string(datagram) {
			t.Fatalf("%q became %q", datagram, again)
		}
	})
}

const strange = "Hello, i'm a stranger!"

// FuzzPieces: each piece fits into a datagram, and all together are the texts again.
func FuzzPieces(f *testing.F) {
	for _, seed := range []string{"", "one", "one\x00two", meeting, "\x00\x00", strings.Repeat("가", 40)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, all string) {
		texts := strings.Split(strings.ReplaceAll(all, "\n", "\x00"), "\x00")
		sent := pieces(texts)
		for _, p := range sent {
			if len(p) == 0 || len(p) > piece {
				t.Fatalf("a piece of %d bytes", len(p))
			}
		}
		if got := lines(strings.Join(sent, "")); !slices.Equal(got, texts) {
			t.Fatalf("%q became %q", texts, got)
		}
	})
}

// TestCount: each text is told by what happened to it.
func TestCount(t *testing.T) {
	one, two, three, four, five := texts[0], texts[1], texts[2], texts[3], texts[4]
	for _, tt := range []struct {
		got  []string
		want tally
	}{
		{texts, tally{good: 5}},
		{nil, tally{missing: 5}},
		{[]string{one, one, two, three, four, five}, tally{good: 4, doubled: 1}},
		{[]string{two, one, three, four, five}, tally{good: 4, late: 1}},
		{[]string{one, two, three[:fits], four, five}, tally{good: 4, cut: 1}},
		{[]string{strange, one, two, three, four, "", five}, tally{good: 5, strange: 2}},
		{[]string{five, three[:fits], three[:fits]}, tally{good: 1, missing: 3, doubled: 1, late: 1, cut: 1}},
	} {
		if c := count(tt.got); c != tt.want {
			t.Errorf("%q: %+v, want %+v", tt.got, c, tt.want)
		}
	}
}
