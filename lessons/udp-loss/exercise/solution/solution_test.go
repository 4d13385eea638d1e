package solution

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"example.com/sockets/shared/badnet"
)

var (
	seeds    = flag.Int("seeds", 4, "TestThroughLoss takes the seeds from 1 to this one")
	messages = flag.Int("messages", 100, "and sends so many messages with each")
)

// TestThroughLoss sends messages through a network that loses 30 % of the
// datagrams, doubles 10 % and swaps 10 %, in both directions. Each message arrives
// once, and all in order.
func TestThroughLoss(t *testing.T) {
	// Each seed does little but wait for time-outs: so many go on at once.
	slots := make(chan bool, 20)
	var total traffic
	var wg sync.WaitGroup
	for seed := 1; seed <= *seeds; seed++ {
		slots <- true
		wg.Go(func() {
			defer func() { <-slots }()
			if err := throughLoss(seed, *messages, &total); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		})
	}
	wg.Wait()
	t.Logf("%d seeds, %d messages each: %d datagrams were sent and %d arrived, %d acknowledgements were sent and %d arrived",
		*seeds, *messages, total.up.CameDatagrams, total.up.WentDatagrams, total.down.CameDatagrams, total.down.WentDatagrams)
}

// traffic is what all relays together have carried.
type traffic struct {
	mu       sync.Mutex
	up, down badnet.Traffic
}

func (t *traffic) add(relay *badnet.Relay) {
	up, down := relay.Traffic()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.up.CameDatagrams += up.CameDatagrams
	t.up.WentDatagrams += up.WentDatagrams
	t.down.CameDatagrams += down.CameDatagrams
	t.down.WentDatagrams += down.WentDatagrams
}

func throughLoss(seed, messages int, total *traffic) error {
	faults, err := badnet.Parse(fmt.Sprintf("drop=0.3,dup=0.1,reorder=0.1,seed=%d", seed))
	if err != nil {
		return err
	}
	receiver, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer receiver.Close()
	relay, err := badnet.Listen("udp", "127.0.0.1:0", receiver.LocalAddr().String(), faults, badnet.Options{})
	if err != nil {
		return err
	}
	defer relay.Close()
	conn, err := net.Dial("udp", relay.Addr())
	if err != nil {
		return err
	}
	defer conn.Close()

	var got []string
	received := make(chan error)
	go func() {
		received <- Receive(receiver, func(payload []byte) { got = append(got, string(payload)) })
	}()
	for seq := range messages {
		// The shorter the timeout, the sooner it is over. One that is too short on
		// a busy computer costs tries, and nothing else.
		if err := Send(conn, uint32(seq), fmt.Appendf(nil, "message %d", seq), 5*time.Millisecond, 1000); err != nil {
			return err
		}
	}
	receiver.Close()
	if err := <-received; err != nil {
		return err
	}
	total.add(relay)
	if len(got) != messages {
		return fmt.Errorf("%d of %d messages were delivered", len(got), messages)
	}
	for i, g := range got {
		if want := fmt.Sprintf("message %d", i); g != want {
			return fmt.Errorf("message %d is %q, want %q", i, g, want)
		}
	}
	return nil
}

// FuzzParse: whatever comes, nothing panics, and a datagram is nothing but its
// number and its payload. No byte is copied: the payload lies in the datagram.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "\x00", "\x00\x00\x00", "\x00\x00\x00\x00", "\x00\x00\x00\x01hello", "\xff\xff\xff\xff\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, datagram []byte) {
		seq, payload, ok := parse(datagram)
		switch {
		case ok != (len(datagram) >= header):
			t.Fatalf("ok is %v for %d bytes", ok, len(datagram))
		case !ok:
			return
		case !bytes.Equal(append(binary.BigEndian.AppendUint32(nil, seq), payload...), datagram):
			t.Fatalf("%q became %d and %q", datagram, seq, payload)
		case len(payload) > 0 && &payload[0] != &datagram[header]:
			t.Fatal("the payload was copied")
		}
	})
}

// FuzzReceive: whatever datagrams come from two senders, each gets its payloads
// delivered in order, and only for what was delivered there are acknowledgements.
func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x00\x05\x00\x00\x00\x00a\x01\x04\x00\x00\x00\x00\x00\x05\x00\x00\x00\x01b\x00\x05\x00\x00\x00\x00a\x00\x05\x00\x00\x00\x07x"))
	f.Add([]byte("\x00\x00\x00\x03abc\x01\x04\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, script []byte) {
		conn := &scripted{t: t, script: script, next: map[net.Addr]uint32{}}
		if err := Receive(conn, conn.deliver); err != nil {
			t.Fatal(err)
		}
	})
}

// scripted is a conn that reads datagrams from a script: for each a byte that says
// who sends it, one that says how long it is, and its bytes.
type scripted struct {
	net.PacketConn
	t      *testing.T
	script []byte
	from   net.Addr // the sender of the last datagram
	last   []byte   // the last datagram
	next   map[net.Addr]uint32
}

var senders = [2]net.Addr{&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2}}

func (s *scripted) ReadFrom(b []byte) (int, net.Addr, error) {
	if len(b) > largest {
		s.t.Fatalf("a buffer of %d bytes", len(b))
	}
	if len(s.script) < 2 {
		return 0, nil, net.ErrClosed
	}
	s.from = senders[s.script[0]%2]
	n := min(int(s.script[1]), len(s.script)-2)
	s.last, s.script = s.script[2:2+n], s.script[2+n:]
	return copy(b, s.last), s.from, nil
}

// deliver wants the last datagram, and its turn.
func (s *scripted) deliver(payload []byte) {
	want := append(binary.BigEndian.AppendUint32(nil, s.next[s.from]), payload...)
	if !bytes.Equal(want, s.last) {
		s.t.Fatalf("delivered %q of %q, when number %d had its turn", payload, s.last, s.next[s.from])
	}
	s.next[s.from]++
}

// WriteTo wants the number of the last datagram, which has been delivered.
func (s *scripted) WriteTo(b []byte, to net.Addr) (int, error) {
	if to != s.from || len(s.last) < header || !bytes.Equal(b, s.last[:header]) || binary.BigEndian.Uint32(b) >= s.next[to] {
		s.t.Fatalf("acknowledged %q to %v for %q from %v", b, to, s.last, s.from)
	}
	return len(b), nil
}
