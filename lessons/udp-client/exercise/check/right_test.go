//go:build catalogue

package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"example.com/sockets/lessons/udp-client/exercise/solution"
	"example.com/sockets/shared/exam"
)

// rights are right answers in styles that have little in common.
var rights = []exam.Answer[asker]{
	{"solution", "", solution.Ask},

	{"no connection, and a look at each sender", "", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		server, err := net.ResolveUDPAddr("udp", addr)
		if err != nil {
			return "", err
		}
		conn, err := net.ListenPacket("udp", ":0")
		if err != nil {
			return "", err
		}
		defer conn.Close()
		buf := make([]byte, 64<<10)
		for range tries {
			if _, err := conn.WriteTo([]byte(message), server); err != nil {
				return "", err
			}
			conn.SetReadDeadline(time.Now().Add(timeout))
			for {
				n, from, err := conn.ReadFrom(buf)
				if err != nil {
					break
				}
				if from.String() == server.String() {
					return string(buf[:n]), nil
				}
			}
		}
		return "", errors.New("no answer")
	}},

	{"no connection, and each sender compared with addr itself", "", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		server, err := net.ResolveUDPAddr("udp", addr)
		if err != nil {
			return "", err
		}
		conn, err := net.ListenPacket("udp", ":0")
		if err != nil {
			return "", err
		}
		defer conn.Close()
		buf := make([]byte, 65507)
		for range tries {
			if _, err := conn.WriteTo([]byte(message), server); err != nil {
				return "", err
			}
			conn.SetReadDeadline(time.Now().Add(timeout))
			for {
				n, from, err := conn.ReadFrom(buf)
				if err != nil {
					break
				}
				if from.String() == addr {
					return string(buf[:n]), nil
				}
			}
		}
		return "", os.ErrDeadlineExceeded
	}},

	{"netip on a socket for IPv4 and IPv6, with Unmap", "", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		server, err := netip.ParseAddrPort(addr)
		if err != nil {
			return "", err
		}
		conn, err := net.ListenUDP("udp", nil)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		buf := make([]byte, 65507)
		for range tries {
			if _, err := conn.WriteToUDPAddrPort([]byte(message), server); err != nil {
				return "", err
			}
			conn.SetReadDeadline(time.Now().Add(timeout))
			for {
				n, from, err := conn.ReadFromUDPAddrPort(buf)
				if err != nil {
					break
				}
				if from.Port() == server.Port() && from.Addr().Unmap() == server.Addr() {
					return string(buf[:n]), nil
				}
			}
		}
		return "", os.ErrDeadlineExceeded
	}},

	{"an answer looked for every few milliseconds", "", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			return "", err
		}
		answers := make(chan string, 1)
		read := make(chan struct{})
		defer func() {
			conn.Close()
			<-read
		}()
		go func() {
			defer close(read)
			buf := make([]byte, 1<<16)
			if n, err := conn.Read(buf); err == nil {
				answers <- string(buf[:n])
			}
		}()
		for range tries {
			if _, err := conn.Write([]byte(message)); err != nil {
				return "", err
			}
			for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
				select {
				case answer := <-answers:
					return answer, nil
				default:
				}
			}
		}
		return "", os.ErrDeadlineExceeded
	}},

	{"netip, a deadline worked out for each read, errors tried on", "", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		server, err := netip.ParseAddrPort(addr)
		if err != nil {
			return "", err
		}
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return "", err
		}
		defer conn.Close()
		err = errors.New("no try was made")
		for try := 1; try <= tries; try++ {
			if _, err = conn.WriteToUDPAddrPort([]byte(message), server); err != nil {
				time.Sleep(timeout)
				continue
			}
			end := time.Now().Add(timeout)
			for time.Until(end) > 0 {
				buf := make([]byte, 65536)
				conn.SetReadDeadline(time.Now().Add(time.Until(end)))
				var n int
				var from netip.AddrPort
				if n, from, err = conn.ReadFromUDPAddrPort(buf); err == nil && from == server {
					return string(buf[:n]), nil
				}
			}
		}
		return "", fmt.Errorf("%d tries: %w", tries, err)
	}},

	{"a new socket for each try", "", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		var last error
		for range tries {
			answer, err := func() (string, error) {
				conn, err := net.DialTimeout("udp", addr, timeout)
				if err != nil {
					return "", err
				}
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(timeout))
				if _, err := io.WriteString(conn, message); err != nil {
					return "", err
				}
				buf := make([]byte, 65507)
				n, err := conn.Read(buf)
				return string(buf[:n]), err
			}()
			if err == nil {
				return answer, nil
			}
			last = err
		}
		return "", last
	}},

	{"a goroutine that reads, a timer that sends", "", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			return "", err
		}
		type answer struct {
			text string
			err  error
		}
		answers := make(chan answer, 1)
		defer func() {
			conn.Close()
			<-answers
		}()
		if _, err := conn.Write([]byte(message)); err != nil {
			close(answers)
			return "", err
		}
		go func() {
			defer close(answers)
			buf := make([]byte, 1<<16)
			n, err := conn.Read(buf)
			answers <- answer{string(buf[:n]), err}
		}()
		timer := time.NewTicker(timeout)
		defer timer.Stop()
		for sent := 1; ; {
			select {
			case a := <-answers:
				return a.text, a.err
			case <-timer.C:
			}
			if sent == tries {
				return "", context.DeadlineExceeded
			}
			sent++
			if _, err := conn.Write([]byte(message)); err != nil {
				return "", err
			}
		}
	}},

	{"a context for each try, which moves the deadline", "", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		var d net.Dialer
		conn, err := d.DialContext(context.Background(), "udp4", addr)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		try := func() (string, error) {
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			defer cancel()
			conn.SetReadDeadline(time.Time{})
			stopped := make(chan struct{})
			stop := context.AfterFunc(ctx, func() {
				conn.SetReadDeadline(time.Unix(1, 0))
				close(stopped)
			})
			defer func() {
				if !stop() {
					<-stopped
				}
			}()
			if _, err := io.Copy(conn, bytes.NewReader([]byte(message))); err != nil {
				return "", err
			}
			if message == "" { // which io.Copy does not write
				if _, err := conn.Write(nil); err != nil {
					return "", err
				}
			}
			var answer strings.Builder
			buf := make([]byte, 65535)
			n, err := conn.Read(buf)
			answer.Write(buf[:n])
			return answer.String(), err
		}
		var errs []error
		for range tries {
			answer, err := try()
			if err == nil {
				return answer, nil
			}
			errs = append(errs, err)
		}
		return "", errors.Join(errs...)
	}},

	{"short reads in a loop, until the time of the try is up", "", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		server, err := net.ResolveUDPAddr("udp", addr)
		if err != nil {
			return "", err
		}
		conn, err := net.DialUDP("udp", nil, server)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		conn.SetReadBuffer(1 << 18)
		buf := make([]byte, 65507)
		for try := 0; try < tries; try++ {
			if _, _, err := conn.WriteMsgUDP([]byte(message), nil, nil); err != nil {
				return "", fmt.Errorf("send: %w", err)
			}
			for began := time.Now(); time.Since(began) < timeout; {
				conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
				n, _, _, _, err := conn.ReadMsgUDP(buf, nil)
				if err == nil {
					return string(buf[:n]), nil
				}
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					return "", fmt.Errorf("receive: %w", err)
				}
			}
		}
		return "", os.ErrDeadlineExceeded
	}},

	{"each try a call of its own, on one socket", "", func(addr, message string, timeout time.Duration, tries int) (answer string, err error) {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			return "", err
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		end := time.Now()
		var again func(left int) (string, error)
		again = func(left int) (string, error) {
			if left == 0 {
				return "", os.ErrDeadlineExceeded
			}
			fmt.Fprint(conn, message)
			end = end.Add(timeout)
			conn.SetReadDeadline(end)
			buf := make([]byte, 70000)
			n, err := conn.Read(buf)
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				return again(left - 1)
			}
			return string(buf[:n]), err
		}
		return again(tries)
	}},

	{"a socket for each try, all open to the end", "", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		answers, failures := make(chan string, tries), make(chan error, tries)
		for range tries {
			conn, err := net.Dial("udp", addr)
			if err != nil {
				return "", err
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, message); err != nil {
				return "", err
			}
			go func() {
				buf := make([]byte, 1<<16)
				n, err := conn.Read(buf)
				if err != nil {
					failures <- err
					return
				}
				answers <- string(buf[:n])
			}()
			select {
			case answer := <-answers:
				return answer, nil
			case err := <-failures:
				return "", err
			case <-time.After(timeout):
			}
		}
		return "", fmt.Errorf("%d tries, and no answer", tries)
	}},

	{"deadlines from one start, errors of a refused send counted", "", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		buf := make([]byte, 1<<20)
		for deadline := time.Now(); tries > 0; tries-- {
			deadline = deadline.Add(timeout)
			if _, err = conn.Write([]byte(message)); err != nil {
				continue
			}
			conn.SetReadDeadline(deadline)
			var n int
			if n, err = conn.Read(buf); err == nil {
				return string(buf[:n]), nil
			}
		}
		return "", err
	}},
}
