package badnet

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func mustParse(t *testing.T, spec string) Faults {
	t.Helper()
	f, err := Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestParse: texts that mean the same, and what differs from them.
func TestParse(t *testing.T) {
	for _, test := range []struct{ spec, same, other string }{
		{"", "seed=1,hold=50ms", "seed=0"},
		{"drop=0.3,dup=0.1,seed=7", "seed=7,dup=.1,drop=3e-1", "drop=0.3,dup=0.1"},
		{"drop=0,delay=0s,drip=0ms", "", "drop=0.001"},
		{"drop=@2-2", "drop=@2", "drop=@2-3"},
		{"up:cut=4,down:cut=4", "cut=4", "up:cut=4"},
		{"up:stall=0", " up:stall=0 ", ""},
		{" split=1 , down:half-close=5 ", "down:half-close=5,split=1", "split=1"},
		{"delay=1500ms", "delay=1.5s", "down:delay=1500ms"},
		{"hold=0s", "hold=0ms", ""},
		{"seed=18446744073709551615", "seed=18446744073709551615", "seed=18446744073709551614"},
	} {
		f := mustParse(t, test.spec)
		if same := mustParse(t, test.same); f != same {
			t.Errorf("%q is parsed as %+v, and %q as %+v", test.spec, f, test.same, same)
		}
		if f == mustParse(t, test.other) {
			t.Errorf("%q and %q are parsed alike", test.spec, test.other)
		}
	}
	f := mustParse(t, "up:drop=0.3,down:dup=@2-5,delay=20ms,cut=0,seed=7,hold=2s")
	want := Faults{seed: 7, hold: 2 * time.Second}
	want.up[drop] = setting{on: true, probability: 0.3}
	want.down[dup] = setting{on: true, first: 2, last: 5}
	want.up[delay], want.up[cut] = setting{on: true, time: 20 * time.Millisecond}, setting{on: true}
	want.down[delay], want.down[cut] = want.up[delay], want.up[cut]
	if f != want {
		t.Errorf("parsed as %+v, want %+v", f, want)
	}
}

// TestParseErrors: an error names the word that is wrong, and says what would be right.
func TestParseErrors(t *testing.T) {
	for _, test := range []struct{ spec, word, says string }{
		{"drop=0.1,splt=1", `"splt=1"`, "there are merge, drop, "},
		{"drop", `"drop"`, "drop=0.3"},
		{"drop=", `"drop="`, "drop=0.3"},
		{"drop=1.5", `"drop=1.5"`, "from 0 to 1"},
		{"drop=-1", `"drop=-1"`, "from 0 to 1"},
		{"drop=NaN", `"drop=NaN"`, "from 0 to 1"},
		{"drop=@0", `"drop=@0"`, "counted from 1"},
		{"drop=@3-2", `"drop=@3-2"`, "counted from 1"},
		{"drop=@1-", `"drop=@1-"`, "counted from 1"},
		{"drop=@9999999999", `"drop=@9999999999"`, "counted from 1"},
		{"delay=5", `"delay=5"`, "delay=200ms"},
		{"delay=-5s", `"delay=-5s"`, "delay=200ms"},
		{"delay=2h", `"delay=2h"`, "1h"},
		{"stall=-1", `"stall=-1"`, "number of bytes"},
		{"stall=9999999999", `"stall=9999999999"`, "number of bytes"},
		{"hold=x", `"hold=x"`, "hold=2s"},
		{"hold=1s,hold=2s", `"hold=2s"`, "twice"},
		{"left:drop=1", `"left:drop=1"`, `"up" (client to server)`},
		{"seed=x", `"seed=x"`, "seed=7"},
		{"up:seed=1", `"up:seed=1"`, "no such fault"},
		{"seed=1,seed=2", `"seed=2"`, "twice"},
		{"drop=0.1,up:drop=0.2", `"up:drop=0.2"`, "up:drop is given twice"},
		{"drop=0,drop=0.1", `"drop=0.1"`, "twice"},
		{"drop=1,", `""`, "no such fault"},
		{"\x1b[31m=1", `"\x1b[31m=1"`, "no such fault"},
	} {
		f, err := Parse(test.spec)
		if err == nil || !strings.HasPrefix(err.Error(), test.word+": ") || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q gives the error %v, want one about %s with %q", test.spec, err, test.word, test.says)
		}
		if f != (Faults{}) {
			t.Errorf("%q gives an error and faults, too: %v", test.spec, f)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, d := range faults {
		f.Add(d.example)
	}
	f.Add("drop=0.3,dup=@2,up:reorder=@1-3,delay=20ms,cut=0,down:stranger=1,seed=7")
	f.Add("up:split=1e-300,down:split=0x1p-2,stall=1073741824,drip=1h,seed=0")
	f.Add("=,:=,up:,@,\x00")
	f.Fuzz(func(t *testing.T, spec string) {
		parsed, err := Parse(spec)
		if err != nil && (parsed != (Faults{}) || strings.ContainsAny(err.Error(), "\x1b\n")) {
			t.Errorf("%q gives %v and %q", spec, parsed, err)
		}
	})
}

// TestHelp: the help explains every fault, and its examples work.
func TestHelp(t *testing.T) {
	help := Help()
	for i, d := range faults {
		if !strings.Contains(help, d.example) || !strings.Contains(help, d.does) {
			t.Errorf("the help does not explain %s", d.name)
		}
		f := mustParse(t, d.example)
		if !f.up[i].on && !f.down[i].on {
			t.Errorf("the example of %s is %s", d.name, d.example)
		}
		for network := range strings.FieldsSeq(d.networks) {
			if err := f.Check(network); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	if err := mustParse(t, "delay=1s,drop=1").Check("tcp"); err == nil || !strings.Contains(err.Error(), "drop is no fault of tcp; there are merge, ") {
		t.Error(err)
	}
	if err := mustParse(t, "down:split=1").Check("udp"); err == nil || !strings.Contains(err.Error(), "split is no fault of udp") {
		t.Error(err)
	}
}

// throws throws dice n times.
func throws(f Faults, direction string, number uint64, n int) (hits [][numFaults]bool) {
	d := newDice(f, direction, number)
	for range n {
		hits = append(hits, d.throw())
	}
	return hits
}

// TestDice: the same seed gives the same faults; another seed, direction, client,
// fault or number gives others.
func TestDice(t *testing.T) {
	drops := func(spec, direction string, client uint64, which int) (hits []bool) {
		for _, hit := range throws(mustParse(t, spec), direction, client, 100) {
			hits = append(hits, hit[which])
		}
		return hits
	}
	const spec = "drop=0.5,dup=0.5,seed=7"
	first := drops(spec, "up", 1, drop)
	if !slices.Equal(first, drops(spec, "up", 1, drop)) {
		t.Error("the same seed gave other faults")
	}
	for what, other := range map[string][]bool{
		"another seed":      drops("drop=0.5,dup=0.5,seed=8", "up", 1, drop),
		"another direction": drops(spec, "down", 1, drop),
		"another client":    drops(spec, "up", 2, drop),
		"another fault":     drops(spec, "up", 1, dup),
	} {
		if slices.Equal(first, other) {
			t.Errorf("%s gave the same faults", what)
		}
	}
	changes := 0
	for i := range len(first) - 1 {
		if first[i] != first[i+1] {
			changes++
		}
	}
	if changes < 35 || changes > 65 {
		t.Errorf("of 99 neighbours, %d are of two kinds", changes)
	}
}

// TestDiceAreApart: what meets the n-th does not depend on what else happened before.
func TestDiceAreApart(t *testing.T) {
	alone := throws(mustParse(t, "drop=0.5,seed=7"), "up", 1, 100)
	d := newDice(mustParse(t, "drop=0.5,dup=0.5,up:stranger=0.1,reorder=@1-50,seed=7"), "up", 1)
	for i, want := range alone {
		if got := d.throw(); got[drop] != want[drop] {
			t.Errorf("number %d: drop is %v with other faults, %v alone", i+1, got[drop], want[drop])
		}
		for range i % 3 {
			d.roll(numFaults).IntN(100)
		}
	}
}

// TestDiceAreFair: a probability is met about as often as it says; 1 always.
func TestDiceAreFair(t *testing.T) {
	drops, dups := 0, 0
	for _, hit := range throws(mustParse(t, "drop=0.3,dup=1"), "up", 1, 10000) {
		if hit[drop] {
			drops++
		}
		if hit[dup] {
			dups++
		}
	}
	if drops < 2800 || drops > 3200 || dups != 10000 {
		t.Errorf("of 10000, %d were dropped and %d doubled", drops, dups)
	}
}

func TestDiceCount(t *testing.T) {
	for i, hit := range throws(mustParse(t, "up:drop=@2-3,dup=@1"), "up", 1, 5) {
		if hit[drop] != (i == 1 || i == 2) || hit[dup] != (i == 0) {
			t.Errorf("number %d: drop %v, dup %v", i+1, hit[drop], hit[dup])
		}
	}
	if hit := throws(mustParse(t, "up:drop=1"), "down", 1, 1)[0]; hit[drop] {
		t.Error("a fault of the direction up was made in the direction down")
	}
}

// TestListenRefuses: what is wrong is named, and nothing listens.
func TestListenRefuses(t *testing.T) {
	for _, test := range []struct{ network, addr, to, spec, says string }{
		{"sctp", "127.0.0.1:0", "127.0.0.1:7001", "", `"sctp"`},
		{"tcp", "127.0.0.1:0", "127.0.0.1:7001", "drop=1", "drop is no fault of tcp"},
		{"tcp", "here", "127.0.0.1:7001", "", `"here"`},
		{"tcp", "127.0.0.1:0", "127.0.0.1", "", `"127.0.0.1"`},
		{"udp", "127.0.0.1:0", "127.0.0.1:0", "", "cannot be 0"},
		{"udp", "0.0.0.0:0", "127.0.0.1:7001", "", `"0.0.0.0:0"`},
		{"tcp", ":0", "127.0.0.1:7001", "", `":0"`},
		{"tcp", "127.0.0.1:0", "192.0.2.1:7001", "", `"192.0.2.1:7001"`},
		{"tcp", "127.0.0.1:0", "[::ffff:192.0.2.1]:7001", "", "192.0.2.1"},
		{"tcp", "127.0.0.1:7001", "127.0.0.1:7001", "", "itself"},
	} {
		r, err := Listen(test.network, test.addr, test.to, mustParse(t, test.spec), Options{})
		if err == nil {
			r.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

func TestAllowRemote(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		r, err := Listen(network, "127.0.0.1:0", "192.0.2.1:7001", Faults{}, Options{AllowRemote: true})
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
}

func TestSleep(t *testing.T) {
	done := make(chan struct{})
	close(done)
	if sleep(done, patience) || !sleep(nil, time.Millisecond) {
		t.Error("sleep does not tell whether it was ended early")
	}
}
