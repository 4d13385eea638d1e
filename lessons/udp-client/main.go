// Udp-client is lesson 4: a UDP client that sends one datagram and reads the answer.
//
// Start the server first, in another terminal:
//
//	go run ./lessons/udp-server
//	go run ./lessons/udp-client
package main

import (
	"context"
	"net"
	"time"

	"example.com/sockets/shared/lesson"
	"example.com/sockets/shared/steplog"
)

func main() {
	run := lesson.Start(lesson.Program{
		Name:    "udp-client",
		Lesson:  4,
		Does:    "sends a UDP server one datagram, receives the answer and stops.",
		Steps:   []string{"socket", "sendto", "recvfrom", "close"},
		Server:  "udp-server",
		Message: "Hello!",
		Timeout: 5 * time.Second,
	})
	run.Exit(ask(run.Context, run.Steps, run.Addr, run.Message, run.Timeout))
}

// ask sends message to the server and receives its answer: the document's four steps.
func ask(ctx context.Context, steps *steplog.Logger, addr, message string, timeout time.Duration) error {
	// 1 socket. Go's Dial also connects it, which the document does not do. For
	// UDP a connect sends nothing: it fixes the peer, so that the system drops
	// the datagrams of strangers and reports a port that nobody has open.
	d := net.Dialer{Timeout: timeout, Control: steps.SocketConnect}
	conn, err := steps.Conn(d.DialContext(ctx, "udp", addr))
	if err != nil {
		return err
	}
	// 4 close, the last step, stands here: so it happens on every way out.
	defer conn.Close()

	// 2 sendto: one Write is one datagram. It goes out whether or not a server
	// is there to receive it.
	conn.SetWriteDeadline(time.Now().Add(timeout))
	if _, err := conn.Write([]byte(message)); err != nil {
		return err
	}

	// 3 recvfrom: one Read is one datagram. Without the deadline, a lost
	// datagram would keep this call waiting for ever.
	buf := make([]byte, 200)
	conn.SetReadDeadline(time.Now().Add(timeout))
	_, err = conn.Read(buf)
	return err
}
