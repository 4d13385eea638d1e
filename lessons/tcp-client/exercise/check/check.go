// Package check checks an answer to the exercise of lesson 2: a TCP client.
package check

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/sockets/shared/exam"
)

// Ask checks an answer. It skips the test where the answer has not been started.
func Ask(t *testing.T, ask func(addr, message string, timeout time.Duration) (string, error)) {
	t.Helper()
	defer answerNames()()
	exam.Run(t, "lessons/tcp-client/exercise/exercise.go", begun, cases, ask)
}

// begun asks where nobody listens: an answer that has been begun gets an error
// there, whatever it has still to do. Some never return.
func begun(ask asker) error {
	var tr exam.Trial
	var err error
	addr, free, ok := reserve(&tr)
	if !ok {
		return nil
	}
	defer free()
	call := tr.Go(func() { _, err = ask(addr, "", short) })
	if call.WaitFor(3*gap) != "" {
		return nil
	}
	return err
}

// reserve returns an address at which nobody listens, and nobody will until free
// is called: it is the near end of a connection.
func reserve(tr *exam.Trial) (addr string, free func(), ok bool) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tr.Wrong(exam.NoSocket, "listen: %v.", err)
		return "", nil, false
	}
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		ln.Close()
		tr.Wrong(exam.NoSocket, "connect: %v.", err)
		return "", nil, false
	}
	free = func() {
		conn.Close()
		ln.Close()
	}
	return conn.LocalAddr().String(), free, true
}

// huge is a message that is not sent until the server reads it.
var huge = sync.OnceValue(func() string {
	return strings.Repeat("0123456789abcdef", hugeSize/16)
})

const (
	twoPieces = "Hello, i'm server!"
	korean    = "안녕하세요, 저는 서버입니다."
)

var cases = []exam.Case[asker]{
	{Name: "plain reply", Run: reply(plainReply)},
	{Name: "reply of several lines", Run: reply(" first line\nsecond line, 100%\r\n")},
	{Name: "reply in two pieces", Run: inTwoPieces},
	{Name: "reply of 1500 bytes", Run: reply(exam.Numbers(1500))},
	{Name: "long reply", Run: longReply},
	{Name: "Korean reply cut inside its characters", Run: cutCharacters},
	{Name: "reply that is no text", Run: reply("any\x00\xff\xfe bytes \x80\x00\xea\xb0 are \x00 a reply\x00")},
	{Name: "empty reply", Run: reply("")},
	{Name: "empty message", Run: message("")},
	{Name: "message of any bytes", Run: message(" 안녕\x00\r\n\xff\xfe bytes, 100% \n ")},
	{Name: "message of more than 1 MiB", Run: longMessage},
	{Name: "server that sends before it reads", Run: sendsFirst},
	{Name: "server that takes its time", Run: takesTime},
	{Name: "server with a host name", Run: hostName},
	{Name: "server with an IPv6 address", Run: ipv6},
	{Name: "server whose name takes time to look up", Run: slowName},
	{Name: "nobody listens", Run: refused},
	{Name: "silent server", Run: silent},
	{Name: "silence after half a reply", Run: silentAfterHalf},
	{Name: "server that drips without an end", Run: drips},
	{Name: "reset after half a reply", Run: resetAfterHalf},
	{Name: "reset while the message is on its way", Run: resetWhileSending},
	{Name: "server that never reads", Run: neverReads},
	{Name: "server that reads late and never answers", Run: readsLate},
	{Name: "full queue of clients", Run: fullQueue},
	{Name: "several calls at once", First: true, Run: severalCalls},
	{Name: "calls with other timeouts at once", First: true, Run: otherTimeouts},
}

const (
	plainMessage = "Hello, i'm client!"
	plainReply   = "Good morning, client."
)

func visitPlain(tr *exam.Trial, ask asker) *visit {
	return visitReply(tr, ask, plainMessage, plainReply)
}

func visitReply(tr *exam.Trial, ask asker, message, reply string) *visit {
	did := "The server read " + exam.Quote(message) + ", sent " + exam.Quote(reply) + " and closed"
	if reply == "" {
		did = "The server read " + exam.Quote(message) + " and closed without sending a byte"
	}
	return start(tr, ask, message, long, did, func(p *peer) {
		p.receive()
		p.send(reply)
		p.finish()
	})
}

func reply(reply string) func(*exam.Trial, asker) {
	return func(tr *exam.Trial, ask asker) {
		wantReply(tr, ask, reply, func(reply string) *visit { return visitReply(tr, ask, plainMessage, reply) })
	}
}

// longReply has a reply of 70000 bytes, and longer ones where they surely take no
// time. A right answer may read single bytes, or copy all that it has at each Read:
// the last would cost it 600 MB of memory.
func longReply(tr *exam.Trial, ask asker) {
	begin := func(reply string) *visit { return visitReply(tr, ask, plainMessage, reply) }
	if quickly(tr, ask, exam.Numbers(70_000), 30*time.Millisecond, begin) &&
		quickly(tr, ask, exam.Numbers(200_000), 2*time.Millisecond, begin) {
		wantReply(tr, ask, exam.Numbers(1_120_000), begin)
	}
}

// quickly wants a reply, and tells whether it took at most so long. A busy machine
// makes any answer slow, but hardly each time.
func quickly(tr *exam.Trial, ask asker, want string, most time.Duration, begin func(reply string) *visit) bool {
	for range 5 {
		v := wantReply(tr, ask, want, begin)
		if v == nil || v.took <= most {
			return v != nil
		}
		time.Sleep(gap / 2)
	}
	return false
}

func message(message string) func(*exam.Trial, asker) {
	return func(tr *exam.Trial, ask asker) {
		wantReply(tr, ask, "I got it.", func(reply string) *visit { return visitReply(tr, ask, message, reply) })
	}
}

// longMessage forgives a time-out: an answer that sends in small pieces may be
// right and need more time than it gets.
func longMessage(tr *exam.Trial, ask asker) {
	wantReply(tr, ask, "I got it.", func(reply string) *visit {
		v := visitReply(tr, ask, huge(), reply)
		if v != nil {
			v.slow = true
		}
		return v
	})
}

func inTwoPieces(tr *exam.Trial, ask asker) {
	wantReply(tr, ask, twoPieces, func(reply string) *visit { return visitTwoPieces(tr, ask, reply, gap) })
}

func visitTwoPieces(tr *exam.Trial, ask asker, reply string, rest time.Duration) *visit {
	did := fmt.Sprintf("The server sent %q and, a moment later, %q, and closed", reply[:7], reply[7:])
	return start(tr, ask, plainMessage, long, did, func(p *peer) {
		p.receive()
		p.send(reply[:7])
		p.pause(rest)
		p.send(reply[7:])
		p.finish()
	})
}

func cutCharacters(tr *exam.Trial, ask asker) {
	wantReply(tr, ask, korean, func(reply string) *visit {
		did := "The server sent " + exam.Quote(reply) + " in pieces that end inside a character, and closed"
		return start(tr, ask, plainMessage, long, did, func(p *peer) {
			p.receive()
			for from := 0; from < len(reply); from += 10 {
				p.send(reply[from:min(from+10, len(reply))])
				p.pause(gap / 2)
			}
			p.finish()
		})
	})
}

func sendsFirst(tr *exam.Trial, ask asker) {
	wantReply(tr, ask, "I speak first. Goodbye.", func(reply string) *visit {
		did := "The server sent " + exam.Quote(reply) + " before it read anything, and ended its direction"
		return start(tr, ask, plainMessage, long, did, func(p *peer) {
			p.send(reply)
			p.finish()
		})
	})
}

func takesTime(tr *exam.Trial, ask asker) {
	wantReply(tr, ask, "I had to think.", func(reply string) *visit {
		did := "The server waited a moment, sent " + exam.Quote(reply) + " and closed, long before the time was up"
		return start(tr, ask, plainMessage, long, did, func(p *peer) {
			p.receive()
			p.pause(4 * gap)
			p.send(reply)
			p.finish()
		})
	})
}
