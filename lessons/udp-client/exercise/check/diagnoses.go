package check

import "example.com/sockets/shared/exam"

// page explains what this checker finds, under "Wrong ideas".
var page = exam.Page{Path: "lessons/udp-client/README.md"}

// Ideas about time and tries.
var (
	noDeadline = page.Diagnosis("no-deadline", "a-datagram-may-never-come",
		"A datagram may never come, and Read waits for ever. Before each Read: conn.SetReadDeadline(time.Now().Add(timeout)). When it has passed, the error is os.ErrDeadlineExceeded: leave the wait then, as reading on would fail at once each time. Timeout has its unit already: timeout * time.Second is years.")
	ownTimeout = page.Diagnosis("own-timeout", "the-caller-chooses-the-timeout",
		"The caller chooses how long each try waits. Use timeout as it is, no other number, the same for each try, and do not rest between tries.")
	perTry = page.Diagnosis("timeout-per-try", "each-try-waits-anew",
		"Each try waits up to timeout, the second as long as the first. A deadline is a moment: once it has passed, all reads fail at once, and after SetDeadline all writes too. Set a new one for each try.")
	divided = page.Diagnosis("divided-timeout", "each-try-waits-anew",
		"Timeout is for one try, not for all of them together. Do not divide timeout by tries.")
	lastWait = page.Diagnosis("last-wait", "the-last-try-waits-too",
		"The last try is a try like the others: send, then wait up to timeout for its answer.")
	sleeps = page.Diagnosis("sleeps", "a-timeout-is-not-a-pause",
		"Timeout is how long to wait at most; time.Sleep always waits that long. Take time.Sleep out and let Read wait: it returns as soon as the answer is there.")
	atOnce = page.Diagnosis("at-once", "the-answer-comes-back-at-once",
		"Return the answer as soon as it has come. Do not rest before Read, do not look only now and then, and do not wait for more after it: only when nothing comes, Ask has to wait.")
	noRetry = page.Diagnosis("no-retry", "what-is-lost-is-sent-again",
		"UDP does not send again what got lost. When a try ends without an answer, send the message again, until tries is used up.")
	wrongTries = page.Diagnosis("tries", "tries-counts-every-send",
		"Tries counts every send, the first one too: for range tries { send, then wait }.")
	sendsAgain = page.Diagnosis("sends-again", "send-again-only-when-the-time-is-up",
		"Send again only when timeout has passed without an answer. Sending at once again only makes the server work twice.")
	laterAnswer = page.Diagnosis("later-answer", "a-later-answer-counts-too",
		"An answer counts whenever it comes while tries are left, to whichever of them. Treat each try like the first.")
)

// Ideas about failure.
var (
	swallowed = page.Diagnosis("swallowed-error", "no-answer-is-an-error",
		`Without an answer, return an error. "" and nil would say that the server sent an empty answer.`)
	refused = page.Diagnosis("refused", "a-closed-port-is-an-end",
		"Connection refused says that nobody has the port open. Return that error, or count it as a try that failed: not a try more.")
	failed = page.Diagnosis("failed", "a-good-server-is-no-error",
		"Nothing was wrong with the server. Read the error: it says which call failed.")
	notClosed = page.Diagnosis("not-closed", "every-way-out-closes",
		"The socket keeps its port until Close is called. Write defer conn.Close() right after the socket is open: so it happens on every way out.")
	fixedPort = page.Diagnosis("fixed-port", "the-client-needs-no-certain-port",
		"The client's own port was in use. A client needs no certain port: let the system choose, with net.Dial, or with port 0.")
	shared = page.Diagnosis("shared", "several-calls-at-once",
		"Several calls run at once. Keep socket, buffer and answer in variables inside Ask, one for each call, and let no call wait for another.")
	unfinished = page.Diagnosis("unfinished", "still-to-do",
		"One way through your Ask still returns exam.ErrToDo. Find it and write what is missing there.")
)

// Ideas about strangers.
var (
	stranger = page.Diagnosis("stranger", "a-datagram-can-come-from-a-stranger",
		"Anybody can send a datagram to your socket. Connect it with net.Dial: then the system drops what strangers send. Or compare the sender's address, from ReadFrom, with the server's.")
	halfAddress = page.Diagnosis("half-address", "an-address-is-host-and-port",
		"Each program has a port of its own, and each computer an address of its own. Only when both are the server's, it is the server.")
	thrownAway = page.Diagnosis("thrown-away", "two-pointers-are-never-equal",
		"The server's answer came, and your Ask threw it away. Do you compare senders? from == server compares two pointers, which are never equal: compare from.String() == server.String(). With netip, compare from.Addr().Unmap(): ::ffff:127.0.0.1 is 127.0.0.1 too.")
	strangerEnds = page.Diagnosis("stranger-ends-wait", "a-stranger-changes-nothing",
		"A stranger's datagram is no answer, no failure, and no reason to send again. Throw it away and read on, within the same try.")
	strangerRestarts = page.Diagnosis("stranger-restarts", "a-stranger-gives-no-new-time",
		"Work out the deadline once for each try, before the first Read. When each datagram moves it, strangers keep your Ask waiting for ever.")
)

// Ideas about datagrams and bytes.
var (
	oneDatagram = page.Diagnosis("one-datagram", "one-datagram-is-the-whole-answer",
		"One datagram is the whole answer. UDP has no io.EOF and no second part: Read once, and return what came. Did you, and threw it away? from == server compares two pointers, which are never equal: compare from.String() == server.String(). With netip, compare from.Addr().Unmap(): ::ffff:127.0.0.1 is 127.0.0.1 too.")
	cut = page.Diagnosis("cut", "a-small-buffer-cuts",
		"What does not fit into your buffer is lost, and no later Read brings it. On Windows it is an error. Make the buffer as large as a datagram can be: 65,507 bytes.")
	wholeBuffer = page.Diagnosis("whole-buffer", "only-n-bytes-came",
		"Read fills only the first n bytes of your buffer. The rest is zeros, or old bytes. Use buf[:n].")
	changed = page.Diagnosis("changed", "the-answer-comes-back-as-it-is",
		"Spaces, newlines and zero bytes belong to the answer. Return it as it came: do not trim it, and do not look for lines.")
	notText = page.Diagnosis("not-text", "bytes-are-not-characters",
		"The answer is bytes, which need not be text. string(buf[:n]) changes nothing; what goes through runes does.")
	emptyAnswer = page.Diagnosis("empty-answer", "an-empty-answer-is-an-answer",
		`A datagram can be empty. When Read returns 0 bytes and no error, the answer is "": return it, with nil.`)
	emptyMessage = page.Diagnosis("empty-message", "an-empty-message-is-a-datagram",
		"An empty message is a datagram too. Call Write even when there is no byte to send: the server cannot answer what it never got.")
	otherMessage = page.Diagnosis("message", "the-message-goes-as-it-is",
		"At each try, the server at addr must get the bytes of message in one datagram, and no others. One Write is one datagram.")
	wrongReply = page.Diagnosis("wrong-reply", "the-answer-is-what-the-server-sent",
		"Return what this server sent in this call: one datagram, and nothing else.")
)
