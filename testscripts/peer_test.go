package testscripts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"example.com/sockets/shared/steplog"
)

// peerMain is the program peer, the other side that no lesson program should be
// surprised by:
//
//	peer tcp listen [STEP...]		accepts one connection
//	peer tcp dial ADDR [STEP...]
//	peer udp listen [STEP...]		its peer is who sent last
//	peer udp dial ADDR [STEP...]
//	peer tcp full				listens, never accepts, its queue is full
//	peer log tcp ...			the same, and prints its calls as JSON
//
// It says where it listens or that it is connected, makes the steps in order, and ends with exit status 1 when one fails:
//
//	recv		one recv, of anything
//	recv=TEXT	receives exactly this text
//	send=TEXT	one send; TEXT may hold Go's escapes, \x1b or \n
//	fill=N		one send of N bytes "x"
//	stranger=TEXT	a datagram to the peer, from another socket
//	half-close	ends its own sending side
//	reset		breaks the connection off
//	eof		receives until the other side closes or breaks off
//
// At its end it closes the connection.
func peerMain() {
	if err := peer(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func peer(args []string) error {
	var log *steplog.Logger
	if args[0] == "log" {
		log, args = steplog.New(context.Background(), steplog.JSON(os.Stdout), "peer", nil, 0), args[1:]
	}
	if len(args) < 2 {
		return errors.New("usage: peer [log] tcp|udp listen|dial [ADDR] [STEP...]")
	}
	network, role, steps := args[0], args[1], args[2:]
	var p peerConn
	switch {
	case network == "tcp" && role == "listen":
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close()
		ln.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
		if log != nil {
			ln, _ = log.Listener(ln, nil)
		} else {
			fmt.Println("Waiting for connection on", ln.Addr())
		}
		if p.conn, err = ln.Accept(); err != nil {
			return err
		}
	case network == "tcp" && role == "full":
		return fullQueue()
	case network == "udp" && role == "listen":
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		fmt.Println("Waiting for datagram on", pc.LocalAddr())
		p.conn = &lastSender{UDPConn: pc.(*net.UDPConn)}
	default:
		d := net.Dialer{Timeout: patience}
		if log != nil {
			d.Control = log.SocketConnect
		}
		conn, err := d.Dial(network, args[2])
		if log != nil {
			conn, err = log.Conn(conn, err)
		}
		if err != nil {
			return err
		}
		p.conn, steps = conn, args[3:]
		if log == nil {
			fmt.Println("Connected to", conn.RemoteAddr())
		}
	}
	defer p.conn.Close()
	p.conn.SetDeadline(time.Now().Add(patience))
	for _, step := range steps {
		if err := p.step(step); err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
	}
	return nil
}

type peerConn struct{ conn net.Conn }

// step makes one step of the script.
func (p peerConn) step(step string) error {
	verb, text, _ := strings.Cut(step, "=")
	text, err := strconv.Unquote(`"` + text + `"`)
	if err != nil {
		return err
	}
	switch verb {
	case "recv":
		buf := make([]byte, 1<<17)
		n, err := p.conn.Read(buf)
		if err == nil && text != "" && string(buf[:n]) != text {
			return fmt.Errorf("received %q", buf[:n])
		}
		return err
	case "send":
		_, err := p.conn.Write([]byte(text))
		return err
	case "fill":
		n, err := strconv.Atoi(text)
		if err == nil {
			_, err = p.conn.Write([]byte(strings.Repeat("x", n)))
		}
		return err
	case "stranger":
		conn, err := net.Dial("udp", p.conn.RemoteAddr().String())
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Write([]byte(text))
		return err
	case "half-close":
		return p.conn.(*net.TCPConn).CloseWrite()
	case "reset":
		p.conn.(*net.TCPConn).SetLinger(0) // with no linger, close sends a reset
		return p.conn.Close()
	case "eof":
		_, err := io.Copy(io.Discard, p.conn)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		return nil
	}
	return errors.New("no such step")
}

// lastSender is an unconnected UDP socket that answers who sent last.
type lastSender struct {
	*net.UDPConn
	peer net.Addr
}

func (c *lastSender) Read(b []byte) (n int, err error) {
	n, c.peer, err = c.ReadFrom(b)
	return n, err
}

func (c *lastSender) Write(b []byte) (int, error) { return c.WriteTo(b, c.peer) }

func (c *lastSender) RemoteAddr() net.Addr { return c.peer }
