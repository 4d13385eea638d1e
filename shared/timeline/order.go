package timeline

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
)

const (
	// window is how long a live order waits for an earlier row of another side: the
	// rows of two programs come through two pipes.
	window = 30 * time.Millisecond
	// patience is how long it waits for a cause that may have happened outside the
	// two programs, such as a datagram of a third one.
	patience = 2 * time.Second
)

// An Order takes rows and gives them back in order.
//
// A live order gives each row as soon as it can, by the clock. A fixed order
// waits until all sides have ended. It gives the same order for each run of the
// same conversation: rows of different sides that have nothing to do with each
// other stand as if each call took one beat. Where a side gives no events, only
// the clock is left.
type Order struct {
	// Fixed says that the order is to be fixed, and not live.
	Fixed bool
	// Together says that both sides are parts of one program. No side waits for the
	// other to begin.
	Together bool
	// NoEvents says which sides give no events. Nobody waits for their calls.
	NoEvents [sides]bool

	queues [sides][]queued
	ended  [sides]bool
	levels [sides]int // of the newest row of each side

	started  bool  // the server waits for clients
	startAt  int   // the level of the row that said so
	connects []int // the levels of connects under way that were not accepted yet
	streams  []*stream
	ports    [sides]map[string]bool // that a program has
	flights  [sides][]*Flight       // datagrams under way, by who sent them
	sent     int
}

type queued struct {
	Row
	came time.Time
}

// A stream is a TCP connection.
type stream struct {
	client, server string // the client's address, as each side sees it
	flights        [sides][]*Flight
	closed         [sides]int // the level of the row that ended what it sends
}

// Add takes a row that came at a time. The rows of one side come in their order.
func (o *Order) Add(row Row, came time.Time) {
	o.queues[row.Side] = append(o.queues[row.Side], queued{row, came})
}

// End says that no more rows of a side come.
func (o *Order) End(side Side) { o.ended[side] = true }

// Next returns the next row, if one can be told now.
func (o *Order) Next(now time.Time) (row Row, ok bool) {
	if o.Fixed && slices.Contains(o.ended[:], false) {
		return Row{}, false
	}
	best, level := Side(-1), 0
	for side := range sides {
		if len(o.queues[side]) == 0 {
			continue
		}
		l, ready := o.ready(o.queues[side][0])
		if ready && (best < 0 || o.earlier(side, l, best, level)) {
			best, level = side, l
		}
	}
	if best < 0 {
		if best = o.overdue(now); best >= 0 {
			level = o.levels[best] + 1
		}
	}
	if best < 0 || !o.Fixed && o.mayBePreceded(best, now) {
		return Row{}, false
	}
	row = o.queues[best][0].Row
	o.queues[best] = o.queues[best][1:]
	o.levels[best] = level
	o.note(&row, level)
	return row, true
}

// earlier tells whether the next row of side a comes before that of b.
func (o *Order) earlier(a Side, levelA int, b Side, levelB int) bool {
	if o.Fixed && !o.NoEvents[Client] && !o.NoEvents[Server] {
		return levelA < levelB
	}
	return o.queues[a][0].when().Before(o.queues[b][0].when())
}

// overdue returns the side whose next row is the oldest, where that has waited
// long enough for a cause that may never be seen; else -1.
func (o *Order) overdue(now time.Time) Side {
	oldest := Side(-1)
	for side := range sides {
		if len(o.queues[side]) > 0 && (oldest < 0 || o.queues[side][0].when().Before(o.queues[oldest][0].when())) {
			oldest = side
		}
	}
	if oldest < 0 || o.Fixed {
		return oldest // in a fixed order all is known, and no cause is left to wait for
	}
	q := o.queues[oldest][0]
	if _, _, sure := o.cause(q.Row); sure || now.Sub(q.came) < patience {
		return -1
	}
	return oldest
}

// mayBePreceded tells whether an earlier row of another side may still be on its
// way to us.
func (o *Order) mayBePreceded(side Side, now time.Time) bool {
	for other := range sides {
		if other != side && !o.ended[other] && len(o.queues[other]) == 0 && now.Sub(o.queues[side][0].came) < window {
			return true
		}
	}
	return false
}

// ready tells whether the cause of a row stands already, and the level that the
// row gets: one more than that of its cause and of the row before it.
func (o *Order) ready(q queued) (level int, ready bool) {
	cause, found, _ := o.cause(q.Row)
	if peer := q.Side.other(); !found && !o.NoEvents[peer] && !(o.ended[peer] && len(o.queues[peer]) == 0) {
		return 0, false
	}
	level = max(o.levels[q.Side], cause)
	if !o.Fixed {
		return level + 1, true
	}
	for side := range sides {
		if side == q.Side || !q.after(side) {
			continue
		}
		if len(o.queues[side]) > 0 && o.queues[side][0].when().Before(q.when()) {
			return 0, false
		}
		level = max(level, o.levels[side])
	}
	return level + 1, true
}

// after tells whether, in a fixed order, a row comes after all that another side
// had done before it by the clock: text, what failed or was given up, what the
// network did, and what was received through such a network.
func (r Row) after(side Side) bool {
	failed := r.Event.Call == "" || r.Event.Err != nil && !errors.Is(r.Event.Err, io.EOF)
	received := strings.HasPrefix(r.Event.Call, "recv") && !r.Event.Waiting
	return failed || r.Side == Network || received && side == Network
}

// cause returns the level of the row that had to come before this one. Found is
// false where it has not come, and sure is true where it is known to come.
func (o *Order) cause(r Row) (level int, found, sure bool) {
	e := r.Event
	switch {
	case !o.Together && r.Side == Client && o.levels[Client] == 0: // it is started when the server waits
		return o.startAt, o.started, true
	case e.Waiting, e.Err != nil && !errors.Is(e.Err, io.EOF):
	case e.Call == "accept":
		if len(o.connects) == 0 {
			return 0, false, false
		}
		return o.connects[0], true, true
	case e.Call == "send" && r.Side == Server: // its client knows of the connection
		return 0, o.stream(r) != nil, false
	case e.Call == "recv":
		return o.stream(r).causeOf(r)
	case e.Call == "recvfrom":
		f := o.find(r)
		if f == nil {
			return 0, false, false
		}
		return f.level, true, true
	case r.Side == Network && e.Fault != "" && e.Bytes > 0:
		if f := o.find(r); f != nil {
			return f.level, true, true
		}
	}
	return 0, true, true
}

func (s *stream) causeOf(r Row) (level int, found, sure bool) {
	if s == nil {
		return 0, false, false
	}
	from := r.Side.other()
	if r.Event.Err != nil { // the end of the stream
		return s.closed[from], s.closed[from] > 0, false
	}
	need := r.Event.Bytes
	for _, f := range s.flights[from] {
		need -= f.Bytes - f.landed
		level = max(level, f.level)
		if need <= 0 {
			return level, true, true
		}
	}
	return 0, false, true
}

// note keeps in mind what a row means for those after it, and fills in its arrows.
func (o *Order) note(r *Row, level int) {
	e := r.Event
	if o.ports[r.Side] == nil {
		o.ports[r.Side] = map[string]bool{}
	}
	if e.Local != "" {
		o.ports[r.Side][port(e.Local)] = true
	}
	switch {
	case r.Side == Network:
		o.noteFault(r, level)
	case e.Waiting && r.Side == Server && !o.started:
		o.started, o.startAt = true, level
	case e.Call == "connect" && e.Type == "SOCK_STREAM" && e.Waiting:
		o.connects = append(o.connects, level)
	case e.Waiting:
	case e.Call == "accept" && e.Err == nil && len(o.connects) > 0:
		o.connects = o.connects[1:]
	case e.Call == "connect" && e.Err == nil && e.Type == "SOCK_STREAM":
		o.streams = append(o.streams, &stream{client: e.Local})
	case e.Call == "send" && e.Bytes > 0:
		s := o.stream(*r)
		if r.Departs = o.depart(r, r.Side.other(), level, s != nil); !r.Departs.Half {
			s.flights[r.Side] = append(s.flights[r.Side], r.Departs)
		}
	case e.Call == "sendto" && e.Err == nil:
		to := r.Side.other()
		known := o.through() || len(o.ports[to]) == 0 || o.ports[to][port(e.Remote)]
		if r.Departs = o.depart(r, to, level, known); !r.Departs.Half {
			o.flights[r.Side] = append(o.flights[r.Side], r.Departs)
		}
	case strings.HasPrefix(e.Call, "recv") && e.Err == nil && o.NoEvents[r.Side.other()]:
		r.Lands = []Flight{{From: r.Side.other(), Bytes: e.Bytes, Done: true, Half: true}}
	case e.Call == "recv" && e.Bytes > 0:
		o.stream(*r).land(r)
	case e.Call == "recvfrom" && e.Err == nil:
		o.land(r)
	case (e.Call == "close" || e.Call == "shutdown") && e.Remote != "" && e.Err == nil:
		if s := o.stream(*r); s != nil && s.closed[r.Side] == 0 {
			s.closed[r.Side] = level
		}
	}
}

// noteFault notes what the network did. Of a stream no byte is lost or doubled on
// the way.
func (o *Order) noteFault(r *Row, level int) {
	e := r.Event
	if e.Fault == "stranger" {
		if r.Departs = o.depart(r, from(*r).other(), level, true); !r.Departs.Half {
			o.flights[Network] = append(o.flights[Network], r.Departs)
		}
		return
	}
	f := o.find(*r)
	if f == nil {
		return
	}
	r.Hit = f
	if e.Type == "SOCK_STREAM" {
		return
	}
	f.level = level
	switch e.Fault {
	case "drop", "overflow":
		o.forget(f)
	case "dup":
		f.copies++
	case "cut":
		f.limit = e.Limit
	}
}

// depart returns the flight of the bytes that leave in a row. Known says that they
// go to the other program.
func (o *Order) depart(r *Row, to Side, level int, known bool) *Flight {
	o.sent++
	return &Flight{
		ID: o.sent, From: r.Side, To: to, Bytes: r.Event.Bytes, Half: o.NoEvents[to] || !known,
		port: port(r.Event.Local), data: r.Event.Data, limit: r.Event.Bytes, copies: 1, level: level,
	}
}

// stream returns the connection that a call was made on, nil if it is unknown.
func (o *Order) stream(r Row) *stream {
	if r.Side == Client {
		i := slices.IndexFunc(o.streams, func(s *stream) bool { return s.client == r.Event.Local })
		if i >= 0 {
			return o.streams[i]
		}
		return nil
	}
	addr := r.Event.Remote
	is := []func(s *stream) bool{
		func(s *stream) bool { return s.server == addr },
		func(s *stream) bool { return s.server == "" && s.client == addr },
		func(s *stream) bool { return s.server == "" && o.through() }, // a relay has an address of its own
	}
	for _, is := range is {
		if i := slices.IndexFunc(o.streams, is); i >= 0 {
			o.streams[i].server = addr
			return o.streams[i]
		}
	}
	return nil
}

// through tells whether a relay stands between the two.
func (o *Order) through() bool { return !o.NoEvents[Network] }

// land takes what a recv received off the flights of its stream.
func (s *stream) land(r *Row) {
	if s == nil {
		return
	}
	from := r.Side.other()
	for need := r.Event.Bytes; need > 0 && len(s.flights[from]) > 0; {
		f := s.flights[from][0]
		n := min(need, f.Bytes-f.landed)
		f.landed += n
		need -= n
		done := f.landed == f.Bytes
		if done {
			s.flights[from] = s.flights[from][1:]
		}
		r.Lands = append(r.Lands, Flight{ID: f.ID, From: f.From, Bytes: n, Done: done})
	}
}

// land takes the datagram that a recvfrom received off its flights.
func (o *Order) land(r *Row) {
	f := o.find(*r)
	if f == nil {
		return
	}
	f.Again = true
	if f.copies--; f.copies == 0 {
		o.forget(f)
	}
	r.Lands = []Flight{{ID: f.ID, From: f.From, Bytes: r.Event.Bytes, Done: f.copies == 0}}
}

// find returns the oldest datagram under way that a recvfrom received, or that a
// fault was made to, or the oldest bytes of a stream where that had a fault; nil if
// there is none.
func (o *Order) find(r Row) *Flight {
	e := r.Event
	senders := []Side{Network, r.Side.other()}
	if r.Side == Network {
		senders = []Side{from(r)}
		if e.Type == "SOCK_STREAM" {
			return o.oldest(r)
		}
	}
	for _, side := range senders {
		i := slices.IndexFunc(o.flights[side], func(f *Flight) bool {
			size := f.Bytes
			if r.Side != Network {
				size = f.limit
			}
			if r.Side != Network && !o.through() && f.port != port(e.Remote) {
				return false
			}
			sized := e.Bytes == size || e.Cut && e.Bytes < size
			n := min(len(e.Data), len(f.data), size)
			return sized && bytes.Equal(e.Data[:n], f.data[:n])
		})
		if i >= 0 {
			return o.flights[side][i]
		}
	}
	return nil
}

// from returns the program that a fault's data came from.
func from(fault Row) Side {
	if fault.Event.Direction == "down" {
		return Server
	}
	return Client
}

// oldest returns the oldest bytes that are under way in the stream that had a fault.
func (o *Order) oldest(fault Row) *Flight {
	client := fault.Event.Local
	if fault.Event.Direction == "down" {
		client = fault.Event.Remote
	}
	for _, s := range o.streams {
		if flights := s.flights[from(fault)]; s.client == client && len(flights) > 0 {
			return flights[0]
		}
	}
	return nil
}

// port returns the port of an address.
func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

func (o *Order) forget(f *Flight) {
	o.flights[f.From] = slices.DeleteFunc(o.flights[f.From], func(g *Flight) bool { return g == f })
}

// UnderWay returns the flights that are known not to have landed to their end.
func (o *Order) UnderWay() (all []Flight) {
	add := func(flights []*Flight) {
		for _, f := range flights {
			if !o.NoEvents[f.To] {
				all = append(all, Flight{ID: f.ID, From: f.From, To: f.To, Bytes: f.Bytes - f.landed, Again: f.Again})
			}
		}
	}
	for side := range sides {
		add(o.flights[side])
		for _, s := range o.streams {
			add(s.flights[side])
		}
	}
	slices.SortFunc(all, func(a, b Flight) int { return a.ID - b.ID })
	return all
}
