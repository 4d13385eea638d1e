package lesson

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"example.com/sockets/shared/errno"
	"example.com/sockets/shared/steplog"
	"github.com/mattn/go-runewidth"
)

// A row names one piece of advice: of which step, for which error.
type row struct {
	call string
	is   error
}

// A failure makes a call fail with a real socket. The events go to steps; what
// the call returned comes back.
type failure struct {
	row
	program Program
	make    func(t *testing.T, steps *steplog.Logger) error
}

// failures are the rows that real sockets reach on this computer.
var failures = []failure{
	{row{"bind", errno.EADDRINUSE}, tcpServer, portInUse},
	{row{"bind", errno.EADDRNOTAVAIL}, tcpServer, func(t *testing.T, steps *steplog.Logger) error {
		return listen(t, steps, "203.0.113.1:0") // kept for examples: no computer has it (RFC 5737)
	}},
	{row{"connect", errno.ECONNREFUSED}, tcpClient, func(t *testing.T, steps *steplog.Logger) error {
		_, err := dial(t, steps, "tcp", occupied(t, "tcp"))
		return err
	}},
	{row{"connect", os.ErrDeadlineExceeded}, tcpClient, connectLate},
	{row{"send", errno.EPIPE}, tcpClient, sendToNobody},
	{row{"send", os.ErrDeadlineExceeded}, tcpClient, func(t *testing.T, steps *steplog.Logger) error {
		here, _ := pair(t, steps)
		here.SetWriteDeadline(time.Now().Add(-time.Second))
		_, err := here.Write([]byte("too late"))
		return err
	}},
	{row{"recv", io.EOF}, tcpClient, func(t *testing.T, steps *steplog.Logger) error {
		here, there := pair(t, steps)
		there.Close()
		_, err := here.Read(make([]byte, 1))
		return err
	}},
	{row{"recv", os.ErrDeadlineExceeded}, tcpClient, func(t *testing.T, steps *steplog.Logger) error {
		here, _ := pair(t, steps)
		here.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := here.Read(make([]byte, 1))
		return err
	}},
	{row{"", errno.ECONNRESET}, tcpClient, func(t *testing.T, steps *steplog.Logger) error {
		here, there := pair(t, steps)
		there.(*net.TCPConn).SetLinger(0) // so that Close sends a reset
		there.Close()
		_, err := here.Read(make([]byte, 1))
		return err
	}},
	{row{"sendto", errno.EMSGSIZE}, udpClient, func(t *testing.T, steps *steplog.Logger) error {
		_, err := udp(t, steps).Write(make([]byte, 65508))
		return err
	}},
	{row{"sendto", errno.ECONNREFUSED}, udpClient, sendToClosedPort},
	{row{"recvfrom", os.ErrDeadlineExceeded}, udpClient, func(t *testing.T, steps *steplog.Logger) error {
		conn := udp(t, steps)
		conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := conn.Read(make([]byte, 1))
		return err
	}},
	{row{"recvfrom", errno.ECONNREFUSED}, udpClient, func(t *testing.T, steps *steplog.Logger) error {
		conn := udp(t, steps)
		conn.Write([]byte("Hello!"))
		_, err := conn.Read(make([]byte, 1))
		return err
	}},
}

// notMade tells why a row has no failure above. Its error is made up.
var notMade = map[row]string{
	{"bind", errno.EACCES}:           "only for a user who is not the administrator, see testscripts/port-not-permitted.txtar",
	{"bind", errno.EINVAL}:           "only where the computer has a link-local address and the system looks at its zone",
	{"connect", errno.EINVAL}:        "the same",
	{"connect", errno.EADDRNOTAVAIL}: "only on a computer without IPv6, or with all its ports in use",
	{"connect", errno.EACCES}:        "only with a firewall that refuses, or on a system that tells a broadcast address so",
	{"recvfrom", errno.ECONNRESET}:   "how Windows says ECONNREFUSED",
	{"recvfrom", errno.EMSGSIZE}:     "only Windows calls a cut datagram an error",
	{"", errno.ECONNABORTED}:         "Windows, and an accept whose client has gone again",
	{"", errno.ENETUNREACH}:          "only without a way to a network: never on loopback",
	{"", errno.EHOSTUNREACH}:         "only when a router says so: never on loopback",
	{"", errno.EMFILE}:               "would take the descriptors of the other tests",
	{"", errno.ENOBUFS}:              "would take the memory of the other tests",
}

// notOnWindows tells why a failure above ends in another error on Windows.
var notOnWindows = map[row]string{
	{"send", errno.EPIPE}:          "Windows returns another error when the peer has closed",
	{"sendto", errno.ECONNREFUSED}: "on Windows a send does not report a closed port",
}

// patience bounds every wait of these tests. Only a bug takes so long.
const patience = 10 * time.Second

func listen(t *testing.T, steps *steplog.Logger, addr string) error {
	lc := net.ListenConfig{Control: steps.Socket}
	ln, err := steps.Listener(lc.Listen(t.Context(), "tcp", addr))
	if err == nil {
		ln.Close()
	}
	return err
}

// dial connects and hands out a logged connection, or the error.
func dial(t *testing.T, steps *steplog.Logger, network, addr string) (net.Conn, error) {
	d := net.Dialer{Control: steps.SocketConnect, Timeout: patience}
	c, err := steps.Conn(d.DialContext(t.Context(), network, addr))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c, nil
}

func portInUse(t *testing.T, steps *steplog.Logger) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return listen(t, steps, ln.Addr().String())
}

// connectLate lets the time-out pass between socket and connect. A server whose
// queue is full has the same effect and would take longer.
func connectLate(t *testing.T, steps *steplog.Logger) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	late := func(ctx context.Context, network, address string, c syscall.RawConn) error {
		err := steps.SocketConnect(network, address, c)
		<-ctx.Done()
		return err
	}
	d := net.Dialer{ControlContext: late, Timeout: time.Millisecond}
	_, err = steps.Conn(d.DialContext(t.Context(), "tcp", ln.Addr().String()))
	return err
}

// pair returns a logged connection to a peer, and the peer's end.
func pair(t *testing.T, steps *steplog.Logger) (here, there net.Conn) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ln.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	here, err = dial(t, steps, "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	there, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { there.Close() })
	return here, there
}

// sendToNobody writes until the peer's system has said that nobody reads: the
// first write after its close still succeeds.
func sendToNobody(t *testing.T, steps *steplog.Logger) (err error) {
	here, there := pair(t, steps)
	there.Close()
	here.Read(make([]byte, 1)) // the end of the stream has arrived
	for begin := time.Now(); err == nil && time.Since(begin) < patience; {
		_, err = here.Write([]byte("anybody there?"))
	}
	return err
}

// udp returns a logged UDP socket whose peer's port is closed to it.
func udp(t *testing.T, steps *steplog.Logger) net.Conn {
	c, err := dial(t, steps, "udp", occupied(t, "udp"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sendToClosedPort writes until the system knows that the port is closed, which
// the first datagram finds out.
func sendToClosedPort(t *testing.T, steps *steplog.Logger) (err error) {
	conn := udp(t, steps)
	for begin := time.Now(); err == nil && time.Since(begin) < patience; {
		_, err = conn.Write([]byte("Hello!"))
	}
	return err
}

// occupied returns an address that is taken and yet refuses every peer: the near
// end of a connection of somebody else. So no other program can begin to listen
// there while the test runs.
func occupied(t *testing.T, network string) string {
	var far net.Addr
	if network == "tcp" {
		ln, err := net.Listen(network, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ln.Close() })
		far = ln.Addr()
	} else {
		pc, err := net.ListenPacket(network, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { pc.Close() })
		far = pc.LocalAddr()
	}
	c, err := net.Dial(network, far.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.LocalAddr().String()
}

// TestExplainFailures makes each failure with a real socket and looks for its own
// advice in the explanation.
func TestExplainFailures(t *testing.T) {
	for _, f := range failures {
		t.Run(fmt.Sprintf("%s, %v", f.call, f.is), func(t *testing.T) {
			if why := notOnWindows[f.row]; why != "" && runtime.GOOS == "windows" {
				t.Skip(why)
			}
			steps := steplog.New(context.Background(), show, f.program.Name, f.program.Steps, 0)
			err := f.make(t, steps)
			failed := steps.Failed()
			if err == nil || failed.Err == nil {
				t.Fatalf("the call returned %v and the log has %v", err, failed.Err)
			}
			if f.call != "" && failed.Call != f.call {
				t.Errorf("%s failed, want %s", failed.Call, f.call)
			}
			peer := failed.Remote
			if peer == "" {
				peer = failed.Local
			}
			checkLines(t, f.program, f.row, failed.Call, peer, explain(f.program, failed, err, 0))
		})
	}
}

// checkLines checks that an explanation has its three lines: the step and the
// system's words, the cause, and the next thing to do, about the right address.
func checkLines(t *testing.T, p Program, want row, call, addr, text string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		t.Fatalf("this is not three lines:\n%s", text)
	}
	if prefix := fmt.Sprintf("%s: step ", p.Name); !strings.HasPrefix(lines[0], prefix) || !strings.Contains(lines[0], ", "+call+", failed: ") {
		t.Errorf("the first line does not name the program and the step: %s", lines[0])
	}
	for _, a := range advices[want.call] {
		if a.is != want.is {
			continue
		}
		fill := strings.NewReplacer("ADDR", addr, "SERVER", p.Server)
		if lines[1] != "  why:  "+fill.Replace(a.why) || lines[2] != "  next: "+fill.Replace(a.next) {
			t.Errorf("the advice for %s, %v is another one:\n%s", want.call, want.is, text)
		}
		if strings.Contains(a.why, "ADDR") && addr == "" {
			t.Errorf("the advice speaks of an address that is not known:\n%s", text)
		}
		return
	}
	t.Errorf("there is no advice for %s, %v", want.call, want.is)
}

// TestExplainMadeUp reaches the other rows with errors as package net makes them.
func TestExplainMadeUp(t *testing.T) {
	for want := range notMade {
		call := want.call
		if call == "" {
			call = "recv"
		}
		err := &net.OpError{Op: "test", Net: "tcp", Err: os.NewSyscallError("call", want.is)}
		failed := steplog.Event{Step: 2, Call: call, Remote: "127.0.0.1:7001", Err: err}
		checkLines(t, tcpClient, want, call, failed.Remote, explain(tcpClient, failed, err, 0))
	}
}

// TestEveryAdvice: each row is reached by one of the two tests above.
func TestEveryAdvice(t *testing.T) {
	reached := map[row]bool{}
	for _, f := range failures {
		reached[f.row] = true
	}
	for call, list := range advices {
		for _, a := range list {
			want := row{call, a.is}
			if _, ok := notMade[want]; !ok && !reached[want] {
				t.Errorf("no test reaches the advice for %q, %v", call, a.is)
			}
			if a.why == "" || a.next == "" {
				t.Errorf("the advice for %q, %v is not complete", call, a.is)
			}
		}
	}
}

// TestExplainTimeouts: the three errors that mean a time-out get one advice. Which
// of the first two a dial returns is a matter of chance.
func TestExplainTimeouts(t *testing.T) {
	want, _ := advise("connect", os.ErrDeadlineExceeded)
	for _, err := range []error{context.DeadlineExceeded, os.ErrDeadlineExceeded, errno.ETIMEDOUT} {
		got, _ := advise("connect", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)})
		if got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

// TestExplainListen: some systems find a port in use only in listen.
func TestExplainListen(t *testing.T) {
	bind, _ := advise("bind", errno.EADDRINUSE)
	if listen, _ := advise("listen", errno.EADDRINUSE); listen != bind {
		t.Errorf("listen: %q, want %q", listen, bind)
	}
}

// TestExplainName: a name without an address, and one that could not be looked
// up. Both lookups end inside this process: package net refuses the first name by
// itself, and the second gets no way to a DNS server.
func TestExplainName(t *testing.T) {
	for name, want := range map[string]string{
		"no..such..host": `No computer has the name "no..such..host"`,
		"server.example": `"server.example" could not be looked up`,
	} {
		for _, network := range []string{"tcp", "udp"} {
			p := map[string]Program{"tcp": tcpClient, "udp": udpClient}[network]
			steps := steplog.New(context.Background(), show, p.Name, p.Steps, 0)
			noWay := func(context.Context, string, string) (net.Conn, error) {
				return nil, errors.New("no way to a DNS server")
			}
			d := net.Dialer{Control: steps.SocketConnect, Resolver: &net.Resolver{PreferGo: true, Dial: noWay}}
			_, err := steps.Conn(d.DialContext(t.Context(), network, name+":7001"))
			text := explain(p, steps.Failed(), err, 0)
			if !strings.Contains(text, want) || strings.Count(text, "\n") != 3 {
				t.Errorf("%s to %s:\n%s", network, name, text)
			}
			// The document's UDP client has no connect, so it has no number.
			if strings.Contains(text, "step 0") {
				t.Errorf("there is no step 0:\n%s", text)
			}
		}
	}
}

// TestExplainNameIsNoTemplate: a name may be one of the words that advice fills in.
func TestExplainNameIsNoTemplate(t *testing.T) {
	for _, name := range []string{"SERVER", "ADDR"} {
		err := &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		text := explain(tcpClient, steplog.Event{Step: 2, Call: "connect", Err: err}, err, 0)
		if !strings.Contains(text, `the name "`+name+`"`) {
			t.Errorf("%s is explained as:\n%s", name, text)
		}
	}
}

// TestExplainUnknown: an error that nobody thought of still gets its three lines.
func TestExplainUnknown(t *testing.T) {
	err := errors.New("entirely new")
	text := explain(tcpClient, steplog.Event{Step: 3, Call: "send", Err: err}, err, 0)
	if !strings.HasPrefix(text, "tcp-client: step 3, send, failed: entirely new\n  why:  ") || strings.Count(text, "\n") != 3 {
		t.Errorf("explained as %q", text)
	}
}

// TestExplainIsHarmless: no text from outside forges a line.
func TestExplainIsHarmless(t *testing.T) {
	err := errors.New("bad\x1b[31m\nforged: line")
	for name, failed := range map[string]steplog.Event{
		"of a step":         {Step: 3, Call: "send", Err: err},
		"outside the steps": {},
	} {
		text := explain(tcpClient, failed, err, 0)
		for _, l := range strings.Split(text, "\n") {
			if strings.HasPrefix(l, "forged") || strings.ContainsFunc(l, unicode.IsControl) {
				t.Errorf("an error %s is explained as %q", name, text)
			}
		}
	}
}

// TestExplainFits: on a terminal no line of an explanation is too long, and the
// folded lines still say the same.
func TestExplainFits(t *testing.T) {
	squeeze := func(text string) string { return strings.Join(strings.Fields(text), "") }
	err := errors.New("no luck at all, and 안녕하세요")
	failed := steplog.Event{Step: 4, Call: "recv", Remote: "127.0.0.1:7001", Err: errors.Join(err, io.EOF)}
	whole := explain(tcpClient, failed, failed.Err, 0)
	for width := 20; width <= 120; width++ {
		folded := explain(tcpClient, failed, failed.Err, width)
		for _, l := range strings.Split(folded, "\n") {
			if runewidth.StringWidth(l) > width {
				t.Errorf("width %d: %q", width, l)
			}
		}
		if squeeze(folded) != squeeze(whole) {
			t.Errorf("width %d: %q does not say the same as %q", width, folded, whole)
		}
	}
}
