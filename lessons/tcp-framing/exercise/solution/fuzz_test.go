package solution

import (
	"bytes"
	"encoding/binary"
	"errors"
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
		wantErr, wantTaken := want(stream)
		if err != wantErr || taken != wantTaken {
			t.Fatalf("of %q it took %d bytes, want %d, and the error is %v, want %v", stream, taken, wantTaken, err, wantErr)
		}
		if err == nil && !bytes.Equal(message, stream[lengthSize:taken]) {
			t.Fatalf("of %q it made %q", stream, message)
		}
	})
}

// want says what must come of a stream, and how many bytes of it may be taken.
func want(stream []byte) (err error, taken int) {
	if len(stream) == 0 {
		return io.EOF, 0
	}
	if len(stream) < lengthSize {
		return io.ErrUnexpectedEOF, len(stream)
	}
	n := int64(binary.BigEndian.Uint32(stream))
	switch {
	case n > maxMessage:
		return ErrTooLong, lengthSize
	case lengthSize+n > int64(len(stream)):
		return io.ErrUnexpectedEOF, len(stream)
	}
	return nil, int(lengthSize + n)
}

// FuzzRoundTrip: what WriteMessage writes with one Write, ReadMessage reads, and
// what follows it is left. A message of repeat copies can be too long.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte(""), uint16(1), []byte(""))
	f.Add([]byte("Hello"), uint16(1), []byte("\x00\x00"))
	f.Add([]byte("\x00\n\xff"), uint16(3), []byte("next"))
	f.Add(make([]byte, 1024), uint16(1024), []byte("x"))
	f.Add(make([]byte, 1025), uint16(1024), []byte("x"))
	f.Fuzz(func(t *testing.T, part []byte, repeat uint16, next []byte) {
		if len(part)*int(repeat) > 2*maxMessage {
			t.Skip("far too long")
		}
		message := bytes.Repeat(part, int(repeat))
		var stream bytes.Buffer
		c := &counter{}
		err := WriteMessage(io.MultiWriter(c, &stream), message)
		if len(message) > maxMessage {
			if !errors.Is(err, ErrTooLong) || c.calls != 0 {
				t.Fatalf("%d bytes: %d Writes and the error %v", len(message), c.calls, err)
			}
			return
		}
		if err != nil || c.calls != 1 {
			t.Fatalf("%d bytes: %d Writes and the error %v", len(message), c.calls, err)
		}
		stream.Write(next)
		got, err := ReadMessage(&stream)
		if err != nil || !bytes.Equal(got, message) || !bytes.Equal(stream.Bytes(), next) {
			t.Fatalf("of %d bytes came %d and the error %v, and %q is left of %q", len(message), len(got), err, stream.Bytes(), next)
		}
	})
}
