//go:build catalogue

package check

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"example.com/sockets/lessons/udp-loss/exercise/solution"
	"example.com/sockets/shared/exam"
)

func stubSend(net.Conn, uint32, []byte, time.Duration, int) error { return exam.ErrToDo }

func halfSend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	conn.Write(append(number(seq), payload...))
	return exam.ErrToDo
}

// wrongSends are answers with typical mistakes, and the diagnoses they get.
var wrongSends = []exam.Answer[sender]{
	{"half", "to-do", halfSend},
	{"does nothing", "nothing-sent", func(net.Conn, uint32, []byte, time.Duration, int) error { return nil }},
	{"waits before it sends", "nothing-sent", func(conn net.Conn, seq uint32, _ []byte, _ time.Duration, _ int) error {
		return waitFor(conn, seq, time.Time{})
	}},
	{"little-endian", "byte-order", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return resend(conn, append(binary.LittleEndian.AppendUint32(nil, seq), p...), timeout, tries)
	}},
	{"two writes", "layout", twoWrites},
	{"number as text", "layout", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return resend(conn, fmt.Appendf(nil, "%d %s", seq, p), timeout, tries)
	}},
	{"payload first", "layout", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return resend(conn, append(bytes.Clone(p), number(seq)...), timeout, tries)
	}},
	{"8 bytes of number", "layout", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return resend(conn, append(binary.BigEndian.AppendUint64(nil, uint64(seq)), p...), timeout, tries)
	}},
	{"no number", "layout", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return resend(conn, p, timeout, tries)
	}},
	{"newline behind it", "changed", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return solution.Send(conn, seq, append(bytes.Clone(p), '\n'), timeout, tries)
	}},
	{"trims", "changed", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return solution.Send(conn, seq, bytes.TrimSpace(p), timeout, tries)
	}},
	{"buffer of 1024", "changed", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return solution.Send(conn, seq, p[:min(len(p), 1020)], timeout, tries)
	}},
	{"puts the number into the payload", "touched", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		packet := append(p, 0, 0, 0, 0)
		copy(packet[4:], bytes.Clone(p))
		binary.BigEndian.PutUint32(packet, seq)
		return resend(conn, packet, timeout, tries)
	}},
	{"nothing to send", "no-payload", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		if len(p) == 0 {
			return nil
		}
		return solution.Send(conn, seq, p, timeout, tries)
	}},
	{"refuses the empty payload", "no-payload", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		if len(p) == 0 {
			return errors.New("empty")
		}
		return solution.Send(conn, seq, p, timeout, tries)
	}},
	{"at most 1472", "large-payload", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		if len(p) > 1472 {
			return errors.New("too long")
		}
		return solution.Send(conn, seq, p, timeout, tries)
	}},
	{"ignores what Write says", "too-long", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		if len(p) > 65503 {
			return nil
		}
		return solution.Send(conn, seq, p, timeout, tries)
	}},
	{"sleeps the timeout", "ack-missed", sleeps},
	{"reads 8 bytes", "ack-missed", readsFull},
	{"compares text", "ack-missed", comparesText},
	{"always sends all", "after-ack", sendsAll},
	{"no deadline", "no-deadline", noDeadlineSend},
	{"Write once", "no-retry", writesOnce},
	{"deadline before the loop", "deadline-once", deadlineBefore},
	{"SetDeadline after Write", "write-deadline", setsBoth},
	{"timeout for all", "own-timeout", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return solution.Send(conn, seq, p, timeout/time.Duration(tries), tries)
	}},
	{"doubles the timeout", "own-timeout", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) (err error) {
		for ; tries > 0; tries-- {
			if err = solution.Send(conn, seq, p, timeout, 1); !isTimeout(err) {
				return err
			}
			timeout *= 2
		}
		return err
	}},
	{"a second each time", "own-timeout", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return solution.Send(conn, seq, p, time.Second, tries)
	}},
	{"20 ms each time", "own-timeout", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return solution.Send(conn, seq, p, min(timeout, 20*time.Millisecond), tries)
	}},
	{"one try too many", "too-many", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return solution.Send(conn, seq, p, timeout, tries+1)
	}},
	{"for ever", "too-many", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return solution.Send(conn, seq, p, timeout, 1<<30)
	}},
	{"one try too few", "too-few", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return solution.Send(conn, seq, p, timeout, max(tries-1, 1))
	}},
	{"three tries", "too-few", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		return solution.Send(conn, seq, p, timeout, min(tries, 3))
	}},
	{"does not wait at the end", "last-wait", noLastWait},
	{"nil at the end", "swallowed", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		if err := solution.Send(conn, seq, p, timeout, tries); err != nil && !isTimeout(err) {
			return err
		}
		return nil
	}},
	{"any 4 bytes", "any-ack", accepts(func(n int, ack, want []byte) bool { return n == 4 })},
	{"later numbers too", "any-ack", accepts(func(n int, ack, want []byte) bool {
		return n == 4 && bytes.Compare(ack[:4], want) >= 0
	})},
	{"the last byte", "any-ack", accepts(func(n int, ack, want []byte) bool { return n == 4 && ack[3] == want[3] })},
	{"does not look at n", "cut-ack", accepts(func(n int, ack, want []byte) bool { return bytes.Equal(ack[:4], want) })},
	{"prefix", "cut-ack", accepts(func(n int, ack, want []byte) bool { return bytes.HasPrefix(want, ack[:n]) })},
	{"panics at a cut one", "panicked", accepts(func(n int, ack, want []byte) bool {
		return binary.BigEndian.Uint32(ack[:n:n]) == binary.BigEndian.Uint32(want)
	})},
	{"another one is an error", "noise-fails", noiseIsError},
	{"another one makes a new try", "noise-sends", noiseIsTry},
	{"another one uses up a try", "noise-fails", noiseUsesTry},
	{"deadline before each Read", "new-time", deadlineEachRead},
	{"time.After in the loop", "new-time", timeAfter},
	{"a clean socket for each try", "late-ack", drains},
	{"closes conn", "closes-conn", func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		defer conn.Close()
		return solution.Send(conn, seq, p, timeout, tries)
	}},
	{"leaves a reader", "reads-on", leavesReader},
	{"reads until the time is up", "closed-conn", readsUntil},
	{"one buffer for all", "shared", sharedSend},
	{"a lock for all", "shared", lockedSend},
}

func resend(conn net.Conn, packet []byte, timeout time.Duration, tries int) error {
	buf := make([]byte, 512)
	for range tries {
		if _, err := conn.Write(packet); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(timeout))
		n, err := conn.Read(buf)
		for ; err == nil; n, err = conn.Read(buf) {
			if bytes.Equal(buf[:n], packet[:4]) {
				return nil
			}
		}
		if !isTimeout(err) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

func twoWrites(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	for range tries {
		conn.Write(number(seq))
		if _, err := conn.Write(p); err != nil {
			return err
		}
		if err := waitFor(conn, seq, time.Now().Add(timeout)); !isTimeout(err) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

func sleeps(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	for range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		time.Sleep(timeout)
		if err := waitFor(conn, seq, time.Now().Add(time.Millisecond)); err == nil {
			return nil
		}
	}
	return os.ErrDeadlineExceeded
}

func readsFull(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	for range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(timeout))
		buf := make([]byte, 8)
		_, err := io.ReadFull(conn, buf)
		if err == nil && bytes.Equal(buf[:4], number(seq)) {
			return nil
		}
		if err != nil && !isTimeout(err) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

func comparesText(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	buf := make([]byte, 64)
	for range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(timeout))
		for {
			n, err := conn.Read(buf)
			if isTimeout(err) {
				break
			}
			if err != nil {
				return err
			}
			if string(buf[:n]) == fmt.Sprint(seq) {
				return nil
			}
		}
	}
	return os.ErrDeadlineExceeded
}

func sendsAll(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	acked := os.ErrDeadlineExceeded
	for range tries {
		err := solution.Send(conn, seq, p, timeout, 1)
		if err == nil {
			acked = nil
		} else if !isTimeout(err) {
			return err
		}
	}
	return acked
}

func noDeadlineSend(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	for range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		buf := make([]byte, 64)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return err
			}
			if bytes.Equal(buf[:n], number(seq)) {
				return nil
			}
		}
	}
	return nil
}

func writesOnce(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	if _, err := conn.Write(append(number(seq), p...)); err != nil {
		return err
	}
	return waitFor(conn, seq, time.Now().Add(time.Duration(tries)*timeout))
}

func deadlineBefore(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	deadline := time.Now().Add(timeout)
	for range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		if err := waitFor(conn, seq, deadline); !isTimeout(err) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

func setsBoth(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	conn.SetDeadline(time.Time{})
	for range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		end := time.Now().Add(timeout)
		conn.SetDeadline(end)
		if err := waitFor(conn, seq, end); !isTimeout(err) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

func noLastWait(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	for i := 1; ; i++ {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		if i == tries && i > 1 {
			return os.ErrDeadlineExceeded
		}
		if err := waitFor(conn, seq, time.Now().Add(timeout)); !isTimeout(err) {
			return err
		}
		if i == tries {
			return os.ErrDeadlineExceeded
		}
	}
}

// accepts is a Send whose only mistake is what it takes for the acknowledgement.
func accepts(ok func(n int, ack, want []byte) bool) sender {
	return func(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
		buf := make([]byte, 64)
		for range tries {
			if _, err := conn.Write(append(number(seq), p...)); err != nil {
				return err
			}
			conn.SetReadDeadline(time.Now().Add(timeout))
			for {
				n, err := conn.Read(buf)
				if isTimeout(err) {
					break
				}
				if err != nil {
					return err
				}
				if ok(n, buf, number(seq)) {
					return nil
				}
			}
		}
		return os.ErrDeadlineExceeded
	}
}

func noiseIsError(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	buf := make([]byte, 64)
	for range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(timeout))
		n, err := conn.Read(buf)
		if err == nil && !bytes.Equal(buf[:n], number(seq)) {
			return fmt.Errorf("unexpected %q", buf[:n])
		}
		if !isTimeout(err) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

func noiseIsTry(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	buf := make([]byte, 64)
	for range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(timeout))
		n, err := conn.Read(buf)
		if err == nil && bytes.Equal(buf[:n], number(seq)) {
			return nil
		}
		if err != nil && !isTimeout(err) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

func noiseUsesTry(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	buf := make([]byte, 64)
	send := true
	for i := 0; i < tries; i++ {
		if send {
			if _, err := conn.Write(append(number(seq), p...)); err != nil {
				return err
			}
			conn.SetReadDeadline(time.Now().Add(timeout))
		}
		n, err := conn.Read(buf)
		if err == nil && bytes.Equal(buf[:n], number(seq)) {
			return nil
		}
		send = err != nil
		if err != nil && !isTimeout(err) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

func deadlineEachRead(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	buf := make([]byte, 64)
	for range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		for {
			conn.SetReadDeadline(time.Now().Add(timeout))
			n, err := conn.Read(buf)
			if isTimeout(err) {
				break
			}
			if err != nil || bytes.Equal(buf[:n], number(seq)) {
				return err
			}
		}
	}
	return os.ErrDeadlineExceeded
}

func timeAfter(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	got, failed := make(chan string, 100), make(chan error, 1)
	conn.SetReadDeadline(time.Time{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer conn.SetReadDeadline(time.Now())
	wg.Go(func() {
		buf := make([]byte, 64)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				failed <- err
				return
			}
			got <- string(buf[:n])
			if string(buf[:n]) == string(number(seq)) {
				return
			}
		}
	})
	for range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		for waiting := true; waiting; {
			select {
			case ack := <-got:
				if ack == string(number(seq)) {
					return nil
				}
			case err := <-failed:
				return err
			case <-time.After(timeout):
				waiting = false
			}
		}
	}
	return os.ErrDeadlineExceeded
}

// drains throws away what came before each try, and an acknowledgement that comes
// in the first moment of a try too.
func drains(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	for i := range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		if i > 0 {
			conn.SetReadDeadline(time.Now().Add(timeout / 4))
			for {
				if _, err := conn.Read(make([]byte, 64)); err != nil {
					break
				}
			}
		}
		if err := solutionWait(conn, seq, timeout); !isTimeout(err) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

func solutionWait(conn net.Conn, seq uint32, timeout time.Duration) error {
	return waitFor(conn, seq, time.Now().Add(timeout))
}

func leavesReader(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	acks := make(chan string)
	conn.SetReadDeadline(time.Time{})
	go func() {
		for buf := make([]byte, 64); ; {
			n, err := conn.Read(buf)
			if err != nil {
				close(acks)
				return
			}
			select {
			case acks <- string(buf[:n]):
			case <-time.After(ample):
			}
		}
	}()
	for range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		timer := time.After(timeout)
		for waiting := true; waiting; {
			select {
			case ack, ok := <-acks:
				if !ok {
					return net.ErrClosed
				}
				if ack == string(number(seq)) {
					return nil
				}
			case <-timer:
				waiting = false
			}
		}
	}
	return os.ErrDeadlineExceeded
}

func readsUntil(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	for range tries {
		if _, err := conn.Write(append(number(seq), p...)); err != nil {
			return err
		}
		end := time.Now().Add(timeout)
		conn.SetReadDeadline(end)
		for time.Now().Before(end) {
			buf := make([]byte, 64)
			if n, _ := conn.Read(buf); bytes.Equal(buf[:n], number(seq)) {
				return nil
			}
		}
	}
	return os.ErrDeadlineExceeded
}

var oneBuffer [65507]byte

func sharedSend(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	binary.BigEndian.PutUint32(oneBuffer[:], seq)
	n := copy(oneBuffer[4:], p)
	if len(p) > n {
		return errors.New("too long")
	}
	for range tries {
		if _, err := conn.Write(oneBuffer[:4+n]); err != nil {
			return err
		}
		if err := waitFor(conn, seq, time.Now().Add(timeout)); !isTimeout(err) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

var oneLock sync.Mutex

func lockedSend(conn net.Conn, seq uint32, p []byte, timeout time.Duration, tries int) error {
	oneLock.Lock()
	defer oneLock.Unlock()
	return solution.Send(conn, seq, p, timeout, tries)
}

func stubReceive(net.PacketConn, func([]byte)) error { return exam.ErrToDo }

func halfReceive(conn net.PacketConn, deliver func([]byte)) error {
	conn.ReadFrom(make([]byte, 65507))
	return exam.ErrToDo
}

// A flawed is a Receive that can have one flaw, or several.
type flawed struct {
	buffer      int                                  // the size of the buffer
	key         func(net.Addr) any                   // who a sender is
	seq         func([]byte) uint32                  // how a number is read
	payload     func(buf []byte, n int) []byte       // what is delivered
	ack         func(buf []byte, n int) []byte       // what is sent; nil: nothing
	short       func(n int) bool                     // what is too short
	empty       bool                                 // ignores the empty payload
	eager       bool                                 // acknowledges what it throws away
	lazy        bool                                 // does not acknowledge again
	again       bool                                 // delivers again
	skips       bool                                 // takes what is ahead for the next
	closed      func(error) (stop bool, err error)   // what an error of ReadFrom means
	writeFailed func(error) (stop bool, err error)   // what an error of WriteTo means
	begin       func(net.PacketConn)                 // before each ReadFrom
	deliver     func(deliver func([]byte), p []byte) // how it delivers
}

func (f flawed) Receive(conn net.PacketConn, deliver func([]byte)) error {
	if f.buffer == 0 {
		f.buffer = 65507
	}
	if f.key == nil {
		f.key = func(a net.Addr) any { return a.String() }
	}
	if f.seq == nil {
		f.seq = binary.BigEndian.Uint32
	}
	if f.payload == nil {
		f.payload = func(buf []byte, n int) []byte { return bytes.Clone(buf[4:n]) }
	}
	if f.ack == nil {
		f.ack = func(buf []byte, n int) []byte { return buf[:4] }
	}
	if f.short == nil {
		f.short = func(n int) bool { return n < 4 }
	}
	if f.closed == nil {
		f.closed = func(err error) (bool, error) {
			if errors.Is(err, net.ErrClosed) {
				return true, nil
			}
			return true, err
		}
	}
	next := map[any]uint32{}
	buf := make([]byte, f.buffer)
	for {
		if f.begin != nil {
			f.begin(conn)
		}
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			if stop, err := f.closed(err); stop {
				return err
			}
			continue
		}
		if f.short(n) || f.empty && n == 4 {
			continue
		}
		who, seq := f.key(from), f.seq(buf)
		ack := f.ack(buf, n)
		switch {
		case seq == next[who], seq > next[who] && f.skips, seq < next[who] && f.again:
			p := f.payload(buf, n)
			if f.deliver != nil {
				f.deliver(deliver, p)
			} else {
				deliver(p)
			}
			next[who] = max(seq+1, next[who])
		case seq > next[who] && !f.eager, seq < next[who] && f.lazy:
			continue
		}
		if ack == nil {
			continue
		}
		if _, err := conn.WriteTo(ack, from); err != nil && f.writeFailed != nil {
			if stop, err := f.writeFailed(err); stop {
				return err
			}
		}
	}
}

// wrongReceives are answers with typical mistakes, and the diagnoses they get.
var wrongReceives = []exam.Answer[receiver]{
	{"half", "to-do", halfReceive},
	{"does nothing", "ends-early", func(net.PacketConn, func([]byte)) error { return nil }},
	{"only reads", "nothing", onlyReads},
	{"one datagram", "ends-early", oneDatagram},
	{"ten datagrams", "ends-early", counts(10)},
	{"no acknowledgement", "no-ack", flawed{ack: func([]byte, int) []byte { return nil }}.Receive},
	{"echoes", "bad-ack", flawed{ack: func(buf []byte, n int) []byte { return bytes.Clone(buf[:n]) }}.Receive},
	{"says OK", "bad-ack", flawed{ack: func(buf []byte, n int) []byte { return []byte("OK") }}.Receive},
	{"acknowledges the next", "bad-ack", flawed{ack: func(buf []byte, n int) []byte { return number(binary.BigEndian.Uint32(buf) + 1) }}.Receive},
	{"acknowledges little-endian", "bad-ack", flawed{ack: func(buf []byte, n int) []byte {
		return binary.LittleEndian.AppendUint32(nil, binary.BigEndian.Uint32(buf))
	}}.Receive},
	{"number as text", "bad-ack", flawed{ack: func(buf []byte, n int) []byte { return fmt.Append(nil, binary.BigEndian.Uint32(buf)) }}.Receive},
	{"little-endian", "byte-order", flawed{seq: binary.LittleEndian.Uint32}.Receive},
	{"never delivers", "no-deliver", flawed{deliver: func(func([]byte), []byte) {}}.Receive},
	{"delivers the number too", "payload", flawed{payload: func(buf []byte, n int) []byte { return bytes.Clone(buf[:n]) }}.Receive},
	{"delivers the whole buffer", "payload", flawed{payload: func(buf []byte, n int) []byte { return bytes.Clone(buf[4:]) }}.Receive},
	{"trims", "payload", flawed{payload: func(buf []byte, n int) []byte { return bytes.TrimSpace(bytes.Clone(buf[4:n])) }}.Receive},
	{"stops at a zero byte", "payload", flawed{payload: func(buf []byte, n int) []byte {
		text, _, _ := strings.Cut(string(buf[4:n]), "\x00")
		return []byte(text)
	}}.Receive},
	{"buffer of 1024", "cut", flawed{buffer: 1024}.Receive},
	{"buffer of 65503", "cut", flawed{buffer: 65503}.Receive},
	{"ignores the empty", "no-empty", flawed{empty: true}.Receive},
	{"ends at the empty", "no-empty", endsAtEmpty},
	{"panics at a short one", "panicked", flawed{short: func(n int) bool { return binary.BigEndian.Uint32(make([]byte, n)) > 0 }}.Receive},
	{"does not look at n", "short", flawed{short: func(int) bool { return false }}.Receive},
	{"pads a short one", "short", flawed{short: func(int) bool { return false }, payload: func(buf []byte, n int) []byte { return bytes.Clone(buf[4:max(n, 4)]) }}.Receive},
	{"ends at a short one", "short", endsAtShort},
	{"only empty ones are short", "short", flawed{short: func(n int) bool { return n == 0 }}.Receive},
	{"delivers its buffer", "kept-buffer", flawed{payload: func(buf []byte, n int) []byte { return buf[4:n] }}.Receive},
	{"delivers again", "doubled", flawed{again: true}.Receive},
	{"knows no numbers", "doubled order", flawed{again: true, skips: true}.Receive},
	{"does not acknowledge again", "double-unacked", flawed{lazy: true}.Receive},
	{"takes what is ahead", "order", flawed{skips: true}.Receive},
	{"acknowledges all", "ack-lies", flawed{eager: true}.Receive},
	{"keeps the newest", "ack-lies", keepsNewest},
	{"lets go one at a time", "ack-lies", oneAtATime},
	{"set of numbers", "order", deliversSet},
	{"keeps all", "unbounded", keeps(1 << 30)},
	{"window as a slice", "number-is-size", sliceReceive},
	{"panics at a far number", "panicked", flawed{seq: func(b []byte) uint32 {
		seq := binary.BigEndian.Uint32(b)
		if seq > 1<<20 {
			panic("no room for it")
		}
		return seq
	}}.Receive},
	{"16 bits", "far-number", flawed{seq: func(b []byte) uint32 { return uint32(binary.BigEndian.Uint16(b[2:])) }}.Receive},
	{"one byte", "far-number order", flawed{seq: func(b []byte) uint32 { return uint32(b[3]) }}.Receive},
	{"one count for all", "per-sender", flawed{key: func(net.Addr) any { return 0 }}.Receive},
	{"only the first sender", "per-sender", firstSender},
	{"address without port", "per-sender", flawed{key: func(a net.Addr) any { return a.(*net.UDPAddr).IP.String() }}.Receive},
	{"port without address", "sender-key", flawed{key: func(a net.Addr) any { return a.(*net.UDPAddr).Port }}.Receive},
	{"pointer to the address", "sender-key", flawed{key: func(a net.Addr) any { return a }}.Receive},
	{"goroutine for each deliver", "at-once", goroutineEach},
	{"does not wait for the worker", "after-return", leavesWorker},
	{"throws away the queue", "ack-lies", throwsQueue},
	{"deadline", "silence", flawed{begin: func(c net.PacketConn) { c.SetReadDeadline(time.Now().Add(5 * time.Second)) }}.Receive},
	{"deadline and nil", "silence", flawed{begin: func(c net.PacketConn) { c.SetReadDeadline(time.Now().Add(5 * time.Second)) },
		closed: func(err error) (bool, error) {
			if isTimeout(err) || errors.Is(err, net.ErrClosed) {
				return true, nil
			}
			return true, err
		}}.Receive},
	{"closed is an error", "closed-error", flawed{closed: func(err error) (bool, error) { return true, err }}.Receive},
	{"compares with ==", "closed-error", flawed{closed: func(err error) (bool, error) {
		if err == net.ErrClosed {
			return true, nil
		}
		return true, err
	}}.Receive},
	{"WriteTo on a closed conn is an error", "closed-error", flawed{writeFailed: func(err error) (bool, error) { return true, err }}.Receive},
	{"every error is the end", "failure-hidden", flawed{closed: func(error) (bool, error) { return true, nil }}.Receive},
	{"a failed WriteTo is the end", "failure-hidden", flawed{writeFailed: func(error) (bool, error) { return true, nil }}.Receive},
	{"goes on after every error", "goes-on", func(conn net.PacketConn, deliver func([]byte)) error {
		end := time.Now().Add(6 * time.Second) // the catalogue has to go on
		return flawed{closed: func(error) (bool, error) { return time.Now().After(end), nil }}.Receive(conn, deliver)
	}},
	{"tries again at once", "spins", flawed{closed: func(err error) (bool, error) { return errors.Is(err, net.ErrClosed), nil }}.Receive},
	{"counts before it acknowledges", "lost-with-ack", countsFirst},
	{"one map for all", "shared", sharedReceive},
	{"one buffer for all", "shared", sharedBuffer},
	{"a lock for all", "shared", func(conn net.PacketConn, deliver func([]byte)) error {
		oneLock.Lock()
		defer oneLock.Unlock()
		return solution.Receive(conn, deliver)
	}},
	{"asserts a UDPConn", "panicked", func(conn net.PacketConn, deliver func([]byte)) error {
		return solution.Receive(conn.(*net.UDPConn), deliver)
	}},
}

func onlyReads(conn net.PacketConn, deliver func([]byte)) error {
	buf := make([]byte, 65507)
	for {
		if _, _, err := conn.ReadFrom(buf); errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// limited is a conn that says it is closed after some datagrams.
type limited struct {
	net.PacketConn
	left int
}

func (l *limited) ReadFrom(b []byte) (int, net.Addr, error) {
	if l.left--; l.left < 0 {
		return 0, nil, net.ErrClosed
	}
	return l.PacketConn.ReadFrom(b)
}

func counts(most int) receiver {
	return func(conn net.PacketConn, deliver func([]byte)) error {
		return solution.Receive(&limited{conn, most}, deliver)
	}
}

func oneDatagram(conn net.PacketConn, deliver func([]byte)) error { return counts(1)(conn, deliver) }

func endsAtEmpty(conn net.PacketConn, deliver func([]byte)) error {
	end := errors.New("end")
	seq, payload := uint32(0), 0
	err := flawed{
		seq:         func(b []byte) uint32 { seq = binary.BigEndian.Uint32(b); return seq },
		payload:     func(buf []byte, n int) []byte { payload = n - 4; return bytes.Clone(buf[4:n]) },
		ack:         func(buf []byte, n int) []byte { payload = n - 4; return buf[:4] },
		writeFailed: nil,
		begin: func(c net.PacketConn) {
			if seq > 0 && payload == 0 {
				c.SetReadDeadline(time.Now())
			}
		},
		closed: func(err error) (bool, error) {
			if isTimeout(err) {
				return true, end
			}
			return true, nonClosed(err)
		},
	}.Receive(conn, deliver)
	return err
}

func nonClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func endsAtShort(conn net.PacketConn, deliver func([]byte)) (err error) {
	tooShort := errors.New("short datagram")
	defer func() {
		if v := recover(); v == tooShort {
			err = tooShort
		} else if v != nil {
			panic(v)
		}
	}()
	return flawed{short: func(n int) bool {
		if n < 4 {
			panic(tooShort)
		}
		return false
	}}.Receive(conn, deliver)
}

// keepsNewest keeps 100, and throws the oldest away for a new one.
func keepsNewest(conn net.PacketConn, deliver func([]byte)) error {
	return keeping(conn, deliver, func(kept map[uint32][]byte) bool {
		if len(kept) < 100 {
			return true
		}
		oldest := uint32(1<<32 - 1)
		for seq := range kept {
			oldest = min(oldest, seq)
		}
		delete(kept, oldest)
		return true
	}, 1<<30)
}

// oneAtATime delivers at most one of those it has kept for each datagram in turn.
func oneAtATime(conn net.PacketConn, deliver func([]byte)) error {
	return keeping(conn, deliver, func(kept map[uint32][]byte) bool { return len(kept) < 100 }, 1)
}

func keeping(conn net.PacketConn, deliver func([]byte), room func(map[uint32][]byte) bool, atMost int) error {
	next, kept := map[string]uint32{}, map[string]map[uint32][]byte{}
	buf := make([]byte, 65507)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return nonClosed(err)
		}
		if n < 4 {
			continue
		}
		who, seq := from.String(), binary.BigEndian.Uint32(buf)
		if kept[who] == nil {
			kept[who] = map[uint32][]byte{}
		}
		switch {
		case seq > next[who]:
			if !room(kept[who]) {
				continue
			}
			kept[who][seq] = bytes.Clone(buf[4:n])
		case seq == next[who]:
			deliver(bytes.Clone(buf[4:n]))
			next[who]++
			for range atMost {
				p, ok := kept[who][next[who]]
				if !ok {
					break
				}
				delete(kept[who], next[who])
				next[who]++
				deliver(p)
			}
		}
		conn.WriteTo(buf[:4], from)
	}
}

// deliversSet knows what was delivered, and not whose turn it is.
func deliversSet(conn net.PacketConn, deliver func([]byte)) error {
	type id struct {
		who string
		seq uint32
	}
	seen := map[id]bool{}
	buf := make([]byte, 65507)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return nonClosed(err)
		}
		if n < 4 {
			continue
		}
		k := id{from.String(), binary.BigEndian.Uint32(buf)}
		if k.seq > 3_000_000 { // so that only the order is wrong
			continue
		}
		if !seen[k] {
			seen[k] = true
			deliver(bytes.Clone(buf[4:n]))
		}
		conn.WriteTo(buf[:4], from)
	}
}

// sliceReceive has a place for each number up to the largest that came.
func sliceReceive(conn net.PacketConn, deliver func([]byte)) error {
	next, kept := map[string]uint32{}, map[string][][]byte{}
	buf := make([]byte, 65507)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return nonClosed(err)
		}
		if n < 4 {
			continue
		}
		who, seq := from.String(), binary.BigEndian.Uint32(buf)
		if have := kept[who]; seq >= uint32(len(have)) {
			if seq > next[who]+500 && seq < 100_000 { // so that only the size is wrong
				continue
			}
			kept[who] = make([][]byte, seq+1)
			copy(kept[who], have)
		}
		if seq >= next[who] {
			kept[who][seq] = append([]byte{}, buf[4:n]...)
		}
		for int(next[who]) < len(kept[who]) && kept[who][next[who]] != nil {
			deliver(kept[who][next[who]])
			next[who]++
		}
		conn.WriteTo(buf[:4], from)
	}
}

func firstSender(conn net.PacketConn, deliver func([]byte)) error {
	var first string
	return solution.Receive(filter{conn, func(n int, from net.Addr) bool {
		if first == "" {
			first = from.String()
		}
		return first == from.String()
	}}, deliver)
}

// filter is a conn that hears only some.
type filter struct {
	net.PacketConn
	ok func(n int, from net.Addr) bool
}

func (f filter) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := f.PacketConn.ReadFrom(b)
		if err != nil || f.ok(n, from) {
			return n, from, err
		}
	}
}

func goroutineEach(conn net.PacketConn, deliver func([]byte)) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	return flawed{deliver: func(deliver func([]byte), p []byte) {
		entered := make(chan bool)
		wg.Go(func() {
			time.AfterFunc(5*time.Millisecond, func() { close(entered) })
			deliver(p)
		})
		<-entered // so that only what is slow disturbs the order
	}}.Receive(conn, deliver)
}

func leavesWorker(conn net.PacketConn, deliver func([]byte)) error {
	jobs := make(chan []byte, 1000)
	defer close(jobs)
	go func() {
		for p := range jobs {
			deliver(p)
		}
	}()
	return flawed{deliver: func(_ func([]byte), p []byte) { jobs <- p }}.Receive(conn, deliver)
}

func throwsQueue(conn net.PacketConn, deliver func([]byte)) error {
	jobs, quit := make(chan []byte, 100), make(chan bool)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(quit)
	wg.Go(func() {
		for {
			select {
			case <-quit:
				return
			default:
			}
			select {
			case p := <-jobs:
				deliver(p)
			case <-quit:
				return
			}
		}
	})
	return flawed{deliver: func(_ func([]byte), p []byte) { jobs <- p }}.Receive(conn, deliver)
}

// countsFirst counts, acknowledges, and delivers when that went well.
func countsFirst(conn net.PacketConn, deliver func([]byte)) error {
	next := map[string]uint32{}
	buf := make([]byte, 65507)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return nonClosed(err)
		}
		if n < 4 || binary.BigEndian.Uint32(buf) > next[from.String()] {
			continue
		}
		fresh := binary.BigEndian.Uint32(buf) == next[from.String()]
		if fresh {
			next[from.String()]++
		}
		if _, err := conn.WriteTo(buf[:4], from); err != nil {
			continue
		}
		if fresh {
			deliver(bytes.Clone(buf[4:n]))
		}
	}
}

var (
	oneMap     = map[string]uint32{}
	oneMapLock sync.Mutex
)

func sharedReceive(conn net.PacketConn, deliver func([]byte)) error {
	buf := make([]byte, 65507)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return nonClosed(err)
		}
		if n < 4 {
			continue
		}
		oneMapLock.Lock()
		seq, next := binary.BigEndian.Uint32(buf), oneMap[from.String()]
		if seq == next {
			oneMap[from.String()]++
		}
		oneMapLock.Unlock()
		if seq == next {
			deliver(bytes.Clone(buf[4:n]))
		}
		if seq <= next {
			conn.WriteTo(buf[:4], from)
		}
	}
}

func sharedBuffer(conn net.PacketConn, deliver func([]byte)) error {
	next := map[string]uint32{}
	for {
		n, from, err := conn.ReadFrom(oneBuffer[:])
		if err != nil {
			return nonClosed(err)
		}
		if n < 4 || binary.BigEndian.Uint32(oneBuffer[:]) > next[from.String()] {
			continue
		}
		if binary.BigEndian.Uint32(oneBuffer[:]) == next[from.String()] {
			next[from.String()]++
			deliver(bytes.Clone(oneBuffer[4:n]))
		}
		conn.WriteTo(oneBuffer[:4], from)
	}
}
