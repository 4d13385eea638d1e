// Package exercise is where you write the server of lesson 7 yourself.
package exercise

import (
	"context"
	"net"

	"example.com/sockets/shared/exam"
)

// Serve is an echo server for many clients: it sends each client the bytes that
// this client has sent, until ctx ends.
//
//   - It serves clients at the same time, but at most most of them at once; most
//     is 1 or more. The others wait until a place is free. They may wait
//     accepted, or still in the queue of ln.
//   - A client gets its bytes as they were, whole and in order, as soon as they
//     come, not only when it has sent all. It may pause as long as it likes.
//   - When a client ends its direction (a half-close), it still gets its whole
//     echo, and then the end. A client that closes or resets its connection
//     disturbs no other.
//   - A client that has gone leaves nothing: no connection, no goroutine, and
//     its place is free.
//
// When ctx ends:
//
//   - Serve closes ln and accepts no more. Clients that wait for a place, and
//     idle ones, are ended.
//   - What Serve has read from a client by then, it sends back whole before it
//     closes that connection. It need not read more.
//   - A client that does not take its echo must not hold Serve for ever. It has
//     half a second more. Then Serve closes its connection too.
//   - Serve returns nil when all clients are gone. Nothing is left, neither a
//     connection nor a goroutine.
//
// Accept can fail while ctx lives. Then Serve may return this error, but only when
// its clients are gone too: it may wait for them or end them. Or it may pause and
// try again.
//
// Ln and its connections need not be TCP's own types: a type assertion that must
// succeed, as in ln.(*net.TCPListener), can panic.
//
// Replace the line below, and delete the import of exam, which is then not used.
// To check what you wrote: go test ./...
func Serve(ctx context.Context, ln net.Listener, most int) error {
	return exam.ErrToDo
}
