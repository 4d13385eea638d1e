//go:build catalogue

package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

// wrongs are mistakes that people make, each with the name of its
// diagnosis. All that is found wrong with one carries that name.
var wrongs = []exam.Answer[func(net.PacketConn) error]{
	{"reads only", "no-answer", each(func(net.PacketConn, []byte, net.Addr) error { return nil })},
	{"waits for ten", "no-answer", waitsForTen},
	{"never reads", "no-answer", neverReads},
	{"defer in the loop", "no-answer", defers},
	{"sleeps 1 s", "slow", each(sleeps(time.Second))},
	{"sleeps 100 ms", "slow", each(sleeps(100 * time.Millisecond))},
	{"sleeps 10 ms", "slow", each(sleeps(10 * time.Millisecond))},
	{"sleeps 30 s first", "slow", each(sleeps(30 * time.Second))},
	{"sleeps 30 s afterwards", "slow", sleepsAfter},
	{"one datagram", "ends-early", oneDatagram},
	{"one datagram, then the stub", "ends-early", oneThenToDo},
	{"nil at once", "ends-early", func(net.PacketConn) error { return nil }},
	{"own error at once", "ends-early", func(net.PacketConn) error { return errors.New("no") }},
	{"a hundred datagrams", "ends-early", hundred},
	{"returns while a goroutine answers", "left-behind", background},
	{"returns while a goroutine ignores errors", "left-behind", func(conn net.PacketConn) error { go ignoresErrors(conn); return nil }},
	{"newline", "changed", each(answers(func(b []byte) []byte { return append(b, '\n') }))},
	{"prefix", "changed", each(answers(func(b []byte) []byte { return append([]byte("echo: "), b...) }))},
	{"long suffix", "changed", each(answers(func(b []byte) []byte { return append(b, " from the server, with greetings"...) }))},
	{"upper case", "changed", each(answers(bytes.ToUpper))},
	{"lower case", "changed", each(answers(bytes.ToLower))},
	{"last byte lost", "changed", each(answers(func(b []byte) []byte { return b[:max(0, len(b)-1)] }))},
	{"first byte lost", "changed", each(answers(func(b []byte) []byte { return b[min(1, len(b)):] }))},
	{"always the same", "changed", each(answers(func([]byte) []byte { return []byte("Hello!") }))},
	{"acknowledges", "changed", each(answers(func(b []byte) []byte { return fmt.Appendf(nil, "%d bytes", len(b)) }))},
	{"printed as a slice", "changed", each(answers(func(b []byte) []byte { return fmt.Append(nil, b) }))},
	{"whole buffer of 1024", "whole-buffer", whole(1024)},
	{"whole buffer of 65507", "whole-buffer", whole(65507)},
	{"whole buffer of 65535", "whole-buffer", whole(65535)},
	{"whole buffer of 65535, errors returned", "whole-buffer", wholeReturns},
	{"longest so far", "whole-buffer", longestSoFar},
	{"twice", "twice", each(times2)},
	{"twice, the second later", "twice", each(twiceLater)},
	{"an empty one behind", "twice", each(emptyBehind)},
	{"own socket", "other-socket", each(ownSocket)},
	{"connects back", "other-socket", each(connectsBack)},
	{"listens again", "goes-on other-socket", listensAgain},
	{"fixed address", "sender", each(fixedAddress)},
	{"to itself", "sender", each(toItself)},
	{"first sender gets all", "sender", firstGetsAll},
	{"previous sender", "sender", previousSender},
	{"answers all", "sender", answersAll},
	{"keeps addresses by IP", "sender", byIP},
	{"goroutines, one address", "sender", oneAddress},
	{"the lost go to another", "sender", lostToAnother},
	{"first sender only", "first-only", onlyFirst},
	{"leaves at the second sender", "first-only", leavesAtSecond},
	{"ten senders at most", "first-only", tenSenders},
	{"n == 0 ends", "empty", plain(func(b []byte) error { return endIf(len(b) == 0) })},
	{"n == 0 is io.EOF", "empty", plain(func(b []byte) error { return iif(len(b) == 0, io.EOF) })},
	{"n == 0 goes on", "empty", plain(func(b []byte) error { return iif(len(b) == 0, errSkip) })},
	{"empty gets a word", "empty", each(answers(func(b []byte) []byte { return iif(len(b) == 0, []byte("empty"), b) }))},
	{"io.Copy", "empty", copies},
	{"n == 0 goes on, for a UDPConn", "empty", onUDPConn(skipsEmpty)},
	{"trims space", "not-text", each(answers(bytes.TrimSpace))},
	{"trims newlines", "not-text", each(answers(func(b []byte) []byte { return bytes.TrimRight(b, "\r\n") }))},
	{"trims zeros", "not-text", trimsZeros},
	{"valid UTF-8", "not-text", each(answers(func(b []byte) []byte { return bytes.ToValidUTF8(b, []byte("?")) }))},
	{"runes", "not-text", each(answers(func(b []byte) []byte { return []byte(string([]rune(string(b)))) }))},
	{"first word", "not-text", each(answers(firstWord))},
	{"first line", "not-text", each(answers(func(b []byte) []byte { line, _, _ := bytes.Cut(b, []byte("\n")); return line }))},
	{"formats", "not-text", each(answers(func(b []byte) []byte { return fmt.Appendf(nil, string(b), none...) }))},
	{"drops what is no UTF-8", "not-text", plain(func(b []byte) error {
		return iif(strings.ToValidUTF8(string(b), "") != string(b), errSkip)
	})},
	{"seven bits", "not-text", each(answers(sevenBits))},
	{"quit", "not-text", plain(func(b []byte) error { return endIf(string(b) == "quit") })},
	{"bye", "not-text", plain(func(b []byte) error { return endIf(strings.TrimSpace(string(b)) == "bye") })},
	{"buffer of 10", "cut", buffer(10)},
	{"buffer of 200", "cut", buffer(200)},
	{"buffer of 1024", "cut", buffer(1024)},
	{"buffer of 1500", "cut", buffer(1500)},
	{"buffer of 65506", "cut", buffer(65506)},
	{"buffer of 1500 for a UDPConn", "cut", onUDPConn(func(udp *net.UDPConn) error { udp.SetReadBuffer(1500); return buffer(1500)(udp) })},
	{"full buffer is an error", "cut", fullIsError},
	{"full buffer is skipped", "cut", fullIsSkipped},
	{"reads on for the rest", "cut", readsOn},
	{"buffer grows afterwards", "cut", grows},
	{"buffer shrinks", "cut", shrinks},
	{"buffer without a length", "cut", withoutLength},
	{"pieces of 1024", "pieces", each(inPieces(1024))},
	{"pieces of 4", "pieces", each(inPieces(4))},
	{"no repeats", "skips", noRepeats},
	{"drops when busy", "skips", dropsWhenBusy},
	{"drops when 64 wait", "skips", dropsAt64},
	{"one echo for each sender", "skips", onceEach},
	{"every second datagram", "skips", everySecond()},
	{"goroutines, one buffer", "shared-buffer", goroutinesOneBuffer},
	{"worker, one buffer", "shared-buffer", workerOneBuffer},
	{"goroutines, two buffers", "shared-buffer", twoBuffers},
	{"buffer back too early", "shared-buffer", backTooEarly},
	{"goroutines, ring of 16 buffers", "shared-buffer", ringOf16},
	{"goroutines, one n", "shared-length", oneLength(false)},
	{"goroutines, one n, copies", "shared-length", oneLength(true)},
	{"buffer outside", "shared", bufferOutside},
	{"conn outside", "shared", connOutside},
	{"lock outside", "shared", lockOutside},
	{"end outside", "shared", endOutside},
	{"looks again and again", "busy", looksAgain},
	{"deadline of 50 ms", "silence", deadline(50*time.Millisecond, false)},
	{"deadline of 5 s", "silence", deadline(5*time.Second, false)},
	{"deadline of a minute is nil", "silence", deadline(time.Minute, true)},
	{"deadline set once, goes on", "silence", deadlineOnce},
	{"write deadline set once", "silence", writeDeadlineOnce},
	{"a deadline of 5 ns", "silence", deadline(5, false)},
	{"every error is nil", "failure-hidden", everyErrorNil},
	{"break at any error", "failure-hidden", breaks},
	{"hangs after an error", "failure-hidden", hangsAfterError},
	{"gives up after five rests, with nil", "failure-hidden", restsThenNil},
	{"nil after a second failure", "failure-hidden", secondFailureNil},
	{"a goroutine per sender, which ends", "starves", goroutineEnds(0)},
	{"sends until it works, with rests", "starves", sendsUntil(10 * time.Millisecond)},
	{"sends until it works, with short rests", "starves", sendsUntil(time.Millisecond)},
	{"a queue per sender, whose goroutine ends", "banned", goroutineEnds(100)},
	{"a list of those it could not reach", "banned", bans},
	{"tries again and again", "spins", triesAgain},
	{"sends again and again", "spins", sendsAgain},
	{"ignores errors", "goes-on", ignoresErrors},
	{"goes on after any error", "goes-on", goesOnAfterAny},
	{"waits after the end", "goes-on", waitsAfterEnd},
	{"workers never end", "goes-on", workersNeverEnd},
	{"copy of the socket", "goes-on", copyOfSocket},
	{"returns the closed error", "closed-error", buffer2(func(err error) error { return err })},
	{"wraps the closed error", "closed-error", buffer2(func(err error) error { return fmt.Errorf("echo: %w", err) })},
	{"compares with ==", "closed-error", buffer2(func(err error) error { return iif(err != net.ErrClosed, err) })},
	{"the first outside the loop", "closed-error", firstApart},
	{"the stub's error at the end", "closed-error", buffer2(func(err error) error {
		if errors.Is(err, net.ErrClosed) {
			return exam.ErrToDo
		}
		return err
	})},
	{"closes after each", "closes-conn", closesEach},
	{"closes and returns", "closes-conn", closesAndReturns},
	{"asserts a UDPConn", "any-conn", assertsUDPConn},
	{"asserts a UDPConn, panics", "any-conn", func(conn net.PacketConn) error { return returnsEveryFailure(conn.(*net.UDPConn)) }},
	{"asserts a UDPConn, returns nil", "any-conn", assertsNil},
	{"panics", "panicked", func(conn net.PacketConn) error { var buf []byte; _, _, err := conn.ReadFrom(buf[:10]); return err }},
}

var (
	errSkip = errors.New("skip")
	errEnd  = errors.New("end")
	none    []any
)

// iif returns a when ok, and else b, or nothing.
func iif[T any](ok bool, a T, b ...T) (none T) {
	switch {
	case ok:
		return a
	case len(b) > 0:
		return b[0]
	}
	return none
}

func endIf(ok bool) error { return iif(ok, errEnd) }

// each is right but for what it does with a datagram.
func each(do func(conn net.PacketConn, data []byte, addr net.Addr) error) func(net.PacketConn) error {
	return func(conn net.PacketConn) error {
		buf := make([]byte, 65507)
		for {
			n, addr, err := conn.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				return nil
			} else if err != nil {
				return err
			}
			switch err := do(conn, buf[:n:n], addr); err {
			case nil:
			case errEnd:
				return nil
			default:
				return err
			}
		}
	}
}

// plain is right but for those datagrams for which before returns an error.
func plain(before func([]byte) error) func(net.PacketConn) error {
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		if err := before(data); err == errSkip {
			return nil
		} else if err != nil {
			return err
		}
		conn.WriteTo(data, addr)
		return nil
	})
}

func answers(what func([]byte) []byte) func(net.PacketConn, []byte, net.Addr) error {
	return func(conn net.PacketConn, data []byte, addr net.Addr) error {
		conn.WriteTo(what(data), addr)
		return nil
	}
}

func sleeps(d time.Duration) func(net.PacketConn, []byte, net.Addr) error {
	return func(conn net.PacketConn, data []byte, addr net.Addr) error {
		time.Sleep(d)
		conn.WriteTo(data, addr)
		return nil
	}
}

func sleepsAfter(conn net.PacketConn) error {
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		conn.WriteTo(data, addr)
		time.Sleep(30 * time.Second)
		return nil
	})(conn)
}

func waitsForTen(conn net.PacketConn) error {
	var waiting []packet
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		if waiting = append(waiting, packet{bytes.Clone(data), addr}); len(waiting) == 10 {
			for _, p := range waiting {
				conn.WriteTo(p.data, p.addr)
			}
			waiting = nil
		}
		return nil
	})(conn)
}

// neverReads returns when conn is closed, by way of its deadline's error.
func neverReads(conn net.PacketConn) error {
	for conn.SetWriteDeadline(time.Time{}) == nil {
		<-time.After(5 * time.Millisecond)
	}
	return nil
}

func oneDatagram(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	n, addr, err := conn.ReadFrom(buf)
	if errors.Is(err, net.ErrClosed) {
		return nil
	} else if err != nil {
		return err
	}
	_, err = conn.WriteTo(buf[:n], addr)
	return err
}

func oneThenToDo(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	n, addr, err := conn.ReadFrom(buf)
	if errors.Is(err, net.ErrClosed) {
		return nil
	} else if err != nil {
		return err
	}
	conn.WriteTo(buf[:n], addr)
	return exam.ErrToDo
}

func hundred(conn net.PacketConn) error {
	count := 0
	return plain(func([]byte) error { count++; return endIf(count == 100) })(conn)
}

func background(conn net.PacketConn) error {
	go returnsEveryFailure(conn)
	return nil
}

func whole(size int) func(net.PacketConn) error {
	return func(conn net.PacketConn) error {
		buf := make([]byte, size)
		for {
			_, addr, err := conn.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				return nil
			} else if err != nil {
				return err
			}
			conn.WriteTo(buf, addr)
		}
	}
}

func wholeReturns(conn net.PacketConn) error {
	buf := make([]byte, 65535)
	for {
		_, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := conn.WriteTo(buf, addr); err != nil {
			return err
		}
	}
}

func longestSoFar(conn net.PacketConn) error {
	longest := 0
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		longest = max(longest, len(data))
		conn.WriteTo(data[:len(data):cap(data)][:len(data)], addr)
		return nil
	})(&longConn{conn, &longest})
}

// A longConn sends as many bytes as the longest datagram had.
type longConn struct {
	net.PacketConn
	longest *int
}

func (c *longConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := c.PacketConn.ReadFrom(b)
	if err == nil && n < *c.longest {
		n = *c.longest
	}
	return n, addr, err
}

func times2(conn net.PacketConn, data []byte, addr net.Addr) error {
	conn.WriteTo(data, addr)
	conn.WriteTo(data, addr)
	return nil
}

func twiceLater(conn net.PacketConn, data []byte, addr net.Addr) error {
	conn.WriteTo(data, addr)
	again := bytes.Clone(data)
	time.AfterFunc(100*time.Microsecond, func() { conn.WriteTo(again, addr) })
	return nil
}

func ownSocket(_ net.PacketConn, data []byte, addr net.Addr) error {
	other, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer other.Close()
	_, err = other.WriteTo(data, addr)
	return err
}

func connectsBack(_ net.PacketConn, data []byte, addr net.Addr) error {
	other, err := net.Dial("udp", addr.String())
	if err != nil {
		return err
	}
	defer other.Close()
	other.Write(data)
	return nil
}

func fixedAddress(conn net.PacketConn, data []byte, _ net.Addr) error {
	conn.WriteTo(data, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7001})
	return nil
}

func toItself(conn net.PacketConn, data []byte, addr net.Addr) error {
	if addr.String() != conn.LocalAddr().String() { // or it would go round for ever
		conn.WriteTo(data, conn.LocalAddr())
	}
	return nil
}

func firstGetsAll(conn net.PacketConn) error {
	var first net.Addr
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		if first == nil {
			first = addr
		}
		conn.WriteTo(data, first)
		return nil
	})(conn)
}

func previousSender(conn net.PacketConn) error {
	var previous net.Addr
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		if previous == nil {
			previous = addr
		}
		conn.WriteTo(data, previous)
		previous = addr
		return nil
	})(conn)
}

func answersAll(conn net.PacketConn) error {
	all := map[string]net.Addr{}
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		all[addr.String()] = addr
		for _, a := range all {
			conn.WriteTo(data, a)
		}
		return nil
	})(conn)
}

func byIP(conn net.PacketConn) error {
	known := map[string]net.Addr{}
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		ip := addr.(*net.UDPAddr).IP.String()
		if known[ip] == nil {
			known[ip] = addr
		}
		conn.WriteTo(data, known[ip])
		return nil
	})(conn)
}

func onlyFirst(conn net.PacketConn) error {
	first := ""
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		if first == "" {
			first = addr.String()
		}
		if addr.String() == first {
			conn.WriteTo(data, addr)
		}
		return nil
	})(conn)
}

func leavesAtSecond(conn net.PacketConn) error {
	first := ""
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		if first == "" {
			first = addr.String()
		}
		if addr.String() != first {
			return errors.New("a stranger")
		}
		conn.WriteTo(data, addr)
		return nil
	})(conn)
}

func trimsZeros(conn net.PacketConn) error {
	for {
		buf := make([]byte, 65507)
		_, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		conn.WriteTo(bytes.TrimRight(buf, "\x00"), addr)
	}
}

func firstWord(data []byte) []byte {
	var word string
	fmt.Sscan(string(data), &word)
	return []byte(word)
}

func buffer(size int) func(net.PacketConn) error {
	return func(conn net.PacketConn) error {
		buf := make([]byte, size)
		for {
			n, addr, err := conn.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				return nil
			} else if err != nil {
				return err
			}
			conn.WriteTo(buf[:n], addr)
		}
	}
}

// buffer2 is right but for what it returns.
func buffer2(result func(error) error) func(net.PacketConn) error {
	return func(conn net.PacketConn) error {
		buf := make([]byte, 65507)
		for {
			n, addr, err := conn.ReadFrom(buf)
			if err != nil {
				return result(err)
			}
			conn.WriteTo(buf[:n], addr)
		}
	}
}

func fullIsError(conn net.PacketConn) error {
	buf := make([]byte, 2048)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		if n == len(buf) {
			return errors.New("datagram too long")
		}
		conn.WriteTo(buf[:n], addr)
	}
}

func fullIsSkipped(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		if n < len(buf) {
			conn.WriteTo(buf[:n], addr)
		}
	}
}

// onUDPConn is right but for a conn that is a *net.UDPConn.
func onUDPConn(echo func(*net.UDPConn) error) func(net.PacketConn) error {
	return func(conn net.PacketConn) error {
		if udp, ok := conn.(*net.UDPConn); ok {
			return echo(udp)
		}
		return returnsEveryFailure(conn)
	}
}

func skipsEmpty(udp *net.UDPConn) error {
	return plain(func(b []byte) error { return iif(len(b) == 0, errSkip) })(udp)
}

func readsOn(conn net.PacketConn) error {
	var data []byte
	buf := make([]byte, 1024)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		data = append(data, buf[:n]...)
		if n < len(buf) {
			conn.WriteTo(data, addr)
			data = nil
		}
	}
}

func grows(conn net.PacketConn) error {
	buf := make([]byte, 512)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		conn.WriteTo(buf[:n], addr)
		if n == len(buf) {
			buf = make([]byte, 2*len(buf))
		}
	}
}

func inPieces(size int) func(net.PacketConn, []byte, net.Addr) error {
	return func(conn net.PacketConn, data []byte, addr net.Addr) error {
		for len(data) > size {
			conn.WriteTo(data[:size], addr)
			data = data[size:]
		}
		conn.WriteTo(data, addr)
		return nil
	}
}

func noRepeats(conn net.PacketConn) error {
	var last string
	return plain(func(data []byte) error {
		if len(data) > 0 && string(data) == last {
			return errSkip
		}
		last = string(data)
		return nil
	})(conn)
}

func dropsWhenBusy(conn net.PacketConn) error { return drops(conn, 4) }

func dropsAt64(conn net.PacketConn) error { return drops(conn, 64) }

func drops(conn net.PacketConn, most int) error {
	queue := make(chan packet, most)
	defer close(queue)
	go func() {
		for p := range queue {
			conn.WriteTo(p.data, p.addr)
		}
	}()
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		select {
		case queue <- packet{bytes.Clone(data), addr}:
		default:
		}
		return nil
	})(conn)
}

func goroutinesOneBuffer(conn net.PacketConn) error {
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		go conn.WriteTo(data, addr)
		return nil
	})(conn)
}

func workerOneBuffer(conn net.PacketConn) error {
	packets := make(chan packet)
	defer close(packets)
	go func() {
		for p := range packets {
			conn.WriteTo(p.data, p.addr)
		}
	}()
	return each(func(_ net.PacketConn, data []byte, addr net.Addr) error {
		packets <- packet{data, addr}
		return nil
	})(conn)
}

func twoBuffers(conn net.PacketConn) error {
	var bufs [2][65507]byte
	for i := 0; ; i = 1 - i {
		n, addr, err := conn.ReadFrom(bufs[i][:])
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		go conn.WriteTo(bufs[i][:n], addr)
	}
}

func ringOf16(conn net.PacketConn) error {
	var ring [16][65507]byte
	for i := 0; ; i++ {
		buf := ring[i%len(ring)][:]
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		go conn.WriteTo(buf[:n], addr)
	}
}

// oneLength has one n for all goroutines, and a buffer for each.
func oneLength(copies bool) func(net.PacketConn) error {
	return func(conn net.PacketConn) error {
		var n int
		buf := make([]byte, 65507)
		for {
			var addr net.Addr
			var err error
			n, addr, err = conn.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				return nil
			} else if err != nil {
				return err
			}
			data := buf
			if copies {
				data = bytes.Clone(buf)
			} else {
				buf = make([]byte, 65507)
			}
			go func() { conn.WriteTo(data[:n], addr) }()
		}
	}
}

func backTooEarly(conn net.PacketConn) error {
	free := make(chan []byte, 1)
	free <- make([]byte, 65507)
	for {
		buf := <-free
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		go conn.WriteTo(buf[:n], addr)
		free <- buf
	}
}

func deadline(wait time.Duration, isNil bool) func(net.PacketConn) error {
	return func(conn net.PacketConn) error {
		buf := make([]byte, 65507)
		for {
			conn.SetReadDeadline(time.Now().Add(wait))
			n, addr, err := conn.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) || isNil && errors.Is(err, os.ErrDeadlineExceeded) {
				return nil
			} else if err != nil {
				return err
			}
			conn.WriteTo(buf[:n], addr)
		}
	}
}

func deadlineOnce(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	conn.SetReadDeadline(time.Now().Add(time.Hour))
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		} else if err != nil {
			return err
		}
		conn.WriteTo(buf[:n], addr)
	}
}

// idleTimer ends when its own clock has measured a silence. It is not in the
// list: on a busy machine it can find one anywhere.
func idleTimer(conn net.PacketConn) error {
	packets, failed := make(chan packet), make(chan error, 1)
	go func() {
		for {
			buf := make([]byte, 65507)
			n, addr, err := conn.ReadFrom(buf)
			if err != nil {
				failed <- err
				return
			}
			packets <- packet{buf[:n], addr}
		}
	}()
	for {
		select {
		case p := <-packets:
			conn.WriteTo(p.data, p.addr)
		case err := <-failed:
			return iif(!errors.Is(err, net.ErrClosed), err)
		case <-time.After(150 * time.Millisecond):
			return nil
		}
	}
}

func everyErrorNil(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if err != nil {
			return nil
		}
		conn.WriteTo(buf[:n], addr)
	}
}

func breaks(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if err != nil {
			break
		}
		if _, err := conn.WriteTo(buf[:n], addr); err != nil {
			break
		}
	}
	return nil
}

func hangsAfterError(conn net.PacketConn) error {
	closed := make(chan struct{})
	go func() {
		buf := make([]byte, 65507)
		for {
			n, addr, err := conn.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				close(closed)
			}
			if err != nil {
				return
			}
			conn.WriteTo(buf[:n], addr)
		}
	}()
	for conn.SetWriteDeadline(time.Time{}) == nil {
		<-time.After(5 * time.Millisecond)
	}
	return nil
}

func restsThenNil(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for failures := 0; failures < 5; {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			failures++
			time.Sleep(100 * time.Millisecond)
			continue
		}
		failures = 0
		conn.WriteTo(buf[:n], addr)
	}
	return nil
}

func secondFailureNil(conn net.PacketConn) error {
	failed := make(chan error)
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		data = bytes.Clone(data)
		go func() {
			if _, err := conn.WriteTo(data, addr); err != nil {
				failed <- err
			}
		}()
		select {
		case <-failed:
			return errEnd
		default:
			return nil
		}
	})(conn)
}

// goroutineEnds has a goroutine for each sender, which ends at its first failure.
func goroutineEnds(queue int) func(net.PacketConn) error {
	return func(conn net.PacketConn) error {
		senders := map[string]chan []byte{}
		defer func() {
			for _, todo := range senders {
				close(todo)
			}
		}()
		return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
			todo := senders[addr.String()]
			if todo == nil {
				todo = make(chan []byte, queue)
				senders[addr.String()] = todo
				go func() {
					for data := range todo {
						if _, err := conn.WriteTo(data, addr); err != nil {
							return
						}
					}
				}()
			}
			todo <- bytes.Clone(data)
			return nil
		})(conn)
	}
}

func sendsUntil(rest time.Duration) func(net.PacketConn) error {
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		for {
			if _, err := conn.WriteTo(data, addr); err == nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			time.Sleep(rest)
		}
	})
}

func bans(conn net.PacketConn) error {
	banned := map[string]bool{}
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		if !banned[addr.String()] {
			_, err := conn.WriteTo(data, addr)
			banned[addr.String()] = err != nil
		}
		return nil
	})(conn)
}

func triesAgain(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			continue
		}
		conn.WriteTo(buf[:n], addr)
	}
}

func sendsAgain(conn net.PacketConn) error {
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		for {
			if _, err := conn.WriteTo(data, addr); err == nil {
				return nil
			}
		}
	})(conn)
}

// ignoresErrors gives up at a failure that is none of the end, for that would be
// a second mistake. The checker holds it when it spins.
func ignoresErrors(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		conn.WriteTo(buf[:n], addr)
	}
}

func goesOnAfterAny(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if err != nil {
			continue
		}
		conn.WriteTo(buf[:n], addr)
	}
}

func waitsAfterEnd(conn net.PacketConn) error {
	var wg sync.WaitGroup
	wg.Add(1)
	err := returnsEveryFailure(conn)
	if err == nil {
		wg.Wait()
	}
	return err
}

func closesEach(conn net.PacketConn) error {
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		conn.WriteTo(data, addr)
		return conn.Close()
	})(conn)
}

func closesAndReturns(conn net.PacketConn) error {
	defer conn.Close()
	return oneDatagram(conn)
}

func assertsUDPConn(conn net.PacketConn) error {
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return fmt.Errorf("not a UDP socket: %T", conn)
	}
	return returnsEveryFailure(udp)
}

func assertsNil(conn net.PacketConn) error {
	if udp, ok := conn.(*net.UDPConn); ok {
		return returnsEveryFailure(udp)
	}
	return nil
}

func defers(conn net.PacketConn) error {
	for {
		buf := make([]byte, 65507)
		n, addr, err := conn.ReadFrom(buf)
		if err != nil {
			return iif(!errors.Is(err, net.ErrClosed), err)
		}
		defer conn.WriteTo(buf[:n], addr)
	}
}

func emptyBehind(conn net.PacketConn, data []byte, addr net.Addr) error {
	conn.WriteTo(data, addr)
	conn.WriteTo(nil, addr)
	return nil
}

// listensAgain finds the address in use, but not when conn is closed before.
func listensAgain(conn net.PacketConn) error {
	own, err := net.ListenPacket("udp", conn.LocalAddr().String())
	if err != nil {
		return err
	}
	return returnsEveryFailure(own)
}

func oneAddress(conn net.PacketConn) error {
	var to net.Addr
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		to, data = addr, bytes.Clone(data)
		go func() { conn.WriteTo(data, to) }()
		return nil
	})(conn)
}

func lostToAnother(conn net.PacketConn) error {
	var last net.Addr
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		if _, err := conn.WriteTo(data, addr); err == nil {
			last = addr
		} else if last != nil {
			conn.WriteTo(data, last)
		}
		return nil
	})(conn)
}

func tenSenders(conn net.PacketConn) error {
	known := map[string]bool{}
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		if len(known) < 10 || known[addr.String()] {
			known[addr.String()] = true
			conn.WriteTo(data, addr)
		}
		return nil
	})(conn)
}

// A stream makes a reader and a writer of a socket.
type stream struct {
	conn net.PacketConn
	addr net.Addr
}

func (s *stream) Read(b []byte) (n int, err error) {
	n, s.addr, err = s.conn.ReadFrom(b)
	return n, err
}

func (s *stream) Write(b []byte) (int, error) { return s.conn.WriteTo(b, s.addr) }

// copies loses the empty ones, as io.Copy writes only what is more than nothing.
func copies(conn net.PacketConn) error {
	s := &stream{conn: conn}
	_, err := io.CopyBuffer(s, s, make([]byte, 65507))
	return iif(!errors.Is(err, net.ErrClosed), err)
}

func sevenBits(data []byte) []byte {
	for i := range data {
		data[i] &= 0x7f
	}
	return data
}

func shrinks(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if err != nil {
			return iif(!errors.Is(err, net.ErrClosed), err)
		}
		buf = buf[:n]
		conn.WriteTo(buf, addr)
	}
}

func withoutLength(conn net.PacketConn) error {
	buf := make([]byte, 0, 65507)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if err != nil {
			return iif(!errors.Is(err, net.ErrClosed), err)
		}
		conn.WriteTo(buf[:n], addr)
	}
}

func onceEach(conn net.PacketConn) error {
	known := map[string]bool{}
	return each(func(conn net.PacketConn, data []byte, addr net.Addr) error {
		if !known[addr.String()] {
			known[addr.String()] = true
			conn.WriteTo(data, addr)
		}
		return nil
	})(conn)
}

func everySecond() func(net.PacketConn) error {
	return func(conn net.PacketConn) error {
		count := 0
		return plain(func([]byte) error { count++; return iif(count%2 == 0, errSkip) })(conn)
	}
}

var outside struct {
	buf  [65507]byte
	conn net.PacketConn
	lock sync.Mutex
	end  atomic.Bool
}

func bufferOutside(conn net.PacketConn) error {
	for {
		n, addr, err := conn.ReadFrom(outside.buf[:])
		if err != nil {
			return iif(!errors.Is(err, net.ErrClosed), err)
		}
		conn.WriteTo(outside.buf[:n], addr)
	}
}

func connOutside(conn net.PacketConn) error {
	outside.conn = conn
	buf := make([]byte, 65507)
	for {
		n, addr, err := outside.conn.ReadFrom(buf)
		if err != nil {
			return iif(!errors.Is(err, net.ErrClosed), err)
		}
		outside.conn.WriteTo(buf[:n], addr)
	}
}

func lockOutside(conn net.PacketConn) error {
	outside.lock.Lock()
	defer outside.lock.Unlock()
	return returnsEveryFailure(conn)
}

func endOutside(conn net.PacketConn) error {
	outside.end.Store(false)
	buf := make([]byte, 65507)
	for !outside.end.Load() {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			outside.end.Store(true)
		} else if err != nil {
			return err
		} else {
			conn.WriteTo(buf[:n], addr)
		}
	}
	return nil
}

// looksAgain is what a select with a default in a loop comes to.
func looksAgain(conn net.PacketConn) error {
	end := make(chan error, 1)
	go func() { end <- returnsEveryFailure(conn) }()
	for len(end) == 0 {
	}
	return <-end
}

func writeDeadlineOnce(conn net.PacketConn) error {
	conn.SetWriteDeadline(time.Now().Add(time.Hour))
	return returnsEveryFailure(conn)
}

// workersNeverEnd waits for those that wait for work.
func workersNeverEnd(conn net.PacketConn) error {
	packets := make(chan packet)
	var wg sync.WaitGroup
	defer wg.Wait()
	for range 3 {
		wg.Go(func() {
			for p := range packets {
				conn.WriteTo(p.data, p.addr)
			}
		})
	}
	return each(func(_ net.PacketConn, data []byte, addr net.Addr) error {
		packets <- packet{bytes.Clone(data), addr}
		return nil
	})(conn)
}

// copyOfSocket works on a second descriptor of the socket, which stays open.
func copyOfSocket(conn net.PacketConn) error {
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return returnsEveryFailure(conn)
	}
	file, err := udp.File()
	if err != nil {
		return err
	}
	defer file.Close()
	second, err := net.FilePacketConn(file)
	if err != nil {
		return err
	}
	return returnsEveryFailure(second)
}

func firstApart(conn net.PacketConn) error {
	buf := make([]byte, 65507)
	n, addr, err := conn.ReadFrom(buf)
	if err != nil {
		return err
	}
	for err == nil {
		conn.WriteTo(buf[:n], addr)
		n, addr, err = conn.ReadFrom(buf)
	}
	return iif(!errors.Is(err, net.ErrClosed), err)
}
