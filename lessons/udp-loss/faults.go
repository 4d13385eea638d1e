package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"example.com/sockets/shared/experiment"
)

var counted = []string{"one", "two", "three"}

func sendAndHope(s *experiment.Stage) (out experiment.Outcome, err error) {
	client, server, err := open(s, "up:drop=@2")
	if err != nil {
		return out, err
	}
	if err := sendAll(client, counted); err != nil {
		return out, err
	}
	got, err := recvSome(s, server, 2)
	out.Good = slices.Equal(got, counted)
	out.Answer = "no call"
	out.Says = fmt.Sprintf("The client made %d sends, and none failed. The server got %s, and knows of nothing else.", len(counted), quoted(got))
	return out, err
}

func inOrderOfArrival(s *experiment.Stage) (out experiment.Outcome, err error) {
	client, server, err := open(s, "up:reorder=@1")
	if err != nil {
		return out, err
	}
	if err := sendAll(client, counted); err != nil {
		return out, err
	}
	got, err := recvSome(s, server, len(counted))
	if err != nil {
		return out, err
	}
	if len(got) == 0 {
		return out, errors.New("nothing came")
	}
	out.Good = slices.Equal(got, counted)
	out.Answer = fmt.Sprintf("%q", got[0])
	out.Says = fmt.Sprintf("The client sent %s. The server got %s.", quoted(counted), quoted(got))
	return out, nil
}

func takeTheFirst(s *experiment.Stage) (out experiment.Outcome, err error) {
	client, server, err := open(s, "up:stranger=@1")
	if err != nil {
		return out, err
	}
	if err := sendAll(client, counted[:1]); err != nil {
		return out, err
	}
	buf := make([]byte, 1024)
	server.SetReadDeadline(s.Deadline(2 * time.Second))
	n, _, err := server.ReadFrom(buf)
	out.Good = string(buf[:n]) == counted[0]
	out.Answer = "the stranger's"
	if out.Good {
		out.Answer = "the client's"
	}
	out.Says = fmt.Sprintf("The client sent %q. The server got %q and took it for the client's.", counted[0], buf[:n])
	return out, err
}
