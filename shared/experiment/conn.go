package experiment

import (
	"context"
	"net"
	"syscall"
	"time"
)

// A Conn is one end of a TCP connection, or a client's UDP socket. Its calls are
// drawn.
type Conn struct {
	net.Conn
	Raw net.Conn // the same, for settings and for calls that are not to be drawn

	ctx context.Context // the stage's
}

// CloseWrite half-closes a TCP connection: the peer receives the end of the stream,
// and may still send.
func (c *Conn) CloseWrite() error {
	return c.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

// TCP returns the connection for settings that only TCP has. Calls made on it are
// not drawn.
func (c *Conn) TCP() *net.TCPConn { return c.Raw.(*net.TCPConn) }

// Arrived waits until n bytes have arrived and wait for a recv, or the end of the
// stream does. So what a recv returns next is no matter of luck. The bytes stay
// where they are. The wait ends with the stage at the latest, or at the read deadline.
func (c *Conn) Arrived(n int) error {
	raw, err := c.Raw.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(c.ctx, func() { c.Raw.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	return arrived(raw, n)
}
