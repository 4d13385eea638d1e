package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"example.com/sockets/shared/exam"
)

type exchanger = func(conn *net.TCPConn, request []byte, limit int) ([]byte, error)

// A scene is a case under way, with what all its exchanges have in common.
type scene struct {
	tr       *exam.Trial
	exchange exchanger
	tooLong  error
	bigRoom  func() []byte // made at the first call
}

// An exchange is one call of the answer, and the peer that it talks to.
type exchange struct {
	scene
	conn    *net.TCPConn
	peer    *peer
	request []byte
	room    []byte // the request, with the room behind it
	limit   int
	call    *exam.Call

	// Known when it has finished.
	ended time.Time // when it was seen that the call had ended
	hung  string    // where the call hung
	sent  int64     // how much the peer had sent by then
	reply []byte
	err   error
	open  bool   // conn is not closed
	left  string // where a goroutine stayed behind
}

// behind is what stands behind the request in its array: appending to it would show.
const behind = "the room behind it"

// roomFor returns an array that begins with request. The big requests of one answer
// share theirs: much fresh memory is slow, above all under the race detector. An answer
// that changes a request does so in small ones too, and comes no further.
func (s scene) roomFor(request []byte) []byte {
	if len(request) == big {
		return s.bigRoom()
	}
	return withRoom(request)
}

func withRoom(request []byte) []byte { return slices.Concat(request, []byte(behind)) }

// prepare connects, but calls nothing yet. It returns nil when there is no socket.
func (s scene) prepare(request []byte, limit int) *exchange {
	conn, other, ok := s.tr.Connect()
	if !ok {
		return nil
	}
	// Small buffers fill soon, so a few MiB do here what else needs many. Those for
	// receiving stay as they are: small ones make the system send again and again.
	conn.SetWriteBuffer(buffer)
	other.SetWriteBuffer(buffer)
	p := &peer{conn: other, done: make(chan struct{}), request: request}
	s.tr.Cleanup(func() { p.over.Store(true) }) // before the sockets are closed
	return &exchange{scene: s, conn: conn, peer: p, request: request, room: s.roomFor(request), limit: limit}
}

// start calls the answer and lets the peer play.
func (x *exchange) start(play func(p *peer)) {
	x.call = x.tr.Go(func() {
		x.reply, x.err = x.exchange(x.conn, x.room[:len(x.request)], x.limit)
	})
	x.peer.returned = x.call.Done()
	go func() {
		defer close(x.peer.done)
		play(x.peer)
	}()
}

// finish waits for the answer, then at most grace for the peer.
func (x *exchange) finish(grace time.Duration) {
	x.wait()
	x.ended = time.Now()
	x.sent = x.peer.sent.Load()
	if x.hung == "" && !x.panicked() {
		x.left = x.leftBehind()
		x.open = !errors.Is(x.conn.SetNoDelay(true), net.ErrClosed) // this is the default: nothing changes
		select {
		case <-x.peer.done:
		case <-time.After(grace):
		}
	}
	x.close()
}

// close ends the peer, whatever it does.
func (x *exchange) close() {
	x.peer.over.Store(true)
	x.peer.conn.Close()
	<-x.peer.done
}

// wait waits for the answer to return. It hangs when nothing has moved for a while:
// slow answers on slow machines move.
func (x *exchange) wait() {
	if x.hung == "" {
		x.hung = x.call.WaitWhile(&x.peer.moved, exam.Limit)
	}
}

// leftBehind returns where a goroutine of the call is still at work. One that only
// has to end gets time for it.
func (x *exchange) leftBehind() (where string) {
	end := time.Now().Add(time.Second)
	for pause := time.Millisecond; ; pause *= 2 {
		left := x.call.Goroutines()
		if len(left) == 0 {
			return ""
		}
		if time.Now().After(end) {
			return left[0]
		}
		time.Sleep(pause)
	}
}

// wrong reports, and tells first what the peer did.
func (x *exchange) wrong(d exam.Diagnosis, format string, args ...any) {
	x.tr.Wrong(d, "%s %s", x.peer.story(), fmt.Sprintf(format, args...))
}

// did tells what the answer returned, or where it hung.
func (x *exchange) did() string {
	switch {
	case x.hung != "":
		return "Your Exchange did not return: it was " + x.hung + "."
	case x.err != nil:
		return fmt.Sprintf("Your Exchange returned the error %q.", x.err)
	}
	return fmt.Sprintf("Your Exchange returned %s and no error.", exam.Quote(x.reply))
}

// good tells whether the answer got reply from a peer with which all went well.
func (x *exchange) good(reply []byte) bool {
	return x.hung == "" && x.err == nil && bytes.Equal(x.reply, reply) && x.peer.ended && bytes.Equal(x.peer.got, x.request)
}

// wantReply reports what is wrong where all should go well.
func (x *exchange) wantReply(reply []byte) {
	p := x.peer
	switch {
	case x.panicked(), x.toDo():
	case x.hung == "" && errors.Is(x.err, x.tooLong):
		x.wrong(x.whichError(reply), "The limit was %d. %s", x.limit, x.did())
	case x.hung == "" && errors.Is(x.err, net.ErrClosed):
		x.wrong(closedBoth, "%s", x.did())
	case len(p.got) > len(x.request), !bytes.HasPrefix(x.request, p.got):
		x.wrong(otherRequest, "The request is %s; the peer got %s.", exam.Quote(x.request), exam.Quote(p.got))
	case len(p.got) < len(x.request) && p.ended:
		x.wrong(earlyEnd, "The request has %d bytes. %s", len(x.request), x.did())
	case len(p.got) < len(x.request):
		x.wrong(otherRequest, "The request has %d bytes. %s", len(x.request), x.did())
	case !p.ended:
		x.wrong(noHalfClose, "These were all bytes of the request, but no end came. %s", x.did())
	case x.hung != "":
		x.wrong(endNotSeen, "%s", x.did())
	case x.err != nil:
		x.wrong(x.whichError(reply), "%s", x.did())
	case !bytes.Equal(x.reply, reply):
		x.wrong(x.whichReply(reply), "The reply is %s. %s", exam.Quote(reply), x.did())
	case !x.open:
		x.wrong(closesConn, "%s Then conn was closed.", x.did())
	}
	x.tidy()
}

// whichError finds the idea behind an error where all went well.
func (x *exchange) whichError(reply []byte) exam.Diagnosis {
	switch {
	case errors.Is(x.err, x.tooLong) && len(reply) == x.limit:
		return exactly
	case errors.Is(x.err, x.tooLong):
		return notTooLong
	case errors.Is(x.err, io.EOF), strings.Contains(x.err.Error(), "EOF"):
		return eofError
	}
	return failed
}

// whichReply finds the idea behind a reply that is not what the peer sent.
func (x *exchange) whichReply(reply []byte) exam.Diagnosis {
	switch {
	case len(x.reply) == 0 && !x.open:
		return closedBoth
	case len(x.reply) < len(reply) && bytes.HasPrefix(reply, x.reply) && len(bytes.TrimSpace(reply[len(x.reply):])) > 0:
		return notToEnd
	case len(x.reply) > len(reply)+2:
		return wholeBuffer
	}
	return wrongReply
}

// wantTooLong reports what is wrong where the reply is too long.
func (x *exchange) wantTooLong() {
	switch {
	case x.panicked(), x.toDo():
	case x.hung != "":
		x.wrong(readsOn, "With a limit of %d, that is too much. %s", x.limit, x.did())
	case errors.Is(x.err, x.tooLong):
	case x.err != nil:
		x.wrong(unknown, "With a limit of %d, that is too much. %s ErrTooLong was not in it.", x.limit, x.did())
	case len(x.reply) > x.limit:
		x.wrong(noLimit, "With a limit of %d, that is too much. %s", x.limit, x.did())
	default:
		x.wrong(cutReply, "With a limit of %d, that is too much. %s", x.limit, x.did())
	}
	x.tidy()
}

// wantError reports what is wrong where the conversation breaks off: without an
// error, it is this idea.
func (x *exchange) wantError(d exam.Diagnosis) {
	switch {
	case x.panicked(), x.toDo():
	case x.hung != "":
		x.wrong(endNotSeen, "%s", x.did())
	case x.err == nil:
		x.wrong(d, "%s", x.did())
	case errors.Is(x.err, x.tooLong):
		x.wrong(notTooLong, "The limit was %d. %s", x.limit, x.did())
	}
	x.tidy()
}

// tidy reports what may not be, however the call ended.
func (x *exchange) tidy() {
	before, after := x.room[:len(x.request)], x.room[len(x.request):]
	switch changed := !bytes.Equal(before, x.request) || string(after) != behind; {
	case x.hung != "":
	case changed:
		x.wrong(changedRequest, "Then the request was %s, or what is behind it in its array was changed; it had been %s.", exam.Quote(before), exam.Quote(x.request))
	}
	if x.left != "" {
		x.wrong(leftBehind, "%s A goroutine of it was still %s, a second later.", x.did(), x.left)
	}
}

// panicked tells whether the answer panicked: exam has reported it.
func (x *exchange) panicked() bool { return x.hung == "" && x.call.Panicked() }

func (x *exchange) toDo() bool {
	if x.hung != "" || !errors.Is(x.err, exam.ErrToDo) {
		return false
	}
	x.wrong(unfinished, "%s", x.did())
	return true
}
