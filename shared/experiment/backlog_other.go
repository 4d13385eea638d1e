//go:build !unix

package experiment

import (
	"errors"
	"fmt"
	"net"
)

// setBacklog can do nothing: on Windows, a second listen changes no queue.
func setBacklog(*net.TCPListener, int) error {
	return fmt.Errorf("a queue of a chosen length: %w", errors.ErrUnsupported)
}
