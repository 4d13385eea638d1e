package lesson

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"example.com/sockets/shared/errno"
	"example.com/sockets/shared/steplog"
)

// An advice puts a system's error into plain words. In its texts ADDR stands for
// the address that the call was about, SERVER for the client's server.
type advice struct {
	is   error  // the error, as errors.Is finds it
	why  string // the likely cause
	next string // the next thing to do or to type
}

// Texts that several errors share.
const (
	startServer = "Start the server first, in another terminal: go run ./lessons/SERVER"
	lookThere   = "Look at what the other program printed last, then start both again."
	ownAddr     = "Use an address of this computer: -addr 127.0.0.1:7001"
	// The report is an ICMP "port unreachable" (RFC 1122, section 4.1.3.1).
	portClosed = "No program has the UDP port ADDR open. The datagram went out, and the other side's system reported that."
)

// advices holds, for each step of the document, what its errors mean. The first
// that fits is taken; under "" stand the ones that fit every step.
var advices = map[string][]advice{
	"bind": {
		{errno.EADDRINUSE, "Another program uses ADDR already.",
			"Stop that program, or let the system choose a free port: -addr 127.0.0.1:0"},
		{errno.EACCES, "The system does not allow you this port. Ports below 1024 are often kept for the administrator.",
			"Choose a port from 1024 up: -addr 127.0.0.1:7001"},
		{errno.EINVAL, "The system cannot use ADDR as it is written. An address that begins with fe80 also needs the name of a network, as in [fe80::1%eth0]:7001.",
			ownAddr},
		{errno.EADDRNOTAVAIL, "This computer does not have the address ADDR.",
			ownAddr},
	},
	"connect": {
		{errno.EINVAL, "The system cannot use ADDR as it is written. An address that begins with fe80 also needs the name of a network, as in [fe80::1%eth0]:7001.",
			ownAddr},
		{errno.ECONNREFUSED, "Nobody listens on ADDR.",
			startServer},
		{os.ErrDeadlineExceeded, "No answer came from ADDR in time: the time may be too short, the server's queue may be full, or something on the way drops the packets.",
			"Check the address with the one that the server prints. Give it longer: set a larger -timeout."},
		{errno.EADDRNOTAVAIL, "The system cannot reach ADDR from any address of this computer.",
			"Use the address that the server prints: -addr 127.0.0.1:7001"},
		{errno.EACCES, "The system does not allow a connection to ADDR. It may stand for many computers at once (broadcast).",
			"Use the address that the server prints: -addr 127.0.0.1:7001"},
	},
	"send": {
		{errno.EPIPE, "The peer has closed the connection: nobody reads on the other side.",
			lookThere},
		{os.ErrDeadlineExceeded, "The peer is connected but does not read: no more bytes fit on the way.",
			"Look at what the other program does. Give it longer: set a larger -timeout."},
	},
	"recv": {
		{io.EOF, "The peer ended the stream before it sent anything. For recv, 0 bytes mean the end and not \"no data yet\".",
			lookThere},
		{os.ErrDeadlineExceeded, "The peer is connected but sends nothing. Perhaps both sides wait for each other.",
			"Look at what the other program waits for. Give it longer: set a larger -timeout."},
	},
	"sendto": {
		{errno.EMSGSIZE, "The message is too long for one datagram. Over IPv4 a datagram holds at most 65507 bytes.",
			"Send a shorter -message."},
		{errno.ECONNREFUSED, "No program has the UDP port ADDR open.",
			startServer},
	},
	"recvfrom": {
		{os.ErrDeadlineExceeded, "No answer came. UDP promises nothing: the datagram or its answer may be lost, or the peer stays silent.",
			"See whether the server printed your datagram, then send it again. Give it longer: set a larger -timeout."},
		{errno.ECONNREFUSED, portClosed,
			startServer},
		{errno.ECONNRESET, portClosed,
			startServer},
		{errno.EMSGSIZE, "The datagram was longer than the room for it. Windows calls that an error, other systems cut it.",
			"Send a shorter -message."},
	},
	"": {
		{errno.ECONNRESET, "The peer broke the connection off (a reset): it crashed, it stopped before it accepted you, or it closed with bytes still unread.",
			lookThere},
		{errno.ECONNABORTED, "The connection was broken off.",
			lookThere},
		{errno.ENETUNREACH, "This computer knows no way to ADDR.",
			ownAddr},
		{errno.EHOSTUNREACH, "This computer finds no way to ADDR.",
			ownAddr},
		{errno.EMFILE, "This program may not open more sockets or files.",
			"Close some programs, or see the limit with: ulimit -n"},
		{errno.ENOBUFS, "The system has no memory left for more network data.",
			"Close some programs and try again."},
	},
}

// explain says in three lines what failed, why, and what to do next. Failed is
// the event of the call that returned err, where there is one. Lines are folded to
// width columns, 0 for no bound.
func explain(p Program, failed steplog.Event, err error, width int) string {
	if failed.Err == nil || !errors.Is(err, failed.Err) {
		return fmt.Sprintf("%s: %s\n", p.Name, steplog.Printable(err.Error()))
	}
	addr := failed.Remote
	if addr == "" {
		addr = failed.Local
	}
	why, next := adviseName(err)
	if why == "" {
		why, next = advise(failed.Call, err)
		fill := strings.NewReplacer("ADDR", addr, "SERVER", p.Server)
		why, next = fill.Replace(why), fill.Replace(next)
	}
	step := failed.Call
	if failed.Step > 0 { // the UDP client's connect is none of the document's steps
		step = fmt.Sprintf("step %d, %s,", failed.Step, failed.Call)
	}
	said := steplog.Printable(err.Error())
	if errors.Is(err, io.EOF) {
		said = "it returned 0 bytes (io.EOF)"
	}
	what := fmt.Sprintf("%s: %s failed: %s", p.Name, step, said)
	return steplog.Fold(what, 0, width) + "\n" +
		"  why:  " + steplog.Fold(why, 8, width) + "\n" +
		"  next: " + steplog.Fold(next, 8, width) + "\n"
}

// adviseName explains a name that could not be looked up. It returns "" for any
// other error.
func adviseName(err error) (why, next string) {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return "", ""
	case dns.IsNotFound:
		return "No computer has the name " + steplog.Quote(dns.Name) + ".", "Check the spelling, or use the number: -addr 127.0.0.1:7001"
	}
	return "The name " + steplog.Quote(dns.Name) + " could not be looked up.", "Use the number: -addr 127.0.0.1:7001"
}

// advise finds the advice for an error of the step call.
func advise(call string, err error) (why, next string) {
	if call == "listen" { // some systems find an address in use only here
		call = "bind"
	}
	// A time-out has several names: a dial can end with that of the context or of
	// the poller, whichever is first, and the system has its own, ETIMEDOUT.
	var netErr net.Error
	if errors.As(err, &netErr) && netErr.Timeout() || errors.Is(err, errno.ETIMEDOUT) {
		err = os.ErrDeadlineExceeded
	}
	for _, list := range [][]advice{advices[call], advices[""]} {
		for _, a := range list {
			if errors.Is(err, a.is) {
				return a.why, a.next
			}
		}
	}
	return "The system gives no more than these words.", "Start both programs again. Look at what each one printed last."
}
