package main

import (
	"fmt"
	"time"

	"example.com/sockets/shared/experiment"
)

const dripsOn = "never, while bytes come"

const (
	replySize = 1000
	perByte   = 100 * time.Millisecond
	wanted    = 500 * time.Millisecond
)

// drip lets the server send one byte after the other, and the client receive until
// it gives up, or has so many bytes. Deadline is the one for the next recv.
func drip(s *experiment.Stage, most int, deadline func() time.Time) (got int, took time.Duration, gaveUp, err error) {
	client, server, err := s.Connect()
	if err != nil {
		return 0, 0, nil, err
	}
	done := make(chan struct{})
	began := time.Now()
	err = s.Both(func() error {
		defer close(done)
		buf := make([]byte, replySize)
		for got < most && gaveUp == nil {
			client.SetReadDeadline(deadline())
			var n int
			n, gaveUp = client.Read(buf[got:])
			got += n
		}
		took = time.Since(began)
		return nil
	}, func() error {
		for range most {
			if _, err := server.Write([]byte(".")); err != nil {
				return err
			}
			select {
			case <-done:
				return nil
			case <-time.After(perByte):
			}
		}
		return nil
	})
	return got, took.Round(time.Millisecond), gaveUp, err
}

func dripIdle(s *experiment.Stage) (out experiment.Outcome, err error) {
	const most = 8 // without it, this would take minutes
	got, took, gaveUp, err := drip(s, most, func() time.Time { return s.Deadline(wanted) })
	if err != nil {
		return out, err
	}
	out.Good = took <= wanted
	out.Answer = dripsOn
	if out.Good {
		out.Answer = "after 500ms"
	}
	if gaveUp != nil { // a busy computer sent a byte so late that a deadline came
		out.Says = fmt.Sprintf("After %v the client gave up, with %d of %d bytes: %s. The deadlines before had all begun anew.", took, got, replySize, tell(gaveUp))
		return out, nil
	}
	all := took / time.Duration(max(got-1, 1)) * (replySize - 1) // the first byte came at once
	out.Says = fmt.Sprintf("After %v the client had %d of %d bytes, and no deadline had come. Here the experiment stopped it. At this speed the whole reply takes %v.", took, got, replySize, all.Round(time.Second))
	return out, nil
}

func dripTotal(s *experiment.Stage) (out experiment.Outcome, err error) {
	var end time.Time
	got, took, gaveUp, err := drip(s, replySize, func() time.Time {
		if end.IsZero() {
			end = s.Deadline(wanted)
		}
		return end
	})
	if err != nil {
		return out, err
	}
	out.Good = isTimeout(gaveUp)
	out.Says = fmt.Sprintf("After %v the client gave up, with %d of %d bytes: %s.", took, got, replySize, tell(gaveUp))
	return out, nil
}
