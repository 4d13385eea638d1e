// Package solution holds one good answer to the exercise of lesson 8.
package solution

import (
	"io"
	"net"
	"time"
)

// Receive reads exactly n bytes from conn. The peer may pause for at most idle, and
// all of it takes at most total. With an error it returns what came so far.
func Receive(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
	// The end of it all is one moment, worked out once.
	end := time.Now().Add(total)
	// A deadline belongs to the connection and stays until it is taken away.
	defer conn.SetReadDeadline(time.Time{})

	buf := make([]byte, n)
	got := 0
	for got < n {
		// The end of the pause is worked out again before each Read. What comes
		// first, this or the end of it all, ends the Read.
		deadline := time.Now().Add(idle)
		if end.Before(deadline) {
			deadline = end
		}
		if err := conn.SetReadDeadline(deadline); err != nil {
			return buf[:got], err
		}
		// The buffer ends where the n bytes end, so no Read can take more.
		m, err := conn.Read(buf[got:])
		got += m
		if err == io.EOF && got < n {
			return buf[:got], io.ErrUnexpectedEOF
		}
		if err != nil && got < n {
			return buf[:got], err
		}
	}
	return buf, nil
}
