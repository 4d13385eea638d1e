package badnet

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/sockets/shared/steplog"
)

// Faults says what a relay does to the traffic of each direction. The zero value
// is a perfect network. Two equal values make the same faults.
type Faults struct {
	up, down settings
	seed     uint64
	hold     time.Duration // how long merge and reorder wait for what comes next
}

// What is not given.
const (
	defaultSeed = 1
	defaultHold = 50 * time.Millisecond
)

// The faults, in the order in which a chunk or a datagram meets them.
const (
	merge = iota
	drop
	reorder
	cut
	delay
	split
	drip
	stall
	halfClose
	reset
	stranger
	dup
	numFaults
)

// The kinds of a fault's value.
const (
	valueWhen = "WHEN"
	valueTime = "TIME"
	valueSize = "N"
)

// A fault describes one fault, for Parse and for Help.
type fault struct{ name, value, networks, example, does string }

var faults = [numFaults]fault{
	merge:     {"merge", valueWhen, "tcp", "merge=@1", "the chunk waits for the next one, and goes on together with it"},
	drop:      {"drop", valueWhen, "udp", "drop=0.3", "the datagram is lost"},
	reorder:   {"reorder", valueWhen, "udp", "up:reorder=@1-3", "the datagram waits until the next one has overtaken it"},
	cut:       {"cut", valueSize, "udp", "cut=4", "what is beyond the first N bytes of a datagram is lost"},
	delay:     {"delay", valueTime, "tcp udp", "delay=200ms", "every chunk or datagram goes on TIME late; the order stays"},
	split:     {"split", valueWhen, "tcp", "split=0.5", "the chunk goes on in two pieces, the second 20ms after the first"},
	drip:      {"drip", valueTime, "tcp", "down:drip=50ms", "bytes go on one at a time, TIME apart"},
	stall:     {"stall", valueSize, "tcp", "down:stall=5", "after N bytes nothing goes on any more; the connection stays open"},
	halfClose: {"half-close", valueSize, "tcp", "half-close=5", "after N bytes this direction is ended (FIN); the other goes on"},
	reset:     {"reset", valueSize, "tcp", "down:reset=5", "after N bytes nothing goes either way, and both sides are reset (RST)"},
	stranger:  {"stranger", valueWhen, "udp", "down:stranger=@1", "just before the datagram, another one comes from a socket that is not the peer"},
	dup:       {"dup", valueWhen, "udp", "dup=@2", "the datagram goes on twice"},
}

// settings are the faults of one direction.
type settings [numFaults]setting

// A setting is the value of one fault. Which fields it uses depends on its kind.
type setting struct {
	on          bool
	probability float64       // WHEN, 0 where it is a range
	first, last int           // WHEN, counted from 1
	time        time.Duration // TIME
	size        int           // N
}

// The largest values. What is beyond them is a slip of the pen.
const (
	maxTime = time.Hour
	maxSize = 1 << 30
)

// Parse reads faults as people write them: NAME=VALUE, joined by commas, with
// "up:" or "down:" before a name that is meant for one direction only. [Help]
// explains every name. The empty text is a perfect network. An error names the
// word that is wrong.
func Parse(spec string) (Faults, error) {
	f := Faults{seed: defaultSeed, hold: defaultHold}
	if strings.TrimSpace(spec) == "" {
		return f, nil
	}
	given := map[string]bool{}
	for word := range strings.SplitSeq(spec, ",") {
		word = strings.TrimSpace(word)
		if err := f.parseWord(word, given); err != nil {
			return Faults{}, fmt.Errorf("%s: %w", steplog.Quote(word), err)
		}
	}
	return f, nil
}

// parseWord reads one NAME=VALUE. Given has the names before it.
func (f *Faults) parseWord(word string, given map[string]bool) (err error) {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "seed":
		if f.seed, err = strconv.ParseUint(value, 10, 64); err != nil {
			return fmt.Errorf("the seed is a whole number from 0, for example seed=7")
		}
		return once(given, name)
	case "hold":
		if f.hold, err = parseTime(value); err != nil {
			return fmt.Errorf("%w, for example hold=2s", err)
		}
		return once(given, name)
	}
	direction, bare, limited := strings.Cut(name, ":")
	if !limited {
		direction, bare = "", name
	} else if direction != "up" && direction != "down" {
		return fmt.Errorf(`before the colon stands "up" (client to server) or "down" (server to client)`)
	}
	i := slices.IndexFunc(faults[:], func(d fault) bool { return d.name == bare })
	if i < 0 {
		return fmt.Errorf("no such fault; there are %s, hold and seed", strings.Join(names(""), ", "))
	}
	s, err := parseValue(faults[i].value, value)
	if err != nil {
		return fmt.Errorf("%w, for example %s", err, faults[i].example)
	}
	if direction != "down" {
		f.up[i] = s
		err = once(given, "up:"+bare)
	}
	if direction != "up" && err == nil {
		f.down[i] = s
		err = once(given, "down:"+bare)
	}
	return err
}

// once refuses a name that is among those given.
func once(given map[string]bool, name string) error {
	if given[name] {
		return fmt.Errorf("%s is given twice", name)
	}
	given[name] = true
	return nil
}

// parseValue reads a value of a kind. One that never does anything, like the
// probability 0, is the same as none.
func parseValue(kind, text string) (s setting, err error) {
	which, numbered := strings.CutPrefix(text, "@")
	switch {
	case kind == valueTime:
		s.time, err = parseTime(text)
		s.on = s.time > 0
	case kind == valueSize:
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || n > maxSize {
			return s, fmt.Errorf("write a number of bytes from 0 to %d", maxSize)
		}
		s.on, s.size = true, int(n)
	case numbered:
		from, to, isRange := strings.Cut(which, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 31)
		last, err2 := strconv.ParseUint(to, 10, 31)
		if err != nil || err2 != nil || first < 1 || first > last {
			return s, fmt.Errorf("after @ write which one, or from which to which, counted from 1")
		}
		s.on, s.first, s.last = true, int(first), int(last)
	default:
		s.probability, err = strconv.ParseFloat(text, 64)
		if err != nil || !(s.probability >= 0 && s.probability <= 1) {
			return s, fmt.Errorf("write a probability from 0 to 1, or @ and which one")
		}
		s.on = s.probability > 0
	}
	return s, err
}

func parseTime(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > maxTime {
		return 0, fmt.Errorf("write a time from 0s to %v", maxTime)
	}
	return d, nil
}

// Check tells whether a relay for network, "tcp" or "udp", can make these faults.
func (f Faults) Check(network string) error {
	for i, d := range faults {
		if (f.up[i].on || f.down[i].on) && !slices.Contains(strings.Fields(d.networks), network) {
			return fmt.Errorf("%s is no fault of %s; there are %s", d.name, network, strings.Join(names(network), ", "))
		}
	}
	return nil
}

// names lists the faults of a network, or all.
func names(network string) (list []string) {
	for _, d := range faults {
		if strings.Contains(d.networks, network) {
			list = append(list, d.name)
		}
	}
	return list
}

// Help explains every fault, with an example of each.
func Help() string {
	var b strings.Builder
	b.WriteString(`Faults are written NAME=VALUE and joined by commas: split=0.3,down:reset=5
  up:NAME=VALUE    only from client to server; down: only from server to client
  split=0.3        a probability: about 3 of 10 chunks or datagrams, chosen by the seed
  split=@2         the 2nd one; @1-3 the 1st to 3rd, of each direction and each client
  delay=20ms       a time, as 500ms or 2s
  stall=5          a number of bytes
  hold=2s          how long merge and reorder wait for the next one at most, before the first
                   goes on alone; it is 50ms when not given
  seed=7           chooses the same faults again; it is 1 when not given
`)
	for _, network := range []string{"tcp", "udp"} {
		fmt.Fprintf(&b, "\nFaults of %s, each with an example:\n", network)
		for _, d := range faults {
			if strings.Contains(d.networks, network) {
				fmt.Fprintf(&b, "  %-19s%s\n", d.example, d.does)
			}
		}
	}
	return b.String()
}

// dice decides which faults meet a chunk or a datagram, of one direction of one
// connection or client.
type dice struct {
	settings
	key    [32]byte // what a roll depends on: seed, client and direction, fault, number
	thrown int
}

// newDice returns the dice of one direction of the client that came as the
// number-th.
func newDice(f Faults, direction string, number uint64) dice {
	d := dice{settings: f.up}
	number *= 2
	if direction == "down" {
		d.settings = f.down
		number++
	}
	binary.LittleEndian.PutUint64(d.key[0:], f.seed)
	binary.LittleEndian.PutUint64(d.key[8:], number)
	return d
}

// throw tells of each fault that has a WHEN whether it meets the next chunk or datagram.
func (d *dice) throw() (hit [numFaults]bool) {
	d.thrown++
	for i, s := range d.settings {
		switch {
		case s.probability > 0:
			hit[i] = d.roll(i).Float64() < s.probability
		case s.first > 0:
			hit[i] = s.first <= d.thrown && d.thrown <= s.last
		}
	}
	return hit
}

// roll returns random numbers for one purpose and what was thrown for last. They
// depend on nothing else that has happened: neither on other faults nor on time.
func (d *dice) roll(purpose int) *rand.Rand {
	binary.LittleEndian.PutUint64(d.key[16:], uint64(purpose))
	binary.LittleEndian.PutUint64(d.key[24:], uint64(d.thrown))
	return rand.New(rand.NewChaCha8(d.key))
}
