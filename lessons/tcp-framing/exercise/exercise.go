// Package exercise is where you put messages into a stream, and take them out
// again, yourself.
package exercise

import (
	"errors"
	"io"

	"example.com/sockets/shared/exam"
)

// ErrTooLong is the error of a message that has more than 1 MiB, 1<<20 bytes.
var ErrTooLong = errors.New("too long")

// WriteMessage writes one message to w: its length in 4 bytes, the highest first
// (big-endian), and then its bytes as they are. The 4 bytes are not counted.
//
//   - Any bytes can be a message. One of no bytes is a message too: only the length.
//   - WriteMessage makes exactly one Write. So several goroutines can write to the
//     same connection, and their messages stay whole. When WriteMessage returns,
//     that Write has been made.
//   - A message of 1<<20 bytes is fine. One that is longer is an error that
//     errors.Is knows as ErrTooLong: then nothing is written, and no room is made
//     for a copy.
//   - When Write fails, WriteMessage returns an error that errors.Is knows as the
//     same, and does not try again. w does as io.Writer says: it takes all bytes, or
//     it returns an error.
//   - WriteMessage does not change message, nor what is behind it in its array.
//   - It only writes: it does not close w, and sets no deadline. w can be any
//     io.Writer. Several calls can run at once.
//
// Replace the line below. To check what you wrote: go test ./...
func WriteMessage(w io.Writer, message []byte) error {
	return exam.ErrToDo
}

// ReadMessage reads one message, as WriteMessage writes it, from r.
//
//   - The bytes can come in any pieces. ReadMessage returns as soon as it has the
//     message, and never reads past it: what follows is for the next call.
//   - A message of 1<<20 bytes is fine. When the length says more, the error is one
//     that errors.Is knows as ErrTooLong. Then ReadMessage has read the 4 bytes and
//     no more, and has made no room for the message. The length may be a lie.
//   - When the stream ends where a message could begin, errors.Is knows the error as
//     io.EOF. When it ends inside a message, also inside the length or right behind
//     it, errors.Is knows the error as io.ErrUnexpectedEOF, and not as io.EOF.
//   - When r fails otherwise, errors.Is knows the error as the same, and as none of
//     the three above. What ReadMessage returns beside an error does not matter.
//   - r does as io.Reader says: a Read may return fewer bytes than there is room for,
//     or 0 bytes and no error, or the last bytes together with io.EOF. When the
//     message is whole by then, it comes back without an error.
//   - The slice that comes back belongs to the caller: no other call uses it.
//   - ReadMessage only reads: it does not close r, and sets no deadline. r can be
//     any io.Reader. Several calls can run at once, each with an r of its own.
//
// Replace the line below, and delete the import of exam, which is then not used.
func ReadMessage(r io.Reader) ([]byte, error) {
	return nil, exam.ErrToDo
}
