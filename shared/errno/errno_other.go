//go:build !windows

package errno

import "syscall"

// The errors, as sockets of this system return them.
const (
	EACCES        = syscall.EACCES
	EADDRINUSE    = syscall.EADDRINUSE
	EADDRNOTAVAIL = syscall.EADDRNOTAVAIL
	ECONNABORTED  = syscall.ECONNABORTED
	ECONNREFUSED  = syscall.ECONNREFUSED
	ECONNRESET    = syscall.ECONNRESET
	EHOSTUNREACH  = syscall.EHOSTUNREACH
	EINVAL        = syscall.EINVAL
	EMFILE        = syscall.EMFILE
	EMSGSIZE      = syscall.EMSGSIZE
	ENETUNREACH   = syscall.ENETUNREACH
	ENOBUFS       = syscall.ENOBUFS
	EPIPE         = syscall.EPIPE
	ETIMEDOUT     = syscall.ETIMEDOUT
)

// MSG_TRUNC in the flags of a received message: the datagram was longer than the
// buffer and its rest is lost (recvmsg(2)).
const MSG_TRUNC = syscall.MSG_TRUNC
