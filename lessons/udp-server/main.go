// Udp-server is lesson 3: a UDP server that sends one datagram back and stops.
//
// Run it in one terminal, and the client in another:
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
		Name:   "udp-server",
		Lesson: 3,
		Does:   "waits for one UDP datagram, sends the same bytes back to where they came from and stops.",
		Steps:  []string{"socket", "bind", "recvfrom", "sendto", "close"},
	})
	run.Exit(echo(run.Context, run.Steps, run.Addr))
}

// echo sends one datagram back to its sender: the document's five steps.
func echo(ctx context.Context, steps *steplog.Logger, addr string) error {
	// 1 socket, 2 bind: Go makes both in one call. UDP has no listen and no
	// accept: one socket serves every sender.
	lc := net.ListenConfig{Control: steps.Socket}
	conn, err := steps.PacketConn(lc.ListenPacket(ctx, "udp", addr))
	if err != nil {
		return err
	}
	// 5 close, the last step, stands here: so it happens on every way out.
	defer conn.Close()

	// 3 recvfrom: waits for one datagram, for ever if none comes, and tells who
	// sent it. What is longer than the buffer is cut, and the rest is lost.
	buf := make([]byte, 200)
	n, peer, err := conn.ReadFrom(buf)
	if err != nil {
		return err
	}

	// 4 sendto: hands one datagram to the system. Nothing tells whether it
	// arrives.
	conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, err = conn.WriteTo(buf[:n], peer)
	return err
}
