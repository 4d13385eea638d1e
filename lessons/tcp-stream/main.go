// Tcp-stream is lesson 5: what a stream is, and what it is not.
//
//	go run ./lessons/tcp-stream
package main

import "example.com/sockets/shared/experiment"

func main() {
	run := experiment.Start(experiment.Program{
		Name:   "tcp-stream",
		Lesson: 5,
		Does:   "shows that TCP carries bytes and no messages, and where a stream ends.",
		Parts:  []experiment.Part{twoSends, bigSend, cutCharacter, noMoreBytes, bothRead},
	})
	run.Exit(run.Play())
}

var twoSends = experiment.Part{
	Title:    "two sends, one recv",
	Ask:      `The client sends "one" and then "two". When all has arrived, the server calls recv once, with room for 1024 bytes. What does it get?`,
	Answers:  []string{`"one"`, `"two"`, `"onetwo"`},
	Naive:    experiment.Way{Idea: "one recv is one message", Play: recvOnce},
	Repaired: experiment.Way{Idea: "receive as many bytes as the message has", Play: recvCounted},
}

var bigSend = experiment.Part{
	Title:    "one big send, many recvs",
	Ask:      "The client sends 256 KiB with one send. The server calls recv once, with room for all of it. Does it get all?",
	Answers:  []string{allOfIt, aPart},
	Naive:    experiment.Way{Idea: "recv fills the buffer", Play: recvBigOnce},
	Repaired: experiment.Way{Idea: "receive until the buffer is full: io.ReadFull", Play: recvBigFull},
}

var cutCharacter = experiment.Part{
	Title:    "a character cut in two",
	Ask:      "The server sends 가 400 times; each 가 is 3 bytes. The client calls recv with room for 1024 bytes and makes a text of what each one returns. Are these texts whole?",
	Answers:  []string{allWhole, someCut},
	Naive:    experiment.Way{Idea: "bytes are characters: decode what each recv returns", Play: decodeEach},
	Repaired: experiment.Way{Idea: "receive all, then decode", Play: decodeAll},
}

var noMoreBytes = experiment.Part{
	Title:    "0 bytes",
	Ask:      "The client has sent all and closed. The server still calls recv, again and again. What happens?",
	Answers:  []string{recvWaits, zeroEachTime, "recv returns 0 bytes once, then it waits"},
	Naive:    experiment.Way{Idea: "0 bytes mean no data yet: try again", Play: tryAgain},
	Repaired: experiment.Way{Idea: "0 bytes (io.EOF) mean the end: stop", Play: stopAtEnd},
}

var bothRead = experiment.Part{
	Title:    "both read to the end",
	Ask:      "The client sends its request, then receives to the end. The server receives to the end, then sends its reply. Who gets what it waits for?",
	Answers:  []string{both, "only the server", nobody},
	Naive:    experiment.Way{Idea: "the other side knows when I am done", Play: nobodyMoves},
	Repaired: experiment.Way{Idea: "half-close: say that nothing more comes", Play: halfClose},
}
