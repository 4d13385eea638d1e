package check

import "example.com/sockets/shared/exam"

// diagnoses are all that this checker can find.
var diagnoses []exam.Diagnosis

// diagnosis makes the diagnosis that the heading with this anchor explains. The
// headings are under "Wrong ideas" on the page.
func diagnosis(name, anchor, idea string) exam.Diagnosis {
	d := exam.Diagnosis{Name: name, Idea: idea, Read: "lessons/udp-server/README.md#" + anchor}
	diagnoses = append(diagnoses, d)
	return d
}

var (
	noAnswer = diagnosis("no-answer", "nothing-comes-back",
		"Read a datagram with conn.ReadFrom, and send it back with conn.WriteTo before you wait for the next.")
	endsEarly = diagnosis("ends-early", "one-datagram-is-enough",
		"A server answers until conn is closed, not a number of times. Put ReadFrom and WriteTo into a loop, and stay in it until ReadFrom says that conn was closed.")
	leftBehind = diagnosis("left-behind", "a-goroutine-can-go-on-alone",
		"The caller takes the return of Echo for the end. Run the loop in Echo itself, or wait there for the goroutine that runs it.")
	changed = diagnosis("changed", "the-echo-may-look-different",
		"An echo is the same bytes, no more and no less. Send buf[:n] as it came.")
	wholeBuffer = diagnosis("whole-buffer", "the-buffer-is-the-datagram",
		"The buffer is longer than the datagram. Only its first n bytes came: send buf[:n].")
	twice = diagnosis("twice", "two-echoes-are-safer-than-one",
		"One datagram, one echo. Call WriteTo once for each ReadFrom.")
	otherSocket = diagnosis("other-socket", "an-answer-needs-a-socket-of-its-own",
		"The sender expects the answer from the address it wrote to. Receive and send through conn itself, which is open already: WriteTo needs no connection.")
	sender = diagnosis("sender", "the-address-stays-the-same",
		"ReadFrom returns the sender's address with each datagram. Give WriteTo the address that came with this very datagram.")
	firstOnly = diagnosis("first-only", "the-first-sender-owns-the-server",
		"UDP has no connection: one socket serves every sender, in any order. Answer whoever sent the datagram.")
	empty = diagnosis("empty", "an-empty-datagram-is-the-end",
		"In UDP, 0 bytes are a datagram like any other, and no end. Send it back too: buf[:0].")
	notText = diagnosis("not-text", "a-datagram-is-text",
		"A datagram is bytes, not a line of text or a command. Do not trim, convert or look for words: send buf[:n] as it came.")
	cut = diagnosis("cut", "a-small-buffer-will-do",
		"What does not fit into the buffer is lost, and Windows makes it an error. No later ReadFrom brings the rest. Make the buffer as large as the largest datagram: 65507 bytes.")
	pieces = diagnosis("pieces", "a-long-datagram-goes-back-in-pieces",
		"One WriteTo is one datagram. Send the whole datagram with one call.")
	skips = diagnosis("skips", "some-datagrams-do-not-count",
		"Every datagram gets its echo: the second of one sender, the tenth of ten that came at once, and the one that says the same as the last.")
	sharedBuffer = diagnosis("shared-buffer", "goroutines-can-share-the-buffer",
		"Something read the next datagram into the buffer while this one still waited to be sent. A goroutine needs bytes of its own: bytes.Clone(buf[:n]), or a new buffer for each datagram.")
	shared = diagnosis("shared", "servers-can-share-a-variable",
		"Several calls run at once. Keep conn, buffer and address in variables inside Echo, one for each call, and let no call wait for another.")
	slow = diagnosis("slow", "a-server-needs-a-rest",
		"ReadFrom waits by itself until a datagram is there. Take the time.Sleep out: while the server sleeps, datagrams pile up, and the system drops what finds no room.")
	busy = diagnosis("busy", "waiting-is-work",
		"ReadFrom waits without any work, and so does a channel. A loop that looks again and again, like a select with a default in a for, or a deadline that has passed already, keeps a core busy.")
	silence = diagnosis("silence", "silence-is-the-end",
		"Silence is no end: the next datagram may come in an hour. Set no deadline, or set a new one before each call, and go on when it has passed.")
	failureHidden = diagnosis("failure-hidden", "every-error-means-closed",
		"A call failed while conn was open. Return that error, or go on with the next datagram. Nil is for a closed conn alone: ask errors.Is(err, net.ErrClosed).")
	spins = diagnosis("spins", "trying-again-costs-nothing",
		"What failed a thousand times will fail again. Return the error, or go on with something else, or wait before you try again.")
	goesOn = diagnosis("goes-on", "a-closed-socket-will-come-back",
		"A closed conn stays closed. When errors.Is(err, net.ErrClosed), leave the loop and return nil.")
	closedError = diagnosis("closed-error", "closing-is-a-failure",
		"To close conn is how a caller stops the server, the normal end. When errors.Is(err, net.ErrClosed), return nil. err == net.ErrClosed is false: ReadFrom wraps the error, and errors.Is looks inside.")
	closesConn = diagnosis("closes-conn", "a-socket-is-used-up-after-one-answer",
		"Who opened conn closes it. Closed, it can not receive the next datagram.")
	anyConn = diagnosis("any-conn", "every-packetconn-is-a-udpconn",
		"Echo takes any net.PacketConn. Use its methods ReadFrom and WriteTo, which need no *net.UDPConn.")
)

// unable is no wrong idea: the checker itself could not work.
var unable = exam.Diagnosis{
	Name: "unable",
	Idea: "This is no fault of your code: the checker could not do its part. Run the test again.",
	Read: "README.md#when-an-exercise-fails",
}
