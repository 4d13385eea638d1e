// Package solution holds one good answer to the exercise of lesson 9. Look at it
// when yours is done.
package solution

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// header is the length of the number in front of each payload. An
// acknowledgement is such a number and nothing else.
const header = 4

// largest is the longest datagram that UDP carries over IPv4: an IP packet has
// at most 65,535 bytes, and its two headers take 20 and 8 of them.
const largest = 65507

// Send sends payload as message number seq until the receiver acknowledges it, at
// most tries times. Each time it waits up to timeout.
func Send(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	// Both together, for one Write is one datagram.
	datagram := binary.BigEndian.AppendUint32(nil, seq)
	datagram = append(datagram, payload...)
	for range tries {
		if _, err := conn.Write(datagram); err != nil {
			return err
		}
		// A moment for this try, set once: what else comes gives no new time.
		if err := conn.SetReadDeadline(time.Now().Add(timeout)); err != nil {
			return err
		}
		err := await(conn, datagram[:header])
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err // nil, or a failure that another try would not mend
		}
	}
	return fmt.Errorf("message %d was not acknowledged in %d tries: %w", seq, tries, os.ErrDeadlineExceeded)
}

// await reads until ack comes. Other acknowledgements are late ones, or cut ones.
func await(conn net.Conn, ack []byte) error {
	buf := make([]byte, 64)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return err
		}
		if bytes.Equal(buf[:n], ack) {
			return nil
		}
	}
}

// Receive delivers what each sender sends, once each and in order, until conn is
// closed.
func Receive(conn net.PacketConn, deliver func(payload []byte)) error {
	next := map[string]uint32{} // by sender, the number whose turn it is
	buf := make([]byte, largest)
	for {
		n, from, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		seq, payload, ok := parse(buf[:n])
		sender := from.String()
		// What is ahead of its turn is not kept, so it must not be acknowledged.
		// It comes again. And a sender that never sends its 0 costs nothing.
		if !ok || seq > next[sender] {
			continue
		}
		if seq == next[sender] {
			next[sender]++
			deliver(bytes.Clone(payload)) // the next ReadFrom writes over buf
		}
		// Also when it was there before: then the acknowledgement got lost. An
		// error means that this one is lost too, and the datagram comes again.
		conn.WriteTo(buf[:header], from)
	}
}

// parse takes a datagram apart. It is not ok when there is no whole number.
func parse(datagram []byte) (seq uint32, payload []byte, ok bool) {
	if len(datagram) < header {
		return 0, nil, false
	}
	return binary.BigEndian.Uint32(datagram), datagram[header:], true
}
