// Package exercise is where you write a reader that never waits for ever.
package exercise

import (
	"net"
	"time"

	"example.com/sockets/shared/exam"
)

// Receive reads exactly n bytes from conn and returns them.
//
//   - The bytes can come in many pieces. Receive returns as soon as it has n of
//     them, and takes no more: what follows stays on the connection for the next
//     call. n can be 0: then Receive waits for nothing.
//   - The peer may pause for at most idle: before its first byte, and again after
//     each byte that came. All of it together takes at most total. Either of the
//     two can be the longer one. When the time is up, errors.Is knows the error as
//     os.ErrDeadlineExceeded.
//   - When the peer ends before n bytes have come, also before the first, errors.Is
//     knows the error as io.ErrUnexpectedEOF.
//   - Any other error, such as a reset, comes back so that errors.Is knows it.
//   - With an error, Receive returns the bytes that came so far, and only those.
//     Without an error it returns n bytes, never fewer.
//   - When Receive has returned, with an error or without, it has left no deadline
//     on conn, nothing of it still reads from conn, and conn is not closed.
//   - Several calls can run at once, each with a connection of its own. Conn can be
//     any net.Conn.
//
// Replace the line below, and delete the import of exam, which is then not used.
// To check what you wrote: go test ./...
func Receive(conn net.Conn, n int, idle, total time.Duration) ([]byte, error) {
	return nil, exam.ErrToDo
}
