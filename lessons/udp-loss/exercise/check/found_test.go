//go:build catalogue

package check

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"example.com/sockets/shared/exam"
)

// foundSends are wrong answers that once passed, or were told the wrong thing.
var foundSends = []exam.Answer[sender]{
	{"a deadline of now stays, for Write too", "deadline-left", wakesReader(net.Conn.SetDeadline)},
	{"a deadline of now stays, for Read", "deadline-left", wakesReader(net.Conn.SetReadDeadline)},
}

// wakesReader ends its reader with a deadline, and leaves that for the next call.
func wakesReader(set func(net.Conn, time.Time) error) sender {
	return func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		done := make(chan error, 1)
		var wg sync.WaitGroup
		wg.Go(func() { done <- waitForever(conn, seq) })
		defer wg.Wait()
		defer func() { set(conn, time.Now()) }()
		for range tries {
			if _, err := conn.Write(append(number(seq), p...)); err != nil {
				return err
			}
			select {
			case err := <-done:
				return err
			case <-time.After(timeout):
			}
		}
		return errors.New("no acknowledgement")
	}
}

// waitForever reads until the acknowledgement comes, or a Read fails.
func waitForever(conn net.Conn, seq uint32) error {
	buf := make([]byte, 64)
	for {
		n, err := conn.Read(buf)
		if err != nil || bytes.Equal(buf[:n], number(seq)) {
			return err
		}
	}
}

// reads is a Send whose only mistake is how it waits: wait returns nil for the
// acknowledgement, and a time-out for the next try.
func reads(wait func(conn net.Conn, seq uint32, timeout time.Duration) error) sender {
	return func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		for range tries {
			if _, err := conn.Write(append(number(seq), p...)); err != nil {
				return err
			}
			if err := wait(conn, seq, timeout); !isTimeout(err) {
				return err
			}
		}
		return os.ErrDeadlineExceeded
	}
}

var _ = binary.BigEndian
