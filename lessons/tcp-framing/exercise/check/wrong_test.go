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
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"example.com/sockets/shared/exam"
)

type (
	writer = func(w io.Writer, message []byte) error
	reader = func(r io.Reader) ([]byte, error)
)

func writes(f writer) framing { return both(f, rightRead) }
func reads(f reader) framing  { return both(rightWrite, f) }

// packed writes what pack makes of the message, with one Write.
func packed(pack func(message []byte) []byte) writer {
	return func(w io.Writer, message []byte) error {
		if len(message) > most {
			return errTooLong
		}
		_, err := w.Write(pack(message))
		return err
	}
}

// parts are the parts of a reader, of which wrong ones have one wrong.
type parts struct {
	size   int                                      // of the length
	number func(b []byte) int                       // what the length says
	fill   func(r io.Reader, b []byte) (int, error) // reads all of b
	length func(err error) error                    // the error of reading the length
	body   func(err error) error                    // the error of reading the message
	check  func(n int) error
}

func (p parts) read(r io.Reader) ([]byte, error) {
	if p.size == 0 {
		p.size = 4
	}
	if p.number == nil {
		p.number = func(b []byte) int { return int(binary.BigEndian.Uint32(b)) }
	}
	if p.fill == nil {
		p.fill = io.ReadFull
	}
	if p.length == nil {
		p.length = func(err error) error { return err }
	}
	if p.body == nil {
		p.body = eofInside
	}
	if p.check == nil {
		p.check = tooLongOver(most)
	}
	b := make([]byte, p.size)
	if _, err := p.fill(r, b); err != nil {
		if err := p.length(err); err != nil {
			return nil, err
		}
	}
	n := p.number(b)
	if err := p.check(n); err != nil {
		return nil, err
	}
	message := make([]byte, n)
	if _, err := p.fill(r, message); err != nil {
		if err := p.body(err); err != nil {
			return nil, err
		}
	}
	return message, nil
}

func eofInside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func tooLongOver(limit int) func(int) error {
	return func(n int) error {
		if n > limit {
			return errTooLong
		}
		return nil
	}
}

func always(err error) func(error) error { return func(error) error { return err } }

// readOnce is a fill that reads once.
func readOnce(r io.Reader, b []byte) (int, error) { return r.Read(b) }

// loop is a fill that reads in a loop, and ends it where done says so.
func loop(done func(n int, err error) bool) func(io.Reader, []byte) (int, error) {
	return func(r io.Reader, b []byte) (int, error) {
		got := 0
		for got < len(b) {
			n, err := r.Read(b[got:])
			if done(n, err) {
				if err == nil {
					err = io.ErrUnexpectedEOF
				}
				return got, err
			}
			got += n
		}
		return got, nil
	}
}

var (
	sharedFrame                            = make([]byte, 4+most)
	sharedMessage                          = make([]byte, most)
	sharedLength                           [4]byte
	sharedNumber                           atomic.Uint32
	bufferLock, arenaLock, frameLock, turn sync.Mutex
	messages                               = sync.Pool{New: func() any { b := make([]byte, most); return &b }}
	kept                                   = map[io.Reader]*bufio.Reader{}
	keptLock                               sync.Mutex
	arena                                  = make([]byte, 0, 8<<20)
)

var wrongs = []exam.Answer[framing]{
	// The length.
	{Name: "writes no length", Want: "length-size", Func: writes(packed(func(m []byte) []byte { return m }))},
	{Name: "writes lines", Want: "length-size", Func: writes(packed(func(m []byte) []byte { return append(bytes.Clone(m), '\n') }))},
	{Name: "reads lines", Want: "length-size", Func: reads(func(r io.Reader) ([]byte, error) {
		line, err := bufio.NewReader(r).ReadBytes('\n')
		return bytes.TrimSuffix(line, []byte("\n")), err
	})},
	{Name: "reads once", Want: "length-size", Func: reads(func(r io.Reader) ([]byte, error) {
		buf := make([]byte, most)
		n, err := r.Read(buf)
		return buf[:n], err
	})},
	{Name: "reads to the end", Want: "length-size", Func: reads(io.ReadAll)},
	{Name: "writes little-endian", Want: "byte-order", Func: writes(asBytes(others[0].pack))},
	{Name: "reads little-endian", Want: "byte-order", Func: reads(parts{number: func(b []byte) int { return int(binary.LittleEndian.Uint32(b)) }}.read)},
	{Name: "both little-endian", Want: "byte-order", Func: both(asBytes(others[0].pack), parts{number: func(b []byte) int { return int(binary.LittleEndian.Uint32(b)) }}.read)},
	{Name: "reads little-endian without a limit", Want: "byte-order", Func: reads(parts{check: always2, number: func(b []byte) int { return min(2*most, int(binary.LittleEndian.Uint32(b))) }}.read)},
	{Name: "writes a length that counts itself", Want: "counts-itself", Func: writes(asBytes(others[1].pack))},
	{Name: "reads a length that counts itself", Want: "counts-itself", Func: reads(parts{number: func(b []byte) int { return max(0, int(binary.BigEndian.Uint32(b))-4) }}.read)},
	{Name: "writes 2 bytes of length", Want: "length-size", Func: writes(asBytes(others[2].pack))},
	{Name: "writes 8 bytes of length", Want: "length-size", Func: writes(asBytes(others[5].pack))},
	{Name: "writes an int", Want: "length-size", Func: writes(packed(lengthed(func(b []byte, n int) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) })))},
	{Name: "writes a varint", Want: "length-size", Func: writes(asBytes(others[6].pack))},
	{Name: "writes decimal digits", Want: "length-size", Func: writes(packed(func(m []byte) []byte { return append([]byte(strconv.Itoa(len(m))), m...) }))},
	{Name: "writes four decimal digits", Want: "length-size", Func: writes(packed(func(m []byte) []byte { return append(fmt.Appendf(nil, "%04d", len(m)), m...) }))},
	{Name: "reads 2 bytes of length", Want: "length-size", Func: reads(parts{size: 2, number: func(b []byte) int { return int(binary.BigEndian.Uint16(b)) }}.read)},
	{Name: "reads 8 bytes of length", Want: "length-size", Func: reads(parts{size: 8, number: func(b []byte) int { return int(binary.BigEndian.Uint64(b) >> 1 << 1 >> 1 << 1) }}.read)},
	{Name: "reads the last byte of the length", Want: "length-size", Func: reads(parts{number: func(b []byte) int { return int(b[3]) }}.read)},
	{Name: "writes 16 bits in 4 bytes", Want: "length-size", Func: writes(packed(lengthed(func(b []byte, n int) []byte { return binary.BigEndian.AppendUint32(b, uint32(uint16(n))) })))},
	{Name: "writes the last byte of the length", Want: "length-size", Func: writes(packed(lengthed(func(b []byte, n int) []byte { return append(b, 0, 0, 0, byte(n)) })))},
	{Name: "writes the number of characters", Want: "wrong-bytes", Func: writes(packed(func(m []byte) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(utf8.RuneCount(m))), m...)
	}))},
	{Name: "writes no empty message", Want: "empty-message", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) == 0 {
			return nil
		}
		return rightWrite(w, m)
	})},
	{Name: "refuses an empty message", Want: "empty-message", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) == 0 {
			return errors.New("nothing to write")
		}
		return rightWrite(w, m)
	})},
	{Name: "takes an empty message for the end", Want: "empty-message", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		if err == nil && len(m) == 0 {
			return nil, io.EOF
		}
		return m, err
	})},
	{Name: "skips empty messages", Want: "empty-message", Func: reads(func(r io.Reader) ([]byte, error) {
		for {
			if m, err := rightRead(r); err != nil || len(m) > 0 {
				return m, err
			}
		}
	})},

	// The bytes.
	{Name: "trims", Want: "wrong-bytes", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		return bytes.TrimSpace(m), err
	})},
	{Name: "writes what is left after trimming", Want: "wrong-bytes", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		return rightWrite(w, bytes.TrimSpace(m))
	})},
	{Name: "reads runes", Want: "wrong-bytes", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		return []byte(string([]rune(string(m)))), err
	})},
	{Name: "adds a newline behind the message", Want: "wrong-bytes", Func: writes(packed(func(m []byte) []byte { return append(framed(m), '\n') }))},
	{Name: "returns the length too", Want: "wrong-bytes", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		if err != nil {
			return nil, err
		}
		return framed(m), nil
	})},
	{Name: "reads each once", Want: "bytes-with-error one-read", Func: reads(parts{fill: readOnce}.read)},
	{Name: "reads the message once", Want: "bytes-with-error one-read", Func: reads(func(r io.Reader) ([]byte, error) {
		return parts{fill: func(r io.Reader, b []byte) (int, error) {
			if len(b) == 4 {
				return io.ReadFull(r, b)
			}
			return r.Read(b)
		}}.read(r)
	})},
	{Name: "a short Read is the end", Want: "bytes-with-error one-read", Func: reads(parts{fill: func(r io.Reader, b []byte) (int, error) {
		n, err := r.Read(b)
		if err == nil && n < len(b) {
			err = io.ErrUnexpectedEOF
		}
		return n, err
	}}.read)},
	{Name: "reads twice, then gives up", Want: "bytes-with-error one-read", Func: reads(parts{fill: func(r io.Reader, b []byte) (int, error) {
		n, err := r.Read(b)
		if err == nil && n < len(b) {
			_, err = r.Read(b[n:])
		}
		return n, err
	}}.read)},
	{Name: "a bufio.Reader for each call", Want: "reads-past", Func: reads(func(r io.Reader) ([]byte, error) { return rightRead(bufio.NewReader(r)) })},
	{Name: "a small bufio.Reader for the length", Want: "reads-past", Func: reads(func(r io.Reader) ([]byte, error) {
		b := bufio.NewReaderSize(r, 4) // it makes itself larger
		return parts{fill: func(r io.Reader, p []byte) (int, error) {
			if len(p) == 4 {
				r = b
			}
			return io.ReadFull(r, p)
		}}.read(r)
	})},
	{Name: "three messages of each connection", Want: "reads-past", Func: reads(func() reader {
		var calls sync.Map // by io.Reader
		return func(r io.Reader) ([]byte, error) {
			n, _ := calls.LoadOrStore(r, new(atomic.Int32))
			if n.(*atomic.Int32).Add(1) > 3 {
				return nil, errors.New("that is enough")
			}
			return rightRead(r)
		}
	}())},
	{Name: "one Read with room for all", Want: "one-read reads-past", Func: reads(func(r io.Reader) ([]byte, error) {
		buf := make([]byte, 4+most)
		n, err := io.ReadAtLeast(r, buf, 4)
		if err != nil {
			return nil, err
		}
		size := int(binary.BigEndian.Uint32(buf))
		if size > most {
			return nil, errTooLong
		}
		if n < 4+size {
			return nil, io.ErrUnexpectedEOF
		}
		return buf[4 : 4+size], nil
	})},
	{Name: "one Read with room for all, again where it brought nothing", Want: "bytes-with-error one-read reads-on reads-past", Func: reads(func(r io.Reader) ([]byte, error) {
		buf := make([]byte, 4+most)
		n, err := untilEOF(r, buf)
		if err != nil {
			return nil, err
		}
		size := int(binary.BigEndian.Uint32(buf))
		if n >= 4 && size > most {
			return nil, errTooLong
		}
		if n < 4+size {
			return nil, io.ErrUnexpectedEOF
		}
		return buf[4 : 4+size], nil
	})},
	{Name: "puts each piece over the one before", Want: "overwrites", Func: reads(parts{fill: func(r io.Reader, b []byte) (int, error) {
		if len(b) == 4 {
			return io.ReadFull(r, b)
		}
		return over(r, b)
	}}.read)},
	{Name: "puts each piece of the length over the one before", Want: "one-read overwrites", Func: reads(parts{fill: func(r io.Reader, b []byte) (int, error) {
		if len(b) == 4 {
			return over(r, b)
		}
		return io.ReadFull(r, b)
	}}.read)},
	{Name: "fills a large buffer", Want: "waits-for-end", Func: reads(func(r io.Reader) ([]byte, error) {
		buf := make([]byte, 4+1000)
		if _, err := io.ReadFull(r, buf); err != nil {
			return nil, err
		}
		return buf[4:][:min(1000, binary.BigEndian.Uint32(buf))], nil
	})},
	{Name: "needs one byte more", Want: "waits-for-end", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		if err == nil {
			_, err = io.ReadFull(r, make([]byte, 1))
		}
		return m, err
	})},
	{Name: "reads decimal digits", Want: "length-size", Func: reads(func(r io.Reader) ([]byte, error) {
		var n int
		if _, err := fmt.Fscanf(r, "%d", &n); err != nil {
			return nil, err
		}
		return rightRead(io.MultiReader(bytes.NewReader(binary.BigEndian.AppendUint32(nil, uint32(n))), r))
	})},
	{Name: "reads a line of digits", Want: "length-size", Func: reads(func(r io.Reader) ([]byte, error) {
		b := bufio.NewReader(r)
		line, err := b.ReadString('\n')
		if err != nil {
			return nil, err
		}
		n, err := strconv.Atoi(line[:len(line)-1])
		if err != nil {
			return nil, err
		}
		m := make([]byte, n)
		_, err = io.ReadFull(b, m)
		return m, err
	})},
	{Name: "looks whether more comes", Want: "waits-for-end", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		if err == nil {
			r.Read(make([]byte, 1))
		}
		return m, err
	})},
	{Name: "at least one Read for the message", Want: "waits-for-end", Func: reads(parts{fill: func(r io.Reader, b []byte) (int, error) {
		got, err := r.Read(b)
		for err == nil && got < len(b) {
			n := 0
			n, err = r.Read(b[got:])
			got += n
		}
		switch {
		case got == len(b):
			err = nil
		case got > 0:
			err = eofInside(err)
		}
		return got, err
	}}.read)},
	{Name: "waits for the end behind the message", Want: "waits-for-end", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		return m, err
	})},
	{Name: "a bufio.Reader for each connection, kept", Want: "reads-past", Func: reads(func(r io.Reader) ([]byte, error) {
		keptLock.Lock()
		b := kept[r]
		if b == nil {
			b = bufio.NewReader(r)
			kept[r] = b
		}
		keptLock.Unlock()
		return rightRead(b)
	})},
	{Name: "room for 4096 bytes", Want: "short-buffer", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		return m[:min(len(m), 4096)], err
	})},
	{Name: "an error before the bytes", Want: "bytes-with-error end-inside", Func: reads(parts{fill: loop(func(n int, err error) bool { return err != nil })}.read)},
	{Name: "an end that comes with bytes is the end of the message", Want: "swallowed", Func: reads(parts{fill: func(r io.Reader, b []byte) (int, error) {
		if len(b) == 4 {
			return io.ReadFull(r, b)
		}
		for got := 0; got < len(b); {
			n, err := r.Read(b[got:])
			if got += n; err == io.EOF && n > 0 {
				return got, nil
			}
			if err != nil {
				return got, err
			}
		}
		return len(b), nil
	}}.read)},
	{Name: "looks whether bytes came before it counts them", Want: "end-inside", Func: reads(parts{fill: func(r io.Reader, b []byte) (int, error) {
		for got := 0; got < len(b); {
			n, err := r.Read(b[got:])
			switch {
			case got+n == len(b):
				return len(b), nil
			case err == io.EOF && got > 0:
				return got, io.ErrUnexpectedEOF
			case err != nil:
				return got, err
			}
			got += n
		}
		return len(b), nil
	}}.read)},
	{Name: "an error that comes with bytes is dropped", Want: "reads-on", Func: reads(parts{fill: func(r io.Reader, b []byte) (int, error) {
		for got := 0; got < len(b); {
			n, err := r.Read(b[got:])
			if n > 0 {
				got += n
				continue
			}
			if err == io.EOF && got > 0 {
				return got, io.ErrUnexpectedEOF
			}
			if err != nil {
				return got, err
			}
		}
		return len(b), nil
	}}.read)},
	{Name: "0 bytes are the end", Want: "zero-bytes", Func: reads(parts{fill: func(r io.Reader, b []byte) (int, error) {
		got := 0
		for got < len(b) {
			n, err := r.Read(b[got:])
			got += n
			if n == 0 && err == nil {
				return got, io.EOF
			}
			if err == io.EOF && 0 < got && got < len(b) {
				return got, io.ErrUnexpectedEOF
			}
			if err != nil && got < len(b) {
				return got, err
			}
		}
		return got, nil
	}}.read)},
	{Name: "one buffer for all messages", Want: "reused shared", Func: reads(func(r io.Reader) ([]byte, error) {
		bufferLock.Lock()
		defer bufferLock.Unlock()
		m, err := rightRead(r)
		return sharedMessage[:copy(sharedMessage, m)], err
	})},
	{Name: "puts into a pool what it returns", Want: "reused", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		if err != nil {
			return nil, err
		}
		b := messages.Get().(*[]byte)
		defer messages.Put(b)
		return (*b)[:copy(*b, m)], nil
	})},
	{Name: "messages side by side in one array", Want: "reused", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		arenaLock.Lock()
		defer arenaLock.Unlock()
		if cap(arena)-len(arena) < len(m) {
			arena = make([]byte, 0, 8<<20)
		}
		from := len(arena)
		arena = append(arena, m...)
		return arena[from:], err
	})},

	// Writing.
	{Name: "two Writes", Want: "two-writes", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		if _, err := w.Write(framed(m)[:4]); err != nil {
			return err
		}
		_, err := w.Write(m)
		return err
	})},
	{Name: "two Writes, but one where there is nothing to write", Want: "two-writes", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		if err := binary.Write(w, binary.BigEndian, uint32(len(m))); err != nil || len(m) == 0 {
			return err
		}
		_, err := w.Write(m)
		return err
	})},
	{Name: "net.Buffers", Want: "two-writes", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		_, err := (&net.Buffers{framed(m)[:4], m}).WriteTo(w)
		return err
	})},
	{Name: "a bufio.Writer that is too small", Want: "two-writes", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		b := bufio.NewWriter(w)
		binary.Write(b, binary.BigEndian, uint32(len(m)))
		b.Write(m)
		return b.Flush()
	})},
	{Name: "no Flush", Want: "not-written", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		_, err := bufio.NewWriterSize(w, 4+len(m)).Write(framed(m))
		return err
	})},
	{Name: "writes in a goroutine", Want: "not-written", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		go func() {
			time.Sleep(20 * time.Millisecond)
			w.Write(framed(m))
		}()
		return nil
	})},
	{Name: "writes in a goroutine and waits for a time", Want: "not-written write-error", Func: writes(func(w io.Writer, m []byte) error {
		if string(m) != plain {
			return rightWrite(w, m)
		}
		go w.Write(framed(m))
		time.Sleep(30 * time.Millisecond)
		return nil
	})},
	{Name: "tries Write again", Want: "writes-again", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		var err error
		for range 3 {
			if _, err = w.Write(framed(m)); err == nil {
				break
			}
		}
		return err
	})},
	{Name: "writes the rest after an error", Want: "writes-again", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		b := framed(m)
		for len(b) > 0 {
			n, err := w.Write(b)
			if err != nil && n == 0 {
				return err
			}
			b = b[n:]
		}
		return nil
	})},
	{Name: "does not look at the error of Write", Want: "write-error", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		w.Write(framed(m))
		return nil
	})},
	{Name: "another error for that of Write", Want: "write-error", Func: writes(func(w io.Writer, m []byte) error {
		if err := rightWrite(w, m); err != nil && err != errTooLong {
			return fmt.Errorf("cannot write: %v", err)
		} else {
			return err
		}
	})},
	{Name: "a short write hides its error", Want: "write-error", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		if n, err := w.Write(framed(m)); n < 4+len(m) {
			return io.ErrShortWrite
		} else {
			return err
		}
	})},
	{Name: "shifts the message in its array", Want: "message-changed", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		b := append(m, 0, 0, 0, 0)
		copy(b[4:], m)
		binary.BigEndian.PutUint32(b, uint32(len(m)))
		_, err := w.Write(b)
		return err
	})},
	{Name: "wipes the message", Want: "message-changed", Func: writes(func(w io.Writer, m []byte) error {
		err := rightWrite(w, m)
		clear(m[:min(len(m), most)])
		return err
	})},
	{Name: "one frame for all calls", Want: "shared", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		frameLock.Lock()
		b := sharedFrame[:4+copy(sharedFrame[4:], m)]
		binary.BigEndian.PutUint32(b, uint32(len(m)))
		frameLock.Unlock()
		_, err := w.Write(b)
		return err
	})},
	{Name: "one length for all calls of WriteMessage", Want: "shared", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errTooLong
		}
		sharedNumber.Store(uint32(len(m)))
		runtime.Gosched() // else it would be luck that another call comes here
		b := make([]byte, 4, 4+len(m))
		binary.BigEndian.PutUint32(b, sharedNumber.Load())
		_, err := w.Write(append(b, m...))
		return err
	})},
	{Name: "a lock around both", Want: "shared", Func: both(
		func(w io.Writer, m []byte) error { turn.Lock(); defer turn.Unlock(); return rightWrite(w, m) },
		func(r io.Reader) ([]byte, error) { turn.Lock(); defer turn.Unlock(); return rightRead(r) })},
	{Name: "one length for all calls", Want: "shared", Func: reads(func(r io.Reader) ([]byte, error) {
		return parts{number: func([]byte) int { return int(binary.BigEndian.Uint32(sharedLength[:])) }, fill: func(r io.Reader, b []byte) (int, error) {
			if len(b) == 4 {
				b = sharedLength[:]
			}
			return io.ReadFull(r, b)
		}}.read(r)
	})},

	// The limit.
	{Name: "no limit when writing", Want: "no-limit", Func: writes(func(w io.Writer, m []byte) error {
		_, err := w.Write(framed(m))
		return err
	})},
	{Name: "no limit when reading", Want: "no-limit", Func: reads(parts{check: always2}.read)},
	{Name: "cuts what is too long when writing", Want: "partly-written", Func: writes(func(w io.Writer, m []byte) error { return rightWrite(w, m[:min(len(m), most)]) })},
	{Name: "cuts what is too long when reading", Want: "no-limit", Func: reads(parts{number: func(b []byte) int { return min(most, int(binary.BigEndian.Uint32(b))) }}.read)},
	{Name: "the limit is 2 MiB", Want: "wrong-limit", Func: reads(parts{check: tooLongOver(2 * most)}.read)},
	{Name: "less than 1 MiB when writing", Want: "wrong-limit", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) >= most {
			return errTooLong
		}
		return rightWrite(w, m)
	})},
	{Name: "counts the length when reading", Want: "wrong-limit", Func: reads(parts{check: tooLongOver(most - 4)}.read)},
	{Name: "a million bytes", Want: "wrong-limit", Func: reads(parts{check: tooLongOver(1_000_000)}.read)},
	{Name: "another error with the same text", Want: "too-long-unknown", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return errors.New("too long")
		}
		return rightWrite(w, m)
	})},
	{Name: "wraps ErrTooLong with %v", Want: "too-long-unknown", Func: reads(parts{check: func(n int) error {
		if n > most {
			return fmt.Errorf("%d bytes: %v", n, errTooLong)
		}
		return nil
	}}.read)},
	{Name: "a deferred Flush takes the place of ErrTooLong", Want: "too-long-unknown", Func: writes(func(w io.Writer, m []byte) (err error) {
		b := bufio.NewWriterSize(w, 4+most)
		defer func() { err = b.Flush() }()
		if len(m) > most {
			return errTooLong
		}
		_, err = b.Write(framed(m))
		return err
	})},
	{Name: "too long is an unexpected end", Want: "too-long-unknown", Func: reads(parts{check: func(n int) error {
		if n > most {
			return io.ErrUnexpectedEOF
		}
		return nil
	}}.read)},
	{Name: "every error is ErrTooLong", Want: "end-between end-inside other-error", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		if err != nil {
			err = errTooLong
		}
		return m, err
	})},
	{Name: "a limit of 64 KiB", Want: "wrong-limit", Func: reads(parts{check: tooLongOver(64 << 10)}.read)},
	{Name: "writes the length of what is too long", Want: "partly-written", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			w.Write(framed(nil))
			return errTooLong
		}
		return rightWrite(w, m)
	})},
	{Name: "throws away what is too long", Want: "no-limit", Func: reads(func(r io.Reader) ([]byte, error) {
		return parts{check: func(n int) error {
			if n > most {
				io.CopyN(io.Discard, r, int64(n))
				return errTooLong
			}
			return nil
		}}.read(r)
	})},
	{Name: "makes room, then looks", Want: "room-first", Func: reads(func(r io.Reader) ([]byte, error) {
		return parts{check: func(n int) error {
			room = make([]byte, n)
			return tooLongOver(most)(n)
		}}.read(r)
	})},
	{Name: "makes the frame, then looks", Want: "room-first", Func: writes(func(w io.Writer, m []byte) error {
		b := make([]byte, 4+len(m))
		copy(b[4:], m)
		if len(m) > most {
			return errTooLong
		}
		binary.BigEndian.PutUint32(b, uint32(len(m)))
		_, err := w.Write(b)
		return err
	})},
	{Name: "the length is an int32", Want: "panicked", Func: reads(parts{number: func(b []byte) int { return int(int32(binary.BigEndian.Uint32(b))) }}.read)},
	{Name: "a negative length is an empty message", Want: "signed", Func: reads(parts{number: func(b []byte) int { return max(0, int(int32(binary.BigEndian.Uint32(b)))) }}.read)},
	{Name: "adds 4 to a uint32", Want: "signed", Func: reads(parts{check: always2, number: func(b []byte) int {
		if n := binary.BigEndian.Uint32(b); n+4 > most+4 {
			return -1
		} else {
			return int(n & (2*most - 1)) // no 4 GiB: they keep the garbage collector busy
		}
	}}.readNegative)},

	// Errors.
	{Name: "the end between messages is no error", Want: "end-between", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		if err == io.EOF {
			return nil, nil
		}
		return m, err
	})},
	{Name: "every end is unexpected", Want: "end-between", Func: reads(parts{length: eofInside}.read)},
	{Name: "wraps the end with %v", Want: "end-between", Func: reads(parts{length: func(err error) error {
		if err == io.EOF {
			return fmt.Errorf("no length: %v", err)
		}
		return err
	}}.read)},
	{Name: "half a length is the end", Want: "end-inside", Func: reads(parts{length: func(err error) error {
		if err == io.ErrUnexpectedEOF {
			return io.EOF
		}
		return err
	}}.read)},
	{Name: "ReadFull's io.EOF behind the length", Want: "end-behind-length", Func: reads(parts{body: func(err error) error { return err }}.read)},
	{Name: "half a message is the end", Want: "end-behind-length end-inside", Func: reads(parts{body: func(err error) error {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return io.EOF
		}
		return err
	}}.read)},
	{Name: "both ends at once", Want: "end-behind-length", Func: reads(parts{body: func(err error) error {
		if err == io.EOF {
			return fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err)
		}
		return err
	}}.read)},
	{Name: "half a message is a message", Want: "swallowed", Func: reads(parts{body: always(nil)}.read)},
	{Name: "every error in the message is an unexpected end", Want: "other-error", Func: reads(parts{body: always(io.ErrUnexpectedEOF)}.read)},
	{Name: "every error in the length is the end", Want: "end-inside other-error", Func: reads(parts{length: always(io.EOF)}.read)},
	{Name: "every error is new", Want: "end-inside other-error", Func: reads(parts{body: always(errors.New("read failed"))}.read)},
	{Name: "joins the unexpected end to every error", Want: "other-error", Func: reads(parts{body: func(err error) error {
		if err = eofInside(err); err != io.ErrUnexpectedEOF {
			err = errors.Join(err, io.ErrUnexpectedEOF)
		}
		return err
	}}.read)},
	{Name: "stops only at io.EOF", Want: "reads-on", Func: reads(parts{fill: func(r io.Reader, b []byte) (got int, err error) {
		for got < len(b) && err == nil {
			n := 0
			n, err = untilEOF(r, b[got:])
			got += n
		}
		switch {
		case got == len(b):
			err = nil
		case got > 0:
			err = eofInside(err)
		}
		return got, err
	}}.read)},
	{Name: "tries on after a deadline", Want: "reads-on", Func: reads(parts{fill: func(r io.Reader, b []byte) (int, error) {
		for end := time.Now().Add(2 * exam.Limit); ; {
			n, err := io.ReadFull(r, b)
			var timeout net.Error
			if err == nil || !errors.As(err, &timeout) || !timeout.Timeout() || time.Now().After(end) {
				return n, err
			}
		}
	}}.read)},
	{Name: "closes after an error", Want: "callers", Func: reads(func(r io.Reader) ([]byte, error) {
		m, err := rightRead(r)
		if c, ok := r.(io.Closer); ok && err != nil {
			c.Close()
		}
		return m, err
	})},
	{Name: "a deadline of its own", Want: "callers", Func: writes(func(w io.Writer, m []byte) error {
		if c, ok := w.(interface{ SetWriteDeadline(time.Time) error }); ok {
			c.SetWriteDeadline(time.Now().Add(time.Minute))
			defer c.SetWriteDeadline(time.Time{})
		}
		return rightWrite(w, m)
	})},
	{Name: "only for TCP connections", Want: "failed", Func: writes(func(w io.Writer, m []byte) error {
		c, ok := w.(*net.TCPConn)
		if !ok {
			return errors.New("no TCP connection")
		}
		return rightWrite(c, m)
	})},
	{Name: "a loop in front of Write", Want: "never-writes", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > 0 {
			time.Sleep(2 * exam.Limit)
		}
		return rightWrite(w, m)
	})},
	{Name: "waits for a word of the peer", Want: "waits", Func: writes(func(w io.Writer, m []byte) error {
		if err := rightWrite(w, m); err != nil {
			return err
		}
		if r, ok := w.(io.Reader); ok {
			r.Read(make([]byte, 1))
		}
		return nil
	})},
	{Name: "only WriteMessage is written", Want: "unfinished", Func: writes(rightWrite).with(stubRead)},
	{Name: "the limit is still to do", Want: "unfinished", Func: writes(func(w io.Writer, m []byte) error {
		if len(m) > most {
			return exam.ErrToDo
		}
		return rightWrite(w, m)
	})},
}

// untilEOF reads once more after any other error than io.EOF, but not for ever.
func untilEOF(r io.Reader, b []byte) (n int, err error) {
	for end := time.Now().Add(2 * exam.Limit); ; time.Sleep(time.Millisecond) {
		if n, err = r.Read(b); err == nil || err == io.EOF || time.Now().After(end) {
			return n, err
		}
	}
}

// over is a fill that counts, and reads each piece to the same place.
func over(r io.Reader, b []byte) (got int, err error) {
	for got < len(b) {
		n, err := r.Read(b)
		got += n
		if err == io.EOF && 0 < got && got < len(b) {
			return got, io.ErrUnexpectedEOF
		}
		if err != nil && got < len(b) {
			return got, err
		}
	}
	return got, nil
}

// room keeps what was made, so that it is made.
var room []byte

func always2(int) error { return nil }

func (f framing) with(read reader) framing { return both(f.write, read) }

// readNegative takes a negative number for too long.
func (p parts) readNegative(r io.Reader) ([]byte, error) {
	p.check = func(n int) error {
		if n < 0 {
			return errTooLong
		}
		return nil
	}
	return p.read(r)
}
