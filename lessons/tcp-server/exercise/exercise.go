// Package exercise is where you write the server of lesson 1 yourself.
package exercise

import (
	"net"
	"time"

	"example.com/sockets/shared/exam"
)

// Serve answers every client that comes to ln, until somebody else closes ln.
// Then it returns nil: that is the normal end.
//
// For each client it makes these steps of the lesson:
//
//   - accept: ln.Accept returns the connection with the client.
//   - recv: one Read of at most 1024 bytes. What comes is the client's message,
//     be it one byte or 1024.
//   - send: the text Hello, i'm server! and nothing more.
//   - close: the connection, not the listener.
//
// Clients are not always friendly:
//
//   - One may send nothing. After patience, counted for this client alone, Serve
//     closes its connection without an answer.
//   - One may leave, or reset its connection, before it has its answer. Its
//     connection is closed too, and the others are served as ever.
//
// You may serve one client at a time, or many at once. Several calls of Serve can
// run at once, each with a listener of its own. The listener need not be a
// *net.TCPListener. Accept can fail although ln is open. Then return the error,
// or go on after a pause, as you like. Nil would say that ln was closed.
//
// Replace the line below, and delete the import of exam, which is then not used.
// To check what you wrote: go test ./...
func Serve(ln net.Listener, patience time.Duration) error {
	return exam.ErrToDo
}
