// Package check checks an answer to the exercise of lesson 8: a reader that never
// waits for ever.
package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

// Receive checks an answer. It skips the test where the answer has not been started.
func Receive(t *testing.T, receive receiver) {
	t.Helper()
	exam.Run(t, "lessons/tcp-timeouts/exercise/exercise.go", begun, cases, receive)
}

// begun asks for one byte that is there.
func begun(receive receiver) error {
	conn, peer := net.Pipe()
	defer conn.Close()
	defer peer.Close()
	go peer.Write([]byte("!"))
	_, err := receive(conn, 1, short, short)
	return err
}

const (
	short = 200 * time.Millisecond // a time that a right answer has to wait for
	long  = time.Minute            // one that never passes here
	gap   = 20 * time.Millisecond
)

var cases = []exam.Case[receiver]{
	{Name: "n bytes are there", Run: playing(plain)},
	{Name: "more than n bytes are there", Run: playing(more)},
	{Name: "bytes in several pieces", Run: playing(inPieces)},
	{Name: "70000 bytes", Run: playing(many)},
	{Name: "no bytes wanted", Run: playing(none)},
	{Name: "connection that is no TCPConn", Run: playing(anyConn)},
	{Name: "silent peer", Run: playing(silent)},
	{Name: "silence after the first bytes", Run: playing(silentAfterFirst)},
	{Name: "silence and an idle longer than total", Run: playing(totalFirst)},
	{Name: "peer that drips", Run: playing(dripping)},
	{Name: "end after the first bytes", Run: playing(endsEarly)},
	{Name: "end before the first byte", Run: playing(endsAtOnce)},
	{Name: "reset after the first bytes", Run: playing(reset)},
	{Name: "connection after the call", Run: playing(afterSuccess)},
	{Name: "one call after the other", Run: inTurn},
	{Name: "several calls at once", First: true, Run: atOnce},
}

func playing(s scene) func(*exam.Trial, receiver) {
	return func(tr *exam.Trial, receive receiver) { judge(tr, receive, s) }
}

// greeting is what most peers send. A zero byte, a newline and a space at the end
// are bytes like any other.
const greeting = " Hello,\r\n\x00receiver \n"

var (
	plain = scene{did: "The peer sent %s and kept the connection open",
		first: greeting, n: len(greeting), idle: long, total: long, hangs: waitsForEnd}
	more = scene{did: "The peer sent %s with one Write",
		first: greeting + "Next message.", n: len(greeting), idle: long, total: long, hangs: waitsForEnd}
	inPieces = scene{did: "The peer sent a piece every 100ms. By the end it had sent %s",
		pieces: []string{"one, ", "two, ", "three, ", "four, ", "five"}, rest: 100 * time.Millisecond,
		n: 27, idle: 2 * short, total: long, hangs: waitsForEnd}
	many = scene{did: "The peer sent %s and kept the connection open",
		pieces: []string{numbers(70000)}, n: 70000, idle: long, total: long, hangs: waitsForEnd}
	none = scene{did: "The peer sent nothing",
		n: 0, idle: short, total: short, hangs: zeroBytes}
	anyConn = scene{did: "Conn was a type of its own around a TCP connection. The peer sent %s",
		first: greeting, n: len(greeting), idle: long, total: long, hangs: waitsForEnd,
		wrap: func(conn net.Conn) net.Conn { return struct{ net.Conn }{conn} }}
	silent = scene{did: "The peer sent nothing",
		n: 20, idle: short, total: long, limit: short, hangs: noIdle}
	silentAfterFirst = scene{did: "The peer sent %s and then nothing more",
		first: "Hello", n: 20, idle: short, total: long, limit: short, hangs: noIdle}
	totalFirst = scene{did: "The peer sent %s and then nothing more",
		first: "Hello", n: 20, idle: long, total: short, limit: short, hangs: totalBetween}
	dripping = scene{did: "The peer sent a byte every 20ms. By the end it had sent %s",
		first: "0", pieces: strings.Split(numbers(500), ""), rest: gap,
		n: 1000, idle: short, total: 2 * short, limit: 2 * short, hangs: noTotal}
	endsEarly = scene{did: "The peer sent %s and closed its direction",
		first: "Hello", end: ends, n: 20, idle: short, total: short, hangs: endNotSeen, linger: short + gap}
	endsAtOnce = scene{did: "The peer closed its direction without having sent a byte",
		end: ends, n: 20, idle: short, total: short, hangs: endNotSeen, linger: short + gap}
	reset = scene{did: "The peer sent %s and reset the connection",
		first: "Hello", end: resets, n: 20, idle: short, total: short, hangs: endNotSeen, linger: short + gap}
	afterSuccess = scene{did: "The peer sent %s",
		first: greeting, n: len(greeting), idle: short, total: short, hangs: waitsForEnd, linger: short + gap}
)

// numbers returns n bytes of text, of which no part is like another.
func numbers(n int) string {
	var s strings.Builder
	for i := 1; s.Len() < n; i++ {
		fmt.Fprintf(&s, "%d,", i)
	}
	return s.String()[:n]
}

// inTurn calls the answer three times on one connection, on which all was sent at
// once. What is wrong with the first call other cases tell.
func inTurn(tr *exam.Trial, receive receiver) {
	conn, peer, ok := tr.Connect()
	if !ok {
		return
	}
	words := []string{"first ", "second", " third"}
	all := strings.Join(words, "")
	io.WriteString(peer, all)
	var results [][]byte
	for i, word := range words {
		v := &visit{scene: scene{n: len(word), idle: long, total: long, patience: exam.Limit}}
		call := tr.Go(func() { v.got, v.err = receive(conn, v.n, v.idle, v.total) })
		v.hung = call.Wait()
		if v.hung == "" && call.Panicked() {
			return
		}
		if v.hung != "" || v.err != nil || string(v.got) != word {
			d := shared
			switch {
			case i == 0:
				return
			case v.hung != "", v.err == nil && strings.Contains(all, string(v.got)):
				d = readsPast
			case errors.Is(v.err, net.ErrClosed):
				d = closed
			}
			tr.Wrong(d, "The peer sent %q with one Write. Call %d of Receive, for 6 bytes of it, %s.", all, i+1, v.outcome())
			return
		}
		results = append(results, v.got)
	}
	if got := bytes.Join(results, nil); string(got) != all {
		tr.Wrong(shared, "The peer sent %q. Three calls of Receive for 6 bytes each returned them. After the third, what they had returned was %q.", all, got)
	}
}

// atOnce has four calls under way. The peer of the last one goes on first, and each
// other waits until that call has returned.
func atOnce(tr *exam.Trial, receive receiver) {
	began := time.Now()
	got, sent := halves(tr, receive, 4, 0)
	if got == sent {
		return
	}
	// An answer that fails alone, too, is not disturbed by other calls.
	if alone, want := halves(tr, receive, 1, time.Since(began)); alone == want {
		tr.Wrong(shared, "Four calls of Receive ran at once. Each peer sent one half, and the other half later: the fourth first, the next one when that call had returned, and so on. The peers sent %s. The calls returned %s.", sent, got)
	}
}

// halves has so many calls under way at once, and returns what came of them and
// what should have come. The peers rest between the halves.
func halves(tr *exam.Trial, receive receiver, calls int, rest time.Duration) (got, sent string) {
	type one struct {
		peer net.Conn
		call *exam.Call
		text string
		got  []byte
		err  error
	}
	var all []*one
	for i := range calls {
		conn, peer, ok := tr.Connect()
		if !ok {
			return "", ""
		}
		o := &one{peer: peer, text: strings.Repeat(string(rune('A'+i)), 8)}
		io.WriteString(peer, o.text[:4])
		o.call = tr.Go(func() { o.got, o.err = receive(conn, len(o.text), long, long) })
		all = append(all, o)
		// The next call should find this one at work. Where it does not, a wrong
		// answer may pass; nothing right depends on it.
		time.Sleep(gap)
	}
	time.Sleep(rest)
	hung := ""
	for i := len(all) - 1; i >= 0 && hung == ""; i-- {
		io.WriteString(all[i].peer, all[i].text[4:])
		if hung = all[i].call.Wait(); hung != "" {
			got = fmt.Sprintf("nothing: call %d did not return within %v, it hung %s", i+1, exam.Limit, hung)
		}
	}
	for _, o := range all {
		sent += fmt.Sprintf("%q ", o.text)
		switch {
		case hung != "":
		case o.err != nil:
			got += fmt.Sprintf("%q with the error %q ", o.got, o.err)
		default:
			got += fmt.Sprintf("%q ", o.got)
		}
	}
	return got, sent
}
