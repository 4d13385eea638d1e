package check

import "example.com/sockets/shared/exam"

// page explains what this checker finds, under "Wrong ideas".
var page = exam.Page{Path: "lessons/udp-loss/README.md"}

// What can be wrong with both.
var (
	toDo = page.Diagnosis("to-do", "still-to-do",
		"One way through your code still returns exam.ErrToDo, the error of the stub.")
	shared = page.Diagnosis("shared", "several-calls-at-once",
		"Several calls run at once. Keep buffers, numbers and senders in variables inside the function, one for each call, and let no call wait for another.")
	byteOrder = page.Diagnosis("byte-order", "the-highest-byte-comes-first",
		"The number is big-endian: its highest byte comes first. binary.BigEndian writes and reads it so.")
)

// What can be wrong with Send.
var (
	nothingSent = page.Diagnosis("nothing-sent", "first-send-then-wait",
		"Send the datagram first, with conn.Write. Only then there is something to wait for.")
	layout = page.Diagnosis("layout", "number-and-payload-are-one-datagram",
		"The datagram is 4 bytes of number and then the payload. One Write is one datagram: put both into one slice, and write it once.")
	changed = page.Diagnosis("changed", "the-payload-goes-as-it-is",
		"The receiver gets the bytes of payload, all of them and no others. They can be of any kind.")
	touched = page.Diagnosis("touched", "the-payload-is-the-callers",
		"payload belongs to the caller. append writes behind its end where there is room. Make a slice of your own for the datagram.")
	noPayload = page.Diagnosis("no-payload", "an-empty-payload-is-a-payload",
		"A payload of 0 bytes is a message too. Its datagram is the number alone.")
	largePayload = page.Diagnosis("large-payload", "a-datagram-has-65507-bytes-at-most",
		"65,503 bytes of payload and the number fit into one datagram of UDP over IPv4.")
	tooLong = page.Diagnosis("too-long", "write-can-fail",
		"When Write fails, the datagram was not sent. Look at its error. Nil is for the acknowledgement alone.")
	ackMissed = page.Diagnosis("ack-missed", "the-acknowledgement-ends-the-wait",
		"The acknowledgement is 4 bytes in one datagram: the number, big-endian. When it comes, return nil at once. Do not sleep until the timeout is over, and do not wait for more.")
	afterAck = page.Diagnosis("after-ack", "the-acknowledgement-ends-the-wait",
		"When the acknowledgement has come, send nothing more.")
	noDeadline = page.Diagnosis("no-deadline", "a-lost-datagram-makes-no-sound",
		"Nobody tells you that a datagram was lost. Read would wait for ever: set a read deadline before it.")
	ownTimeout = page.Diagnosis("own-timeout", "the-caller-chooses-the-timeout",
		"Each try waits up to timeout, no shorter and no longer: not a length of your own, not a share of timeout, and not one that grows.")
	deadlineOnce = page.Diagnosis("deadline-once", "a-deadline-is-a-moment",
		"A deadline is a moment. When it has passed, every further Read fails at once. Set a new one for each try.")
	deadlineLeft = page.Diagnosis("deadline-left", "a-deadline-is-a-moment",
		"A deadline stays set when Send has returned, and one that has passed makes Read or Write fail at once. So each call sets its own before it reads and writes: a new moment, or time.Time{} for none.")
	writeDeadline = page.Diagnosis("write-deadline", "a-deadline-can-hit-write-too",
		"SetDeadline is for Read and Write. When it has passed, the next Write fails and sends nothing. Use SetReadDeadline, or set the new deadline before Write.")
	noRetry = page.Diagnosis("no-retry", "when-the-time-is-up-send-again",
		"A time-out is no failure as long as there are tries left. Send the same datagram again.")
	tooFew = page.Diagnosis("too-few", "tries-counts-the-sends",
		"tries counts all sends, the first too. With 3 tries the datagram goes out 3 times before you give up.")
	tooMany = page.Diagnosis("too-many", "tries-counts-the-sends",
		"tries counts all sends, the first too. With 3 tries the datagram goes out 3 times and not more.")
	lastWait = page.Diagnosis("last-wait", "the-last-try-waits-too",
		"Wait after the last send too. Its acknowledgement is on the way.")
	swallowed = page.Diagnosis("swallowed", "nil-says-that-it-arrived",
		"Nil tells the caller that the receiver has the message. Without the acknowledgement, return an error.")
	anyAck = page.Diagnosis("any-ack", "only-this-number-counts",
		"An acknowledgement can be late, from a message before. It counts only when its 4 bytes are the number of this call.")
	cutAck = page.Diagnosis("cut-ack", "fewer-than-4-bytes-are-no-number",
		"Read returns how many bytes came. Behind them the buffer holds zeros, or old bytes. Unless n is 4, it is no acknowledgement.")
	noiseFails = page.Diagnosis("noise-fails", "what-does-not-concern-you-is-no-failure",
		"Other acknowledgements, and cut ones, are nothing to give up for. Read on until the acknowledgement comes or the time is up.")
	noiseSends = page.Diagnosis("noise-sends", "only-the-time-makes-a-new-try",
		"A try ends when its time is up, and not when something else came. After another acknowledgement read on, and send nothing.")
	newTime = page.Diagnosis("new-time", "what-else-comes-gives-no-new-time",
		"Work out the deadline once for each try. When it is set anew after each Read, what else comes puts it off for ever.")
	lateAck = page.Diagnosis("late-ack", "an-acknowledgement-can-be-late",
		"The acknowledgement says that the message is there, whichever try it answers. Do not throw away what waits to be read.")
	closesConn = page.Diagnosis("closes-conn", "conn-is-the-callers",
		"The caller opened conn and uses it for the next message. Do not close it.")
	readsOn = page.Diagnosis("reads-on", "nothing-may-go-on-behind-the-callers-back",
		"A goroutine that still reads takes the acknowledgement of the next message. End it before you return: a read deadline of now wakes its Read. Simpler is to read in Send itself.")
	closedConn = page.Diagnosis("closed-conn", "a-closed-conn-stays-closed",
		"A closed conn brings nothing any more. When Read or Write returns an error that is no time-out, return it.")
)

// What can be wrong with Receive.
var (
	nothing = page.Diagnosis("nothing", "a-receiver-reads-on-and-on",
		"Read datagrams with conn.ReadFrom in a loop. Deliver the one whose turn it is, and acknowledge it.")
	noAck = page.Diagnosis("no-ack", "without-acknowledgement-it-comes-again",
		"The sender sends again until it has the acknowledgement. Send it with conn.WriteTo, to the address that ReadFrom returned.")
	badAck = page.Diagnosis("bad-ack", "the-acknowledgement-is-the-number-alone",
		"The acknowledgement is the number of the datagram that came: its first 4 bytes, and nothing else.")
	noDeliver = page.Diagnosis("no-deliver", "what-is-acknowledged-is-delivered",
		"Call deliver with the payload of each datagram whose turn it is.")
	payload = page.Diagnosis("payload", "the-payload-is-what-follows-the-number",
		"The payload is buf[4:n]: not the number before it, and not what the buffer holds behind the n bytes. Its bytes can be of any kind.")
	cut = page.Diagnosis("cut", "a-datagram-has-65507-bytes-at-most",
		"What does not fit into the buffer is lost. A datagram can have 65,507 bytes: make the buffer as large.")
	noEmpty = page.Diagnosis("no-empty", "an-empty-payload-is-a-payload",
		"A datagram of 4 bytes is a message with an empty payload. Deliver and acknowledge it like any other.")
	short = page.Diagnosis("short", "fewer-than-4-bytes-are-no-number",
		"ReadFrom returns how many bytes came. Of fewer than 4 no number can be read: go on with the next datagram.")
	keptBuffer = page.Diagnosis("kept-buffer", "the-next-datagram-overwrites-the-buffer",
		"The next ReadFrom writes over the same buffer. What somebody keeps, or sends later, needs bytes of its own: bytes.Clone(buf[4:n]).")
	doubled = page.Diagnosis("doubled", "what-comes-twice-is-delivered-once",
		"When the acknowledgement got lost, the datagram comes again. Keep for each sender the number whose turn is next; what is below it was delivered already.")
	doubleUnacked = page.Diagnosis("double-unacked", "an-acknowledgement-can-get-lost",
		"A datagram comes again because the sender has no acknowledgement of it. Send it once more, however old the number is, and also when the datagram waits for its turn.")
	order = page.Diagnosis("order", "the-number-says-whose-turn-it-is",
		"A datagram can overtake another. Deliver only the number that is next; keep or throw away what is ahead of its turn.")
	ackLies = page.Diagnosis("ack-lies", "an-acknowledgement-is-a-promise",
		"What is acknowledged does not come again. Acknowledge a datagram when you deliver it, or when you keep it until its turn, and never when you throw it away.")
	unbounded = page.Diagnosis("unbounded", "what-is-kept-needs-a-bound",
		"A sender can leave out a number and send what follows for ever. Keep only some that are ahead of their turn, and throw away the others without an acknowledgement.")
	numberIsSize = page.Diagnosis("number-is-size", "a-number-from-outside-is-no-size",
		"Anybody can send you any number. Do not make a slice as long as a number that came from the network. A map needs room only for what it holds.")
	farNumber = page.Diagnosis("far-number", "a-number-from-outside-is-no-size",
		"A number can be as large as 4 bytes allow, and it is then far ahead of its turn. Compare all 32 bits of it.")
	perSender = page.Diagnosis("per-sender", "every-sender-begins-with-0",
		"Each sender counts for itself. Keep the number whose turn is next, and what you keep until its turn, for each sender, in a map, and let no sender wait for another.")
	senderKey = page.Diagnosis("sender-key", "a-sender-is-an-address-and-a-port",
		"Senders differ by address and by port. Take both as the key, from.String() for example. A net.Addr is a pointer inside, and each datagram brings a new one.")
	atOnce = page.Diagnosis("at-once", "deliver-is-called-once-at-a-time",
		"deliver is not made for two calls at the same time. Call it from the loop that reads, or from one other goroutine.")
	afterReturn = page.Diagnosis("after-return", "the-return-is-the-end",
		"The caller takes the return of Receive for the end. Wait for what you started, deliver too, before you return.")
	endsEarly = page.Diagnosis("ends-early", "a-receiver-reads-on-and-on",
		"Receive goes on until conn is closed. No datagram ends it, and no pause.")
	silence = page.Diagnosis("silence", "silence-is-not-the-end",
		"The next datagram may come in an hour. Set no deadline, or go on when it has passed.")
	closedError = page.Diagnosis("closed-error", "to-close-conn-is-the-normal-end",
		"To close conn is how the caller ends Receive. When ReadFrom or WriteTo fails and errors.Is(err, net.ErrClosed), return nil.")
	goesOn = page.Diagnosis("goes-on", "a-closed-conn-stays-closed",
		"A closed conn brings nothing any more. When errors.Is(err, net.ErrClosed), leave the loop, end what you started and return nil.")
	failureHidden = page.Diagnosis("failure-hidden", "not-every-error-means-closed",
		"A call failed while conn was open. Return that error, or go on. Nil is for a closed conn alone: ask errors.Is(err, net.ErrClosed).")
	spins = page.Diagnosis("spins", "what-failed-will-fail-again",
		"What failed a thousand times will fail again. Return the error, or wait before you try again.")
	lostWithAck = page.Diagnosis("lost-with-ack", "an-acknowledgement-that-fails-is-a-lost-one",
		"An acknowledgement that could not be sent is a lost one: the datagram comes again, and is then delivered or acknowledged as if nothing had been. Deliver first, then acknowledge, and change the number only when you deliver.")
)
