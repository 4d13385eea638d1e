package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"example.com/sockets/shared/badnet"
	"example.com/sockets/shared/steplog"
	"example.com/sockets/shared/timeline"
	"github.com/fatih/color"
)

const (
	// silent is how long a server that tells of no calls is given before its
	// client starts, unless it prints something earlier.
	silent = time.Second
	// A program is given so long when the other has ended: a server to finish,
	// a client to lose its patience. Then it is stopped.
	serverGrace = time.Second
	clientGrace = 10 * time.Second
	// killAfter is how long a program that was interrupted may take to end.
	killAfter = time.Second
)

// A pair is two programs at work, and what is known of them.
type pair struct {
	config
	programs [3]*program // by side
	live     bool        // rows are drawn as they come
	width    int         // of the terminal, 0 where there is none
	columns  *timeline.Columns
	news     chan news
	faulted  chan steplog.Event // what the network did

	rows  []timeline.Row
	order timeline.Order
	relay *badnet.Relay
	ready bool // the client has been started, or never will be

	deadline <-chan time.Time // when a program is stopped
	stopping bool             // what runs is to end now
	failed   error            // of the drawing
}

// run runs both programs to their end and draws what they do.
func (p *pair) run(ctx context.Context) error {
	p.title()
	p.order = p.newOrder()
	if p.through == "" {
		p.order.End(timeline.Network)
	}
	server, client := p.programs[timeline.Server], p.programs[timeline.Client]
	if err := server.start(p.config, p.serverAddr(), p.news); err != nil {
		return err
	}
	var waited <-chan time.Time
	if !server.lesson {
		waited = time.After(silent)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	done := ctx.Done()
	for server.running || client.running || !p.ready {
		select {
		case n := <-p.news:
			p.hear(n)
		case e := <-p.faulted:
			p.add(timeline.Row{Side: timeline.Network, Event: e})
		case <-waited:
			p.startClient(p.serverAddr())
		case <-done:
			done = nil
			if p.live {
				fmt.Fprintln(color.Output) // the terminal has written ^C where the line began
			}
			p.stop()
		case <-p.deadline:
			p.overdue()
		case <-tick.C:
		}
		p.draw()
	}
	return p.finish()
}

func (p *pair) newOrder() (o timeline.Order) {
	o.NoEvents[timeline.Network] = p.through == ""
	for side, program := range p.programs {
		if program != nil {
			o.NoEvents[side] = !program.tells
		}
	}
	o.Fixed = !p.live
	return o
}

// serverAddr is where the server is to listen.
func (p *pair) serverAddr() string {
	server, client := p.programs[timeline.Server], p.programs[timeline.Client]
	switch {
	case p.addr != "":
		return p.addr
	case server.lesson && (!client.fixed() || p.through != ""):
		return "127.0.0.1:0"
	}
	return defaultAddr
}

// defaultAddr is where programs of the course's readers expect a server.
const defaultAddr = "127.0.0.1:7001"

// hear takes what a program did.
func (p *pair) hear(n news) {
	program := p.programs[n.side]
	if n.ended {
		p.ended(program, n.err)
		return
	}
	if program.lines++; program.lines > maxLines {
		program.tells, p.order.NoEvents[n.side] = false, true // what it does from now on, nobody sees
		return
	}
	row := timeline.Row{Side: n.side, Error: n.stderr}
	e, ok := readCall(n.line)
	said, waitsAt := n.line, ""
	switch {
	case ok && !n.stderr:
		row.Event = e
		program.tells = true
		p.order.NoEvents[n.side] = false
		said = e.String()
	case n.stderr && program.lesson: // its events come through another pipe, and belong before it
		program.errors = append(program.errors, n.line)
		return
	default:
		row.Text = steplog.Escape(n.line)
		row.Event.Time = n.at
		if !n.stderr {
			waitsAt = p.serverAddr()
		}
	}
	if m := waits.FindStringSubmatch(said); m != nil {
		waitsAt = m[1]
	}
	p.add(row)
	if n.side == timeline.Server && waitsAt != "" {
		p.startClient(waitsAt)
	}
}

// waits matches what the servers of the course say when they wait. The address may
// get into a command line, so it has no character that means something there.
var waits = regexp.MustCompile(`^\s*Waiting for (?:connection|datagram) on ([\w.:%\[\]-]+:\d+)$`)

// startClient starts the client when the server waits at addr.
func (p *pair) startClient(addr string) {
	if p.ready {
		return
	}
	p.ready = true
	client := p.programs[timeline.Client]
	if strings.HasSuffix(addr, ":0") {
		p.notStarted(errors.New("nobody said which port the server has. Name one, with -addr"))
		return
	}
	if p.through != "" {
		at := "127.0.0.1:0"
		if client.fixed() {
			at = defaultAddr
		}
		p.faulted = make(chan steplog.Event)
		var err error
		p.relay, err = badnet.Listen(p.kind, at, addr, p.faults, badnet.Options{Sink: func(e steplog.Event) error {
			p.faulted <- e
			return nil
		}})
		if err != nil {
			p.notStarted(fmt.Errorf("no network to go through: %w", err))
			return
		}
		addr = p.relay.Addr()
	}
	if err := client.start(p.config, addr, p.news); err != nil {
		p.notStarted(err)
	}
}

// notStarted ends the server when the client could not be started.
func (p *pair) notStarted(err error) {
	p.note(timeline.Client, "not started: "+err.Error())
	p.end(timeline.Client, err)
	p.stop()
}

// note adds a line of our own to a program's column.
func (p *pair) note(side timeline.Side, text string) {
	p.add(timeline.Row{Side: side, Text: steplog.Escape(text), Error: true, Event: steplog.Event{Time: time.Now()}})
}

func (p *pair) add(r timeline.Row) {
	p.rows = append(p.rows, r)
	p.order.Add(r, time.Now())
}

// ended is told when a program has ended.
func (p *pair) ended(program *program, err error) {
	program.running = false
	if more := program.lines - maxLines; more > 0 {
		p.note(program.side, fmt.Sprintf("printed %d more lines, which are not shown", more))
	}
	if program.stopped {
		program.errors = nil // they tell of Ctrl+C, and it was us
	}
	for _, line := range program.errors {
		p.add(timeline.Row{Side: program.side, Error: true, Text: steplog.Escape(line), Event: steplog.Event{Time: time.Now()}})
	}
	if program.stopped && program.side == timeline.Server {
		err = nil // it would have gone on
	}
	p.end(program.side, err)
	switch {
	case p.stopping:
	case program.side == timeline.Client:
		p.deadline = time.After(serverGrace + 4*p.pace)
	case !p.ready:
		p.ready = true
		err := errors.New("not started, as the server ended before it waited for anybody")
		p.note(timeline.Client, err.Error())
		p.end(timeline.Client, err)
	default:
		p.deadline = time.After(clientGrace + 4*p.pace)
	}
}

func (p *pair) end(side timeline.Side, err error) {
	p.programs[side].err = err
	p.order.End(side)
}

// overdue stops the program that goes on though the other has ended.
func (p *pair) overdue() {
	for _, program := range p.programs {
		if program != nil && program.running && !program.stopped {
			p.note(program.side, "still at work; stopped, as the "+other(program.side).String()+" has ended")
		}
	}
	p.stop()
}

func other(side timeline.Side) timeline.Side { return timeline.Server - side }

// stop ends what runs: the first time in good order, then by force.
func (p *pair) stop() {
	p.stopping = true
	p.ready = true
	for _, program := range p.programs {
		switch {
		case program == nil || !program.running:
		case program.stopped:
			kill(program.cmd)
		case program.lesson:
			interrupt(program.cmd) // it closes what is open, and tells so
		default:
			terminate(program.cmd)
		}
		if program != nil {
			program.stopped = program.stopped || program.running
		}
	}
	p.deadline = time.After(killAfter)
}

// draw draws the rows that can be told by now.
func (p *pair) draw() {
	for p.failed == nil {
		row, ok := p.order.Next(time.Now())
		if !ok {
			return
		}
		p.failed = p.columns.Row(row)
	}
}

// finish draws what is left, when both programs have ended.
func (p *pair) finish() error {
	if p.relay != nil {
		closed := make(chan error, 1)
		go func() { closed <- p.relay.Close() }()
		for open := true; open; {
			select {
			case e := <-p.faulted:
				p.add(timeline.Row{Side: timeline.Network, Event: e})
			case <-closed:
				open = false
			}
		}
	}
	for side := range p.programs {
		p.order.End(timeline.Side(side))
	}
	p.draw()
	if p.failed == nil {
		p.failed = p.columns.End(p.order.UnderWay())
	}
	if p.failed != nil {
		return fmt.Errorf("the log is not complete: %w", p.failed)
	}
	if err := p.writeSVG(); err != nil {
		return err
	}
	var errs []error
	for _, program := range p.programs {
		if program != nil && program.err != nil {
			errs = append(errs, fmt.Errorf("the %s failed: %w", program.side, program.err))
		}
	}
	return errors.Join(errs...)
}

// title says what the columns show.
func (p *pair) title() {
	text := "pair · the calls that each program makes, not packets · Ctrl+C stops"
	fmt.Fprintln(color.Output, steplog.Fold(text, 0, p.width)+"\n")
}

func (p *pair) writeSVG() error {
	if p.svg == "" {
		return nil
	}
	order := p.newOrder()
	order.Fixed = true
	for _, r := range p.rows {
		order.Add(r, time.Time{})
	}
	for side := range p.programs {
		order.End(timeline.Side(side))
	}
	var rows []timeline.Row
	for {
		r, ok := order.Next(time.Time{})
		if !ok {
			break
		}
		rows = append(rows, r)
	}
	f, err := os.Create(p.svg)
	if err != nil {
		return err
	}
	title := fmt.Sprintf("%s and %s talk: the calls of both, and what went across", p.programs[timeline.Client].name, p.programs[timeline.Server].name)
	err = timeline.SVG(f, title, p.programs[timeline.Client].name, p.programs[timeline.Server].name, rows, order.UnderWay())
	return errors.Join(err, f.Close())
}
