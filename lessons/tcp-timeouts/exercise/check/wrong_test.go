//go:build catalogue

package check

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"example.com/sockets/shared/exam"
)

// parts is an answer in parts, so that a wrong one shows only what is wrong.
// A part that is nil is right.
type parts struct {
	// before comes before each Read; conn has no deadline before the first.
	before func(conn net.Conn, reads int, began time.Time, idle, total time.Duration) error
	// piece returns the buffer for the next Read.
	piece func(missing int) []byte
	// failed returns what Receive returns when a Read failed.
	failed func(got []byte, n int, err error) ([]byte, error)
	// leave comes last.
	leave func(conn net.Conn, err error)
}

func (p parts) receive(conn net.Conn, n int, idle, total time.Duration) (got []byte, err error) {
	if p.before == nil {
		p.before = func(conn net.Conn, _ int, began time.Time, idle, total time.Duration) error {
			return conn.SetReadDeadline(time.Now().Add(min(idle, total-time.Since(began))))
		}
	}
	if p.piece == nil {
		p.piece = func(missing int) []byte { return make([]byte, missing) }
	}
	if p.failed == nil {
		p.failed = func(got []byte, _ int, err error) ([]byte, error) { return got, unexpected(err) }
	}
	if p.leave == nil {
		p.leave = func(conn net.Conn, _ error) { conn.SetReadDeadline(time.Time{}) }
	}
	defer func() { p.leave(conn, err) }()
	began := time.Now()
	for reads := 0; len(got) < n; reads++ {
		if err := p.before(conn, reads, began, idle, total); err != nil {
			return got, err
		}
		buf := p.piece(n - len(got))
		m, err := conn.Read(buf)
		got = append(got, buf[:m]...)
		if err != nil {
			return p.failed(got, n, err)
		}
	}
	return got, nil
}

// after is a right answer whose result is changed.
func after(change func(got []byte, n int, err error) ([]byte, error)) receiver {
	return func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		got, err := parts{}.receive(conn, n, idle, total)
		return change(got, n, err)
	}
}

// failing is right but for what it returns when a Read fails.
func failing(failed func(got []byte, n int, err error) ([]byte, error)) receiver {
	return parts{failed: failed}.receive
}

// waiting is right but for the deadline that it sets before a Read.
func waiting(before func(conn net.Conn, reads int, began time.Time, idle, total time.Duration) error) receiver {
	return parts{before: before}.receive
}

var wrongs = []exam.Answer[receiver]{
	// bytes
	{"one Read", "one-read", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		if n == 0 {
			return nil, nil
		}
		conn.SetReadDeadline(time.Now().Add(min(idle, total)))
		buf := make([]byte, n)
		m, err := conn.Read(buf)
		return buf[:m], unexpected(err)
	}},
	{"one Read, and the whole buffer", "one-read whole-buffer", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		buf := make([]byte, n)
		conn.SetReadDeadline(time.Now().Add(min(idle, total)))
		defer conn.SetReadDeadline(time.Time{})
		_, err := conn.Read(buf)
		return buf, err
	}},
	{"one Read, and fewer bytes are an early end", "one-read", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		if n == 0 {
			return nil, nil
		}
		conn.SetReadDeadline(time.Now().Add(min(idle, total)))
		buf := make([]byte, n)
		m, err := conn.Read(buf)
		if err == nil && m < n {
			err = io.ErrUnexpectedEOF
		}
		return buf[:m], unexpected(err)
	}},
	{"reads into a large buffer and cuts", "reads-past", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		got, err := parts{piece: func(int) []byte { return make([]byte, 4096) }}.receive(conn, n, idle, total)
		return got[:min(len(got), n)], err
	}},
	{"reads into a large buffer and returns all", "reads-past", parts{piece: func(int) []byte { return make([]byte, 4096) }}.receive},
	{"each Read has room for n bytes, and cuts", "reads-past", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		got, err := parts{piece: func(int) []byte { return make([]byte, n) }}.receive(conn, n, idle, total)
		return got[:min(len(got), n)], err
	}},
	{"idle for every four bytes", "idle-once", inWords(4)},
	{"idle for every eight bytes", "idle-once", inWords(8)},
	{"leaves a deadline where nothing is to read", "deadline-left", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		conn.SetReadDeadline(time.Now().Add(total))
		if n == 0 {
			return nil, nil
		}
		return parts{}.receive(conn, n, idle, total)
	}},
	{"a deadline in an hour", "deadline-left", parts{leave: func(conn net.Conn, _ error) { conn.SetReadDeadline(time.Now().Add(time.Hour)) }}.receive},
	{"closes its direction after a time-out", "closed", parts{leave: func(conn net.Conn, err error) {
		conn.SetReadDeadline(time.Time{})
		if tcp, ok := conn.(*net.TCPConn); ok && isTimeout(err) {
			tcp.CloseRead()
		}
	}}.receive},
	{"deadlines only for a TCPConn", "no-idle", parts{
		before: func(conn net.Conn, _ int, began time.Time, idle, total time.Duration) error {
			if tcp, ok := conn.(*net.TCPConn); ok {
				return tcp.SetReadDeadline(time.Now().Add(min(idle, total-time.Since(began))))
			}
			return nil
		},
	}.receive},
	{"spins at the end until total, and knows it", "end-not-seen", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		return parts{}.receive(hopeful{conn, time.Now().Add(total)}, n, idle, total)
	}},
	{"bufio.Reader", "reads-past", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		buf := make([]byte, n)
		got, err := io.ReadFull(bufio.NewReader(patient{conn, idle, time.Now().Add(total)}), buf)
		return buf[:got], unexpected(err)
	}},
	{"reads to the end, and cuts", "waits-for-end", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		all, err := io.ReadAll(patient{conn, idle, time.Now().Add(total)})
		if err == nil && len(all) < n {
			err = io.ErrUnexpectedEOF
		}
		return all[:min(n, len(all))], err
	}},
	{"reads before it looks whether bytes are missing", "zero-bytes", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		if n > 0 {
			return parts{}.receive(conn, n, idle, total)
		}
		got, err := parts{}.receive(conn, 1, idle, total)
		return got, err
	}},
	{"n = 0 is an error", "zero-bytes", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		if n <= 0 {
			return nil, errors.New("n must be positive")
		}
		return parts{}.receive(conn, n, idle, total)
	}},
	{"the whole buffer with an error", "whole-buffer", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		buf := make([]byte, n)
		_, err := io.ReadFull(patient{conn, idle, time.Now().Add(total)}, buf)
		return buf, unexpected(err)
	}},
	{"zeros before the bytes", "whole-buffer wrong-bytes", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		got, err := parts{}.receive(conn, n, idle, total)
		return append(make([]byte, n), got...), err
	}},
	{"trims", "wrong-bytes", after(func(got []byte, n int, err error) ([]byte, error) { return bytes.TrimSpace(got), err })},
	{"each piece to the start of the buffer", "wrong-bytes", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		buf := make([]byte, n)
		r := patient{conn, idle, time.Now().Add(total)}
		for got := 0; got < n; {
			m, err := r.Read(buf[:n-got])
			got += m
			if err != nil {
				return buf[:got], unexpected(err)
			}
		}
		return buf, nil
	}},

	// time
	{"no deadline", "no-idle no-total", waiting(func(net.Conn, int, time.Time, time.Duration, time.Duration) error { return nil })},
	{"only total", "no-idle", waiting(func(conn net.Conn, _ int, began time.Time, _, total time.Duration) error {
		return conn.SetReadDeadline(began.Add(total))
	})},
	{"idle only after the first bytes", "no-idle", waiting(func(conn net.Conn, reads int, began time.Time, idle, total time.Duration) error {
		if reads == 0 {
			idle = total
		}
		return conn.SetReadDeadline(time.Now().Add(min(idle, total-time.Since(began))))
	})},
	{"a write deadline", "deadline-left no-idle no-total", waiting(func(conn net.Conn, _ int, began time.Time, idle, total time.Duration) error {
		return conn.SetWriteDeadline(time.Now().Add(min(idle, total-time.Since(began))))
	})},
	{"the later of the two", "no-idle no-total", waiting(func(conn net.Conn, _ int, began time.Time, idle, total time.Duration) error {
		return conn.SetReadDeadline(time.Now().Add(max(idle, total-time.Since(began))))
	})},
	{"goes on after a time-out", "no-idle no-total", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		var got []byte
		for {
			more, err := parts{}.receive(conn, n-len(got), idle, total)
			got = append(got, more...)
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				return got, err
			}
		}
	}},
	{"idle once, at the start", "idle-once", waiting(func(conn net.Conn, reads int, _ time.Time, idle, total time.Duration) error {
		if reads > 0 {
			return nil
		}
		return conn.SetReadDeadline(time.Now().Add(min(idle, total)))
	})},
	{"SetDeadline and io.ReadFull", "idle-once", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		conn.SetDeadline(time.Now().Add(min(idle, total)))
		defer conn.SetDeadline(time.Time{})
		buf := make([]byte, n)
		got, err := io.ReadFull(conn, buf)
		return buf[:got], unexpected(err)
	}},
	{"only idle", "no-total", waiting(func(conn net.Conn, _ int, _ time.Time, idle, _ time.Duration) error {
		return conn.SetReadDeadline(time.Now().Add(idle))
	})},
	{"the shorter of the two, anew before each Read", "no-total", waiting(func(conn net.Conn, _ int, _ time.Time, idle, total time.Duration) error {
		return conn.SetReadDeadline(time.Now().Add(min(idle, total)))
	})},
	{"total only between Reads", "total-between-reads", waiting(func(conn net.Conn, _ int, began time.Time, idle, total time.Duration) error {
		if time.Since(began) > total {
			return os.ErrDeadlineExceeded
		}
		return conn.SetReadDeadline(time.Now().Add(idle))
	})},
	{"half of idle", "early", waiting(func(conn net.Conn, _ int, began time.Time, idle, total time.Duration) error {
		return conn.SetReadDeadline(time.Now().Add(min(idle/2, total-time.Since(began))))
	})},
	{"time of its own", "early no-total", waiting(func(conn net.Conn, _ int, _ time.Time, _, _ time.Duration) error {
		return conn.SetReadDeadline(time.Now().Add(80 * time.Millisecond))
	})},
	{"tries once more after a time-out", "late", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		got, err := parts{}.receive(conn, n, idle, total)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			var more []byte
			more, err = parts{}.receive(conn, n-len(got), idle, total)
			got = append(got, more...)
		}
		return got, err
	}},
	{"a second at least", "late", waiting(func(conn net.Conn, _ int, began time.Time, idle, total time.Duration) error {
		return conn.SetReadDeadline(time.Now().Add(min(max(idle, time.Second), max(total, time.Second)-time.Since(began))))
	})},
	{"context.DeadlineExceeded", "timeout-unknown", failing(func(got []byte, n int, err error) ([]byte, error) {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = context.DeadlineExceeded
		}
		return got, unexpected(err)
	})},
	{"an error with %v", "other-error timeout-unknown", failing(func(got []byte, n int, err error) ([]byte, error) {
		if err == io.EOF {
			return got, io.ErrUnexpectedEOF
		}
		return got, fmt.Errorf("receive: %v", err)
	})},
	{"every failure is an early end", "other-error timeout-unknown", failing(func(got []byte, n int, err error) ([]byte, error) {
		return got, io.ErrUnexpectedEOF
	})},
	{"a time-out is an early end too", "timeout-unknown", failing(func(got []byte, n int, err error) ([]byte, error) {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = errors.Join(io.ErrUnexpectedEOF, err)
		}
		return got, unexpected(err)
	})},

	// errors
	{"a time-out without an error", "swallowed", failing(func(got []byte, n int, err error) ([]byte, error) {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return got, nil
		}
		return got, unexpected(err)
	})},
	{"the end without an error", "swallowed", failing(func(got []byte, n int, err error) ([]byte, error) {
		if err == io.EOF {
			return got, nil
		}
		return got, err
	})},
	{"no error at all", "swallowed", failing(func(got []byte, n int, err error) ([]byte, error) { return got, nil })},
	{"io.EOF as it is", "early-end", failing(func(got []byte, n int, err error) ([]byte, error) { return got, err })},
	{"io.ReadFull's error as it is", "early-end", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		buf := make([]byte, n)
		got, err := io.ReadFull(patient{conn, idle, time.Now().Add(total)}, buf)
		return buf[:got], err
	}},
	{"no bytes are no end", "early-end", failing(func(got []byte, n int, err error) ([]byte, error) {
		if err == io.EOF && len(got) == 0 {
			return nil, errors.New("the peer sent nothing")
		}
		return got, unexpected(err)
	})},
	{"reads on after the end", "end-not-seen", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		r := patient{conn, idle, time.Now().Add(total)}
		buf := make([]byte, n)
		got := 0
		for got < n {
			m, err := r.Read(buf[got:])
			got += m
			if err != nil && err != io.EOF {
				return buf[:got], err
			}
		}
		return buf, nil
	}},
	{"a reset is a time-out", "other-error", failing(func(got []byte, n int, err error) ([]byte, error) {
		if err != io.EOF {
			return got, os.ErrDeadlineExceeded
		}
		return got, io.ErrUnexpectedEOF
	})},
	{"nil with an error", "partial-lost", failing(func(got []byte, n int, err error) ([]byte, error) { return nil, unexpected(err) })},
	{"nil with the end only", "partial-lost", failing(func(got []byte, n int, err error) ([]byte, error) {
		if err == io.EOF {
			return nil, io.ErrUnexpectedEOF
		}
		return got, err
	})},
	{"nil with a time-out only", "partial-lost", failing(func(got []byte, n int, err error) ([]byte, error) {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, err
		}
		return got, unexpected(err)
	})},
	{"an error with all n bytes", "failed", after(func(got []byte, n int, err error) ([]byte, error) {
		if len(got) == n && n > 0 {
			err = io.ErrUnexpectedEOF
		}
		return got, err
	})},
	{"only a TCPConn will do", "failed", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		if _, ok := conn.(*net.TCPConn); !ok {
			return nil, errors.New("no TCP connection")
		}
		return parts{}.receive(conn, n, idle, total)
	}},
	{"takes it for a TCPConn", "panicked", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		return parts{}.receive(conn.(*net.TCPConn), n, idle, total)
	}},
	{"the end is still to do", "unfinished", failing(func(got []byte, n int, err error) ([]byte, error) {
		if err == io.EOF {
			err = exam.ErrToDo
		}
		return got, err
	})},

	// the connection afterwards
	{"leaves the deadline", "deadline-left", parts{leave: func(net.Conn, error) {}}.receive},
	{"leaves it where all was well", "deadline-left", parts{leave: func(conn net.Conn, err error) {
		if err != nil {
			conn.SetReadDeadline(time.Time{})
		}
	}}.receive},
	{"leaves it with an error", "deadline-left", parts{leave: func(conn net.Conn, err error) {
		if err == nil {
			conn.SetReadDeadline(time.Time{})
		}
	}}.receive},
	{"sets it to now instead of taking it away", "deadline-left", parts{leave: func(conn net.Conn, _ error) { conn.SetReadDeadline(time.Now()) }}.receive},
	{"leaves the write deadline", "deadline-left", waiting(func(conn net.Conn, _ int, began time.Time, idle, total time.Duration) error {
		return conn.SetDeadline(time.Now().Add(min(idle, total-time.Since(began))))
	})},
	{"a timer that is not stopped", "deadline-left", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		time.AfterFunc(total, func() { conn.SetReadDeadline(past) })
		return parts{}.receive(conn, n, idle, total)
	}},
	{"closes", "closed", parts{leave: func(conn net.Conn, _ error) { conn.Close() }}.receive},
	{"closes with an error", "closed", parts{leave: func(conn net.Conn, err error) {
		conn.SetReadDeadline(time.Time{})
		if err != nil {
			conn.Close()
		}
	}}.receive},
	{"half-closes", "closed", parts{leave: func(conn net.Conn, err error) {
		conn.SetReadDeadline(time.Time{})
		if conn, ok := conn.(*net.TCPConn); ok {
			conn.CloseWrite()
		}
	}}.receive},
	{"a goroutine that reads on", "still-reading", readsOn},

	{"closes when the time is up", "closed no-idle timeout-unknown", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		time.AfterFunc(total, func() { conn.Close() })
		return parts{before: func(net.Conn, int, time.Time, time.Duration, time.Duration) error { return nil }}.receive(conn, n, idle, total)
	}},
	{"takes the deadline away at two of three ways out", "deadline-left", parts{leave: func(conn net.Conn, err error) {
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			conn.SetReadDeadline(time.Time{})
		}
	}}.receive},

	// as others would go wrong
	{"a slice without length for each Read", "waits-for-end", parts{piece: func(missing int) []byte { return make([]byte, 0, missing) }}.receive},
	{"up to a newline", "wrong-bytes", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		got, err := parts{piece: func(int) []byte { return make([]byte, 1) }}.receive(conn, n, idle, total)
		if i := bytes.IndexByte(got, '\n'); i >= 0 {
			return got[:i+1], nil
		}
		return got, err
	}},
	{"only the last piece", "wrong-bytes", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		r := patient{conn, idle, time.Now().Add(total)}
		var last []byte
		for got := 0; got < n; {
			buf := make([]byte, n-got)
			m, err := r.Read(buf)
			got += m
			if err != nil {
				return last, unexpected(err)
			}
			last = buf[:m]
		}
		return last, nil
	}},
	{"a buffer of 65536 bytes at most", "one-read", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		return parts{}.receive(conn, min(n, 65536), idle, total)
	}},
	{"an array of 65536 bytes", "panicked", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		var buf [65536]byte
		got, err := io.ReadFull(patient{conn, idle, time.Now().Add(total)}, buf[:n])
		return buf[:got], unexpected(err)
	}},
	{"reads on to see whether more comes", "reads-past waits-for-end", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		got, err := parts{}.receive(conn, n+1, idle, total)
		return got[:min(n, len(got))], err
	}},
	{"takes what else is there", "reads-past", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		got, err := parts{}.receive(conn, n, idle, total)
		if err == nil && n > 0 {
			conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			io.Copy(io.Discard, conn)
			conn.SetReadDeadline(time.Time{})
		}
		return got, err
	}},
	{"total first, then idle over it", "no-total", waiting(func(conn net.Conn, _ int, began time.Time, idle, total time.Duration) error {
		conn.SetReadDeadline(began.Add(total))
		return conn.SetReadDeadline(time.Now().Add(idle))
	})},
	{"the end of total worked out in the loop", "no-total", waiting(func(conn net.Conn, _ int, _ time.Time, idle, total time.Duration) error {
		end := time.Now().Add(total)
		if pause := time.Now().Add(idle); pause.Before(end) {
			end = pause
		}
		return conn.SetReadDeadline(end)
	})},
	{"total only where idle is not shorter", "no-total", waiting(func(conn net.Conn, _ int, began time.Time, idle, total time.Duration) error {
		if idle < total {
			return conn.SetReadDeadline(time.Now().Add(idle))
		}
		return conn.SetReadDeadline(began.Add(total))
	})},
	{"the rest of total taken off again and again", "early", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		return waiting(func(conn net.Conn, _ int, began time.Time, idle, _ time.Duration) error {
			total -= time.Since(began)
			return conn.SetReadDeadline(time.Now().Add(min(idle, total)))
		})(conn, n, idle, total)
	}},
	{"idle for the first bytes, total for the rest", "no-idle", waiting(func(conn net.Conn, reads int, began time.Time, idle, total time.Duration) error {
		if reads > 0 {
			idle = total
		}
		return conn.SetReadDeadline(time.Now().Add(min(idle, total-time.Since(began))))
	})},
	{"idle and total added", "late", waiting(func(conn net.Conn, _ int, began time.Time, idle, total time.Duration) error {
		if idle < total {
			return conn.SetReadDeadline(time.Now().Add(min(idle, total-time.Since(began))))
		}
		return conn.SetReadDeadline(began.Add(min(idle, time.Second) + total))
	})},
	{"idle counted in milliseconds once more", "no-idle", waiting(func(conn net.Conn, _ int, began time.Time, idle, total time.Duration) error {
		return conn.SetReadDeadline(time.Now().Add(min(idle*1000, total-time.Since(began))))
	})},
	{"in pieces of 32 bytes, idle for each", "idle-once", func(conn net.Conn, n int, idle, total time.Duration) (got []byte, err error) {
		defer conn.SetReadDeadline(time.Time{})
		end := time.Now().Add(total)
		for len(got) < n {
			buf := make([]byte, min(32, n-len(got)))
			conn.SetReadDeadline(time.Now().Add(min(idle, time.Until(end))))
			m, err := io.ReadFull(conn, buf)
			got = append(got, buf[:m]...)
			if err != nil {
				return got, unexpected(err)
			}
		}
		return got, nil
	}},
	{"a time-out for all n bytes that took longer than idle", "idle-once", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		began := time.Now()
		got, err := parts{}.receive(conn, n, idle, total)
		if err == nil && time.Since(began) > idle {
			err = os.ErrDeadlineExceeded
		}
		return got, err
	}},
	{"a text for a time-out", "timeout-unknown", failing(func(got []byte, n int, err error) ([]byte, error) {
		if e, ok := err.(net.Error); ok && e.Timeout() {
			return got, errors.New("timeout")
		}
		return got, unexpected(err)
	})},
	{"some bytes are better than an error", "swallowed", failing(func(got []byte, n int, err error) ([]byte, error) {
		if len(got) > 0 {
			return got, nil
		}
		return got, unexpected(err)
	})},
	{"a reset is an end", "other-error", failing(func(got []byte, n int, err error) ([]byte, error) {
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			err = io.ErrUnexpectedEOF
		}
		return got, err
	})},
	{"an end is a time-out", "early-end", failing(func(got []byte, n int, err error) ([]byte, error) {
		if err == io.EOF {
			err = os.ErrDeadlineExceeded
		}
		return got, err
	})},
	{"no bytes and no error", "swallowed wrong-bytes", func(net.Conn, int, time.Duration, time.Duration) ([]byte, error) { return nil, nil }},
	{"n zeros", "whole-buffer wrong-bytes", func(_ net.Conn, n int, _, _ time.Duration) ([]byte, error) { return make([]byte, n), nil }},

	{"io.ReadAtLeast", "idle-once reads-past", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		conn.SetReadDeadline(time.Now().Add(min(idle, total)))
		defer conn.SetReadDeadline(time.Time{})
		buf := make([]byte, n+512)
		got, err := io.ReadAtLeast(conn, buf, n)
		return buf[:got], unexpected(err)
	}},
	{"a bufio.Reader of n bytes", "reads-past", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		r := bufio.NewReaderSize(patient{conn, idle, time.Now().Add(total)}, n)
		var got []byte
		for len(got) < n {
			b, err := r.ReadByte()
			if err != nil {
				return got, unexpected(err)
			}
			got = append(got, b)
		}
		return got, nil
	}},
	{"closes when total is over", "closed timeout-unknown", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		time.AfterFunc(total, func() { conn.Close() })
		return waiting(func(conn net.Conn, _ int, _ time.Time, idle, _ time.Duration) error {
			return conn.SetReadDeadline(time.Now().Add(idle))
		})(conn, n, idle, total)
	}},
	{"a context's error when total is over", "timeout-unknown", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		ctx, cancel := context.WithTimeout(context.Background(), total)
		defer cancel()
		began := time.Now()
		got, err := parts{}.receive(conn, n, idle, total)
		if errors.Is(err, os.ErrDeadlineExceeded) && time.Since(began) >= total {
			<-ctx.Done()
			err = ctx.Err()
		}
		return got, err
	}},
	{"the deadline in a variable of the package", "shared", waiting(func(conn net.Conn, reads int, began time.Time, idle, total time.Duration) error {
		globalEnd.mu.Lock()
		defer globalEnd.mu.Unlock()
		if reads == 0 {
			globalEnd.end = time.Now().Add(total)
		}
		next := time.Now().Add(idle)
		if globalEnd.end.Before(next) {
			next = globalEnd.end
		}
		return conn.SetReadDeadline(next)
	})},
	{"a text in place of the reset", "other-error", failing(func(got []byte, n int, err error) ([]byte, error) {
		if err == io.EOF || errors.Is(err, os.ErrDeadlineExceeded) {
			return got, unexpected(err)
		}
		return got, errors.New("connection lost")
	})},
	{"total from the first byte on", "total-between-reads", waiting(func(conn net.Conn, reads int, began time.Time, idle, total time.Duration) error {
		if reads == 0 {
			return conn.SetReadDeadline(time.Now().Add(idle))
		}
		return conn.SetReadDeadline(time.Now().Add(min(idle, total-time.Since(began))))
	})},

	// several calls
	{"one buffer for all", "shared", oneBuffer()},
	{"one call at a time", "shared", oneAtATime()},
}

// readsOn leaves a goroutine in Read when the time is up.
func readsOn(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
	type piece struct {
		data []byte
		err  error
	}
	pieces := make(chan piece, n+1)
	go func() {
		for left := n; left > 0; {
			buf := make([]byte, left)
			m, err := conn.Read(buf)
			pieces <- piece{buf[:m], err}
			if err != nil {
				return
			}
			left -= m
		}
	}()
	var got []byte
	end := time.After(total)
	for len(got) < n {
		select {
		case p := <-pieces:
			got = append(got, p.data...)
			if p.err != nil {
				return got, unexpected(p.err)
			}
		case <-time.After(idle):
			return got, os.ErrDeadlineExceeded
		case <-end:
			return got, os.ErrDeadlineExceeded
		}
	}
	return got, nil
}

// inWords has idle for so many bytes together.
func inWords(size int) receiver {
	return func(conn net.Conn, n int, idle, total time.Duration) (got []byte, err error) {
		defer conn.SetReadDeadline(time.Time{})
		end := time.Now().Add(total)
		for len(got) < n && err == nil {
			conn.SetReadDeadline(time.Now().Add(min(idle, time.Until(end))))
			word := make([]byte, min(size, n-len(got)))
			var m int
			m, err = io.ReadFull(conn, word)
			got = append(got, word[:m]...)
		}
		return got, unexpected(err)
	}
}

// hopeful takes the end for a pause.
type hopeful struct {
	net.Conn
	end time.Time
}

func (c hopeful) Read(b []byte) (n int, err error) {
	for err = io.EOF; n == 0 && err == io.EOF && time.Now().Before(c.end); {
		n, err = c.Conn.Read(b)
	}
	return n, err
}

// oneBuffer has one buffer for all its calls.
func oneBuffer() receiver {
	var mu sync.Mutex
	buf := make([]byte, 1<<20)
	return func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		r := patient{conn, idle, time.Now().Add(total)}
		for got := 0; got < n; {
			piece := make([]byte, n-got)
			m, err := r.Read(piece)
			mu.Lock()
			copy(buf[got:n], piece[:m])
			mu.Unlock()
			got += m
			if err != nil {
				return buf[:got], unexpected(err)
			}
		}
		return buf[:n], nil
	}
}

// oneAtATime lets no call begin before the other has returned.
func oneAtATime() receiver {
	var mu sync.Mutex
	return func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		return parts{}.receive(conn, n, idle, total)
	}
}

var globalEnd struct {
	mu  sync.Mutex
	end time.Time
}
