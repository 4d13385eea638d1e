//go:build catalogue

package exam

import "testing"

func TestEndlessAnswer(t *testing.T) {
	endsTheProcess(t, "TestEndlessAnswer", "has no end", deadlyAnswer{func() { select {} }, Endless.Idea, Ended.Idea})
}
