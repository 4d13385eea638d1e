package badnet

import (
	"bytes"
	"net"
	"time"

	"example.com/sockets/shared/steplog"
)

// A way is one direction of one connection or client. What comes waits in its
// queue, meets the faults, and goes on.
type way struct {
	dice
	relay     *Relay
	direction string // "up" or "down"
	kind      string // "SOCK_STREAM" or "SOCK_DGRAM"
	from, to  string // the programs at its ends
	queue     chan *piece
	back      *piece        // taken from the queue, and put back
	traffic   *Traffic      // what the relay counts of this direction
	done      chan struct{} // closed when nothing can go on any more
}

// A piece is what one read returned: a datagram, or some bytes of a stream.
type piece struct {
	data []byte
	at   time.Time // when it was read
	err  error     // how the way ended; no piece comes after it
}

func (r *Relay) newWay(direction string, number uint64, kind string, from, to net.Addr, length int, done chan struct{}) way {
	w := way{
		dice: newDice(r.faults, direction, number), relay: r, direction: direction, kind: kind, traffic: &r.up,
		from: from.String(), to: to.String(), queue: make(chan *piece, length), done: done,
	}
	if direction == "down" {
		w.traffic = &r.down
	}
	return w
}

// take waits for the next piece. When the way is over, that is an error.
func (w *way) take() *piece {
	if p := w.back; p != nil {
		w.back = nil
		return p
	}
	select {
	case p := <-w.queue:
		return w.taken(p)
	case <-w.done:
		return &piece{err: net.ErrClosed}
	}
}

// taken counts a piece that has left the queue.
func (w *way) taken(p *piece) *piece {
	w.relay.held.Add(-int64(len(p.data)))
	return p
}

// empty takes all that is in the queue, when the way is over.
func (w *way) empty() {
	for {
		select {
		case p := <-w.queue:
			w.taken(p)
		default:
			return
		}
	}
}

// follower waits for the piece after first and takes it. It returns nil when none
// came within the hold time: what counts is when the two were read, and not how
// soon this program gets round to them.
func (w *way) follower(first *piece) (next *piece) {
	until := first.at.Add(w.relay.faults.hold)
	select {
	case next = <-w.queue:
	case <-w.done:
		return nil
	case <-time.After(time.Until(until)):
		select {
		case next = <-w.queue:
		default:
			return nil
		}
	}
	w.taken(next)
	if next.err != nil || next.at.After(until) {
		w.back = next
		return nil
	}
	return next
}

// late waits as long as the piece has to be late. False: the way is over.
func (w *way) late(p *piece) bool {
	late := w.settings[delay].time
	if late == 0 {
		return true
	}
	w.fault("delay", p.data, steplog.Event{Took: late})
	return sleep(w.done, time.Until(p.at.Add(late)))
}

// sleep waits and tells whether it was not ended early by done.
func sleep(done <-chan struct{}, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-done:
		return false
	}
}

// maxData is how many bytes of data an event keeps.
const maxData = 1024

// fault shows a fault. The event brings its particulars: Limit, Took, and Bytes
// and Local where they are not those of the data and the sender.
func (w *way) fault(name string, data []byte, e steplog.Event) {
	e.Program, e.Fault, e.Direction, e.Type = "badnet", name, w.direction, w.kind
	if e.Local == "" {
		e.Local = w.from
	}
	if e.Bytes == 0 {
		e.Bytes = len(data)
	}
	e.Remote, e.Data = w.to, bytes.Clone(data[:min(len(data), maxData)])
	w.count(func(t *Traffic) { t.Faults++ })
	w.relay.show(e)
}

// failed shows that a call of the relay's own towards the receiver failed.
func (w *way) failed(call, goCall string, begun time.Time, err error) {
	w.relay.failed(call, goCall, w.kind, w.to, begun, err)
}

// count changes what the relay counts of this direction.
func (w *way) count(change func(*Traffic)) {
	w.relay.mu.Lock()
	defer w.relay.mu.Unlock()
	change(w.traffic)
}
