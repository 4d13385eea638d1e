package main

import (
	"errors"
	"io"
	"net"

	"example.com/sockets/shared/errno"
)

// tell says what an error of a connection means. It asks errors.Is and never looks
// at the text: that differs from system to system.
func tell(err error) string {
	switch {
	case err == nil:
		return "no error"
	case isTimeout(err):
		return "no answer in time"
	case errors.Is(err, errno.ECONNREFUSED):
		return "nobody listens there"
	case errors.Is(err, io.EOF):
		return "the peer has ended the stream"
	case isReset(err):
		return "the connection was broken off"
	case errors.Is(err, errno.EPIPE):
		return "the peer has closed, and takes nothing more"
	}
	return err.Error()
}

// isTimeout asks for the method Timeout, which every error of the net package has.
// Where a deadline ended a Read or a Write, errors.Is(err, os.ErrDeadlineExceeded)
// says the same. A connect can also end with context.DeadlineExceeded, or because the
// system itself gave up, after minutes.
func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// isReset knows both names: Windows has one of its own where its own side gave up.
func isReset(err error) bool {
	return errors.Is(err, errno.ECONNRESET) || errors.Is(err, errno.ECONNABORTED)
}
