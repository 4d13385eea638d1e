package main

import (
	"errors"
	"fmt"
	"time"

	"example.com/sockets/shared/errno"
	"example.com/sockets/shared/experiment"
)

const (
	bothAtOnce = "both at once"
	fullWaits  = "at the full queue after 400ms, the other at once"
	bothWait   = "both after 400ms"
)

// patience is how long a client waits for its connect.
const patience = 400 * time.Millisecond

// attempts fills the queue of a server. It returns how many clients wait there, the
// error of one that found it full, and the error of one that found nobody.
func attempts(s *experiment.Stage) (queued int, full, refused, err error) {
	ln, err := s.ListenBacklog(1)
	if err != nil {
		return 0, nil, nil, err
	}
	first, err := s.Dial(name(0), "tcp", ln.Addr().String())
	if err != nil {
		return 0, nil, nil, err
	}
	// How many more fit into a queue for one differs from system to system.
	for queued = 1; queued < 10; queued++ {
		if _, full = s.DialTimeout(name(queued), "tcp", ln.Addr().String(), patience); full != nil {
			break
		}
	}
	s.ClientNote("And now to a port where nobody listens:")
	// Such a port is the first client's own. No other program can begin to listen there.
	_, refused = s.DialTimeout(name(queued+1), "tcp", first.LocalAddr().String(), patience)
	for _, failed := range []error{full, refused} {
		if failed != nil && !isTimeout(failed) && !errors.Is(failed, errno.ECONNREFUSED) {
			return 0, nil, nil, failed // this computer itself had no socket, or no way
		}
	}
	return queued, full, refused, nil
}

// name is A for the first client, then B, and so on.
func name(i int) string { return string(rune('A' + i)) }

func oneForAll(s *experiment.Stage) (out experiment.Outcome, err error) {
	queued, full, refused, err := attempts(s)
	if err != nil {
		return out, err
	}
	out.Good = full == nil || refused == nil // else both are the same to this program
	switch {
	case isTimeout(full) && errors.Is(refused, errno.ECONNREFUSED):
		out.Answer = fullWaits
	case isTimeout(full) && isTimeout(refused):
		out.Answer = bothWait
	default:
		out.Answer = bothAtOnce
	}
	if out.Good {
		out.Says = fmt.Sprintf("One of the two connects did not fail, with %d clients in the queue.", queued)
		return out, nil
	}
	out.Says = fmt.Sprintf("Both connects failed, so the program said twice that there is no server. But at the first address there is one, and %d clients wait in its queue.", queued)
	return out, nil
}

func toldApart(s *experiment.Stage) (out experiment.Outcome, err error) {
	_, full, refused, err := attempts(s)
	if err != nil {
		return out, err
	}
	out.Good = isTimeout(full) && errors.Is(refused, errno.ECONNREFUSED)
	out.Says = fmt.Sprintf("Of the full queue the program said %q: to try again later may help. Of the other port it said %q: that is an answer, and it came at once.", tell(full), tell(refused))
	return out, nil
}
