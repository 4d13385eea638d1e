package steplog

import (
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"
	"github.com/mattn/go-runewidth"
)

// The columns of the text: the number, the document's call, what happened, and
// from goColumn on the Go call, which needs goWidth columns.
const (
	textColumn = 13
	goColumn   = 76
	goWidth    = 26
)

// Text returns a sink that draws each event for people, as one line on w:
//
//	5 recv      18 bytes of at most 1024, after 2ms: "Hello!"    Conn.Read
//
// Width is the terminal's width in columns, 0 when w is no terminal. Lines that
// are too long for a terminal go on below, under the same column; where there is
// no room for the Go call, it is left out. Colours repeat what the words already
// say; colored turns them on.
func Text(w io.Writer, colored bool, width int) Sink {
	return func(e Event) error {
		_, err := io.WriteString(w, line(e, colored, width))
		return err
	}
}

// line draws one event, with its line end.
func line(e Event, colored bool, width int) string {
	paint := Painter(colored)
	right, room := goColumn, 0 // no bound on the text of a file
	if width > 0 {
		right = min(goColumn, width-goWidth)
		room = right - 2 // two spaces before the Go call
	}
	goCall := e.Go
	if width > 0 && (right < textColumn+30 || goCall == "") {
		goCall, room = "", max(width-1, textColumn+2) // at least one wide character a line
	}
	if e.Waiting {
		return "   " + Fold(e.String(), 3, room) + "\n"
	}
	number, call := "  ", fmt.Sprintf("%-9s ", e.Call)
	if e.Step > 0 {
		number = fmt.Sprintf("%2d", e.Step)
	}
	if e.Fault != "" { // a name may be one longer than a call's, so the mark is one shorter
		number, call = "!", fmt.Sprintf("%-10s ", e.Fault)
	}
	callPaint, textPaint := Colors(e)
	first, rest, more := strings.Cut(Fold(e.String(), textColumn, room), "\n")
	drawn := number + " " + paint(callPaint, call) + paint(textPaint, first)
	if goCall != "" {
		gap := max(right-textColumn-runewidth.StringWidth(first), 2)
		drawn += strings.Repeat(" ", gap) + paint(color.Faint, goCall)
	}
	if more {
		drawn += "\n" + paint(textPaint, rest)
	}
	return drawn + "\n"
}

// Colors returns the colours of an event: one for the name of the call, which is
// the same for each kind of call, and one for what it says.
func Colors(e Event) (call, text color.Attribute) {
	switch {
	case e.Err != nil:
		return color.FgRed, color.FgRed
	case e.Fault != "":
		return color.FgRed, color.Reset
	}
	switch e.Call {
	case "accept", "connect":
		return color.FgGreen, color.Reset
	case "send", "sendto":
		return color.FgYellow, color.Reset
	case "recv", "recvfrom":
		return color.FgMagenta, color.Reset
	}
	return color.FgCyan, color.Reset
}

// Painter returns a function that colours a text, or leaves it as it is.
func Painter(colored bool) func(color.Attribute, string) string {
	return func(a color.Attribute, text string) string {
		if !colored || a == color.Reset {
			return text
		}
		c := color.New(a)
		c.EnableColor() // the caller has looked at its terminal, whatever stdout is
		return c.Sprint(text)
	}
}

// Fold breaks text into lines of at most room columns, between words where it
// can. The text begins in column indent, and each further line is moved in as
// far. Room 0 means no bound.
func Fold(text string, indent, room int) string {
	if room == 0 {
		return text
	}
	var b strings.Builder
	column := indent
	for i, word := range strings.Split(text, " ") {
		if i > 0 && column+1+runewidth.StringWidth(word) <= room {
			b.WriteByte(' ')
			column++
		} else if i > 0 {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		}
		for _, r := range word { // a word longer than a line is cut where the line ends
			if column+runewidth.RuneWidth(r) > room {
				b.WriteString("\n" + strings.Repeat(" ", indent))
				column = indent
			}
			b.WriteRune(r)
			column += runewidth.RuneWidth(r)
		}
	}
	return b.String()
}
