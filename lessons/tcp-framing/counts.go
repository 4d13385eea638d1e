package main

import "fmt"

// counts are what a learner can guess, where so many messages were sent.
func counts(sent int) []string {
	return []string{fmt.Sprintf("fewer than %d", sent), fmt.Sprint(sent), fmt.Sprintf("more than %d", sent)}
}

func compare(got, sent int) string {
	switch answers := counts(sent); {
	case got < sent:
		return answers[0]
	case got > sent:
		return answers[2]
	default:
		return answers[1]
	}
}
