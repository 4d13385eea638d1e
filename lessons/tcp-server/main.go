// Tcp-server is lesson 1: a TCP server that answers one client and stops.
//
// Run it in one terminal, and the client in another:
//
//	go run ./lessons/tcp-server
//	go run ./lessons/tcp-client
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
		Name:    "tcp-server",
		Lesson:  1,
		Does:    "waits for one TCP client, reads its message, answers and stops.",
		Steps:   []string{"socket", "bind", "listen", "accept", "recv", "send", "close"},
		Timeout: 30 * time.Second,
	})
	run.Exit(serve(run.Context, run.Steps, run.Addr, run.Timeout))
}

// serve answers one client: the document's seven steps.
func serve(ctx context.Context, steps *steplog.Logger, addr string, timeout time.Duration) error {
	// 1 socket, 2 bind, 3 listen: Go makes all three in one call, and lets
	// steps.Socket see the socket between the first and the second. Without
	// this line on Multipath TCP, Go would ask for another kind of socket.
	lc := net.ListenConfig{Control: steps.Socket}
	lc.SetMultipathTCP(false)
	ln, err := steps.Listener(lc.Listen(ctx, "tcp", addr))
	if err != nil {
		return err
	}
	// 7 close, the last step, stands here: so it happens on every way out.
	defer ln.Close()

	// 4 accept: waits for a client, for ever if none comes. The listening
	// socket carries no data; conn is a second socket, for this client alone.
	conn, err := ln.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()

	// 5 recv: returns as soon as some bytes are there, and that may be fewer
	// than the client sent. The deadline lets go of a client that sends nothing.
	buf := make([]byte, 1024)
	conn.SetReadDeadline(time.Now().Add(timeout))
	if _, err := conn.Read(buf); err != nil {
		return err
	}

	// 6 send: returns when the system has taken the bytes over. It does not
	// tell whether the client has read them.
	conn.SetWriteDeadline(time.Now().Add(timeout))
	_, err = conn.Write([]byte("Hello, i'm server!"))
	return err
}
