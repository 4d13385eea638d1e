// Badnet is a network that misbehaves: a relay between a client and a server on
// this computer, which loses, delays, cuts or mixes up what they send.
//
//	go tool badnet udp drop=0.3
//	go tool badnet tcp split=1,down:half-close=5
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"time"

	"example.com/sockets/shared/badnet"
	"example.com/sockets/shared/errno"
	"example.com/sockets/shared/lesson"
	"example.com/sockets/shared/steplog"
	"github.com/fatih/color"
	"golang.org/x/term"
)

// config is what the command line says.
type config struct {
	listen, to                 string
	json, noColor, allowRemote bool
	network, faults            string
}

func main() {
	var c config
	err := c.parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		usage(os.Stdout)
		return
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		context.AfterFunc(ctx, stop) // a second Ctrl+C ends the process at once
		err = run(ctx, c)
	}
	os.Exit(report(err))
}

// run relays until ctx ends. Its error is never nil.
func run(ctx context.Context, c config) error {
	faults, err := badnet.Parse(c.faults)
	if err != nil {
		return err
	}
	sink := c.sink()
	relay, err := badnet.Listen(c.network, c.listen, c.to, faults, badnet.Options{Sink: sink, AllowRemote: c.allowRemote})
	if err != nil {
		return err
	}
	c.title()
	ready := steplog.Event{Program: "badnet", Call: "accept", Go: "Listener.Accept", Waiting: true, Time: time.Now(), Local: relay.Addr()}
	if c.network == "udp" {
		ready.Call, ready.Go = "recvfrom", "UDPConn.ReadFromUDPAddrPort"
	}
	if err = sink(ready); err == nil { // else nobody would know where it listens
		<-ctx.Done()
	}
	if closeErr := relay.Close(); err == nil {
		err = closeErr
	}
	c.summary(relay.Traffic())
	if err != nil {
		return fmt.Errorf("%w: %w", errLog, err)
	}
	return ctx.Err()
}

func (c *config) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("badnet", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&c.listen, "listen", "127.0.0.1:7002", "wait for clients on the address `host:port`; with port 0 the system chooses a free one")
	fs.StringVar(&c.to, "to", "127.0.0.1:7001", "relay to the server at the address `host:port`")
	fs.BoolVar(&c.json, "json", false, "print each fault as one JSON object a line (default false)")
	fs.BoolVar(&c.noColor, "no-color", false, "print without colours, as when NO_COLOR is set (default false)")
	fs.BoolVar(&c.allowRemote, "allow-remote", false, "allow addresses of other computers and networks (default false)")
	return fs
}

// parse reads the command line, but leaves what the words mean to package badnet.
// Its errors name the word that is wrong.
func (c *config) parse(args []string) error {
	fs := c.flags()
	var words []string
	for { // flags may stand between the words, too
		if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
			return err
		} else if err != nil {
			return errors.New(steplog.Printable(err.Error()))
		}
		if fs.NArg() == 0 {
			break
		}
		words, args = append(words, fs.Arg(0)), fs.Args()[1:]
	}
	switch len(words) {
	case 0:
		return errors.New("what kind of network is missing: write tcp or udp")
	case 1:
		c.network = words[0]
	case 2:
		c.network, c.faults = words[0], words[1]
	default:
		return fmt.Errorf("unexpected argument %s: join faults by commas, without spaces", steplog.Quote(words[2]))
	}
	return nil
}

// usage writes the help text of -h.
func usage(w io.Writer) {
	fmt.Fprint(w, "badnet is a network that misbehaves: clients talk to it, and it relays to the server.\n\n"+
		"Usage:\n  go tool badnet [flags] tcp|udp [FAULTS]\n\nFlags:\n")
	fs := new(config).flags()
	fs.SetOutput(w)
	fs.PrintDefaults()
	fmt.Fprintf(w, "\n%s\n", badnet.Help())
	fmt.Fprint(w, "Without FAULTS the network is perfect. It carries 256 clients at a time: a further TCP client waits\n"+
		"for its turn, a further UDP client takes the place of the one that has been silent longest.\n\n"+
		"Try, each in a terminal of its own:\n  go run ./lessons/udp-server\n  go tool badnet udp up:drop=0.5,seed=11\n  go run ./lessons/udp-client -addr 127.0.0.1:7002\n"+
		"The client's datagram gets lost, and it waits in vain. Start the client again: this time it arrives.\n\n")
	fmt.Fprintf(w, "Exit status:\n  %d  it could not listen, or not print\n  %d  a flag or a fault was wrong\n  %d  stopped by Ctrl+C\n",
		lesson.ExitFailed, lesson.ExitUsage, lesson.ExitInterrupted)
}

// sink chooses how the faults are shown.
func (c *config) sink() steplog.Sink {
	if c.json {
		return steplog.JSON(os.Stdout)
	}
	// color.NoColor is true where NO_COLOR is set and where stdout is no terminal.
	return steplog.Text(color.Output, !color.NoColor && !c.noColor, width(os.Stdout))
}

// title says what is relayed and which faults are asked for.
func (c *config) title() {
	if c.json {
		return
	}
	faults := cmp.Or(strings.ReplaceAll(c.faults, ",", ", "), "no faults")
	title := fmt.Sprintf("badnet · %s to %s · %s · Ctrl+C stops", c.network, steplog.Escape(c.to), steplog.Escape(faults))
	fmt.Fprintln(color.Output, steplog.Fold(title, 0, width(os.Stdout)))
}

// summary says what was relayed in each direction.
func (c *config) summary(up, down badnet.Traffic) {
	if c.json {
		slog.New(slog.NewJSONHandler(os.Stdout, nil)).Info("relayed", "program", "badnet", "up", up, "down", down)
		return
	}
	columns := width(os.Stdout)
	if columns > 0 {
		fmt.Fprintln(color.Output) // the terminal has written ^C where the line began
	}
	for _, way := range []struct {
		name string
		badnet.Traffic
	}{{"up", up}, {"down", down}} {
		came, went := plural(way.Came, "byte"), plural(way.Went, "byte")
		if c.network == "udp" {
			came = plural(way.CameDatagrams, "datagram") + " (" + came + ")"
			went = plural(way.WentDatagrams, "datagram") + " (" + went + ")"
		}
		line := fmt.Sprintf("%-5s %s came, %s went on, %s", way.name, came, went, plural(way.Faults, "fault"))
		fmt.Fprintln(color.Output, steplog.Fold(line, 6, columns))
	}
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func width(f *os.File) int {
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// errLog stands before an error of the log.
var errLog = errors.New("the log is not complete")

// report says on standard error what err means and returns the exit status for it.
func report(err error) int {
	columns := width(os.Stderr)
	said := steplog.Fold("badnet: "+steplog.Printable(err.Error()), 0, columns)
	if errors.Is(err, badnet.ErrRemote) {
		said += "\n" + steplog.Fold("If you want that, say -allow-remote.", 0, columns)
	}
	var op *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "badnet: stopped by Ctrl+C")
		return lesson.ExitInterrupted
	case errors.Is(err, errLog):
		fmt.Fprintln(os.Stderr, said)
		return lesson.ExitFailed
	case errors.As(err, &op):
		why, next := explain(err, op.Addr)
		fmt.Fprintf(os.Stderr, "%s\n  why:  %s\n  next: %s\n", said, steplog.Fold(why, 8, columns), steplog.Fold(next, 8, columns))
		return lesson.ExitFailed
	}
	fmt.Fprintf(os.Stderr, "%s\nRun it with -h to see all flags and faults.\n", said)
	return lesson.ExitUsage
}

// explain puts what keeps the relay from listening into plain words.
func explain(err error, addr net.Addr) (why, next string) {
	if errors.Is(err, errno.EADDRINUSE) {
		return fmt.Sprintf("Another program uses %v already.", addr),
			"Stop that program, or let the system choose a free port: -listen 127.0.0.1:0"
	}
	return "The system gives no more than these words.", "Choose another address: -listen 127.0.0.1:0"
}
