//go:build catalogue

package check

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"example.com/sockets/lessons/tcp-framing/exercise/solution"
	"example.com/sockets/shared/exam"
)

// rightWrite and rightRead are what most wrong answers have one half of.
var (
	rightWrite = func(w io.Writer, message []byte) error { return asTooLong(solution.WriteMessage(w, message)) }
	rightRead  = func(r io.Reader) ([]byte, error) {
		message, err := solution.ReadMessage(r)
		return message, asTooLong(err)
	}
	right = both(rightWrite, rightRead)
)

// asTooLong puts the tests' error in the place of the solution's.
func asTooLong(err error) error {
	if errors.Is(err, solution.ErrTooLong) {
		return errTooLong
	}
	return err
}

// A frameHeader is what binary.Write takes for the length.
type frameHeader struct{ Size uint32 }

var pool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

var rights = []exam.Answer[framing]{
	{Name: "the solution", Func: right},
	{Name: "make and copy, by hand, loops", Func: both(
		func(w io.Writer, message []byte) error {
			n := len(message)
			if n > 1<<20 {
				return errTooLong
			}
			b := make([]byte, n+4)
			b[0], b[1], b[2], b[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
			copy(b[4:], message)
			_, err := w.Write(b)
			return err
		},
		func(r io.Reader) ([]byte, error) {
			fill := func(b []byte) (int, error) {
				got := 0
				for got < len(b) {
					n, err := r.Read(b[got:])
					got += n
					if err != nil && got < len(b) {
						return got, err
					}
				}
				return got, nil
			}
			h := make([]byte, 4)
			if got, err := fill(h); err == io.EOF && got > 0 {
				return nil, io.ErrUnexpectedEOF
			} else if err != nil {
				return nil, err
			}
			n := int64(h[0])<<24 | int64(h[1])<<16 | int64(h[2])<<8 | int64(h[3])
			if n > 1<<20 {
				return nil, errTooLong
			}
			m := make([]byte, n)
			if _, err := fill(m); err == io.EOF {
				return nil, io.ErrUnexpectedEOF
			} else if err != nil {
				return nil, err
			}
			return m, nil
		})},
	{Name: "bytes.Buffer, binary.Write and binary.Read, errors wrapped", Func: both(
		func(w io.Writer, message []byte) error {
			if len(message) > 1<<20 {
				return fmt.Errorf("%d bytes: %w", len(message), errTooLong)
			}
			var b bytes.Buffer
			binary.Write(&b, binary.BigEndian, frameHeader{uint32(len(message))})
			b.Write(message)
			if _, err := b.WriteTo(w); err != nil {
				return fmt.Errorf("writing: %w", err)
			}
			return nil
		},
		func(r io.Reader) ([]byte, error) {
			var h frameHeader
			if err := binary.Read(r, binary.BigEndian, &h); err != nil {
				return nil, fmt.Errorf("length: %w", err)
			}
			if h.Size > 1<<20 {
				return nil, fmt.Errorf("%d bytes: %w", h.Size, errTooLong)
			}
			var b bytes.Buffer
			if _, err := io.CopyN(&b, r, int64(h.Size)); err != nil {
				if errors.Is(err, io.EOF) {
					err = io.ErrUnexpectedEOF
				}
				return nil, fmt.Errorf("message: %w", err)
			}
			return b.Bytes(), nil
		})},
	{Name: "LimitReader and ReadAll, append to the length", Func: both(
		func(w io.Writer, message []byte) error {
			if len(message) > 1<<20 {
				return errTooLong
			}
			var length [4]byte
			binary.BigEndian.PutUint32(length[:], uint32(len(message)))
			_, err := w.Write(append(length[:], message...))
			return err
		},
		func(r io.Reader) ([]byte, error) {
			length, err := io.ReadAll(io.LimitReader(r, 4))
			switch {
			case err != nil:
				return nil, err
			case len(length) == 0:
				return nil, io.EOF
			case len(length) < 4:
				return nil, io.ErrUnexpectedEOF
			}
			n := binary.BigEndian.Uint32(length)
			if n > 1<<20 {
				return nil, errTooLong
			}
			message, err := io.ReadAll(io.LimitReader(r, int64(n)))
			if err == nil && len(message) < int(n) {
				err = io.ErrUnexpectedEOF
			}
			return message, err
		})},
	{Name: "a bufio.Writer large enough, ReadAtLeast, grows as it reads", Func: both(
		func(w io.Writer, message []byte) error {
			if len(message) > 1<<20 {
				return errTooLong
			}
			b := bufio.NewWriterSize(w, 4+len(message)+16)
			binary.Write(b, binary.BigEndian, uint32(len(message)))
			b.Write(message)
			return b.Flush()
		},
		func(r io.Reader) ([]byte, error) {
			b := make([]byte, 4)
			if _, err := io.ReadAtLeast(r, b, 4); err != nil {
				return nil, err
			}
			left := int(binary.BigEndian.Uint32(b))
			if left > 1<<20 {
				return nil, errTooLong
			}
			message := []byte{}
			for left > 0 {
				piece := make([]byte, min(left, 4096))
				n, err := io.ReadFull(r, piece)
				message = append(message, piece[:n]...)
				left -= n
				if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
					return message, io.ErrUnexpectedEOF
				}
				if err != nil {
					return message, err
				}
			}
			return message, nil
		})},
	{Name: "a pool of buffers that none keeps, byte by byte for the length", Func: both(
		func(w io.Writer, message []byte) error {
			if len(message) > 1<<20 {
				return errTooLong
			}
			b := pool.Get().(*bytes.Buffer)
			defer pool.Put(b)
			b.Reset()
			b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(message))))
			b.Write(message)
			_, err := w.Write(b.Bytes())
			return err
		},
		func(r io.Reader) ([]byte, error) {
			n, one := 0, make([]byte, 1)
			for i := range 4 {
				if _, err := io.ReadFull(r, one); err != nil {
					if err == io.EOF && i > 0 {
						err = io.ErrUnexpectedEOF
					}
					return nil, err
				}
				n = n<<8 | int(one[0])
			}
			switch {
			case n > 1<<20:
				return nil, errTooLong
			case n == 0:
				return nil, nil
			}
			b := make([]byte, n)
			if _, err := io.ReadFull(r, b); err == io.EOF {
				return nil, io.ErrUnexpectedEOF
			} else if err != nil {
				return nil, err
			}
			return b, nil
		})},
	{Name: "io.Copy of readers, strings, a read in a goroutine", Func: both(
		func(w io.Writer, message []byte) error {
			if len(message) > 1<<20 {
				return errTooLong
			}
			length := binary.BigEndian.AppendUint32(nil, uint32(len(message)))
			_, err := io.Copy(w, strings.NewReader(string(length)+string(message)))
			return err
		},
		func(r io.Reader) ([]byte, error) {
			type result struct {
				message []byte
				err     error
			}
			done := make(chan result)
			go func() {
				m, err := rightRead(r)
				done <- result{m, err}
			}()
			got := <-done
			return got.message, got.err
		})},
	{Name: "checks that Write took all, a SectionReader's worth through io.Pipe", Func: both(
		func(w io.Writer, message []byte) error {
			switch n := len(message); {
			case n > 1<<20:
				return errTooLong
			default:
				frame := bytes.Join([][]byte{binary.BigEndian.AppendUint32(nil, uint32(n)), message}, nil)
				n, err := w.Write(frame)
				if err == nil && n < len(frame) {
					err = io.ErrShortWrite
				}
				return err
			}
		},
		func(r io.Reader) ([]byte, error) {
			var n uint32
			if err := binary.Read(r, binary.BigEndian, &n); err != nil {
				return nil, err
			}
			if n > 1<<20 {
				return nil, errTooLong
			}
			b := bytes.NewBuffer(make([]byte, 0, 512))
			if got, err := b.ReadFrom(io.LimitReader(r, int64(n))); err != nil {
				return nil, err
			} else if got < int64(n) {
				return nil, io.ErrUnexpectedEOF
			}
			return b.Bytes(), nil
		})},
	{Name: "one Write is Buffers joined, always room for 1 MiB, errors of its own type", Func: both(
		func(w io.Writer, message []byte) error {
			if len(message) > 1<<20 {
				return &frameError{"write", errTooLong}
			}
			var all bytes.Buffer
			buffers := net.Buffers{binary.BigEndian.AppendUint32(nil, uint32(len(message))), message}
			buffers.WriteTo(&all)
			if _, err := w.Write(all.Bytes()); err != nil {
				return &frameError{"write", err}
			}
			return nil
		},
		func(r io.Reader) (message []byte, err error) {
			defer func() {
				if err != nil {
					err = &frameError{"read", err}
				}
			}()
			buf := make([]byte, 4+1<<20)
			if _, err := io.ReadFull(r, buf[:4]); err != nil {
				return nil, err
			}
			n := uint64(binary.BigEndian.Uint32(buf))
			if 4+n > uint64(len(buf)) {
				return nil, errTooLong
			}
			if _, err := io.ReadFull(r, buf[4:4+n]); err != nil {
				return nil, map[bool]error{true: io.ErrUnexpectedEOF, false: err}[err == io.EOF]
			}
			return buf[4 : 4+n], nil
		})},
	{Name: "bytes before the error, an end is asked for again", Func: both(rightWrite, parts{fill: func(r io.Reader, b []byte) (int, error) {
		for got := 0; got < len(b); {
			n, err := r.Read(b[got:])
			got += n
			switch {
			case got == len(b):
				return got, nil
			case err == io.EOF && n > 0: // the next Read says it again
			case err == io.EOF && got > 0:
				return got, io.ErrUnexpectedEOF
			case err != nil:
				return got, err
			}
		}
		return len(b), nil
	}}.read)},
	{Name: "reads byte by byte", Func: both(rightWrite, parts{fill: func(r io.Reader, b []byte) (int, error) {
		if len(b) > 1000 {
			return io.ReadFull(r, b) // else it takes long
		}
		for i := range b {
			if _, err := io.ReadFull(r, b[i:i+1]); err == io.EOF && i > 0 {
				return i, io.ErrUnexpectedEOF
			} else if err != nil {
				return i, err
			}
		}
		return len(b), nil
	}}.read)},
	{Name: "the cause is kept, not the error around it", Func: both(
		func(w io.Writer, message []byte) error { return innermost(rightWrite(w, message)) },
		func(r io.Reader) ([]byte, error) {
			message, err := rightRead(r)
			return message, innermost(err)
		})},
}

// A frameError is an error with a word on where it happened.
type frameError struct {
	where string
	error
}

func (e *frameError) Unwrap() error { return e.error }

func innermost(err error) error {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}
