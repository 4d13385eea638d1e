// Package solution holds one good answer to the exercise of lesson 3. Look at it
// when yours is done.
package solution

import (
	"errors"
	"net"
)

// largest is the longest datagram that UDP carries over IPv4: an IP packet has
// at most 65,535 bytes, and its two headers take 20 and 8 of them.
const largest = 65507

// Echo sends every datagram back to its sender until conn is closed.
func Echo(conn net.PacketConn) error {
	// ReadFrom writes over buf, so one buffer serves all datagrams: each has
	// gone back before the next is read.
	buf := make([]byte, largest)
	for {
		n, addr, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		// An error here says that this one datagram did not go out. That is no
		// reason to leave the other senders: UDP may lose a datagram anyway.
		conn.WriteTo(buf[:n], addr)
	}
}
