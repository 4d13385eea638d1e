package badnet

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/sockets/shared/errno"
)

// wantReset checks that the connection was reset. What came before may be read first.
func wantReset(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, conn); !errors.Is(err, errno.ECONNRESET) {
		t.Errorf("the connection ended with %v, want a reset", err)
	}
}

// TestTCPPerfect: without faults all bytes go both ways, each end is passed on
// alone, and nothing is shown.
func TestTCPPerfect(t *testing.T) {
	t.Parallel()
	client, server, r, rec := tcpPair(t, "")
	data := make([]byte, 1<<20)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	for _, ends := range [][2]*net.TCPConn{{client, server}, {server, client}} {
		go func() {
			ends[0].Write(data)
			ends[0].CloseWrite()
		}()
		if got, err := io.ReadAll(ends[1]); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes came (%v), want the %d that were sent", len(got), err, len(data))
		}
	}
	until(t, "the counts are complete", func() bool {
		up, down := r.Traffic()
		want := Traffic{Came: len(data), Went: len(data)}
		return up == want && down == want
	})
	rec.want(t)
}

// TestTCPHalfClose: after the client has ended its direction, the server's answer comes through.
func TestTCPHalfClose(t *testing.T) {
	t.Parallel()
	client, server, _, _ := tcpPair(t, "")
	send(t, client, "question")
	client.CloseWrite()
	wantBytes(t, server, "question")
	wantEnd(t, server)
	send(t, server, "answer")
	server.Close()
	wantBytes(t, client, "answer")
	wantEnd(t, client)
}

// TestTCPReset: a reset of one side reaches the other as a reset.
func TestTCPReset(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"client", "server"} {
		client, server, _, rec := tcpPair(t, "")
		from, to := client, server
		if who == "server" {
			from, to = server, client
		}
		send(t, from, "x") // else the reset may come while the relay still connects
		wantBytes(t, to, "x")
		from.SetLinger(0)
		from.Close()
		wantReset(t, to)
		rec.want(t)
	}
}

// TestTCPResetInFlood: of a reset the system tells one call only. When that is a send
// that waits for room, the receive next to it is told of an end, which is no FIN.
func TestTCPResetInFlood(t *testing.T) {
	t.Parallel()
	for range 30 {
		client, server, r, _ := tcpPair(t, "")
		client.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		client.Write(make([]byte, 64<<20))
		server.SetLinger(0)
		server.Close()
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, errno.ECONNRESET) {
			t.Fatalf("after the server's reset, the client got %v", err)
		}
		r.Close()
	}
}

// TestTCPPeerGone: a sender whose peer has closed for good is told so, also when
// the peer had ended its own direction long before.
func TestTCPPeerGone(t *testing.T) {
	t.Parallel()
	client, server, _, rec := tcpPair(t, "")
	client.CloseWrite()
	wantEnd(t, server)
	client.Close()
	until(t, "the server's send fails", func() bool {
		_, err := server.Write([]byte("anybody there?"))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		return err != nil
	})
	if e := rec.await(t, "send"); e.Err == nil || e.Remote != client.LocalAddr().String() {
		t.Errorf("the log says %+v", e)
	}
}

// TestTCPRefused: where no server listens, the client is reset, and the log tells why.
func TestTCPRefused(t *testing.T) {
	t.Parallel()
	// The port of a client: nobody listens there, and nobody else can be given it.
	taken, _, _, _ := tcpPair(t, "")
	to := taken.LocalAddr().String()
	r, rec := relayTo(t, "tcp", to, "")
	conn, err := net.Dial("tcp", r.Addr())
	if err == nil {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		_, err = io.Copy(io.Discard, conn)
	}
	if !errors.Is(err, errno.ECONNRESET) { // early enough, it even ends the connect
		t.Errorf("the client got %v, want a reset", err)
	}
	if e := rec.await(t, "connect"); !errors.Is(e.Err, errno.ECONNREFUSED) || e.Remote != to {
		t.Errorf("the log says %+v", e)
	}
}

// TestSplit: the two pieces are the chunk, and a receiver that reads at once gets
// the first alone. A busy computer may let it read late; so some tries are allowed.
func TestSplit(t *testing.T) {
	t.Parallel()
	const text = "Hello, i'm client!"
	for range 50 {
		client, server, r, rec := tcpPair(t, "up:split=@1")
		send(t, client, text)
		buf := make([]byte, 100)
		n, err := server.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		wantBytes(t, server, text[n:])
		e := rec.await(t, "split")
		if e.Limit < 1 || e.Limit >= len(text) || string(e.Data) != text || e.Direction != "up" ||
			e.Local != client.LocalAddr().String() || e.Remote != server.LocalAddr().String() {
			t.Fatalf("the log says %+v", e)
		}
		send(t, client, text)
		wantBytes(t, server, text)
		send(t, server, text)
		wantBytes(t, client, text)
		rec.want(t, "split")
		r.Close()
		if n == e.Limit {
			return
		}
	}
	t.Error("the first piece never came alone")
}

func TestSplitOneByte(t *testing.T) {
	t.Parallel()
	client, server, _, rec := tcpPair(t, "split=1")
	send(t, client, "x")
	wantBytes(t, server, "x")
	rec.want(t) // one byte cannot be split
}

// TestMerge: a chunk goes on together with the next one.
func TestMerge(t *testing.T) {
	t.Parallel()
	client, server, r, rec := tcpPair(t, "up:merge=@1,hold=1h")
	send(t, client, "Hello, ")
	until(t, "the relay has the first chunk", func() bool { up, _ := r.Traffic(); return up.Came == 7 })
	send(t, client, "server!")
	buf := make([]byte, 100)
	if n, err := server.Read(buf); err != nil || string(buf[:n]) != "Hello, server!" {
		t.Errorf("%q and %v came at once", buf[:n], err)
	}
	if e := rec.all()[0]; e.Fault != "merge" || e.Bytes != 14 || e.Limit != 7 || string(e.Data) != "Hello, server!" {
		t.Errorf("the log says %+v", e)
	}
	rec.want(t, "merge")
}

// TestMergeAndSplit: what is split are the pieces together, whichever of them is to be.
func TestMergeAndSplit(t *testing.T) {
	t.Parallel()
	for _, which := range []string{"@1", "@2"} {
		client, server, r, rec := tcpPair(t, "up:merge=@1,hold=1h,up:split="+which)
		send(t, client, "Hello, ")
		until(t, "the relay has the first chunk", func() bool { up, _ := r.Traffic(); return up.Came == 7 })
		send(t, client, "server!")
		wantBytes(t, server, "Hello, server!")
		rec.want(t, "merge", "split")
		if e := rec.await(t, "split"); e.Bytes != 14 {
			t.Errorf("the log says %+v", e)
		}
	}
}

// TestMergeAlone: the chunk goes on alone after a while, and at once before the end.
func TestMergeAlone(t *testing.T) {
	t.Parallel()
	client, server, _, rec := tcpPair(t, "up:merge=1,hold=5ms")
	send(t, client, "first")
	wantBytes(t, server, "first")
	send(t, client, "last")
	client.CloseWrite()
	wantBytes(t, server, "last")
	wantEnd(t, server)
	for _, e := range rec.all() {
		if e.Fault != "merge" || e.Limit != e.Bytes {
			t.Errorf("the log says %+v", e)
		}
	}
}

// TestTCPDelay: no byte comes early, and the order stays.
func TestTCPDelay(t *testing.T) {
	t.Parallel()
	const late = 30 * time.Millisecond
	client, server, _, rec := tcpPair(t, "delay=30ms")
	begun := time.Now()
	send(t, client, "abc", "def")
	wantBytes(t, server, "abcdef")
	if took := time.Since(begun); took < late {
		t.Errorf("the bytes came after %v", took)
	}
	if e := rec.await(t, "delay"); e.Took != late || e.Local != client.LocalAddr().String() {
		t.Errorf("the log says %+v", e)
	}
}

// TestDrip: bytes come one at a time, so the last comes late.
func TestDrip(t *testing.T) {
	t.Parallel()
	client, server, _, rec := tcpPair(t, "down:drip=3ms")
	begun := time.Now()
	send(t, server, "Hello, i'm server!")
	wantBytes(t, client, "Hello, i'm server!")
	if took := time.Since(begun); took < 17*3*time.Millisecond {
		t.Errorf("the last byte came after %v", took)
	}
	send(t, client, "ok")
	wantBytes(t, server, "ok")
	rec.want(t, "drip")
}

// TestStall: after N bytes nothing comes, not even the end. The other direction goes on.
func TestStall(t *testing.T) {
	t.Parallel()
	client, server, r, rec := tcpPair(t, "down:stall=5")
	send(t, server, "Hello, i'm server!")
	server.CloseWrite()
	wantBytes(t, client, "Hello")
	e := rec.await(t, "stall")
	if e.Bytes != 5 || e.Direction != "down" {
		t.Errorf("the log says %+v", e)
	}
	send(t, client, "still here")
	wantBytes(t, server, "still here")
	client.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if n, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the stall, %d bytes and %v came", n, err)
	}
	if _, down := r.Traffic(); down.Went != 5 {
		t.Errorf("%d bytes went on", down.Went)
	}
	client.CloseWrite()
	wantEnd(t, server)
}

// TestStallAtOnce: with N = 0 nothing ever comes.
func TestStallAtOnce(t *testing.T) {
	t.Parallel()
	client, server, _, rec := tcpPair(t, "down:stall=0")
	rec.await(t, "stall")
	send(t, server, "x")
	client.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if n, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes and %v came", n, err)
	}
}

// TestStallHalfClosed: a client that ends its own direction and waits for the answer
// waits for the rest of it, and is not told that it has ended.
func TestStallHalfClosed(t *testing.T) {
	t.Parallel()
	client, server, _, rec := tcpPair(t, "down:stall=5")
	client.CloseWrite()
	wantEnd(t, server)
	send(t, server, "Hello, i'm server!")
	server.Close()
	wantBytes(t, client, "Hello")
	rec.await(t, "stall")
	client.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if n, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the stall, %d bytes and %v came", n, err)
	}
}

// TestHalfCloseFault: the stream ends early, and the other direction goes on.
func TestHalfCloseFault(t *testing.T) {
	t.Parallel()
	client, server, _, rec := tcpPair(t, "down:half-close=5,down:stall=9,down:reset=9") // the least comes first
	send(t, server, "Hello, i'm server!")
	wantBytes(t, client, "Hello")
	wantEnd(t, client)
	send(t, client, "still here")
	wantBytes(t, server, "still here")
	client.Close()
	wantEnd(t, server)
	rec.want(t, "half-close")
}

// TestResetFault: what came first can be read, and then both sides are reset.
func TestResetFault(t *testing.T) {
	t.Parallel()
	client, server, r, rec := tcpPair(t, "up:reset=5")
	send(t, client, "Hello, i'm client!")
	rec.await(t, "reset")
	wantReset(t, server)
	wantReset(t, client)
	rec.want(t, "reset")
	if up, _ := r.Traffic(); up.Went != 5 || up.Faults != 1 {
		t.Errorf("the traffic was %+v", up)
	}
}

// TestResetIsFirst: no answer to the bytes that reached the limit is quicker than
// the reset, and no end.
func TestResetIsFirst(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"Hello, i'm server!", ""} {
		client, server, _, _ := tcpPair(t, "up:reset=5,down:reset=99")
		send(t, client, "Hello, i'm client!")
		wantBytes(t, server, "Hello")
		io.WriteString(server, answer) // fails when the reset has come already
		server.CloseWrite()
		if n, err := io.Copy(io.Discard, client); n != 0 || !errors.Is(err, errno.ECONNRESET) {
			t.Errorf("%d bytes and %v came", n, err)
		}
	}
}

// TestLimitNotReached: a stream that ends before the N-th byte is left alone, and
// one that ends with it meets the fault.
func TestLimitNotReached(t *testing.T) {
	t.Parallel()
	client, server, _, rec := tcpPair(t, "up:reset=6,down:half-close=5")
	send(t, client, "Hello")
	client.CloseWrite()
	wantBytes(t, server, "Hello")
	wantEnd(t, server)
	send(t, server, "Hello")
	wantBytes(t, client, "Hello")
	wantEnd(t, client)
	rec.want(t, "half-close")
}

// TestFlood: when the receiver never reads, the sender has to wait, and the relay
// keeps no more than its bounds: less when others keep much already.
func TestFlood(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		spec          string
		others, bound int
	}{
		{"", 0, (queueLength + 2) * maxChunk},
		{"merge=1,split=1", 0, (queueLength+3)*maxChunk + maxMerge},
		{"up:stall=0", 0, (queueLength + 2) * maxChunk},
		{"up:stall=0", maxHeld, 2 * maxChunk},
	} {
		client, _, r, _ := tcpPair(t, test.spec)
		r.held.Add(int64(test.others))
		data := make([]byte, 1<<20)
		client.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		sent := 0
		for sent < 256<<20 {
			n, err := client.Write(data)
			sent += n
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		up, _ := r.Traffic()
		if held := up.Came - up.Went; held > test.bound || sent >= 256<<20 {
			t.Errorf("%q: of %d bytes sent, the relay keeps %d, more than %d", test.spec, sent, held, test.bound)
		}
		r.Close()
	}
}

// TestManyConnections: more clients than the relay takes at once all get their turn.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(conn, conn); conn.Close() }()
		}
	}()
	r, rec := relayTo(t, "tcp", ln.Addr().String(), "")
	var wg sync.WaitGroup
	for range 2 * maxLinks {
		wg.Go(func() {
			conn, err := net.Dial("tcp", r.Addr())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			io.WriteString(conn, "hello")
			conn.(*net.TCPConn).CloseWrite()
			if got, err := io.ReadAll(conn); err != nil || string(got) != "hello" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	wg.Wait()
	rec.want(t)
}

// TestTCPSameSeed: the same conversation meets the same faults.
func TestTCPSameSeed(t *testing.T) {
	t.Parallel()
	conversation := func() (shown []string) {
		client, server, r, rec := tcpPair(t, "split=0.5,seed=7")
		for range 10 {
			send(t, client, "Hello!")
			wantBytes(t, server, "Hello!")
			send(t, server, "Hello back!")
			wantBytes(t, client, "Hello back!")
		}
		r.Close()
		for _, e := range rec.all() {
			_, text, _ := strings.Cut(e.String(), ": ")
			shown = append(shown, e.Direction+text)
		}
		return shown
	}
	first, second := conversation(), conversation()
	if a, b := strings.Join(first, "\n"), strings.Join(second, "\n"); a != b || len(first) < 3 {
		t.Errorf("once:\n%s\nand again:\n%s", a, b)
	}
}
