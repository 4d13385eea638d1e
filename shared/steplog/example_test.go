package steplog_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"example.com/sockets/shared/errno"
	"example.com/sockets/shared/steplog"
)

// A server and a client in one process. No goroutine is needed: the system
// completes the client's connect before the server calls Accept, and keeps what
// was sent until somebody reads it.
func Example() {
	// This sink prints only what is the same in every run: no time, no port.
	show := func(e steplog.Event) error {
		if !e.Waiting {
			fmt.Printf("%s %d %s %q\n", e.Program, e.Step, e.Call, e.Data)
		}
		return nil
	}
	ctx := context.Background()
	server := steplog.New(ctx, show, "server", []string{"socket", "bind", "listen", "accept", "recv", "send", "close"}, 0)
	client := steplog.New(ctx, show, "client", []string{"socket", "connect", "send", "recv", "close"}, 0)

	lc := net.ListenConfig{Control: server.Socket}
	ln, err := server.Listener(lc.Listen(ctx, "tcp", "127.0.0.1:0"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ln.Close()
	d := net.Dialer{Control: client.SocketConnect}
	ask, err := client.Conn(d.DialContext(ctx, "tcp", ln.Addr().String()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ask.Close()
	answer, err := ln.Accept()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Close()

	buf := make([]byte, 1024)
	ask.Write([]byte("Hello, i'm client!"))
	answer.Read(buf)
	answer.Write([]byte("Hello, i'm server!"))
	ask.Read(buf)
	// Output:
	// server 1 socket ""
	// server 2 bind ""
	// server 3 listen ""
	// client 1 socket ""
	// client 2 connect ""
	// server 4 accept ""
	// client 3 send "Hello, i'm client!"
	// server 5 recv "Hello, i'm client!"
	// server 6 send "Hello, i'm server!"
	// client 4 recv "Hello, i'm server!"
	// server 7 close ""
	// client 5 close ""
	// server 7 close ""
}

// A sink of one's own can count. This one adds up the bytes that went out.
func ExampleSink() {
	sent := 0
	count := func(e steplog.Event) error {
		if e.Call == "sendto" {
			sent += e.Bytes
		}
		return nil
	}
	ctx := context.Background()
	steps := steplog.New(ctx, count, "counter", nil, 0)
	lc := net.ListenConfig{Control: steps.Socket}
	conn, err := steps.PacketConn(lc.ListenPacket(ctx, "udp", "127.0.0.1:0"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	for _, word := range []string{"Hello!", "안녕"} {
		conn.WriteTo([]byte(word), conn.LocalAddr())
	}
	fmt.Println(sent, "bytes")
	// Output: 12 bytes
}

// Text draws for people, here without colours and not on a terminal.
func ExampleText() {
	show := steplog.Text(os.Stdout, false, 0)
	show(steplog.Event{Step: 5, Call: "recv", Go: "Conn.Read", Waiting: true, Remote: "127.0.0.1:53210"})
	show(steplog.Event{
		Step: 5, Call: "recv", Go: "Conn.Read", Took: 2 * time.Millisecond,
		Bytes: 6, Limit: 1024, Data: []byte("Hello!"),
	})
	// Output:
	//    Waiting for bytes from 127.0.0.1:53210
	//  5 recv      6 bytes of at most 1024, after 2ms: "Hello!"                   Conn.Read
}

// JSON writes for programs. The data is there twice: as text and in base64.
func ExampleJSON() {
	show := steplog.JSON(os.Stdout)
	show(steplog.Event{
		Program: "client", Step: 3, Call: "send", Go: "Conn.Write",
		Time: time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC), Took: 25 * time.Microsecond,
		Remote: "127.0.0.1:7001", Bytes: 6, Data: []byte("Hello!"),
	})
	// Output: {"time":"2025-01-02T03:04:05Z","level":"INFO","msg":"6 bytes: \"Hello!\"","program":"client","call":"send","go":"Conn.Write","step":3,"took_ns":25000,"remote":"127.0.0.1:7001","bytes":6,"text":"Hello!","data":"SGVsbG8h"}
}

// Failed tells which of the documented calls went wrong, although one Go call
// makes three of them.
func ExampleLogger_Failed() {
	ctx := context.Background()
	silent := func(steplog.Event) error { return nil }
	steps := steplog.New(ctx, silent, "server", []string{"socket", "bind", "listen"}, 0)
	lc := net.ListenConfig{Control: steps.Socket}
	// No computer has this address: it is kept for examples (RFC 5737).
	_, err := steps.Listener(lc.Listen(ctx, "tcp", "203.0.113.1:0"))
	fmt.Println(errors.Is(err, errno.EADDRNOTAVAIL), steps.Failed().Step, steps.Failed().Call)
	// Output: true 2 bind
}

func ExampleQuote() {
	// A peer can send an escape code and a line end. Neither reaches the terminal.
	fmt.Println(steplog.Quote("안녕 \"you\"\x1b[31m\nforged line\xff"))
	// Output: "안녕 \"you\"\x1b[31m\nforged line\xff"
}

func ExampleEscape() {
	fmt.Println(steplog.Escape("안녕 \"you\"\x1b[31m\nforged line\xff"))
	// Output: 안녕 "you"\x1b[31m\nforged line\xff
}
