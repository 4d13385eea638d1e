package steplog

import (
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"

	"example.com/sockets/shared/errno"
)

// udpPair returns a server's socket and a client's, which is connected to it.
func udpPair(t *testing.T) (server, client side, there net.PacketConn, here net.Conn) {
	t.Helper()
	server, client = newSide(t.Context(), "server", udpServer), newSide(t.Context(), "client", udpClient)
	there = server.listenPacket(t, "127.0.0.1:0")
	here = client.dial(t, "udp", there.LocalAddr())
	return server, client, there, here
}

// TestUDPConversation plays the document's UDP story: the server's socket is not
// connected, the client's is.
func TestUDPConversation(t *testing.T) {
	server, client, there, here := udpPair(t)
	buf := make([]byte, 200)
	write(t, here, []byte("Hello!"))
	n, peer, err := there.ReadFrom(buf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := there.WriteTo(buf[:n], peer); err != nil {
		t.Fatal(err)
	}
	read(t, here, buf[:100])
	here.Close()
	there.Close()

	s, c := there.LocalAddr().String(), here.LocalAddr().String()
	const listen, dial, dgram = "ListenConfig.ListenPacket", "Dialer.DialContext", "SOCK_DGRAM"
	compare(t, server.all(), []Event{
		{Step: 1, Call: "socket", Go: listen, Family: "AF_INET", Type: dgram},
		{Step: 2, Call: "bind", Go: listen, Local: s},
		{Step: 3, Call: "recvfrom", Go: "PacketConn.ReadFrom", Type: dgram, Local: s, Limit: 200, Waiting: true},
		{Step: 3, Call: "recvfrom", Go: "PacketConn.ReadFrom", Type: dgram, Local: s, Remote: c, Limit: 200, Bytes: 6, Data: []byte("Hello!")},
		{Step: 4, Call: "sendto", Go: "PacketConn.WriteTo", Type: dgram, Local: s, Remote: c, Bytes: 6, Data: []byte("Hello!")},
		{Step: 5, Call: "close", Go: "PacketConn.Close", Type: dgram, Local: s},
	})
	compare(t, client.all(), []Event{
		{Step: 1, Call: "socket", Go: dial, Family: "AF_INET", Type: dgram},
		{Step: 0, Call: "connect", Go: dial, Type: dgram, Local: c, Remote: s},
		{Step: 2, Call: "sendto", Go: "Conn.Write", Type: dgram, Local: c, Remote: s, Bytes: 6, Data: []byte("Hello!")},
		{Step: 3, Call: "recvfrom", Go: "Conn.Read", Type: dgram, Local: c, Remote: s, Limit: 100, Waiting: true},
		{Step: 3, Call: "recvfrom", Go: "Conn.Read", Type: dgram, Local: c, Remote: s, Limit: 100, Bytes: 6, Data: []byte("Hello!")},
		{Step: 4, Call: "close", Go: "Conn.Close", Type: dgram, Local: c, Remote: s},
	})
}

// bothWays runs a test on a socket that receives, connected and not connected.
// Send sends it a datagram, and receive makes one call with room for n bytes.
func bothWays(t *testing.T, test func(t *testing.T, s side, send func([]byte), receive func(n int) error)) {
	t.Run("not connected", func(t *testing.T) {
		server, _, there, here := udpPair(t)
		test(t, server, func(b []byte) { write(t, here, b) }, func(n int) error {
			_, _, err := there.ReadFrom(make([]byte, n))
			return err
		})
	})
	t.Run("connected", func(t *testing.T) {
		_, client, there, here := udpPair(t)
		send := func(b []byte) {
			if _, err := there.WriteTo(b, here.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
		test(t, client, send, func(n int) error {
			_, err := here.Read(make([]byte, n))
			return err
		})
	})
}

// TestCutDatagram: what is longer than the buffer is cut, and the next recvfrom
// has the next datagram, not the rest of this one.
func TestCutDatagram(t *testing.T) {
	bothWays(t, func(t *testing.T, s side, send func([]byte), receive func(int) error) {
		send([]byte(strings.Repeat("a", 300)))
		send([]byte(strings.Repeat("b", 200)))
		err := receive(200)
		e := s.last(t)
		if !e.Cut {
			t.Error("300 bytes in a buffer of 200: not logged as cut")
		}
		if runtime.GOOS == "windows" {
			if !errors.Is(err, errno.EMSGSIZE) {
				t.Errorf("Windows should call a cut datagram an error, not %v", err)
			}
		} else if err != nil || e.Bytes != 200 || !strings.Contains(e.String(), "cut") {
			t.Errorf("got %v and logged %q", err, e)
		}
		err = receive(200)
		if e = s.last(t); err != nil || e.Cut || string(e.Data) != strings.Repeat("b", 200) {
			t.Errorf("after a cut datagram: %v, logged %q", err, e)
		}
		if strings.Contains(e.String(), "more may be waiting") {
			t.Errorf("a datagram that fills the buffer is whole, there is no rest to wait for: %q", e)
		}
	})
}

// TestDatagramTooLong: no datagram over IPv4 holds more than 65507 bytes. The
// one that is refused leaves no bytes in the log.
func TestDatagramTooLong(t *testing.T) {
	_, client, _, here := udpPair(t)
	_, err := here.Write(make([]byte, 65508))
	e := client.last(t)
	if !errors.Is(err, errno.EMSGSIZE) || e.Call != "sendto" || e.Bytes != 0 || len(e.Data) != 0 {
		t.Errorf("Write returned %v and logged %+v", err, e)
	}
}
