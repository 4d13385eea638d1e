// Package check checks the answers to the exercise of lesson 9: a function Send
// that sends until it is acknowledged, and a function Receive that acknowledges
// and delivers once and in order.
package check

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

const file = "lessons/udp-loss/exercise/exercise.go"

// Functions of the exercise.
type (
	sender   = func(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error
	receiver = func(conn net.PacketConn, deliver func(payload []byte)) error
)

// Send checks an answer, and shows the learner what is wrong with it.
func Send(t *testing.T, send sender) {
	t.Helper()
	exam.Run(t, file, sendStub, sendCases, send)
}

// Receive checks an answer, and shows the learner what is wrong with it.
func Receive(t *testing.T, receive receiver) {
	t.Helper()
	exam.Run(t, file, receiveStub, receiveCases, receive)
}

// sendStub calls an answer with a closed conn, where a right one returns at once.
func sendStub(send sender) error {
	socket, err := listen()
	if err != nil {
		return err
	}
	socket.Close()
	conn := &sendConn{Conn: socket}
	return begun(func() error { return send(conn, 0, nil, time.Millisecond, 1) }, &conn.used)
}

// receiveStub does the same.
func receiveStub(receive receiver) error {
	socket, err := listen()
	if err != nil {
		return err
	}
	socket.Close()
	conn := newConn(socket)
	return begun(func() error { return receive(conn, func([]byte) {}) }, &conn.used)
}

// begun returns the error of an answer that has not done anything. One that hangs
// or uses its conn has been begun, and the cases tell what is wrong with it.
func begun(call func() error, used *atomic.Bool) error {
	var err error
	if new(exam.Trial).Go(func() { err = call() }).WaitFor(exam.Limit/6) != "" || used.Load() {
		return nil
	}
	return err
}

const (
	header = 4

	// largestUDP is the longest datagram over IPv4: the 65,535 bytes of an IP
	// packet (RFC 791, section 3.1) less its header of 20 and UDP's of 8.
	largestUDP = 65507
)

// listen opens a socket on loopback.
func listen() (*net.UDPConn, error) {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err == nil {
		setRoom(socket)
	}
	return socket, err
}

// setRoom asks for buffers that hold the largest datagram. MacOS also takes it for
// the limit of one datagram, which is 9,216 without it.
func setRoom(socket *net.UDPConn) {
	socket.SetReadBuffer(256 << 10)
	socket.SetWriteBuffer(256 << 10)
}

// largest is the longest payload that this system's loopback carries.
var largest = sync.OnceValue(func() int {
	socket, err := listen()
	if err != nil {
		return 0
	}
	defer socket.Close()
	for _, size := range []int{largestUDP, 9216} {
		if _, err := socket.WriteTo(make([]byte, size), socket.LocalAddr()); err == nil {
			return size - header
		}
	}
	return 1024
})

// number returns the 4 bytes of seq.
func number(seq uint32) []byte { return binary.BigEndian.AppendUint32(nil, seq) }

// letters returns size bytes of text, no two parts of it alike.
func letters(size int) []byte {
	var text []byte
	for i := 0; len(text) < size; i++ {
		text = fmt.Appendf(text, "%d,", i)
	}
	return text[:size]
}

// show shows bytes in a story.
func show(b []byte) string {
	if len(b) > 40 {
		return fmt.Sprintf("%q… (%d bytes)", b[:20], len(b))
	}
	return fmt.Sprintf("%q", b)
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}
