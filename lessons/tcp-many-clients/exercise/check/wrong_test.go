//go:build catalogue

package check

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

// parts is an answer in parts, so that a wrong one shows only what is wrong. A part
// that is nil is right.
type parts struct {
	serve  func(ctx context.Context, conn net.Conn) // one client, and closes its connection
	end    func(conn net.Conn)                      // what the end of ctx does to a client
	talk   func(conn net.Conn)                      // the echo itself
	places func(most int) int
	wait   func(clients *sync.WaitGroup)
	result func(ctx context.Context, err error) error // what Serve returns when Accept has failed
}

func gently(conn net.Conn) {
	conn.SetReadDeadline(time.Now())
	conn.SetWriteDeadline(time.Now().Add(grace))
}

func talk(conn net.Conn) {
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

func (p parts) whole() server {
	if p.end == nil {
		p.end = gently
	}
	if p.talk == nil {
		p.talk = talk
	}
	if p.serve == nil {
		p.serve = func(ctx context.Context, conn net.Conn) {
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { p.end(conn) })()
			p.talk(conn)
		}
	}
	if p.places == nil {
		p.places = func(most int) int { return most }
	}
	if p.wait == nil {
		p.wait = (*sync.WaitGroup).Wait
	}
	if p.result == nil {
		p.result = func(ctx context.Context, err error) error {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	return p.run
}

func (p parts) run(ctx context.Context, ln net.Listener, most int) error {
	inner, cancel := context.WithCancel(ctx)
	defer ln.Close()
	var clients sync.WaitGroup
	defer p.wait(&clients)
	defer cancel()
	context.AfterFunc(inner, func() { ln.Close() })
	places := make(chan bool, p.places(most))
	for {
		select {
		case places <- true:
		case <-ctx.Done():
			return p.result(ctx, net.ErrClosed)
		}
		conn, err := ln.Accept()
		if err != nil {
			return p.result(ctx, err)
		}
		clients.Add(1)
		go func() {
			defer clients.Done()
			defer func() { <-places }()
			p.serve(inner, conn)
		}()
	}
}

// talks makes an answer of a wrong echo.
func talks(talk func(conn net.Conn)) server { return parts{talk: talk}.whole() }

// ends makes an answer that does this to each client at the end.
func ends(end func(conn net.Conn)) server { return parts{end: end}.whole() }

// each sends what change makes of each piece.
func each(change func(b []byte) []byte) server {
	return talks(func(conn net.Conn) {
		buf := make([]byte, 1024)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			if _, err := conn.Write(change(buf[:n])); err != nil {
				return
			}
		}
	})
}

var (
	globalBuffer = make([]byte, 1024)
	globalPlaces = make(chan bool, 1)
	globalWait   sync.WaitGroup
)

var wrongs = []exam.Answer[server]{
	{"no echo", "no-echo", each(func([]byte) []byte { return nil })},
	{"an answer of its own", "changed", each(func([]byte) []byte { return []byte("Hello, i'm server!") })},
	{"upper case", "changed", each(bytes.ToUpper)},
	{"trimmed", "lost", each(bytes.TrimSpace)},
	{"a newline more", "changed", each(func(b []byte) []byte { return append(bytes.Clone(b), '\n') })},
	{"at most 512 of each piece", "changed", each(func(b []byte) []byte { return b[:min(len(b), 512)] })},
	{"valid text only", "changed", each(func(b []byte) []byte { return bytes.ToValidUTF8(b, []byte("?")) })},
	{"up to the first zero byte", "lost", each(func(b []byte) []byte { b, _, _ = bytes.Cut(b, []byte{0}); return b })},
	{"the whole buffer", "whole-buffer", each(func(b []byte) []byte { return b[:1024] })},
	{"lines, with Scanner", "lines", talks(func(conn net.Conn) {
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			fmt.Fprintln(conn, lines.Text())
		}
	})},
	{"lines, with ReadBytes", "lines", talks(func(conn net.Conn) {
		for r := bufio.NewReader(conn); ; {
			line, err := r.ReadBytes('\n')
			if err != nil {
				return
			}
			conn.Write(line)
		}
	})},
	{"ReadAll", "waits-for-end", talks(func(conn net.Conn) {
		all, err := io.ReadAll(conn)
		if err == nil {
			conn.Write(all)
		}
	})},
	{"a writer without Flush until the end", "waits-for-end", talks(func(conn net.Conn) {
		w := bufio.NewWriter(conn)
		io.Copy(struct{ io.Writer }{w}, conn)
		w.Flush()
	})},
	{"full buffers only", "waits-for-end", talks(func(conn net.Conn) {
		buf := make([]byte, 1024)
		for {
			n, err := io.ReadFull(conn, buf)
			conn.Write(buf[:n])
			if err != nil {
				return
			}
		}
	})},
	{"one echo", "dropped", talks(func(conn net.Conn) {
		buf := make([]byte, 1024)
		n, _ := conn.Read(buf)
		conn.Write(buf[:n])
	})},
	{"a deadline of its own", "idle-dropped", talks(func(conn net.Conn) {
		conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		talk(conn)
	})},
	{"one buffer for all", "calls-disturb shared-buffer", talks(func(conn net.Conn) {
		for {
			n, err := conn.Read(globalBuffer)
			if err != nil {
				return
			}
			if _, err := conn.Write(globalBuffer[:n]); err != nil {
				return
			}
		}
	})},
	{"one buffer for all clients of a call", "shared-buffer", func(ctx context.Context, ln net.Listener, most int) error {
		buf := make([]byte, 1024)
		return talks(func(conn net.Conn) {
			for {
				n, err := conn.Read(buf)
				if err != nil {
					return
				}
				if _, err := conn.Write(buf[:n]); err != nil {
					return
				}
			}
		})(ctx, ln, most)
	}},
	{"a lock around each echo", "one-at-a-time", func(ctx context.Context, ln net.Listener, most int) error {
		var lock sync.Mutex
		return talks(func(conn net.Conn) {
			buf := make([]byte, 1024)
			for {
				lock.Lock()
				n, err := conn.Read(buf)
				if err == nil {
					_, err = conn.Write(buf[:n])
				}
				lock.Unlock()
				if err != nil {
					return
				}
			}
		})(ctx, ln, most)
	}},
	{"a reset at the end of each client", "half-close", talks(func(conn net.Conn) {
		talk(conn)
		if half, ok := conn.(*net.TCPConn); ok {
			half.SetLinger(0)
		}
	})},
	{"ends in the middle of a half-close", "half-close", talks(func(conn net.Conn) {
		pieces := make(chan []byte, 1000)
		over := make(chan bool)
		go func() {
			defer close(over)
			for {
				buf := make([]byte, 1024)
				n, err := conn.Read(buf)
				if err != nil {
					time.Sleep(time.Millisecond)
					return
				}
				pieces <- buf[:n]
			}
		}()
		for {
			select {
			case piece := <-pieces:
				if len(piece) > 1000 {
					time.Sleep(100 * time.Microsecond)
				}
				conn.Write(piece)
			case <-over:
				return
			}
		}
	})},

	{"never closes", "left-open not-closed", parts{serve: func(ctx context.Context, conn net.Conn) {
		defer context.AfterFunc(ctx, func() { gently(conn) })()
		talk(conn)
	}}.whole()},
	{"closes only at the client's end", "connection-kept left-open", parts{serve: func(ctx context.Context, conn net.Conn) {
		defer context.AfterFunc(ctx, func() { gently(conn) })()
		if _, err := io.Copy(conn, conn); err == nil {
			conn.Close()
		}
	}}.whole()},
	{"a goroutine that waits for ctx, for each client", "goroutine-kept", parts{serve: func(ctx context.Context, conn net.Conn) {
		defer conn.Close()
		go func() {
			<-ctx.Done()
			gently(conn)
		}()
		talk(conn)
	}}.whole()},
	{"a goroutine that never ends", "goroutine-kept", func(ctx context.Context, ln net.Listener, most int) error {
		go func() {
			for range time.Tick(time.Hour) {
			}
		}()
		return parts{}.whole()(ctx, ln, most)
	}},

	{"no limit", "no-limit", parts{places: func(int) int { return 1000 }}.whole()},
	{"one place more", "no-limit", parts{places: func(most int) int { return most + 1 }}.whole()},
	{"one place less", "too-few", parts{places: func(most int) int { return max(1, most-1) }}.whole()},

	{"Close at the end", "current-echo", ends(func(conn net.Conn) { conn.Close() })},
	{"a deadline for both directions", "current-echo", ends(func(conn net.Conn) { conn.SetDeadline(time.Now()) })},
	{"no end for Read", "idle-kept", ends(func(net.Conn) {})},
	{"no end for Write", "no-bound", ends(func(conn net.Conn) { conn.SetReadDeadline(time.Now()) })},
	{"CloseWrite at the end", "current-echo", ends(func(conn net.Conn) {
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
			conn.SetReadDeadline(time.Now())
		}
	})},
	{"looks at ctx between Read and Write", "current-echo", parts{serve: func(ctx context.Context, conn net.Conn) {
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { gently(conn) })()
		buf := make([]byte, 1024)
		for {
			n, err := conn.Read(buf)
			if err != nil || ctx.Err() != nil {
				return
			}
			if _, err := conn.Write(buf[:n]); err != nil {
				return
			}
		}
	}}.whole()},
	{"looks at ctx after each echo", "idle-kept", parts{serve: func(ctx context.Context, conn net.Conn) {
		defer conn.Close()
		buf := make([]byte, 1024)
		for ctx.Err() == nil {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			if _, err := conn.Write(buf[:n]); err != nil {
				return
			}
		}
	}}.whole()},
	{"does not wait", "left-open not-awaited", parts{wait: func(*sync.WaitGroup) {}, end: func(net.Conn) {}}.whole()},
	{"does not wait for an echo", "not-awaited", parts{wait: func(*sync.WaitGroup) {}}.whole()},
	{"waits a moment only", "not-awaited", parts{wait: func(*sync.WaitGroup) { time.Sleep(20 * time.Millisecond) }}.whole()},
	{"returns ctx's error", "end-is-error", parts{result: func(ctx context.Context, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}}.whole()},
	{"returns Accept's error at the end", "end-is-error", parts{result: func(_ context.Context, err error) error { return err }}.whole()},
	{"nil for any error of Accept", "accept-error-lost", parts{result: func(context.Context, error) error { return nil }}.whole()},

	{"one at a time", "one-at-a-time", oneAtATime},
	{"returns after one client", "accept-error-lost accept-waits idle-kept returns-early", func(ctx context.Context, ln net.Listener, most int) error {
		conn, err := ln.Accept()
		if err != nil {
			return nil
		}
		talk(conn)
		return conn.Close()
	}},
	{"returns at once", "returns-early", func(ctx context.Context, ln net.Listener, most int) error {
		go parts{}.whole()(ctx, ln, most)
		return nil
	}},
	{"looks at ctx before Accept", "accept-waits left-open", func(ctx context.Context, ln net.Listener, most int) error {
		var clients sync.WaitGroup
		places := make(chan bool, most)
		for ctx.Err() == nil {
			conn, err := ln.Accept()
			if err != nil {
				return err
			}
			clients.Add(1)
			go func() {
				defer clients.Done()
				defer conn.Close()
				places <- true
				defer func() { <-places }()
				defer context.AfterFunc(ctx, func() { gently(conn) })()
				talk(conn)
			}()
		}
		ln.Close()
		clients.Wait()
		return nil
	}},
	{"leaves ln open", "listener-open", func(ctx context.Context, ln net.Listener, most int) error {
		return polling(ctx, ln, most, false)
	}},
	{"goes on accepting until the clients are gone", "accepts-on", func(ctx context.Context, ln net.Listener, most int) error {
		return polling(ctx, ln, most, true)
	}},
	{"turns clients away", "turned-away", func(ctx context.Context, ln net.Listener, most int) error {
		return accepting(ctx, ln, func(conn net.Conn, places chan bool) bool {
			select {
			case places <- true:
				return true
			default:
				return false
			}
		}, most)
	}},
	{"a waiting client is forgotten", "left-open", func(ctx context.Context, ln net.Listener, most int) error {
		return accepting(ctx, ln, func(conn net.Conn, places chan bool) bool {
			select {
			case places <- true:
				return true
			case <-ctx.Done():
				runtime.Goexit() // and nobody closes its connection
				return false
			}
		}, most)
	}},
	{"a place is kept after an error", "place-kept", func(ctx context.Context, ln net.Listener, most int) error {
		places := make(chan bool, most)
		return parts{places: func(int) int { return 1000 }, serve: func(ctx context.Context, conn net.Conn) {
			defer conn.Close()
			select {
			case places <- true:
			case <-ctx.Done():
				return
			}
			defer context.AfterFunc(ctx, func() { gently(conn) })()
			if _, err := io.Copy(conn, conn); err == nil {
				<-places
			}
		}}.whole()(ctx, ln, most)
	}},
	{"a place for ever", "place-kept", func(ctx context.Context, ln net.Listener, most int) error {
		places := make(chan bool, most)
		return parts{places: func(int) int { return 1000 }, serve: func(ctx context.Context, conn net.Conn) {
			defer conn.Close()
			select {
			case places <- true:
			case <-ctx.Done():
				return
			}
			defer context.AfterFunc(ctx, func() { gently(conn) })()
			talk(conn)
		}}.whole()(ctx, ln, most)
	}},
	{"places for all calls together", "calls-disturb", func(ctx context.Context, ln net.Listener, most int) error {
		if most > 1 {
			return parts{}.whole()(ctx, ln, most)
		}
		return parts{serve: func(ctx context.Context, conn net.Conn) {
			defer conn.Close()
			globalPlaces <- true
			defer func() { <-globalPlaces }()
			defer context.AfterFunc(ctx, func() { gently(conn) })()
			talk(conn)
		}}.whole()(ctx, ln, most)
	}},
	{"a client's error ends Serve", "client-error", func(ctx context.Context, ln net.Listener, most int) error {
		ctx, cancel := context.WithCancelCause(ctx)
		err := parts{serve: func(ctx context.Context, conn net.Conn) {
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { gently(conn) })()
			if _, err := io.Copy(conn, conn); err != nil {
				cancel(err)
			}
		}}.whole()(ctx, ln, most)
		return err
	}},
	{"leaves its clients when Accept fails", "left-open", func(ctx context.Context, ln net.Listener, most int) error {
		return parts{wait: func(clients *sync.WaitGroup) {
			if ctx.Err() != nil {
				clients.Wait()
			}
		}, end: func(conn net.Conn) {
			<-ctx.Done()
			gently(conn)
		}}.whole()(ctx, ln, most)
	}},
	{"Accept again without a pause", "spins", func(ctx context.Context, ln net.Listener, most int) error {
		return parts{}.whole()(ctx, again{ctx, ln}, most)
	}},
	{"panics when Accept fails", "panicked", func(ctx context.Context, ln net.Listener, most int) error {
		return parts{result: func(ctx context.Context, err error) error {
			if ctx.Err() != nil {
				return nil
			}
			panic(err)
		}}.whole()(ctx, ln, most)
	}},

	{"one goroutine reads, and Write before the end is seen", "no-bound", func(ctx context.Context, ln net.Listener, most int) error {
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			select {
			case <-ctx.Done():
			case <-stop:
			}
			ln.Close()
		}()
		tokens := make(chan struct{}, most)
		for range most {
			tokens <- struct{}{}
		}
		var wg sync.WaitGroup
		for {
			c, err := ln.Accept()
			if err != nil {
				if ctx.Err() != nil {
					err = nil
				}
				wg.Wait()
				return err
			}
			wg.Add(1)
			go func() {
				defer wg.Done()
				defer c.Close()
				select {
				case <-ctx.Done():
					return
				case <-tokens:
				}
				defer func() { tokens <- struct{}{} }()
				type chunk struct {
					b   []byte
					err error
				}
				ch := make(chan chunk)
				quit := make(chan struct{})
				defer close(quit)
				go func() {
					for {
						b := make([]byte, 4096)
						n, err := c.Read(b)
						select {
						case ch <- chunk{b[:n], err}:
						case <-quit:
							return
						}
						if err != nil {
							return
						}
					}
				}()
				done := ctx.Done()
				for {
					select {
					case k := <-ch:
						if len(k.b) > 0 {
							if _, err := c.Write(k.b); err != nil {
								return
							}
						}
						if k.err != nil {
							return
						}
					case <-done:
						done = nil
						c.SetReadDeadline(time.Now())
						go func() {
							select {
							case <-quit:
							case <-time.After(grace):
								c.Close()
							}
						}()
					}
				}
			}()
		}
	}},
	{"released at once", "no-limit", func(ctx context.Context, ln net.Listener, most int) error {
		sem := make(chan bool, most)
		return parts{places: func(int) int { return 1000 }, serve: func(ctx context.Context, c net.Conn) {
			sem <- true
			<-sem
			defer c.Close()
			defer context.AfterFunc(ctx, func() { gently(c) })()
			talk(c)
		}}.whole()(ctx, ln, most)
	}},
	{"grace of 20 ms", "current-echo", ends(func(c net.Conn) {
		c.SetReadDeadline(time.Now())
		time.Sleep(20 * time.Millisecond)
		c.Close()
	})},
	{"write deadline of 20 ms", "current-echo", ends(func(c net.Conn) {
		c.SetReadDeadline(time.Now())
		c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	})},
	{"grace of 10 s", "no-bound", ends(func(c net.Conn) {
		c.SetReadDeadline(time.Now())
		c.SetWriteDeadline(time.Now().Add(10 * time.Second))
	})},
	{"Fprintf", "changed", talks(func(c net.Conn) {
		b := make([]byte, 1024)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			printf := fmt.Fprintf // vet would see it
			printf(c, string(b[:n]))
		}
	})},
	{"ScanRunes", "changed", talks(func(c net.Conn) {
		s := bufio.NewScanner(c)
		s.Split(bufio.ScanRunes)
		for s.Scan() {
			io.WriteString(c, s.Text())
		}
	})},
	{"ScanWords", "lines", talks(func(c net.Conn) {
		s := bufio.NewScanner(c)
		s.Split(bufio.ScanWords)
		for s.Scan() {
			io.WriteString(c, s.Text())
		}
	})},
	{"limited to 64 KiB a client", "dropped half-close", talks(func(c net.Conn) {
		io.Copy(c, io.LimitReader(c, 64<<10))
	})},
	{"workers that serve one client each", "place-kept", func(ctx context.Context, ln net.Listener, most int) error {
		defer context.AfterFunc(ctx, func() { ln.Close() })()
		var wg sync.WaitGroup
		for range most {
			wg.Go(func() {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				defer context.AfterFunc(ctx, func() { gently(c) })()
				talk(c)
			})
		}
		<-ctx.Done()
		wg.Wait()
		return nil
	}},
	{"a queue that is served to its end", "serves-on", func(ctx context.Context, ln net.Listener, most int) error {
		defer context.AfterFunc(ctx, func() { ln.Close() })()
		queue := make(chan net.Conn, 100)
		var wg sync.WaitGroup
		for range most {
			wg.Go(func() {
				for c := range queue {
					if ctx.Err() != nil { // no AfterFunc: it would end it at once
						talk(c)
						c.Close()
						continue
					}
					stop := context.AfterFunc(ctx, func() { gently(c) })
					talk(c)
					stop()
					c.Close()
				}
			})
		}
		var err error
		for {
			var c net.Conn
			if c, err = ln.Accept(); err != nil {
				break
			}
			queue <- c
		}
		close(queue)
		wg.Wait()
		if ctx.Err() != nil {
			return nil
		}
		return err
	}},
	{"double release", "not-back not-closed", func(ctx context.Context, ln net.Listener, most int) error {
		places := make(chan bool, most)
		return parts{places: func(int) int { return 1000 }, serve: func(ctx context.Context, c net.Conn) {
			defer c.Close()
			places <- true
			defer func() { <-places }()
			defer context.AfterFunc(ctx, func() { gently(c) })()
			if _, err := io.Copy(c, c); err != nil {
				<-places
			}
		}}.whole()(ctx, ln, most)
	}},
	{"looks at ctx and not at the client that Accept returned", "left-open", func(ctx context.Context, ln net.Listener, most int) error {
		return parts{}.whole()(ctx, forgetful{ln, ctx}, most)
	}},
	{"ends only the clients that wait", "idle-kept", func(ctx context.Context, ln net.Listener, most int) error {
		return accepting(ctx, ln, func(c net.Conn, places chan bool) bool {
			select {
			case places <- true:
				talk(c)
				<-places
				return false
			case <-ctx.Done():
				return false
			}
		}, most)
	}},
	{"Accept's error as text in nil's place", "end-is-error", func(ctx context.Context, ln net.Listener, most int) error {
		err := parts{}.whole()(ctx, ln, most)
		if err == nil {
			return fmt.Errorf("server stopped: %w", context.Cause(ctx))
		}
		return err
	}},
	{"cancels all clients for one error", "client-error", func(ctx context.Context, ln net.Listener, most int) error {
		var mu sync.Mutex
		all := map[net.Conn]bool{}
		return parts{talk: func(c net.Conn) {
			mu.Lock()
			all[c] = true
			mu.Unlock()
			if _, err := io.Copy(c, c); err != nil && strings.Contains(err.Error(), "reset") {
				mu.Lock()
				for other := range all {
					other.Close()
				}
				mu.Unlock()
			}
		}}.whole()(ctx, ln, most)
	}},
	{"idle or busy, closed while idle", "current-echo", func(ctx context.Context, ln net.Listener, most int) error {
		return parts{serve: func(ctx context.Context, c net.Conn) {
			defer c.Close()
			var busy atomic.Bool
			defer context.AfterFunc(ctx, func() {
				if !busy.Load() {
					c.Close()
				} else {
					c.SetWriteDeadline(time.Now().Add(grace))
				}
			})()
			b := make([]byte, 1024)
			for ctx.Err() == nil {
				n, err := c.Read(b)
				if err != nil {
					return
				}
				busy.Store(true)
				if _, err := c.Write(b[:n]); err != nil {
					return
				}
				busy.Store(false)
			}
		}}.whole()(ctx, ln, most)
	}},
	{"returns after half a second, and Write goes on", "no-bound", parts{
		wait: func(clients *sync.WaitGroup) {
			gone := make(chan bool)
			go func() { clients.Wait(); close(gone) }()
			select {
			case <-gone:
			case <-time.After(grace):
			}
		},
		end: func(c net.Conn) { c.SetReadDeadline(time.Now()) },
	}.whole()},
	{"grace of 250 ms", "current-echo", ends(func(c net.Conn) {
		c.SetReadDeadline(time.Now())
		c.SetWriteDeadline(time.Now().Add(250 * time.Millisecond))
	})},
	{"grace of 2 s", "no-bound", ends(func(c net.Conn) {
		c.SetReadDeadline(time.Now())
		c.SetWriteDeadline(time.Now().Add(2 * time.Second))
	})},
	{"half a second for each Write, at all times", "idle-dropped", talks(func(c net.Conn) {
		b := make([]byte, 4096)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			c.SetWriteDeadline(time.Now().Add(grace))
			if _, err := c.Write(b[:n]); err != nil {
				return
			}
		}
	})},
	{"what a deadline cut off is forgotten", "lost", talks(func(c net.Conn) {
		b := make([]byte, 4096)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
			if _, err := c.Write(b[:n]); err != nil && !isTimeout(err) {
				return
			}
		}
	})},
	{"a queue that drops what does not fit", "lost", talks(func(c net.Conn) {
		queue := make(chan []byte, 128)
		var writer sync.WaitGroup
		writer.Go(func() {
			for b := range queue {
				c.Write(b)
			}
		})
		for {
			b := make([]byte, 4096)
			n, err := c.Read(b)
			if err != nil {
				break
			}
			select {
			case queue <- b[:n]:
			default:
			}
		}
		close(queue)
		writer.Wait()
	})},
	{"looks at ctx between two Writes", "current-echo", parts{serve: func(ctx context.Context, c net.Conn) {
		defer c.Close()
		defer context.AfterFunc(ctx, func() { gently(c) })()
		b := make([]byte, 4096)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			for rest := b[:n]; len(rest) > 0; {
				n, err := c.Write(rest[:min(len(rest), 512)])
				if err != nil || ctx.Err() != nil {
					return
				}
				rest = rest[n:]
			}
		}
	}}.whole()},
	{"a place is given back twice after an error", "no-limit", func(ctx context.Context, ln net.Listener, most int) error {
		var mu sync.Mutex
		changed := sync.NewCond(&mu)
		free := most
		give := func() {
			mu.Lock()
			free++
			mu.Unlock()
			changed.Broadcast()
		}
		defer context.AfterFunc(ctx, give)()
		return parts{places: func(int) int { return 1000 }, serve: func(ctx context.Context, c net.Conn) {
			defer c.Close()
			mu.Lock()
			for free == 0 {
				changed.Wait()
			}
			free--
			mu.Unlock()
			defer give()
			defer context.AfterFunc(ctx, func() { gently(c) })()
			if _, err := io.Copy(c, c); err != nil {
				give()
			}
		}}.whole()(ctx, ln, most)
	}},
	{"the first Read fails and keeps the place", "place-kept", func(ctx context.Context, ln net.Listener, most int) error {
		places := make(chan bool, most)
		return parts{places: func(int) int { return 1000 }, serve: func(ctx context.Context, c net.Conn) {
			defer c.Close()
			select {
			case places <- true:
			case <-ctx.Done():
				return
			}
			defer context.AfterFunc(ctx, func() { gently(c) })()
			r := bufio.NewReader(c)
			if _, err := r.Peek(1); err != nil && err != io.EOF {
				return
			}
			defer func() { <-places }()
			io.Copy(c, r)
		}}.whole()(ctx, ln, most)
	}},
	{"an error of Accept takes a place for ever", "not-again", func(ctx context.Context, ln net.Listener, most int) error {
		return tryAgain(ctx, ln, most, false)
	}},
	{"nil only when ctx was cancelled", "end-is-error", parts{result: func(ctx context.Context, err error) error {
		if ctx.Err() == context.Canceled {
			return nil
		}
		return err
	}}.whole()},
	{"a WaitGroup for all calls together", "calls-disturb", parts{
		serve: func(ctx context.Context, c net.Conn) {
			globalWait.Add(1)
			defer globalWait.Done()
			defer c.Close()
			defer context.AfterFunc(ctx, func() { gently(c) })()
			talk(c)
		},
		wait: func(clients *sync.WaitGroup) { clients.Wait(); globalWait.Wait() },
	}.whole()},
	{"the end looks through the clients once", "serves-on", func(ctx context.Context, ln net.Listener, most int) error {
		var mu sync.Mutex
		all := map[net.Conn]bool{}
		defer context.AfterFunc(ctx, func() {
			ln.Close()
			mu.Lock()
			defer mu.Unlock()
			for c := range all {
				gently(c)
			}
		})()
		return parts{serve: func(_ context.Context, c net.Conn) {
			mu.Lock()
			all[c] = true
			mu.Unlock()
			talk(c)
			mu.Lock()
			delete(all, c)
			mu.Unlock()
			c.Close()
		}}.whole()(ctx, ln, most)
	}},
	{"Serve in the background until the listener is closed, by ctx, without nil", "end-is-error", func(ctx context.Context, ln net.Listener, most int) error {
		err := parts{}.whole()(ctx, ln, most)
		return errors.Join(err, ctx.Err())
	}},
}

// tryAgain pauses when Accept has failed, and goes on.
func tryAgain(ctx context.Context, ln net.Listener, most int, giveBack bool) error {
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	var clients sync.WaitGroup
	defer clients.Wait()
	places := make(chan bool, most)
	for {
		select {
		case places <- true:
		case <-ctx.Done():
			return nil
		}
		conn, err := ln.Accept()
		if ctx.Err() != nil {
			if err == nil {
				conn.Close()
			}
			return nil
		}
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			if giveBack {
				<-places
			}
			continue
		}
		clients.Go(func() {
			defer func() { <-places }()
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { gently(conn) })()
			inPiecesOf512(conn)
		})
	}
}

// inPiecesOf512 sends what one Read has returned in several Writes, later: a queue is
// between them.
func inPiecesOf512(conn net.Conn) {
	queue := make(chan []byte, 256)
	var writer sync.WaitGroup
	writer.Go(func() {
		for b := range queue {
			for piece := range slices.Chunk(b, 512) {
				conn.Write(piece)
			}
		}
	})
	for {
		b := make([]byte, 4096)
		n, err := conn.Read(b)
		if err != nil {
			break
		}
		queue <- b[:n]
	}
	close(queue)
	writer.Wait()
}

// again is a listener that tries again at once.
type again struct {
	ctx context.Context
	net.Listener
}

// A forgetful listener loses a client that comes when ctx has ended.
type forgetful struct {
	net.Listener
	ctx context.Context
}

func (f forgetful) Accept() (net.Conn, error) {
	conn, err := f.Listener.Accept()
	if f.ctx.Err() != nil {
		return nil, net.ErrClosed
	}
	return conn, err
}

func (a again) Accept() (net.Conn, error) {
	for {
		if conn, err := a.Listener.Accept(); err == nil || a.ctx.Err() != nil {
			return conn, err
		}
	}
}

func oneAtATime(ctx context.Context, ln net.Listener, most int) error {
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	for {
		conn, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		stop := context.AfterFunc(ctx, func() { gently(conn) })
		talk(conn)
		stop()
		conn.Close()
	}
}

// accepting accepts all, and asks each client's goroutine whether to serve it.
func accepting(ctx context.Context, ln net.Listener, place func(net.Conn, chan bool) bool, most int) error {
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	places := make(chan bool, most)
	var clients sync.WaitGroup
	for {
		conn, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil {
				err = nil
			}
			clients.Wait()
			return err
		}
		clients.Add(1)
		go func() {
			defer clients.Done()
			if !place(conn, places) {
				conn.Close()
				return
			}
			defer conn.Close()
			defer func() { <-places }()
			defer context.AfterFunc(ctx, func() { gently(conn) })()
			talk(conn)
		}()
	}
}

// polling looks at ctx now and then, and does not close ln.
func polling(ctx context.Context, ln net.Listener, most int, on bool) error {
	bounded := ln.(interface{ SetDeadline(time.Time) error })
	places := make(chan bool, most)
	var clients sync.WaitGroup
	for ctx.Err() == nil {
		bounded.SetDeadline(time.Now().Add(10 * time.Millisecond))
		conn, err := ln.Accept()
		if err != nil && !isTimeout(err) {
			clients.Wait()
			return err
		}
		if err != nil {
			continue
		}
		clients.Add(1)
		go func() {
			defer clients.Done()
			defer conn.Close()
			select {
			case places <- true:
			case <-ctx.Done():
				return
			}
			defer func() { <-places }()
			defer context.AfterFunc(ctx, func() { gently(conn) })()
			talk(conn)
		}()
	}
	if on {
		defer ln.Close()
		stop := make(chan bool)
		go func() { clients.Wait(); close(stop) }()
		for over := false; !over; {
			bounded.SetDeadline(time.Now().Add(10 * time.Millisecond))
			if conn, err := ln.Accept(); err == nil {
				go func() {
					defer conn.Close()
					conn.SetDeadline(time.Now().Add(grace))
					talk(conn)
				}()
			}
			select {
			case <-stop:
				over = true
			default:
			}
		}
	}
	clients.Wait()
	return nil
}
