package main

import (
	"fmt"
	"slices"
	"strings"

	"example.com/sockets/shared/experiment"
)

var texts = []string{"1 one", "2 two", "3 three, the longest text", "4 four", "5 five"}

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
	out.Answer = map[int]string{0: "none", len(texts): "all 5"}[c.good]
	if out.Answer == "" {
		out.Answer = "some of them"
	}
	out.Says = fmt.Sprintf("Of %d texts, %d came whole, once and in their order. Missing: %d, twice or more: %d, too late: %d, cut: %d. From a stranger: %d.",
		len(texts), c.good, c.missing, c.doubled, c.late, c.cut, c.strange)
	return out, err
}

// A tally is what became of the texts. One can be doubled and cut and late.
type tally struct{ good, missing, doubled, late, cut, strange int }

// count compares what came with what was sent.
func count(got []string) (c tally) {
	came := make([]int, len(texts))
	late := make([]bool, len(texts))
	highest := 0
	for _, g := range got {
		i := slices.IndexFunc(texts, func(text string) bool { return g != "" && strings.HasPrefix(text, g) })
		if i < 0 {
			c.strange++
			continue
		}
		late[i] = late[i] || came[i] == 0 && i < highest
		highest = max(highest, i)
		came[i]++
	}
	for i, text := range texts {
		whole := slices.Contains(got, text)
		switch {
		case came[i] == 0:
			c.missing++
		case !whole:
			c.cut++
		case came[i] == 1 && !late[i]:
			c.good++
		}
		if late[i] {
			c.late++
		}
		if came[i] > 1 {
			c.doubled++
		}
	}
	return c
}

func makeWhole(s *experiment.Stage) (out experiment.Outcome, err error) {
	got, sends, err := deliverTexts(s, bad(), texts)
	out.Good = slices.Equal(got, texts)
	out.Says = fmt.Sprintf("The client needed %d sends. The server has %d of %d texts, whole, once each and in order: %s.", sends, len(got), len(texts), quoted(got))
	return out, err
}
