package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestMain lets the test's own program be a server, so that both servers are
// processes of their own and differ in nothing but their code.
func TestMain(m *testing.M) {
	switch os.Getenv("ECHO_SERVER") {
	case "serve":
		os.Args = []string{os.Args[0], "-serve", "-addr", "127.0.0.1:0"}
		main()
	case "barest":
		barest()
	}
	os.Exit(m.Run())
}

// barest is the barest Go echo server with a goroutine for each connection. It has no
// limit and no end.
func barest() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("Waiting for connection on", ln.Addr())
	for {
		conn, err := ln.Accept()
		if err != nil {
			os.Exit(1)
		}
		go func() {
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
		}()
	}
}

// A server is one of the two, as a process.
type server struct {
	addr    string
	program *exec.Cmd
}

func startServer(b testing.TB, name string) server {
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), "ECHO_SERVER="+name)
	out, err := program.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := program.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		program.Process.Kill()
		program.Wait()
	})
	line, _ := bufio.NewReader(out).ReadString('\n')
	addr, found := strings.CutPrefix(strings.TrimSpace(line), "Waiting for connection on ")
	if !found {
		b.Fatalf("%s: %q", name, line)
	}
	return server{addr, program}
}

func (s server) connect(b *testing.B, clients int) []net.Conn {
	conns := make([]net.Conn, clients)
	for i := range conns {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		conns[i] = conn
	}
	return conns
}

// echoes counts how many messages come back within a time.
func echoes(b *testing.B, conns []net.Conn, size int, span time.Duration) (n int64) {
	var count atomic.Int64
	var all sync.WaitGroup
	end := time.Now().Add(span)
	for _, conn := range conns {
		all.Add(1)
		go func() {
			defer all.Done()
			buf := make([]byte, size)
			for time.Now().Before(end) {
				if _, err := conn.Write(buf); err != nil {
					b.Error(err)
					return
				}
				if _, err := io.ReadFull(conn, buf); err != nil {
					b.Error(err)
					return
				}
				count.Add(1)
			}
		}()
	}
	all.Wait()
	return count.Load()
}

// BenchmarkThroughput compares how many messages of 64 bytes both servers send back
// to 64 clients. They take turns, so that a busy machine is busy for both.
func BenchmarkThroughput(b *testing.B) {
	ours := startServer(b, "serve").connect(b, 64)
	theirs := startServer(b, "barest").connect(b, 64)
	const turn = 100 * time.Millisecond
	var ratios []float64
	var sum int64
	for range 20 {
		first := echoes(b, ours, 64, turn)
		second := echoes(b, theirs, 64, turn) + echoes(b, theirs, 64, turn)
		first += echoes(b, ours, 64, turn)
		ratios = append(ratios, float64(first)/float64(second))
		sum += first
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "of-barest")
	b.ReportMetric(float64(sum)/(20*2*turn.Seconds()), "echoes/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkIdleMemory compares what 5000 clients that have had one echo, and then say
// nothing, cost both servers.
func BenchmarkIdleMemory(b *testing.B) {
	ours, theirs := startServer(b, "serve"), startServer(b, "barest")
	first, second := ours.idle(b), theirs.idle(b)
	b.ReportMetric(first/second, "of-barest")
	b.ReportMetric(first, "KiB/client")
	b.ReportMetric(0, "ns/op")
}

// idle returns how many KiB a server has grown by for each idle client.
func (s server) idle(b *testing.B) float64 {
	const clients = 5000
	before := s.memory(b)
	conns := s.connect(b, clients)
	buf := make([]byte, 64)
	for _, conn := range conns {
		conn.Write(buf)
		if _, err := io.ReadFull(conn, buf); err != nil {
			b.Fatal(err)
		}
	}
	return float64(s.memory(b)-before) / clients
}

// memory returns how many KiB of memory a server has.
func (s server) memory(b *testing.B) int {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.program.Process.Pid), "status"))
	if err != nil {
		b.Skip("this system has no /proc with the memory of a process")
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	n, err := strconv.Atoi(strings.Fields(after + " ?")[0])
	if err != nil {
		b.Fatalf("no VmRSS in %q", status)
	}
	return n
}
