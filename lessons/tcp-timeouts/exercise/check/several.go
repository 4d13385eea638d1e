package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"example.com/sockets/shared/exam"
)

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
	// An answer that fails alone, too, is not disturbed by other calls. Other cases tell.
	if alone, want, _ := halves(tr, receive, 1, 0); alone != want {
		return
	}
	got, sent, rest := halves(tr, receive, 4, 0)
	if got == sent {
		return
	}
	if alone, want, _ := halves(tr, receive, 1, rest); alone == want {
		tr.Wrong(shared, "Four calls of Receive ran at once. Each peer sent one half, and the other half later: the fourth first, the next one when that call had returned, and so on. The peers sent %s. The calls returned %s.", sent, got)
	}
}

// halves has so many calls under way at once. The peers rest between the halves.
// It returns what came of the calls, what should have come, and how long the first call
// and the last second half were apart.
func halves(tr *exam.Trial, receive receiver, calls int, rest time.Duration) (got, sent string, apart time.Duration) {
	type one struct {
		peer net.Conn
		call *exam.Call
		text string
		got  []byte
		err  error
	}
	began := time.Now()
	var all []*one
	for i := range calls {
		conn, peer, ok := tr.Connect()
		if !ok {
			return "", "", 0
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
		apart = time.Since(began)
		io.WriteString(all[i].peer, all[i].text[4:])
		if hung = all[i].call.Wait(); hung != "" {
			got = fmt.Sprintf("nothing: call %d did not return within %v, it was %s", i+1, exam.Limit, hung)
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
	return got, sent, apart
}

// otherTimes has a call with a short total under way, and then one whose times are
// long. The first has to end as if it were alone.
func otherTimes(tr *exam.Trial, receive receiver) {
	if at := shortCall(tr, receive, true); at != "" && shortCall(tr, receive, false) == "" {
		tr.Wrong(shared, "One call of Receive had total = %v. While it ran, another one began, with total = %v. The first did not return within %v: it was %s.", short, long, exam.Limit, at)
	}
}

func shortCall(tr *exam.Trial, receive receiver, another bool) (hung string) {
	begin := func(total time.Duration) (net.Conn, *exam.Call) {
		conn, peer, ok := tr.Connect()
		call := tr.Go(func() {
			if ok {
				receive(conn, 8, long, total)
			}
		})
		time.Sleep(gap) // as above
		return peer, call
	}
	peer, call := begin(short)
	if another {
		begin(long)
	}
	if peer != nil {
		io.WriteString(peer, "half")
	}
	return call.Wait()
}
