package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"example.com/sockets/shared/experiment"
)

// What a learner can guess.
const (
	allWhole = "yes, each"
	someCut  = "no, 가 is cut"
)

// sendKorean sends 1200 bytes and ends the stream. They have arrived when it returns.
func sendKorean(s *experiment.Stage) (client *experiment.Conn, err error) {
	client, server, err := s.Connect()
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(server, korean); err != nil {
		return nil, err
	}
	if err := client.Arrived(len(korean)); err != nil {
		return nil, err
	}
	return client, server.Close()
}

var korean = strings.Repeat("가", 400)

// toEnd calls recv until the stream ends, and hands over what each one returned.
func toEnd(conn *experiment.Conn, each func(b []byte)) error {
	buf := make([]byte, 1024)
	for {
		n, err := conn.Read(buf)
		if n > 0 {
			each(buf[:n])
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func decodeEach(s *experiment.Stage) (out experiment.Outcome, err error) {
	client, err := sendKorean(s)
	if err != nil {
		return out, err
	}
	texts, broken := 0, 0
	err = toEnd(client, func(b []byte) {
		texts++
		if !utf8.ValidString(string(b)) {
			broken++
		}
	})
	out.Good = broken == 0
	out.Answer = someCut
	if out.Good {
		out.Answer = allWhole
	}
	out.Says = fmt.Sprintf("Of the %d texts, %d begin or end inside a character.", texts, broken)
	return out, err
}

func decodeAll(s *experiment.Stage) (out experiment.Outcome, err error) {
	client, err := sendKorean(s)
	if err != nil {
		return out, err
	}
	var all []byte
	err = toEnd(client, func(b []byte) { all = append(all, b...) })
	text := string(all)
	out.Good = utf8.ValidString(text) && text == korean
	out.Says = fmt.Sprintf("The client received %d bytes, and then made a text of them: %d characters.", len(all), utf8.RuneCountInString(text))
	return out, err
}
