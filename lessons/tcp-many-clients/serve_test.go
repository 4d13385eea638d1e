package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// started starts a server. Stop is its Ctrl+C, and done gets what it returns.
func started(t *testing.T, most int) (addr string, stop func(), done chan error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	done = make(chan error, 1)
	go func() { done <- serve(ctx, ln, most) }()
	return ln.Addr().String(), cancel, done
}

func dial(t *testing.T, addr string) net.Conn {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(30 * time.Second)) // for a server that hangs
	return conn
}

// descriptors counts what this process has open. It returns 0 where the system does
// not tell.
func descriptors() int {
	open, _ := os.ReadDir("/proc/self/fd")
	return len(open)
}

func TestClientsThatHaveGoneLeaveNothing(t *testing.T) {
	addr, stop, done := started(t, 1000)
	visit := func(i int) {
		conn := dial(t, addr)
		defer conn.Close()
		message := fmt.Appendf(nil, "I am client %d.", i)
		conn.Write(message)
		switch i % 3 {
		case 0: // has its echo, and leaves
			if _, err := io.ReadFull(conn, message); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		case 1: // half-closes, and gets the end
			conn.(*net.TCPConn).CloseWrite()
			if got, err := io.ReadAll(conn); string(got) != string(message) || err != nil {
				t.Errorf("client %d got %q, %v", i, got, err)
			}
		case 2: // breaks off
			conn.(*net.TCPConn).SetLinger(0)
		}
	}
	visit(0)
	goroutines, files := runtime.NumGoroutine(), descriptors()
	var clients sync.WaitGroup
	for i := range 1000 {
		clients.Add(1)
		go func() { defer clients.Done(); visit(i) }()
	}
	clients.Wait()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if runtime.NumGoroutine() <= goroutines && descriptors() <= files {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, before %d; %d descriptors, before %d", runtime.NumGoroutine(), goroutines, descriptors(), files)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestEndLosesNoEcho ends the server while clients send and receive. What a client
// has sent before the end comes back whole, and no echo is cut off.
func TestEndLosesNoEcho(t *testing.T) {
	for _, size := range []int{64, 5000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			const clients = 64
			addr, stop, done := started(t, clients)
			var stopped atomic.Bool
			var warm, all sync.WaitGroup
			warm.Add(clients)
			for i := range clients {
				all.Add(1)
				go func() {
					defer all.Done()
					conn := dial(t, addr)
					message, echo := make([]byte, size), make([]byte, size)
					for round := 0; ; round++ {
						copy(message, fmt.Sprintf("client %d, round %d", i, round))
						_, err := conn.Write(message)
						before := err == nil && !stopped.Load()
						n, err := io.ReadFull(conn, echo)
						if err != nil {
							if before || n > 0 {
								t.Errorf("client %d: sent before the end: %v; then %d bytes and %v", i, before, n, err)
							}
							if round < 10 {
								warm.Done()
							}
							return
						}
						if string(echo) != string(message) {
							t.Errorf("client %d got another echo", i)
						}
						if round == 10 {
							warm.Done()
						}
					}
				}()
			}
			warm.Wait()
			stopped.Store(true)
			stop()
			all.Wait()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestEndWaitsForSlowClient ends the server while the echo of one client is stuck,
// as this client does not read yet.
func TestEndWaitsForSlowClient(t *testing.T) {
	addr, stop, done := started(t, 10)
	conn := dial(t, addr)
	sent := 0
	for still := 0; still < 5; still++ {
		conn.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		n, err := conn.Write(make([]byte, 64<<10))
		sent += n
		if err == nil {
			still = -1
		}
	}
	stop()
	select {
	case err := <-done:
		t.Fatalf("the server ended (%v) before its client had the echo", err)
	case <-time.After(lastCall + 50*time.Millisecond):
	}
	n, err := io.Copy(io.Discard, conn)
	if n == 0 || err != nil {
		t.Errorf("of %d bytes came %d, and then %v", sent, n, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestTerminated ends the program with a SIGTERM: its client gets the end, and no
// reset.
func TestTerminated(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a program cannot send a SIGTERM to another one on Windows")
	}
	server := startServer(t, "serve")
	conn := dial(t, server.addr)
	buf := make([]byte, 1)
	conn.Write(buf)
	if _, err := io.ReadFull(conn, buf); err != nil {
		t.Fatal(err)
	}
	server.program.Process.Signal(syscall.SIGTERM)
	if _, err := conn.Read(buf); err != io.EOF {
		t.Errorf("the client got %v", err)
	}
	if err := server.program.Wait(); err != nil {
		t.Error(err)
	}
}

func TestAtMostSoManyClients(t *testing.T) {
	addr, _, _ := started(t, 2)
	buf := make([]byte, 1)
	first, second, third := dial(t, addr), dial(t, addr), dial(t, addr)
	for _, conn := range []net.Conn{first, second} {
		conn.Write(buf)
		if _, err := io.ReadFull(conn, buf); err != nil {
			t.Fatal(err)
		}
	}
	third.Write(buf)
	third.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := third.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the third of two: %v", err)
	}
	first.Close()
	third.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, err := third.Read(buf); err != nil {
		t.Errorf("with a free place: %v", err)
	}
}
