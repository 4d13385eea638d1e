// Package timeline puts what a client, a server and the network between them did
// into one order, and draws it: two columns, with arrows between them where bytes
// went across.
//
// What it orders and draws is calls, not packets. An [Order] takes the rows of
// all sides as they come and gives them back in an order in which no effect
// stands above its cause: no recv above the send that its bytes came from, no
// accept above its connect, no end of a stream above the close that made it.
package timeline

import (
	"fmt"
	"time"
	"unicode/utf8"

	"example.com/sockets/shared/steplog"
	"github.com/mattn/go-runewidth"
)

// A Side is who did something.
type Side int

const (
	Client  Side = iota // the left column
	Network             // the middle: a network that misbehaves
	Server              // the right column
	sides
)

// String names the side.
func (s Side) String() string { return [...]string{"client", "network", "server"}[s] }

// other is the peer of a client or a server.
func (s Side) other() Side { return Server - s }

// A Row is one line of the time line: a call of a program, or a fault of the
// network, or what a program printed.
type Row struct {
	Side  Side
	Who   string        // a letter, where several clients share a side: "A"
	Event steplog.Event // without Call and Fault where the row is text
	Text  string        // what the program printed, one line, escaped
	Error bool          // the text was printed to standard error

	// What [Order] finds out. Arrows begin in a row that sends, and end in the rows
	// that received its bytes.
	Departs *Flight  // the bytes that leave here
	Lands   []Flight // of each flight that bytes arrived from here: how many
	Hit     *Flight  // the datagram that a fault of the network was made to here
}

// A Flight is bytes on their way to a program: those of one send of a stream, or
// one datagram.
type Flight struct {
	ID    int  // counts from 1, in the order of the sends
	From  Side // who sent it: the network, where it lets a stranger speak
	To    Side
	Bytes int  // of the whole flight; of a landing, how many arrived in this row
	Done  bool // of a landing: nothing of it is under way any more
	// Half says that the other end gives no events, or is no program of the two:
	// nobody can tell whether it received these bytes, or in how many sends it
	// sent them.
	Half bool
	// Again says that one copy of the datagram was received: this is another.
	Again bool

	port   string // of its sender
	data   []byte // the first bytes
	limit  int    // how many bytes of it are left after a cut
	copies int    // how often it can still land
	landed int    // bytes that arrived
	level  int    // of the row that it left in, or last went through
}

// when returns the moment that a row counts from. A call that gives something to
// the network counts from when it began: what it gave may arrive before it
// returns. A call that takes something counts from when it had it.
func (r Row) when() time.Time {
	switch r.Event.Call {
	case "accept", "recv", "recvfrom":
		if !r.Event.Waiting {
			return r.Event.Time.Add(r.Event.Took)
		}
	}
	if r.Event.Err != nil {
		return r.Event.Time.Add(r.Event.Took)
	}
	return r.Event.Time
}

// maxQuoted is how many bytes of a call's data are shown at most.
const maxQuoted = 48

// clip returns the event with at most so many bytes of its data, not cut inside a
// character.
func clip(e steplog.Event, most int) steplog.Event {
	if len(e.Data) <= most {
		return e
	}
	n := most
	for n > most-utf8.UTFMax && !utf8.RuneStart(e.Data[n]) {
		n--
	}
	e.Data = e.Data[:n]
	return e
}

// never says what became of a flight that did not land to its end.
func (f Flight) never() string {
	if f.Again {
		return "a copy of " + count(f.Bytes) + " never received"
	}
	return count(f.Bytes) + " never received"
}

// cells measures text in columns. What is of "ambiguous" width, as the arrows are,
// is one column wide in today's terminals, in a Korean locale too.
var cells = &runewidth.Condition{StrictEmojiNeutral: true}

// count says n bytes, in the singular for one.
func count(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
