// Package steplog logs socket calls as they really happen, one step at a time.
//
// A [Logger] stands between a program and package net. It takes the sockets
// that package net makes and hands back the same sockets, whose calls are now
// logged. So a program keeps calling Accept, Read, Write and Close as ever, and
// a line cannot tell of a call that was not made:
//
//	lc := net.ListenConfig{Control: steps.Socket}
//	ln, err := steps.Listener(lc.Listen(ctx, "tcp", addr))
//	…
//	conn, err := ln.Accept()
//
// Each call becomes an [Event], named as the sockets of C and Python name it
// ("recv") with the Go call beside it ("Conn.Read"). A [Sink] shows the events:
// [Text] draws coloured lines, [JSON] writes one JSON object a line.
//
// Bytes from the network are quoted before they are shown. They cannot move the
// cursor, change colours or forge a line.
package steplog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxData is how many bytes of a call's data an event keeps, and maxShown how
// many of them its text shows. An event stays small however much a peer sends.
const (
	maxData  = 1024
	maxShown = 200
)

// An Event is one documented call that really happened, or one that has begun
// and may block.
type Event struct {
	Program string // who made the call: "tcp-server"
	Step    int    // its place among the program's documented steps, from 1; 0 when it is none of them
	Call    string // the document's name: "recv"
	Go      string // the Go call that made it: "Conn.Read"

	// Waiting says that the call has begun and may block. A second event, with
	// the same Call and Time, tells how it ended.
	Waiting bool
	// When the call began, by the wall clock. Of socket, bind and listen, which
	// package net makes by itself: when the log learned of it.
	Time time.Time
	Took time.Duration // from begin to end, so also how long it blocked; 0 where package net does not tell

	Family     string // of a new socket: "AF_INET" or "AF_INET6"
	Type       string // "SOCK_STREAM" or "SOCK_DGRAM", "" where the call does not tell
	Descriptor int    // the system's number for a new socket or connection, on Windows its handle
	Local      string // the socket's own address, "" where it has none yet
	Remote     string // the peer's address, "" where there is none

	Bytes int    // how many bytes were sent or received
	Limit int    // how many bytes a recv had room for
	Cut   bool   // the datagram was longer than Limit and the system threw the rest away
	Data  []byte // the first bytes that were sent or received, at most 1024

	Err error // why the call failed; [io.EOF] when the peer ended the stream

	// Fault says that this is no call but what a bad network did to data on its
	// way: "drop". Then Local is the program that the data came from and Remote
	// the one it goes to. Limit is how many of the bytes waited (merge), went first
	// (split) or are left (cut), or how many datagrams came between (reorder);
	// Took is how long they waited or will wait.
	Fault     string
	Direction string // of a fault: "up" is client to server, "down" server to client
}

// String says in one line of plain text what the event means, without the name
// of the call. It holds no control characters, whatever the peer sent.
func (e Event) String() string {
	if e.Fault != "" {
		return e.fault()
	}
	if e.Waiting {
		return e.waiting()
	}
	switch {
	case errors.Is(e.Err, io.EOF):
		return "0 bytes: the peer ended the stream" + e.after()
	case errors.Is(e.Err, context.Canceled):
		return "stopped before it was done" + e.after()
	case e.Err != nil && e.Bytes > 0:
		return "failed" + e.after() + ", with " + count(e.Bytes) + " sent: " + Escape(cause(e.Err).Error())
	case e.Err != nil:
		return "failed" + e.after() + ": " + Escape(cause(e.Err).Error())
	}
	switch e.Call {
	case "socket":
		return fmt.Sprintf("%s, %s: descriptor %d", e.Family, e.Type, e.Descriptor)
	case "bind":
		return e.Local
	case "listen":
		return "clients may queue now (Go chose the queue's length)"
	case "accept":
		return fmt.Sprintf("%s connected%s: descriptor %d", e.Remote, e.after(), e.Descriptor)
	case "connect":
		if e.Type == "SOCK_DGRAM" {
			return e.Remote + " is the only peer now (Go's own step, nothing is sent)"
		}
		return fmt.Sprintf("to %s, from %s%s", e.Remote, e.Local, e.after())
	case "send":
		return fmt.Sprintf("%s%s", count(e.Bytes), e.data())
	case "sendto":
		return fmt.Sprintf("%s to %s%s", count(e.Bytes), e.Remote, e.data())
	case "recv":
		return fmt.Sprintf("%s of at most %d%s%s%s", count(e.Bytes), e.Limit, e.after(), e.full(), e.data())
	case "recvfrom":
		return fmt.Sprintf("%s of at most %d from %s%s%s%s", count(e.Bytes), e.Limit, e.Remote, e.after(), e.full(), e.data())
	case "shutdown":
		return "nothing more to " + e.Remote + "; it may still send"
	case "close":
		if e.Remote != "" && e.Type == "SOCK_STREAM" {
			return "the connection with " + e.Remote
		}
		if e.Type == "SOCK_STREAM" {
			return "the listening socket " + e.Local
		}
		return "the socket " + e.Local
	}
	return ""
}

// waiting says what a call that may block waits for.
func (e Event) waiting() string {
	switch {
	case e.Call == "accept":
		return "Waiting for connection on " + e.Local
	case e.Call == "connect":
		return "Waiting for an answer from " + e.Remote
	case e.Call == "recvfrom" && e.Remote == "":
		return "Waiting for datagram on " + e.Local
	case e.Call == "recvfrom":
		return "Waiting for datagram from " + e.Remote
	}
	return "Waiting for bytes from " + e.Remote
}

// after tells how long the call took, where that means a wait, or a failure.
func (e Event) after() string {
	switch {
	case e.Err != nil && e.Took > 0, e.Call == "accept", e.Call == "connect", e.Call == "recv", e.Call == "recvfrom":
		return ", after " + round(e.Took).String()
	}
	return ""
}

// full tells that a recv filled its buffer to the last byte: the only sign that
// TCP gives that more may be waiting. For a datagram the system says it itself.
func (e Event) full() string {
	switch {
	case e.Cut:
		return ", cut: the datagram was longer, its rest is lost"
	case e.Call == "recv" && e.Bytes == e.Limit:
		return ", the buffer is full: more may be waiting"
	}
	return ""
}

// data shows the first bytes that went across, quoted.
func (e Event) data() string {
	if e.Bytes == 0 {
		return ""
	}
	shown := e.Data
	if len(shown) > maxShown {
		shown = shown[:wholeRunes(shown, maxShown)]
	}
	text := ": " + Quote(string(shown))
	if more := e.Bytes - len(shown); more > 0 {
		text += fmt.Sprintf(" and %s not shown", count(more))
	}
	return text
}

// Quote shows text from outside in double quotes, as in Go source: printable
// characters of every language as they are, all else (control characters,
// escape codes, line ends, direction marks, bytes that are no UTF-8) as an
// escape like \n or \x1b. The result is one line of printable characters.
func Quote(text string) string { return strconv.Quote(text) }

// Escape is [Quote] without the quotes, for text that stands alone.
func Escape(text string) string {
	quoted := Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// Printable is [Escape] for a message: a backslash in it stays one, as when a part is
// quoted already.
func Printable(message string) string { return strings.ReplaceAll(Escape(message), `\\`, `\`) }

// cause returns the innermost error: of a failed call, the system's own words.
func cause(err error) error {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}

// wholeRunes returns the largest cut at or below n that falls between two
// characters of b, or n where b is no UTF-8.
func wholeRunes(b []byte, n int) int {
	for i := n; i > n-utf8.UTFMax && i > 0; i-- {
		if utf8.RuneStart(b[i]) {
			return i
		}
	}
	return n
}

// count says n bytes, in the singular for one.
func count(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return strconv.Itoa(n) + " bytes"
}

// round gives a duration to a tenth of a second, a tenth of a millisecond or a
// microsecond: what a reader looks at.
func round(d time.Duration) time.Duration {
	switch {
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}

// family and kind name what package net tells of a socket ("tcp4", "udp6") as
// the document's socket() call names it.
func family(network string) string {
	if strings.HasSuffix(network, "6") {
		return "AF_INET6"
	}
	return "AF_INET"
}

func kind(network string) string {
	if strings.HasPrefix(network, "udp") {
		return "SOCK_DGRAM"
	}
	return "SOCK_STREAM"
}
