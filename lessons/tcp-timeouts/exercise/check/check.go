// Package check checks an answer to the exercise of lesson 8: a reader that never
// waits for ever.
package check

import (
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
	{Name: "more than n bytes in two pieces", Run: playing(moreInPieces)},
	{Name: "70000 bytes", Run: playing(many)},
	{Name: "no bytes wanted", Run: playing(none)},
	{Name: "connection that is no TCPConn", Run: playing(anyConn)},
	{Name: "connection that is no TCPConn and a silent peer", Run: playing(anySilent)},
	{Name: "silent peer", Run: playing(silent)},
	{Name: "silence after the first bytes", Run: playing(silentAfterFirst)},
	{Name: "silent peer and an idle longer than total", Run: playing(totalAtOnce)},
	{Name: "silence after the first bytes and an idle longer than total", Run: playing(totalFirst)},
	{Name: "peer that drips", Run: playing(dripping)},
	{Name: "end after the first bytes", Run: playing(endsEarly)},
	{Name: "end before the first byte", Run: playing(endsAtOnce)},
	{Name: "reset after the first bytes", Run: playing(reset)},
	{Name: "connection after the call", Run: playing(afterSuccess)},
	{Name: "one call after the other", Run: inTurn},
	{Name: "several calls at once", First: true, Run: atOnce},
	{Name: "calls with other times at once", First: true, Run: otherTimes},
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
	// Four bytes together take longer than idle.
	inPieces = scene{did: "The peer sent a piece every 100ms. By the end it had sent %s",
		pieces: []string{"1", "2", "3", "4", " and five"}, rest: 100 * time.Millisecond,
		n: 13, idle: short * 3 / 2, total: long, hangs: waitsForEnd}
	moreInPieces = scene{did: "The peer sent the first 3 bytes, and 100ms later the rest and more with one Write, in all %s",
		first: "Hel", pieces: []string{"lo and good bye"}, rest: 100 * time.Millisecond,
		n: 5, idle: long, total: long, hangs: waitsForEnd}
	many = scene{did: "The peer sent %s and kept the connection open",
		pieces: []string{exam.Numbers(70000)}, n: 70000, idle: long, total: long, hangs: waitsForEnd, own: true}
	none = scene{did: "The peer sent nothing",
		n: 0, idle: short, total: short, hangs: zeroBytes, linger: short + gap}
	anyConn = scene{did: "Conn was a type of its own around a TCP connection. The peer sent %s",
		first: greeting, n: len(greeting), idle: long, total: long, hangs: waitsForEnd, own: true}
	anySilent = scene{did: "Conn was a type of its own around a TCP connection. The peer sent nothing",
		n: 20, idle: short, total: long, limit: short, hangs: noIdle, own: true}
	silent = scene{did: "The peer sent nothing",
		n: 20, idle: short, total: long, limit: short, hangs: noIdle}
	silentAfterFirst = scene{did: "The peer sent %s and then nothing more",
		first: "Hello", n: 20, idle: short, total: long, limit: short, hangs: noIdle}
	totalAtOnce = scene{did: "The peer sent nothing",
		n: 20, idle: long, total: short, limit: short, hangs: totalBetween}
	totalFirst = scene{did: "The peer sent %s and then nothing more",
		first: "Hello", n: 20, idle: long, total: short, limit: short, hangs: totalBetween}
	dripping = scene{did: "The peer sent a byte every 20ms. By the end it had sent %s",
		first: "0", pieces: strings.Split(exam.Numbers(500), ""), rest: gap,
		n: 1000, idle: short * 3 / 2, total: 2 * short, limit: 2 * short, hangs: noTotal}
	endsEarly = scene{did: "The peer sent %s and closed its direction",
		first: "Hello", end: ends, n: 20, idle: short, total: short, hangs: endNotSeen, linger: short + gap}
	endsAtOnce = scene{did: "The peer closed its direction without having sent a byte",
		end: ends, n: 20, idle: time.Second, total: time.Second, hangs: endNotSeen}
	reset = scene{did: "The peer sent %s and reset the connection",
		first: "Hello", end: resets, n: 20, idle: short, total: short, hangs: endNotSeen, linger: short + gap}
	afterSuccess = scene{did: "The peer sent %s",
		first: greeting, n: len(greeting), idle: short, total: short, hangs: waitsForEnd, linger: short + gap}
)
