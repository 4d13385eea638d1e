package check

import "example.com/sockets/shared/exam"

// page explains what this checker finds, under "Wrong ideas".
var page = exam.Page{Path: "lessons/tcp-timeouts/README.md"}

// Ideas about bytes.
var (
	oneRead = page.Diagnosis("one-read", "one-read-is-not-n-bytes",
		"A Read returns as soon as there are some bytes, not when there are n. Read on until you have n bytes.")
	readsPast = page.Diagnosis("reads-past", "what-follows-belongs-to-the-next-call",
		"Take n bytes and no more. A Read into a larger buffer, or a bufio.Reader, takes what follows too, and the next call never sees it. Give Read a buffer that ends where the n bytes end.")
	waitsForEnd = page.Diagnosis("waits-for-end", "n-bytes-are-complete",
		"The peer had sent all n bytes, and your code still waited. n bytes are complete: return them at once. The peer may send nothing more, and need not close.")
	zeroBytes = page.Diagnosis("zero-bytes", "no-bytes-wanted",
		"With n = 0 everything has come before the first Read. Look whether bytes are missing before you read, not after.")
	wholeBuffer = page.Diagnosis("whole-buffer", "only-what-came",
		"Return only the bytes that came: buf[:got]. The rest of the buffer is zeros that nobody sent.")
	wrongBytes = page.Diagnosis("wrong-bytes", "the-bytes-as-they-came",
		"Return the bytes as the peer sent them: each piece once, in order, and none changed. A newline or a zero byte is a byte like any other and ends nothing.")
)

// Ideas about time.
var (
	noIdle = page.Diagnosis("no-idle", "a-peer-may-fall-silent",
		"The peer was silent for much longer than idle, and your code still waited. Set a read deadline of time.Now().Add(idle) before each Read, the first one too, and return when Read says that it has passed.")
	idleOnce = page.Diagnosis("idle-once", "idle-begins-anew",
		"idle is the longest pause, not the time for everything. Whenever bytes came it begins anew: set the deadline again before each Read.")
	noTotal = page.Diagnosis("no-total", "total-does-not-begin-anew",
		"total is for the whole call. A deadline that is set anew before each Read never comes while the peer sends a little now and then. Work out the end once, at the start, and give each Read the earlier of the two.")
	totalBetween = page.Diagnosis("total-between-reads", "a-look-at-the-clock-ends-no-read",
		"Read waited for longer than total. Give each Read a deadline that is never later than the end of total. A look at the clock between two Reads is not enough: it does not end a Read that waits.")
	early = page.Diagnosis("early", "the-caller-chooses-the-times",
		"The time was not up. idle counts from the last bytes that came, total from the start of the call. Use both as the caller gave them.")
	late = page.Diagnosis("late", "the-caller-chooses-the-times",
		"The time was up long before. Use idle and total as the caller gave them, and return at the first time-out: do not try again.")
	timeoutUnknown = page.Diagnosis("timeout-unknown", "the-caller-must-know-a-time-out",
		"When the time is up, errors.Is must know the error as os.ErrDeadlineExceeded, and as nothing else. Return the error of Read as it is, or wrap it with %w (%v keeps only its text).")
)

// Ideas about errors.
var (
	swallowed = page.Diagnosis("swallowed", "fewer-bytes-need-an-error",
		"Fewer than n bytes without an error look like all of them. Return the error that ended your reading.")
	earlyEnd = page.Diagnosis("early-end", "the-end-can-come-too-early",
		"Where the peer ends before n bytes, errors.Is must know the error as io.ErrUnexpectedEOF. Read says only io.EOF, and so does io.ReadFull where not one byte came: turn that into io.ErrUnexpectedEOF.")
	endNotSeen = page.Diagnosis("end-not-seen", "zero-bytes-are-the-end",
		"Zero bytes with io.EOF do not mean that nothing came yet. The peer has ended, and nothing will come: stop reading.")
	otherError = page.Diagnosis("other-error", "a-reset-is-a-reset",
		"A reset is no end and no time-out. Return the error of Read, as it is or wrapped with %w, so that the caller can tell them apart.")
	partialLost = page.Diagnosis("partial-lost", "what-came-comes-back",
		"With an error, too, return the bytes that came so far. They are off the connection: nobody can read them again.")
	failed = page.Diagnosis("failed", "a-good-peer-is-no-error",
		"Nothing was wrong: n bytes came in time. Read the error, it says which call failed.")
	unfinished = page.Diagnosis("unfinished", "still-to-do",
		"One way through your Receive still returns exam.ErrToDo. Find it and write what is missing there.")
)

// Ideas about the connection, which others use after the call.
var (
	deadlineLeft = page.Diagnosis("deadline-left", "a-deadline-stays-until-you-take-it-away",
		"A deadline belongs to the connection and stays after your function has returned. Take it away on every way out: defer conn.SetReadDeadline(time.Time{}). A timer that still runs can set one later: stop it.")
	closed = page.Diagnosis("closed", "the-connection-is-the-callers",
		"The connection is the caller's, who may still want to use it, also after an error. Leave it open, in both directions.")
	stillReading = page.Diagnosis("still-reading", "nobody-reads-afterwards",
		"Something of your code still reads from the connection after Receive has returned, and takes bytes that others wait for. A goroutine in Read does not end when you stop waiting for it: a deadline ends it.")
	shared = page.Diagnosis("shared", "several-calls",
		"Calls must not disturb each other. Keep buffers and times in variables inside Receive, one for each call, and let no call wait for another.")
)
