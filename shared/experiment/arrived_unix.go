//go:build unix

package experiment

import (
	"errors"
	"os"
	"syscall"
)

// arrived looks with MSG_PEEK (recv(2)), which leaves the bytes in the queue.
func arrived(raw syscall.RawConn, n int) error {
	buf := make([]byte, n)
	var failed error
	err := raw.Read(func(fd uintptr) (done bool) {
		got, _, err := syscall.Recvfrom(int(fd), buf, syscall.MSG_PEEK)
		for errors.Is(err, syscall.EINTR) {
			got, _, err = syscall.Recvfrom(int(fd), buf, syscall.MSG_PEEK)
		}
		switch {
		case errors.Is(err, syscall.EAGAIN):
			return false
		case err != nil:
			failed = os.NewSyscallError("recvfrom", err)
			return true
		}
		return got >= n || got == 0 // 0: the stream has ended, with nothing left
	})
	return errors.Join(err, failed)
}
