//go:build catalogue

package check

import (
	"bufio"
	"bytes"
	"encoding/binary"
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

// foundReceives are wrong answers that once passed, or were told the wrong thing.
var foundReceives = []exam.Answer[receiver]{
	{"what is kept is not acknowledged again", "double-unacked", keptNotAckedAgain},
	{"a worker that a failure leaves behind", "after-return", leftBehind(false)},
	{"a worker that a closed conn leaves behind", "after-return", leftBehind(true)},
	{"a queue that is full throws away", "ack-lies", queueThrows(64)},
	{"a longer queue that is full throws away", "ack-lies", queueThrows(256)},
	{"a ring of buffers", "kept-buffer", ringOfBuffers},
	{"a goroutine acknowledges out of the buffer", "kept-buffer", goroutineAcks},
	{"nil after some failures", "failure-hidden", nilAfterFailures},
	{"what is kept is shared by all senders", "per-sender", keptForAll},
	{"one map for all, by both addresses", "shared", bothAddresses},
	{"a select that may take the error first", "ack-lies", selectsError},
}

// each is a Receive that calls f for each datagram, and leaves when that fails.
func each(conn net.PacketConn, f func(who string, from net.Addr, seq uint32, d []byte) error) error {
	buf := make([]byte, 65507)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return nonClosed(err)
		}
		if n < 4 {
			continue
		}
		if err := f(from.String(), from, binary.BigEndian.Uint32(buf), buf[:n]); err != nil {
			return nonClosed(err)
		}
	}
}

func keptNotAckedAgain(conn net.PacketConn, deliver func([]byte)) error {
	next, kept := map[string]uint32{}, map[string]map[uint32][]byte{}
	return each(conn, func(who string, from net.Addr, seq uint32, d []byte) error {
		if kept[who] == nil {
			kept[who] = map[uint32][]byte{}
		}
		if _, have := kept[who][seq]; have || seq > next[who] && len(kept[who]) >= 100 {
			return nil
		}
		if seq >= next[who] {
			kept[who][seq] = bytes.Clone(d[4:])
		}
		for p, ok := kept[who][next[who]]; ok; p, ok = kept[who][next[who]] {
			delete(kept[who], next[who])
			next[who]++
			deliver(p)
		}
		conn.WriteTo(d[:4], from)
		return nil
	})
}

// leftBehind has a worker, and one way out that does not wait for it: a conn closed
// between the queue and WriteTo, or a failure of ReadFrom.
func leftBehind(closed bool) receiver {
	return func(conn net.PacketConn, deliver func([]byte)) error {
		next, queue := map[string]uint32{}, make(chan []byte, 16)
		var wg sync.WaitGroup
		wg.Go(func() {
			for p := range queue {
				deliver(p)
			}
		})
		leave := errors.New("leave")
		err := each(conn, func(who string, from net.Addr, seq uint32, d []byte) error {
			if seq > next[who] {
				return nil
			}
			if seq == next[who] {
				queue <- bytes.Clone(d[4:])
				next[who]++
			}
			if _, err := conn.WriteTo(d[:4], from); closed && errors.Is(err, net.ErrClosed) {
				return leave
			}
			return nil
		})
		if closed && err == leave {
			return nil
		}
		if closed || err == nil {
			close(queue)
			wg.Wait()
		}
		return err
	}
}

func queueThrows(size int) receiver {
	return func(conn net.PacketConn, deliver func([]byte)) error {
		next, queue := map[string]uint32{}, make(chan []byte, size)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer close(queue)
		wg.Go(func() {
			for p := range queue {
				deliver(p)
			}
		})
		return each(conn, func(who string, from net.Addr, seq uint32, d []byte) error {
			if seq > next[who] {
				return nil
			}
			if seq == next[who] {
				next[who]++
				select {
				case queue <- bytes.Clone(d[4:]):
				default:
				}
			}
			conn.WriteTo(d[:4], from)
			return nil
		})
	}
}

func ringOfBuffers(conn net.PacketConn, deliver func([]byte)) error {
	next, ring := map[string]uint32{}, [16][65507]byte{}
	for i := 0; ; i++ {
		buf := ring[i%16][:]
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return nonClosed(err)
		}
		if n < 4 || binary.BigEndian.Uint32(buf) > next[from.String()] {
			continue
		}
		if binary.BigEndian.Uint32(buf) == next[from.String()] {
			next[from.String()]++
			deliver(buf[4:n])
		}
		conn.WriteTo(buf[:4], from)
	}
}

func goroutineAcks(conn net.PacketConn, deliver func([]byte)) error {
	next := map[string]uint32{}
	return each(conn, func(who string, from net.Addr, seq uint32, d []byte) error {
		if seq == next[who] {
			next[who]++
			deliver(bytes.Clone(d[4:]))
		}
		if seq < next[who] {
			written := make(chan bool)
			go func() {
				time.AfterFunc(10*time.Millisecond, func() { close(written) })
				conn.WriteTo(d[:4], from)
			}()
			<-written // so that only a WriteTo that is slow goes wrong
		}
		return nil
	})
}

func nilAfterFailures(conn net.PacketConn, deliver func([]byte)) error {
	failures := 0
	return flawed{closed: func(err error) (bool, error) {
		if errors.Is(err, net.ErrClosed) {
			return true, nil
		}
		time.Sleep(40 * time.Millisecond)
		failures++
		return failures == 5, nil
	}}.Receive(conn, deliver)
}

func keptForAll(conn net.PacketConn, deliver func([]byte)) error {
	next, kept := map[string]uint32{}, map[uint32][]byte{}
	return each(conn, func(who string, from net.Addr, seq uint32, d []byte) error {
		switch {
		case seq > next[who]:
			if len(kept) >= 100 {
				return nil
			}
			kept[seq] = bytes.Clone(d[4:])
		case seq == next[who]:
			deliver(bytes.Clone(d[4:]))
			next[who]++
			for p, ok := kept[next[who]]; ok; p, ok = kept[next[who]] {
				delete(kept, next[who])
				deliver(p)
				next[who]++
			}
		}
		conn.WriteTo(d[:4], from)
		return nil
	})
}

// bothAddresses knows each sender of each conn, also after the call.
func bothAddresses(conn net.PacketConn, deliver func([]byte)) error {
	me := conn.LocalAddr().String() + " "
	return each(conn, func(who string, from net.Addr, seq uint32, d []byte) error {
		oneMapLock.Lock()
		next := oneMap[me+who]
		if seq == next {
			oneMap[me+who]++
		}
		oneMapLock.Unlock()
		if seq == next {
			deliver(bytes.Clone(d[4:]))
		}
		if seq <= next {
			conn.WriteTo(d[:4], from)
		}
		return nil
	})
}

// selectsError leaves what waits in its channel when the error is there too.
func selectsError(conn net.PacketConn, deliver func([]byte)) error {
	next, queue, failed := map[string]uint32{}, make(chan []byte, 128), make(chan error, 1)
	go func() {
		failed <- each(conn, func(who string, from net.Addr, seq uint32, d []byte) error {
			if seq == next[who] {
				next[who]++
				queue <- bytes.Clone(d[4:])
			}
			if seq < next[who] {
				conn.WriteTo(d[:4], from)
			}
			return nil
		})
	}()
	for {
		select {
		case p := <-queue:
			deliver(p)
		case err := <-failed:
			return err
		}
	}
}
