package check

import "example.com/sockets/shared/exam"

// page explains what this checker finds, under "Wrong ideas".
var page = exam.Page{Path: "lessons/udp-server/README.md"}

var (
	noAnswer = page.Diagnosis("no-answer", "nothing-comes-back",
		"Read a datagram with conn.ReadFrom, and send it back with conn.WriteTo before you wait for the next.")
	endsEarly = page.Diagnosis("ends-early", "one-datagram-is-enough",
		"A server answers until conn is closed, not a number of times. Put ReadFrom and WriteTo into a loop, and stay in it until ReadFrom says that conn was closed.")
	leftBehind = page.Diagnosis("left-behind", "a-goroutine-can-go-on-alone",
		"The caller takes the return of Echo for the end. Run the loop in Echo itself, or wait there for the goroutine that runs it.")
	changed = page.Diagnosis("changed", "the-echo-may-look-different",
		"An echo is the same bytes, no more and no less. Send buf[:n] as it came.")
	wholeBuffer = page.Diagnosis("whole-buffer", "the-buffer-is-the-datagram",
		"The buffer is longer than the datagram. Only its first n bytes came: send buf[:n].")
	twice = page.Diagnosis("twice", "two-echoes-are-safer-than-one",
		"One datagram, one echo. Call WriteTo once for each ReadFrom.")
	otherSocket = page.Diagnosis("other-socket", "an-answer-needs-a-socket-of-its-own",
		"The sender expects the answer from the address it wrote to. Receive and send through conn itself, which is open already: WriteTo needs no connection.")
	sender = page.Diagnosis("sender", "the-address-stays-the-same",
		"ReadFrom returns the sender's address with each datagram. Give WriteTo the address that came with this very datagram.")
	firstOnly = page.Diagnosis("first-only", "the-first-sender-owns-the-server",
		"UDP has no connection: one socket serves every sender, in any order. Answer whoever sent the datagram.")
	empty = page.Diagnosis("empty", "an-empty-datagram-is-the-end",
		"In UDP, 0 bytes are a datagram like any other, and no end. Send it back too: buf[:0].")
	notText = page.Diagnosis("not-text", "a-datagram-is-text",
		"A datagram is bytes, not a line of text or a command. Do not trim, convert or look for words: send buf[:n] as it came.")
	cut = page.Diagnosis("cut", "a-small-buffer-will-do",
		"What does not fit into the buffer is lost, and Windows makes it an error. No later ReadFrom brings the rest. Make the buffer as large as the largest datagram: 65507 bytes.")
	pieces = page.Diagnosis("pieces", "a-long-datagram-goes-back-in-pieces",
		"One WriteTo is one datagram. Send the whole datagram with one call.")
	skips = page.Diagnosis("skips", "some-datagrams-do-not-count",
		"Every datagram gets its echo: the second of one sender, the tenth of ten that came at once, and the one that says the same as the last.")
	sharedBuffer = page.Diagnosis("shared-buffer", "goroutines-can-share-the-buffer",
		"Something read the next datagram into the buffer while this one still waited to be sent. A goroutine needs bytes of its own: bytes.Clone(buf[:n]), or a new buffer for each datagram.")
	sharedLength = page.Diagnosis("shared-length", "goroutines-can-share-n",
		"The bytes were right, and their number was that of another datagram: ReadFrom had already put the next length into n. Make n anew for each datagram, inside the loop: n, addr, err := conn.ReadFrom(buf).")
	shared = page.Diagnosis("shared", "servers-can-share-a-variable",
		"Several calls run at once. Keep conn, buffer and address in variables inside Echo, one for each call, and let no call wait for another.")
	slow = page.Diagnosis("slow", "a-server-needs-a-rest",
		"ReadFrom waits by itself until a datagram is there. Take the time.Sleep out: while the server sleeps, datagrams pile up, and the system drops what finds no room.")
	busy = page.Diagnosis("busy", "waiting-is-work",
		"ReadFrom waits without any work, and so does a channel. A loop that looks again and again, like a select with a default in a for, or a deadline that has passed already, keeps a core busy.")
	silence = page.Diagnosis("silence", "silence-is-the-end",
		"Silence is no end: the next datagram may come in an hour. Set no deadline, or set a new one before each call, and go on when it has passed.")
	failureHidden = page.Diagnosis("failure-hidden", "every-error-means-closed",
		"A call failed while conn was open. Return that error, or go on with the next datagram. Nil is for a closed conn alone: ask errors.Is(err, net.ErrClosed).")
	starves = page.Diagnosis("starves", "the-others-can-wait",
		"One sender could not be reached, and since then the others get nothing. Leave this one datagram and go on with the next, or return the error. Do not try until it works, and let no goroutine end that others wait for.")
	banned = page.Diagnosis("banned", "one-failure-is-for-ever",
		"A WriteTo that failed says that this one datagram did not go out. Nothing more. Send the next echo to the same address as if nothing had been.")
	spins = page.Diagnosis("spins", "trying-again-costs-nothing",
		"What failed a thousand times will fail again. Return the error, or go on with something else, or, for ReadFrom, wait before you try again.")
	goesOn = page.Diagnosis("goes-on", "a-closed-socket-will-come-back",
		"A closed conn stays closed. When errors.Is(err, net.ErrClosed), leave the loop and return nil.")
	closedError = page.Diagnosis("closed-error", "closing-is-a-failure",
		"To close conn is how a caller stops the server, the normal end. When errors.Is(err, net.ErrClosed), return nil. err == net.ErrClosed is false: ReadFrom wraps the error, and errors.Is looks inside.")
	closesConn = page.Diagnosis("closes-conn", "a-socket-is-used-up-after-one-answer",
		"Who opened conn closes it. Closed, it cannot receive the next datagram.")
	anyConn = page.Diagnosis("any-conn", "every-packetconn-is-a-udpconn",
		"Echo takes any net.PacketConn. Use its methods ReadFrom and WriteTo, which need no *net.UDPConn.")
)
