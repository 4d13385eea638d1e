package solution

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
)

// A counter is the stream and the network below it: it counts what is asked of it.
type counter struct {
	stream io.Reader
	asked  int // the most bytes that one Read had room for
	calls  int
}

func (c *counter) Read(p []byte) (int, error) {
	c.asked = max(c.asked, len(p))
	return c.stream.Read(p)
}

func (c *counter) Write(p []byte) (int, error) {
	c.calls++
	return len(p), nil
}

// FuzzReadMessage: whatever the stream, ReadMessage takes its message and no byte
// more, makes no room beyond the limit, and returns an error that it promises.
func FuzzReadMessage(f *testing.F) {
	for _, seed := range []string{
		"", "\x00", "\x00\x00\x00", "\x00\x00\x00\x00", "\x00\x00\x00\x00next",
		"\x00\x00\x00\x05Hello", "\x00\x00\x00\x05Hello\x00\x00\x00\x01!", "\x00\x00\x00\x05Hell", "\x00\x00\x00\x05",
		"\x00\x10\x00\x00half", "\x00\x10\x00\x01", "\x7f\xff\xff\xff", "\x80\x00\x00\x00x", "\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		rest := bytes.NewReader(stream)
		c := &counter{stream: rest}
		message, err := ReadMessage(c)
		taken := len(stream) - rest.Len()
		if c.asked > maxMessage || len(message) > maxMessage || cap(message) > 2*maxMessage {
			t.Fatalf("a Read had room for %d bytes, the message has %d and room for %d", c.asked, len(message), cap(message))
		}
		wantTaken, wantErr := want(stream)
		if err != wantErr || taken != wantTaken {
			t.Fatalf("of %q it took %d bytes, want %d, and the error is %v, want %v", stream, taken, wantTaken, err, wantErr)
		}
		if err == nil && !bytes.Equal(message, stream[lengthSize:taken]) {
			t.Fatalf("of %q it made %q", stream, message)
		}
	})
}

// want says what must come of a stream, and how many bytes of it may be taken.
func want(stream []byte) (taken int, err error) {
	if len(stream) == 0 {
		return 0, io.EOF
	}
	if len(stream) < lengthSize {
		return len(stream), io.ErrUnexpectedEOF
	}
	n := int64(binary.BigEndian.Uint32(stream))
	switch {
	case n > maxMessage:
		return lengthSize, ErrTooLong
	case lengthSize+n > int64(len(stream)):
		return len(stream), io.ErrUnexpectedEOF
	}
	return int(lengthSize + n), nil
}

// FuzzRoundTrip: what WriteMessage writes with one Write, ReadMessage reads, and what
// follows it is left.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte(""), []byte(""))
	f.Add([]byte("Hello"), []byte("\x00\x00"))
	f.Add([]byte("\x00\n\xff"), []byte("next"))
	f.Add([]byte("\x00\x00\x00\x05Hello"), []byte("\x00\x00\x00\x00"))
	f.Add(bytes.Repeat([]byte("long "), 100), []byte("x"))
	f.Fuzz(func(t *testing.T, message, next []byte) {
		var stream bytes.Buffer
		c := &counter{}
		if err := WriteMessage(io.MultiWriter(c, &stream), message); err != nil || c.calls != 1 {
			t.Fatalf("%d bytes: %d Writes and the error %v", len(message), c.calls, err)
		}
		stream.Write(next)
		got, err := ReadMessage(&stream)
		if err != nil || !bytes.Equal(got, message) || !bytes.Equal(stream.Bytes(), next) {
			t.Fatalf("of %q came %q and the error %v, and %q is left of %q", message, got, err, stream.Bytes(), next)
		}
	})
}
