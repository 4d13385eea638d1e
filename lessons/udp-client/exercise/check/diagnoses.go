package check

import "example.com/sockets/shared/exam"

// diagnoses are all that this checker can find.
var diagnoses []exam.Diagnosis

// diagnosis makes the diagnosis that the heading with this anchor explains.
func diagnosis(name, anchor, idea string) exam.Diagnosis {
	d := exam.Diagnosis{Name: name, Idea: idea, Read: "lessons/udp-client/README.md#" + anchor}
	diagnoses = append(diagnoses, d)
	return d
}

// Ideas about time and tries.
var (
	noDeadline = diagnosis("no-deadline", "a-datagram-may-never-come",
		"A datagram may never come, and Read waits for ever. Before each Read: conn.SetReadDeadline(time.Now().Add(timeout)). When it has passed, the error is os.ErrDeadlineExceeded: leave the wait then, as reading on would fail at once each time. Timeout has its unit already: timeout * time.Second is years.")
	ownTimeout = diagnosis("own-timeout", "the-caller-chooses-the-timeout",
		"The caller chooses how long each try waits. Use timeout as it is, no other number, the same for each try, and do not rest between tries.")
	perTry = diagnosis("timeout-per-try", "each-try-waits-anew",
		"Each try waits up to timeout, the second as long as the first. A deadline is a moment: once it has passed, all reads fail at once, and after SetDeadline all writes too. Set a new one for each try.")
	divided = diagnosis("divided-timeout", "each-try-waits-anew",
		"Timeout is for one try, not for all of them together. Do not divide timeout by tries.")
	lastWait = diagnosis("last-wait", "the-last-try-waits-too",
		"The last try is a try like the others: send, then wait up to timeout for its answer.")
	sleeps = diagnosis("sleeps", "a-timeout-is-not-a-pause",
		"Timeout is how long to wait at most; time.Sleep always waits that long. Take time.Sleep out and let Read wait: it returns as soon as the answer is there.")
	noRetry = diagnosis("no-retry", "what-is-lost-is-sent-again",
		"UDP does not send again what got lost. When a try ends without an answer, send the message again, until tries is used up.")
	wrongTries = diagnosis("tries", "tries-counts-every-send",
		"Tries counts every send, the first one too: for range tries { send, then wait }.")
	sendsAgain = diagnosis("sends-again", "send-again-only-when-the-time-is-up",
		"Send again only when timeout has passed without an answer. Sending at once again only makes the server work twice.")
	laterAnswer = diagnosis("later-answer", "a-later-answer-counts-too",
		"An answer counts whenever it comes while tries are left, to whichever of them. Treat each try like the first.")
)

// Ideas about failure.
var (
	swallowed = diagnosis("swallowed-error", "no-answer-is-an-error",
		`Without an answer, return an error. "" and nil would say that the server sent an empty answer.`)
	refused = diagnosis("refused", "a-closed-port-is-an-end",
		"Connection refused says that nobody has the port open. Return that error, or count it as a try that failed: not a try more.")
	failed = diagnosis("failed", "a-good-server-is-no-error",
		"Nothing was wrong with the server. Read the error: it says which call failed.")
	notClosed = diagnosis("not-closed", "every-way-out-closes",
		"The socket keeps its port until Close is called. Write defer conn.Close() right after the socket is open: so it happens on every way out.")
	fixedPort = diagnosis("fixed-port", "the-client-needs-no-certain-port",
		"The client's own port was in use. A client needs no certain port: let the system choose, with net.Dial, or with port 0.")
	shared = diagnosis("shared", "several-calls-at-once",
		"Several calls run at once. Keep socket, buffer and answer in variables inside Ask, one for each call, and let no call wait for another.")
	unfinished = diagnosis("unfinished", "still-to-do",
		"One way through your Ask still returns exam.ErrToDo. Find it and write what is missing there.")
)

// Ideas about strangers.
var (
	stranger = diagnosis("stranger", "a-datagram-can-come-from-a-stranger",
		"Anybody can send a datagram to your socket. Connect it with net.Dial: then the system drops what strangers send. Or compare the sender's address, from ReadFrom, with the server's.")
	halfAddress = diagnosis("half-address", "an-address-is-host-and-port",
		"Each program has a port of its own, and each computer an address of its own. Only when both are the server's, it is the server.")
	thrownAway = diagnosis("thrown-away", "two-pointers-are-never-equal",
		"The server's answer came, and your Ask threw it away. Do you compare senders? from == server compares two pointers, which are never equal: compare from.String() == server.String().")
	strangerEnds = diagnosis("stranger-ends-wait", "a-stranger-changes-nothing",
		"A stranger's datagram is no answer, no failure, and no reason to send again. Throw it away and read on, within the same try.")
	strangerRestarts = diagnosis("stranger-restarts", "a-stranger-gives-no-new-time",
		"Work out the deadline once for each try, before the first Read. When each datagram moves it, strangers keep your Ask waiting for ever.")
)

// Ideas about datagrams and bytes.
var (
	oneDatagram = diagnosis("one-datagram", "one-datagram-is-the-whole-answer",
		"One datagram is the whole answer. UDP has no io.EOF and no second part: Read once, and return what came. Did you, and threw it away? from == server compares two pointers, which are never equal: compare from.String() == server.String().")
	cut = diagnosis("cut", "a-small-buffer-cuts",
		"What does not fit into your buffer is lost, and no later Read brings it. On Windows it is an error. Make the buffer as large as a datagram can be: 65,507 bytes.")
	wholeBuffer = diagnosis("whole-buffer", "only-n-bytes-came",
		"Read fills only the first n bytes of your buffer. The rest is zeros, or old bytes. Use buf[:n].")
	changed = diagnosis("changed", "the-answer-comes-back-as-it-is",
		"Spaces, newlines and zero bytes belong to the answer. Return it as it came: do not trim it, and do not look for lines.")
	notText = diagnosis("not-text", "bytes-are-not-characters",
		"The answer is bytes, which need not be text. string(buf[:n]) changes nothing; what goes through runes does.")
	emptyAnswer = diagnosis("empty-answer", "an-empty-answer-is-an-answer",
		`A datagram can be empty. When Read returns 0 bytes and no error, the answer is "": return it, with nil.`)
	emptyMessage = diagnosis("empty-message", "an-empty-message-is-a-datagram",
		"An empty message is a datagram too. Call Write even when there is no byte to send: the server can not answer what it never got.")
	otherMessage = diagnosis("message", "the-message-goes-as-it-is",
		"At each try, the server at addr must get the bytes of message in one datagram, and no others. One Write is one datagram.")
	wrongReply = diagnosis("wrong-reply", "the-answer-is-what-the-server-sent",
		"Return what this server sent in this call: one datagram, and nothing else.")
)

// broken says that the checker itself can not do its work.
var broken = diagnosis("broken", "exercise",
	"This is no fault of yours: the checker needs sockets on 127.0.0.1, and the system did not give it one.")
