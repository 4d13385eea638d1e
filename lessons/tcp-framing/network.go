package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"example.com/sockets/shared/experiment"
)

type play = func(s *experiment.Stage) (experiment.Outcome, error)

// merged sends three messages through a network that lets the first one wait for
// what comes next.
func merged(f framing) play {
	faults := func(rest time.Duration) string { return fmt.Sprintf("merge=@1,hold=%v", 2*time.Second+2*rest) }
	return through(faults, f, "buy 7", "sell 3", "stop")
}

// dripped sends two messages through a network that passes on single bytes.
func dripped(f framing) play {
	faults := func(rest time.Duration) string { return fmt.Sprintf("drip=%v", 5*time.Millisecond+rest) }
	return through(faults, f, "buy 7", "stop")
}

// anyBytes sends two messages, one with a newline in it, through a good network.
func anyBytes(f framing) play {
	none := func(time.Duration) string { return "" }
	return through(none, f, "a note", "two\nlines")
}

// through sends messages through a network with these faults, each with one send,
// and looks what the server makes of the stream. The faults are slower where each
// call is followed by a rest.
func through(faults func(rest time.Duration) string, f framing, messages ...string) play {
	return func(s *experiment.Stage) (out experiment.Outcome, err error) {
		ln, err := s.Listen()
		if err != nil {
			return out, err
		}
		addr, err := s.Through("tcp", ln.Addr().String(), faults(s.Rest()))
		if err != nil {
			return out, err
		}
		client, err := s.Dial("", "tcp", addr)
		if err != nil {
			return out, err
		}
		var got []string
		err = s.Both(func() error {
			for _, m := range messages {
				if _, err := client.Write(f.pack(m)); err != nil {
					return err
				}
			}
			return client.Close()
		}, func() error {
			conn, err := ln.Accept()
			if err != nil {
				return err
			}
			got, err = all(f, conn)
			return errors.Join(err, conn.Close())
		})
		out.Good = slices.Equal(got, messages)
		out.Answer = compare(len(got), len(messages))
		out.Says = fmt.Sprintf("The client sent %d messages: %q. The server got %d: %q.", len(messages), messages, len(got), got)
		return out, err
	}
}

// all takes messages out of a stream until it ends.
func all(f framing, conn io.Reader) (messages []string, err error) {
	r := bufio.NewReaderSize(conn, maxMessage)
	for {
		m, err := f.next(r)
		if err == io.EOF {
			return messages, nil
		}
		if err != nil {
			return messages, err
		}
		messages = append(messages, m)
	}
}
