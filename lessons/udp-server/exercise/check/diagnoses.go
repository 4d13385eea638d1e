package check

import "example.com/sockets/shared/exam"

// page is where the learner reads on.
const page = "lessons/udp-server/README.md#"

// The wrong ideas, each with its heading under "Wrong ideas" on the page.
var (
	noAnswer = exam.Diagnosis{
		Name: "no-answer",
		Idea: "Read a datagram with conn.ReadFrom, and send it back with conn.WriteTo before you wait for the next.",
		Read: page + "nothing-comes-back",
	}
	endsEarly = exam.Diagnosis{
		Name: "ends-early",
		Idea: "A server answers until conn is closed, not a number of times. Put ReadFrom and WriteTo into a loop, and stay in it until ReadFrom says that conn was closed.",
		Read: page + "one-datagram-is-enough",
	}
	changed = exam.Diagnosis{
		Name: "changed",
		Idea: "An echo is the same bytes, no more and no less. Send buf[:n] as it came.",
		Read: page + "the-echo-may-look-different",
	}
	wholeBuffer = exam.Diagnosis{
		Name: "whole-buffer",
		Idea: "The buffer is longer than the datagram. Only its first n bytes came: send buf[:n].",
		Read: page + "the-buffer-is-the-datagram",
	}
	twice = exam.Diagnosis{
		Name: "twice",
		Idea: "One datagram, one echo. Call WriteTo once for each ReadFrom.",
		Read: page + "two-echoes-are-safer-than-one",
	}
	otherSocket = exam.Diagnosis{
		Name: "other-socket",
		Idea: "The sender expects the answer from the address it wrote to. Send it through conn itself: WriteTo needs no connection.",
		Read: page + "an-answer-needs-a-socket-of-its-own",
	}
	sender = exam.Diagnosis{
		Name: "sender",
		Idea: "ReadFrom returns the sender's address with each datagram. Give WriteTo the address that came with this very datagram.",
		Read: page + "the-address-stays-the-same",
	}
	firstOnly = exam.Diagnosis{
		Name: "first-only",
		Idea: "UDP has no connection: one socket serves every sender, in any order. Answer whoever sent the datagram.",
		Read: page + "the-first-sender-owns-the-server",
	}
	empty = exam.Diagnosis{
		Name: "empty",
		Idea: "In UDP, 0 bytes are a datagram like any other, and no end. Send it back too: buf[:0].",
		Read: page + "an-empty-datagram-is-the-end",
	}
	notText = exam.Diagnosis{
		Name: "not-text",
		Idea: "A datagram is bytes, not a line of text or a command. Do not trim, convert or look for words: send buf[:n] as it came.",
		Read: page + "a-datagram-is-text",
	}
	cut = exam.Diagnosis{
		Name: "cut",
		Idea: "What does not fit into the buffer is lost, and Windows makes it an error. No later ReadFrom brings the rest. Make the buffer as large as the largest datagram: 65,507 bytes.",
		Read: page + "a-small-buffer-will-do",
	}
	pieces = exam.Diagnosis{
		Name: "pieces",
		Idea: "One WriteTo is one datagram. Send the whole datagram with one call.",
		Read: page + "a-long-datagram-goes-back-in-pieces",
	}
	skips = exam.Diagnosis{
		Name: "skips",
		Idea: "Every datagram gets its echo: the tenth of ten that came at once, and the one that says the same as the last.",
		Read: page + "some-datagrams-do-not-count",
	}
	sharedBuffer = exam.Diagnosis{
		Name: "shared-buffer",
		Idea: "Something read the next datagram into the buffer while this one still waited to be sent. A goroutine needs bytes of its own: bytes.Clone(buf[:n]), or a new buffer for each datagram.",
		Read: page + "goroutines-can-share-the-buffer",
	}
	slow = exam.Diagnosis{
		Name: "slow",
		Idea: "ReadFrom waits by itself until a datagram is there. Take the time.Sleep out: while the server sleeps, datagrams pile up, and the system drops what finds no room.",
		Read: page + "a-server-needs-a-rest",
	}
	silence = exam.Diagnosis{
		Name: "silence",
		Idea: "Silence is no end: the next datagram may come in an hour. Set no read deadline, or set a new one and go on when it has passed.",
		Read: page + "silence-is-the-end",
	}
	failureHidden = exam.Diagnosis{
		Name: "failure-hidden",
		Idea: "A call failed while conn was open. Return that error, or go on with the next datagram. Nil is for a closed conn alone: ask errors.Is(err, net.ErrClosed).",
		Read: page + "every-error-means-closed",
	}
	spins = exam.Diagnosis{
		Name: "spins",
		Idea: "What failed a thousand times will fail again. Return the error, or go on with something else, or wait before you try again.",
		Read: page + "trying-again-costs-nothing",
	}
	goesOn = exam.Diagnosis{
		Name: "goes-on",
		Idea: "A closed conn stays closed. When errors.Is(err, net.ErrClosed), leave the loop and return nil.",
		Read: page + "a-closed-socket-will-come-back",
	}
	closedError = exam.Diagnosis{
		Name: "closed-error",
		Idea: "To close conn is how a caller stops the server, the normal end. When errors.Is(err, net.ErrClosed), return nil.",
		Read: page + "closing-is-a-failure",
	}
	closesConn = exam.Diagnosis{
		Name: "closes-conn",
		Idea: "Who opened conn closes it. Closed, it can not receive the next datagram.",
		Read: page + "a-socket-is-used-up-after-one-answer",
	}
	anyConn = exam.Diagnosis{
		Name: "any-conn",
		Idea: "Echo takes any net.PacketConn. Use its methods ReadFrom and WriteTo, which need no *net.UDPConn.",
		Read: page + "every-packetconn-is-a-udpconn",
	}
	unable = exam.Diagnosis{
		Name: "unable",
		Idea: "This is no fault of your code: the checker could not do its part. Run the test again.",
		Read: "README.md#when-an-exercise-fails",
	}
)
