//go:build unix

package experiment

import (
	"strings"
	"testing"
	"time"
)

func TestFullBacklog(t *testing.T) {
	full := Way{Play: func(s *Stage) (out Outcome, err error) {
		ln, err := s.ListenBacklog(1)
		if err != nil {
			return out, err
		}
		for clients := 0; clients < 10 && !out.Good; clients++ { // none is accepted
			_, err := s.DialTimeout("", "tcp", ln.Addr().String(), 200*time.Millisecond)
			out.Good = err != nil
		}
		return out, nil
	}}
	got, err := played(t, "", Part{Naive: breaks, Repaired: full})
	if err != nil || !strings.Contains(got, "connect  failed, after 2") {
		t.Errorf("%v, and:\n%s", err, got)
	}
}
