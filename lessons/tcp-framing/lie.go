package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"example.com/sockets/shared/experiment"
)

// What a learner can guess.
const (
	makesRoom = "it makes room for 64 MiB and waits"
	seesLie   = "it sees that the length is wrong"
)

// lie sends a length of 64 MiB, and then 5 bytes.
func lie(receive func(conn net.Conn) (room int, err error)) play {
	return func(s *experiment.Stage) (out experiment.Outcome, err error) {
		client, server, err := s.Connect()
		if err != nil {
			return out, err
		}
		if _, err := client.Write(append(binary.BigEndian.AppendUint32(nil, 64<<20), "Hello"...)); err != nil {
			return out, err
		}
		server.SetReadDeadline(s.Deadline(300 * time.Millisecond)) // else it would wait for ever
		room, err := receive(server)
		switch {
		case errors.Is(err, errTooLong):
			out.Good = true
			out.Answer = seesLie
			out.Says = fmt.Sprintf("The server read the length and nothing more: %v. It made room for %d bytes.", err, room)
		case errors.Is(err, os.ErrDeadlineExceeded):
			out.Answer = makesRoom
			out.Says = fmt.Sprintf("The server made room for %d bytes, because the peer said so, and waited for them until its deadline. Without one it would wait for ever.", room)
		default:
			return out, err
		}
		return out, nil
	}
}

// trusting believes the length.
func trusting(conn net.Conn) (room int, err error) {
	var length [4]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return 0, err
	}
	message := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err = io.ReadFull(conn, message)
	return len(message), err
}

// limited looks at the limit first.
func limited(conn net.Conn) (room int, err error) {
	message, err := readMessage(conn)
	return len(message), err
}
