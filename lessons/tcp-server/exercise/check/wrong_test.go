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
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"example.com/sockets/shared/exam"
)

// stop ends wrong answers that would go on for ever. Only the tests set it.
var stop atomic.Bool

// Wrong answers, each with the idea that it holds.
var wrongs = []exam.Answer[serveFunc]{
	{"one client, as in the lesson", "one-client", lessonServer},
	{"returns after a client", "one-client", func(ln net.Listener, patience time.Duration) error {
		conn, err := ln.Accept()
		if err != nil {
			return endOf(err)
		}
		oneClientOf(conn, patience)
		return nil
	}},
	{"closes the listener after a client", "one-client", func(ln net.Listener, patience time.Duration) error {
		return acceptEach(ln, func(conn net.Conn) { oneClientOf(conn, patience); ln.Close() })
	}},
	{"five clients", "one-client", soManyClients(5)},
	{"a hundred clients", "one-client", soManyClients(100)},
	{"never accepts", "one-client", func(ln net.Listener, patience time.Duration) error {
		for !stop.Load() {
			time.Sleep(20 * time.Millisecond)
		}
		return nil
	}},
	{"returns at once", "early-return", func(ln net.Listener, patience time.Duration) error {
		go acceptEach(ln, func(conn net.Conn) { oneClientOf(conn, patience) })
		return nil
	}},
	{"half done", "closed-is-error", halfDone},
	{"returns the error of a client", "client-ends", returnsClientError(false)},
	{"returns nil at the error of a client", "client-ends", returnsClientError(true)},
	{"returns the errors of clients at the end", "client-ends", collectsErrors},
	{"sends errors of clients to Serve", "client-ends", errorChannel},
	{"returns the error of a client and defers Close in the loop", "client-ends not-closed", func(ln net.Listener, patience time.Duration) error {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return endOf(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			if _, err := conn.Read(make([]byte, 1024)); err != nil {
				return err
			}
			if _, err := conn.Write([]byte(greeting)); err != nil {
				return err
			}
		}
	}},
	{"has workers that end with a bad client", "client-ends", workersEnd},
	{"has places that bad clients keep", "client-ends", keepsPlaces},
	{"shares one variable", "mixed-up", sharesConn},
	{"waits for the clients of all servers", "shared", sharesWait},
	{"closes the clients of all servers", "shared", sharesClients},
	{"keeps patience in the package", "shared", sharesPatience},
	{"serves one client of all servers", "shared", func(ln net.Listener, patience time.Duration) error {
		return acceptEach(ln, func(conn net.Conn) {
			common.turn.Lock()
			defer common.turn.Unlock()
			oneClientOf(conn, patience)
		})
	}},
	{"starts once", "shared", func(ln net.Listener, patience time.Duration) (err error) {
		common.start.Do(func() { err = oneAtATime(ln, patience) })
		return err
	}},
	{"ends for all calls", "shared", sharesEnd},
	{"cancels for all calls", "shared", sharesContext},
	{"counts the clients of all servers", "shared", sharesCount},
	{"returns net.ErrClosed", "closed-is-error", func(ln net.Listener, patience time.Duration) error {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return err
			}
			go oneClientOf(conn, patience)
		}
	}},
	{"wraps net.ErrClosed", "closed-is-error", func(ln net.Listener, patience time.Duration) error {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return fmt.Errorf("accept: %v", err)
			}
			oneClientOf(conn, patience)
		}
	}},
	{"compares with net.ErrClosed", "closed-is-error", endsWhere(func(err error) bool { return err == net.ErrClosed })},
	{"compares inside a *net.OpError", "closed-is-error", endsWhere(func(err error) bool {
		op, ok := err.(*net.OpError)
		return ok && op.Err == net.ErrClosed
	})},
	{"ignores errors of Accept", "accept-again", func(ln net.Listener, patience time.Duration) error {
		for {
			conn, err := ln.Accept()
			if err != nil {
				continue
			}
			go oneClientOf(conn, patience)
		}
	}},
	{"goes on after every other error", "accept-again", func(ln net.Listener, patience time.Duration) error {
		for {
			conn, err := ln.Accept()
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			if err != nil {
				continue
			}
			go oneClientOf(conn, patience)
		}
	}},
	{"goes on after errors that may pass", "accept-again", func(ln net.Listener, patience time.Duration) error {
		for {
			conn, err := ln.Accept()
			if passing, ok := err.(interface{ Temporary() bool }); ok && passing.Temporary() {
				continue
			}
			if err != nil {
				return endOf(err)
			}
			go oneClientOf(conn, patience)
		}
	}},
	{"waits for more than its loop", "never-ends", func(ln net.Listener, patience time.Duration) error {
		go acceptEach(ln, func(conn net.Conn) { oneClientOf(conn, patience) })
		select {}
	}},
	{"rests and tries again for ever", "never-ends", func(ln net.Listener, patience time.Duration) error {
		for !stop.Load() {
			conn, err := ln.Accept()
			if err != nil {
				time.Sleep(20 * time.Millisecond)
				continue
			}
			go oneClientOf(conn, patience)
		}
		return nil
	}},
	{"forgets Done", "never-ends", forgetsDone},
	{"nil for every error of Accept", "accept-error", func(ln net.Listener, patience time.Duration) error {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return nil
			}
			go oneClientOf(conn, patience)
		}
	}},
	{"uses the nil connection", "panicked", func(ln net.Listener, patience time.Duration) error {
		for {
			conn, err := ln.Accept()
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			oneClientOf(conn, patience)
		}
	}},
	{"panics when the client has gone", "panicked", inTurn(func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		buf := make([]byte, 1024)
		n, err := conn.Read(buf)
		if err != nil && n == 0 {
			n = -1
		}
		_ = buf[:n]
		conn.Write([]byte(greeting))
	})},
	{"needs a *net.TCPListener", "panicked", func(ln net.Listener, patience time.Duration) error {
		return concrete(ln.(*net.TCPListener), patience)
	}},

	{"never closes", "not-closed", each(func(conn net.Conn, patience time.Duration) { answerOnly(conn, patience) })},
	{"defers Close in the loop", "not-closed", defersInLoop},
	{"only half-closes", "not-closed", each(func(conn net.Conn, patience time.Duration) {
		if answerOnly(conn, patience) {
			conn.(*net.TCPConn).CloseWrite()
			return
		}
		conn.Close()
	})},
	{"closes only after an answer", "end-ignored", inTurn(func(conn net.Conn, patience time.Duration) {
		if answerOnly(conn, patience) {
			conn.Close()
		}
	})},
	{"closes only after an answer, many at once", "end-ignored", each(func(conn net.Conn, patience time.Duration) {
		if answerOnly(conn, patience) {
			conn.Close()
		}
	})},
	{"closes when patience is over", "not-closed", each(func(conn net.Conn, patience time.Duration) {
		time.AfterFunc(patience, func() { conn.Close() })
		answerOnly(conn, patience)
	})},
	{"waits for the client to close", "awaits-client", each(func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		if answerOnly(conn, patience) {
			conn.(*net.TCPConn).CloseWrite()
			conn.SetDeadline(time.Time{})
			io.Copy(io.Discard, conn)
		}
	})},
	{"serves a client until it closes", "awaits-client", each(func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		for answerOnly(conn, patience) {
		}
	})},
	{"waits for each client to close", "awaits-client", inTurn(func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		if answerOnly(conn, patience) {
			conn.(*net.TCPConn).CloseWrite()
			conn.SetDeadline(time.Time{})
			io.Copy(io.Discard, conn)
		}
	})},
	{"closes before it sends", "no-answer", inTurn(func(conn net.Conn, patience time.Duration) {
		conn.SetDeadline(time.Now().Add(patience))
		conn.Read(make([]byte, 1024))
		conn.Close()
		conn.Write([]byte(greeting))
	})},
	{"closes while a goroutine serves", "closes-early", func(ln net.Listener, patience time.Duration) error {
		return acceptEach(ln, func(conn net.Conn) {
			go oneClientOf(conn, patience)
			conn.Close()
		})
	}},
	{"closes after go, on two ways", "closes-early", func(ln net.Listener, patience time.Duration) error {
		return acceptEach(ln, func(conn net.Conn) {
			go func() {
				if !answerOnly(conn, patience) {
					conn.Close()
				}
			}()
			conn.Close()
		})
	}},
	{"closes before it receives", "closes-early", inTurn(func(conn net.Conn, patience time.Duration) {
		conn.Close()
		oneClientOf(conn, patience)
	})},
	{"too short by a unit, one at a time", "other-patience", inTurn(func(conn net.Conn, patience time.Duration) {
		oneClientOf(conn, time.Duration(patience.Seconds()))
	})},
	{"ten milliseconds", "other-patience", each(func(conn net.Conn, _ time.Duration) { oneClientOf(conn, 10*time.Millisecond) })},
	{"forgets Flush", "no-answer", inTurn(func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		if _, err := conn.Read(make([]byte, 1024)); err == nil {
			bufio.NewWriter(conn).WriteString(greeting)
		}
	})},
	{"knows one message only", "choosy", inTurn(answersTo(func(text []byte) bool { return string(text) == message }))},
	{"knows the messages with a greeting", "choosy", each(answersTo(func(text []byte) bool { return bytes.HasPrefix(text, []byte("Hello")) }))},
	{"takes one byte for nothing", "choosy", inTurn(answersTo(func(text []byte) bool { return len(text) > 1 }))},
	{"takes a space for nothing", "choosy", each(answersTo(func(message []byte) bool { return len(bytes.TrimSpace(message)) > 0 }))},
	{"takes a byte 0 for nothing", "choosy", each(answersTo(func(message []byte) bool { return len(bytes.TrimRight(message, "\x00")) > 0 }))},
	{"answers to texts only", "choosy", each(answersTo(utf8.Valid))},
	{"takes a full buffer for too much", "choosy", each(answersTo(func(message []byte) bool { return len(message) < 1024 }))},
	{"turns clients away when it is busy", "turned-away", turnsAway},
	{"has places for two", "turned-away", hasPlaces(2)},
	{"has places for ten", "turned-away", hasPlaces(10)},
	{"has workers that are overloaded", "turned-away", overloaded},
	{"sends a newline", "other-text", each(says(greeting + "\n"))},
	{"sends it twice", "other-text", each(says(greeting + greeting))},
	{"forgets the apostrophe", "other-text", each(says("Hello, im server!"))},
	{"sends its whole buffer", "other-text", each(says(greeting + strings.Repeat("\x00", 1024-len(greeting))))},
	{"sends without an end", "other-text", each(func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		for answerOnly(conn, patience) {
			for _, err := conn.Write([]byte(greeting)); err == nil; _, err = conn.Write([]byte(greeting)) {
			}
		}
	})},
	{"sends the message back", "other-text", each(func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		buf := make([]byte, 1024)
		if n, err := conn.Read(buf); err == nil {
			conn.Write(buf[:n])
		}
	})},
	{"has room for 10 bytes", "unread", each(receives(func(conn net.Conn) error {
		_, err := conn.Read(make([]byte, 10))
		return err
	}))},
	{"has room for 1023 bytes", "unread", each(receives(func(conn net.Conn) error {
		_, err := conn.Read(make([]byte, 1023))
		return err
	}))},
	{"lingers for no time", "unread", each(func(conn net.Conn, patience time.Duration) {
		conn.(*net.TCPConn).SetLinger(0)
		oneClientOf(conn, patience)
	})},
	{"sends first", "answers-first", each(func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		conn.Write([]byte(greeting))
		conn.Read(make([]byte, 1024))
	})},
	{"never receives", "answers-first", inTurn(func(conn net.Conn, _ time.Duration) {
		conn.Write([]byte(greeting))
		conn.Close()
	})},
	{"has room for nothing", "answers-first", each(func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		buf := make([]byte, 0, 1024)
		if _, err := conn.Read(buf); err == nil {
			conn.Write([]byte(greeting))
		}
	})},
	{"ignores the error of Read", "answers-silence", each(func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(patience))
		conn.Read(make([]byte, 1024))
		conn.Write([]byte(greeting))
	})},
	{"gives up at the end of the stream", "half-close", each(givesUpAtEnd)},
	{"reads on after the end", "end-ignored", each(readsOn)},
	{"reads on after the end, one at a time", "end-ignored", inTurn(readsOn)},

	{"reads a line", "until-newline", each(receives(func(conn net.Conn) error {
		_, err := bufio.NewReader(conn).ReadString('\n')
		return err
	}))},
	{"scans a line", "until-newline", inTurn(receives(func(conn net.Conn) error {
		if !bufio.NewScanner(conn).Scan() {
			return io.EOF
		}
		return nil
	}))},
	{"reads to an exclamation mark", "until-newline", each(receives(func(conn net.Conn) error {
		_, err := bufio.NewReader(conn).ReadString('!')
		return err
	}))},
	{"waits for 2 bytes", "until-full", each(receives(func(conn net.Conn) error {
		_, err := io.ReadAtLeast(conn, make([]byte, 1024), 2)
		return err
	}))},
	{"fills the buffer", "until-full", each(receives(func(conn net.Conn) error {
		_, err := io.ReadFull(conn, make([]byte, 1024))
		return err
	}))},
	{"fills the buffer and ignores the error", "until-full", inTurn(receives(func(conn net.Conn) error {
		io.ReadFull(conn, make([]byte, 1024))
		return nil
	}))},
	{"waits for 18 bytes", "until-full", each(receives(func(conn net.Conn) error {
		_, err := io.ReadFull(conn, make([]byte, len(message)))
		return err
	}))},
	{"reads to the end", "until-end", each(receives(func(conn net.Conn) error {
		_, err := io.ReadAll(conn)
		return err
	}))},
	{"reads to the end, one at a time", "until-end", inTurn(receives(func(conn net.Conn) error {
		_, err := io.Copy(io.Discard, conn)
		return err
	}))},
	{"reads to the end and ignores the error", "until-end", inTurn(receives(func(conn net.Conn) error {
		new(bytes.Buffer).ReadFrom(conn)
		return nil
	}))},
	{"reads until a short read", "until-short", each(receives(func(conn net.Conn) error {
		buf := make([]byte, 1024)
		for {
			if n, err := conn.Read(buf); err != nil || n < len(buf) {
				return err
			}
		}
	}))},

	{"no deadline", "no-deadline", each(func(conn net.Conn, _ time.Duration) { oneClientOf(conn, time.Hour) })},
	{"no deadline, one at a time", "no-deadline", inTurn(func(conn net.Conn, _ time.Duration) { oneClientOf(conn, time.Hour) })},
	{"five seconds", "no-deadline", inTurn(func(conn net.Conn, _ time.Duration) { oneClientOf(conn, 5*time.Second) })},
	{"a deadline for Write only", "no-deadline", each(func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		conn.SetWriteDeadline(time.Now().Add(patience))
		if _, err := conn.Read(make([]byte, 1024)); err == nil {
			conn.Write([]byte(greeting))
		}
	})},
	{"sets the deadline again", "no-deadline", each(setsAgain)},
	{"sleeps before it reads", "sleeps", each(func(conn net.Conn, patience time.Duration) {
		time.Sleep(patience)
		oneClientOf(conn, patience)
	})},
	{"sleeps after each client", "sleeps", inTurn(func(conn net.Conn, patience time.Duration) {
		oneClientOf(conn, patience)
		time.Sleep(patience)
	})},
	{"half a second", "other-patience", each(func(conn net.Conn, _ time.Duration) { oneClientOf(conn, 500*time.Millisecond) })},
	{"twice as patient", "other-patience", each(func(conn net.Conn, patience time.Duration) { oneClientOf(conn, 2*patience) })},
	{"a quarter of patience", "other-patience", inTurn(func(conn net.Conn, patience time.Duration) { oneClientOf(conn, patience/4) })},
	{"patience in whole seconds", "other-patience", each(func(conn net.Conn, patience time.Duration) { oneClientOf(conn, patience.Truncate(time.Second)) })},
	{"patience times a second", "other-patience", each(func(conn net.Conn, patience time.Duration) { oneClientOf(conn, patience*time.Second) })},
	{"too short by a unit", "other-patience", each(func(conn net.Conn, patience time.Duration) {
		oneClientOf(conn, max(patience/time.Millisecond, 1))
	})},
	{"too long by a unit", "other-patience", each(func(conn net.Conn, patience time.Duration) {
		oneClientOf(conn, patience*1000)
	})},
	{"one deadline for all clients", "shared-patience", func(ln net.Listener, patience time.Duration) error {
		end := time.Now().Add(patience)
		return acceptEach(ln, func(conn net.Conn) { go oneClientOf(conn, time.Until(end)) })
	}},
	{"one deadline for all clients, in turn", "shared-patience", func(ln net.Listener, patience time.Duration) error {
		end := time.Now().Add(patience)
		return acceptEach(ln, func(conn net.Conn) { oneClientOf(conn, time.Until(end)) })
	}},
	{"one timer for all clients", "shared-patience", func(ln net.Listener, patience time.Duration) error {
		timer := time.NewTimer(patience)
		return acceptEach(ln, func(conn net.Conn) {
			served := make(chan bool)
			go func() {
				defer close(served)
				oneClientOf(conn, time.Hour)
			}()
			go func() {
				select {
				case <-timer.C:
					conn.Close()
				case <-served:
				}
			}()
		})
	}},
	{"a deadline for the first client", "shared-patience", func(ln net.Listener, patience time.Duration) error {
		return acceptEach(ln, func(conn net.Conn) {
			go oneClientOf(conn, patience)
			patience = time.Hour
		})
	}},
	{"one deadline until it has passed", "shared-patience", deadlineOfSeveral},
	{"one ticker for all clients", "shared-patience", tickerForAll},
	{"one timer for all clients, set again by each", "shared-patience", timerSetAgain},
	{"a deadline on the listener", "accept-deadline", listenerDeadline(false)},
	{"a deadline on the listener, nil at the end", "accept-deadline", listenerDeadline(true)},
	{"patience for the whole server", "accept-deadline", func(ln net.Listener, patience time.Duration) error {
		timer := time.AfterFunc(patience, func() { ln.Close() })
		defer timer.Stop()
		return acceptEach(ln, func(conn net.Conn) { go oneClientOf(conn, patience) })
	}},
}

// each and inTurn make answers whose only mistake is in what they do for a client.
func each(serve func(conn net.Conn, patience time.Duration)) serveFunc {
	return func(ln net.Listener, patience time.Duration) error {
		return acceptEach(ln, func(conn net.Conn) { go serve(conn, patience) })
	}
}

func inTurn(serve func(conn net.Conn, patience time.Duration)) serveFunc {
	return func(ln net.Listener, patience time.Duration) error {
		return acceptEach(ln, func(conn net.Conn) { serve(conn, patience) })
	}
}

func concrete(ln *net.TCPListener, patience time.Duration) error {
	return oneAtATime(ln, patience)
}

// answerOnly answers and does not close.
func answerOnly(conn net.Conn, patience time.Duration) bool {
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Read(make([]byte, 1024)); err != nil {
		return false
	}
	_, err := conn.Write([]byte(greeting))
	return err == nil
}

func says(text string) func(conn net.Conn, patience time.Duration) {
	return func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		if _, err := conn.Read(make([]byte, 1024)); err == nil {
			conn.Write([]byte(text))
		}
	}
}

// answersTo makes an answer that takes only some messages for messages.
func answersTo(knows func(message []byte) bool) func(conn net.Conn, patience time.Duration) {
	return func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		buf := make([]byte, 1024)
		if n, err := conn.Read(buf); err == nil && knows(buf[:n]) {
			conn.Write([]byte(greeting))
		}
	}
}

func receives(recv func(conn net.Conn) error) func(conn net.Conn, patience time.Duration) {
	return func(conn net.Conn, patience time.Duration) {
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(patience))
		if recv(conn) == nil {
			conn.Write([]byte(greeting))
		}
	}
}

func endOf(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// endsWhere makes an answer that takes these errors for the normal end.
func endsWhere(isEnd func(err error) bool) serveFunc {
	return func(ln net.Listener, patience time.Duration) error {
		for {
			conn, err := ln.Accept()
			if err != nil && isEnd(err) {
				return nil
			}
			if err != nil {
				return err
			}
			go oneClientOf(conn, patience)
		}
	}
}

// lessonServer does what the lesson's program does.
func lessonServer(ln net.Listener, patience time.Duration) error {
	defer ln.Close()
	conn, err := ln.Accept()
	if err != nil {
		return endOf(err)
	}
	defer conn.Close()
	buf := make([]byte, 1024)
	conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := conn.Read(buf); err != nil {
		return err
	}
	_, err = conn.Write([]byte(greeting))
	return err
}

// halfDone has one way out that is still the stub's.
func halfDone(ln net.Listener, patience time.Duration) error {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return exam.ErrToDo
		}
		go oneClientOf(conn, patience)
	}
}

func returnsClientError(asNil bool) serveFunc {
	return func(ln net.Listener, patience time.Duration) error {
		buf := make([]byte, 1024)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return endOf(err)
			}
			conn.SetDeadline(time.Now().Add(patience))
			_, err = conn.Read(buf)
			if err == nil {
				_, err = conn.Write([]byte(greeting))
			}
			conn.Close()
			if err != nil && asNil {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
}

func collectsErrors(ln net.Listener, patience time.Duration) (all error) {
	err := acceptEach(ln, func(conn net.Conn) {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		if _, err := conn.Read(make([]byte, 1024)); err != nil {
			all = errors.Join(all, err)
			return
		}
		conn.Write([]byte(greeting))
	})
	return errors.Join(err, all)
}

func errorChannel(ln net.Listener, patience time.Duration) error {
	errs := make(chan error, 100)
	go func() {
		errs <- acceptEach(ln, func(conn net.Conn) {
			go func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(patience))
				if _, err := conn.Read(make([]byte, 1024)); err != nil {
					errs <- err
					return
				}
				conn.Write([]byte(greeting))
			}()
		})
	}()
	return <-errs
}

func soManyClients(n int) serveFunc {
	return func(ln net.Listener, patience time.Duration) error {
		for range n {
			conn, err := ln.Accept()
			if err != nil {
				return endOf(err)
			}
			oneClientOf(conn, patience)
		}
		return nil
	}
}

func workersEnd(ln net.Listener, patience time.Duration) error {
	conns := make(chan net.Conn)
	defer close(conns)
	for range 3 {
		go func() {
			for conn := range conns {
				ok := answerOnly(conn, patience)
				conn.Close()
				if !ok {
					return
				}
			}
		}()
	}
	return acceptEach(ln, func(conn net.Conn) { conns <- conn })
}

func keepsPlaces(ln net.Listener, patience time.Duration) error {
	places := make(chan bool, 10)
	return acceptEach(ln, func(conn net.Conn) {
		places <- true
		go func() {
			defer conn.Close()
			if answerOnly(conn, patience) {
				<-places
			}
		}()
	})
}

func turnsAway(ln net.Listener, patience time.Duration) error {
	var busy atomic.Bool
	return acceptEach(ln, func(conn net.Conn) {
		if busy.Swap(true) {
			conn.Close()
			return
		}
		go func() {
			defer busy.Store(false)
			oneClientOf(conn, patience)
		}()
	})
}

func hasPlaces(n int) serveFunc {
	return func(ln net.Listener, patience time.Duration) error {
		places := make(chan bool, n)
		return acceptEach(ln, func(conn net.Conn) {
			select {
			case places <- true:
				go func() {
					defer func() { <-places }()
					oneClientOf(conn, patience)
				}()
			default:
				conn.Close()
			}
		})
	}
}

// overloaded has workers, and room for a few clients that wait for one.
func overloaded(ln net.Listener, patience time.Duration) error {
	conns := make(chan net.Conn, 3)
	defer close(conns)
	for range 3 {
		go func() {
			for conn := range conns {
				oneClientOf(conn, patience)
			}
		}()
	}
	return acceptEach(ln, func(conn net.Conn) {
		select {
		case conns <- conn:
		default:
			conn.Close()
		}
	})
}

// common is what servers have in common that should have it each for itself.
var common struct {
	clients  sync.WaitGroup
	turn     sync.Mutex
	start    sync.Once
	patience atomic.Int64
	conns    sync.Map
	ending   sync.Once
	count    atomic.Int64
}

var (
	commonEnd               = make(chan bool)
	commonCtx, cancelCommon = context.WithCancel(context.Background())
)

func sharesWait(ln net.Listener, patience time.Duration) error {
	defer common.clients.Wait()
	return acceptEach(ln, func(conn net.Conn) {
		common.clients.Go(func() { oneClientOf(conn, patience) })
	})
}

func sharesClients(ln net.Listener, patience time.Duration) error {
	defer common.conns.Range(func(conn, _ any) bool { return conn.(net.Conn).Close() != net.ErrClosed })
	return acceptEach(ln, func(conn net.Conn) {
		common.conns.Store(conn, true)
		go func() {
			defer common.conns.Delete(conn)
			oneClientOf(conn, patience)
		}()
	})
}

func sharesPatience(ln net.Listener, patience time.Duration) error {
	common.patience.Store(int64(patience))
	return acceptEach(ln, func(conn net.Conn) {
		go oneClientOf(conn, time.Duration(common.patience.Load()))
	})
}

// sharesEnd has a channel that the end of the first call closes for ever.
func sharesEnd(ln net.Listener, patience time.Duration) error {
	defer common.ending.Do(func() { close(commonEnd) })
	return acceptEach(ln, func(conn net.Conn) {
		go func() {
			select {
			case <-commonEnd:
				conn.Close()
			default:
				oneClientOf(conn, patience)
			}
		}()
	})
}

func sharesContext(ln net.Listener, patience time.Duration) error {
	defer cancelCommon()
	return acceptEach(ln, func(conn net.Conn) {
		go func() {
			defer context.AfterFunc(commonCtx, func() { conn.Close() })()
			oneClientOf(conn, patience)
		}()
	})
}

// sharesCount forgets to count down for those that it turns away.
func sharesCount(ln net.Listener, patience time.Duration) error {
	return acceptEach(ln, func(conn net.Conn) {
		if common.count.Add(1) > 10 {
			conn.Close()
			return
		}
		go func() {
			defer common.count.Add(-1)
			oneClientOf(conn, patience)
		}()
	})
}

// sharesConn has the race of a shared variable, but no data race.
func sharesConn(ln net.Listener, patience time.Duration) error {
	var conn atomic.Pointer[net.TCPConn]
	for {
		next, err := ln.Accept()
		if err != nil {
			return endOf(err)
		}
		conn.Store(next.(*net.TCPConn))
		go func() {
			defer func() { conn.Load().Close() }()
			next.SetDeadline(time.Now().Add(patience))
			if _, err := next.Read(make([]byte, 1024)); err == nil {
				conn.Load().Write([]byte(greeting))
			}
		}()
	}
}

func forgetsDone(ln net.Listener, patience time.Duration) error {
	var clients sync.WaitGroup
	err := acceptEach(ln, func(conn net.Conn) {
		clients.Add(1)
		go func() {
			defer conn.Close()
			if !answerOnly(conn, patience) {
				return
			}
			clients.Done()
		}()
	})
	clients.Wait()
	return err
}

func defersInLoop(ln net.Listener, patience time.Duration) error {
	buf := make([]byte, 1024)
	for {
		conn, err := ln.Accept()
		if err != nil {
			return endOf(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		if _, err := conn.Read(buf); err == nil {
			conn.Write([]byte(greeting))
		}
	}
}

// givesUpAtEnd looks whether more comes, and takes the end of the stream for the
// end of the client.
func givesUpAtEnd(conn net.Conn, patience time.Duration) {
	defer conn.Close()
	buf := make([]byte, 1024)
	conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := conn.Read(buf); err != nil {
		return
	}
	conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := conn.Read(buf); err != io.EOF {
		conn.Write([]byte(greeting))
	}
}

// readsOn takes 0 bytes for "nothing yet".
func readsOn(conn net.Conn, patience time.Duration) {
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, 1024)
	for n := 0; n == 0 && !stop.Load(); {
		n, _ = conn.Read(buf)
		if n == 0 {
			time.Sleep(20 * time.Millisecond) // a real one would keep a core busy
		}
	}
	conn.Write([]byte(greeting))
}

// setsAgain begins anew to be patient whenever its patience is over.
func setsAgain(conn net.Conn, patience time.Duration) {
	defer conn.Close()
	buf := make([]byte, 1024)
	for {
		conn.SetReadDeadline(time.Now().Add(patience))
		_, err := conn.Read(buf)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			continue
		}
		if err != nil {
			return
		}
		conn.Write([]byte(greeting))
		return
	}
}

// deadlineOfSeveral works out a new deadline only when the last one has passed.
func deadlineOfSeveral(ln net.Listener, patience time.Duration) error {
	end := time.Now()
	return acceptEach(ln, func(conn net.Conn) {
		if time.Now().After(end) {
			end = time.Now().Add(patience)
		}
		go oneClientOf(conn, time.Until(end))
	})
}

// waiting are the clients of one server that have sent nothing yet.
type waiting struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

func (w *waiting) closeAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for conn := range w.conns {
		conn.Close()
	}
	clear(w.conns)
}

func (w *waiting) serve(conn net.Conn) {
	w.mu.Lock()
	w.conns[conn] = true
	w.mu.Unlock()
	go func() {
		defer conn.Close()
		_, err := conn.Read(make([]byte, 1024))
		w.mu.Lock()
		delete(w.conns, conn)
		w.mu.Unlock()
		if err == nil {
			conn.Write([]byte(greeting))
		}
	}()
}

func tickerForAll(ln net.Listener, patience time.Duration) error {
	clients := waiting{conns: map[net.Conn]bool{}}
	ticker := time.NewTicker(patience)
	defer ticker.Stop()
	end := make(chan bool)
	defer close(end)
	defer clients.closeAll()
	go func() {
		for {
			select {
			case <-ticker.C:
				clients.closeAll()
			case <-end:
				return
			}
		}
	}()
	return acceptEach(ln, clients.serve)
}

func timerSetAgain(ln net.Listener, patience time.Duration) error {
	clients := waiting{conns: map[net.Conn]bool{}}
	timer := time.AfterFunc(time.Hour, clients.closeAll)
	defer clients.closeAll()
	defer timer.Stop()
	return acceptEach(ln, func(conn net.Conn) {
		timer.Reset(patience)
		clients.serve(conn)
	})
}

func listenerDeadline(asNil bool) serveFunc {
	return func(ln net.Listener, patience time.Duration) error {
		for {
			if limited, ok := ln.(interface{ SetDeadline(time.Time) error }); ok {
				limited.SetDeadline(time.Now().Add(patience))
			}
			conn, err := ln.Accept()
			var timeout net.Error
			if asNil && errors.As(err, &timeout) && timeout.Timeout() {
				return nil
			}
			if err != nil {
				return endOf(err)
			}
			go oneClientOf(conn, patience)
		}
	}
}
