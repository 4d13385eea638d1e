//go:build !unix

package check

import (
	"net"
	"net/netip"
)

// turnAway does nothing: here the server stays, and is silent.
func turnAway(*net.UDPConn, netip.AddrPort) {}
