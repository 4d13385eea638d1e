package check

import "example.com/sockets/shared/exam"

// page explains what this checker finds, under "Wrong ideas".
var page = exam.Page{Path: "lessons/tcp-server/README.md"}

// Ideas about the server as a whole.
var (
	oneClient = page.Diagnosis("one-client", "a-server-serves-every-client",
		"A server goes on. When a client has its answer, close its connection, not the listener, and call Accept again: a loop around accept, recv, send and close.")
	earlyReturn = page.Diagnosis("early-return", "serve-lasts-as-long-as-the-listener",
		"Serve goes on until somebody else closes the listener, even when no client comes. If the loop runs in a goroutine, Serve has to wait for its end.")
	clientEnds = page.Diagnosis("client-ends", "the-trouble-of-a-client-is-not-the-servers",
		"The trouble of one client is not the server's. An error of Read or Write ends the work for this client: close its connection and go on with Accept. Do not return it.")
	mixedUp = page.Diagnosis("mixed-up", "each-client-has-its-own-connection",
		"Each client has its own connection. Several goroutines must not share one variable for it: the next Accept changes it. Hand conn to the goroutine as an argument.")
)

// shared is about several servers.
var shared = page.Diagnosis("shared", "servers-share-nothing",
	"Several calls of Serve can run at once or one after the other, each with a listener of its own. What belongs to one server belongs in variables inside Serve, and not in those of the package (a var outside of every func).")

// Ideas about the end, and about Accept.
var (
	closedIsEnd = page.Diagnosis("closed-is-error", "a-closed-listener-is-the-normal-end",
		"Accept on a closed listener returns an error that errors.Is knows as net.ErrClosed. For Serve that is the normal end: return nil. Do not compare its type: it may lie inside another error.")
	acceptAgain = page.Diagnosis("accept-again", "an-error-of-accept-does-not-go-away",
		"Look at the error of Accept. Where the listener is closed or broken, the next Accept fails too, at once, and a loop that just tries again keeps a core busy for ever.")
	neverEnds = page.Diagnosis("never-ends", "after-the-listener-serve-ends",
		"Closing the listener ends Serve. When Accept returns net.ErrClosed, leave the loop and return nil. What Serve waits for then must have an end too.")
	acceptError = page.Diagnosis("accept-error", "nil-says-that-the-listener-was-closed",
		"Nil says that the listener was closed. Accept can fail for another reason: return that error, or go on after a pause if it can pass. Only net.ErrClosed becomes nil.")
)

// Ideas about one client's steps.
var (
	notClosed = page.Diagnosis("not-closed", "every-connection-must-be-closed",
		"A connection stays open until Close is called on it, and the client waits for its end. Close each one when its client is done, on every way out. A defer in a loop waits until Serve returns: give each client a function of its own.")
	awaitsClient = page.Diagnosis("awaits-client", "the-server-closes-first",
		"Do not wait for the client to close. It may never do so. Close when the answer is sent, or wait with a deadline.")
	noAnswer = page.Diagnosis("no-answer", "first-the-answer-then-close",
		"Every client that sent something gets its answer, and only then is its connection closed. Is Close before Write? What goes through a bufio.Writer needs Flush.")
	turnedAway = page.Diagnosis("turned-away", "no-client-is-turned-away",
		"No client is turned away because others are there, however many they are. Who cannot be served yet waits for its turn: do not close its connection. If your server has places or workers, wait until one is free.")
	choosy = page.Diagnosis("choosy", "every-message-gets-the-answer",
		"Every message gets the same answer, whatever it says and however long it is. Does your code look at what the message says, or at how long it is? It need not.")
	closesEarly = page.Diagnosis("closes-early", "close-where-the-client-is-served",
		"The connection was closed before its client could have its answer. Is there a conn.Close() after go …? The statement go does not wait. Close inside that function: defer conn.Close() as its first line.")
	otherText = page.Diagnosis("other-text", "the-answer-is-18-bytes",
		"The answer is these 18 bytes, once, and nothing else: Hello, i'm server! No newline, and no message of the client.")
	unread = page.Diagnosis("unread", "unread-bytes-become-a-reset",
		"Receive with room for 1024 bytes, before you send. A connection that is closed while bytes wait in it unread is reset, and that can destroy the answer on its way. SetLinger(0) makes every Close a reset.")
	answersFirst = page.Diagnosis("answers-first", "first-receive-then-send",
		"Receive first, then send. Read has to wait for at least one byte: a buffer of length 0 waits for none, make([]byte, 1024) has room.")
	answersSilence = page.Diagnosis("answers-silence", "no-message-no-answer",
		"A client that sent nothing gets no answer. Look at the error of Read: where there is one, and no byte, there is nothing to answer. Only close.")
	halfClosed = page.Diagnosis("half-close", "the-end-of-a-message-is-not-the-end-of-a-client",
		"A client may end its own direction and still wait for the answer. What it sent before the end is its message: answer it.")
	endIgnored = page.Diagnosis("end-ignored", "when-read-fails-the-client-is-done",
		"When Read returns 0 bytes and an error, nothing more comes from this client. That does not mean nothing came yet: do not call Read again. Close the connection on this way out too.")
)

// Ideas about what one recv is.
var (
	untilNewline = page.Diagnosis("until-newline", "a-message-has-no-newline",
		"One recv returns what is there, and that is the message. A newline is a byte like any other, and so is each other sign: a client need not send one, so do not wait for it.")
	untilFull = page.Diagnosis("until-full", "1024-is-the-most-and-not-the-least",
		"1024 is the most that one recv returns, not the least. Call conn.Read once: it returns as soon as some bytes are there. io.ReadFull waits until the buffer is full.")
	untilEnd = page.Diagnosis("until-end", "who-reads-to-the-end-waits-for-ever",
		"The client keeps its connection open, because it waits for the answer. Reading to the end (io.ReadAll, io.Copy, a loop until io.EOF) then waits for ever. Call conn.Read once.")
	untilShort = page.Diagnosis("until-short", "a-full-buffer-does-not-promise-more",
		"A buffer that is full to the last byte does not promise that more comes. One recv is enough here: call conn.Read once.")
)

// Ideas about patience.
var (
	noDeadline = page.Diagnosis("no-deadline", "a-silent-client-needs-a-time-limit",
		"Nothing ended the wait in time. Read waits as long as the client is silent, or as its deadline says. The limit is patience and no other number. Set it before Read: conn.SetReadDeadline(time.Now().Add(patience)). When it has passed, Read returns an error: close the connection.")
	sleeps = page.Diagnosis("sleeps", "patience-is-a-limit-and-not-a-pause",
		"Patience is a limit, not a pause. Who sends at once is answered at once. Use a deadline, not time.Sleep: it ends the wait, and does not make it longer.")
	otherPatience = page.Diagnosis("other-patience", "the-caller-chooses-the-patience",
		"The caller chooses how long a client may be silent: patience, all of it and no more, and no number of your own. A time.Duration has its unit inside already.")
	sharedPatience = page.Diagnosis("shared-patience", "patience-begins-anew-for-each-client",
		"Patience begins anew for each client, when its connection is accepted. A deadline is a moment: work it out in the loop, for each connection, and not once before it. One deadline, timer or ticker for several clients ends some too soon and others too late.")
	acceptDeadline = page.Diagnosis("accept-deadline", "patience-is-not-for-accept",
		"Patience limits the wait for a client's message, not the wait for a client. A server may wait for its next client for days. Set the deadline on the connection, not on the listener.")
)
