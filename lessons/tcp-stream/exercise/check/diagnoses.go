package check

import "example.com/sockets/shared/exam"

// page explains what this checker finds, under "Wrong ideas".
var page = exam.Page{Path: "lessons/tcp-stream/README.md"}

// Ideas about the request.
var (
	noHalfClose = page.Diagnosis("no-half-close", "the-peer-cannot-know-that-you-are-done",
		"The peer waits for the end of the request. Say it with conn.CloseWrite() after the last byte and before you wait for the end of the reply, also when the request is empty.")
	earlyEnd = page.Diagnosis("early-end", "the-end-comes-after-the-last-byte",
		"The end came before the whole request. CloseWrite must wait until Write has returned: in the same goroutine, one after the other.")
	closedBoth = page.Diagnosis("closed-both", "close-ends-both-directions",
		"Close ends both directions, so no reply can be received any more. CloseWrite ends only yours.")
	otherRequest = page.Diagnosis("request", "the-request-goes-as-it-is",
		"The peer must get every byte of request, no other, and without having to answer first. What goes through a bufio.Writer needs Flush.")
	changedRequest = page.Diagnosis("changed-request", "the-request-is-the-callers",
		"The request belongs to the caller: Exchange only reads it. Do not receive into it, and do not append to it.")
	emptyRequest = page.Diagnosis("empty-request", "an-empty-request-is-a-request",
		"A request of no bytes is a request too: send only the end, with CloseWrite, and return the reply.")
	deadlock = page.Diagnosis("deadlock", "first-send-then-receive-can-wait-for-ever",
		"Send and receive at the same time, one of them in a goroutine. While you only send, the peer's answer fills all buffers; then the peer stops reading, and both wait for each other.")
	unsent = page.Diagnosis("unsent", "the-end-of-the-reply-is-not-the-end-of-the-request",
		"A reply can end before the request is sent. Do not break off: wait until Write and CloseWrite are done, then return the reply.")
	writeError = page.Diagnosis("write-error", "sending-can-fail",
		"The request did not get through: return the error of Write, also when the reply looks whole.")
)

// Ideas about the reply.
var (
	notToEnd = page.Diagnosis("not-to-end", "the-reply-ends-with-eof-and-nowhere-else",
		"Only a part of the reply came back. Neither one Read, nor a short one, nor a newline, nor a full buffer is the end: read on until io.EOF.")
	eofError = page.Diagnosis("eof-is-error", "eof-is-the-end-and-no-failure",
		"io.EOF from Read says that the peer has sent all. Every good reply ends like that: return what you have, and nil.")
	endNotSeen = page.Diagnosis("end-not-seen", "zero-bytes-are-the-end",
		"The peer has ended the stream, and your Exchange did not return. Zero bytes and io.EOF from Read are the end: stop reading there. And wait for nothing that comes only later.")
	emptyReply = page.Diagnosis("empty-reply", "an-empty-reply-is-a-reply",
		"A peer may end without sending a byte. Its reply is then empty, and that is no error.")
	wholeBuffer = page.Diagnosis("whole-buffer", "only-n-bytes-are-new",
		"Read fills only the first n bytes of your buffer: use buf[:n]. And make([]byte, n) has n zeros already: append puts the reply behind them.")
	wrongReply = page.Diagnosis("wrong-reply", "the-reply-comes-back-as-it-is",
		"Return the bytes that the peer sent: all of them, in order, unchanged, and nothing else.")
	swallowed = page.Diagnosis("swallowed-error", "half-a-reply-is-no-reply",
		"An error of Read other than io.EOF means that the reply is not whole. Return it as an error, never as a reply.")
)

// Ideas about the limit.
var (
	exactly = page.Diagnosis("exactly-limit", "exactly-limit-bytes-are-fine",
		"Only more than limit bytes are too many. To see whether there are more, read one byte more than limit, and compare with >.")
	cutReply = page.Diagnosis("cut-reply", "a-cut-reply-looks-whole",
		"The rest of the reply was cut off without a word. A reader that stops at limit looks the same for a reply that fits and for one that does not: read limit+1 bytes.")
	noLimit = page.Diagnosis("no-limit", "more-than-limit-is-an-error",
		"The reply has more than limit bytes: return ErrTooLong.")
	unknown = page.Diagnosis("too-long-unknown", "the-caller-must-know-errtoolong",
		"When the reply is too long, errors.Is must know the error as ErrTooLong: return the variable itself, or wrap it with %w. Let no other error that follows from it take its place.")
	readsOn = page.Diagnosis("reads-on", "stop-reading-at-the-limit",
		"Your Exchange read on after more than limit bytes. A peer may never end: check the length while you read, and return at once. io.LimitReader(conn, int64(limit)+1) stops by itself.")
	writerStays = page.Diagnosis("writer-stays", "a-blocked-write-must-be-ended",
		"More than limit bytes had come, but your Exchange still waited for its own Write, and this peer never reads. End that Write: conn.Close() and a deadline in the past both do.")
	notTooLong = page.Diagnosis("not-too-long", "not-every-error-is-errtoolong",
		"ErrTooLong says that the reply has more than limit bytes. This one did not: return the error that happened.")
)

// Ideas about the connection and the call.
var (
	closesConn = page.Diagnosis("closes-conn", "the-caller-closes",
		"All went well, so conn belongs to the caller again: do not close it. CloseWrite is all that Exchange ends.")
	ownDeadline = page.Diagnosis("own-deadline", "the-deadline-is-the-callers",
		"The caller had set a deadline on conn, and your code set another or did not stop there. Set none yourself, and return the error of a time-out.")
	leftBehind = page.Diagnosis("left-behind", "no-goroutine-stays-behind",
		"A goroutine of your Exchange was still there after the return. Wait for it; give a channel on which it sends room for its result; end a Write or Read that waits by conn.Close() or a deadline.")
	failed = page.Diagnosis("failed", "a-good-peer-is-no-error",
		"Nothing was wrong with the peer. Read the error: it says which call failed.")
	shared = page.Diagnosis("shared", "several-calls-at-once",
		"Several calls run at once. Keep buffers, channels and the reply in variables inside Exchange, and let no call wait for another. A buffer that goes back into a sync.Pool must not be what you return.")
	unfinished = page.Diagnosis("unfinished", "still-to-do",
		"One way through your Exchange still returns exam.ErrToDo. Find it and write what is missing there.")
)
