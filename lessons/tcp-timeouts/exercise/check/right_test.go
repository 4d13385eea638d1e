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

	"example.com/sockets/lessons/tcp-timeouts/exercise/solution"
	"example.com/sockets/shared/exam"
)

// patient is a reader that sets the deadline before each Read.
type patient struct {
	conn net.Conn
	idle time.Duration
	end  time.Time
}

func (p patient) Read(buf []byte) (int, error) {
	deadline := time.Now().Add(p.idle)
	if deadline.After(p.end) {
		deadline = p.end
	}
	p.conn.SetReadDeadline(deadline)
	return p.conn.Read(buf)
}

var past = time.Unix(1, 0)

// unexpected turns io.EOF into io.ErrUnexpectedEOF.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// rights are right answers in styles that have little in common.
var rights = []exam.Answer[receiver]{
	{"solution", "", solution.Receive},

	{"io.ReadFull from a reader that sets the deadline", "", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		buf := make([]byte, n)
		got, err := io.ReadFull(patient{conn, idle, time.Now().Add(total)}, buf)
		return buf[:got], unexpected(err)
	}},

	{"io.CopyN into a buffer", "", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetDeadline(time.Time{})
		var buf bytes.Buffer
		_, err := io.CopyN(&buf, patient{conn, idle, time.Now().Add(total)}, int64(n))
		return buf.Bytes(), unexpected(err)
	}},

	{"io.ReadAll of a limited reader", "", func(conn net.Conn, n int, idle, total time.Duration) (all []byte, err error) {
		defer conn.SetReadDeadline(time.Time{})
		all, err = io.ReadAll(io.LimitReader(patient{conn, idle, time.Now().Add(total)}, int64(n)))
		if err == nil && len(all) < n {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return all, fmt.Errorf("receive: %d of %d bytes: %w", len(all), n, err)
		}
		return all, nil
	}},

	{"bufio around a limited reader, one byte at a time", "", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		r := bufio.NewReader(io.LimitReader(patient{conn, idle, time.Now().Add(total)}, int64(n)))
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

	{"one byte a Read, SetDeadline for both directions", "", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		began := time.Now()
		defer conn.SetDeadline(time.Time{})
		got := []byte{}
		var one [1]byte
		for i := 0; i < n; i++ {
			conn.SetDeadline(time.Now().Add(min(idle, total-time.Since(began))))
			if _, err := conn.Read(one[:]); err != nil {
				return got, unexpected(err)
			}
			got = append(got, one[0])
		}
		return got, nil
	}},

	{"many short waits, and a look at the clock after each", "", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		defer conn.SetReadDeadline(time.Time{})
		began, last := time.Now(), time.Now()
		var got []byte
		buf := make([]byte, 512)
		for len(got) < n {
			conn.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
			m, err := conn.Read(buf[:min(len(buf), n-len(got))])
			got = append(got, buf[:m]...)
			if m > 0 {
				last = time.Now()
			}
			switch {
			case err == io.EOF:
				return got, io.ErrUnexpectedEOF
			case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
				return got, err
			case time.Since(last) >= idle || time.Since(began) >= total:
				if len(got) < n {
					return got, os.ErrDeadlineExceeded
				}
			}
		}
		return got, nil
	}},

	{"two timers that end the Read", "", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		interrupt := make(chan bool)
		quit := make(chan bool)
		gone := make(chan bool)
		pieces := make(chan bool)
		go func() {
			defer close(gone)
			end := time.After(total)
			pause := time.NewTimer(idle)
			defer pause.Stop()
			for {
				select {
				case <-pieces:
					pause.Reset(idle)
					continue
				case <-pause.C:
				case <-end:
				case <-quit:
					return
				}
				conn.SetReadDeadline(past)
				close(interrupt)
				return
			}
		}()
		defer func() {
			close(quit)
			<-gone
			conn.SetReadDeadline(time.Time{})
		}()
		buf := make([]byte, n)
		got := 0
		for got < n {
			m, err := conn.Read(buf[got:])
			got += m
			if err != nil {
				return buf[:got], unexpected(err)
			}
			select {
			case pieces <- true:
			case <-interrupt:
			}
		}
		return buf, nil
	}},

	{"a context for total", "", func(conn net.Conn, n int, idle, total time.Duration) (got []byte, err error) {
		ctx, cancel := context.WithTimeout(context.Background(), total)
		defer cancel()
		end, _ := ctx.Deadline()
		defer func() {
			if e := conn.SetReadDeadline(time.Time{}); err == nil {
				err = e
			}
		}()
		for len(got) < n {
			deadline := time.Now().Add(idle)
			if ctx.Err() != nil || deadline.After(end) {
				deadline = end
			}
			conn.SetReadDeadline(deadline)
			piece := make([]byte, min(n-len(got), 4096))
			m, err := conn.Read(piece)
			got = append(got, piece[:m]...)
			if errors.Is(err, io.EOF) {
				return got, fmt.Errorf("the peer ended: %w", io.ErrUnexpectedEOF)
			} else if err != nil {
				return got, err
			}
		}
		return got, nil
	}},

	{"a goroutine that reads, and is ended", "", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		type piece struct {
			data []byte
			err  error
		}
		pieces := make(chan piece)
		go func() {
			defer close(pieces)
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
		defer conn.SetReadDeadline(time.Time{})
		var got []byte
		var failure error
		end := time.After(total)
		for {
			select {
			case p, more := <-pieces:
				if !more {
					return got, failure
				}
				got = append(got, p.data...)
				if p.err != nil {
					failure = unexpected(p.err)
				}
				continue
			case <-time.After(idle):
			case <-end:
			}
			conn.SetReadDeadline(past)
			end = nil
		}
	}},

	{"recursion", "", recursive},

	{"timers that are set back, and a lock", "", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		var mu sync.Mutex
		over := false
		expire := func() {
			mu.Lock()
			defer mu.Unlock()
			if !over {
				conn.SetReadDeadline(past)
			}
		}
		pause, end := time.AfterFunc(idle, expire), time.AfterFunc(total, expire)
		defer func() {
			pause.Stop()
			end.Stop()
			mu.Lock()
			defer mu.Unlock()
			over = true
			conn.SetReadDeadline(time.Time{})
		}()
		got := make([]byte, 0, n)
		for len(got) < n {
			m, err := conn.Read(got[len(got):n])
			got = got[:len(got)+m]
			pause.Reset(idle)
			if err != nil && len(got) < n {
				return got, unexpected(err)
			}
		}
		return got, nil
	}},

	{"a time-out of its own making, and a type for errors", "", func(conn net.Conn, n int, idle, total time.Duration) (data []byte, err error) {
		defer conn.SetDeadline(time.Time{})
		end := time.Now().Add(total)
		for len(data) < n {
			left := time.Until(end)
			if left <= 0 {
				return data, failure{"total", os.ErrDeadlineExceeded}
			}
			if left > idle {
				left = idle
			}
			conn.SetDeadline(time.Now().Add(left))
			var buf [64]byte
			m, err := conn.Read(buf[:min(64, n-len(data))])
			data = append(data, buf[:m]...)
			switch {
			case err == nil:
			case errors.Is(err, io.EOF):
				return data, failure{"end", errors.Join(io.ErrUnexpectedEOF, err)}
			default:
				return data, failure{"read", err}
			}
		}
		return data, nil
	}},

	{"io.CopyN, one byte each", "", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		end := time.Now().Add(total)
		defer func() { _ = conn.SetReadDeadline(time.Time{}) }()
		var buf bytes.Buffer
		for buf.Len() != n {
			next := time.Now().Add(idle)
			if next.After(end) {
				next = end
			}
			if err := conn.SetReadDeadline(next); err != nil {
				return buf.Bytes(), err
			}
			if _, err := io.CopyN(&buf, conn, 1); err == io.EOF {
				return buf.Bytes(), io.ErrUnexpectedEOF
			} else if err != nil {
				return buf.Bytes(), err
			}
		}
		return buf.Bytes(), nil
	}},

	{"io.Copy, and a count afterwards", "", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		var buf bytes.Buffer
		got, err := io.Copy(&buf, &io.LimitedReader{R: patient{conn, idle, time.Now().Add(total)}, N: int64(n)})
		conn.SetReadDeadline(time.Time{})
		if err == nil && got != int64(n) {
			err = io.ErrUnexpectedEOF
		}
		return buf.Bytes(), err
	}},

	{"a goroutine for each Read, never left behind", "", func(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
		ctx, cancel := context.WithTimeout(context.Background(), total)
		defer cancel()
		defer conn.SetReadDeadline(time.Time{})
		got := []byte{}
		for len(got) < n {
			pause, stop := context.WithTimeout(ctx, idle)
			buf := make([]byte, n-len(got))
			var m int
			var err error
			read := make(chan struct{})
			go func() {
				m, err = conn.Read(buf)
				close(read)
			}()
			select {
			case <-read:
			case <-pause.Done():
				conn.SetReadDeadline(time.Now())
				<-read
			}
			stop()
			got = append(got, buf[:m]...)
			if err != nil && len(got) < n {
				return got, unexpected(err)
			}
		}
		return got, nil
	}},
}

// failure says in which part of the work an error came.
type failure struct {
	part string
	err  error
}

func (f failure) Error() string { return f.part + ": " + f.err.Error() }
func (f failure) Unwrap() error { return f.err }

func recursive(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
	if n == 0 {
		return nil, conn.SetReadDeadline(time.Time{})
	}
	began := time.Now()
	conn.SetReadDeadline(began.Add(min(idle, total)))
	buf := make([]byte, n)
	m, err := conn.Read(buf)
	if err != nil {
		conn.SetReadDeadline(time.Time{})
		return buf[:m], unexpected(err)
	}
	rest, err := recursive(conn, n-m, idle, total-time.Since(began))
	return append(buf[:m], rest...), err
}
