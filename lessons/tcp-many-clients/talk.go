package main

import (
	"io"
	"net"
	"time"

	"example.com/sockets/shared/experiment"
)

// patience is how long a client waits for its echo, or to be connected.
const patience = 300 * time.Millisecond

// twoClients connects A, and then B.
func twoClients(s *experiment.Stage, ln net.Listener) (a, b *experiment.Conn, err error) {
	if a, err = s.Dial("A", "tcp", ln.Addr().String()); err != nil {
		return nil, nil, err
	}
	b, err = s.Dial("B", "tcp", ln.Addr().String())
	return a, b, err
}

// ask sends a message and receives its echo.
func ask(conn net.Conn, message string) (string, error) {
	if _, err := io.WriteString(conn, message); err != nil {
		return "", err
	}
	return receive(conn)
}

// receive makes one recv. A short message on loopback comes with one.
func receive(conn net.Conn) (string, error) {
	buf := make([]byte, 1024)
	n, err := conn.Read(buf)
	return string(buf[:n]), err
}

// echo sends back what one client sends, until it leaves.
func echo(conn net.Conn) {
	defer conn.Close()
	buf := make([]byte, 1024)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if _, err := conn.Write(buf[:n]); err != nil {
			return
		}
	}
}

// await waits until so many clients have been served to their end.
func await(s *experiment.Stage, ended <-chan bool, clients int) {
	for range clients {
		select {
		case <-ended:
		case <-s.Context.Done():
		}
	}
}
