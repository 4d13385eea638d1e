package main

import (
	"fmt"
	"slices"
	"strings"

	"example.com/sockets/shared/experiment"
)

// The network of these parts carries datagrams of so many bytes. So a payload may
// have what the number leaves of it.
const (
	fits  = 16
	piece = fits - header
)

const meeting = "Meet me at eighteen past nine"

func takeWhatCame(s *experiment.Stage) (out experiment.Outcome, err error) {
	client, server, err := open(s, fmt.Sprintf("cut=%d", fits))
	if err != nil {
		return out, err
	}
	if err := sendAll(client, []string{meeting}); err != nil {
		return out, err
	}
	got, err := recvSome(s, server, 1)
	out.Good = slices.Equal(got, []string{meeting})
	out.Answer = "a part, and no error"
	if len(got) == 0 {
		out.Answer = "nothing"
	}
	out.Says = fmt.Sprintf("The client sent %q. The server got %s, with no error.", meeting, quoted(got))
	return out, err
}

func inPieces(s *experiment.Stage) (out experiment.Outcome, err error) {
	got, sends, err := deliverTexts(s, fmt.Sprintf("cut=%d", fits), []string{meeting})
	out.Good = slices.Equal(got, []string{meeting})
	out.Says = fmt.Sprintf("The client made %d sends of at most %d bytes. The server put together %s.", sends, fits, quoted(got))
	return out, err
}

// deliverTexts sends the texts in pieces that fit, and puts together what is
// delivered.
func deliverTexts(s *experiment.Stage, faults string, texts []string) (got []string, sends int, err error) {
	delivered, sends, err := deliverAll(s, faults, pieces(texts))
	return lines(strings.Join(delivered, "")), sends, err
}

// pieces puts a newline behind each text, as its end, and cuts it into pieces.
func pieces(texts []string) (all []string) {
	for _, text := range texts {
		for p := range slices.Chunk([]byte(text+"\n"), piece) {
			all = append(all, string(p))
		}
	}
	return all
}

// lines returns the texts in a stream. One without its end is not whole.
func lines(stream string) (texts []string) {
	for {
		text, rest, whole := strings.Cut(stream, "\n")
		if !whole {
			return texts
		}
		texts, stream = append(texts, text), rest
	}
}
