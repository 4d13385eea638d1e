// Tcp-client is lesson 2: a TCP client that sends one message and reads the answer.
//
// Start the server first, in another terminal:
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
		Name:    "tcp-client",
		Lesson:  2,
		Does:    "connects to a TCP server, sends it a message, receives the answer and stops.",
		Steps:   []string{"socket", "connect", "send", "recv", "close"},
		Server:  "tcp-server",
		Message: "Hello, i'm client!",
		Timeout: 5 * time.Second,
	})
	run.Exit(ask(run.Context, run.Steps, run.Addr, run.Message, run.Timeout))
}

// ask sends message to the server and receives its answer: the document's five steps.
func ask(ctx context.Context, steps *steplog.Logger, addr, message string, timeout time.Duration) error {
	// 1 socket, 2 connect: Go makes both in one call. There is no bind: the
	// system chooses the client's port. A name like localhost can have several
	// addresses; the negative delay tries them one after the other.
	d := net.Dialer{Timeout: timeout, FallbackDelay: -1, Control: steps.SocketConnect}
	conn, err := steps.Conn(d.DialContext(ctx, "tcp", addr))
	if err != nil {
		return err
	}
	// 5 close, the last step, stands here: so it happens on every way out.
	defer conn.Close()

	// 3 send: Go's Write goes on until every byte is handed over, as the
	// document's sendall does.
	conn.SetWriteDeadline(time.Now().Add(timeout))
	if _, err := conn.Write([]byte(message)); err != nil {
		return err
	}

	// 4 recv: one call, as documented. It returns the bytes that are there,
	// which need not be the whole answer: TCP is a stream without messages.
	buf := make([]byte, 1024)
	conn.SetReadDeadline(time.Now().Add(timeout))
	_, err = conn.Read(buf)
	return err
}
