package main

import (
	"context"
	"io"
	"net"
	"time"
)

const (
	lastCall = 100 * time.Millisecond // after the end was asked for: what has arrived by then is still echoed
	grace    = time.Second            // after that: the time a client has to take its echo
)

// serveClient echoes until the client or ctx ends.
func serveClient(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() {
		conn.SetReadDeadline(time.Now().Add(lastCall))
		conn.SetWriteDeadline(time.Now().Add(grace))
	})
	defer stop()
	var end time.Time // when a client that goes on talking is left
	buf := make([]byte, 512)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			break
		}
		if _, err := conn.Write(buf[:n]); err != nil {
			return
		}
		// While Write waited for a slow client, the time to receive may have passed,
		// and more has arrived. It is echoed, too.
		if ctx.Err() != nil {
			now := time.Now()
			if end.IsZero() {
				end = now.Add(grace - lastCall)
				conn.SetWriteDeadline(now.Add(grace))
			}
			next := now.Add(lastCall)
			if next.After(end) {
				next = end
			}
			conn.SetReadDeadline(next)
		}
		// Thousands of idle clients need little room, one that sends much gets more.
		if n == len(buf) && n < 64<<10 {
			buf = make([]byte, 2*n)
		}
	}
	if ctx.Err() != nil {
		leave(conn)
	}
}

// leave ends a connection whose client may still send. To close it with bytes unread
// would reset it, and the reset can overtake the last echo.
func leave(conn net.Conn) {
	if conn.(*net.TCPConn).CloseWrite() == nil {
		conn.SetReadDeadline(time.Now().Add(lastCall))
		io.Copy(io.Discard, conn)
	}
}
