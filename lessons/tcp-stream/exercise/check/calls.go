package check

import (
	"sync"
	"time"
)

// severalCalls lets three peers wait for each other before they reply.
func severalCalls(s scene) {
	requests := []string{"first request", "second request", "third request"}
	replies := []string{"1111111111", "2222222222", "3333333333"}
	var met [2]sync.WaitGroup
	var calls []*exchange
	for i := range requests {
		x := s.prepare([]byte(requests[i]), much)
		if x == nil {
			return
		}
		calls = append(calls, x)
		met[0].Add(1)
		met[1].Add(1)
	}
	for i, x := range calls {
		x.start(func(p *peer) {
			p.receive()
			met[0].Done()
			met[0].Wait()
			p.send([]byte(replies[i][:5]))
			met[1].Done()
			met[1].Wait()
			p.send([]byte(replies[i][5:]))
			p.end()
		})
	}
	for _, x := range calls {
		x.wait() // when one hangs, this lets all others go
	}
	for _, x := range calls {
		x.finish(time.Second)
	}
	for i, x := range calls {
		if !x.good([]byte(replies[i])) && !x.panicked() {
			x.wrong(shared, "Its reply to %q is %q. Two other calls were at work at the same time. %s", requests[i], replies[i], x.did())
			return
		}
	}
}
