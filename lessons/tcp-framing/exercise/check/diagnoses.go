package check

import "example.com/sockets/shared/exam"

// fine is the verdict where nothing was wrong.
var fine exam.Diagnosis

// page explains what this checker finds, under "Wrong ideas".
var page = exam.Page{Path: "lessons/tcp-framing/README.md"}

// Ideas about the form of a message.
var (
	lengthSize = page.Diagnosis("length-size", "a-length-of-4-bytes",
		"In front of each message stand exactly 4 bytes, the number of its bytes. No text, no 2 or 8 bytes. All four count: 300 is 00 00 01 2c. The peer reads 4, whatever you send. So read 4 as well, and not digits up to something.")
	byteOrder = page.Diagnosis("byte-order", "the-highest-byte-first",
		"The highest byte of the length comes first: 5 is 00 00 00 05. That is binary.BigEndian.")
	countsItself = page.Diagnosis("counts-itself", "the-length-is-not-counted",
		"The length says how many bytes the message has. Its own 4 bytes are not counted.")
	wrongBytes = page.Diagnosis("wrong-bytes", "any-bytes-can-be-a-message",
		"A message is bytes, each just as it is: zeros, newlines and bytes that are no text. Nothing is added, taken away or changed, and the length counts bytes, not characters. The length is no part of what ReadMessage returns.")
	emptyMessage = page.Diagnosis("empty-message", "no-bytes-are-a-message-too",
		"A message can have no bytes. Then it is only a length, 0, and it is written and read like any other. It is no end and no error.")
)

// Ideas about reading.
var (
	oneRead = page.Diagnosis("one-read", "one-read-is-not-a-message",
		"A Read returns as soon as there are some bytes. Read on until you have all: io.ReadFull does, for the 4 bytes of the length and for the message.")
	overwrites = page.Diagnosis("overwrites", "one-read-is-not-a-message",
		"You took all bytes, but each piece came over the one before. Read behind it: r.Read(buf[got:]).")
	readsPast = page.Diagnosis("reads-past", "what-follows-belongs-to-the-next-call",
		"Your code took bytes that belong to the next message, and the next call never sees them. A bufio.Reader reads ahead, and so does a buffer that is too large. Read 4 bytes, and then just as many as they say.")
	waitsForEnd = page.Diagnosis("waits-for-end", "the-length-tells-where-a-message-ends",
		"The whole message was there, and your code still waited. The length says where it ends: do not wait for the end of the stream, nor for what follows.")
	shortBuffer = page.Diagnosis("short-buffer", "a-message-is-as-long-as-its-length-says",
		"A long message came back cut. Make the slice as large as the length says, after you have compared that with the limit.")
	zeroBytes = page.Diagnosis("zero-bytes", "0-bytes-and-no-error",
		"A Read that returns 0 bytes and no error says only that nothing came yet. It is no end: read again. io.ReadFull does that.")
	lateError = page.Diagnosis("bytes-with-error", "bytes-can-come-with-an-error",
		"A Read can return bytes and an error together. Use the bytes first. When the message is whole with them, the error is for a later call.")
	endBetween = page.Diagnosis("end-between", "an-end-between-two-messages",
		"The stream ended where a message could begin. That is no failure, and no empty message either: errors.Is must know the error as io.EOF, and as nothing else.")
	endInside = page.Diagnosis("end-inside", "an-end-inside-a-message",
		"The stream ended after a message had begun. errors.Is must know the error as io.ErrUnexpectedEOF, and not as io.EOF.")
	endBehind = page.Diagnosis("end-behind-length", "an-end-inside-a-message",
		"The stream ended after a message had begun. errors.Is must know the error as io.ErrUnexpectedEOF, and not as io.EOF. io.ReadFull says io.EOF when not one byte came: behind the length you have to turn it into io.ErrUnexpectedEOF.")
	swallowed = page.Diagnosis("swallowed", "half-a-message-needs-an-error",
		"Half a message without an error looks like a whole one. Look at the error of each Read, and return one when bytes are missing.")
	readsOn = page.Diagnosis("reads-on", "an-error-ends-the-reading",
		"Read had said that it failed, or that the stream ended, and your code still went on. The first error is the one that counts, later ones say nothing new: after a reset, even io.EOF can follow. Return at the first, unless the message is whole.")
	otherError = page.Diagnosis("other-error", "other-errors-are-no-end",
		"A reset or a deadline is no end of the stream. Return the error of Read as it is, or wrapped with %w, so that errors.Is knows it and takes it for nothing else.")
	reused = page.Diagnosis("reused", "what-you-return-is-the-callers",
		"A later call wrote over the message that an earlier one had returned, or the caller's append did. Make a new slice in each call.")
)

// Ideas about the limit.
var (
	noLimit = page.Diagnosis("no-limit", "a-length-can-lie",
		"A message longer than 1 MiB must be refused with ErrTooLong, on both sides. Look at the length as soon as you have it, before you wait for a byte: the peer may have lied, and no byte may come.")
	wrongLimit = page.Diagnosis("wrong-limit", "exactly-1-mib-is-fine",
		"The limit is 1<<20 bytes of message, without the length. Just as many are fine, one more is too long.")
	signed = page.Diagnosis("signed", "a-length-has-no-sign",
		"A length from 1<<31 up becomes negative in an int32, and then it is not larger than the limit. Keep it in a uint32 or an int64 until you have compared it.")
	roomFirst = page.Diagnosis("room-first", "look-before-you-make-room",
		"Your code made room for the message and then found that it is too long. Compare first: make is what the limit is to prevent.")
	tooLongUnknown = page.Diagnosis("too-long-unknown", "the-caller-must-know-errtoolong",
		"For a message that is too long, errors.Is must know the error as ErrTooLong. Return ErrTooLong, or wrap it with %w.")
	partlyWritten = page.Diagnosis("partly-written", "nothing-of-a-long-message-is-written",
		"Nothing may be written of a message that is too long: not its length, and not its first part. Return ErrTooLong. Else the peer takes a part for the whole, or takes what comes next for the missing bytes.")
)

// Ideas about writing.
var (
	twoWrites = page.Diagnosis("two-writes", "one-write-for-each-message",
		"Put the length and the message into one slice and write it with one Write. Between two Writes another goroutine can write its own.")
	notWritten = page.Diagnosis("not-written", "written-when-it-returns",
		"When WriteMessage returns without an error, all of the message has been given to w. Flush a bufio.Writer, and leave no goroutine behind that writes later.")
	writeError = page.Diagnosis("write-error", "an-error-of-write-comes-back",
		"Write failed. Return its error as it is, or wrapped with %w: errors.Is must know it. Else the caller believes that the message was sent.")
	writesAgain = page.Diagnosis("writes-again", "a-failed-write-is-the-last",
		"A Write failed, and your code wrote again. Some bytes may already be on their way: what you write now stands in the middle of a message. Return at the first error.")
	changed = page.Diagnosis("message-changed", "the-message-is-the-callers",
		"The slice belongs to the caller, and so does the rest of its array: append writes there when there is room. Build what you write in a slice of your own.")
	neverWrites = page.Diagnosis("never-writes", "writing-waits-for-nothing-else",
		"WriteMessage never came to its Write: a loop in front of it does not end, or something there waits.")
	waits = page.Diagnosis("waits", "writing-waits-for-nothing-else",
		"The peer took all that was written, and WriteMessage did not return. Write the message and return: wait for no answer.")
)

// Ideas about both.
var (
	callers = page.Diagnosis("callers", "the-connection-is-the-callers",
		"The connection is the caller's, who sends and receives more messages on it. Do not close it, and set no deadline.")
	shared = page.Diagnosis("shared", "several-calls",
		"Calls must not disturb each other. Keep buffers in variables inside the function, and let no call wait for another.")
	failed = page.Diagnosis("failed", "a-good-message-is-no-error",
		"Nothing was wrong with this message. Read the error, it says which call failed. r and w can be any io.Reader and io.Writer.")
	unfinished = page.Diagnosis("unfinished", "still-to-do",
		"This way through your code still returns exam.ErrToDo. Write what is missing there.")
)
