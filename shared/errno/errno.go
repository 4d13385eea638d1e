// Package errno names the system's socket errors so that one program can tell
// them apart on every system:
//
//	if errors.Is(err, errno.ECONNREFUSED) { … }
//
// Package syscall has these names too, but on Windows its ECONNREFUSED is not
// what a socket returns: Windows answers with numbers of its own, WSAECONNREFUSED
// and so on. What each error means: connect(2), send(2), recv(2) and bind(2).
package errno
