package main

import (
	"slices"
	"strings"
)

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
