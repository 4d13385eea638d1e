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
	"syscall"
	"time"
	"unicode/utf8"
	"unsafe"

	"example.com/sockets/shared/exam"
)

// over ends the wrong answers that would go on for ever.
var over atomic.Bool

// steps is an answer in parts, so that a wrong one shows only what is wrong.
// A part that is nil is right.
type steps struct {
	message func(message string, try int) string
	begin   func(conn net.Conn, timeout time.Duration, tries int) // before the first try
	last    func(try, tries int) bool                             // whether try, from 0, is one too many
	wait    func(conn net.Conn, timeout time.Duration, try int)
	read    func(conn net.Conn) (string, error)
	again   func(err error) bool
	end     func(addr string, err error) (string, error)
	close   func(conn net.Conn, err error)
}

func (s steps) ask(addr, message string, timeout time.Duration, tries int) (answer string, err error) {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return "", err
	}
	if s.close == nil {
		s.close = func(conn net.Conn, err error) { conn.Close() }
	}
	defer func() { s.close(conn, err) }()
	return s.try(conn, addr, message, timeout, tries)
}

func (s steps) try(conn net.Conn, addr, message string, timeout time.Duration, tries int) (string, error) {
	if s.begin != nil {
		s.begin(conn, timeout, tries)
	}
	if s.last == nil {
		s.last = func(try, tries int) bool { return try == tries }
	}
	if s.wait == nil {
		s.wait = func(conn net.Conn, timeout time.Duration, try int) { conn.SetReadDeadline(time.Now().Add(timeout)) }
	}
	if s.read == nil {
		s.read = buffer(1 << 16)
	}
	if s.again == nil {
		s.again = func(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
	}
	if s.end == nil {
		s.end = func(addr string, err error) (string, error) {
			return "", fmt.Errorf("%s does not answer: %w", addr, err)
		}
	}
	err := errors.New("no try was made")
	for try := 0; !s.last(try, tries) && !over.Load(); try++ {
		text := message
		if s.message != nil {
			text = s.message(message, try)
		}
		if _, err := conn.Write([]byte(text)); err != nil {
			return s.end(addr, err)
		}
		s.wait(conn, timeout, try)
		var answer string
		if answer, err = s.read(conn); err == nil {
			return answer, nil
		}
		if !s.again(err) {
			break
		}
	}
	return s.end(addr, err)
}

// buffer reads one datagram, as much as fits into size bytes.
func buffer(size int) func(net.Conn) (string, error) {
	return func(conn net.Conn) (string, error) {
		buf := buffers.Get().(*[1 << 16]byte)
		defer buffers.Put(buf)
		n, err := conn.Read(buf[:size])
		return string(buf[:n]), err
	}
}

// changing is right apart from what it makes of the answer.
func changing(change func(answer string) string) asker {
	return steps{read: func(conn net.Conn) (string, error) {
		answer, err := buffer(1 << 16)(conn)
		return change(answer), err
	}}.ask
}

// waiting is right apart from how long each try waits.
func waiting(wait func(conn net.Conn, timeout time.Duration, try int)) asker {
	return steps{wait: wait}.ask
}

// never is a wait without an end.
func never(net.Conn, time.Duration, int) {}

// open is an answer with a socket that is not connected. It calls look for each
// datagram and returns its bytes where that is true. Restarts says whether a
// datagram of a stranger begins the wait anew.
func open(restarts bool, look func(from, server *net.UDPAddr) bool) asker {
	return func(addr, message string, timeout time.Duration, tries int) (string, error) {
		server, err := net.ResolveUDPAddr("udp", addr)
		if err != nil {
			return "", err
		}
		conn, err := net.ListenUDP("udp4", nil)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		buf := buffers.Get().(*[1 << 16]byte)
		defer buffers.Put(buf)
		for range tries {
			if _, err := conn.WriteToUDP([]byte(message), server); err != nil {
				return "", err
			}
			conn.SetReadDeadline(time.Now().Add(timeout))
			for !over.Load() {
				n, from, err := conn.ReadFromUDP(buf[:])
				if err != nil {
					break
				}
				if look(from, server) {
					return string(buf[:n]), nil
				}
				if restarts {
					conn.SetReadDeadline(time.Now().Add(timeout))
				}
			}
		}
		return "", os.ErrDeadlineExceeded
	}
}

// onceEach is an answer with a socket that is not connected, and one read for
// each try. What is not from the same address as the server goes to foreign.
func onceEach(same func(from, server net.Addr) bool, foreign func(from *net.UDPAddr) error) asker {
	return func(addr, message string, timeout time.Duration, tries int) (string, error) {
		server, err := net.ResolveUDPAddr("udp", addr)
		if err != nil {
			return "", err
		}
		conn, err := net.ListenUDP("udp4", nil)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		buf := buffers.Get().(*[1 << 16]byte)
		defer buffers.Put(buf)
		for range tries {
			if _, err := conn.WriteToUDP([]byte(message), server); err != nil {
				return "", err
			}
			conn.SetReadDeadline(time.Now().Add(timeout))
			n, from, err := conn.ReadFromUDP(buf[:])
			if err != nil {
				continue
			}
			if same(from, server) {
				return string(buf[:n]), nil
			}
			if err := foreign(from); err != nil {
				return "", err
			}
		}
		return "", os.ErrDeadlineExceeded
	}
}

func sameText(from, server net.Addr) bool    { return from.String() == server.String() }
func samePointer(from, server net.Addr) bool { return from == server }

// mapped is an address as a socket for IPv4 and IPv6 tells it: with 16 bytes.
func mapped(addr *net.UDPAddr) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(addr.AddrPort().Addr().As16()), addr.AddrPort().Port())
}

func oneForAll() asker {
	var mu sync.Mutex
	conns := map[string]net.Conn{}
	return func(addr, message string, timeout time.Duration, tries int) (string, error) {
		mu.Lock()
		conn := conns[addr]
		if conn == nil {
			var err error
			if conn, err = net.Dial("udp", addr); err != nil {
				mu.Unlock()
				return "", err
			}
			conns[addr] = conn
		}
		mu.Unlock()
		return steps{}.try(conn, addr, message, timeout, tries)
	}
}

// oneCount counts the tries of all calls together.
func oneCount() asker {
	var left atomic.Int64
	return func(addr, message string, timeout time.Duration, tries int) (string, error) {
		left.Store(int64(tries))
		return steps{last: func(int, int) bool { return left.Add(-1) < 0 }}.ask(addr, message, timeout, tries)
	}
}

// givenBack returns a string that has its bytes in a buffer of the next call.
func givenBack() asker {
	pool := sync.Pool{New: func() any { return new([1 << 16]byte) }}
	return steps{read: func(conn net.Conn) (string, error) {
		buf := pool.Get().(*[1 << 16]byte)
		defer pool.Put(buf)
		n, err := conn.Read(buf[:])
		return unsafe.String(&buf[0], n), err
	}}.ask
}

// remembering returns the answer that the same message got before.
func remembering() asker {
	var answers sync.Map
	return func(addr, message string, timeout time.Duration, tries int) (string, error) {
		if answer, ok := answers.Load(addr + message); ok {
			return answer.(string), nil
		}
		answer, err := steps{}.ask(addr, message, timeout, tries)
		if err == nil {
			answers.Store(addr+message, answer)
		}
		return answer, err
	}
}

func oneByOne() asker {
	var mu sync.Mutex
	return func(addr, message string, timeout time.Duration, tries int) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		return steps{}.ask(addr, message, timeout, tries)
	}
}

// sendFirst is right apart from how it sends.
func sendFirst(send func(conn net.Conn, message string)) asker {
	return func(addr, message string, timeout time.Duration, tries int) (string, error) {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		for range tries {
			send(conn, message)
			conn.SetReadDeadline(time.Now().Add(timeout))
			answer, err := buffer(1 << 16)(conn)
			if err == nil {
				return answer, nil
			}
		}
		return "", os.ErrDeadlineExceeded
	}
}

// port is the port that an answer wants for itself. The tests take a free one.
var port = sync.OnceValue(func() *net.UDPAddr {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr)
})

func fixed(addr, message string, timeout time.Duration, tries int) (string, error) {
	d := net.Dialer{LocalAddr: port()}
	conn, err := d.Dial("udp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return steps{}.try(conn, addr, message, timeout, tries)
}

// leaks keep a socket of which no server can know.
var leaks = []exam.Answer[asker]{
	{"does not close when Write fails", "not-closed", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			return "", err
		}
		if len(message) > exam.MaxDatagram {
			_, err := conn.Write([]byte(message))
			return "", err
		}
		defer conn.Close()
		return steps{}.try(conn, addr, message, timeout, tries)
	}},
	{"does not close when the address is none", "not-closed", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		conn, err := net.ListenPacket("udp", ":0")
		if err != nil {
			return "", err
		}
		if _, err := net.ResolveUDPAddr("udp", addr); err != nil {
			return "", err
		}
		conn.Close()
		return steps{}.ask(addr, message, timeout, tries)
	}},
}

var wrongs = []exam.Answer[asker]{
	// Sockets left open come first: later, memory may be short, and a collection closes them.
	{"never closes", "not-closed", steps{close: func(net.Conn, error) {}}.ask},
	{"closes only with an answer", "not-closed", steps{close: func(conn net.Conn, err error) {
		if err == nil {
			conn.Close()
		}
	}}.ask},
	{"closes only after an error", "not-closed", steps{close: func(conn net.Conn, err error) {
		if err != nil {
			conn.Close()
		}
	}}.ask},
	{"does not close when refused", "not-closed", steps{close: func(conn net.Conn, err error) {
		if !errors.Is(err, syscall.ECONNREFUSED) {
			conn.Close()
		}
	}}.ask},
	{"closes only the last try's socket", "not-closed", func(addr, message string, timeout time.Duration, tries int) (answer string, err error) {
		for try := range tries {
			left := try < tries-1
			answer, err = steps{close: func(conn net.Conn, err error) {
				if err == nil || !left {
					conn.Close()
				}
			}}.ask(addr, message, timeout, 1)
			if err == nil {
				break
			}
		}
		return answer, err
	}},
	{"one socket for all", "not-closed shared", oneForAll()},

	// Time and tries.
	{"no deadline", "no-deadline", waiting(never)},
	{"a timeout for Dial alone", "no-deadline", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		conn, err := net.DialTimeout("udp", addr, timeout)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		return steps{wait: never}.try(conn, addr, message, timeout, tries)
	}},
	{"reads on when the deadline has passed", "no-deadline", steps{read: func(conn net.Conn) (string, error) {
		buf := make([]byte, 1<<16)
		for !over.Load() {
			n, err := conn.Read(buf)
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				return string(buf[:n]), err
			}
			<-time.After(time.Millisecond) // spares the tests beside it
		}
		return "", os.ErrClosed
	}}.ask},
	{"no deadline for the last try", "no-deadline", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		return steps{wait: func(conn net.Conn, timeout time.Duration, try int) {
			conn.SetReadDeadline(time.Time{})
			if try < tries-1 {
				conn.SetReadDeadline(time.Now().Add(timeout))
			}
		}}.ask(addr, message, timeout, tries)
	}},
	{"always 50 ms", "own-timeout", waiting(func(conn net.Conn, _ time.Duration, _ int) {
		conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	})},
	{"always 500 ms", "own-timeout", waiting(func(conn net.Conn, _ time.Duration, _ int) {
		conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	})},
	{"always 1 s", "own-timeout", waiting(func(conn net.Conn, _ time.Duration, _ int) {
		conn.SetReadDeadline(time.Now().Add(time.Second))
	})},
	{"three times as long each time", "own-timeout", waiting(func(conn net.Conn, timeout time.Duration, try int) {
		for range try {
			timeout *= 3
		}
		conn.SetReadDeadline(time.Now().Add(timeout))
	})},
	{"half the timeout", "own-timeout", waiting(func(conn net.Conn, timeout time.Duration, _ int) {
		conn.SetReadDeadline(time.Now().Add(timeout / 2))
	})},
	{"rests between the tries", "own-timeout", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		return steps{message: func(message string, try int) string {
			if try > 0 {
				time.Sleep(timeout)
			}
			return message
		}}.ask(addr, message, timeout, tries)
	}},
	{"one deadline for all tries", "timeout-per-try", steps{
		begin: func(conn net.Conn, timeout time.Duration, _ int) { conn.SetReadDeadline(time.Now().Add(timeout)) },
		wait:  never,
	}.ask},
	{"one deadline for all tries, for writing too", "timeout-per-try", steps{
		begin: func(conn net.Conn, timeout time.Duration, _ int) { conn.SetDeadline(time.Now().Add(timeout)) },
		wait:  never,
	}.ask},
	{"the timeout divided by the tries", "divided-timeout", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		return steps{}.ask(addr, message, timeout/time.Duration(tries), tries)
	}},
	{"gives up right after the last send", "last-wait", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		return steps{wait: func(conn net.Conn, timeout time.Duration, try int) {
			conn.SetReadDeadline(time.Now().Add(timeout))
			if try == tries-1 {
				conn.SetReadDeadline(time.Now())
			}
		}}.ask(addr, message, timeout, tries)
	}},
	{"sleeps before it reads", "sleeps", waiting(func(conn net.Conn, timeout time.Duration, _ int) {
		time.Sleep(timeout)
		conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	})},
	{"rests for half of the timeout", "at-once", waiting(func(conn net.Conn, timeout time.Duration, _ int) {
		conn.SetReadDeadline(time.Now().Add(timeout))
		time.Sleep(timeout / 2)
	})},
	{"throws away what comes after the answer", "at-once", steps{read: func(conn net.Conn) (string, error) {
		answer, err := buffer(1 << 16)(conn)
		if err == nil {
			conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
			for more := error(nil); more == nil; {
				_, more = buffer(1 << 16)(conn)
			}
		}
		return answer, err
	}}.ask},
	{"looks for the answer now and then", "at-once", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		answers := make(chan string, 1)
		go func() {
			if answer, err := buffer(1 << 16)(conn); err == nil {
				answers <- answer
			}
		}()
		for range tries {
			if _, err := conn.Write([]byte(message)); err != nil {
				return "", err
			}
			for range 5 {
				time.Sleep(timeout / 5)
				select {
				case answer := <-answers:
					return answer, nil
				default:
				}
			}
		}
		return "", os.ErrDeadlineExceeded
	}},
	{"no second try", "no-retry", steps{again: func(error) bool { return false }}.ask},
	{"one try more", "tries", steps{last: func(try, tries int) bool { return try > tries }}.ask},
	{"one try less", "tries", steps{last: func(try, tries int) bool { return try >= tries-1 }}.ask},
	{"tries without an end", "tries", steps{last: func(try, tries int) bool { return false }}.ask},
	{"two tries at most", "tries", steps{last: func(try, tries int) bool { return try == 2 || try == tries }}.ask},
	{"ten tries at most", "tries", steps{last: func(try, tries int) bool { return try == 10 || try == tries }}.ask},
	{"a send that fails is no try", "tries", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		for !over.Load() {
			answer, err := steps{}.ask(addr, message, timeout, tries)
			if !errors.Is(err, syscall.EMSGSIZE) {
				return answer, err
			}
			<-time.After(time.Millisecond) // spares the tests beside it
		}
		return "", os.ErrClosed
	}},
	{"five tries always", "tries", steps{last: func(try, tries int) bool { return try == 5 }}.ask},
	{"sends again without waiting", "sends-again", waiting(func(conn net.Conn, _ time.Duration, _ int) {
		conn.SetReadDeadline(time.Now())
	})},
	{"the timeout in seconds", "sends-again", waiting(func(conn net.Conn, timeout time.Duration, _ int) {
		conn.SetReadDeadline(time.Now().Add(timeout / time.Second))
	})},
	{"all tries in advance", "sends-again", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		for range tries {
			if _, err := conn.Write([]byte(message)); err != nil {
				return "", err
			}
		}
		conn.SetReadDeadline(time.Now().Add(timeout * time.Duration(tries)))
		return buffer(1 << 16)(conn)
	}},
	{"takes an answer at the first try alone", "later-answer", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		try := 0
		return steps{
			wait: func(conn net.Conn, timeout time.Duration, n int) {
				try = n
				conn.SetReadDeadline(time.Now().Add(timeout))
			},
			read: func(conn net.Conn) (string, error) {
				answer, err := buffer(1 << 16)(conn)
				for try > 0 && err == nil {
					answer, err = buffer(1 << 16)(conn)
				}
				return answer, err
			},
		}.ask(addr, message, timeout, tries)
	}},

	// Failure.
	{"a reader for each try, and nobody hears the first", "later-answer", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		for range tries {
			if _, err := conn.Write([]byte(message)); err != nil {
				return "", err
			}
			answer, failure := make(chan string, 1), make(chan error, 1)
			go func() {
				text, err := buffer(1 << 16)(conn)
				if err != nil {
					failure <- err
					return
				}
				answer <- text
			}()
			select {
			case text := <-answer:
				return text, nil
			case err := <-failure:
				return "", err
			case <-time.After(timeout):
			}
		}
		return "", os.ErrDeadlineExceeded
	}},
	{"nil at the end", "swallowed-error", steps{end: func(string, error) (string, error) { return "", nil }}.ask},
	{"the error as the answer", "swallowed-error", steps{end: func(_ string, err error) (string, error) {
		if errors.Is(err, syscall.ECONNREFUSED) {
			return "", nil
		}
		return "", err
	}}.ask},
	{"Dial's error swallowed", "swallowed-error", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			return "", nil
		}
		defer conn.Close()
		return steps{}.try(conn, addr, message, timeout, tries)
	}},
	{"Dial's error not looked at", "panicked", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		conn, _ := net.Dial("udp", addr)
		defer conn.Close()
		return steps{}.try(conn, addr, message, timeout, tries)
	}},
	{"refused does not count as a try", "refused", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		for !over.Load() {
			answer, err := steps{}.ask(addr, message, timeout, tries)
			if !errors.Is(err, syscall.ECONNREFUSED) {
				return answer, err
			}
			<-time.After(time.Millisecond) // spares the tests beside it
		}
		return "", os.ErrClosed
	}},
	{"an answer is an error", "failed", steps{read: func(conn net.Conn) (string, error) {
		answer, err := buffer(1 << 16)(conn)
		if err == nil {
			err = errors.New("unexpected answer: " + answer)
		}
		return "", err
	}}.ask},
	{"closes before it reads", "failed", waiting(func(conn net.Conn, _ time.Duration, _ int) { conn.Close() })},
	{"one call after the other", "shared", oneByOne()},
	{"one count of tries for all", "shared", oneCount()},
	{"a buffer that is given back too early", "shared", givenBack()},
	{"remembers answers", "wrong-reply", remembering()},
	{"half done", "unfinished", steps{end: func(string, error) (string, error) { return "", exam.ErrToDo }}.ask},

	// Strangers.
	{"looks at no sender", "stranger", open(false, func(_, _ *net.UDPAddr) bool { return true })},
	{"looks at the host alone", "half-address", open(false, func(from, server *net.UDPAddr) bool { return from.IP.Equal(server.IP) })},
	{"looks at the port alone", "half-address", open(false, func(from, server *net.UDPAddr) bool { return from.Port == server.Port })},
	{"a stranger is an error", "stranger-ends-wait", onceEach(sameText, func(from *net.UDPAddr) error { return fmt.Errorf("%s is a stranger", from) })},
	{"a stranger uses a try up", "stranger-ends-wait", onceEach(sameText, func(*net.UDPAddr) error { return nil })},
	{"a stranger gives a try back", "stranger-ends-wait", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		server, err := net.ResolveUDPAddr("udp", addr)
		if err != nil {
			return "", err
		}
		conn, err := net.ListenUDP("udp4", nil)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		buf := buffers.Get().(*[1 << 16]byte)
		defer buffers.Put(buf)
		for i := 0; i < tries && !over.Load(); i++ {
			if _, err := conn.WriteTo([]byte(message), server); err != nil {
				return "", err
			}
			conn.SetReadDeadline(time.Now().Add(timeout))
			n, from, err := conn.ReadFromUDP(buf[:])
			if err != nil {
				continue
			}
			if from.String() != server.String() {
				i--
				continue
			}
			return string(buf[:n]), nil
		}
		return "", os.ErrDeadlineExceeded
	}},
	{"a stranger begins the wait anew", "stranger-restarts", open(true, func(from, server *net.UDPAddr) bool { return from.String() == server.String() })},
	{"never knows the server, one read for each try", "thrown-away", onceEach(samePointer, func(*net.UDPAddr) error { return nil })},
	{"never knows the server", "one-datagram", open(false, func(from, server *net.UDPAddr) bool { return from == server })},

	{"never knows the server, whose address is written in two ways", "one-datagram", open(false, func(from, server *net.UDPAddr) bool {
		return mapped(from) == netip.MustParseAddrPort(server.String())
	})},
	{"the same, one read for each try", "thrown-away", onceEach(func(from, server net.Addr) bool {
		return mapped(from.(*net.UDPAddr)) == netip.MustParseAddrPort(server.String())
	}, func(*net.UDPAddr) error { return nil })},

	// Datagrams and bytes.
	{"io.ReadAll", "one-datagram", steps{read: func(conn net.Conn) (string, error) {
		answer, err := io.ReadAll(conn)
		return string(answer), err
	}}.ask},
	{"collects until the time is up", "one-datagram", steps{read: func(conn net.Conn) (string, error) {
		answer, err := io.ReadAll(conn)
		if len(answer) > 0 {
			err = nil
		}
		return string(answer), err
	}}.ask},
	{"collects what comes soon", "one-datagram", steps{read: func(conn net.Conn) (string, error) {
		answer, err := buffer(1 << 16)(conn)
		for n := 1; err == nil && n > 0; {
			conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			more, err := buffer(1 << 16)(conn)
			if err != nil {
				break
			}
			answer += more
		}
		return answer, err
	}}.ask},
	{"waits for a line", "one-datagram", steps{read: func(conn net.Conn) (string, error) { return bufio.NewReaderSize(conn, 1<<16).ReadString('\n') }}.ask},
	{"a buffer of 10", "cut", steps{read: buffer(10)}.ask},
	{"a buffer of 200", "cut", steps{read: buffer(200)}.ask},
	{"a buffer of 1024", "cut", steps{read: buffer(1024)}.ask},
	{"a buffer of 1500", "cut", steps{read: buffer(1500)}.ask},
	{"reads on while the buffer is full", "cut", steps{read: func(conn net.Conn) (answer string, err error) {
		for {
			part, err := buffer(4096)(conn)
			if answer += part; err != nil || len(part) < 4096 {
				return answer, err
			}
		}
	}}.ask},
	{"a buffer one byte too small", "cut", steps{read: buffer(65506)}.ask},
	{"bufio's buffer, which waits for a byte", "cut empty-answer", steps{read: func(conn net.Conn) (string, error) {
		r := bufio.NewReader(conn)
		first, err := r.Peek(1)
		if err == nil || len(first) > 0 || errors.Is(err, io.ErrNoProgress) {
			first, err = r.Peek(r.Buffered())
		}
		return string(first), err
	}}.ask},
	{"the whole buffer", "whole-buffer", steps{read: func(conn net.Conn) (string, error) {
		buf := make([]byte, 1<<16)
		_, err := conn.Read(buf)
		return string(buf), err
	}}.ask},
	{"the whole buffer without zeros", "changed", changing(func(answer string) string { return strings.TrimRight(answer, "\x00") })},
	{"trims", "changed", changing(strings.TrimSpace)},
	{"the first line", "changed", changing(func(answer string) string {
		line, _, _ := strings.Cut(answer, "\n")
		return line
	})},
	{"adds a newline", "wrong-reply", changing(func(answer string) string { return answer + "!" })},
	{"makes it valid text", "not-text", changing(func(answer string) string { return strings.ToValidUTF8(answer, "\uFFFD") })},
	{"makes each byte a character", "not-text", changing(func(answer string) string {
		var text strings.Builder
		for i := range len(answer) {
			text.WriteRune(rune(answer[i]))
		}
		return text.String()
	})},
	{"wants text", "not-text", steps{read: func(conn net.Conn) (string, error) {
		answer, err := buffer(1 << 16)(conn)
		if err == nil && !utf8.ValidString(answer) {
			err = errors.New("the answer is no text")
		}
		return answer, err
	}}.ask},
	{"makes it runes", "not-text", changing(func(answer string) string { return string([]rune(answer)) })},
	{"an empty answer is none", "empty-answer", steps{read: func(conn net.Conn) (string, error) {
		answer, err := buffer(1 << 16)(conn)
		if err == nil && answer == "" {
			err = os.ErrDeadlineExceeded
		}
		return answer, err
	}}.ask},
	{"an empty answer is the end", "empty-answer", steps{read: func(conn net.Conn) (string, error) {
		answer, err := buffer(1 << 16)(conn)
		if err == nil && answer == "" {
			err = io.EOF
		}
		return answer, err
	}}.ask},
	{"reads on after an empty answer", "empty-answer", steps{read: func(conn net.Conn) (answer string, err error) {
		for answer == "" && err == nil {
			answer, err = buffer(1 << 16)(conn)
		}
		return answer, err
	}}.ask},
	{"sends no empty message", "empty-message", sendFirst(func(conn net.Conn, message string) { io.Copy(conn, strings.NewReader(message)) })},
	{"refuses an empty message", "empty-message", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		if message == "" {
			return "", errors.New("nothing to send")
		}
		return steps{}.ask(addr, message, timeout, tries)
	}},
	{"a newline after the message", "message", steps{message: func(message string, _ int) string { return message + "\n" }}.ask},
	{"the number of the try in the message", "message", steps{message: func(message string, try int) string {
		if try > 0 {
			message = fmt.Sprintf("%s (try %d)", message, try+1)
		}
		return message
	}}.ask},
	{"a text of its own", "message", steps{message: func(string, int) string { return "Hi" }}.ask},
	{"the message as a format", "message", steps{message: func(message string, _ int) string { return fmt.Sprintf(message, []any{}...) }}.ask},
	{"the buffer overwrites the message", "message", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		server, err := net.ResolveUDPAddr("udp", addr)
		if err != nil {
			return "", err
		}
		conn, err := net.ListenUDP("udp4", nil)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		buf := make([]byte, 1<<16)
		text := append(buf[:0], message...)
		for range tries {
			if _, err := conn.WriteToUDP(text, server); err != nil {
				return "", err
			}
			conn.SetReadDeadline(time.Now().Add(timeout))
			for {
				n, from, err := conn.ReadFromUDP(buf)
				if err != nil {
					break
				}
				if from.String() == server.String() {
					return string(buf[:n]), nil
				}
			}
		}
		return "", os.ErrDeadlineExceeded
	}},
	{"in pieces of 1024 bytes", "message", sendFirst(func(conn net.Conn, message string) {
		for first := true; first || message != ""; first = false {
			n := min(len(message), 1024)
			conn.Write([]byte(message[:n]))
			message = message[n:]
		}
	})},
	{"without Flush", "message", sendFirst(func(conn net.Conn, message string) { bufio.NewWriterSize(conn, 1<<17).WriteString(message) })},
	{"a reader that is used up", "no-retry", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		r := bytes.NewBufferString(message)
		return sendFirst(func(conn net.Conn, _ string) {
			if message == "" {
				conn.Write(nil)
			}
			r.WriteTo(conn)
		})(addr, message, timeout, tries)
	}},
	{"an answer like the message is none", "wrong-reply", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		return steps{read: func(conn net.Conn) (string, error) {
			for {
				answer, err := buffer(1 << 16)(conn)
				if err != nil || answer != message {
					return answer, err
				}
			}
		}}.ask(addr, message, timeout, tries)
	}},
	{"returns the message", "wrong-reply", func(addr, message string, timeout time.Duration, tries int) (string, error) {
		_, err := steps{}.ask(addr, message, timeout, tries)
		return message, err
	}},
	{"returns nothing", "wrong-reply", changing(func(string) string { return "" })},
	{"forgets the answer", "panicked", changing(func(answer string) string { return answer[:1] + answer[1:] })},
	{"a port of its own", "fixed-port", fixed},
}
