//go:build catalogue

package check

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"example.com/sockets/lessons/udp-loss/exercise/solution"
	"example.com/sockets/shared/exam"
)

// rightSends are answers in different styles. All are right.
var rightSends = []exam.Answer[sender]{
	{"solution", "", solution.Send},
	{"a goroutine that reads", "", readerSend},
	{"deadlines from the begin", "", scheduleSend},
	{"deadline before the write", "", bothSend},
	{"recursive", "", recursiveSend},
	{"polls", "", pollSend},
	{"goes on after errors", "", stubbornSend},
	{"context", "", contextSend},
	{"binary.Write and a bytes.Buffer", "", bufferSend},
	{"clears the deadline", "", tidySend},
	{"compares numbers in a small buffer", "", smallSend},
	{"wakes its reader, and clears the deadline first", "", cleanSend},
	{"the time that is left", "", reads(timeLeft)},
	{"looks at the length", "", lengthSend},
}

// cleanSend finds the deadline that the call before it has left, and clears it.
func cleanSend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	conn.SetDeadline(time.Time{})
	return wakesReader(net.Conn.SetDeadline)(conn, seq, payload, timeout, tries)
}

// timeLeft works out before each Read how long this try still has.
func timeLeft(conn net.Conn, seq uint32, timeout time.Duration) error {
	buf := make([]byte, 64)
	for start := time.Now(); ; {
		left := timeout - time.Since(start)
		if left <= 0 {
			return os.ErrDeadlineExceeded
		}
		conn.SetReadDeadline(time.Now().Add(left))
		n, err := conn.Read(buf)
		if err != nil || bytes.Equal(buf[:n], number(seq)) {
			return err
		}
	}
}

func lengthSend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	if len(payload) > 65503 {
		return errors.New("the payload is too long")
	}
	return solution.Send(conn, seq, payload, timeout, tries)
}

func readerSend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	acked, failed := make(chan bool, 1), make(chan error, 1)
	conn.SetReadDeadline(time.Time{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer conn.SetReadDeadline(time.Now())
	wg.Go(func() {
		buf := make([]byte, 1500)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				failed <- err
				return
			}
			if n == 4 && binary.BigEndian.Uint32(buf) == seq {
				acked <- true
				return
			}
		}
	})
	message := make([]byte, 4+len(payload))
	binary.BigEndian.PutUint32(message, seq)
	copy(message[4:], payload)
	for i := 0; i < tries; i++ {
		if _, err := conn.Write(message); err != nil {
			return err
		}
		select {
		case <-acked:
			return nil
		case err := <-failed:
			return err
		case <-time.After(timeout):
		}
	}
	return errors.New("no acknowledgement")
}

func scheduleSend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	start := time.Now()
	d := append([]byte{byte(seq >> 24), byte(seq >> 16), byte(seq >> 8), byte(seq)}, payload...)
	for try := 1; try <= tries; try++ {
		if _, err := conn.Write(d); err != nil {
			return fmt.Errorf("try %d: %w", try, err)
		}
		conn.SetReadDeadline(start.Add(time.Duration(try) * timeout))
		for {
			var buf [2048]byte
			n, err := conn.Read(buf[:])
			if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
				break
			}
			if err != nil {
				return err
			}
			if string(buf[:n]) == string(d[:4]) {
				return nil
			}
		}
	}
	return os.ErrDeadlineExceeded
}

func bothSend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	defer conn.SetDeadline(time.Time{})
	packet := append(number(seq), payload...)
	buf := make([]byte, 65535)
	var err error
	for ; tries > 0; tries-- {
		if err = conn.SetDeadline(time.Now().Add(timeout)); err != nil {
			return err
		}
		if _, err = conn.Write(packet); err != nil {
			return err
		}
		var n int
		for n, err = conn.Read(buf); err == nil; n, err = conn.Read(buf) {
			if n != 4 {
				continue
			}
			if got := binary.BigEndian.Uint32(buf[:4]); got == seq {
				return nil
			}
		}
		if !isTimeout(err) {
			return err
		}
	}
	return err
}

func recursiveSend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	if tries == 0 {
		return fmt.Errorf("gave up on %d", seq)
	}
	if _, err := conn.Write(bytes.Join([][]byte{number(seq), payload}, nil)); err != nil {
		return err
	}
	switch err := waitFor(conn, seq, time.Now().Add(timeout)); {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return recursiveSend(conn, seq, payload, timeout, tries-1)
	default:
		return err
	}
}

func waitFor(conn net.Conn, seq uint32, deadline time.Time) error {
	conn.SetReadDeadline(deadline)
	buf := make([]byte, 100)
	n, err := conn.Read(buf)
	if err != nil || bytes.Equal(buf[:n], number(seq)) {
		return err
	}
	return waitFor(conn, seq, deadline)
}

// pollSend reads in short slices of time.
func pollSend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	packet := append(number(seq), payload...)
	buf := make([]byte, 512)
	for range tries {
		if _, err := conn.Write(packet); err != nil {
			return err
		}
		for end := time.Now().Add(timeout); time.Now().Before(end); {
			slice := time.Now().Add(5 * time.Millisecond)
			if slice.After(end) {
				slice = end
			}
			conn.SetReadDeadline(slice)
			n, err := conn.Read(buf)
			if err != nil && !isTimeout(err) {
				return err
			}
			if err == nil && n == 4 && binary.BigEndian.Uint32(buf) == seq {
				return nil
			}
		}
	}
	return errors.New("timeout")
}

// stubbornSend goes on after every error but that of a closed conn.
func stubbornSend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) (last error) {
	packet := append(number(seq), payload...)
	last = errors.New("no tries")
	for range tries {
		if _, last = conn.Write(packet); last != nil {
			if errors.Is(last, net.ErrClosed) {
				return last
			}
			time.Sleep(timeout)
			continue
		}
		end := time.Now().Add(timeout)
		conn.SetReadDeadline(end)
		for {
			buf := make([]byte, 16)
			var n int
			n, last = conn.Read(buf)
			if errors.Is(last, net.ErrClosed) {
				return last
			}
			if last != nil {
				if !isTimeout(last) {
					time.Sleep(time.Until(end))
				}
				break
			}
			if bytes.Equal(buf[:n], packet[:4]) {
				return nil
			}
		}
	}
	return last
}

func contextSend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	packet := append(number(seq), payload...)
	try := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		deadline, _ := ctx.Deadline()
		if err := conn.SetReadDeadline(deadline); err != nil {
			return err
		}
		if _, err := conn.Write(packet); err != nil {
			return err
		}
		for buf := make([]byte, 1024); ; {
			if n, err := conn.Read(buf); err != nil {
				return err
			} else if n == 4 && binary.BigEndian.Uint32(buf[:n]) == seq {
				return nil
			}
		}
	}
	var errs []error
	for len(errs) < tries {
		err := try()
		if err == nil {
			return nil
		}
		errs = append(errs, err)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
	}
	return errors.Join(errs...)
}

func bufferSend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	var b bytes.Buffer
	binary.Write(&b, binary.BigEndian, seq)
	b.Write(payload)
	for i := range tries {
		if n, err := io.Copy(conn, bytes.NewReader(b.Bytes())); err != nil {
			return fmt.Errorf("try %d: %d bytes: %v", i, n, err)
		}
		deadline := time.Now().Add(timeout)
	wait:
		if err := conn.SetReadDeadline(deadline); err != nil {
			return err
		}
		ack := make([]byte, 8)
		n, err := conn.Read(ack)
		switch {
		case err == nil && n == 4 && bytes.Equal(ack[:4], b.Bytes()[:4]):
			return nil
		case err == nil:
			goto wait
		case !os.IsTimeout(err) && !isTimeout(err):
			return err
		}
	}
	return fmt.Errorf("%d not acknowledged", seq)
}

func tidySend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	err := solution.Send(conn, seq, payload, timeout, tries)
	conn.SetReadDeadline(time.Time{})
	return err
}

// smallSend may take a longer datagram for the acknowledgement. None is sent.
func smallSend(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	packet := append(number(seq), payload...)
	for sent := 0; sent < tries; sent++ {
		conn.Write(packet)
		conn.SetReadDeadline(time.Now().Add(timeout))
		for {
			ack := make([]byte, 4)
			n, err := conn.Read(ack)
			if err != nil {
				break
			}
			if n == 4 && binary.BigEndian.Uint32(ack) == seq {
				return nil
			}
		}
	}
	return errors.New("out of tries")
}

// rightReceives are answers in different styles. All are right.
var rightReceives = []exam.Answer[receiver]{
	{"solution", "", solution.Receive},
	{"keeps 64 in a map", "", keeps(64)},
	{"keeps 1000 in a map", "", keeps(1000)},
	{"window as a ring", "", ringReceive},
	{"heap", "", heapReceive},
	{"a worker delivers", "", workerReceive},
	{"a goroutine per sender", "", perSenderReceive},
	{"goroutine per datagram and a lock", "", lockReceive},
	{"heartbeat", "", heartbeatReceive},
	{"returns every failure", "", strictReceive},
	{"acknowledges first", "", ackFirstReceive},
	{"UDPConn where it is one", "", addrPortReceive},
	{"goes on after failures", "", patientReceive},
	{"closures", "", closureReceive},
	{"a queue that is full is no acknowledgement", "", fullReceive},
	{"goroutines that acknowledge", "", goroutinesReceive},
	{"gives up after some failures", "", givesUpReceive},
}

// fullReceive has a worker and a short queue. What finds no room comes again.
func fullReceive(conn net.PacketConn, deliver func([]byte)) error {
	next, queue := map[string]uint32{}, make(chan []byte, 2)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(queue)
	wg.Go(func() {
		for p := range queue {
			deliver(p)
		}
	})
	return each(conn, func(who string, from net.Addr, seq uint32, d []byte) error {
		if seq == next[who] {
			select {
			case queue <- bytes.Clone(d[4:]):
				next[who]++
			default:
			}
		}
		if seq >= next[who] {
			return nil
		}
		_, err := conn.WriteTo(d[:4], from)
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
}

// goroutinesReceive acknowledges in goroutines, each with bytes of its own.
func goroutinesReceive(conn net.PacketConn, deliver func([]byte)) error {
	next := map[string]uint32{}
	var wg sync.WaitGroup
	defer wg.Wait()
	return each(conn, func(who string, from net.Addr, seq uint32, d []byte) error {
		if seq == next[who] {
			next[who]++
			deliver(bytes.Clone(d[4:]))
		}
		if seq < next[who] {
			wg.Go(func() { conn.WriteTo(number(seq), from) })
		}
		return nil
	})
}

// givesUpReceive tries again with a long pause, and returns the error of the fifth
// failure.
func givesUpReceive(conn net.PacketConn, deliver func([]byte)) error {
	failures := 0
	return flawed{closed: func(err error) (bool, error) {
		if errors.Is(err, net.ErrClosed) {
			return true, nil
		}
		time.Sleep(50 * time.Millisecond)
		failures++
		return failures == 5, err
	}}.Receive(conn, deliver)
}

type senderState struct {
	next uint32
	kept map[uint32][]byte
}

func keeps(most int) receiver {
	return func(conn net.PacketConn, deliver func([]byte)) error {
		senders := map[string]*senderState{}
		buf := make([]byte, 65535)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				if errors.Is(err, net.ErrClosed) {
					return nil
				}
				return err
			}
			if n < 4 {
				continue
			}
			s := senders[from.String()]
			if s == nil {
				s = &senderState{kept: map[uint32][]byte{}}
				senders[from.String()] = s
			}
			seq := binary.BigEndian.Uint32(buf)
			_, have := s.kept[seq]
			if seq > s.next && !have && len(s.kept) >= most {
				continue
			}
			if seq >= s.next {
				s.kept[seq] = append([]byte{}, buf[4:n]...)
			}
			for {
				p, ok := s.kept[s.next]
				if !ok {
					break
				}
				deliver(p)
				delete(s.kept, s.next)
				s.next++
			}
			conn.WriteTo(buf[:4], from)
		}
	}
}

func ringReceive(conn net.PacketConn, deliver func([]byte)) error {
	const window = 32
	type state struct {
		next  uint32
		slots [window][]byte
	}
	senders := map[string]*state{}
	for {
		buf := make([]byte, 65507)
		n, from, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		} else if n < 4 {
			continue
		}
		seq := binary.BigEndian.Uint32(buf[:4])
		s, ok := senders[from.String()]
		if !ok {
			if seq >= window {
				continue
			}
			s = new(state)
			senders[from.String()] = s
		}
		if seq >= s.next {
			if seq-s.next >= window {
				continue
			}
			s.slots[seq%window] = buf[4:n]
			for s.slots[s.next%window] != nil {
				deliver(s.slots[s.next%window])
				s.slots[s.next%window] = nil
				s.next++
			}
		}
		if _, err := conn.WriteTo(number(seq), from); errors.Is(err, net.ErrClosed) {
			return nil
		}
	}
}

type item struct {
	seq  uint32
	data []byte
}
type items []item

func (h items) Len() int           { return len(h) }
func (h items) Less(i, j int) bool { return h[i].seq < h[j].seq }
func (h items) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *items) Push(x any)        { *h = append(*h, x.(item)) }
func (h *items) Pop() any          { x := (*h)[len(*h)-1]; *h = (*h)[:len(*h)-1]; return x }

// heapReceive keeps doubles too, and drops them when their turn has passed.
func heapReceive(conn net.PacketConn, deliver func([]byte)) error {
	next, waiting := map[string]uint32{}, map[string]*items{}
	buf := make([]byte, 1<<16)
	for {
		n, from, err := conn.ReadFrom(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		case n < 4:
			continue
		}
		who := from.Network() + from.String()
		h := waiting[who]
		if h == nil {
			h = new(items)
			waiting[who] = h
		}
		seq := binary.BigEndian.Uint32(buf)
		if seq >= next[who] {
			if seq > next[who] && h.Len() >= 100 {
				continue
			}
			heap.Push(h, item{seq, bytes.Clone(buf[4:n])})
		}
		for h.Len() > 0 && (*h)[0].seq <= next[who] {
			x := heap.Pop(h).(item)
			if x.seq == next[who] {
				next[who]++
				deliver(x.data)
			}
		}
		conn.WriteTo(buf[:4], from)
	}
}

// workerReceive has one goroutine that delivers, and waits for it at the end.
func workerReceive(conn net.PacketConn, deliver func([]byte)) error {
	jobs := make(chan []byte, 8)
	var wg sync.WaitGroup
	wg.Go(func() {
		for p := range jobs {
			deliver(p)
		}
	})
	defer wg.Wait()
	defer close(jobs)
	next := map[string]uint32{}
	buf := make([]byte, 65507)
	for {
		n, from, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if n < 4 {
			continue
		}
		who, seq := from.String(), binary.BigEndian.Uint32(buf)
		if seq == next[who] {
			jobs <- append([]byte(nil), buf[4:n]...)
			next[who] = seq + 1
		}
		if seq < next[who] {
			conn.WriteTo(number(seq), from)
		}
	}
}

func perSenderReceive(conn net.PacketConn, deliver func([]byte)) error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	senders := map[string]chan []byte{}
	defer wg.Wait()
	defer func() {
		for _, c := range senders {
			close(c)
		}
	}()
	for {
		buf := make([]byte, 65507)
		n, from, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		c := senders[from.String()]
		if c == nil {
			c = make(chan []byte, 100)
			senders[from.String()] = c
			wg.Go(func() {
				next := uint32(0)
				for d := range c {
					seq := binary.BigEndian.Uint32(d)
					if seq > next {
						continue
					}
					if seq == next {
						mu.Lock()
						deliver(d[4:])
						mu.Unlock()
						next++
					}
					conn.WriteTo(d[:4], from)
				}
			})
		}
		if n >= 4 {
			select {
			case c <- buf[:n]:
			default:
			}
		}
	}
}

// lockReceive takes datagrams in any order, and throws away what is ahead.
func lockReceive(conn net.PacketConn, deliver func([]byte)) error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	defer wg.Wait()
	next := map[netip.AddrPort]uint32{}
	for {
		buf := make([]byte, 65507)
		n, from, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		wg.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			who := from.(*net.UDPAddr).AddrPort()
			if n < 4 || binary.BigEndian.Uint32(buf) > next[who] {
				return
			}
			if binary.BigEndian.Uint32(buf) == next[who] {
				deliver(buf[4:n])
				next[who]++
			}
			conn.WriteTo(buf[:4], from)
		})
	}
}

func heartbeatReceive(conn net.PacketConn, deliver func([]byte)) error {
	next := map[string]uint32{}
	buf := make([]byte, 65536)
	for {
		conn.SetReadDeadline(time.Now().Add(time.Second))
		n, from, err := conn.ReadFrom(buf)
		var ne net.Error
		if errors.As(err, &ne) && ne.Timeout() {
			continue
		}
		if err != nil {
			if strings.Contains(err.Error(), "use of closed network connection") {
				return nil
			}
			return err
		}
		if n < 4 {
			continue
		}
		seq := uint32(buf[0])<<24 | uint32(buf[1])<<16 | uint32(buf[2])<<8 | uint32(buf[3])
		if want := next[from.String()]; seq == want {
			deliver([]byte(string(buf[4:n])))
			next[from.String()] = want + 1
		} else if seq > want {
			continue
		}
		conn.SetWriteDeadline(time.Now().Add(time.Second))
		conn.WriteTo(buf[:4], from)
	}
}

func strictReceive(conn net.PacketConn, deliver func([]byte)) (err error) {
	defer func() {
		if errors.Is(err, net.ErrClosed) {
			err = nil
		}
	}()
	next := map[string]uint32{}
	for {
		var buf [65507]byte
		n, from, err := conn.ReadFrom(buf[:])
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		if n < 4 {
			continue
		}
		seq, who := binary.BigEndian.Uint32(buf[:]), from.String()
		if seq > next[who] {
			continue
		}
		if seq == next[who] {
			deliver(buf[4:n])
			next[who]++
		}
		if _, err := conn.WriteTo(buf[:4], from); err != nil {
			return fmt.Errorf("acknowledge: %w", err)
		}
	}
}

// ackFirstReceive delivers only what it could acknowledge.
func ackFirstReceive(conn net.PacketConn, deliver func([]byte)) error {
	type key struct {
		ip   string
		port int
	}
	next := map[key]uint32{}
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		from := addr.(*net.UDPAddr)
		k := key{from.IP.String(), from.Port}
		if n < 4 || binary.BigEndian.Uint32(buf) > next[k] {
			continue
		}
		if _, err := conn.WriteTo(buf[:4], addr); err != nil && !errors.Is(err, net.ErrClosed) {
			continue
		}
		if binary.BigEndian.Uint32(buf) == next[k] {
			next[k]++
			deliver(bytes.Clone(buf[4:n]))
		}
	}
}

func addrPortReceive(conn net.PacketConn, deliver func([]byte)) error {
	next := map[netip.AddrPort]uint32{}
	buf := make([]byte, 65507)
	for {
		var n int
		var who netip.AddrPort
		var err error
		udp, ok := conn.(*net.UDPConn)
		if ok {
			n, who, err = udp.ReadFromUDPAddrPort(buf)
		} else {
			var from net.Addr
			if n, from, err = conn.ReadFrom(buf); err == nil {
				who = netip.MustParseAddrPort(from.String())
			}
		}
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		} else if n < 4 {
			continue
		}
		switch seq := binary.BigEndian.Uint32(buf); {
		case seq > next[who]:
			continue
		case seq == next[who]:
			next[who]++
			deliver(bytes.Clone(buf[4:n]))
		}
		if ok {
			udp.WriteToUDPAddrPort(buf[:4], who)
		} else {
			conn.WriteTo(buf[:4], net.UDPAddrFromAddrPort(who))
		}
	}
}

func patientReceive(conn net.PacketConn, deliver func([]byte)) error {
	senders := map[string]map[uint32][]byte{} // what was delivered stays as nil
	next := map[string]uint32{}
	buf := make([]byte, 65507)
	for pause := time.Millisecond; ; {
		n, from, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			time.Sleep(pause)
			pause = min(2*pause, 50*time.Millisecond)
			continue
		}
		pause = time.Millisecond
		if n < 4 {
			continue
		}
		who, seq := from.String(), binary.BigEndian.Uint32(buf)
		if seq >= next[who]+10 {
			continue
		}
		if senders[who] == nil {
			senders[who] = map[uint32][]byte{}
		}
		if seq >= next[who] {
			senders[who][seq] = append(make([]byte, 0, n), buf[4:n]...)
		}
		for p, ok := senders[who][next[who]]; ok; p, ok = senders[who][next[who]] {
			delete(senders[who], next[who])
			next[who]++
			deliver(p)
		}
		for range 3 {
			if _, err := conn.WriteTo(number(seq), from); err == nil {
				break
			}
		}
	}
}

func closureReceive(conn net.PacketConn, deliver func([]byte)) error {
	senders := map[string]func(uint32, []byte) bool{}
	counter := func() func(uint32, []byte) bool {
		var next uint32
		return func(seq uint32, payload []byte) bool {
			if seq == next {
				deliver(payload)
				next++
			}
			return seq < next
		}
	}
	var d [1 << 16]byte
	for {
		n, from, err := conn.ReadFrom(d[:])
		switch {
		case err != nil && errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		case n >= 4:
			take, ok := senders[from.String()]
			if !ok {
				take = counter()
				senders[from.String()] = take
			}
			if take(binary.BigEndian.Uint32(d[:]), bytes.Clone(d[4:n])) {
				conn.WriteTo(d[:4], from)
			}
		}
	}
}
