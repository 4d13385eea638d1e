package check

import "example.com/sockets/shared/exam"

// page explains what this checker finds, under "Wrong ideas".
var page = exam.Page{Path: "lessons/tcp-many-clients/README.md"}

// Ideas about the echo.
var (
	noEcho = page.Diagnosis("no-echo", "every-client-gets-its-echo",
		"Accept clients in a loop, and send each one what it sends: Write what Read has returned.")
	lines = page.Diagnosis("lines", "a-newline-is-not-the-end-of-a-message",
		"Bytes need no newline. Read returns what has come: send that back at once.")
	waitsForEnd = page.Diagnosis("waits-for-end", "echo-at-once",
		"Do not wait for the client's end. A client that waits for its echo sends nothing more until then. Send back each piece that Read returns; a buffered writer needs Flush.")
	changed = page.Diagnosis("changed", "the-same-bytes",
		"An echo is the same bytes in the same order, and nothing else.")
	wholeBuffer = page.Diagnosis("whole-buffer", "only-n-bytes-came",
		"Read says in n how many bytes came. Only buf[:n] is new: send back that and no more.")
	lost = page.Diagnosis("lost", "all-the-bytes",
		"Every byte goes back, however many they are. Look at n after each Read and send back all of buf[:n].")
	dropped = page.Diagnosis("dropped", "a-connection-is-more-than-one-message",
		"Serve a client until it ends its direction or the connection breaks: Read, Write, and again. Only then close it.")
	idleDropped = page.Diagnosis("idle-dropped", "a-silent-client-is-no-error",
		"A client may pause as long as it likes while ctx lives. It may also take its echo late. A deadline that has passed is not its end.")
	shared = page.Diagnosis("shared-buffer", "a-buffer-for-each-client",
		"Two goroutines used one buffer, or one variable. Make what a client needs inside the function that serves it.")
	calls = page.Diagnosis("calls-disturb", "each-call-for-itself",
		"Two calls of Serve share something. Make places, clients and buffers inside of Serve, not in variables outside.")
)

// Ideas about many clients.
var (
	starved = page.Diagnosis("one-at-a-time", "one-silent-client-stops-all",
		"A client waited for another one. Serve each in its own goroutine, and hold no lock while you Read or Write.")
	tooFew = page.Diagnosis("too-few", "exactly-as-many-places-as-most-says",
		"There are fewer places than most. Count from zero: a channel with room for most values has exactly most places.")
	noLimit = page.Diagnosis("no-limit", "a-limit-protects-the-server",
		"More clients were served at once than most allows. Take a place before you serve a client, and give it back when that client is gone, and only once.")
	turnedAway = page.Diagnosis("turned-away", "to-wait-is-not-to-be-refused",
		"When all places are taken, a client waits. It is not closed. A place that is taken before Accept leaves it in the queue.")
	placeKept = page.Diagnosis("place-kept", "every-way-out-gives-the-place-back",
		"A place has to be given back however its client leaves: with a close, a reset or a half-close, and whether it ever sent something or not. Use defer.")
	halfClosed = page.Diagnosis("half-close", "the-end-of-one-direction",
		"io.EOF is the end of the client's direction only. It still reads. Send back all that was read, then Close.")
	notClosed = page.Diagnosis("not-closed", "close-after-the-last-echo",
		"Close the connection when the client has ended its direction. It waits for your end, and an open connection costs a descriptor.")
	clientError = page.Diagnosis("client-error", "an-error-of-one-client",
		"An error of Read or Write concerns one client: close its connection, and go on with the others.")
	connKept = page.Diagnosis("connection-kept", "every-way-out-closes-the-connection",
		"Close each connection when its client is gone, on every way out: also after an error of Read or Write. Use defer.")
	goroutineKept = page.Diagnosis("goroutine-kept", "every-goroutine-has-an-end",
		"A goroutine still runs for a client that has gone, or after Serve. Each goroutine needs an end. context.AfterFunc with its stop function needs no goroutine for a client.")
)

// Ideas about the end.
var (
	early = page.Diagnosis("returns-early", "serve-returns-when-ctx-ends",
		"Serve goes on until ctx ends. It waits for clients again and again, and returns neither after the first one nor after starting its goroutines.")
	acceptWaits = page.Diagnosis("accept-waits", "accept-does-not-know-ctx",
		"Accept does not see that ctx ends. Close ln at that moment: then Accept returns an error.")
	idleKept = page.Diagnosis("idle-kept", "read-does-not-know-ctx",
		"Read does not see that ctx ends, and an idle client may never speak again. End the Read: conn.SetReadDeadline(time.Now()). A deadline that is set later takes its place.")
	servesOn = page.Diagnosis("serves-on", "no-place-is-given-after-the-end",
		"When ctx has ended, nobody gets a free place. Close the clients that wait, and look at ctx again when one gets its place.")
	acceptsOn = page.Diagnosis("accepts-on", "the-end-begins-with-the-listener",
		"When ctx ends, close ln first and accept no more. Else new clients come while you wait for the old ones.")
	currentEcho = page.Diagnosis("current-echo", "a-graceful-end-finishes-what-it-began",
		"What has been read goes back whole, then the connection closes. A Write that waits has half a second for that. When ctx ends, stop only Read (SetReadDeadline). Close, and a deadline for both directions, stop Write too.")
	notAwaited = page.Diagnosis("not-awaited", "wait-for-your-goroutines",
		"Serve returned while it still served a client. Count its goroutines with a sync.WaitGroup: Add before go, Done in a defer, and Wait before you return.")
	noBound = page.Diagnosis("no-bound", "a-graceful-end-has-an-end",
		"A client that does not read makes Write wait for ever. When ctx ends, give Write half a second: SetWriteDeadline, or Close after that time.")
	endError = page.Diagnosis("end-is-error", "the-end-that-was-asked-for-is-no-error",
		"ctx ended, so Serve did what it was asked to: it returns nil. The error of Accept on a closed ln is only how it got to know.")
	leftOpen = page.Diagnosis("left-open", "nothing-is-left-open",
		"Serve returned, and a client's connection was still open. Close every connection: of clients that are idle, that wait for a place, and that came in the last moment. Then wait for their goroutines. One that waits in Read does not get to its defer conn.Close(): end the Read first.")
	listenerOpen = page.Diagnosis("listener-open", "serve-closes-the-listener",
		"Close ln when ctx ends, on every way. Else clients connect to a server that is gone.")
	acceptNil = page.Diagnosis("accept-error-lost", "accept-can-fail",
		"Accept failed while ctx lived. When Serve gives up for that, its caller has to know: return the error.")
	notAgain = page.Diagnosis("not-again", "an-accept-that-fails-gives-its-place-back",
		"Accept failed, worked again, and still nobody was served. When you take a place before Accept, give it back when Accept fails. Then go on, or return the error.")
	spins = page.Diagnosis("spins", "after-an-error-pause",
		"Accept failed, and Serve called it again and again without a pause. That takes the whole processor. Return the error, or pause before you try again.")
	stuck = page.Diagnosis("not-back", "serve-has-to-come-back",
		"Serve did not return after ctx had ended. Look at each place where it waits: who ends this wait when ctx ends? Or does a place never come back?")
)
