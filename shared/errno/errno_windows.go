package errno

import "golang.org/x/sys/windows"

// The errors, as sockets of Windows return them. EPIPE stands for a send after
// one's own shutdown; a send to a connection that is gone fails with ECONNABORTED
// or ECONNRESET.
const (
	EACCES        = windows.WSAEACCES
	EADDRINUSE    = windows.WSAEADDRINUSE
	EADDRNOTAVAIL = windows.WSAEADDRNOTAVAIL
	ECONNABORTED  = windows.WSAECONNABORTED
	ECONNREFUSED  = windows.WSAECONNREFUSED
	ECONNRESET    = windows.WSAECONNRESET
	EHOSTUNREACH  = windows.WSAEHOSTUNREACH
	EINVAL        = windows.WSAEINVAL
	EMFILE        = windows.WSAEMFILE
	EMSGSIZE      = windows.WSAEMSGSIZE
	ENETUNREACH   = windows.WSAENETUNREACH
	ENOBUFS       = windows.WSAENOBUFS
	EPIPE         = windows.WSAESHUTDOWN
	ETIMEDOUT     = windows.WSAETIMEDOUT
)

// MSG_TRUNC in the flags of a received message: the datagram was longer than the
// buffer and its rest is lost (WSARecvMsg).
const MSG_TRUNC = windows.MSG_TRUNC
