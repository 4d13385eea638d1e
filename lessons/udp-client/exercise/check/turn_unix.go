//go:build unix

package check

import (
	"net"
	"net/netip"
	"syscall"
)

// turnAway closes a socket's port for everybody but one peer. Its number stays
// taken, so no other program can get what a client still sends there.
func turnAway(conn *net.UDPConn, peer netip.AddrPort) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		syscall.Connect(int(fd), &syscall.SockaddrInet4{Addr: peer.Addr().As4(), Port: int(peer.Port())})
	})
}
