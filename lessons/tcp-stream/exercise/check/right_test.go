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
	"sync"
	"time"

	"example.com/sockets/lessons/tcp-stream/exercise/solution"
	"example.com/sockets/shared/exam"
)

var rights = []exam.Answer[exchanger]{
	{Name: "the solution", Func: asTooLong(solution.Exchange)},
	{Name: "parts", Func: parts{}.exchange},
	{Name: "a failed send does not end the Read", Func: parts{send: sendOnly}.exchange},
	{Name: "receives in a goroutine, sends itself", Func: func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		var reply []byte
		var readErr error
		done := make(chan struct{})
		go func() {
			defer close(done)
			buf := make([]byte, 4096)
			for {
				n, err := conn.Read(buf)
				if len(reply)+n > limit {
					readErr = errTooLong
					conn.SetWriteDeadline(time.Unix(1, 0))
					return
				}
				reply = append(reply, buf[:n]...)
				if err == io.EOF {
					return
				}
				if err != nil {
					readErr = err
					conn.SetWriteDeadline(time.Unix(1, 0))
					return
				}
			}
		}()
		_, err := conn.Write(request)
		if err == nil {
			err = conn.CloseWrite()
		}
		if err != nil {
			conn.SetReadDeadline(time.Unix(1, 0))
		}
		<-done
		if readErr != nil {
			return nil, fmt.Errorf("exchange: %w", errors.Join(readErr, err))
		}
		return reply, err
	}},
	{Name: "both in goroutines, a wait group, errors joined", Func: func(conn *net.TCPConn, request []byte, limit int) (reply []byte, err error) {
		var wg sync.WaitGroup
		var wErr, rErr error
		wg.Add(2)
		go func() {
			defer wg.Done()
			if _, wErr = io.Copy(conn, bytes.NewReader(request)); wErr == nil {
				wErr = conn.CloseWrite()
			}
			if wErr != nil {
				conn.SetDeadline(time.Now())
			}
		}()
		go func() {
			defer wg.Done()
			var b bytes.Buffer
			n, err := io.CopyN(&b, conn, int64(limit)+1)
			reply, rErr = b.Bytes(), err
			if err == io.EOF {
				rErr = nil
			}
			if n > int64(limit) {
				rErr = errTooLong
			}
			if rErr != nil {
				conn.SetDeadline(time.Now())
			}
		}()
		wg.Wait()
		return reply, errors.Join(rErr, wErr)
	}},
	{Name: "a channel of results, the first error closes", Func: func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		type result struct {
			reply []byte
			err   error
		}
		results := make(chan result, 2)
		go func() {
			_, err := conn.Write(request)
			if err == nil {
				err = conn.CloseWrite()
			}
			results <- result{nil, err}
		}()
		go func() {
			reply, err := parts{}.read(conn, limit)
			results <- result{reply, err}
		}()
		var all result
		for range 2 {
			r := <-results
			if r.err != nil && all.err == nil {
				all.err = r.err
				conn.Close()
			}
			if r.reply != nil {
				all.reply = r.reply
			}
		}
		return all.reply, all.err
	}},
	{Name: "a context ends the write", Func: func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		ctx, cancel := context.WithCancelCause(context.Background())
		defer cancel(nil)
		stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
		defer stop()
		var wg sync.WaitGroup
		wg.Add(1)
		var wErr error
		go func() {
			defer wg.Done()
			for rest := request; len(rest) > 0 && wErr == nil; {
				var n int
				n, wErr = conn.Write(rest[:min(len(rest), 1000)])
				rest = rest[n:]
			}
			if wErr == nil {
				wErr = conn.CloseWrite()
			}
			if wErr != nil {
				cancel(wErr)
			}
		}()
		reply, err := parts{}.read(bufio.NewReader(conn), limit)
		if err != nil {
			cancel(err)
			wg.Wait()
			return nil, context.Cause(ctx)
		}
		wg.Wait()
		return reply, wErr
	}},
	{Name: "allocates limit at once, the reply beside an error", Func: func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		sent := make(chan error)
		defer func() { <-sent }()
		go func() {
			sent <- sendRight(conn, request)
			close(sent)
		}()
		buf := make([]byte, min(limit, 64<<20)+1)
		n, err := io.ReadFull(conn, buf)
		if err == nil {
			conn.SetLinger(0)
			conn.Close()
			<-sent
			return buf[:n], errTooLong
		}
		if err != io.EOF && err != io.ErrUnexpectedEOF {
			conn.Close()
			<-sent
			return buf[:n], err
		}
		return buf[:n], <-sent
	}},
	{Name: "a buffer of the pool, and a copy returned", Func: parts{receive: func() func(conn *net.TCPConn, limit int) ([]byte, error) {
		pool := sync.Pool{New: func() any { return new(bytes.Buffer) }}
		return func(conn *net.TCPConn, limit int) ([]byte, error) {
			buf := pool.Get().(*bytes.Buffer)
			defer pool.Put(buf)
			reply, err := pooled(buf, conn, limit)
			return bytes.Clone(reply), err
		}
	}()}.exchange},
	{Name: "limited writer", Func: parts{receive: copied}.exchange},
	{Name: "full then one more", Func: parts{receive: func(conn *net.TCPConn, limit int) ([]byte, error) {
		buf := make([]byte, limit)
		n, err := io.ReadFull(conn, buf)
		if err == io.EOF && limit > 0 || err == io.ErrUnexpectedEOF {
			return buf[:n], nil
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		var one [1]byte
		if k, err := conn.Read(one[:]); k > 0 {
			return nil, errTooLong
		} else if err != io.EOF {
			return nil, err
		}
		return buf, nil
	}}.exchange},
	{Name: "named result and defer", Func: func(conn *net.TCPConn, request []byte, limit int) (reply []byte, err error) {
		var wg sync.WaitGroup
		wg.Add(1)
		var sendErr error
		go func() {
			defer wg.Done()
			sendErr = sendRight(conn, request)
		}()
		defer func() {
			if err != nil {
				conn.Close()
			}
			wg.Wait()
			if err == nil {
				err = sendErr
			}
		}()
		return parts{}.read(conn, limit)
	}},
	{Name: "select on both", Func: func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		type res struct {
			b   []byte
			err error
		}
		rc, wc := make(chan res, 1), make(chan error, 1)
		go func() { b, err := parts{}.read(conn, limit); rc <- res{b, err} }()
		go func() { wc <- sendRight(conn, request) }()
		for {
			select {
			case err := <-wc:
				if err != nil {
					conn.Close()
					r := <-rc
					if errors.Is(r.err, errTooLong) {
						return nil, r.err
					}
					return nil, err
				}
				r := <-rc
				return r.b, r.err
			case r := <-rc:
				if r.err != nil {
					conn.SetDeadline(time.Now().Add(-1))
					<-wc
					return nil, r.err
				}
				return r.b, <-wc
			}
		}
	}},
}

// pooled returns the buffer's own bytes.
func pooled(buf *bytes.Buffer, conn *net.TCPConn, limit int) ([]byte, error) {
	buf.Reset()
	_, err := buf.ReadFrom(io.LimitReader(conn, int64(limit)+1))
	if err == nil && buf.Len() > limit {
		err = errTooLong
	}
	return buf.Bytes(), err
}

// asTooLong makes the solution's error that of the tests.
func asTooLong(f exchanger) exchanger {
	return func(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
		reply, err := f(conn, request, limit)
		if errors.Is(err, solution.ErrTooLong) {
			err = errTooLong
		}
		return reply, err
	}
}

// parts is a right answer of which parts can be put in place of others. Nil is the
// right part.
type parts struct {
	send    func(conn *net.TCPConn, request []byte) error
	receive func(conn *net.TCPConn, limit int) ([]byte, error)
	finish  func(conn *net.TCPConn, reply []byte, err error, sent <-chan error) ([]byte, error)
}

func (p parts) exchange(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
	if p.send == nil {
		p.send = sendRight
	}
	if p.receive == nil {
		p.receive = func(conn *net.TCPConn, limit int) ([]byte, error) { return p.read(conn, limit) }
	}
	if p.finish == nil {
		p.finish = finishRight
	}
	sent := make(chan error, 1)
	go func() { sent <- p.send(conn, request) }()
	reply, err := p.receive(conn, limit)
	return p.finish(conn, reply, err, sent)
}

// sendRight closes conn when it fails: else Read would wait for a reply that may
// never come.
func sendRight(conn *net.TCPConn, request []byte) error {
	_, err := conn.Write(request)
	if err == nil {
		err = conn.CloseWrite()
	}
	if err != nil {
		conn.Close()
	}
	return err
}

func (parts) read(r io.Reader, limit int) ([]byte, error) {
	reply, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(reply) > limit {
		return nil, errTooLong
	}
	return reply, nil
}

func finishRight(conn *net.TCPConn, reply []byte, err error, sent <-chan error) ([]byte, error) {
	if err != nil {
		conn.Close()
		<-sent
		return nil, err
	}
	return reply, <-sent
}

// limitedWriter takes no more bytes than are left. It must not have the methods of
// bytes.Buffer: io.Copy would call ReadFrom and not its Write.
type limitedWriter struct {
	buf  bytes.Buffer
	left int
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > l.left {
		return 0, errTooLong
	}
	l.left -= len(p)
	return l.buf.Write(p)
}

func copied(conn *net.TCPConn, limit int) ([]byte, error) {
	l := &limitedWriter{left: limit}
	_, err := io.Copy(l, conn)
	return l.buf.Bytes(), err
}
