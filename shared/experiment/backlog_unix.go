//go:build unix

package experiment

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// setBacklog calls listen(2) once more, which sets a new length of the queue.
func setBacklog(ln *net.TCPListener, n int) error {
	raw, err := ln.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = os.NewSyscallError("listen", syscall.Listen(int(fd), n)) })
	return errors.Join(err, failed)
}
