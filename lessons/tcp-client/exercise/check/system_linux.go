package check

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"syscall"

	"example.com/sockets/shared/exam"
)

// hugeSize is more than the buffers of a connection with a narrow server hold
// together: they held 0.5 MiB, without listenNarrow almost 4.
const hugeSize = 3 << 19

// listenNarrow listens as a server behind an Ethernet would: the client's system
// keeps much less for it than for one on the same computer. See tcp(7), TCP_MAXSEG.
func listenNarrow() (net.Listener, error) {
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) {
			// A system that refuses these keeps more. Then a wrong answer may pass
			// a case, but no right one fails.
			syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 1460)
			syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 32<<10)
		})
	}}
	lc.SetMultipathTCP(false)
	return lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
}

// canFill tells whether listenFull works on this system.
const canFill = true

// listenFull returns a listener whose queue is full: it takes no further
// connection, and does not refuse it either. See listen(2).
func listenFull(tr *exam.Trial) (net.Listener, error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	tr.Cleanup(func() { ln.Close() })
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err != nil {
		return nil, err
	}
	// Go has chosen a long queue. Listen again makes it one of 0, which holds 1.
	var again error
	err = raw.Control(func(fd uintptr) { again = syscall.Listen(int(fd), 0) })
	if err := errors.Join(err, again); err != nil {
		return nil, err
	}
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		return nil, err
	}
	tr.Cleanup(func() { conn.Close() })
	return ln, nil
}

// hasBroken tells whether this program has a socket with this address whose
// connection is gone: it has no peer any more. See proc_pid_fd(5), getpeername(2).
func hasBroken(local net.Addr) bool {
	files, _ := os.ReadDir("/proc/self/fd") // where there are none, no answer fails
	for _, file := range files {
		fd, err := strconv.Atoi(file.Name())
		if err != nil {
			continue
		}
		name, err := syscall.Getsockname(fd)
		in4, ok := name.(*syscall.SockaddrInet4)
		if err != nil || !ok {
			continue
		}
		addr := net.TCPAddr{IP: in4.Addr[:], Port: in4.Port}
		if _, err := syscall.Getpeername(fd); err == syscall.ENOTCONN && addr.String() == local.String() {
			return true
		}
	}
	return false
}
