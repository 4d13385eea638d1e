package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// maxMessage is how many bytes a message may have. Without a limit, a peer that
// never ends its message fills the memory.
const maxMessage = 1024

var errTooLong = errors.New("the message is longer than the limit")

// A framing puts messages into a stream, and takes them out again.
type framing struct {
	pack func(message string) []byte
	// next returns the next message, and io.EOF when no more comes.
	next func(r *bufio.Reader) (string, error)
}

// eachRecv is no framing: it takes what one recv returns for a message.
var eachRecv = framing{
	pack: func(message string) []byte { return []byte(message) },
	next: func(r *bufio.Reader) (string, error) {
		if _, err := r.Peek(1); err != nil { // makes one recv
			return "", err
		}
		piece := make([]byte, r.Buffered())
		n, err := r.Read(piece)
		return string(piece[:n]), err
	},
}

// lines ends each message with a newline.
var lines = framing{
	pack: func(message string) []byte { return []byte(message + "\n") },
	next: readLine,
}

// readLine reads to the next newline. The buffer of r is the limit.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", errTooLong
	case err == io.EOF && len(line) > 0:
		return "", io.ErrUnexpectedEOF // the end, in the middle of a line
	case err != nil:
		return "", err
	}
	return string(line[:len(line)-1]), nil
}

// lengths puts the number of bytes before each message: 4 bytes, the highest first.
var lengths = framing{
	pack: func(message string) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(message))), message...)
	},
	next: func(r *bufio.Reader) (string, error) { return readMessage(r) },
}

// readMessage reads a length and so many bytes.
func readMessage(r io.Reader) (string, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return "", err // io.EOF only before the first byte
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > maxMessage {
		return "", errTooLong
	}
	message := make([]byte, n)
	_, err := io.ReadFull(r, message)
	if err == io.EOF { // the length promised more
		err = io.ErrUnexpectedEOF
	}
	return string(message), err
}
