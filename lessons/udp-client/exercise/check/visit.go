package check

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"time"

	"example.com/sockets/shared/badnet"
	"example.com/sockets/shared/errno"
	"example.com/sockets/shared/exam"
)

// An asker is an answer to the exercise.
type asker = func(addr, message string, timeout time.Duration, tries int) (string, error)

const (
	// long is the timeout where a right answer needs none. One that waits until
	// it is over still returns before exam.Limit.
	long = 2500 * time.Millisecond
	// short is the timeout where a right answer has to wait until it is over.
	short = 150 * time.Millisecond
	// longer is short for a second attempt, when a busy machine may be to blame.
	longer = 3 * short
	// soon is what a right answer hardly takes when the server answers at once.
	soon = 150 * time.Millisecond
	// patience is how long the checker waits for what a right answer does at once.
	patience = 1500 * time.Millisecond
)

// A setup is what a case calls Ask with, and what the server does.
type setup struct {
	message string
	timeout time.Duration
	tries   int
	did     string // what the server does, as the learner is told it
	want    string // what Ask should return, where that is known
	on      func(*server, question)
	addr    string        // where Ask is to send, "" for the server itself
	relay   *badnet.Relay // stands between the client and the server, or nil
	timed   bool          // it matters how long Ask takes
	limit   time.Duration // how long Ask may take before it counts as hung, 0 for exam.Limit
}

// A visit is one call of Ask, at a server of its own.
type visit struct {
	setup
	a       *attempt
	server  *server
	call    *exam.Call
	pace    <-chan time.Duration
	deaf    bool // the server can no longer be reached
	overdue bool // Ask had returned, but only when it was thought to hang

	hung   string // where Ask hangs
	ended  result // written by the call, which may end after it was given up
	result        // the same, when Ask has returned in time

	lag time.Duration // how much longer than it should a wait took on this machine then
}

// A result is what a call of Ask led to.
type result struct {
	reply string
	err   error
	took  time.Duration
	freed map[netip.AddrPort]bool // sockets seen closed when Ask had just returned
}

// start calls Ask, and does not wait.
func (s setup) start(a *attempt, server *server) *visit {
	if s.addr == "" {
		s.addr = server.addr.String()
	}
	s.message, s.did = server.sign(s.message), server.sign(s.did)
	v := &visit{setup: s, a: a, server: server}
	if s.timed {
		v.pace = s.rest()
	}
	v.call = a.Go(func() {
		began := time.Now()
		v.ended.reply, v.ended.err = a.ask(v.addr, v.message, v.timeout, v.tries)
		v.ended.took = time.Since(began)
		v.ended.freed = server.freed()
	})
	server.mu.Lock()
	server.calls = append(server.calls, v.call)
	server.mu.Unlock()
	return v
}

// rest rests as long as a right answer with no server does, and tells how much
// longer it took: what makes this late is not the answer's fault.
func (s setup) rest() <-chan time.Duration {
	lag := make(chan time.Duration, 1)
	go func() {
		began := time.Now()
		for range s.tries {
			time.Sleep(s.timeout)
		}
		lag <- time.Since(began) - time.Duration(s.tries)*s.timeout
	}()
	return lag
}

// join waits until Ask has returned or hangs. It returns false when it panicked,
// which has been reported then.
func (v *visit) join() bool {
	v.hung = v.call.WaitFor(cmp.Or(v.limit, exam.Limit))
	if v.hung != "" {
		select {
		case <-v.call.Done():
			if v.hung != exam.Unknown {
				return true
			}
			// It had returned already when it was looked for: a busy machine let it
			// run late. But the case's sockets are closed now.
			v.hung, v.overdue, v.deaf = "", true, true
		default:
			return true
		}
	}
	v.result = v.ended
	if v.timed {
		v.lag = <-v.pace
	}
	return !v.call.Panicked()
}

// wait is join, and waits until the server has seen all that Ask sent.
func (v *visit) wait() bool {
	if !v.join() {
		return false
	}
	if v.hung == "" && !v.deaf {
		v.server.settle()
	}
	return true
}

// count is how many datagrams the server got.
func (v *visit) count() int {
	n, _ := v.server.asked()
	return n
}

// sent is how many datagrams Ask sent, wherever they went then.
func (v *visit) sent() int {
	if v.relay != nil {
		up, _ := v.relay.Traffic()
		return up.CameDatagrams
	}
	return v.count()
}

// gap is the time between the first two datagrams, 0 when there are fewer.
func (v *visit) gap() time.Duration {
	if _, first := v.server.asked(); len(first) > 1 {
		return first[1].at.Sub(first[0].at)
	}
	return 0
}

// sound reports what is wrong in any situation. It returns false when it has.
func (v *visit) sound() bool {
	_, questions := v.server.asked()
	for _, q := range questions {
		if q.data != v.message {
			v.wrongMessage(exam.Quote(q.data))
			return false
		}
	}
	return v.ready()
}

// ready reports an answer that is not finished, or gets no socket.
func (v *visit) ready() bool {
	switch {
	case v.hung != "":
	case errors.Is(v.err, exam.ErrToDo):
		v.wrong(unfinished)
		return false
	case errors.Is(v.err, errno.EADDRINUSE):
		v.wrong(fixedPort)
		return false
	}
	return true
}

// wrongMessage reports what the server got instead of the message.
func (v *visit) wrongMessage(got string) {
	v.a.Wrong(otherMessage, "your Ask was called with the message %s; the server got %s; your Ask %s.", exam.Quote(v.message), got, v.outcome())
}

// freed tells which of the clients' sockets are closed. It is asked when Ask has
// just returned, before anybody else gets their ports.
func (s *server) freed() map[netip.AddrPort]bool {
	freed := map[netip.AddrPort]bool{}
	_, questions := s.asked()
	for _, q := range questions {
		freed[q.from] = freed[q.from] || free(q.from)
	}
	return freed
}

// left reports a socket that is still open though Ask has returned: nobody else
// can have its port then. It may be closed a little later.
func (v *visit) left() {
	if v.hung != "" || v.relay != nil {
		return
	}
	end := time.Now().Add(patience)
	_, questions := v.server.asked()
	for _, q := range questions {
		for !v.freed[q.from] && !free(q.from) {
			if time.Now().After(end) {
				v.wrongOpen(fmt.Sprint("its socket ", q.from))
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func (v *visit) wrongOpen(socket string) {
	v.a.Wrong(notClosed, "%s; your Ask %s. %v later, %s was still open.", v.did, v.outcome(), patience, socket)
}

// sockets returns the names of all sockets that this process has open. No two sockets
// ever have the same name. Only Linux tells; elsewhere there are none.
func sockets() map[string]bool {
	open := map[string]bool{}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		name, _ := os.Readlink("/proc/self/fd/" + entry.Name())
		if strings.HasPrefix(name, "socket:") {
			open[name] = true
		}
	}
	return open
}

// more tells whether there is a socket now that was not there before.
func more(before, now map[string]bool) bool {
	for name := range now {
		if !before[name] {
			return true
		}
	}
	return false
}

// free tells whether an address of this computer can be had.
func free(addr netip.AddrPort) bool {
	hosts := []netip.Addr{addr.Addr()}
	if runtime.GOOS == "windows" { // which gives an address away although a socket has its port on all addresses
		hosts = append(hosts, netip.IPv4Unspecified())
	}
	for _, host := range hosts {
		conn, err := listen(netip.AddrPortFrom(host, addr.Port()))
		if errors.Is(err, errno.EADDRINUSE) {
			return false
		}
		if err == nil {
			conn.Close()
		}
	}
	return true
}

// wrong reports a diagnosis with the story of this visit.
func (v *visit) wrong(d exam.Diagnosis) {
	v.a.Wrong(d, "%s; your Ask %s.", v.did, v.outcome())
}

// wrongCount reports a diagnosis with the story of this visit, in which the
// number of tries and their time matter.
func (v *visit) wrongCount(d exam.Diagnosis) {
	story := fmt.Sprintf("%s; the timeout was %v, tries was %d; your Ask sent %s and %s", v.did, v.timeout, v.tries, datagrams(v.sent()), v.outcome())
	if v.hung == "" {
		story += fmt.Sprintf(", after %v", v.took.Round(time.Millisecond))
	}
	v.a.Wrong(d, "%s.", story)
}

// wrongLength is wrongCount for a call that took longer than its tries.
func (v *visit) wrongLength(d exam.Diagnosis) {
	v.did += fmt.Sprintf(", so the time was up after %v", time.Duration(v.tries)*v.timeout)
	v.wrongCount(d)
}

// outcome says what Ask did.
func (v *visit) outcome() string {
	switch {
	case v.hung != "":
		return fmt.Sprintf("did not return within %v: it was %s", cmp.Or(v.limit, exam.Limit), v.hung)
	case v.err != nil:
		return fmt.Sprintf("returned the error %q", v.err)
	}
	return fmt.Sprintf("returned %s and no error", exam.Quote(v.reply))
}

func datagrams(n int) string {
	if n == 1 {
		return "1 datagram"
	}
	return fmt.Sprintf("%d datagrams", n)
}
