package check

import "example.com/sockets/shared/exam"

// page explains what this checker finds, under "Wrong ideas".
var page = exam.Page{Path: "lessons/tcp-client/README.md"}

// Ideas about where a reply ends.
var (
	oneRead = page.Diagnosis("one-read", "one-read-is-not-one-message",
		"One Read is not one message: TCP is a stream. Read on until the server closes: then Read returns io.EOF.")
	shortRead = page.Diagnosis("short-read", "a-short-read-is-not-the-end",
		"A Read that does not fill your buffer is not the end of the reply: the next piece is on its way. Only io.EOF is the end.")
	limited = page.Diagnosis("limited", "a-reply-can-be-longer-than-your-buffer",
		"The reply can be longer than your buffer. Read again, and keep what you have, until Read returns io.EOF.")
	oneLine = page.Diagnosis("one-line", "a-newline-is-not-the-end",
		"A newline is a byte like any other. The reply ends when the server closes the connection, not where a line ends.")
	eofError = page.Diagnosis("eof-is-error", "eof-is-the-end-and-no-failure",
		"io.EOF from Read says that the server has sent all and closed. That is how every good reply ends: return what you have, and nil.")
	endNotSeen = page.Diagnosis("end-not-seen", "zero-bytes-are-the-end",
		"Zero bytes and io.EOF from Read do not mean that nothing came yet: the server has closed, and nothing will come. Look at Read's error and stop reading.")
	emptyReply = page.Diagnosis("empty-reply", "an-empty-reply-is-a-reply",
		`A server may close without sending a byte. Its reply is then "", and that is no error.`)
)

// Ideas about time.
var (
	noDeadline = page.Diagnosis("no-deadline", "a-server-may-never-answer",
		"timeout does not end the wait for a server that says nothing. Set a deadline on the connection: conn.SetDeadline(time.Now().Add(timeout)). A timeout for Dial ends when the connection stands.")
	noConnectDeadline = page.Diagnosis("no-connect-deadline", "connect-can-wait-too",
		"Connect can wait too: a server's queue may be full. Give Dial the same end as the rest: net.Dialer has the fields Timeout and Deadline.")
	noWriteDeadline = page.Diagnosis("no-write-deadline", "write-can-wait-too",
		"Write waits too, when the server does not read and all buffers are full. SetDeadline is for both directions, SetReadDeadline only for reading.")
	restarts = page.Diagnosis("deadline-restarts", "the-timeout-is-for-everything-together",
		"The timeout is for the whole call. A deadline that is set again at each step or each Read begins anew there. Work it out once, at the start: deadline := time.Now().Add(timeout).")
	ownTimeout = page.Diagnosis("own-timeout", "the-caller-chooses-the-timeout",
		"The caller chooses how long Ask may take. Use the whole of timeout, and not another number.")
	waits = page.Diagnosis("waits-timeout", "a-timeout-is-not-a-pause",
		"A timeout is the longest that Ask may take, not how long it takes. Read itself waits until bytes come: make no pause of your own, and return as soon as the server has closed.")
	timeoutUnknown = page.Diagnosis("timeout-unknown", "the-caller-must-know-a-time-out",
		"When the time is up, errors.Is must know the error as os.ErrDeadlineExceeded or context.DeadlineExceeded. Return the error of the net package as it is, or wrap it with %w (%v keeps only its text).")
	timeoutEnd = page.Diagnosis("timeout-is-end", "a-time-out-is-not-the-end-of-the-reply",
		"The end of the time is not the end of the reply: the server has not closed, so more may come. Return the time-out as an error.")
	notTimeout = page.Diagnosis("not-a-timeout", "not-every-error-is-a-time-out",
		"Not every error is a time-out. Return the error that happened, so that the caller can tell a missing server from a slow one.")
)

// Ideas about errors and the connection.
var (
	swallowed = page.Diagnosis("swallowed-error", "half-a-reply-is-no-reply",
		"Half a reply is no reply. An error of Dial or Read, other than io.EOF, means that the reply is not whole: return the error.")
	writeError = page.Diagnosis("write-error", "write-can-fail",
		"Look at the error of Write. When the message did not get through, what you read afterwards is no answer to it.")
	retries = page.Diagnosis("retries", "one-call-is-one-connection",
		"One call of Ask makes one connection. Refused is an answer: return the error at once, and let the caller decide whether to try again.")
	notClosed = page.Diagnosis("not-closed", "every-way-out-closes",
		"The connection stays open until Close is called, and the server waits. Write defer conn.Close() right after the connection stands: so it happens on every way out.")
	address = page.Diagnosis("address", "the-caller-chooses-the-server",
		`Connect to addr as the caller gives it, with the network "tcp". Its host may be a name or an IPv6 address: Dial knows them all. And Dial comes before anything else.`)
	failed = page.Diagnosis("failed", "a-good-server-is-no-error",
		"Nothing was wrong with the server. Read the error: it says which step failed, and often a connection that is closed too early is the cause.")
	shared = page.Diagnosis("shared", "several-calls-at-once",
		"Several calls run at once. Keep connection, buffer and reply in variables inside Ask, one for each call, and let no call wait for another.")
	unfinished = page.Diagnosis("unfinished", "still-to-do",
		"One way through your Ask still returns exam.ErrToDo. Find it and write what is missing there.")
)

// Ideas about bytes.
var (
	otherMessage = page.Diagnosis("message", "the-message-goes-as-it-is",
		"The server must get every byte of message and no other: no newline, no text of your own. What goes through a bufio.Writer needs Flush.")
	wholeBuffer = page.Diagnosis("whole-buffer", "only-n-bytes-are-new",
		"Read fills only the first n bytes of your buffer. The rest is zeros, or old bytes. Use buf[:n].")
	changedReply = page.Diagnosis("changed-reply", "the-reply-comes-back-as-it-is",
		"Spaces, newlines and zero bytes at the ends belong to the reply. Return it as it came: do not trim it, and do not split it into lines.")
	notText = page.Diagnosis("not-text", "bytes-are-not-characters",
		"The reply is bytes. They need not be text, and a piece can end inside a character. Put the bytes together and convert them once, with string(reply): it changes nothing.")
	wrongReply = page.Diagnosis("wrong-reply", "the-reply-is-what-the-server-sent",
		"Return what this server sent in this call: all of it, in order, and nothing else.")
)
