// Package exercise is where you write a whole exchange on one stream yourself.
package exercise

import (
	"errors"
	"net"

	"example.com/sockets/shared/exam"
)

// ErrTooLong is the error of a reply that has more bytes than the caller allows.
var ErrTooLong = errors.New("too long")

// Exchange sends request on conn, tells the peer that nothing more comes, and
// returns all that the peer sends until the peer's end.
//
//   - The peer gets the bytes of request and no others, then the end: Exchange
//     half-closes conn. An empty request is no byte, only the end.
//   - The reply can come in many pieces. It can be long, empty, or no text.
//     Exchange returns its bytes as they came.
//   - Some peers answer while the request is still on its way, and read no further
//     until their answer is taken. So Exchange sends and receives at the same time.
//   - A reply of limit bytes is fine; limit is between 0 and 1 GiB. As soon as more
//     have come, Exchange stops reading and returns an error that errors.Is knows as
//     ErrTooLong. It waits neither for the peer's end, nor until the rest of the
//     request is sent. The peer may go on sending for ever, and never read.
//   - What goes wrong, in sending or in receiving, comes back as an error that is
//     not ErrTooLong. Without an error the reply is whole, and so is the request:
//     all of it was sent, also when the reply ended before. What Exchange returns
//     beside an error does not matter.
//   - Exchange has no time limit of its own. It never changes conn's deadlines
//     while all goes well: they are the caller's, during the call and after it.
//   - Without an error, conn is still open: the caller closes it. After an error
//     it is good for nothing more, so Exchange may close it or set a deadline.
//   - Nothing of Exchange is at work after it has returned: no goroutine is left.
//     It does not change request. Several calls can run at once, each on a
//     connection of its own, and none waits for another. No later call changes the
//     bytes that an earlier one returned.
//
// Replace the line below, and delete the import of exam, which is then not used.
// To check what you wrote: go test ./...
func Exchange(conn *net.TCPConn, request []byte, limit int) ([]byte, error) {
	return nil, exam.ErrToDo
}
