package check

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/lessons/tcp-many-clients/exercise/solution"
	"example.com/sockets/shared/exam"
)

// rights are right answers in styles that have little in common.
var rights = []exam.Answer[server]{
	{"solution", "", solution.Serve},

	{"io.Copy, and a map of connections", "", func(ctx context.Context, ln net.Listener, most int) error {
		var mu sync.Mutex
		open := map[net.Conn]bool{}
		var wg sync.WaitGroup
		places := make(chan bool, most)
		go func() {
			<-ctx.Done()
			ln.Close()
			mu.Lock()
			for conn := range open {
				conn.SetReadDeadline(time.Unix(1, 0))
				conn.SetWriteDeadline(time.Now().Add(grace))
			}
			mu.Unlock()
		}()
		var failure error
		for {
			conn, err := ln.Accept()
			if err != nil {
				if ctx.Err() == nil {
					failure = err
				}
				break
			}
			wg.Add(1)
			go func() {
				defer wg.Done()
				defer conn.Close()
				select {
				case places <- true:
				case <-ctx.Done():
					return
				}
				defer func() { <-places }()
				mu.Lock()
				if ctx.Err() != nil {
					mu.Unlock()
					return
				}
				open[conn] = true
				mu.Unlock()
				io.Copy(conn, conn)
				mu.Lock()
				delete(open, conn)
				mu.Unlock()
			}()
		}
		wg.Wait()
		return failure
	}},

	{"as many workers as places", "", func(ctx context.Context, ln net.Listener, most int) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		var workers sync.WaitGroup
		for range most {
			workers.Add(1)
			go func() {
				defer workers.Done()
				for {
					conn, err := ln.Accept()
					if err != nil {
						cancel(err)
						return
					}
					func() {
						defer conn.Close()
						defer context.AfterFunc(ctx, func() {
							conn.SetReadDeadline(time.Now())
							time.AfterFunc(grace, func() { conn.Close() })
						})()
						buf := make([]byte, 100)
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
			}()
		}
		<-ctx.Done()
		ln.Close()
		workers.Wait()
		if err := context.Cause(ctx); !errors.Is(err, net.ErrClosed) && err != context.Canceled {
			return err
		}
		return nil
	}},

	{"looks at ctx every 50 ms", "", func(ctx context.Context, ln net.Listener, most int) error {
		defer ln.Close()
		var busy atomic.Int32
		var wg sync.WaitGroup
		defer wg.Wait()
		deadline, _ := ln.(interface{ SetDeadline(time.Time) error })
		if deadline == nil {
			go func() { <-ctx.Done(); ln.Close() }()
		}
		for ctx.Err() == nil {
			if int(busy.Load()) == most {
				time.Sleep(5 * time.Millisecond)
				continue
			}
			if deadline != nil {
				deadline.SetDeadline(time.Now().Add(50 * time.Millisecond))
			}
			conn, err := ln.Accept()
			if err != nil {
				if !errors.Is(err, net.ErrClosed) && ctx.Err() == nil {
					time.Sleep(10 * time.Millisecond)
				}
				continue
			}
			busy.Add(1)
			wg.Add(1)
			go func() {
				defer wg.Done()
				defer busy.Add(-1)
				defer conn.Close()
				buf := make([]byte, 1<<16)
				for ctx.Err() == nil {
					conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
					n, err := conn.Read(buf)
					for sent := 0; sent < n; {
						conn.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
						m, werr := conn.Write(buf[sent:n])
						sent += m
						if werr != nil && (!errors.Is(werr, context.DeadlineExceeded) && !isTimeout(werr) || ctx.Err() != nil) {
							return
						}
					}
					if err != nil && !isTimeout(err) {
						return
					}
				}
			}()
		}
		return nil
	}},

	{"a reader, a writer and a channel for each client", "", func(ctx context.Context, ln net.Listener, most int) error {
		stop := make(chan struct{})
		go func() {
			select {
			case <-ctx.Done():
			case <-stop:
			}
			ln.Close()
		}()
		sem := make(chan struct{}, most)
		var wg sync.WaitGroup
		var err error
		for {
			var conn net.Conn
			if conn, err = ln.Accept(); err != nil {
				break
			}
			select {
			case sem <- struct{}{}:
			case <-ctx.Done():
				conn.Close()
				continue
			}
			wg.Add(1)
			go func() {
				defer func() { conn.Close(); <-sem; wg.Done() }()
				pieces := make(chan []byte)
				go func() {
					defer close(pieces)
					for {
						piece := make([]byte, 2048)
						n, err := conn.Read(piece)
						if n > 0 {
							pieces <- piece[:n]
						}
						if err != nil {
							return
						}
					}
				}()
				over := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Now()) })
				defer over()
				dead := context.AfterFunc(ctx, func() { time.Sleep(grace); conn.Close() })
				defer dead()
				var failed error
				for piece := range pieces {
					if failed == nil {
						if _, failed = conn.Write(piece); failed != nil {
							conn.Close()
						}
					}
				}
			}()
		}
		close(stop)
		if ctx.Err() != nil {
			err = nil
		}
		wg.Wait()
		return err
	}},

	{"bufio, a condition variable, and a drain before the close", "", func(ctx context.Context, ln net.Listener, most int) (err error) {
		var mu sync.Mutex
		changed := sync.NewCond(&mu)
		serving, over := 0, false
		defer context.AfterFunc(ctx, func() {
			ln.Close()
			mu.Lock()
			over = true
			changed.Broadcast()
			mu.Unlock()
		})()
		for {
			mu.Lock()
			for serving == most && !over {
				changed.Wait()
			}
			if over {
				mu.Unlock()
				break
			}
			mu.Unlock()
			var conn net.Conn
			if conn, err = ln.Accept(); err != nil {
				break
			}
			mu.Lock()
			serving++
			mu.Unlock()
			go func() {
				defer func() {
					mu.Lock()
					serving--
					changed.Broadcast()
					mu.Unlock()
				}()
				defer conn.Close()
				stop := context.AfterFunc(ctx, func() {
					conn.SetReadDeadline(time.Now())
					conn.SetWriteDeadline(time.Now().Add(grace))
				})
				defer stop()
				r, w := bufio.NewReader(conn), bufio.NewWriter(conn)
				for {
					b, err := r.ReadByte()
					if err != nil {
						break
					}
					w.WriteByte(b)
					if r.Buffered() == 0 {
						if w.Flush() != nil {
							return
						}
					}
				}
				w.Flush()
				if half, ok := conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
					conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
					io.Copy(io.Discard, conn)
				}
			}()
		}
		mu.Lock()
		for serving > 0 {
			changed.Wait()
		}
		mu.Unlock()
		if ctx.Err() != nil {
			return nil
		}
		return err
	}},

	{"an error of Accept ends clients, and the caller closes ln too", "", func(ctx context.Context, ln net.Listener, most int) error {
		inner, cancel := context.WithCancel(ctx)
		defer cancel()
		var g sync.WaitGroup
		accepted := make(chan net.Conn)
		broken := make(chan error, 1)
		g.Add(1)
		go func() {
			defer g.Done()
			for {
				conn, err := ln.Accept()
				if err != nil {
					broken <- err
					return
				}
				select {
				case accepted <- conn:
				case <-inner.Done():
					conn.Close()
				}
			}
		}()
		done := make(chan struct{})
		clients := 0
		var err error
		for {
			in := accepted
			if clients == most || inner.Err() != nil {
				in = nil
			}
			select {
			case conn := <-in:
				clients++
				go func() {
					defer func() { done <- struct{}{} }()
					defer conn.Close()
					defer context.AfterFunc(inner, func() {
						conn.SetReadDeadline(time.Now())
						conn.SetWriteDeadline(time.Now().Add(2 * grace))
					})()
					io.CopyBuffer(struct{ io.Writer }{conn}, struct{ io.Reader }{conn}, make([]byte, 700))
				}()
				continue
			case <-done:
				clients--
				continue
			case err = <-broken:
			case <-ctx.Done():
			}
			break
		}
		cancel()
		ln.Close()
		for ; clients > 0; clients-- {
			<-done
		}
		g.Wait()
		if ctx.Err() != nil {
			return nil
		}
		return err
	}},
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
