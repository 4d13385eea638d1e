//go:build catalogue

package check

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

// over ends the wrong answers that would spin for ever.
var over atomic.Bool

// steps is an answer in parts, so that a wrong one shows only what is wrong.
// A part that is nil is right.
type steps struct {
	dial    func(addr string, timeout time.Duration) (net.Conn, error)
	bound   func(conn net.Conn, timeout time.Duration, end time.Time)
	send    func(conn net.Conn, message string, timeout time.Duration) error
	receive func(conn net.Conn, timeout time.Duration) (string, error)
	close   func(conn net.Conn, err error)
}

func (s steps) ask(addr, message string, timeout time.Duration) (reply string, err error) {
	end := time.Now().Add(timeout)
	if s.dial == nil {
		s.dial = func(addr string, timeout time.Duration) (net.Conn, error) {
			return net.DialTimeout("tcp", addr, timeout)
		}
	}
	if s.bound == nil {
		s.bound = func(conn net.Conn, _ time.Duration, end time.Time) { conn.SetDeadline(end) }
	}
	if s.send == nil {
		s.send = func(conn net.Conn, message string, _ time.Duration) error {
			_, err := io.WriteString(conn, message)
			return err
		}
	}
	if s.receive == nil {
		s.receive = func(conn net.Conn, _ time.Duration) (string, error) {
			reply, err := io.ReadAll(conn)
			return string(reply), err
		}
	}
	if s.close == nil {
		s.close = func(conn net.Conn, _ error) { conn.Close() }
	}
	conn, err := s.dial(addr, timeout)
	if err != nil {
		return "", err
	}
	defer func() { s.close(conn, err) }()
	s.bound(conn, timeout, end)
	if err := s.send(conn, message, timeout); err != nil {
		return "", err
	}
	return s.receive(conn, timeout)
}

// after is a right answer whose result is changed.
func after(change func(reply string, err error) (string, error)) asker {
	return func(addr, message string, timeout time.Duration) (string, error) {
		return change(steps{}.ask(addr, message, timeout))
	}
}

// loop reads with a buffer of size bytes until done says so, and is right apart from that.
func loop(size int, piece func(buf []byte, n int) string, done func(n, size int) bool) func(net.Conn, time.Duration) (string, error) {
	return func(conn net.Conn, _ time.Duration) (string, error) {
		var reply strings.Builder
		buf := make([]byte, size)
		for {
			n, err := conn.Read(buf)
			reply.WriteString(piece(buf, n))
			if err == io.EOF || err == nil && done(n, size) {
				return reply.String(), nil
			}
			if err != nil {
				return "", err
			}
		}
	}
}

func exact(buf []byte, n int) string { return string(buf[:n]) }
func never(int, int) bool            { return false }
func always(int, int) bool           { return true }

// oneForAll puts the replies of all calls into the same bytes.
func oneForAll() asker {
	var mu sync.Mutex
	var all []byte
	return steps{
		send: func(conn net.Conn, message string, _ time.Duration) error {
			mu.Lock()
			all = all[:0]
			mu.Unlock()
			_, err := io.WriteString(conn, message)
			return err
		},
		receive: func(conn net.Conn, _ time.Duration) (string, error) {
			piece, err := io.ReadAll(conn)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, piece...)
			return string(all), err
		},
	}.ask
}

// pooled uses buffers again and does not empty them.
func pooled() asker {
	pool := sync.Pool{New: func() any { return new(bytes.Buffer) }}
	return steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		reply := pool.Get().(*bytes.Buffer)
		defer pool.Put(reply)
		_, err := reply.ReadFrom(conn)
		return reply.String(), err
	}}.ask
}

// oneByOne lets no call begin before the other has returned.
func oneByOne() asker {
	var mu sync.Mutex
	return func(addr, message string, timeout time.Duration) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		return steps{}.ask(addr, message, timeout)
	}
}

// oneDeadline keeps the deadline of the newest call for all.
func oneDeadline() asker {
	var newest atomic.Int64
	return steps{
		bound: func(conn net.Conn, _ time.Duration, end time.Time) {
			newest.Store(end.UnixNano())
			conn.SetDeadline(end)
		},
		receive: func(conn net.Conn, timeout time.Duration) (string, error) {
			return loop(1024, exact, never)(dated{conn, &newest}, timeout)
		},
	}.ask
}

// dated sets a deadline that is kept elsewhere at each Read.
type dated struct {
	net.Conn
	end *atomic.Int64
}

func (d dated) Read(buf []byte) (int, error) {
	d.SetReadDeadline(time.Unix(0, d.end.Load()))
	return d.Conn.Read(buf)
}

// forgotten are connections that an answer did not close. Here they are kept: a
// garbage collection would close them.
var forgotten sync.Map

func forget(conn net.Conn) { forgotten.Store(conn, true) }

var wrongs = []exam.Answer[asker]{
	{"never closes", "not-closed", steps{close: func(conn net.Conn, _ error) { forget(conn) }}.ask},
	{"closes only when all went well", "not-closed", steps{close: func(conn net.Conn, err error) {
		if err == nil {
			conn.Close()
		} else {
			forget(conn)
		}
	}}.ask},
	{"closes a broken connection only after a time-out", "not-closed", steps{close: func(conn net.Conn, err error) {
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			conn.Close()
		} else {
			forget(conn)
		}
	}}.ask},
	{"closes only when something failed", "not-closed", steps{close: func(conn net.Conn, err error) {
		if err != nil {
			conn.Close()
		} else {
			forget(conn)
		}
	}}.ask},
	{"ends only its own direction", "not-closed", steps{close: func(conn net.Conn, _ error) {
		conn.(*net.TCPConn).CloseWrite()
		forget(conn)
	}}.ask},
	{"leaves a goroutine behind that reads", "not-closed", func(addr, message string, timeout time.Duration) (string, error) {
		type result struct {
			reply string
			err   error
		}
		results := make(chan result, 1)
		go func() {
			reply, err := steps{bound: func(net.Conn, time.Duration, time.Time) {}}.ask(addr, message, timeout)
			results <- result{reply, err}
		}()
		select {
		case r := <-results:
			return r.reply, r.err
		case <-time.After(timeout):
			return "", os.ErrDeadlineExceeded
		}
	}},
	{"leaves a goroutine behind that connects", "not-closed", func(addr, message string, timeout time.Duration) (string, error) {
		return steps{dial: func(addr string, timeout time.Duration) (net.Conn, error) {
			conns, failed := make(chan net.Conn), make(chan error, 1)
			go func() {
				if conn, err := net.Dial("tcp", addr); err != nil {
					failed <- err
				} else {
					conns <- conn
				}
			}()
			select {
			case conn := <-conns:
				return conn, nil
			case err := <-failed:
				return nil, err
			case <-time.After(timeout):
				return nil, os.ErrDeadlineExceeded
			}
		}}.ask(addr, message, timeout)
	}},

	{"one buffer for all calls", "shared", oneForAll()},
	{"a pool of buffers, with what is in them", "shared", pooled()},
	{"one call after the other", "shared", oneByOne()},
	{"one deadline for all calls", "shared", oneDeadline()},
	{"one Read of 1024 bytes", "one-read", steps{receive: loop(1024, exact, always)}.ask},
	{"one Read of 16 KiB", "one-read", steps{receive: loop(16<<10, exact, always)}.ask},
	{"one Read of 64 KiB", "one-read", steps{receive: loop(64<<10, exact, always)}.ask},
	{"one Read, its error not looked at", "eof-is-error one-read", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		buf := make([]byte, 4096)
		n, err := conn.Read(buf)
		return string(buf[:n]), err
	}}.ask},
	{"reads until a Read does not fill the buffer", "short-read", steps{receive: loop(1024, exact, func(n, size int) bool { return n < size })}.ask},
	{"reads on, but keeps only 1024 bytes", "limited", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		buf := make([]byte, 1024)
		n, err := io.ReadFull(conn, buf)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = nil
		}
		return string(buf[:n]), err
	}}.ask},
	{"fills a buffer, and returns the error where it does not", "eof-is-error", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		buf := make([]byte, 1024)
		n, err := io.ReadFull(conn, buf)
		return string(buf[:n]), err
	}}.ask},
	{"reads at most 64 KiB", "limited", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		reply, err := io.ReadAll(io.LimitReader(conn, 64<<10))
		return string(reply), err
	}}.ask},
	{"reads at most 1 MiB", "limited", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		reply, err := io.ReadAll(io.LimitReader(conn, 1<<20))
		return string(reply), err
	}}.ask},
	{"keeps only 100,000 bytes", "limited", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		buf := make([]byte, 100_000)
		n, err := io.ReadFull(conn, buf)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = nil
		}
		return string(buf[:n]), err
	}}.ask},
	{"no room left in its buffer", "limited", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		buf := make([]byte, 1024)
		for n := 0; !over.Load(); {
			m, err := conn.Read(buf[n:])
			n += m
			if err == io.EOF {
				return string(buf[:n]), nil
			}
			if err != nil {
				return "", err
			}
			if n == len(buf) {
				time.Sleep(10 * time.Millisecond) // for the sake of the other tests
			}
		}
		return "", nil
	}}.ask},
	{"reads a line", "one-line", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		reply, err := bufio.NewReader(conn).ReadString('\n')
		if err == io.EOF {
			err = nil
		}
		return reply, err
	}}.ask},
	{"scans lines", "changed-reply", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		reply := ""
		s := bufio.NewScanner(conn)
		s.Buffer(nil, 4<<20)
		for s.Scan() {
			reply += s.Text()
		}
		return reply, s.Err()
	}}.ask},
	{"scans lines with the buffer as it is", "changed-reply", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		reply := ""
		s := bufio.NewScanner(conn)
		for s.Scan() {
			reply += s.Text() + "\n"
		}
		return reply, s.Err()
	}}.ask},
	{"returns io.EOF", "eof-is-error", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		var reply []byte
		buf := make([]byte, 1024)
		for {
			n, err := conn.Read(buf)
			reply = append(reply, buf[:n]...)
			if err != nil {
				return string(reply), err
			}
		}
	}}.ask},
	{"returns io.EOF as text", "eof-is-error", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		_, err := io.ReadFull(conn, make([]byte, 100_000))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return "", err
		}
		return "", fmt.Errorf("read: %v", err)
	}}.ask},
	{"takes 0 bytes for nothing yet", "end-not-seen", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		reply := ""
		buf := make([]byte, 1024)
		for !over.Load() {
			n, err := conn.Read(buf)
			if n == 0 && (err == nil || err == io.EOF) {
				time.Sleep(10 * time.Millisecond) // for the sake of the other tests
				continue
			}
			if err != nil {
				return "", err
			}
			reply += string(buf[:n])
		}
		return reply, nil
	}}.ask},
	{"never looks at Read's error", "end-not-seen", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		reply := ""
		buf := make([]byte, 1024)
		for !over.Load() {
			n, _ := conn.Read(buf)
			reply += string(buf[:n])
			if n == 0 {
				time.Sleep(10 * time.Millisecond)
			}
		}
		return reply, nil
	}}.ask},
	{"takes an empty reply for an error", "empty-reply", after(func(reply string, err error) (string, error) {
		if err == nil && reply == "" {
			return "", errors.New("the server said nothing")
		}
		return reply, err
	})},
	{"sleeps until the time is over", "waits-timeout", func(addr, message string, timeout time.Duration) (string, error) {
		end := time.Now().Add(timeout)
		reply, err := steps{}.ask(addr, message, timeout)
		if err == nil {
			time.Sleep(time.Until(end))
		}
		return reply, err
	}},

	{"no deadline at all", "no-connect-deadline no-deadline no-write-deadline", steps{
		dial:  func(addr string, _ time.Duration) (net.Conn, error) { return net.Dial("tcp", addr) },
		bound: func(net.Conn, time.Duration, time.Time) {},
	}.ask},
	{"no deadline at all, and io.EOF is returned", "eof-is-error no-connect-deadline no-deadline no-write-deadline", steps{
		dial:  func(addr string, _ time.Duration) (net.Conn, error) { return net.Dial("tcp", addr) },
		bound: func(net.Conn, time.Duration, time.Time) {},
		receive: func(conn net.Conn, _ time.Duration) (string, error) {
			reply, err := io.ReadAll(conn)
			if err == nil {
				err = io.EOF
			}
			return string(reply), err
		},
	}.ask},
	{"a timeout for Dial only", "no-deadline no-write-deadline", steps{bound: func(net.Conn, time.Duration, time.Time) {}}.ask},
	{"a deadline for writing only", "no-deadline", steps{bound: func(conn net.Conn, _ time.Duration, end time.Time) { conn.SetWriteDeadline(end) }}.ask},
	{"a deadline for reading only", "no-write-deadline", steps{bound: func(conn net.Conn, _ time.Duration, end time.Time) { conn.SetReadDeadline(end) }}.ask},
	{"no timeout for Dial", "no-connect-deadline", steps{
		dial: func(addr string, _ time.Duration) (net.Conn, error) { return net.Dial("tcp", addr) },
	}.ask},
	{"a deadline for each Read", "deadline-restarts", steps{receive: func(conn net.Conn, timeout time.Duration) (string, error) {
		read := loop(1024, exact, never)
		return read(renewed{conn, timeout}, timeout)
	}}.ask},
	{"one deadline for writing, then one for reading", "deadline-restarts", steps{receive: func(conn net.Conn, timeout time.Duration) (string, error) {
		conn.SetReadDeadline(time.Now().Add(timeout))
		return loop(1024, exact, never)(conn, timeout)
	}}.ask},
	{"a timeout for Dial, then a deadline", "deadline-restarts", steps{bound: func(conn net.Conn, timeout time.Duration, _ time.Time) {
		conn.SetDeadline(time.Now().Add(timeout))
	}}.ask},
	{"a timeout of its own, too long", "own-timeout", func(addr, message string, _ time.Duration) (string, error) {
		return steps{}.ask(addr, message, 2*time.Second)
	}},
	{"a timeout of its own, too short", "own-timeout", func(addr, message string, _ time.Duration) (string, error) {
		return steps{}.ask(addr, message, 200*time.Millisecond)
	}},
	{"a timeout of its own, like one of the checker's", "own-timeout", func(addr, message string, _ time.Duration) (string, error) {
		return steps{}.ask(addr, message, time.Second)
	}},
	{"the error of a time-out only as text", "timeout-unknown", after(func(reply string, err error) (string, error) {
		if err != nil {
			err = fmt.Errorf("ask: %v", err)
		}
		return reply, err
	})},
	{"takes a time-out for the end of the reply", "timeout-is-end", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		reply, err := io.ReadAll(conn)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = nil
		}
		return string(reply), err
	}}.ask},
	{"takes a short silence for the end of the reply", "timeout-is-end", steps{receive: func(conn net.Conn, timeout time.Duration) (string, error) {
		end := time.Now().Add(timeout)
		reply := ""
		buf := make([]byte, 1024)
		for {
			n, err := conn.Read(buf)
			reply += string(buf[:n])
			if err == io.EOF || reply != "" && errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(end) {
				return reply, nil
			}
			if err != nil {
				return "", err
			}
			conn.SetReadDeadline(time.Now().Add(min(time.Until(end), 50*time.Millisecond)))
		}
	}}.ask},
	{"calls every error a time-out", "not-a-timeout", after(func(reply string, err error) (string, error) {
		if err != nil {
			err = os.ErrDeadlineExceeded
		}
		return reply, err
	})},

	{"ends at any error of Read", "swallowed-error", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		reply, _ := io.ReadAll(conn)
		return string(reply), nil
	}}.ask},
	{"no error from Dial", "swallowed-error", after(func(reply string, err error) (string, error) {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" && !op.Timeout() {
			err = nil
		}
		return reply, err
	})},
	{"does not look at Write's error", "write-error", steps{send: func(conn net.Conn, message string, _ time.Duration) error {
		conn.Write([]byte(message))
		return nil
	}}.ask},
	{"takes a reset for the end of the reply", "swallowed-error", after(func(reply string, err error) (string, error) {
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && reply != "" {
			err = nil
		}
		return reply, err
	})},
	{"asks again after a reset", "retries", func(addr, message string, timeout time.Duration) (reply string, err error) {
		end := time.Now().Add(timeout)
		for range 2 {
			reply, err = steps{}.ask(addr, message, time.Until(end))
			if err == nil || reply == "" {
				break
			}
		}
		return reply, err
	}},
	{"connects again and again", "retries", steps{dial: func(addr string, timeout time.Duration) (net.Conn, error) {
		end := time.Now().Add(timeout)
		for {
			conn, err := net.DialTimeout("tcp", addr, time.Until(end))
			if err == nil || time.Until(end) < 0 || errors.Is(err, os.ErrDeadlineExceeded) {
				return conn, err
			}
			time.Sleep(20 * time.Millisecond)
		}
	}}.ask},
	{"looks first whether the server is there", "retries", steps{dial: func(addr string, timeout time.Duration) (net.Conn, error) {
		conn, err := net.DialTimeout("tcp", addr, timeout)
		if err != nil {
			return nil, err
		}
		conn.Close()
		return net.DialTimeout("tcp", addr, timeout)
	}}.ask},
	{"closes before it reads", "failed", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		conn.Close()
		reply, err := io.ReadAll(conn)
		return string(reply), err
	}, bound: func(conn net.Conn, _ time.Duration, end time.Time) { conn.SetDeadline(end) }}.ask},
	{"reads before it sends", "message", steps{send: func(conn net.Conn, message string, _ time.Duration) error {
		if _, err := conn.Read(make([]byte, 100)); err != nil {
			return err
		}
		_, err := io.WriteString(conn, message)
		return err
	}}.ask},
	{"waits for itself before it connects", "address", func(string, string, time.Duration) (string, error) {
		<-make(chan bool)
		return "", nil
	}},
	{"udp", "address", steps{dial: func(addr string, timeout time.Duration) (net.Conn, error) {
		return net.DialTimeout("udp", addr, timeout)
	}}.ask},
	{"IPv4 only", "address", steps{dial: func(addr string, timeout time.Duration) (net.Conn, error) {
		return net.DialTimeout("tcp4", addr, timeout)
	}}.ask},
	{"no host names", "address", func(addr, message string, timeout time.Duration) (string, error) {
		if _, err := netip.ParseAddrPort(addr); err != nil {
			return "", err
		}
		return steps{}.ask(addr, message, timeout)
	}},
	{"an address split at its colons", "address", func(addr, message string, timeout time.Duration) (string, error) {
		parts := strings.Split(addr, ":")
		return steps{}.ask(parts[0]+":"+parts[1], message, timeout)
	}},
	{"an address of its own", "address", func(_, message string, timeout time.Duration) (string, error) {
		return steps{}.ask("127.0.0.1:1", message, timeout)
	}},

	{"a newline after the message", "message", func(addr, message string, timeout time.Duration) (string, error) {
		return steps{}.ask(addr, message+"\n", timeout)
	}},
	{"a message of its own", "message", func(addr, _ string, timeout time.Duration) (string, error) {
		return steps{}.ask(addr, "Hello, i'm client!", timeout)
	}},
	{"the message as a format", "message", func(addr, message string, timeout time.Duration) (string, error) {
		format := fmt.Sprintf // go vet knows Sprintf, but not what is in a variable
		return steps{}.ask(addr, format(message), timeout)
	}},
	{"no Flush", "message", steps{send: func(conn net.Conn, message string, _ time.Duration) error {
		_, err := bufio.NewWriter(conn).WriteString(message)
		return err
	}}.ask},
	{"the message without spaces around", "message", func(addr, message string, timeout time.Duration) (string, error) {
		return steps{}.ask(addr, strings.TrimSpace(message), timeout)
	}},
	{"only 1024 bytes of the message", "message", func(addr, message string, timeout time.Duration) (string, error) {
		return steps{}.ask(addr, message[:min(1024, len(message))], timeout)
	}},
	{"the whole buffer", "whole-buffer", steps{receive: loop(1024, func(buf []byte, _ int) string { return string(buf) }, never)}.ask},
	{"the whole buffer, a small one", "whole-buffer", steps{receive: loop(16, func(buf []byte, _ int) string { return string(buf) }, never)}.ask},
	{"the reply without spaces around", "changed-reply", after(func(reply string, err error) (string, error) { return strings.TrimSpace(reply), err })},
	{"the reply without zeros at its end", "changed-reply", after(func(reply string, err error) (string, error) { return strings.TrimRight(reply, "\x00"), err })},
	{"the reply up to the first zero", "not-text", after(func(reply string, err error) (string, error) {
		reply, _, _ = strings.Cut(reply, "\x00")
		return reply, err
	})},
	{"a newline after the reply", "changed-reply", after(func(reply string, err error) (string, error) { return reply + "\n", err })},
	{"each piece as text", "not-text", steps{receive: loop(1024, func(buf []byte, n int) string { return string(bytes.ToValidUTF8(buf[:n], []byte("\uFFFD"))) }, never)}.ask},
	{"the reply as runes", "not-text", after(func(reply string, err error) (string, error) { return string([]rune(reply)), err })},
	{"each byte as a rune", "not-text", after(func(reply string, err error) (string, error) {
		runes := make([]rune, len(reply))
		for i := 0; i < len(reply); i++ {
			runes[i] = rune(reply[i])
		}
		return string(runes), err
	})},
	{"one byte less of each piece", "wrong-reply", steps{receive: loop(1024, func(buf []byte, n int) string { return string(buf[:max(n-1, 0)]) }, never)}.ask},
	{"a reply of its own", "wrong-reply", after(func(reply string, err error) (string, error) {
		if err == nil {
			reply = "Hello, i'm server!"
		}
		return reply, err
	})},
	{"only the last piece", "wrong-reply", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		reply := ""
		buf := make([]byte, 1024)
		for {
			n, err := conn.Read(buf)
			if n > 0 {
				reply = string(buf[:n])
			}
			if err == io.EOF {
				return reply, nil
			}
			if err != nil {
				return "", err
			}
		}
	}}.ask},
	{"rests before each Read, so that all can arrive", "waits-timeout", steps{receive: func(conn net.Conn, _ time.Duration) (string, error) {
		var reply []byte
		buf := make([]byte, 1024)
		for {
			time.Sleep(100 * time.Millisecond)
			n, err := conn.Read(buf)
			reply = append(reply, buf[:n]...)
			if err == io.EOF {
				return string(reply), nil
			}
			if err != nil {
				return "", err
			}
		}
	}}.ask},
	{"does not read", "wrong-reply", steps{receive: func(net.Conn, time.Duration) (string, error) { return "", nil }}.ask},
	{"panics", "panicked", func(addr, _ string, timeout time.Duration) (string, error) {
		conn, _ := net.DialTimeout("tcp", addr, -timeout)
		conn.Close()
		return "", nil
	}},
}

// renewed sets the deadline again at each Read.
type renewed struct {
	net.Conn
	timeout time.Duration
}

func (r renewed) Read(buf []byte) (int, error) {
	r.SetReadDeadline(time.Now().Add(r.timeout))
	return r.Conn.Read(buf)
}
