// Tcp-framing is lesson 6: how messages travel in a stream that has none.
//
//	go run ./lessons/tcp-framing
package main

import "example.com/sockets/shared/experiment"

func main() {
	run := experiment.Start(experiment.Program{
		Name:   "tcp-framing",
		Lesson: 6,
		Does:   "shows how messages run together and are torn apart in a stream, and how framing keeps them whole.",
		Parts:  []experiment.Part{runTogether, tornApart, newlineInside, lengthThatLies},
	})
	run.Exit(run.Play())
}

var runTogether = experiment.Part{
	Title:    "run together",
	Ask:      `The client sends "buy 7", "sell 3" and "stop", each with one send. On the way, the network holds what comes first until more comes, and passes both on together. The server takes what each recv returns for a message. How many messages does it get?`,
	Answers:  counts(3),
	Naive:    experiment.Way{Idea: "one recv is one message", Play: merged(eachRecv)},
	Repaired: experiment.Way{Idea: "a newline ends each message", Play: merged(lines)},
}

var tornApart = experiment.Part{
	Title:    "torn apart",
	Ask:      `The client sends "buy 7" and "stop", each with one send. The network passes on one byte at a time. The server takes what each recv returns for a message. How many messages does it get?`,
	Answers:  counts(2),
	Naive:    experiment.Way{Idea: "one recv is one message", Play: dripped(eachRecv)},
	Repaired: experiment.Way{Idea: "a newline ends each message", Play: dripped(lines)},
}

var newlineInside = experiment.Part{
	Title:    "a newline inside",
	Ask:      `Now a newline ends each message. The client sends 2 messages: "a note" and "two\nlines". The \n is a newline. How many messages does the server get?`,
	Answers:  counts(2),
	Naive:    experiment.Way{Idea: "no message has a newline in it", Play: anyBytes(lines)},
	Repaired: experiment.Way{Idea: "its length stands before each message", Play: anyBytes(lengths)},
}

var lengthThatLies = experiment.Part{
	Title:    "a length that lies",
	Ask:      "Now 4 bytes before each message say how long it is. A client sends the length 67108864 (64 MiB), then 5 bytes, and nothing more. Its connection stays open. What does the server do?",
	Answers:  []string{"it takes the 5 bytes for the message", makesRoom, seesLie},
	Naive:    experiment.Way{Idea: "what the peer says is true", Play: lie(trusting)},
	Repaired: experiment.Way{Idea: "a limit, looked at before any room is made", Play: lie(limited)},
}
