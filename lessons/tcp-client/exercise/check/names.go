package check

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

// A connect on this computer takes no time, unless the server is given by a name
// that is found late. So the checker plays the name server too. All happens inside
// this process.
var names struct {
	sync.Map // from a name, as a query holds it, to its *lateName
	count    atomic.Int32
	suspects atomic.Int32 // how many visits need to know who asks: to find it out takes time
}

type lateName struct {
	after  time.Duration
	inDial atomic.Bool // a Dialer has asked for it
}

// The resolver is changed before any call of an answer can use it.
func init() {
	net.DefaultResolver.PreferGo = true
	net.DefaultResolver.Dial = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answer(server, names.suspects.Load() > 0 && askedInDial())
		return client, nil
	}
}

// newName makes a name for 127.0.0.1 that is found only after d.
func newName(d time.Duration) (string, *lateName) {
	label := fmt.Sprint("server", names.count.Add(1))
	name := &lateName{after: d}
	names.Store(fmt.Sprintf("%c%s\x04test\x00", len(label), label), name)
	return label + ".test.", name
}

// answer answers one query, as it comes over TCP: see RFC 1035, sections 4.1 and 4.2.2.
func answer(conn net.Conn, inDial bool) {
	defer conn.Close()
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return
	}
	query := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return
	}
	end := 12 + slices.Index(query[12:], 0) + 1
	name, known := names.Load(string(query[12:end]))
	reply := append([]byte{}, query[:end+4]...)                 // the number of the query, and its question
	copy(reply[2:], []byte{0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0}) // no such name
	if known {
		reply[3] = 0x80        // the name is there
		if query[end+1] == 1 { // and it has an address of IPv4
			reply[7] = 1
			reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1)
		}
		if inDial {
			name.(*lateName).inDial.Store(true)
		}
		time.Sleep(name.(*lateName).after)
	}
	conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
}

// askedInDial tells whether a Dialer waits for what this goroutine looks up. The
// goroutines between the two have made each other.
func askedInDial() bool {
	stacks := make([]byte, 1<<20)
	all := strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n")
	for at := 0; at >= 0; {
		if strings.Contains(all[at], "net.(*Resolver).lookupIPAddr(") {
			return strings.Contains(all[at], "net.(*Dialer).DialContext(")
		}
		_, maker, _ := strings.Cut(all[at], " in goroutine ")
		maker, _, _ = strings.Cut(maker, "\n")
		at = slices.IndexFunc(all, func(g string) bool { return maker != "" && strings.HasPrefix(g, "goroutine "+maker+" ") })
	}
	return false
}

// nameFoundLate looks only for a timeout that begins anew when the connection
// stands. An answer need not know names, or may look them up before it connects.
func nameFoundLate(tr *exam.Trial, ask asker) {
	name, _ := newName(0)
	if found, err := net.LookupHost(name); err != nil || !slices.Equal(found, []string{"127.0.0.1"}) {
		return // this system does not ask the checker
	}
	alone := exam.Case[asker]{Name: "alone", Run: judgeNameFoundLate}
	for _, f := range exam.Try([]exam.Case[asker]{alone}, ask) {
		if f.Diagnosis.Name == restarts.Name {
			tr.Wrong(restarts, "%s", f.Story)
		}
	}
}

func judgeNameFoundLate(tr *exam.Trial, ask asker) {
	late := 0
	for try := range 3 { // a busy machine can make a call late, or find the name too late
		timeout := short * 6 / 5 << try
		host, name := newName(timeout * 7 / 10)
		did := fmt.Sprintf("The server was given by its name, which was found after %v. Then it read, said nothing, and did not close. The timeout was %v", name.after, timeout)
		v := startNamed(tr, ask, host, plainMessage, timeout, did, func(p *peer) { p.receive() })
		switch {
		case !wait(v) || v.hung != "" || late > 0 && !name.inDial.Load():
			return
		case v.seen() == 0 && deadline(v.err):
			continue
		case v.seen() == 0 || v.took < timeout*168/100: // see readsLate
			return
		}
		if late++; late == 1 {
			names.suspects.Add(1)
			defer names.suspects.Add(-1)
			continue
		}
		if try < 2 {
			continue
		}
		c := startControl(tr, ask)
		if wait(c.silent, c.plain) && c.silent.hung == "" && c.silent.took < c.silent.timeout*168/100 {
			v.blame(c.plain, is(restarts))
		}
	}
}
