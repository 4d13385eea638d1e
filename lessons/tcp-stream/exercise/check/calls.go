package check

import (
	"bytes"
	"sync"
	"time"
)

// severalCalls makes calls at the same time, and more of them after that. Alone is the
// case in which one call has to wait for its own send.
func severalCalls(s scene, alone *outcome) {
	t := s.talks()
	if t == nil {
		return
	}
	t.start()
	for _, x := range t.calls {
		x.wait() // when one hangs, this lets all others go
	}
	for _, x := range t.calls {
		x.peer.over.Store(true)
		x.peer.conn.Close() // of a call that returned too early, a peer may still receive
	}
	t.slow.finish(time.Second)
	for _, x := range t.calls {
		x.finish(time.Second)
	}
	if !t.tell(alone) {
		t.tellChanged()
	}
}

// talks are three calls whose peers wait for each other before they reply, and a slow
// one. The reply of the slow one comes first, but its request is not read: it has to
// wait for its own send, and no other call has to.
type talks struct {
	scene
	slow     *exchange
	calls    []*exchange
	replies  []string
	received sync.WaitGroup // the three requests
	halves   sync.WaitGroup // of the three replies
	replied  chan struct{}  // closed when the three may reply
	waited   bool           // the three did not return before the slow one was let go
}

// patience is how many rests the slow call goes on, for the others to return.
const patience = 1000

// talks returns nil when there is no socket.
func (s scene) talks() *talks {
	t := &talks{scene: s, replied: make(chan struct{}), replies: []string{"1111111111", "2222222222", "3333333333"}}
	if t.slow = s.prepare(bigRequest(), much); t.slow == nil {
		return nil
	}
	for _, request := range []string{"first request", "second request", "third request"} {
		x := s.prepare([]byte(request), much)
		if x == nil {
			return nil
		}
		t.calls = append(t.calls, x)
	}
	t.received.Add(len(t.calls))
	t.halves.Add(len(t.calls))
	return t
}

func (t *talks) start() {
	t.slow.start(func(p *peer) {
		t.received.Wait()
		p.pause(10) // now the three sends are over
		p.send(plainReply)
		p.end()
		p.pause(30)
		close(t.replied)
		rests := 0
		for ; rests < patience && !p.late && !p.over.Load() && !t.returned(); rests++ {
			p.pause(1)
		}
		t.waited = rests == patience
		p.reset() // to receive it all would only take time
	})
	for i, x := range t.calls {
		x.start(func(p *peer) {
			p.receive()
			t.received.Done()
			<-t.replied
			p.send([]byte(t.replies[i][:5]))
			t.halves.Done()
			t.halves.Wait()
			p.send([]byte(t.replies[i][5:]))
			p.end()
		})
	}
}

// returned tells whether the three calls have returned.
func (t *talks) returned() bool {
	for _, x := range t.calls {
		select {
		case <-x.call.Done():
		default:
			return false
		}
	}
	return true
}

// tell reports what is wrong when all calls are over.
func (t *talks) tell(alone *outcome) (told bool) {
	if x := t.calls[0]; t.waited && !x.panicked() {
		x.wrong(shared, "Two other peers did the same. But one of these three calls did not return as long as a fourth one was still in its Write.")
		return true
	}
	for i, x := range t.calls {
		if !x.good([]byte(t.replies[i])) && !x.panicked() {
			x.wrong(shared, "Its reply to %q is %q. Other calls were at work at the same time, one of them still in its Write. %s", x.request, t.replies[i], x.did())
			return true
		}
	}
	if x := t.slow; x.hung == "" && x.peer.late && !x.panicked() && alone.failed() == nil {
		x.wrong(shared, "It had read nothing yet, and the request of %d bytes is more than fits on the way. Your Exchange waits for its send when it is called alone. But here other calls were at work at the same time. %s", len(x.request), x.did())
		return true
	}
	return false
}

// tellChanged makes further calls and looks whether each reply is still as it was.
func (t *talks) tellChanged() {
	const further = 10
	for i := range further {
		reply := []byte{'a' + byte(i), 'b', 'c'}
		x := t.prepare(plainRequest, much)
		if x == nil {
			return
		}
		x.start(answers(reply))
		x.wait()
		x.close()
		if !x.good(reply) {
			return // another case tells
		}
		t.calls = append(t.calls, x)
		t.replies = append(t.replies, string(reply))
	}
	for i, x := range t.calls {
		if !bytes.Equal(x.reply, []byte(t.replies[i])) {
			x.wrong(shared, "Your Exchange returned %q. Then it was called again, and now these bytes are %q.", t.replies[i], x.reply)
			return
		}
	}
}
