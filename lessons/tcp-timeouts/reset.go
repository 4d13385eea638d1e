package main

import (
	"errors"
	"fmt"
	"io"

	"example.com/sockets/shared/experiment"
)

const (
	saysEnd   = "0 bytes: the end of the stream"
	saysReset = "it fails: a reset"
)

const wholeReply = "Fine, thanks."

// receiveHalf lets the server break off in the middle of its reply. It returns what
// the client had when a recv failed, and the error.
func receiveHalf(s *experiment.Stage) (got string, failed, err error) {
	client, server, err := s.Connect()
	if err != nil {
		return "", nil, err
	}
	if _, err := io.WriteString(server, wholeReply[:6]); err != nil {
		return "", nil, err
	}
	buf := make([]byte, 100)
	n, err := client.Read(buf)
	if err != nil {
		return "", nil, err
	}
	// With SO_LINGER 0, close sends no end of the stream but a reset (socket(7)).
	if err := server.TCP().SetLinger(0); err != nil {
		return "", nil, err
	}
	s.ServerNote("SetLinger(0): close will reset the connection.")
	if err := server.Close(); err != nil {
		return "", nil, err
	}
	for failed == nil {
		var more int
		more, failed = client.Read(buf[n:])
		n += more
	}
	return string(buf[:n]), failed, nil
}

func anyErrorIsEnd(s *experiment.Stage) (out experiment.Outcome, err error) {
	got, failed, err := receiveHalf(s)
	if err != nil {
		return out, err
	}
	out.Good = got == wholeReply
	out.Answer = tell(failed)
	switch {
	case isReset(failed):
		out.Answer = saysReset
	case errors.Is(failed, io.EOF):
		out.Answer = saysEnd
	}
	out.Says = fmt.Sprintf("The client took %q for the whole reply. The server wanted to say %q.", got, wholeReply)
	return out, nil
}

func onlyEndIsEnd(s *experiment.Stage) (out experiment.Outcome, err error) {
	got, failed, err := receiveHalf(s)
	if err != nil {
		return out, err
	}
	out.Good = isReset(failed)
	out.Says = fmt.Sprintf("The client has %q, and knows that this is not the whole reply: %s.", got, tell(failed))
	return out, nil
}
