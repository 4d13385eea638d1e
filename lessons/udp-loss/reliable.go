package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"time"
)

// header is the length of the number in front of each payload. An acknowledgement
// is such a number and nothing else.
const header = 4

// A sender sends messages, one after the other, and each until it is acknowledged.
type sender struct {
	conn  net.Conn
	next  uint32 // the number of the next message
	sends int    // datagrams sent so far
	tries int    // how often a message is sent at most
	wait  func() time.Time
}

// send sends one message and waits until the receiver has it.
func (s *sender) send(payload []byte) error {
	number := binary.BigEndian.AppendUint32(nil, s.next)
	datagram := append(number, payload...)
	buf := make([]byte, 64)
	for range s.tries {
		s.sends++
		if _, err := s.conn.Write(datagram); err != nil {
			return err
		}
		s.conn.SetReadDeadline(s.wait())
		n, err := s.conn.Read(buf)
		for err == nil && !bytes.Equal(buf[:n], number) { // late, of a message before
			n, err = s.conn.Read(buf)
		}
		if err == nil {
			s.next++
			return nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
	return os.ErrDeadlineExceeded
}

// receive acknowledges messages and delivers them, of each sender once each and in
// order, until conn is closed.
func receive(conn net.PacketConn, deliver func(payload []byte)) error {
	next := map[string]uint32{} // by sender, the number whose turn it is
	buf := make([]byte, 1024)
	for {
		n, from, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		number, payload, ok := parse(buf[:n])
		who := from.String()
		if !ok || number > next[who] {
			continue // not acknowledged: it comes again when its turn has come
		}
		if number == next[who] {
			next[who]++
			deliver(payload)
		}
		conn.WriteTo(buf[:header], from) // also what came twice: this may have got lost
	}
}

// parse takes a datagram apart. It is not ok when there is no whole number.
func parse(datagram []byte) (number uint32, payload []byte, ok bool) {
	if len(datagram) < header {
		return 0, nil, false
	}
	return binary.BigEndian.Uint32(datagram), datagram[header:], true
}
