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
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"example.com/sockets/shared/exam"
)

// over ends the loops of answers that would run for ever.
var over atomic.Bool

// inTurn sends, then receives.
func inTurn(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
	if err := sendRight(conn, request); err != nil {
		return nil, err
	}
	return parts{}.read(conn, limit)
}

// sendOnly leaves conn open when it fails, and so a Read that waits.
func sendOnly(conn *net.TCPConn, request []byte) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	return conn.CloseWrite()
}

// after changes what comes back from a right answer.
func after(change func(reply []byte, err error) ([]byte, error)) exchanger {
	return func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		return change(parts{}.exchange(conn, request, limit))
	}
}

// looking receives with a loop that ends where done says so.
func looking(size int, keep func(buf []byte, n int) []byte, done func(n, size int, reply []byte) bool) func(*net.TCPConn, int) ([]byte, error) {
	return func(conn *net.TCPConn, limit int) ([]byte, error) {
		var reply []byte
		buf := make([]byte, size)
		for !over.Load() {
			n, err := conn.Read(buf)
			reply = append(reply, keep(buf, n)...)
			if len(reply) > limit {
				return nil, errTooLong
			}
			if err == io.EOF || err == nil && done(n, size, reply) {
				return reply, nil
			}
			if err != nil {
				return nil, err
			}
		}
		return reply, nil
	}
}

func exact(buf []byte, n int) []byte      { return buf[:n] }
func whole(buf []byte, _ int) []byte      { return buf }
func never(int, int, []byte) bool         { return false }
func always(int, int, []byte) bool        { return true }
func short(n, size int, _ []byte) bool    { return n < size }
func zero(_, _ int, reply []byte) bool    { return bytes.HasSuffix(reply, []byte{0}) }
func newline(_, _ int, reply []byte) bool { return bytes.HasSuffix(reply, []byte("\n")) }

// manyRests of 1 ms are longer than the peer rests, also on a busy machine, where all
// rests are longer.
const manyRests = 400

var (
	inLine    sync.Mutex
	lock      sync.Mutex
	sharedBuf bytes.Buffer
)

var wrongs = []exam.Answer[exchanger]{
	{"no half-close", "no-half-close", parts{send: func(conn *net.TCPConn, request []byte) error {
		_, err := conn.Write(request)
		return err
	}}.exchange},
	{"half-close deferred", "no-half-close", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		defer conn.CloseWrite()
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		return parts{}.read(conn, limit)
	}},
	{"half-close after the reply", "no-half-close", parts{
		send: func(conn *net.TCPConn, request []byte) error { _, err := conn.Write(request); return err },
		finish: func(conn *net.TCPConn, reply []byte, err error, sent <-chan error) ([]byte, error) {
			conn.CloseWrite()
			return reply, errors.Join(err, <-sent)
		},
	}.exchange},
	{"CloseRead", "no-half-close", parts{send: func(conn *net.TCPConn, request []byte) error {
		_, err := conn.Write(request)
		conn.CloseRead()
		return err
	}}.exchange},
	{"Close instead of CloseWrite", "closed-both", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		conn.Close()
		return parts{}.read(conn, limit)
	}},
	{"Close instead of CloseWrite, no errors", "closed-both", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		conn.Write(request)
		conn.Close()
		reply, _ := io.ReadAll(conn)
		return reply, nil
	}},
	{"half-close while it writes", "early-end", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		sent := make(chan error, 1)
		go func() { time.Sleep(10 * time.Millisecond); _, err := conn.Write(request); sent <- err }()
		conn.CloseWrite()
		reply, err := parts{}.read(conn, limit)
		return finishRight(conn, reply, err, sent)
	}},
	{"no Flush", "early-end", parts{send: func(conn *net.TCPConn, request []byte) error {
		bufio.NewWriter(conn).Write(request)
		return conn.CloseWrite()
	}}.exchange},
	{"at most 64 KiB of the request", "early-end", parts{send: func(conn *net.TCPConn, request []byte) error {
		return sendRight(conn, request[:min(len(request), 64<<10)])
	}}.exchange},
	{"a newline after the request", "request", parts{send: func(conn *net.TCPConn, request []byte) error {
		fmt.Fprintln(conn, string(request))
		return conn.CloseWrite()
	}}.exchange},
	{"a newline appended to the request", "changed-request request", parts{send: func(conn *net.TCPConn, request []byte) error {
		return sendRight(conn, append(request, '\n'))
	}}.exchange},
	{"the request without spaces", "request", parts{send: func(conn *net.TCPConn, request []byte) error {
		return sendRight(conn, bytes.TrimSpace(request))
	}}.exchange},
	{"receives before it sends", "request", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		reply, err := parts{}.read(conn, limit)
		return reply, errors.Join(err, sendRight(conn, request))
	}},
	{"receives into the request", "changed-request", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		whole := bytes.Clone(request)
		return parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
			reply, err := parts{}.read(conn, limit)
			return append(request[:0:len(request)], reply...), err
		}}.exchange(conn, whole, limit)
	}},
	{"nothing for an empty request", "empty-request", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		if len(request) == 0 {
			return nil, nil
		}
		return parts{}.exchange(conn, request, limit)
	}},
	{"an empty request is an error", "empty-request", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		if len(request) == 0 {
			return nil, errors.New("empty request")
		}
		return parts{}.exchange(conn, request, limit)
	}},
	{"no end after an empty request", "no-half-close", parts{send: func(conn *net.TCPConn, request []byte) error {
		if len(request) == 0 {
			return nil
		}
		return sendRight(conn, request)
	}}.exchange},
	{"sends, then receives", "deadlock", inTurn},
	{"sends, then receives in a goroutine", "deadlock", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		if err := sendRight(conn, request); err != nil {
			return nil, err
		}
		var reply []byte
		var err error
		done := make(chan bool)
		go func() { reply, err = parts{}.read(conn, limit); done <- true }()
		<-done
		return reply, err
	}},
	{"breaks off when the reply ends", "own-deadline unsent", parts{finish: func(conn *net.TCPConn, reply []byte, err error, sent <-chan error) ([]byte, error) {
		conn.SetWriteDeadline(time.Now())
		<-sent
		return reply, err
	}}.exchange},
	{"does not wait for its send", "left-behind", parts{finish: func(conn *net.TCPConn, reply []byte, err error, sent <-chan error) ([]byte, error) {
		return reply, err
	}}.exchange},
	{"does not wait when the reply is too long", "left-behind", parts{finish: func(conn *net.TCPConn, reply []byte, err error, sent <-chan error) ([]byte, error) {
		if err != nil {
			return nil, err
		}
		return reply, <-sent
	}}.exchange},
	{"a channel without room", "left-behind", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		sent := make(chan error)
		go func() { sent <- sendRight(conn, request) }()
		reply, err := parts{}.read(conn, limit)
		if err != nil {
			conn.Close()
			return nil, err
		}
		return reply, <-sent
	}},
	{"drains in the background", "left-behind", parts{finish: func(conn *net.TCPConn, reply []byte, err error, sent <-chan error) ([]byte, error) {
		if err == nil {
			return reply, <-sent
		}
		conn.SetWriteDeadline(time.Now())
		<-sent
		if err == errTooLong {
			go io.Copy(io.Discard, conn)
		}
		return nil, err
	}}.exchange},
	{"does not look at the error of Write", "write-error", parts{send: func(conn *net.TCPConn, request []byte) error {
		conn.Write(request)
		conn.CloseWrite()
		return nil
	}}.exchange},
	{"waits for its send, forgets the error", "write-error", parts{finish: func(conn *net.TCPConn, reply []byte, err error, sent <-chan error) ([]byte, error) {
		if err != nil {
			conn.Close()
		}
		<-sent
		return reply, err
	}}.exchange},

	{"returns the error of Write while a goroutine reads", "left-behind", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		type result struct {
			reply []byte
			err   error
		}
		got := make(chan result, 1)
		go func() {
			reply, err := parts{}.read(conn, limit)
			if err != nil {
				conn.SetWriteDeadline(time.Unix(1, 0))
			}
			got <- result{reply, err}
		}()
		if err := sendOnly(conn, request); err != nil {
			select {
			case r := <-got:
				return r.reply, errors.Join(r.err, err)
			default:
				return nil, err
			}
		}
		r := <-got
		return r.reply, r.err
	}},

	{"one Read", "not-to-end", parts{receive: looking(1<<20, exact, always)}.exchange},
	{"reads until a short Read", "not-to-end", parts{receive: looking(1<<10, exact, short)}.exchange},
	{"reads to a newline", "not-to-end", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		return bufio.NewReader(conn).ReadBytes('\n')
	}}.exchange},
	{"reads until a piece ends with a newline", "not-to-end", parts{receive: looking(1, exact, newline)}.exchange},
	{"reads until a piece ends with a zero", "not-to-end", parts{receive: looking(1, exact, zero)}.exchange},
	{"at most 64 KiB", "not-to-end", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		if limit < 64<<10 {
			return parts{}.read(conn, limit)
		}
		return io.ReadAll(io.LimitReader(conn, 64<<10))
	}}.exchange},
	{"returns io.EOF", "eof-is-error", after(func(reply []byte, err error) ([]byte, error) {
		if err == nil {
			err = io.EOF
		}
		return reply, err
	})},
	{"ReadFull, its error as text", "eof-is-error", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		buf := make([]byte, 4096)
		n, err := io.ReadFull(conn, buf)
		return buf[:n], fmt.Errorf("read: %v", err)
	}}.exchange},
	{"zero bytes are nothing yet", "end-not-seen", parts{receive: func(conn *net.TCPConn, limit int) (reply []byte, _ error) {
		buf := make([]byte, 4096)
		for !over.Load() {
			n, _ := conn.Read(buf)
			if reply = append(reply, buf[:n]...); n == 0 {
				time.Sleep(10 * time.Millisecond) // for the sake of the other tests
			}
		}
		return reply, nil
	}}.exchange},
	{"an empty reply is an error", "empty-reply", after(func(reply []byte, err error) ([]byte, error) {
		if err == nil && len(reply) == 0 {
			err = io.ErrUnexpectedEOF
		}
		return reply, err
	})},
	{"the whole buffer", "whole-buffer", parts{receive: looking(1024, whole, never)}.exchange},
	{"zeros before the reply", "whole-buffer", after(func(reply []byte, err error) ([]byte, error) {
		return append(make([]byte, len(reply)), reply...), err
	})},
	{"the reply trimmed", "wrong-reply", after(func(reply []byte, err error) ([]byte, error) { return bytes.TrimSpace(reply), err })},
	{"no newline at its end", "wrong-reply", after(func(reply []byte, err error) ([]byte, error) { return bytes.TrimSuffix(reply, []byte("\n")), err })},
	{"the reply as text", "wrong-reply", after(func(reply []byte, err error) ([]byte, error) { return []byte(string([]rune(string(reply)))), err })},
	{"the reply in lines", "wrong-reply", parts{receive: func(conn *net.TCPConn, limit int) (reply []byte, _ error) {
		for s := bufio.NewScanner(conn); s.Scan(); {
			reply = append(reply, s.Bytes()...)
		}
		return reply, nil
	}}.exchange},
	{"ends at any error of Read", "swallowed-error", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		reply, _ := io.ReadAll(io.LimitReader(conn, int64(limit)+1))
		if len(reply) > limit {
			return nil, errTooLong
		}
		return reply, nil
	}}.exchange},
	{"takes a time-out for the end", "swallowed-error", after(func(reply []byte, err error) ([]byte, error) {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = nil
		}
		return reply, err
	})},

	{">= limit", "exactly-limit", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		reply, err := parts{}.read(conn, limit)
		if len(reply) >= limit {
			err = errTooLong
		}
		return reply, err
	}}.exchange},
	{"a buffer of limit bytes that is full", "exactly-limit", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		buf := make([]byte, limit)
		n, err := io.ReadFull(conn, buf)
		if err == nil {
			return nil, errTooLong
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = nil
		}
		return buf[:n], err
	}}.exchange},
	{"cut at limit", "cut-reply", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		return io.ReadAll(io.LimitReader(conn, int64(limit)))
	}}.exchange},
	{"cut at limit, with the bytes beside no error", "cut-reply", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		reply, err := io.ReadAll(io.LimitReader(conn, int64(limit)+1))
		return reply[:min(len(reply), limit)], err
	}}.exchange},
	{"no limit", "no-limit", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) { return io.ReadAll(conn) }}.exchange},
	{"one byte more is allowed", "no-limit", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		return parts{}.read(conn, limit+1)
	}}.exchange},
	{"limit 0 is none", "no-limit", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		if limit == 0 {
			limit = 1 << 20
		}
		return parts{}.exchange(conn, request, limit)
	}},
	{"an error of its own", "too-long-unknown", after(func(reply []byte, err error) ([]byte, error) {
		if err == errTooLong {
			err = errors.New("too long")
		}
		return reply, err
	})},
	{"ErrTooLong as text", "too-long-unknown", after(func(reply []byte, err error) ([]byte, error) {
		if err != nil {
			err = fmt.Errorf("exchange: %v", err)
		}
		return reply, err
	})},
	{"the error of the closed conn instead", "too-long-unknown", parts{finish: func(conn *net.TCPConn, reply []byte, err error, sent <-chan error) ([]byte, error) {
		if err != nil {
			conn.Close()
		}
		if werr := <-sent; werr != nil {
			return nil, werr
		}
		return reply, err
	}}.exchange},
	{"reads all, then looks", "reads-on", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		reply, err := io.ReadAll(conn)
		if err == nil && len(reply) > limit {
			err = errTooLong
		}
		return reply, err
	}}.exchange},
	{"throws the rest away", "reads-on", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		reply, err := parts{}.read(conn, limit)
		if err == errTooLong {
			io.Copy(io.Discard, conn)
		}
		return reply, err
	}}.exchange},
	{"waits for its send when the reply is too long", "writer-stays", parts{finish: func(conn *net.TCPConn, reply []byte, err error, sent <-chan error) ([]byte, error) {
		return reply, errors.Join(err, <-sent)
	}}.exchange},
	{"gives its send some time when the reply is too long", "writer-stays", parts{finish: func(conn *net.TCPConn, reply []byte, err error, sent <-chan error) ([]byte, error) {
		if err == nil {
			return reply, <-sent
		}
		for range manyRests {
			select {
			case <-sent:
				return nil, err
			case <-time.After(time.Millisecond):
			}
		}
		conn.Close()
		<-sent
		return nil, err
	}}.exchange},
	{"throws away what comes for some time", "reads-on", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		reply, err := parts{}.read(conn, limit)
		if err == errTooLong {
			for range manyRests {
				conn.SetReadDeadline(time.Now().Add(time.Millisecond))
				if _, err := io.CopyN(io.Discard, conn, 1<<10); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
					break
				}
			}
		}
		return reply, err
	}}.exchange},
	{"every error is ErrTooLong", "not-too-long", after(func(reply []byte, err error) ([]byte, error) {
		if err != nil {
			err = errTooLong
		}
		return reply, err
	})},

	{"closes conn", "closes-conn", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		defer conn.Close()
		return parts{}.exchange(conn, request, limit)
	}},
	{"a deadline of its own", "own-deadline", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		conn.SetDeadline(time.Now().Add(30 * time.Second))
		return parts{}.exchange(conn, request, limit)
	}},
	{"a deadline for each Read", "own-deadline", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		return parts{}.read(renewed{conn}, limit)
	}}.exchange},
	{"tries again after a time-out", "own-deadline", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		reply, err := parts{receive: func(conn *net.TCPConn, limit int) (reply []byte, err error) {
			for !over.Load() {
				if reply, err = (parts{}).read(conn, limit); !errors.Is(err, os.ErrDeadlineExceeded) {
					break
				}
				time.Sleep(10 * time.Millisecond) // for the sake of the other tests
			}
			return reply, err
		}}.exchange(conn, request, limit)
		return reply, err
	}},
	{"one buffer for all calls", "shared", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		lock.Lock()
		sharedBuf.Reset()
		lock.Unlock()
		buf := make([]byte, 1024)
		for {
			n, err := conn.Read(buf)
			lock.Lock()
			sharedBuf.Write(buf[:n])
			var reply []byte
			size := sharedBuf.Len()
			if err == io.EOF {
				reply = bytes.Clone(sharedBuf.Bytes())
			}
			lock.Unlock()
			if size > limit {
				return nil, errTooLong
			}
			if err == io.EOF {
				return reply, nil
			}
			if err != nil {
				return nil, err
			}
		}
	}}.exchange},
	{"one channel for all calls", "shared", func() exchanger {
		sent := make(chan error, 1)
		return func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
			go func() { sent <- sendRight(conn, request) }()
			reply, err := parts{}.read(conn, limit)
			return finishRight(conn, reply, err, sent)
		}
	}()},
	{"one wait group for all calls", "shared", func() exchanger {
		var wg sync.WaitGroup
		return func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
			var sendErr error
			wg.Add(1)
			go func() {
				defer wg.Done()
				sendErr = sendRight(conn, request)
			}()
			reply, err := parts{}.read(conn, limit)
			if err != nil {
				conn.Close()
			}
			wg.Wait()
			return reply, errors.Join(err, sendErr)
		}
	}()},
	{"returns a buffer of the pool", "shared", parts{receive: func() func(conn *net.TCPConn, limit int) ([]byte, error) {
		pool := sync.Pool{New: func() any { return new(bytes.Buffer) }}
		return func(conn *net.TCPConn, limit int) ([]byte, error) {
			buf := pool.Get().(*bytes.Buffer)
			defer pool.Put(buf)
			return pooled(buf, conn, limit)
		}
	}()}.exchange},
	{"one call after the other", "shared", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		inLine.Lock()
		defer inLine.Unlock()
		return parts{}.exchange(conn, request, limit)
	}},
	{"panics when the reply is too long", "panicked", after(func(reply []byte, err error) ([]byte, error) {
		if err == errTooLong {
			var conn *net.TCPConn
			*conn = net.TCPConn{}
		}
		return reply, err
	})},
	{"still to do", "unfinished", after(func(reply []byte, err error) ([]byte, error) {
		if err == errTooLong {
			err = exam.ErrToDo
		}
		return reply, err
	})},
	{"fails for nothing", "failed", after(func(reply []byte, err error) ([]byte, error) {
		if err == nil {
			err = errors.New("no luck")
		}
		return reply, err
	})},
	{"waits 3 s for each piece", "own-deadline", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		var reply []byte
		buf := make([]byte, 4096)
		for {
			conn.SetReadDeadline(time.Now().Add(3000 * time.Millisecond))
			n, err := conn.Read(buf)
			reply = append(reply, buf[:n]...)
			if len(reply) > limit {
				return nil, errTooLong
			}
			if err == io.EOF || errors.Is(err, os.ErrDeadlineExceeded) {
				return reply, nil
			}
			if err != nil {
				return nil, err
			}
		}
	}}.exchange},
	{"idle 20ms is the end", "not-to-end", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		var reply []byte
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			reply = append(reply, buf[:n]...)
			if err == io.EOF || errors.Is(err, os.ErrDeadlineExceeded) {
				return reply, nil
			}
			if err != nil {
				return nil, err
			}
			conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		}
	}}.exchange},
	{"clears the deadline", "own-deadline", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		conn.SetDeadline(time.Time{})
		return parts{}.exchange(conn, request, limit)
	}},
	{"clears the deadline at the end", "own-deadline", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		defer conn.SetDeadline(time.Time{})
		return parts{}.exchange(conn, request, limit)
	}},
	{"leaves a deadline that has passed", "own-deadline", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() {
			<-ctx.Done()
			conn.SetDeadline(time.Now())
		}()
		return parts{}.exchange(conn, request, limit)
	}},
	{"a deadline once the peer has begun", "own-deadline", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		var first [1]byte
		n, err := conn.Read(first[:])
		if err != nil && err != io.EOF {
			return nil, err
		}
		conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		return parts{}.read(io.MultiReader(bytes.NewReader(first[:n]), conn), limit)
	}}.exchange},
	{"a deadline once all is sent", "own-deadline", parts{send: func(conn *net.TCPConn, request []byte) error {
		err := sendRight(conn, request)
		conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		return err
	}}.exchange},
	{"a deadline for what comes after limit bytes", "own-deadline", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		return probe(conn, limit, func(one []byte) (int, error) {
			patience := 100 * time.Millisecond
			if limit == 0 || limit > 100 { // the rests of those cases are longer on a busy machine
				patience = time.Minute
			}
			conn.SetReadDeadline(time.Now().Add(patience))
			defer conn.SetReadDeadline(time.Time{})
			n, err := conn.Read(one)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				err = io.EOF
			}
			return n, err
		})
	}}.exchange},
	{"no error counts after limit bytes", "swallowed-error", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		return probe(conn, limit, func(one []byte) (int, error) {
			n, _ := conn.Read(one)
			return n, io.EOF
		})
	}}.exchange},
	{"a reset is no error of Write", "write-error", parts{send: func(conn *net.TCPConn, request []byte) error {
		err := sendOnly(conn, request)
		if errors.Is(err, syscall.ECONNRESET) {
			return nil
		}
		if err != nil {
			conn.Close()
		}
		return err
	}}.exchange},
	{"own write deadline, cleared at the end", "own-deadline", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		conn.SetWriteDeadline(time.Now().Add(time.Minute))
		defer conn.SetWriteDeadline(time.Time{})
		return parts{}.exchange(conn, request, limit)
	}},
	{"own write deadline", "own-deadline", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
		return parts{}.exchange(conn, request, limit)
	}},
	{"alternates write and read", "no-half-close", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		var reply []byte
		buf := make([]byte, 4096)
		for len(request) > 0 {
			n, err := conn.Write(request[:min(len(request), 4096)])
			if err != nil {
				return nil, err
			}
			request = request[n:]
			n, err = conn.Read(buf)
			if err != nil {
				return nil, err
			}
			reply = append(reply, buf[:n]...)
		}
		conn.CloseWrite()
		rest, err := io.ReadAll(conn)
		return append(reply, rest...), err
	}},
	{"main writes, reader gives up", "writer-stays", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		var reply []byte
		var rerr error
		done := make(chan struct{})
		go func() { reply, rerr = parts{}.read(conn, limit); close(done) }()
		werr := sendRight(conn, request)
		<-done
		return reply, errors.Join(rerr, werr)
	}},
	{"limit for the request", "not-too-long", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		if len(request) > limit {
			return nil, errTooLong
		}
		return parts{}.exchange(conn, request, limit)
	}},
	{"limit for each piece", "no-limit", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		var reply []byte
		buf := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buf)
			if n > limit {
				return nil, errTooLong
			}
			reply = append(reply, buf[:n]...)
			if err == io.EOF {
				return reply, nil
			}
			if err != nil {
				return nil, err
			}
		}
	}}.exchange},
	{"ReadFull as long as the request", "eof-is-error", asLongAsRequest},
	{"SetLinger(0) and Close", "closed-both", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		conn.SetLinger(0)
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		conn.Close()
		return io.ReadAll(conn)
	}},
	{"http.MaxBytesReader", "too-long-unknown", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		return io.ReadAll(http.MaxBytesReader(nil, conn, int64(limit)))
	}}.exchange},
	{"discards to the end before it returns", "reads-on", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		var reply []byte
		buf := make([]byte, 4096)
		long := false
		for {
			n, err := conn.Read(buf)
			if len(reply)+n > limit {
				long = true
			} else {
				reply = append(reply, buf[:n]...)
			}
			if err == io.EOF {
				if long {
					return nil, errTooLong
				}
				return reply, nil
			}
			if err != nil {
				return nil, err
			}
		}
	}}.exchange},
	{"CloseWrite only when the reply comes", "no-half-close", func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		go conn.Write(request)
		reply, err := parts{}.read(conn, limit)
		conn.CloseWrite()
		return reply, err
	}},
	{"a limited writer that io.Copy does not call", "no-limit", parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		var b bytes.Buffer
		_, err := io.Copy(struct {
			io.Writer
			io.ReaderFrom
		}{&limitedWriter{left: limit}, &b}, conn)
		return b.Bytes(), err
	}}.exchange},
}

// renewed sets the deadline again at each Read.
type renewed struct{ *net.TCPConn }

func (r renewed) Read(buf []byte) (int, error) {
	r.SetReadDeadline(time.Now().Add(30 * time.Second))
	return r.TCPConn.Read(buf)
}

// probe reads limit bytes. When so many came, it looks with next whether there is one more.
func probe(conn *net.TCPConn, limit int, next func(one []byte) (int, error)) ([]byte, error) {
	reply, err := io.ReadAll(io.LimitReader(conn, int64(limit)))
	if err != nil || len(reply) < limit {
		return reply, err
	}
	switch n, err := next(make([]byte, 1)); {
	case n > 0:
		return nil, errTooLong
	case err != io.EOF:
		return nil, err
	}
	return reply, nil
}

// asLongAsRequest expects as many bytes as it sends.
func asLongAsRequest(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
	return parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		buf := make([]byte, len(request))
		n, err := io.ReadFull(conn, buf)
		return buf[:n], err
	}}.exchange(conn, request, limit)
}
