//go:build catalogue

package check

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"example.com/sockets/lessons/tcp-server/exercise/solution"
	"example.com/sockets/shared/exam"
)

// Right answers, in many styles.
var rights = []exam.Answer[serveFunc]{
	{"solution", "", solution.Serve},
	{"one at a time", "", oneAtATime},
	{"timer closes", "", timerCloses},
	{"reader goroutine", "", readerGoroutine},
	{"bufio", "", buffered},
	{"waits for its clients", "", waitsForClients},
	{"lingers until the client closes", "", lingers},
	{"lingers, one at a time", "", lingersInTurn},
	{"context", "", withContext},
	{"accepts in a goroutine", "", acceptsElsewhere},
	{"workers", "", workers},
	{"goes on after errors of Accept", "", goesOn},
	{"wakes up now and then", "", wakesUp},
	{"closes all clients at the end", "", closesAll},
	{"closes the listener too", "", closesListener},
	{"sends in two pieces, wraps errors", "", twoWrites},
	{"half-closes, then closes", "", halfCloses},
	{"two at a time", "", twoAtATime},
	{"rests after errors of Accept", "", rests},
	{"looks at its watch", "", watches},
	{"workers and a queue", "", workersQueue},
	{"looks for a *net.OpError inside", "", endsWhere(func(err error) bool {
		var op *net.OpError
		return errors.As(err, &op) && op.Err == net.ErrClosed
	})},
	{"knows the text of the error", "", endsWhere(func(err error) bool {
		return strings.Contains(err.Error(), "use of closed network connection")
	})},
	{"looks for silent clients now and then", "", looksRound},
}

// acceptEach is the loop that many answers share.
func acceptEach(ln net.Listener, serve func(conn net.Conn)) error {
	for {
		conn, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		serve(conn)
	}
}

func oneAtATime(ln net.Listener, patience time.Duration) error {
	buf := make([]byte, 1024)
	return acceptEach(ln, func(conn net.Conn) {
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(patience))
		if n, _ := conn.Read(buf); n > 0 {
			conn.Write([]byte(greeting))
		}
	})
}

func timerCloses(ln net.Listener, patience time.Duration) error {
	return acceptEach(ln, func(conn net.Conn) {
		go func() {
			timer := time.AfterFunc(patience, func() { conn.Close() })
			defer timer.Stop()
			defer conn.Close()
			if _, err := conn.Read(make([]byte, 1024)); err != nil {
				return
			}
			fmt.Fprint(conn, greeting)
		}()
	})
}

func readerGoroutine(ln net.Listener, patience time.Duration) error {
	return acceptEach(ln, func(conn net.Conn) {
		got := make(chan int, 1)
		go func() {
			n, _ := conn.Read(make([]byte, 1024))
			got <- n
		}()
		select {
		case n := <-got:
			if n > 0 {
				io.WriteString(conn, greeting)
			}
		case <-time.After(patience):
		}
		conn.Close()
	})
}

func buffered(ln net.Listener, patience time.Duration) error {
	return acceptEach(ln, func(conn net.Conn) {
		go func() {
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			r, w := bufio.NewReaderSize(conn, 1024), bufio.NewWriter(conn)
			if _, err := r.ReadByte(); err != nil {
				return
			}
			w.WriteString(greeting)
			w.Flush()
		}()
	})
}

func waitsForClients(ln net.Listener, patience time.Duration) error {
	var clients sync.WaitGroup
	defer clients.Wait()
	return acceptEach(ln, func(conn net.Conn) {
		clients.Go(func() { oneClientOf(conn, patience) })
	})
}

func oneClientOf(conn net.Conn, patience time.Duration) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	buf := make([]byte, 1024)
	if _, err := conn.Read(buf); err != nil {
		return
	}
	conn.Write([]byte(greeting))
}

// lingerOn answers, ends its direction and reads on, so that no reset destroys
// the answer.
func lingerOn(conn net.Conn, patience time.Duration) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Read(make([]byte, 1024)); err != nil {
		return
	}
	if _, err := conn.Write([]byte(greeting)); err != nil {
		return
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
		io.Copy(io.Discard, conn)
	}
}

func lingers(ln net.Listener, patience time.Duration) error {
	return acceptEach(ln, func(conn net.Conn) { go lingerOn(conn, patience) })
}

func lingersInTurn(ln net.Listener, patience time.Duration) error {
	return acceptEach(ln, func(conn net.Conn) { lingerOn(conn, patience) })
}

func withContext(ln net.Listener, patience time.Duration) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	return acceptEach(ln, func(conn net.Conn) {
		go func() {
			defer conn.Close()
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
			defer stop()
			if n, err := conn.Read(make([]byte, 1024)); n == 0 || err != nil {
				return
			}
			conn.Write([]byte(greeting))
		}()
	})
}

func acceptsElsewhere(ln net.Listener, patience time.Duration) error {
	conns, end := make(chan net.Conn), make(chan error, 1)
	go func() {
		end <- acceptEach(ln, func(conn net.Conn) { conns <- conn })
	}()
	for {
		select {
		case conn := <-conns:
			go oneClientOf(conn, patience)
		case err := <-end:
			return err
		}
	}
}

func workers(ln net.Listener, patience time.Duration) error {
	ends := make(chan error, 4)
	for range cap(ends) {
		go func() {
			ends <- acceptEach(ln, func(conn net.Conn) { oneClientOf(conn, patience) })
		}()
	}
	var err error
	for range cap(ends) {
		err = errors.Join(err, <-ends)
	}
	return err
}

func goesOn(ln net.Listener, patience time.Duration) error {
	for {
		conn, err := ln.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			time.Sleep(5 * time.Millisecond)
		default:
			go oneClientOf(conn, patience)
		}
	}
}

func wakesUp(ln net.Listener, patience time.Duration) error {
	limited, _ := ln.(interface{ SetDeadline(time.Time) error })
	for {
		if limited != nil {
			limited.SetDeadline(time.Now().Add(time.Millisecond))
		}
		conn, err := ln.Accept()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		oneClientOf(conn, patience)
	}
}

func closesAll(ln net.Listener, patience time.Duration) error {
	var mu sync.Mutex
	conns := map[net.Conn]bool{}
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		for conn := range conns {
			conn.Close()
		}
	}()
	return acceptEach(ln, func(conn net.Conn) {
		mu.Lock()
		conns[conn] = true
		mu.Unlock()
		go func() {
			oneClientOf(conn, patience)
			mu.Lock()
			delete(conns, conn)
			mu.Unlock()
		}()
	})
}

func closesListener(ln net.Listener, patience time.Duration) error {
	defer ln.Close()
	return oneAtATime(ln, patience)
}

func twoWrites(ln net.Listener, patience time.Duration) error {
	for {
		conn, err := ln.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("tcp-server: %w", err)
		}
		go func(conn net.Conn) {
			defer conn.Close()
			conn.SetReadDeadline(time.Now().Add(patience))
			buf := make([]byte, 1024)
			if _, err := conn.Read(buf); err == nil {
				conn.Write([]byte("Hello, "))
				conn.Write([]byte("i'm server!"))
			}
		}(conn)
	}
}

func halfCloses(ln net.Listener, patience time.Duration) error {
	return acceptEach(ln, func(conn net.Conn) {
		go func() {
			conn.SetReadDeadline(time.Now().Add(patience))
			n, _ := conn.Read(make([]byte, 1024))
			if n > 0 {
				conn.Write([]byte(greeting))
				conn.(*net.TCPConn).CloseWrite()
			}
			conn.Close()
		}()
	})
}

func twoAtATime(ln net.Listener, patience time.Duration) error {
	places := make(chan struct{}, 2)
	for {
		places <- struct{}{}
		conn, err := ln.Accept()
		if err != nil {
			return endOf(err)
		}
		go func() {
			defer func() { <-places }()
			oneClientOf(conn, patience)
		}()
	}
}

// rests waits longer after each error, as package net/http does, up to a second.
func rests(ln net.Listener, patience time.Duration) error {
	rest := 5 * time.Millisecond
	for {
		conn, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			time.Sleep(rest)
			rest = min(2*rest, time.Second)
			continue
		}
		rest = 5 * time.Millisecond
		go oneClientOf(conn, patience)
	}
}

func watches(ln net.Listener, patience time.Duration) error {
	return acceptEach(ln, func(conn net.Conn) {
		defer conn.Close()
		buf := make([]byte, 1024)
		for end := time.Now().Add(patience); time.Now().Before(end); {
			conn.SetReadDeadline(time.Now().Add(time.Millisecond))
			n, err := conn.Read(buf)
			if n > 0 {
				io.WriteString(conn, greeting)
				return
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
		}
	})
}

func workersQueue(ln net.Listener, patience time.Duration) error {
	conns := make(chan net.Conn, 3)
	defer close(conns)
	for range 3 {
		go func() {
			for conn := range conns {
				oneClientOf(conn, patience)
			}
		}()
	}
	return acceptEach(ln, func(conn net.Conn) { conns <- conn })
}

// looksRound keeps for each client the moment when its own patience is over.
func looksRound(ln net.Listener, patience time.Duration) error {
	var mu sync.Mutex
	ends := map[net.Conn]time.Time{}
	closeThose := func(all bool) {
		mu.Lock()
		defer mu.Unlock()
		for conn, end := range ends {
			if all || time.Now().After(end) {
				conn.Close()
			}
		}
	}
	defer closeThose(true)
	over := make(chan bool)
	defer close(over)
	go func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(10 * time.Millisecond):
				closeThose(false)
			}
		}
	}()
	return acceptEach(ln, func(conn net.Conn) {
		mu.Lock()
		ends[conn] = time.Now().Add(patience)
		mu.Unlock()
		go func() {
			oneClientOf(conn, time.Hour)
			mu.Lock()
			delete(ends, conn)
			mu.Unlock()
		}()
	})
}
