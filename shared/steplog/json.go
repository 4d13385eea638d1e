package steplog

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"time"
)

// JSON returns a sink that writes each event to w as one JSON object a line:
//
//	time, level   when the call began; INFO, or ERROR when it failed (the end of a stream is no failure)
//	msg           what [Event.String] says
//	program, step, call, go, waiting, took_ns, family, type, descriptor,
//	local, remote, bytes, limit, cut
//	              the event's fields; those that are empty are left out
//	fault, direction
//	              in place of call and go: what a bad network did, and "up" or "down"
//	text          the data, as [Escape] shows it
//	data          the data, in base64
//	error         why the call failed
func JSON(w io.Writer) Sink {
	handler := slog.NewJSONHandler(w, nil)
	return func(e Event) error {
		level := slog.LevelInfo
		if e.Err != nil && e.Err != io.EOF {
			level = slog.LevelError
		}
		r := slog.NewRecord(e.Time, level, e.String(), 0)
		r.AddAttrs(slog.String("program", e.Program))
		if e.Fault == "" {
			r.AddAttrs(slog.String("call", e.Call), slog.String("go", e.Go))
		} else {
			r.AddAttrs(slog.String("fault", e.Fault), slog.String("direction", e.Direction))
		}
		add := func(set bool, name string, value any) {
			if set {
				r.AddAttrs(slog.Any(name, value))
			}
		}
		moved := e.Fault != "" || !e.Waiting && (e.Err == nil || e.Bytes > 0) && (strings.HasPrefix(e.Call, "send") || strings.HasPrefix(e.Call, "recv"))
		add(e.Step > 0, "step", e.Step)
		add(e.Waiting, "waiting", true)
		add(e.Took > 0, "took_ns", e.Took.Nanoseconds())
		add(e.Family != "", "family", e.Family)
		add(e.Type != "", "type", e.Type)
		add(e.Descriptor > 0, "descriptor", e.Descriptor)
		add(e.Local != "", "local", e.Local)
		add(e.Remote != "", "remote", e.Remote)
		add(moved, "bytes", e.Bytes)
		add(e.Limit > 0, "limit", e.Limit)
		add(e.Cut, "cut", true)
		if len(e.Data) > 0 {
			add(true, "text", Escape(string(e.Data)))
			add(true, "data", e.Data) // slog and encoding/json write bytes in base64
		}
		if e.Err != nil {
			add(true, "error", e.Err.Error())
		}
		return handler.Handle(context.Background(), r)
	}
}

// ReadJSON returns the event that a line of [JSON] tells of. It is the same event
// but for its error, of which only the text is left. [io.EOF] and
// [context.Canceled] are known again. The line may come from any program: ok is
// false when it is no such line.
func ReadJSON(line []byte) (e Event, ok bool) {
	var read struct {
		Time              time.Time
		Program, Call, Go string
		Step              int
		Waiting           bool
		Took              time.Duration `json:"took_ns"`
		Family, Type      string
		Descriptor        int
		Local, Remote     string
		Bytes, Limit      int
		Cut               bool
		Data              []byte
		Fault, Direction  string
		Error             string
	}
	if json.Unmarshal(line, &read) != nil || read.Program == "" || read.Call == "" && read.Fault == "" {
		return Event{}, false
	}
	for _, text := range []string{read.Program, read.Call, read.Go, read.Family, read.Type, read.Local, read.Remote, read.Fault, read.Direction} {
		if Escape(text) != text { // it could control a terminal, or forge a line
			return Event{}, false
		}
	}
	e = Event{
		Program: read.Program, Step: read.Step, Call: read.Call, Go: read.Go,
		Waiting: read.Waiting, Time: read.Time, Took: read.Took,
		Family: read.Family, Type: read.Type, Descriptor: read.Descriptor, Local: read.Local, Remote: read.Remote,
		Bytes: read.Bytes, Limit: read.Limit, Cut: read.Cut, Data: read.Data,
		Fault: read.Fault, Direction: read.Direction,
	}
	switch read.Error {
	case "":
	case io.EOF.Error():
		e.Err = io.EOF
	case context.Canceled.Error():
		e.Err = context.Canceled
	default:
		e.Err = toldError(read.Error)
	}
	return e, true
}

// A toldError is the text of an error that happened in another program.
type toldError string

func (e toldError) Error() string { return string(e) }

// Unwrap returns the last part of the text: what the system said. The errors of
// package net put the operation and the addresses before it.
func (e toldError) Unwrap() error {
	if i := strings.LastIndex(string(e), ": "); i >= 0 {
		return errors.New(string(e[i+2:]))
	}
	return nil
}
