package check

import (
	"bytes"
	"fmt"
	"slices"
)

// longest is more bytes than any datagram of a burst has. An answer without room
// for so many is told before.
const longest = 200

// burst lets every peer send some datagrams, all before any echo is read. The
// echoes may come in any order. Each datagram of a peer has another length, and all
// are longer than what tells them apart.
func (s *server) burst(peers []*peer, round, each int) bool {
	s.mark()
	sent := make([][][]byte, len(peers))
	for j := range each {
		for i, p := range peers {
			text := burstHead(round, i, j)
			text = append(text, letters(j*37%each)...)
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
			if s.silenced = s.slow(); s.silenced {
				return false
			}
		}
	}
	for j := range each { // in the order in which they were sent, as lost wants it
		for i, p := range peers {
			if want := sent[i][j]; !has(got[i], want) {
				s.lost(p, want, each, slices.Concat(got...), slices.Concat(sent...))
				return false
			}
		}
	}
	return true
}

// burstHead is how a datagram of a burst begins.
func burstHead(round, peer, number int) []byte {
	return fmt.Appendf(nil, "burst-%02d-peer-%d-datagram-%03d.", round, peer+1, number+1)
}

// lost finds out why one datagram of a burst did not come back to its sender: the
// first that did not.
func (s *server) lost(p *peer, want []byte, each int, got, sent [][]byte) {
	if s.failed() {
		return
	}
	story := fmt.Sprintf("%d datagrams were sent at once; %s sent %s, and it did not come back to it", len(sent), p.name, show(want))
	// All before it came back. So bytes that were written over an earlier one are not
	// these, and these have only lost their length.
	head, _, _ := bytes.Cut(want, []byte("."))
	for _, data := range got {
		if bytes.HasPrefix(data, head) && !bytes.Equal(data, want) {
			s.tr.Wrong(sharedLength, "%s: it has %d bytes, and %d came.", story, len(want), len(data))
			return
		}
	}
	for i, data := range got {
		switch {
		case !has(sent, data) && p.sentBefore(data):
			s.tr.Wrong(twice, "%s: the earlier %s came twice.", story, show(data))
			return
		case !has(sent, data), has(got[:i], data):
			s.tr.Wrong(sharedBuffer, "%s. What came was %s. Such datagrams: %d.", story, show(data), times(got, data))
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
