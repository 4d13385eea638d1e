// Package check checks the answers to the exercise of lesson 9: a function Send
// that sends until it is acknowledged, and a function Receive that acknowledges
// and delivers once and in order.
package check

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
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
	socket, err := exam.ListenUDP()
	if err != nil {
		return err
	}
	socket.Close()
	conn := &sendConn{Conn: socket}
	return begun(func() error { return send(conn, 0, nil, time.Millisecond, 1) }, &conn.used)
}

// receiveStub does the same.
func receiveStub(receive receiver) error {
	socket, err := exam.ListenUDP()
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

// header is how many bytes of a datagram are the number.
const header = 4

// largest is the longest payload that this system's loopback carries.
var largest = sync.OnceValue(func() int { return max(0, exam.LargestDatagram(exam.ListenUDP)-header) })

// number returns the 4 bytes of seq.
func number(seq uint32) []byte { return binary.BigEndian.AppendUint32(nil, seq) }

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
