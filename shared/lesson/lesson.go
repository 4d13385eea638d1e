// Package lesson is what the lesson programs have in common and what is not the
// lesson: flags, Ctrl+C, exit status, and words for what went wrong.
package lesson

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
	"unicode"

	"example.com/sockets/shared/steplog"
	"github.com/fatih/color"
	"golang.org/x/term"
)

// The exit statuses of every lesson program.
const (
	ExitDone        = 0   // all steps were done
	ExitFailed      = 1   // a step failed
	ExitUsage       = 2   // an unknown flag, a stray argument, a value that is none
	ExitInterrupted = 130 // Ctrl+C: 128 and the number of SIGINT, as in a shell
)

// defaultAddr is where the servers of the course listen and the clients ask.
const defaultAddr = "127.0.0.1:7001"

// A Program says what is particular to one lesson program.
type Program struct {
	Name    string        // its folder below lessons: "tcp-server"
	Lesson  int           // its place in the course, from 1
	Does    string        // what it does, in one sentence for -h
	Steps   []string      // the documented steps, in order
	Server  string        // for a client: the folder of the server it talks to
	Message string        // for a client: what it sends when -message is not given
	Timeout time.Duration // the default of -timeout; 0: the program has no such flag
}

// A Run is one run of a program: the values of its flags, and its step log.
type Run struct {
	Context context.Context // ends at Ctrl+C
	Steps   *steplog.Logger // ends each call that waits at Ctrl+C, too
	Addr    string          // -addr
	Message string          // -message
	Timeout time.Duration   // -timeout

	program Program
	stderr  io.Writer
}

// options are the flags that only this package looks at.
type options struct {
	json, noColor bool
	pace          time.Duration
}

// Start reads the flags from the command line and begins the step log on
// standard output. After -h, and after a wrong flag, it ends the process.
func Start(p Program) *Run {
	run := &Run{program: p, stderr: os.Stderr}
	opts, err := run.parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		run.usage(os.Stdout)
		os.Exit(ExitDone)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\nTo see all flags: go run ./lessons/%s -h\n", p.Name, err, p.Name)
		os.Exit(ExitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl+C ends the process at once
	run.Context = ctx
	run.Steps = steplog.New(ctx, sink(ctx, p, opts), p.Name, p.Steps, opts.pace)
	return run
}

// Exit ends the process with the exit status that err asks for. What failed, why
// and what to do next goes to standard error.
func (r *Run) Exit(err error) {
	os.Exit(r.report(err))
}

// report explains err and returns the exit status for it.
func (r *Run) report(err error) int {
	switch {
	// Ctrl+C in the rest after the last step comes without an error.
	case errors.Is(err, context.Canceled), err == nil && r.Context.Err() != nil:
		fmt.Fprintf(r.stderr, "%s: stopped by Ctrl+C\n", r.program.Name)
		return ExitInterrupted
	case err != nil:
		io.WriteString(r.stderr, explain(r.program, r.Steps.Failed(), err, width(os.Stderr)))
		return ExitFailed
	case r.Steps.Err() != nil:
		fmt.Fprintf(r.stderr, "%s: the steps were done, but the log is not complete: %v\n", r.program.Name, r.Steps.Err())
		return ExitFailed
	}
	return ExitDone
}

// sink chooses how the events are shown, and begins with the program's title.
func sink(ctx context.Context, p Program, opts options) steplog.Sink {
	if opts.json {
		return steplog.JSON(os.Stdout)
	}
	columns := width(os.Stdout)
	title := fmt.Sprintf("%s · lesson %d · Ctrl+C stops", p.Name, p.Lesson)
	fmt.Fprintln(color.Output, steplog.Fold(title, 0, columns))
	// color.NoColor is true where NO_COLOR is set and where stdout is no terminal.
	text := steplog.Text(color.Output, !color.NoColor && !opts.noColor, columns)
	return func(e steplog.Event) error {
		if ctx.Err() != nil && columns > 0 {
			columns = 0                // once
			fmt.Fprintln(color.Output) // the terminal has written ^C where the line began
		}
		return text(e)
	}
}

// width returns the columns of the terminal that f is, 0 when it is none.
func width(f *os.File) int {
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// flags defines the program's flags; their values go to r and opts.
func (r *Run) flags(opts *options) *flag.FlagSet {
	fs := flag.NewFlagSet(r.program.Name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // Start and usage write, each to its own place
	where := "listen on `host:port`; port 0: the system chooses"
	if r.program.Server != "" {
		where = "talk to the server at `host:port`"
		fs.StringVar(&r.Message, "message", r.program.Message, "send this `text`")
	}
	fs.StringVar(&r.Addr, "addr", defaultAddr, where)
	if r.program.Timeout > 0 {
		r.Timeout = r.program.Timeout
		fs.Var((*duration)(&r.Timeout), "timeout", "wait at most this `time` for the peer, for example 500ms or 1m")
	}
	fs.BoolVar(&opts.json, "json", false, "print each step as a JSON object, one a line (default false)")
	fs.Var((*duration)(&opts.pace), "pace", "rest this `time` after each Go call, to watch, for example 1s (default 0s)")
	fs.BoolVar(&opts.noColor, "no-color", false, "print without colours, as with NO_COLOR set (default false)")
	return fs
}

// A duration is a flag's value. Unlike the flag package's own, it says how to
// write one.
type duration time.Duration

func (d *duration) String() string { return time.Duration(*d).String() }

func (d *duration) Set(text string) error {
	value, err := time.ParseDuration(text)
	if err != nil {
		return errors.New("write a number and a unit, for example 500ms, 5s or 1m")
	}
	*d = duration(value)
	return nil
}

// parse reads the flags and refuses values that cannot work.
func (r *Run) parse(args []string) (opts options, err error) {
	fs := r.flags(&opts)
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return opts, err
	} else if err != nil {
		return opts, errors.New(steplog.Printable(err.Error()))
	}
	if fs.NArg() > 0 {
		return opts, fmt.Errorf("unexpected argument %s: all settings are flags, and a text with spaces needs quotes", steplog.Quote(fs.Arg(0)))
	}
	if err := CheckAddr(r.Addr, r.program.Server == ""); err != nil {
		return opts, fmt.Errorf("-addr %s: %v", steplog.Quote(r.Addr), err)
	}
	if r.program.Timeout > 0 && r.Timeout <= 0 {
		return opts, fmt.Errorf("-timeout %v: must be more than 0", r.Timeout)
	}
	if opts.pace < 0 {
		return opts, fmt.Errorf("-pace %v: must not be less than 0", opts.pace)
	}
	return opts, nil
}

// usage writes the help text of -h.
func (r *Run) usage(w io.Writer) {
	p := r.program
	fs := r.flags(&options{})
	fmt.Fprintf(w, "%s %s\n\n", p.Name, p.Does)
	fmt.Fprintf(w, "Usage:\n  go run ./lessons/%s [flags]\n\nFlags:\n", p.Name)
	fs.SetOutput(w)
	fs.PrintDefaults()
	fmt.Fprintf(w, "\nSteps:\n  %s\n", strings.Join(p.Steps, " · "))
	fmt.Fprintf(w, "\nExit status:\n  %3d  all steps were done\n  %3d  a step failed\n  %3d  a flag was wrong\n  %3d  stopped by Ctrl+C\n",
		ExitDone, ExitFailed, ExitUsage, ExitInterrupted)
	fmt.Fprintf(w, "\nThe lesson's page: lessons/%s/README.md\n", p.Name)
}

// CheckAddr tells what keeps addr from being an address, before any socket is
// made. Port 0 lets the system choose, which only a server can do.
func CheckAddr(addr string, server bool) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return errors.New("is no address: write host:port, for example " + defaultAddr + " or [::1]:7001")
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return errors.New("the port must be a number from 0 to 65535")
	}
	if number == 0 && !server {
		return errors.New("a client needs the server's port: the server prints it when it waits")
	}
	if host == "" {
		return errors.New("the host is missing: write " + net.JoinHostPort("127.0.0.1", port) + " for this computer alone")
	}
	if ip, err := netip.ParseAddr(host); err == nil && !strings.ContainsFunc(ip.Zone(), notInName) {
		return nil
	}
	// Digits and dots alone mean an IPv4 address, and this one is wrong. A name
	// has letters, digits, hyphens, underscores and dots (RFC 1123, section 2.1,
	// and the names found in use).
	if strings.Trim(host, "0123456789.") == "" || strings.ContainsFunc(host, notInName) {
		return errors.New("the host must be an IP address or a name, for example 127.0.0.1, ::1 in brackets, or localhost")
	}
	return nil
}

// notInName tells that a character cannot be part of a host's name.
func notInName(r rune) bool {
	return !unicode.IsLetter(r) && !strings.ContainsRune("0123456789-_.", r)
}
