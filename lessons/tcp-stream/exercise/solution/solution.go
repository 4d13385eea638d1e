// Package solution holds one good answer to the exercise of lesson 5.
package solution

import (
	"errors"
	"io"
	"net"
)

// ErrTooLong is the error of a reply that has more bytes than the caller allows.
var ErrTooLong = errors.New("too long")

// Exchange sends request on conn, half-closes it, and returns all that the peer
// sends until the peer's end, at most limit bytes.
func Exchange(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
	// A peer may answer while it reads, and stop reading until its answer is
	// taken. So a goroutine sends, and the reply is received here at the same time.
	sent := make(chan error, 1)
	go func() { sent <- send(conn, request) }()

	reply, err := receive(conn, limit)
	if err != nil {
		conn.Close() // a Write that still waits ends with this
		// One error may only follow from the other: that it closed conn. Both are told.
		return nil, errors.Join(err, <-sent)
	}
	// The reply can end before the request is sent. And after a reset, Write may be
	// the only one to learn of it: then a half reply looks whole.
	if err := <-sent; err != nil {
		return nil, err
	}
	return reply, nil
}

// send closes conn when it fails: the peer has not got the end, so the reply may never
// come, and Read must not wait for it.
func send(conn *net.TCPConn, request []byte) error {
	_, err := conn.Write(request)
	if err == nil {
		err = conn.CloseWrite()
	}
	if err != nil {
		conn.Close()
	}
	return err
}

// receive reads one byte more than allowed: it tells a reply that is too long from
// one that just fits.
func receive(conn *net.TCPConn, limit int) ([]byte, error) {
	reply, err := io.ReadAll(io.LimitReader(conn, int64(limit)+1))
	if err == nil && len(reply) > limit {
		err = ErrTooLong
	}
	return reply, err
}
