// Package check checks the answers to the exercise of lesson 6: WriteMessage and
// ReadMessage, which carry messages in a stream.
package check

import (
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"example.com/sockets/shared/exam"
)

// A framing is an answer: both functions, and the error of a message that is too long.
type framing struct {
	write   func(w io.Writer, message []byte) error
	read    func(r io.Reader) ([]byte, error)
	tooLong error
}

// Messages checks an answer. It skips the test where neither function has been started.
func Messages(t *testing.T, write func(w io.Writer, message []byte) error, read func(r io.Reader) ([]byte, error), tooLong error) {
	t.Helper()
	exam.Run(t, "lessons/tcp-framing/exercise/exercise.go", begun, cases, framing{write, read, tooLong})
}

// begun returns exam.ErrToDo when both functions do.
func begun(f framing) error {
	if err := f.write(io.Discard, nil); !errors.Is(err, exam.ErrToDo) {
		return nil
	}
	_, err := f.read(strings.NewReader(""))
	return err
}

const (
	header = 4       // bytes of a length
	most   = 1 << 20 // bytes of a message
)

// Cases that others need: where one of these fails, a case that tells nothing more is
// not tried.
const (
	writeOne  = "write one message"
	write300  = "write 300 bytes"
	writeHuge = "write more than 1 MiB"
	readOne   = "read one message"
	readDrips = "read byte by byte"
	readThree = "read three messages that came together"
	readHuge  = "read a length beyond the limit"
	readRoom  = "make no room to read what is too long"
)

var cases = []exam.Case[framing]{
	{Name: writeOne, Run: writing{message: plain, means: failed}.run},
	{Name: "write an empty message", Run: writing{means: emptyMessage}.run},
	{Name: "write bytes of all kinds", Run: writing{message: allKinds, means: wrongBytes}.run},
	{Name: "write spaces and newlines", Run: writing{message: spaced, means: wrongBytes}.run},
	{Name: write300, Run: writing{message: exam.Numbers(300), means: lengthSize}.run},
	{Name: "write 70000 bytes", Run: writing{message: exam.Numbers(70000), means: lengthSize}.run},
	{Name: "write 1 MiB", Run: writing{message: exam.Numbers(most), means: wrongLimit}.run},
	{Name: "write to any io.Writer", Run: writing{message: plain, bare: true, means: failed}.run},
	{Name: "write where Write takes its time", Run: writeSlowly},
	{Name: "write where Write fails", Run: writeFails},
	{Name: writeHuge, Run: writeTooLong},

	{Name: readOne, Run: readPlainly},
	{Name: readDrips, Run: dripped.run},
	{Name: readThree, Run: three.run},
	{Name: "read empty messages", Run: reading{pieces: []string{"", plain}, want: []string{"", plain}, means: emptyMessage}.run},
	{Name: "read bytes of all kinds", Run: reading{pieces: []string{allKinds, spaced}, want: []string{allKinds, spaced}, means: wrongBytes}.run},
	{Name: "read 300 bytes", Run: long(300).run},
	{Name: "read 70000 bytes", Run: long(70000).run},
	{Name: "read 1 MiB", Run: long(most).run},
	{Name: "read from any io.Reader", Run: reading{pieces: once(plain), want: once(plain), bare: true, pipe: true, means: failed}.run},
	{Name: "read an empty message from any io.Reader", Run: reading{pieces: once(""), want: once(""), bare: true, pipe: true, means: emptyMessage}.run},
	{Name: "read where a Read returns 0 bytes", Run: reading{
		pieces: []string{"", frame(plain)[:2], "", frame(plain)[2:4], "", "Hel", "", "lo"}, raw: true, want: once(plain), means: zeroBytes}.run},
	{Name: "read where the last bytes come with the end", Run: withEnd(once(frame(plain)), plain)},
	{Name: "read where a length of 0 comes with the end", Run: withEnd([]string{"\x00\x00", "\x00\x00"}, "")},
	{Name: "read where a part of the length comes with the end", Run: insideWith(ends, 1, 2, 3)},
	{Name: "read where a part of the message comes with the end", Run: insideWith(ends, header+1, header+len(plain)-1)},
	{Name: "read where a part comes with a reset", Run: insideWith(resets, 2, header+3)},

	{Name: "read at the end of the stream", Run: reading{ending: ends}.run},
	{Name: "read at the end behind a message", Run: reading{pieces: once(plain), want: once(plain), ending: ends}.run},
	{Name: "read to an end inside the length", Run: inside(ends, 1, 2, 3)},
	{Name: "read to an end right behind the length", Run: inside(ends, header)},
	{Name: "read to an end inside the message", Run: inside(ends, header+1, header+len(plain)-1)},
	{Name: "read to a reset", Run: inside(resets, 0, 2, header, header+3)},
	{Name: "read to the caller's deadline", Run: inside(expires, 0, 2, header, header+3)},
	{Name: readHuge, Run: readTooLong},

	{Name: "read 20 messages and keep them", First: true, Run: keep},
	{Name: "several readers at once", First: true, Run: readersAtOnce},
	{Name: "several writers at once", First: true, Run: writersAtOnce},
	{Name: "make no room to write what is too long", First: true, Run: roomToWrite},
	{Name: readRoom, First: true, Run: roomToRead},
}

// plain is an ordinary message.
const plain = "Hello"

// plainly brings it in one piece.
var plainly = reading{pieces: once(plain), want: once(plain), means: failed}

// long is a message whose length needs more than its last byte.
func long(n int) reading {
	return reading{pieces: once(exam.Numbers(n)), want: once(exam.Numbers(n)), means: failed}
}

// dripped brings a message byte by byte.
var dripped = reading{pieces: strings.Split(frame(plain), ""), raw: true, want: once(plain), means: oneRead}

// allKinds has much that is no text, and zeros at both ends.
var allKinds = func() string {
	b := []byte("\x00\x00 \r\n안녕")
	for i := 0; i < 256; i += 5 {
		b = append(b, byte(i))
	}
	return string(b) + "\xff\r\n\x00\x00"
}()

const spaced = " \tHello\r\n \n"

func once(s string) []string { return []string{s} }

// frame is how a message looks in the stream.
func frame(message string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(message)))) + message
}

// others are other ways to mark a message, and the ideas behind them.
var others = []struct {
	pack func(message string) string
	idea exam.Diagnosis
}{
	{before(func(b []byte, n int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(n)) }), byteOrder},
	{before(func(b []byte, n int) []byte { return binary.BigEndian.AppendUint32(b, uint32(n+header)) }), countsItself},
	{before(func(b []byte, n int) []byte { return binary.BigEndian.AppendUint16(b, uint16(n)) }), lengthSize},
	{before(func(b []byte, n int) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }), lengthSize},
	{before(func(b []byte, n int) []byte { return binary.LittleEndian.AppendUint16(b, uint16(n)) }), lengthSize},
	{before(func(b []byte, n int) []byte { return binary.LittleEndian.AppendUint64(b, uint64(n)) }), lengthSize},
	{before(func(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }), lengthSize},
	{before(func(b []byte, n int) []byte { return append(b, byte(n)) }), lengthSize},
	{func(m string) string { return m }, lengthSize},
	{func(m string) string { return m + "\n" }, lengthSize},
	{func(m string) string { return strconv.Itoa(len(m)) + "\n" + m }, lengthSize},
}

func before(length func(b []byte, n int) []byte) func(string) string {
	return func(m string) string { return string(length(nil, len(m))) + m }
}
