package main

import (
	"fmt"
	"io"
	"net"
	"time"

	"example.com/sockets/shared/experiment"
)

const (
	itsEcho = "its echo"
	onlyEnd = "the end, and no echo"
)

func closeAll(s *experiment.Stage) (out experiment.Outcome, err error) {
	return stopServer(s, func(ln net.Listener, conns []net.Conn) {
		ln.Close()
		for _, conn := range conns {
			conn.Close()
		}
	})
}

func finishFirst(s *experiment.Stage) (out experiment.Outcome, err error) {
	return stopServer(s, func(ln net.Listener, conns []net.Conn) {
		ln.Close()
		for _, conn := range conns {
			conn.SetReadDeadline(time.Now()) // ends a recv that waits, and no send
		}
	})
}

// stopServer stops a server as stop does, while it has the message of client A in its
// hands.
func stopServer(s *experiment.Stage, stop func(net.Listener, []net.Conn)) (out experiment.Outcome, err error) {
	ln, err := s.Listen()
	if err != nil {
		return out, err
	}
	a, b, err := twoClients(s, ln)
	if err != nil {
		return out, err
	}
	if _, err := io.WriteString(a, "Hello, i'm A!"); err != nil {
		return out, err
	}
	var got string
	var end, idle, late error
	err = s.Both(func() error {
		got, end = receive(a)
		_, idle = receive(b)
		_, late = s.DialTimeout("C", "tcp", ln.Addr().String(), patience)
		return nil
	}, func() error { return serveUntilStopped(s, ln, stop) })
	out.Good = got == "Hello, i'm A!" && idle == io.EOF && late != nil
	out.Answer = whatCame(got, end)
	switch {
	case out.Good:
		out.Says = fmt.Sprintf("A got its echo %q. B, which was idle, got the end, and C came too late: its connect failed.", got)
	case got == "":
		out.Says = fmt.Sprintf("The server had received A's message, but A got %s. The message is lost: the server had it, and nobody else has.", out.Answer)
	default:
		out.Says = fmt.Sprintf("A got %q. The recv of B returned the error %v. The connect of C failed: %t.", got, idle, late != nil)
	}
	return out, err
}

// whatCame is the answer that a recv has given.
func whatCame(got string, err error) string {
	switch {
	case got != "":
		return itsEcho
	case err == io.EOF:
		return onlyEnd
	}
	return "an error: " + err.Error()
}
