// Package exercise is where you write both sides of lesson 9 yourself: Send and
// Receive, which make sure that every message arrives once and in order, though
// the network loses, doubles and swaps datagrams.
package exercise

import (
	"net"
	"time"

	"example.com/sockets/shared/exam"
)

// Send sends payload as message number seq to the receiver at the other end of
// conn, and makes sure that it has arrived: it sends one datagram, and the
// receiver acknowledges it. Either can get lost. So when timeout has passed
// without the acknowledgement, Send sends the datagram again, at most tries
// times in all. Each time, the last too, it waits up to timeout. When none
// helped, it returns an error.
//
//   - The datagram is seq in 4 bytes, the highest first (big-endian), and then
//     payload, unchanged. A payload can be empty, or no text, or as long as UDP
//     allows over IPv4: 65,503 bytes.
//   - The acknowledgement is a datagram of 4 bytes: seq again, big-endian. When
//     it comes, to whichever of the tries, Send returns nil at once.
//   - Other things come too: acknowledgements of other numbers, some twice or
//     late, and some that were cut and have fewer than 4 bytes. They change
//     nothing. Send neither sends because of them, nor waits longer.
//   - conn is the caller's, who uses it for the next message. Send does not close
//     it. When Send has returned, it reads and sends nothing more. What Send sets
//     as deadlines it may leave.
//   - When conn is closed, Send returns an error at once. When a call fails
//     otherwise, return its error or try on, as you like: Send returns nil only
//     for the acknowledgement.
//   - Several calls run at once, each with a conn of its own. Conn need not be a
//     *net.UDPConn. Tries is 1 or more.
//
// Replace the line below. To check what you wrote: go test ./...
func Send(conn net.Conn, seq uint32, payload []byte, timeout time.Duration, tries int) error {
	return exam.ErrToDo
}

// Receive receives what any number of senders send, each as Send does. It
// acknowledges what it has, and hands each payload to deliver: of each sender
// those of the numbers 0, 1, 2, … once each and in this order. It goes on until
// somebody closes conn; then it returns nil.
//
//   - The acknowledgement is a datagram of 4 bytes, the number of the datagram
//     (big-endian), and goes to the sender of the datagram.
//   - A datagram comes again when its acknowledgement got lost. So Receive
//     acknowledges it again, each time, but does not deliver it again.
//   - A datagram can be ahead of its turn. Keep it until its turn and acknowledge
//     it, or throw it away and do not acknowledge it: both are right. Of one
//     sender, keep at most 1,000. A number can be as large as 4 bytes allow; it
//     does not begin again at 0.
//   - What Receive acknowledged and whose turn has come is delivered before
//     Receive returns.
//   - Two senders are the same when address and port are the same. Each begins
//     with 0, and none waits for the datagrams of another.
//   - A datagram of fewer than 4 bytes changes nothing. One of 4 bytes has an
//     empty payload, which is delivered like any other.
//   - deliver may keep the payload: its bytes stay as they are. It may take its
//     time, and it may close conn. Only one call of it runs at a time, and none
//     when Receive has returned.
//   - A call can fail while conn is open. Then return its error, or go on, as you
//     like. Nil would say that conn was closed. An acknowledgement that could not
//     be sent is one that got lost. To try again and again without a pause would
//     keep a core busy for nothing.
//   - Several calls run at once, each with a conn of its own. Conn need not be a
//     *net.UDPConn.
//
// Replace the line below, and delete the import of exam, which is then not used.
func Receive(conn net.PacketConn, deliver func(payload []byte)) error {
	return exam.ErrToDo
}
