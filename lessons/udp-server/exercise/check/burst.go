package check

import (
	"bytes"
	"fmt"
	"slices"
)

// burst lets every peer send some datagrams, all before any echo is read. The
// echoes may come in any order.
func (s *server) burst(peers []*peer, round, each int) bool {
	s.mark()
	sent := make([][][]byte, len(peers))
	for j := range each {
		for i, p := range peers {
			text := fmt.Appendf(nil, "burst-%02d-peer-%d-datagram-%02d", round, i+1, j+1)
			sent[i] = append(sent[i], text)
			if !p.send(text) {
				return false
			}
		}
	}
	got := make([][][]byte, len(peers))
	for i, p := range peers {
		for range each {
			data, came := p.receive(nil, turns)
			if !came {
				break
			}
			got[i] = append(got[i], data)
		}
	}
	for i, p := range peers {
		for _, want := range sent[i] {
			if !has(got[i], want) {
				s.lost(p, want, each, slices.Concat(got...), slices.Concat(sent...))
				return false
			}
		}
	}
	return true
}

// lost finds out why one datagram of a burst did not come back to its sender.
func (s *server) lost(p *peer, want []byte, each int, got, sent [][]byte) {
	if s.failed() {
		return
	}
	story := fmt.Sprintf("%d datagrams were sent at once; %s sent %s, and it did not come back to it", len(sent), p.name, show(want))
	for i, data := range got {
		switch {
		case !has(sent, data) && p.sentBefore(data):
			s.tr.Wrong(twice, "%s: the earlier %s came twice.", story, show(data))
			return
		case !has(sent, data), has(got[:i], data):
			s.tr.Wrong(sharedBuffer, "%s. What came, %d times, was %s.", story, times(got, data), show(data))
			return
		}
	}
	switch {
	case has(got, want), s.wroteElsewhere(p, each):
		s.tr.Wrong(sender, "%s: it went to another.", story)
	case s.returned():
		s.early()
	default:
		s.tr.Wrong(skips, "%s: %d of %d came back.", story, len(got), len(sent))
	}
}

// wroteElsewhere tells whether, since the mark, p got too few echoes, and somebody
// else more than there were datagrams of his.
func (s *server) wroteElsewhere(p *peer, each int) bool {
	count := map[string]int{}
	sent, _ := s.since()
	for _, w := range sent {
		count[w.to]++
	}
	for to, n := range count {
		isPeer := slices.ContainsFunc(s.peers, func(p *peer) bool { return p.name == to })
		if count[p.name] < each && (n > each || !isPeer) {
			return true
		}
	}
	return false
}

func times(list [][]byte, data []byte) (n int) {
	for _, d := range list {
		if bytes.Equal(d, data) {
			n++
		}
	}
	return n
}
