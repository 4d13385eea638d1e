// Package solution holds one good answer to the exercise of lesson 6.
package solution

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	lengthSize = 4       // bytes of the length
	maxMessage = 1 << 20 // bytes of a message: 1 MiB
)

// ErrTooLong is the error of a message that has more than 1 MiB.
var ErrTooLong = errors.New("too long")

// WriteMessage writes one message to w: its length in 4 bytes, and its bytes.
func WriteMessage(w io.Writer, message []byte) error {
	if len(message) > maxMessage {
		return ErrTooLong
	}
	// Both go into one slice, and so into one Write. The caller's slice has no room
	// for the length, and is not ours to change.
	frame := make([]byte, 0, lengthSize+len(message))
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(message)))
	frame = append(frame, message...)
	_, err := w.Write(frame)
	return err
}

// ReadMessage reads one message from r, and no byte more.
func ReadMessage(r io.Reader) ([]byte, error) {
	var length [lengthSize]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err // io.EOF only when not even one byte came
	}
	// The peer chose this number. It is looked at before anything is done with it.
	n := binary.BigEndian.Uint32(length[:])
	if n > maxMessage {
		return nil, ErrTooLong
	}
	message := make([]byte, n)
	_, err := io.ReadFull(r, message)
	if err == io.EOF { // no byte came, but the length had promised some
		err = io.ErrUnexpectedEOF
	}
	return message, err
}
