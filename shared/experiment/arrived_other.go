//go:build !unix

package experiment

import (
	"syscall"
	"time"
)

// arrived can only rest where package syscall has no MSG_PEEK.
func arrived(syscall.RawConn, int) error {
	time.Sleep(100 * time.Millisecond)
	return nil
}
