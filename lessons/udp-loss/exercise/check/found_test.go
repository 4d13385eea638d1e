//go:build catalogue

package check

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"example.com/sockets/lessons/udp-loss/exercise/solution"
	"example.com/sockets/shared/exam"
)

// foundSends are wrong answers that once passed, or were told the wrong thing.
var foundSends = []exam.Answer[sender]{
	{"a deadline of now stays, for Write too", "deadline-left", wakesReader(net.Conn.SetDeadline)},
	{"a deadline of now stays, for Read", "deadline-left", wakesReader(net.Conn.SetReadDeadline)},
	{"at most ten reads", "noise-sends", reads(tenReads)},
	{"time that shrinks too fast", "noise-sends", reads(shrinkingTime)},
	{"gives up after ten reads", "noise-fails", readsTenInAll},
	{"cuts what is too long", "changed", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return solution.Send(conn, seq, p[:min(len(p), 65503)], timeout, tries)
	}},
	{"bufio.Writer that is too small for what is too long", "changed", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		bw := bufio.NewWriterSize(conn, 65507)
		bw.Write(number(seq))
		bw.Write(p)
		if err := bw.Flush(); err != nil {
			return err
		}
		if err := waitFor(conn, seq, time.Now().Add(timeout)); !isTimeout(err) || tries == 1 {
			return err
		}
		return solution.Send(conn, seq, p, timeout, tries-1)
	}},
	{"leaves the reader when Write fails", "reads-on", leavesReaderOnError},
	{"sleeps a fifth of the timeout", "ack-missed", sleepsFirst(5)},
	{"sleeps a tenth of the timeout", "ack-missed", sleepsFirst(10)},
	{"one deadline for all tries", "deadline-once", oneForAll},
}

func tenReads(conn net.Conn, seq uint32, timeout time.Duration) error {
	conn.SetReadDeadline(time.Now().Add(timeout))
	buf := make([]byte, 64)
	for range 10 {
		n, err := conn.Read(buf)
		if err != nil || bytes.Equal(buf[:n], number(seq)) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

// shrinkingTime takes off the time since the begin after each Read, and not since the
// Read before.
func shrinkingTime(conn net.Conn, seq uint32, timeout time.Duration) error {
	buf := make([]byte, 64)
	start := time.Now()
	for left := timeout; left > 0; left -= time.Since(start) {
		conn.SetReadDeadline(time.Now().Add(left))
		n, err := conn.Read(buf)
		if err != nil || bytes.Equal(buf[:n], number(seq)) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

func readsTenInAll(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	left := 10
	return reads(func(conn net.Conn, seq uint32, timeout time.Duration) error {
		end := time.Now().Add(timeout)
		conn.SetReadDeadline(end)
		buf := make([]byte, 64)
		for {
			n, err := conn.Read(buf)
			if err != nil || bytes.Equal(buf[:n], number(seq)) {
				return err
			}
			if left--; left == 0 {
				return errors.New("too much noise")
			}
		}
	})(conn, seq, p, timeout, tries)
}

func leavesReaderOnError(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	conn.SetReadDeadline(time.Time{})
	done := make(chan error, 1)
	go func() { done <- waitForever(conn, seq) }()
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
	conn.SetReadDeadline(time.Now())
	<-done
	return errors.New("no acknowledgement")
}

func sleepsFirst(part time.Duration) sender {
	return reads(func(conn net.Conn, seq uint32, timeout time.Duration) error {
		end := time.Now().Add(timeout)
		time.Sleep(timeout / part)
		return waitFor(conn, seq, end)
	})
}

// oneForAll has one deadline, at which all tries would be over.
func oneForAll(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	end := time.Now().Add(timeout * time.Duration(tries))
	return reads(func(conn net.Conn, seq uint32, _ time.Duration) error {
		return waitFor(conn, seq, end)
	})(conn, seq, p, timeout, tries)
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
