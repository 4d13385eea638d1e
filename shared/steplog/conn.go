package steplog

import (
	"errors"
	"net"
	"syscall"
	"time"

	"example.com/sockets/shared/errno"
)

// listener logs the calls on a listening socket.
type listener struct {
	net.Listener
	log *Logger
}

func (ln *listener) Accept() (net.Conn, error) {
	e := Event{Call: "accept", Go: "Listener.Accept", Local: ln.Addr().String()}
	var c net.Conn
	err := ln.log.do(&e, true, deadlineOf(ln.Listener), func() (err error) {
		if c, err = ln.Listener.Accept(); err == nil {
			e.Remote, e.Descriptor = c.RemoteAddr().String(), descriptor(c)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &conn{c, ln.log}, nil
}

func (ln *listener) Close() error {
	e := Event{Call: "close", Go: "Listener.Close", Type: kind(ln.Addr().Network()), Local: ln.Addr().String()}
	return ln.log.close(e, ln.Listener)
}

// conn logs the calls on a connected socket, TCP or UDP.
type conn struct {
	net.Conn
	log *Logger
}

// event begins an event of the connection: stream is the call's name on a
// stream socket, datagram the one on a datagram socket.
func (c *conn) event(stream, datagram, goCall string) Event {
	e := Event{
		Call: stream, Go: goCall, Type: kind(c.LocalAddr().Network()),
		Local: c.LocalAddr().String(), Remote: c.RemoteAddr().String(),
	}
	if e.Type == "SOCK_DGRAM" {
		e.Call = datagram
	}
	return e
}

func (c *conn) Read(b []byte) (n int, err error) {
	e := c.event("recv", "recvfrom", "Conn.Read")
	e.Limit = len(b)
	err = c.log.do(&e, true, c.SetReadDeadline, func() (err error) {
		if udp, ok := c.Conn.(*net.UDPConn); ok {
			n, _, e.Cut, err = readDatagram(udp, b)
		} else {
			n, err = c.Conn.Read(b)
		}
		e.Bytes, e.Data = n, keep(b[:n])
		return err
	})
	return n, err
}

func (c *conn) Write(b []byte) (n int, err error) {
	e := c.event("send", "sendto", "Conn.Write")
	err = c.log.do(&e, false, c.SetWriteDeadline, func() (err error) {
		n, err = c.Conn.Write(b)
		e.Bytes, e.Data = n, keep(b[:n])
		return err
	})
	return n, err
}

// CloseWrite half-closes: shutdown(2) with SHUT_WR. It gives [errors.ErrUnsupported]
// where the socket has no such call.
func (c *conn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	e := c.event("shutdown", "shutdown", "TCPConn.CloseWrite")
	return c.log.do(&e, false, func(time.Time) error { return nil }, half.CloseWrite)
}

func (c *conn) Close() error {
	return c.log.close(c.event("close", "close", "Conn.Close"), c.Conn)
}

// packetConn logs the calls on a UDP socket that is not connected.
type packetConn struct {
	net.PacketConn
	log *Logger
}

func (c *packetConn) event(call, goCall string) Event {
	return Event{Call: call, Go: goCall, Type: "SOCK_DGRAM", Local: c.LocalAddr().String()}
}

func (c *packetConn) ReadFrom(b []byte) (n int, from net.Addr, err error) {
	e := c.event("recvfrom", "PacketConn.ReadFrom")
	e.Limit = len(b)
	err = c.log.do(&e, true, c.SetReadDeadline, func() (err error) {
		if udp, ok := c.PacketConn.(*net.UDPConn); ok {
			n, from, e.Cut, err = readDatagram(udp, b)
		} else {
			n, from, err = c.PacketConn.ReadFrom(b)
		}
		if err == nil {
			e.Bytes, e.Data, e.Remote = n, keep(b[:n]), from.String()
		}
		return err
	})
	return n, from, err
}

func (c *packetConn) WriteTo(b []byte, to net.Addr) (n int, err error) {
	e := c.event("sendto", "PacketConn.WriteTo")
	e.Remote = to.String()
	err = c.log.do(&e, false, c.SetWriteDeadline, func() (err error) {
		n, err = c.PacketConn.WriteTo(b, to)
		e.Bytes, e.Data = n, keep(b[:n])
		return err
	})
	return n, err
}

func (c *packetConn) Close() error {
	return c.log.close(c.event("close", "PacketConn.Close"), c.PacketConn)
}

// close closes a socket and logs it. Unlike the other calls, it is made also
// after the logger's context has ended: what was opened is always closed.
func (l *Logger) close(e Event, c interface{ Close() error }) error {
	e.Time = time.Now()
	e.Err = c.Close()
	e.Took = time.Since(e.Time)
	l.emit(e)
	return e.Err
}

// readDatagram receives one datagram and tells whether it was longer than b.
// ReadFrom and Read throw the rest of such a datagram away without a word;
// ReadMsgUDP carries the system's MSG_TRUNC flag (recvmsg(2)). On Windows a cut
// datagram is an error.
func readDatagram(c *net.UDPConn, b []byte) (n int, from net.Addr, cut bool, err error) {
	n, _, flags, peer, err := c.ReadMsgUDP(b, nil)
	n = max(n, 0) // it is -1 after an error
	cut = flags&errno.MSG_TRUNC != 0 || errors.Is(err, errno.EMSGSIZE)
	if err != nil {
		return n, nil, cut, err // and not peer: a nil *UDPAddr is no nil net.Addr
	}
	return n, peer, cut, nil
}

// descriptor returns the system's number for a connection's socket, or 0 when
// package net does not tell it.
func descriptor(c net.Conn) (number int) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0
	}
	if raw.Control(func(fd uintptr) { number = int(fd) }) != nil {
		return 0
	}
	return number
}

// deadlineOf returns the SetDeadline of a listener, or a function that does
// nothing where it has none.
func deadlineOf(ln net.Listener) func(time.Time) error {
	if d, ok := ln.(interface{ SetDeadline(time.Time) error }); ok {
		return d.SetDeadline
	}
	return func(time.Time) error { return nil }
}

// keep copies the first bytes of a call's data for its event.
func keep(b []byte) []byte {
	return append([]byte(nil), b[:min(len(b), maxData)]...)
}
