package main

import (
	"fmt"
	"slices"
	"time"

	"example.com/sockets/shared/experiment"
)

// reliably sends the texts as numbered messages, through the faults.
func reliably(faults string) func(s *experiment.Stage) (experiment.Outcome, error) {
	return func(s *experiment.Stage) (out experiment.Outcome, err error) {
		got, sends, err := deliverAll(s, faults, counted)
		out.Good = slices.Equal(got, counted)
		out.Says = fmt.Sprintf("The client needed %d sends for %d messages. The server delivered %s.", sends, len(counted), quoted(got))
		return out, err
	}
}

// deliverAll sends messages until all are acknowledged, and returns what was
// delivered, and how many sends it took.
func deliverAll(s *experiment.Stage, faults string, messages []string) (got []string, sends int, err error) {
	client, server, err := open(s, faults)
	if err != nil {
		return nil, 0, err
	}
	from := sender{conn: client, tries: 100, wait: func() time.Time { return s.Deadline(40 * time.Millisecond) }}
	err = s.Both(func() error {
		defer server.Close() // ends receive
		for _, message := range messages {
			if err := from.send([]byte(message)); err != nil {
				return err
			}
		}
		return nil
	}, func() error {
		return receive(server, func(payload []byte) { got = append(got, string(payload)) })
	})
	return got, from.sends, err
}
