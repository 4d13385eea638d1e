package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"
)

// fuzz feeds a parser with any stream. Whatever comes, it ends with an error that
// it knows, no message is longer than the limit, and packed again the messages
// are the bytes that were read.
func fuzz(f *testing.F, framing framing, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(stream), maxMessage)
		var packed []byte
		for {
			m, err := framing.next(r)
			if err != nil {
				if err != io.EOF && err != io.ErrUnexpectedEOF && !errors.Is(err, errTooLong) {
					t.Errorf("the error %v", err)
				}
				if err == io.EOF && len(packed) != len(stream) {
					t.Errorf("the end after %d of %d bytes", len(packed), len(stream))
				}
				break
			}
			if len(m) > maxMessage {
				t.Errorf("a message of %d bytes", len(m))
			}
			packed = append(packed, framing.pack(m)...)
		}
		if !bytes.HasPrefix(stream, packed) {
			t.Errorf("%q was read as the messages of %q", stream, packed)
		}
	})
}

func FuzzLines(f *testing.F) {
	fuzz(f, lines, "", "\n", "one\ntwo\n", "no end", "\r\n\x00\n", string(make([]byte, maxMessage-1))+"\n", string(make([]byte, maxMessage))+"\n")
}

func FuzzLengths(f *testing.F) {
	fuzz(f, lengths, "", "\x00", "\x00\x00\x00\x00", "\x00\x00\x00\x03one\x00\x00\x00\x03two", "\x00\x00\x00\x05four", "\x00\x00\x04\x01", "\xff\xff\xff\xff", "\x80\x00\x00\x00x")
}
