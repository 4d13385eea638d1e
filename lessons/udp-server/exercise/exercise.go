// Package exercise is where you write the server of lesson 3 yourself.
package exercise

import (
	"net"

	"example.com/sockets/shared/exam"
)

// Echo sends every datagram that comes in on conn back, whole and unchanged, to
// the one who sent it. It goes on until somebody else closes conn; then it
// returns nil.
//
//   - Several senders use conn in turn. Each gets back what it sent itself.
//   - A datagram can be empty, or as large as UDP allows over IPv4: 65,507 bytes.
//   - A datagram holds bytes of any kind, text or not.
//   - Many come, one after the other or several at once. They may go back in
//     another order, but each goes back once, and without a pause.
//   - conn has the methods of a net.PacketConn. It need not be a *net.UDPConn.
//     It is the caller's: Echo need not close it.
//   - A call can fail while conn is open. Then return that error, or go on, as
//     you like. Nil would say that conn was closed. To look or to try again and
//     again without a pause would keep a core busy for nothing. When you go on
//     and one sender cannot be reached, the others do not wait, and what that
//     sender sends later is answered again.
//   - Several calls of Echo can run at once, each with a conn of its own.
//
// Replace the line below, and delete the import of exam, which is then not used.
// To check what you wrote: go test ./...
func Echo(conn net.PacketConn) error {
	return exam.ErrToDo
}
