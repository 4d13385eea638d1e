//go:build catalogue

package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"example.com/sockets/lessons/udp-server/exercise/solution"
	"example.com/sockets/shared/exam"
)

// rights are answers in different styles. All are right.
var rights = []exam.Answer[func(net.PacketConn) error]{
	{"solution", "", solution.Echo},
	{"returns every failure", "", returnsEveryFailure},
	{"goroutine per datagram", "", goroutinePerDatagram},
	{"several readers", "", severalReaders},
	{"reader and workers", "", readerAndWorkers},
	{"one worker", "", oneWorker},
	{"deadlines as a heartbeat", "", heartbeat},
	{"deadline for both ways", "", deadlineBothWays},
	{"new buffer each time", "", newBuffer},
	{"pool of buffers", "", pool},
	{"ring of buffers", "", ringOfBuffers},
	{"n outside the loop", "", lengthOutside},
	{"looks for a UDPConn", "", typeSwitch},
	{"pause after a failure", "", pauseAfterFailure},
	{"growing pause", "", growingPause},
	{"gives up after failures", "", givesUp},
	{"wraps errors", "", wrapsErrors},
	{"closes when it returns", "", closesAtEnd},
	{"reads the error's words", "", readsWords},
	{"retries a write", "", retriesWrite},
	{"retries a write in a goroutine", "", retriesApart},
	{"a list of failures", "", listsFailures},
	{"ten rests, then the error", "", restsThenError},
	{"closure", "", closure},
	{"a goroutine per sender", "", perSender},
	{"each datagram starts the next", "", startsNext},
	{"select", "", selects},
	{"io.Copy and the empty ones", "", copiesAll},
	{"pool outside", "", poolOutside},
}

func returnsEveryFailure(conn net.PacketConn) error {
	var buf [65535]byte
	for {
		n, addr, err := conn.ReadFrom(buf[:])
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		if _, err := conn.WriteTo(buf[:n], addr); err != nil {
			return err
		}
	}
}

func goroutinePerDatagram(conn net.PacketConn) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	buf := make([]byte, 1<<16)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		data := append([]byte(nil), buf[:n]...)
		wg.Go(func() { conn.WriteTo(data, addr) })
	}
}

func severalReaders(conn net.PacketConn) error {
	errs := make(chan error)
	for range 4 {
		go func() { errs <- returnsEveryFailure(conn) }()
	}
	var all error
	for range 4 {
		all = errors.Join(all, <-errs)
	}
	return all
}

type packet struct {
	data []byte
	addr net.Addr
}

func readerAndWorkers(conn net.PacketConn) error {
	return workers(conn, 4, 100)
}

func oneWorker(conn net.PacketConn) error {
	return workers(conn, 1, 0)
}

func workers(conn net.PacketConn, count, queue int) error {
	packets := make(chan packet, queue)
	var wg sync.WaitGroup
	for range count {
		wg.Go(func() {
			for p := range packets {
				conn.WriteTo(p.data, p.addr)
			}
		})
	}
	defer wg.Wait()
	defer close(packets)
	for {
		buf := make([]byte, 65507)
		n, addr, err := conn.ReadFrom(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		}
		packets <- packet{buf[:n], addr}
	}
}

func heartbeat(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		conn.SetReadDeadline(time.Now().Add(time.Second))
		n, addr, err := conn.ReadFrom(buf)
		if netErr := net.Error(nil); errors.As(err, &netErr) && netErr.Timeout() {
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		conn.WriteTo(buf[:n], addr)
	}
}

func deadlineBothWays(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		if err := conn.SetDeadline(time.Now().Add(5 * time.Millisecond)); errors.Is(err, net.ErrClosed) {
			return nil
		}
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		conn.SetDeadline(time.Now().Add(time.Minute))
		conn.WriteTo(buf[:n], addr)
	}
}

func newBuffer(conn net.PacketConn) (err error) {
	for err == nil {
		buf := make([]byte, 70000)
		var n int
		var addr net.Addr
		if n, addr, err = conn.ReadFrom(buf); err == nil {
			_, err = conn.WriteTo(buf[:n:n], addr)
		}
	}
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}

func pool(conn net.PacketConn) error {
	buffers := sync.Pool{New: func() any { return new([65507]byte) }}
	for {
		buf := buffers.Get().(*[65507]byte)
		n, addr, err := conn.ReadFrom(buf[:])
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		go func() {
			defer buffers.Put(buf)
			if _, err := conn.WriteTo(buf[:n], addr); err != nil {
				slog.Debug("not sent", "to", addr, "err", err)
			}
		}()
	}
}

// ringOfBuffers waits for a buffer that has been sent.
func ringOfBuffers(conn net.PacketConn) error {
	free := make(chan []byte, 16)
	for range cap(free) {
		free <- make([]byte, 65507)
	}
	for {
		buf := <-free
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		go func() {
			conn.WriteTo(buf[:n], addr)
			free <- buf
		}()
	}
}

// lengthOutside looks at n before its goroutine begins.
func lengthOutside(conn net.PacketConn) error {
	var n int
	var addr net.Addr
	var err error
	for {
		buf := make([]byte, 65507)
		n, addr, err = conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		go conn.WriteTo(buf[:n], addr)
	}
}

func typeSwitch(conn net.PacketConn) error {
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return returnsEveryFailure(conn)
	}
	buf := make([]byte, 65507)
	for {
		var n int
		var addr netip.AddrPort
		n, addr, err := udp.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		udp.WriteToUDPAddrPort(buf[:n], addr)
	}
}

func pauseAfterFailure(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			time.Sleep(time.Millisecond)
			continue
		}
		conn.WriteTo(buf[:n], addr)
	}
}

func growingPause(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	pause := 5 * time.Millisecond
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			time.Sleep(pause)
			pause = min(2*pause, time.Second)
			continue
		}
		pause = 5 * time.Millisecond
		conn.WriteTo(buf[:n], addr)
	}
}

func givesUp(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for failed := 0; ; {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			if failed++; failed == 100 {
				return fmt.Errorf("too many failures, the last: %w", err)
			}
			continue
		}
		failed = 0
		conn.WriteTo(buf[:n], addr)
	}
}

func wrapsErrors(conn net.PacketConn) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		buf := make([]byte, 65507)
		for {
			n, addr, err := conn.ReadFrom(buf)
			if err != nil {
				cancel(fmt.Errorf("recvfrom: %w", err))
				return
			}
			if _, err := conn.WriteTo(buf[:n], addr); err != nil {
				cancel(fmt.Errorf("sendto %v: %w", addr, err))
				return
			}
		}
	}()
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

func closesAtEnd(conn net.PacketConn) error {
	defer conn.Close()
	return returnsEveryFailure(conn)
}

func readsWords(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if err != nil && strings.Contains(err.Error(), "use of closed network connection") {
			return nil
		}
		if err != nil {
			return err
		}
		conn.WriteTo(buf[:n], addr)
	}
}

func retriesWrite(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		for range 3 {
			if _, err = conn.WriteTo(buf[:n], addr); err == nil {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// retriesApart may send an echo late, after later ones.
func retriesApart(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		data := append([]byte(nil), buf[:n]...)
		go func() {
			for range 100 {
				if _, err := conn.WriteTo(data, addr); err == nil || errors.Is(err, net.ErrClosed) {
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
	}
}

// listsFailures tells of a sender that cannot be reached only once, and tries each time.
func listsFailures(conn net.PacketConn) error {
	failed := map[string]bool{}
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := conn.WriteTo(buf[:n], addr); err == nil {
			delete(failed, addr.String())
		} else if !failed[addr.String()] {
			failed[addr.String()] = true
			slog.Debug("not sent", "to", addr, "err", err)
		}
	}
}

// restsThenError returns the error in the end, or nil when conn is closed before.
func restsThenError(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for failed := 0; ; {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			if failed++; failed == 10 {
				return err
			}
			time.Sleep(60 * time.Millisecond)
			continue
		}
		failed = 0
		conn.WriteTo(buf[:n], addr)
	}
}

func closure(conn net.PacketConn) error {
	next := func() error {
		buf := make([]byte, 65508)
		n, addr, err := conn.ReadFrom(buf)
		if err == nil {
			conn.WriteTo(buf[:n], addr)
		}
		return err
	}
	for {
		switch err := next(); {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		}
	}
}

func perSender(conn net.PacketConn) error {
	senders := map[string]chan []byte{}
	var wg sync.WaitGroup
	defer func() {
		for _, data := range senders {
			close(data)
		}
		wg.Wait()
	}()
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		name := addr.String()
		if senders[name] == nil {
			todo := make(chan []byte, 16)
			senders[name] = todo
			wg.Go(func() {
				for data := range todo {
					conn.WriteTo(data, addr)
				}
			})
		}
		senders[name] <- append([]byte(nil), buf[:n]...)
	}
}

func startsNext(conn net.PacketConn) error {
	end := make(chan error, 1)
	var next func()
	next = func() {
		buf := make([]byte, 65507)
		n, addr, err := conn.ReadFrom(buf)
		if err != nil {
			end <- err
			return
		}
		go next()
		conn.WriteTo(buf[:n], addr)
	}
	go next()
	if err := <-end; !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

func selects(conn net.PacketConn) error {
	packets, failed, done := make(chan packet), make(chan error, 1), make(chan struct{})
	defer close(done)
	go func() {
		for {
			buf := make([]byte, 65507)
			n, addr, err := conn.ReadFrom(buf)
			if err != nil {
				failed <- err
				return
			}
			select {
			case packets <- packet{buf[:n], addr}:
			case <-done:
				return
			}
		}
	}()
	count := 0
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case p := <-packets:
			count++
			conn.WriteTo(p.data, p.addr)
		case err := <-failed:
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		case <-tick.C:
			slog.Debug("echoed", "count", count)
		}
	}
}

// A wholeStream is a stream that sees to the empty ones by itself.
type wholeStream struct{ stream }

func (s *wholeStream) Read(b []byte) (int, error) {
	for {
		n, err := s.stream.Read(b)
		if n > 0 || err != nil {
			return n, err
		}
		s.conn.WriteTo(nil, s.addr)
	}
}

func copiesAll(conn net.PacketConn) error {
	s := &wholeStream{stream{conn: conn}}
	if _, err := io.CopyBuffer(s, s, make([]byte, 65507)); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// buffers are for all calls, but each is for one at a time.
var buffers = sync.Pool{New: func() any { return new([65507]byte) }}

func poolOutside(conn net.PacketConn) error {
	for {
		buf := buffers.Get().(*[65507]byte)
		n, addr, err := conn.ReadFrom(buf[:])
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		go func() {
			conn.WriteTo(buf[:n], addr)
			buffers.Put(buf)
		}()
	}
}
