//go:build catalogue

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

	{"as many workers as places", "", func(outer context.Context, ln net.Listener, most int) error {
		ctx, cancel := context.WithCancelCause(outer)
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
		if outer.Err() != nil {
			return nil
		}
		return context.Cause(ctx)
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
				if !isTimeout(err) {
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
					for sent, late := 0, 0; sent < n; {
						conn.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
						m, werr := conn.Write(buf[sent:n])
						sent += m
						if ctx.Err() != nil {
							late++
						}
						if werr != nil && !isTimeout(werr) || late > 10 {
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

	{"limit listener", "", func(ctx context.Context, ln net.Listener, most int) error {
		l := &limitListener{Listener: ln, sem: make(chan struct{}, most), done: make(chan struct{})}
		defer context.AfterFunc(ctx, func() { l.Close() })()
		var wg sync.WaitGroup
		defer wg.Wait()
		for {
			c, err := l.Accept()
			if err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return err
			}
			wg.Go(func() {
				defer c.Close()
				defer context.AfterFunc(ctx, func() {
					c.SetReadDeadline(time.Now())
					c.SetWriteDeadline(time.Now().Add(grace))
				})()
				io.Copy(c, c)
			})
		}
	}},
	{"struct with a registry, grace by a timer", "", func(ctx context.Context, ln net.Listener, most int) error {
		s := &oldServer{conns: map[net.Conn]struct{}{}, sem: make(chan struct{}, most)}
		errc := make(chan error, 1)
		go func() {
			backoff := time.Millisecond
			for {
				c, err := ln.Accept()
				if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
					if c != nil {
						c.Close()
					}
					errc <- err
					return
				}
				if err != nil {
					time.Sleep(backoff)
					backoff = min(2*backoff, time.Second)
					continue
				}
				backoff = time.Millisecond
				if !s.add(c) {
					c.Close()
					continue
				}
				go func() {
					defer s.wg.Done()
					defer func() { s.mu.Lock(); delete(s.conns, c); s.mu.Unlock(); c.Close() }()
					select {
					case s.sem <- struct{}{}:
					case <-ctx.Done():
						return
					}
					defer func() { <-s.sem }()
					b := make([]byte, 32<<10)
					for {
						n, rerr := c.Read(b)
						if n > 0 {
							if _, werr := c.Write(b[:n]); werr != nil {
								return
							}
						}
						if rerr != nil {
							return
						}
					}
				}()
			}
		}()
		var err error
		select {
		case <-ctx.Done():
			ln.Close()
			<-errc
		case err = <-errc:
		}
		s.each(func(c net.Conn) { c.SetReadDeadline(time.Unix(0, 1)) })
		gone := make(chan struct{})
		go func() { s.wg.Wait(); close(gone) }()
		select {
		case <-gone:
		case <-time.After(grace):
			s.each(func(c net.Conn) { c.Close() })
			<-gone
		}
		if ctx.Err() != nil {
			return nil
		}
		return err
	}},
	{"ScanBytes", "", parts{talk: func(c net.Conn) {
		w := bufio.NewWriter(c)
		s := bufio.NewScanner(c)
		s.Split(bufio.ScanBytes)
		for s.Scan() {
			if _, err := w.Write(s.Bytes()); err != nil {
				return
			}
			if w.Flush() != nil {
				return
			}
		}
	}}.whole()},
	{"half-close with CloseWrite, a pooled buffer", "", func() server {
		pool := sync.Pool{New: func() any { return new([16 << 10]byte) }}
		return parts{talk: func(c net.Conn) {
			room := pool.Get().(*[16 << 10]byte)
			defer pool.Put(room)
			b := room[:]
			for {
				n, err := c.Read(b)
				if n > 0 {
					if _, err := c.Write(b[:n]); err != nil {
						return
					}
				}
				if err == io.EOF {
					if half, ok := c.(interface{ CloseWrite() error }); ok {
						half.CloseWrite()
					}
					return
				}
				if err != nil {
					return
				}
			}
		}}.whole()
	}()},
	{"tries Accept again, a queue that waits, several Writes", "", func(ctx context.Context, ln net.Listener, most int) error {
		return tryAgain(ctx, ln, most, true)
	}},
	{"accept with a busy counter and a token bucket, closes ln last", "", func(ctx context.Context, ln net.Listener, most int) error {
		type none = struct{}
		free := make(chan none, most)
		for i := 0; i < most; i++ {
			free <- none{}
		}
		var n atomic.Int64
		idle := make(chan none, 1)
		over := context.AfterFunc(ctx, func() { ln.Close() })
		defer func() {
			over() // where it has not yet begun, it closes nothing
			ln.Close()
		}()
		var result error
	loop:
		for {
			select {
			case <-ctx.Done():
				break loop
			case <-free:
			}
			c, err := ln.Accept()
			if err != nil {
				free <- none{}
				if ctx.Err() != nil {
					break
				}
				result = err
				break
			}
			n.Add(1)
			go func() {
				defer func() {
					c.Close()
					free <- none{}
					n.Add(-1)
					select {
					case idle <- none{}:
					default:
					}
				}()
				defer context.AfterFunc(ctx, func() { gently(c) })()
				talk(c)
			}()
		}
		for n.Load() > 0 {
			<-idle
		}
		return result
	}},
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// limitListener is as in golang.org/x/net/netutil.
type limitListener struct {
	net.Listener
	sem  chan struct{}
	done chan struct{}
	once sync.Once
}

func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	case l.sem <- struct{}{}:
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.sem
		return nil, err
	}
	return &limitConn{Conn: c, release: func() { <-l.sem }}, nil
}

func (l *limitListener) Close() error {
	err := l.Listener.Close()
	l.once.Do(func() { close(l.done) })
	return err
}

type limitConn struct {
	net.Conn
	once    sync.Once
	release func()
}

func (c *limitConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.release)
	return err
}

type oldServer struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
	down  bool
	wg    sync.WaitGroup
	sem   chan struct{}
}

func (s *oldServer) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return false
	}
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	return true
}

func (s *oldServer) each(f func(net.Conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = true
	for c := range s.conns {
		f(c)
	}
}
