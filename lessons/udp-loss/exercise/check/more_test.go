//go:build catalogue

package check

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"example.com/sockets/shared/exam"
)

type ackWaiter struct {
	conn net.Conn
	seq  uint32
}

func (a ackWaiter) wait(until time.Time) (bool, error) {
	if err := a.conn.SetReadDeadline(until); err != nil {
		return false, err
	}
	var b [1024]byte
	for time.Now().Before(until) {
		n, err := a.conn.Read(b[:])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if n == 4 && binary.BigEndian.Uint32(b[:n]) == a.seq {
			return true, nil
		}
	}
	return false, nil
}

type doubler struct {
	net.PacketConn
	rest time.Duration
}

func (d doubler) WriteTo(b []byte, a net.Addr) (int, error) {
	d.PacketConn.WriteTo(b, a)
	time.Sleep(d.rest)
	return d.PacketConn.WriteTo(b, a)
}

// More right answers, in other styles than those of right_test.go.
var moreRightSends = []exam.Answer[sender]{
	{"a type that waits", "", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		msg := make([]byte, 0, 4+len(p))
		msg = binary.BigEndian.AppendUint32(msg, seq)
		msg = append(msg, p...)
		w := ackWaiter{conn, seq}
		for i := 0; i < tries; i++ {
			if n, err := conn.Write(msg); err != nil {
				return err
			} else if n != len(msg) {
				return io.ErrShortWrite
			}
			if ok, err := w.wait(time.Now().Add(timeout)); err != nil {
				return err
			} else if ok {
				return nil
			}
		}
		return errors.New("no ack")
	}},
	{"bufio.Writer", "", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		bw := bufio.NewWriterSize(conn, len(p)+4)
		w := ackWaiter{conn, seq}
		for range tries {
			binary.Write(bw, binary.BigEndian, seq)
			bw.Write(p)
			if err := bw.Flush(); err != nil {
				return err
			}
			if ok, err := w.wait(time.Now().Add(timeout)); err != nil || ok {
				return err
			}
		}
		return fmt.Errorf("timeout")
	}},
	{"a timer that ends Read", "", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		msg := append(number(seq), p...)
		for range tries {
			conn.SetReadDeadline(time.Time{})
			if _, err := conn.Write(msg); err != nil {
				return err
			}
			timer := time.AfterFunc(timeout, func() { conn.SetReadDeadline(time.Unix(1, 0)) })
			buf := make([]byte, 65536)
			for {
				n, err := conn.Read(buf)
				if err != nil {
					if !timer.Stop() && isTimeout(err) {
						break
					}
					return err
				}
				if bytes.Equal(buf[:n], number(seq)) {
					timer.Stop()
					return nil
				}
			}
		}
		return errors.New("gave up")
	}},
	{"every error is a try", "", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		msg := append(number(seq), p...)
		var last error
		for i := 0; i < tries; i++ {
			if _, last = conn.Write(msg); last != nil {
				continue
			}
			conn.SetReadDeadline(time.Now().Add(timeout))
			buf := make([]byte, 1500)
			for {
				var n int
				n, last = conn.Read(buf)
				if last != nil {
					break
				}
				if n == 4 && [4]byte(buf[:4]) == [4]byte(number(seq)) {
					return nil
				}
			}
		}
		return fmt.Errorf("all tries: %w", last)
	}},
	{"a goroutine per try", "", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		for range tries {
			res := make(chan error, 1)
			conn.SetReadDeadline(time.Now().Add(timeout))
			if _, err := conn.Write(append(number(seq), p...)); err != nil {
				return err
			}
			go func() {
				buf := make([]byte, 16)
				for {
					n, err := conn.Read(buf)
					if err != nil || bytes.Equal(buf[:n], number(seq)) {
						res <- err
						return
					}
				}
			}()
			if err := <-res; !isTimeout(err) {
				return err
			}
		}
		return os.ErrDeadlineExceeded
	}},
}

var moreWrongSends = []exam.Answer[sender]{
	{"length behind the number", "changed", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return resend(conn, append(append(number(seq), number(uint32(len(p)))...), p...), timeout, tries)
	}},
	{"ticker, and a goroutine that reads", "closed-conn last-wait reads-on", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		msg := append(number(seq), p...)
		ticker := time.NewTicker(timeout)
		defer ticker.Stop()
		done := make(chan bool)
		go func() {
			buf := make([]byte, 64)
			for {
				n, err := conn.Read(buf)
				if err == nil && bytes.Equal(buf[:n], number(seq)) {
					close(done)
					return
				}
				if err != nil {
					return
				}
			}
		}()
		conn.Write(msg)
		for i := 1; i < tries; i++ {
			select {
			case <-done:
				return nil
			case <-ticker.C:
				conn.Write(msg)
			}
		}
		return errors.New("no ack")
	}},
	{"all tries in one go", "own-timeout", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		for range tries {
			if _, err := conn.Write(append(number(seq), p...)); err != nil {
				return err
			}
		}
		return waitFor(conn, seq, time.Now().Add(timeout))
	}},
	{"one deadline, and ends with it", "no-retry", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		end := time.Now().Add(timeout)
		for range tries {
			if _, err := conn.Write(append(number(seq), p...)); err != nil {
				return err
			}
			if err := waitFor(conn, seq, end); !isTimeout(err) {
				return err
			}
			if time.Now().After(end) {
				return os.ErrDeadlineExceeded
			}
		}
		return os.ErrDeadlineExceeded
	}},
	{"every error is nil", "swallowed too-long", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		for range tries {
			if _, err := conn.Write(append(number(seq), p...)); err != nil {
				return nil
			}
			if waitFor(conn, seq, time.Now().Add(timeout)) == nil {
				return nil
			}
		}
		return nil
	}},
	{"waits for the next number", "ack-missed", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		for range tries {
			if _, err := conn.Write(append(number(seq), p...)); err != nil {
				return err
			}
			if err := waitFor(conn, seq+1, time.Now().Add(timeout)); !isTimeout(err) {
				return err
			}
		}
		return os.ErrDeadlineExceeded
	}},
	{"trims zeros", "changed", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return resend(conn, append(number(seq), bytes.Trim(p, "\x00")...), timeout, tries)
	}},
}

var moreRightReceives = []exam.Answer[receiver]{
	{"a slice of senders and goto", "", func(conn net.PacketConn, deliver func([]byte)) error {
		type peer struct {
			addr string
			next uint32
		}
		var peers []*peer
		b := make([]byte, 65507)
	loop:
		n, a, err := conn.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if n < 4 {
			goto loop
		}
		var p *peer
		for _, q := range peers {
			if q.addr == a.String() {
				p = q
			}
		}
		if p == nil {
			p = &peer{addr: a.String()}
			peers = append(peers, p)
		}
		seq := binary.BigEndian.Uint32(b)
		if seq > p.next {
			goto loop
		}
		if seq == p.next {
			deliver(append([]byte(nil), b[4:n]...))
			p.next++
		}
		if _, err := conn.WriteTo(b[:4], a); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		goto loop
	}},
	{"a goroutine that reads", "", func(conn net.PacketConn, deliver func([]byte)) error {
		type dg struct {
			d    []byte
			from net.Addr
			err  error
		}
		ch := make(chan dg)
		quit := make(chan struct{})
		defer close(quit)
		go func() {
			for {
				b := make([]byte, 65536)
				n, a, err := conn.ReadFrom(b)
				select {
				case ch <- dg{b[:n], a, err}:
				case <-quit:
					return
				}
				if err != nil {
					return
				}
			}
		}()
		next := map[string]uint32{}
		for d := range ch {
			if errors.Is(d.err, net.ErrClosed) {
				return nil
			}
			if d.err != nil {
				return d.err
			}
			if len(d.d) < 4 {
				continue
			}
			k, seq := d.from.String(), binary.BigEndian.Uint32(d.d)
			if seq == next[k] {
				deliver(d.d[4:])
				next[k]++
			}
			if seq < next[k] {
				conn.WriteTo(d.d[:4], d.from)
			}
		}
		return nil
	}},
	{"acknowledges twice", "", func(conn net.PacketConn, deliver func([]byte)) error {
		return flawed{ack: func(b []byte, n int) []byte { return b[:4] }, writeFailed: func(err error) (bool, error) { return false, nil }}.Receive(doubler{conn, 0}, deliver)
	}},
	{"acknowledges twice, with a rest", "", func(conn net.PacketConn, deliver func([]byte)) error {
		return flawed{ack: func(b []byte, n int) []byte { return b[:4] }, writeFailed: func(err error) (bool, error) { return false, nil }}.Receive(doubler{conn, 3 * time.Millisecond}, deliver)
	}},
	{"keeps one", "", keeps(1)},
}

var moreWrongReceives = []exam.Answer[receiver]{
	{"does not wait for the last deliver", "after-return", func(conn net.PacketConn, deliver func([]byte)) error {
		ch := make(chan []byte)
		go func() {
			for p := range ch {
				deliver(p)
			}
		}()
		defer close(ch)
		return flawed{deliver: func(_ func([]byte), p []byte) { ch <- p }}.Receive(conn, deliver)
	}},
	{"acknowledges the highest", "double-unacked", func(conn net.PacketConn, deliver func([]byte)) error {
		next := map[string]uint32{}
		b := make([]byte, 65507)
		for {
			n, a, err := conn.ReadFrom(b)
			if err != nil {
				return nonClosed(err)
			}
			if n < 4 {
				continue
			}
			if binary.BigEndian.Uint32(b) == next[a.String()] {
				deliver(bytes.Clone(b[4:n]))
				next[a.String()]++
			}
			if next[a.String()] > 0 {
				conn.WriteTo(number(next[a.String()]-1), a)
			}
		}
	}},
	{"knows only the last number", "doubled order", func(conn net.PacketConn, deliver func([]byte)) error {
		last := map[string]uint32{}
		b := make([]byte, 65507)
		for {
			n, a, err := conn.ReadFrom(b)
			if err != nil {
				return nonClosed(err)
			}
			if n < 4 {
				continue
			}
			seq := binary.BigEndian.Uint32(b)
			l, ok := last[a.String()]
			if !ok || seq != l {
				deliver(bytes.Clone(b[4:n]))
				last[a.String()] = seq
			}
			conn.WriteTo(b[:4], a)
		}
	}},
	{"begins with 1", "no-deliver", func(conn net.PacketConn, deliver func([]byte)) error {
		next := map[string]uint32{}
		b := make([]byte, 65507)
		for {
			n, a, err := conn.ReadFrom(b)
			if err != nil {
				return nonClosed(err)
			}
			if n < 4 {
				continue
			}
			seq := binary.BigEndian.Uint32(b)
			if next[a.String()] == 0 {
				next[a.String()] = 1
			}
			if seq == next[a.String()] {
				deliver(bytes.Clone(b[4:n]))
				next[a.String()]++
			}
			if seq < next[a.String()] {
				conn.WriteTo(b[:4], a)
			}
		}
	}},
	{"io.EOF at the end", "closed-error", flawed{closed: func(err error) (bool, error) { return true, io.EOF }}.Receive},
	{"begins with what comes first", "order", func(conn net.PacketConn, deliver func([]byte)) error {
		next := map[string]uint32{}
		b := make([]byte, 65507)
		for {
			n, a, err := conn.ReadFrom(b)
			if err != nil {
				return nonClosed(err)
			}
			if n < 4 {
				continue
			}
			seq := binary.BigEndian.Uint32(b)
			want, ok := next[a.String()]
			if !ok {
				want = seq
			}
			if seq == want {
				deliver(bytes.Clone(b[4:n]))
				next[a.String()] = want + 1
			}
			if seq <= want {
				conn.WriteTo(b[:4], a)
			}
		}
	}},
	{"keeps parts of the buffer", "kept-buffer", func(conn net.PacketConn, deliver func([]byte)) error {
		next, kept := map[string]uint32{}, map[string]map[uint32][]byte{}
		b := make([]byte, 65507)
		for {
			n, a, err := conn.ReadFrom(b)
			if err != nil {
				return nonClosed(err)
			}
			if n < 4 {
				continue
			}
			k, seq := a.String(), binary.BigEndian.Uint32(b)
			if kept[k] == nil {
				kept[k] = map[uint32][]byte{}
			}
			if seq > next[k]+50 {
				continue
			}
			if seq > next[k] {
				kept[k][seq] = b[4:n]
			}
			if seq == next[k] {
				deliver(bytes.Clone(b[4:n]))
				next[k]++
				for p, ok := kept[k][next[k]]; ok; p, ok = kept[k][next[k]] {
					deliver(bytes.Clone(p))
					delete(kept[k], next[k])
					next[k]++
				}
			}
			conn.WriteTo(b[:4], a)
		}
	}},
}
