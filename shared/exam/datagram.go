package exam

import (
	"net"
	"os"
	"syscall"
	"time"
)

// MaxDatagram is the most bytes in one datagram over IPv4: the 65,535 of an IP packet
// (RFC 791, section 3.1) less its header of 20 and the UDP header of 8 (RFC 768).
const MaxDatagram = 65507

// ListenUDP opens a socket on loopback and gives it room. Where a system gives less
// than it was asked for, [LargestDatagram] finds out.
func ListenUDP() (*net.UDPConn, error) {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	GiveRoom(socket)
	return socket, nil
}

// GiveRoom asks for buffers that hold the largest datagram. MacOS also takes them for
// the limit of one datagram, which is 9,216 bytes without.
func GiveRoom(socket *net.UDPConn) {
	const room = 256 << 10
	socket.SetReadBuffer(room)
	socket.SetWriteBuffer(room)
}

// LargestDatagram returns how many bytes the longest datagram has that this
// system's loopback carries between two sockets that listen opens.
func LargestDatagram(listen func() (*net.UDPConn, error)) int {
	to, err := listen()
	if err != nil {
		return 0
	}
	defer to.Close()
	from, err := listen()
	if err != nil {
		return 0
	}
	defer from.Close()
	buf := make([]byte, MaxDatagram)
	for _, size := range []int{MaxDatagram, 32 << 10, 9216, 8 << 10, 4 << 10} {
		if _, err := from.WriteTo(buf[:size], to.LocalAddr()); err != nil {
			continue
		}
		to.SetReadDeadline(time.Now().Add(Limit))
		if n, _, err := to.ReadFrom(buf); err == nil && n == size {
			return size
		}
	}
	return 1 << 10
}

// Failure is what a call on a UDP socket returns when the system refuses it: op as
// package net names the call, such as "read", call as the system does, and the reason.
func Failure(op, call string, number syscall.Errno) *net.OpError {
	return &net.OpError{Op: op, Net: "udp", Err: os.NewSyscallError(call, number)}
}
