package steplog

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"example.com/sockets/shared/errno"
)

// object writes an event as JSON and reads it back.
func object(t *testing.T, e Event) map[string]any {
	t.Helper()
	var b bytes.Buffer
	if err := JSON(&b)(e); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") || !utf8.ValidString(text) {
		t.Errorf("this is not one line: %q", text)
	}
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	return got
}

// TestJSONFields: each kind of event has the level and the fields that the
// documentation of JSON names, and no others.
func TestJSONFields(t *testing.T) {
	const always = "time level msg program call go "
	for _, test := range []struct {
		name   string
		event  Event
		level  string
		fields string
	}{
		{"socket", Event{Step: 1, Call: "socket", Family: "AF_INET", Type: "SOCK_STREAM", Descriptor: 5}, "INFO", "step family type descriptor"},
		{"waiting", Event{Call: "accept", Local: "127.0.0.1:7001", Waiting: true}, "INFO", "waiting local"},
		{"recv waiting", Event{Call: "recv", Limit: 1024, Waiting: true}, "INFO", "waiting limit"},
		{"recv", Event{Call: "recv", Remote: "127.0.0.1:7001", Limit: 1024, Bytes: 6, Data: []byte("Hello!"), Took: 1}, "INFO", "took_ns remote limit bytes text data"},
		{"cut", Event{Call: "recvfrom", Limit: 1, Bytes: 1, Cut: true, Data: []byte("a"), Took: 1}, "INFO", "took_ns limit bytes cut text data"},
		{"empty datagram", Event{Call: "recvfrom", Limit: 200, Took: 1}, "INFO", "took_ns limit bytes"},
		{"end of stream", Event{Call: "recv", Limit: 200, Err: io.EOF, Took: 1}, "INFO", "took_ns limit error"},
		{"failed send", Event{Call: "send", Err: os.ErrDeadlineExceeded, Took: 1}, "ERROR", "took_ns error"},
		{"failed send of some bytes", Event{Call: "send", Bytes: 3, Data: []byte("abc"), Err: os.ErrDeadlineExceeded}, "ERROR", "bytes text data error"},
		{"close", Event{Call: "close", Took: 1}, "INFO", "took_ns"},
	} {
		test.event.Time = time.Now()
		written := object(t, test.event)
		got := slices.Sorted(maps.Keys(written))
		if want := slices.Sorted(slices.Values(strings.Fields(always + test.fields))); !slices.Equal(got, want) {
			t.Errorf("%s: the fields are %v, want %v", test.name, got, want)
		}
		if written["level"] != test.level {
			t.Errorf("%s: the level is %v, want %s", test.name, written["level"], test.level)
		}
		if err := test.event.Err; err != nil && written["error"] != err.Error() {
			t.Errorf("%s: the error is %v, want %v", test.name, written["error"], err)
		}
	}
}

// TestJSONValues looks at the values of a real conversation's events.
func TestJSONValues(t *testing.T) {
	_, client, there, here := tcpPair(t, t.Context())
	write(t, there, []byte("pong \"\x1b\n\xff"))
	read(t, here, make([]byte, 100))
	for _, e := range client.all() {
		got := object(t, e)
		begun, err := time.Parse(time.RFC3339Nano, got["time"].(string))
		if err != nil || !begun.Equal(e.Time) {
			t.Errorf("%s: the time is %v, want %v (%v)", e.Call, got["time"], e.Time, err)
		}
		if got["msg"] != e.String() || got["program"] != "client" || got["call"] != e.Call || got["go"] != e.Go || got["level"] != "INFO" {
			t.Errorf("%s: %v", e.Call, got)
		}
		if took, _ := got["took_ns"].(float64); took != float64(e.Took) { // left out where it is 0
			t.Errorf("%s: took_ns is %v, want %d", e.Call, took, e.Took)
		}
	}
	got := object(t, client.last(t))
	if got["step"] != 4.0 || got["bytes"] != 9.0 || got["limit"] != 100.0 || got["remote"] != here.RemoteAddr().String() || got["local"] != here.LocalAddr().String() {
		t.Errorf("recv: %v", got)
	}
}

// TestJSONData: the data come back byte for byte, also where they are no UTF-8.
func TestJSONData(t *testing.T) {
	for _, data := range hostile[1:] {
		got := object(t, Event{Call: "recv", Bytes: len(data), Data: []byte(data)})
		back, err := base64.StdEncoding.DecodeString(got["data"].(string))
		if err != nil || string(back) != data {
			t.Errorf("data is %+q (%v), want %+q", back, err, data)
		}
		if got["text"] != Escape(data) {
			t.Errorf("text is %+q, want %+q", got["text"], Escape(data))
		}
		checkShown(t, "msg", got["msg"].(string))
	}
}

// TestReadJSON: an event that was written is read back as it was, and says the
// same. Other lines are no events.
func TestReadJSON(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno.ECONNREFUSED)}
	for _, e := range []Event{
		{Step: 1, Call: "socket", Go: "Dialer.DialContext", Family: "AF_INET", Type: "SOCK_STREAM", Descriptor: 5},
		{Step: 2, Call: "connect", Remote: "127.0.0.1:7001", Waiting: true},
		{Step: 2, Call: "connect", Remote: "127.0.0.1:7001", Err: refused, Took: time.Millisecond},
		{Step: 4, Call: "recv", Local: "127.0.0.1:1", Remote: "127.0.0.1:7001", Limit: 1024, Bytes: 3, Data: []byte("\xff\x1b가"), Took: 5},
		{Call: "recv", Limit: 9, Err: io.EOF},
		{Call: "recvfrom", Limit: 9, Err: context.Canceled},
		{Call: "recvfrom", Bytes: 9, Limit: 9, Cut: true, Type: "SOCK_DGRAM"},
		{Fault: "cut", Direction: "up", Bytes: 9, Limit: 4},
	} {
		e.Program, e.Time = "program", time.Now()
		var b bytes.Buffer
		if err := JSON(&b)(e); err != nil {
			t.Fatal(err)
		}
		got, ok := ReadJSON(b.Bytes())
		if !ok || got.String() != e.String() || (got.Err == nil) != (e.Err == nil) || !got.Time.Equal(e.Time) {
			t.Errorf("read %v %+v\nwrote   %+v\n%s", ok, got, e, b.Bytes())
		}
		if errors.Is(e.Err, io.EOF) != errors.Is(got.Err, io.EOF) {
			t.Errorf("the error %v was read as %v", e.Err, got.Err)
		}
		got.Err, got.Time = e.Err, e.Time
		if !reflect.DeepEqual(got, e) {
			t.Errorf("read %+v\nwrote %+v", got, e)
		}
	}
	for _, line := range []string{"", "Hello", "{}", `{"msg":"relayed","program":"badnet"}`, `{"program":"p","call":7}`, `{"program":"p","call":"bind","local":"\u001b[31m"}`, "[1]", "null"} {
		if e, ok := ReadJSON([]byte(line)); ok {
			t.Errorf("%q was read as %+v", line, e)
		}
	}
}
