//go:build !linux

package check

import (
	"errors"
	"net"

	"example.com/sockets/shared/exam"
)

// hugeSize is more than the buffers of a connection hold together, on the
// systems we know.
const hugeSize = 6 << 20

func listenNarrow() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

// canFill tells whether listenFull works on this system. Others than Linux
// refuse a client for whom there is no place, or have longer queues than asked for.
const canFill = false

func listenFull(*exam.Trial) (net.Listener, error) {
	return nil, errors.ErrUnsupported
}

// hasBroken would look at all sockets of this program. We know no simple way to find
// them on all of these systems.
func hasBroken(net.Addr) bool { return false }
