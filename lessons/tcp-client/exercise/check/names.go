package check

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"example.com/sockets/shared/exam"
)

func visitHost(tr *exam.Trial, ask asker, host, reply string) *visit {
	did := "The server read " + exam.Quote(plainMessage) + ", sent " + exam.Quote(reply) + " and closed"
	return startNamed(tr, ask, host, plainMessage, long, did, func(p *peer) {
		p.receive()
		p.send(reply)
		p.finish()
	})
}

func hostName(tr *exam.Trial, ask asker) {
	wantReply(tr, ask, "My name is localhost.", func(reply string) *visit { return visitHost(tr, ask, "localhost", reply) })
}

// ipv6 does nothing on a system without IPv6.
func ipv6(tr *exam.Trial, ask asker) {
	ln, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return
	}
	ln.Close()
	wantReply(tr, ask, "My address is ::1.", func(reply string) *visit { return visitHost(tr, ask, "::1", reply) })
}

// slowName has Ask connect to a name that takes a while to look up. To connect at
// all takes no time on one computer, and this is a part of Dial that can.
func slowName(tr *exam.Trial, ask asker) {
	// An answer that is wrong with any name is told so by another case. And on a
	// system where answerNames does not help, nobody could be right.
	v := visitHost(tr, ask, slowHost(0), plainReply)
	if v == nil || !v.soon() || !v.fine(plainReply) {
		return
	}
	begin := func(timeout time.Duration) *visit {
		rest := timeout * 7 / 10
		did := fmt.Sprintf("To look up the server's name took %v. Then the server read and said nothing, and did not close. The timeout was %v", rest, timeout)
		return startNamed(tr, ask, slowHost(rest), plainMessage, timeout, did, func(p *peer) {
			p.receive()
			p.done()
		})
	}
	// A deadline that begins anew after Dial cannot be over before 1.7 timeouts are.
	bounded{begin: begin, timeout: short * 6 / 5, hangs: noDeadline, late: restarts, most: 1.68, inTime: true}.judge(tr, ask)
}

var slowHosts atomic.Int64

// slowHost is a name for 127.0.0.1 that takes so long to look up. Each is new:
// package net makes one of two look-ups of the same name.
func slowHost(rest time.Duration) string {
	return fmt.Sprintf("%dms.server%d.test", rest.Milliseconds(), slowHosts.Add(1))
}

// answerNames lets the checker be the name server for this program, until undo is
// called. The system's file of hosts is still looked at first.
func answerNames() (undo func()) {
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		conn, server := net.Pipe()
		go answerName(server)
		return conn, nil
	}}
	return func() { net.DefaultResolver = before }
}

// answerName answers one question for the address of a name, with 127.0.0.1. A
// message is as RFC 1035 section 4.1 has it, and its length stands before it.
func answerName(conn net.Conn) {
	defer conn.Close()
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return
	}
	query := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return
	}
	const header = 12
	if len(query) < header+1+1+1+4 { // a name of one character, its final zero, type and class
		return
	}
	name, _, _ := bytes.Cut(query[header:], []byte{0})
	if len(name) == 0 || len(query) < header+len(name)+5 {
		return
	}
	question := query[header : header+len(name)+5] // the name's final zero, type and class
	reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
	if isIPv4 := question[len(name)+2] == 1; isIPv4 {
		first := name[1 : 1+name[0]]
		rest, _ := time.ParseDuration(string(first)) // of other names it is 0
		time.Sleep(rest)
		reply[7] = 1 // one answer: the same name, type, class, time to live, length, address
		reply = append(reply, 0xc0, header, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1)
	}
	conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
}
