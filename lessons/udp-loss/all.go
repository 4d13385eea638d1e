package main

import (
	"fmt"
	"slices"

	"example.com/sockets/shared/experiment"
)

var texts = []string{"text 1", "text 2", "text 3, the longest one of all", "text 4", "text 5"}

// bad is a network with all faults.
func bad() string {
	return fmt.Sprintf("drop=0.3,dup=0.2,reorder=0.2,up:stranger=0.2,cut=%d,seed=%d", fits, seed)
}

func hopeForAll(s *experiment.Stage) (out experiment.Outcome, err error) {
	client, server, err := open(s, bad())
	if err != nil {
		return out, err
	}
	if err := sendAll(client, texts); err != nil {
		return out, err
	}
	got, err := recvSome(s, server, 0)
	c := count(got)
	out.Good = slices.Equal(got, texts)
	switch c.good {
	case 0:
		out.Answer = "none"
	case len(texts):
		out.Answer = "all 5"
	default:
		out.Answer = "some of them"
	}
	out.Says = fmt.Sprintf("Of %d texts, %d came whole, once and in their order. Missing: %d, twice or more: %d, too late: %d, cut: %d. From a stranger: %d.",
		len(texts), c.good, c.missing, c.doubled, c.late, c.cut, c.strange)
	return out, err
}

func makeWhole(s *experiment.Stage) (out experiment.Outcome, err error) {
	got, sends, err := deliverTexts(s, bad(), texts)
	out.Good = slices.Equal(got, texts)
	out.Says = fmt.Sprintf("The client needed %d sends. The server has %d of %d texts, whole, once each and in order: %s.", sends, len(got), len(texts), quoted(got))
	return out, err
}
