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
	"strings"
	"time"

	"example.com/sockets/lessons/tcp-client/exercise/solution"
	"example.com/sockets/shared/exam"
)

// rights are right answers in styles that have little in common.
var rights = []exam.Answer[asker]{
	{"solution", "", solution.Ask},

	{"a loop with a small buffer, and the time that is left at each step", "", func(addr, message string, timeout time.Duration) (string, error) {
		end := time.Now().Add(timeout)
		conn, err := net.DialTimeout("tcp", addr, time.Until(end))
		if err != nil {
			return "", err
		}
		defer conn.Close()
		conn.SetWriteDeadline(end)
		if _, err := conn.Write([]byte(message)); err != nil {
			return "", err
		}
		var reply []byte
		buf := make([]byte, 1024)
		for {
			conn.SetReadDeadline(time.Now().Add(time.Until(end)))
			n, err := conn.Read(buf)
			reply = append(reply, buf[:n]...)
			if err == io.EOF {
				return string(reply), nil
			}
			if err != nil {
				return string(reply), fmt.Errorf("after %d bytes: %w", len(reply), err)
			}
		}
	}},

	{"io.Copy, and the end of sending told to the server", "", func(addr, message string, timeout time.Duration) (string, error) {
		d := net.Dialer{Deadline: time.Now().Add(timeout)}
		conn, err := d.Dial("tcp", addr)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		conn.SetDeadline(d.Deadline)
		if _, err := io.Copy(conn, strings.NewReader(message)); err != nil {
			return "", err
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			return "", err
		}
		var reply strings.Builder
		if _, err := io.Copy(&reply, conn); err != nil {
			return "", err
		}
		return reply.String(), nil
	}},

	{"bufio, one byte at a time", "", func(addr, message string, timeout time.Duration) (string, error) {
		end := time.Now().Add(timeout)
		conn, err := net.DialTimeout("tcp", addr, timeout)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		conn.SetDeadline(end)
		w := bufio.NewWriter(conn)
		w.WriteString(message)
		if err := w.Flush(); err != nil {
			return "", err
		}
		r := bufio.NewReader(conn)
		var reply []byte
		for {
			b, err := r.ReadByte()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return "", err
			}
			reply = append(reply, b)
		}
		return string(reply), nil
	}},

	{"a tiny buffer", "", func(addr, message string, timeout time.Duration) (string, error) {
		d := net.Dialer{Deadline: time.Now().Add(timeout)}
		conn, err := d.Dial("tcp", addr)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		conn.SetDeadline(d.Deadline)
		if _, err := io.WriteString(conn, message); err != nil {
			return "", err
		}
		var reply []byte
		for b := make([]byte, 16); ; {
			n, err := conn.Read(b)
			if err == io.EOF {
				return string(reply), nil
			} else if err != nil {
				return "", err
			}
			reply = append(reply, b[:n]...)
		}
	}},

	{"a Read for each byte", "", func(addr, message string, timeout time.Duration) (string, error) {
		end := time.Now().Add(timeout)
		conn, err := net.DialTimeout("tcp", addr, timeout)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		conn.SetDeadline(end)
		if _, err := conn.Write([]byte(message)); err != nil {
			return "", err
		}
		var reply []byte
		for b := make([]byte, 1); ; {
			_, err := conn.Read(b)
			if err == io.EOF {
				return string(reply), nil
			}
			if err != nil {
				return "", err
			}
			reply = append(reply, b...)
		}
	}},

	{"a context that closes the connection", "", func(addr, message string, timeout time.Duration) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return "", err
		}
		context.AfterFunc(ctx, func() { conn.Close() })
		_, err = conn.Write([]byte(message))
		var reply bytes.Buffer
		if err == nil {
			_, err = reply.ReadFrom(conn)
		}
		if ctx.Err() != nil {
			return "", fmt.Errorf("ask %s: %w", addr, ctx.Err())
		}
		return reply.String(), err
	}},

	{"a goroutine and a timer", "", func(addr, message string, timeout time.Duration) (string, error) {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		type result struct {
			reply []byte
			err   error
		}
		results := make(chan result, 1)
		conns := make(chan net.Conn, 1)
		go func() {
			conn, err := net.DialTimeout("tcp", addr, timeout)
			if err != nil {
				close(conns)
				results <- result{nil, err}
				return
			}
			conns <- conn
			if _, err := conn.Write([]byte(message)); err != nil {
				results <- result{nil, err}
				return
			}
			reply, err := io.ReadAll(conn)
			results <- result{reply, err}
		}()
		defer func() { // whenever the connection stands, it is closed
			go func() {
				if conn, ok := <-conns; ok {
					conn.Close()
				}
			}()
		}()
		select {
		case r := <-results:
			return string(r.reply), r.err
		case <-timer.C:
			return "", os.ErrDeadlineExceeded
		}
	}},

	{"sending and receiving at once", "", func(addr, message string, timeout time.Duration) (string, error) {
		end := time.Now().Add(timeout)
		conn, err := (&net.Dialer{Deadline: end}).Dial("tcp", addr)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		conn.SetDeadline(end)
		sent := make(chan error, 1)
		go func() {
			_, err := conn.Write([]byte(message))
			sent <- err
		}()
		reply, err := io.ReadAll(conn)
		if err := errors.Join(err, <-sent); err != nil {
			return "", err
		}
		return string(reply), nil
	}},

	{"a look-up of its own, then the first address that answers", "", func(addr, message string, timeout time.Duration) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return "", err
		}
		ips, err := net.DefaultResolver.LookupHost(ctx, host)
		if err != nil {
			return "", err
		}
		var d net.Dialer
		var conn net.Conn
		for _, ip := range ips {
			if conn, err = d.DialContext(ctx, "tcp", net.JoinHostPort(ip, port)); err == nil {
				break
			}
		}
		if err != nil {
			return "", err
		}
		defer conn.Close()
		end, _ := ctx.Deadline()
		conn.SetDeadline(end)
		if _, err := io.WriteString(conn, message); err != nil {
			return "", err
		}
		reply, err := io.ReadAll(conn)
		return string(reply), err
	}},

	{"many short deadlines, and a clock", "", func(addr, message string, timeout time.Duration) (string, error) {
		end := time.Now().Add(timeout)
		conn, err := net.DialTimeout("tcp", addr, timeout)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		conn.SetWriteDeadline(end)
		for rest := message; rest != ""; {
			n := min(len(rest), 4096)
			if _, err := conn.Write([]byte(rest[:n])); err != nil {
				return "", err
			}
			rest = rest[n:]
		}
		reply := ""
		buf := make([]byte, 512)
		for time.Now().Before(end) {
			conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			n, err := conn.Read(buf)
			reply += string(buf[:n])
			switch {
			case err == io.EOF:
				return reply, nil
			case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
				return "", err
			}
		}
		return "", context.DeadlineExceeded
	}},

	{"a timer that moves the deadline, and a close without a goodbye", "", func(addr, message string, timeout time.Duration) (string, error) {
		end := time.Now().Add(timeout)
		conn, err := net.DialTimeout("tcp", addr, timeout)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		defer conn.(*net.TCPConn).SetLinger(0)
		defer time.AfterFunc(time.Until(end), func() { conn.SetDeadline(time.Unix(1, 0)) }).Stop()
		if n, err := fmt.Fprint(conn, message); err != nil {
			return "", fmt.Errorf("%d bytes sent: %w", n, err)
		}
		reply, err := io.ReadAll(bufio.NewReaderSize(conn, 100_000))
		return string(reply), err
	}},

	{"a scanner that splits nothing", "", func(addr, message string, timeout time.Duration) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return "", err
		}
		defer func() { go conn.Close() }()
		end, _ := ctx.Deadline()
		conn.SetDeadline(end)
		if _, err := (&net.Buffers{[]byte(message)}).WriteTo(conn); err != nil {
			return "", err
		}
		var reply strings.Builder
		s := bufio.NewScanner(conn)
		s.Split(bufio.ScanBytes)
		for s.Scan() {
			reply.Write(s.Bytes())
		}
		if s.Err() != nil {
			return "", s.Err()
		}
		return reply.String(), nil
	}},

	{"pieces over a channel, sent in pieces too", "", func(addr, message string, timeout time.Duration) (string, error) {
		end := time.Now().Add(timeout)
		expired := time.After(timeout)
		conn, err := net.DialTimeout("tcp", addr, timeout)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		conn.SetWriteDeadline(end)
		for rest := []byte(message); len(rest) > 0; {
			n, err := conn.Write(rest[:min(7+len(rest)/50, len(rest))])
			if err != nil {
				return "", err
			}
			rest = rest[n:]
		}
		pieces, failed, left := make(chan []byte), make(chan error, 1), make(chan bool)
		defer close(left)
		go func() {
			for {
				buf := make([]byte, 512)
				n, err := conn.Read(buf)
				if err != nil {
					failed <- err
					return
				}
				select {
				case pieces <- buf[:n]:
				case <-left:
					return
				}
			}
		}()
		var reply []byte
		for {
			select {
			case piece := <-pieces:
				reply = append(reply, piece...)
			case err := <-failed:
				if err == io.EOF {
					return string(reply), nil
				}
				return "", err
			case <-expired:
				return "", fmt.Errorf("no end of the reply: %w", os.ErrDeadlineExceeded)
			}
		}
	}},
}
