// Tcp-timeouts is lesson 8: how a conversation fails, and how a program tells.
//
//	go run ./lessons/tcp-timeouts
package main

import "example.com/sockets/shared/experiment"

func main() {
	run := experiment.Start(experiment.Program{
		Name:   "tcp-timeouts",
		Lesson: 8,
		Does:   "shows how connections fail: at once, late, never or behind your back.",
		Parts:  []experiment.Part{noConnection, noAnswer, slowAnswer, halfAnswer, nobodyThere},
	})
	run.Exit(run.Play())
}

var noConnection = experiment.Part{
	Title:    "a full queue, and nobody there",
	Ask:      "Some clients connect to a server that accepts nobody, until its queue is full. Then one more client connects there, and another one to a port where nobody listens. Both wait for at most 400ms. When does each connect fail?",
	Answers:  []string{bothAtOnce, fullWaits, bothWait},
	Naive:    experiment.Way{Idea: "a connect that fails means: no server", Play: oneForAll},
	Repaired: experiment.Way{Idea: "look which error it is", Play: toldApart},
}

var noAnswer = experiment.Part{
	Title:    "silent, or gone",
	Ask:      "Twice a client sends a question and calls recv, with no deadline. The first server receives the question and says nothing. The second one is gone without a word, as after a power cut (here: a program that does nothing any more). What does recv say?",
	Answers:  []string{nothingTwice, errorForGone, errorTwice},
	Naive:    experiment.Way{Idea: "somebody who is gone is noticed: no deadline", Play: waitForEver},
	Repaired: experiment.Way{Idea: "set a deadline before each recv", Play: waitWithDeadline},
}

var slowAnswer = experiment.Part{
	Title:    "one byte now and then",
	Ask:      "The server sends a reply of 1000 bytes, one byte every 100ms. The client does not want to wait for longer than 500ms, so it sets a deadline of 500ms before each recv. When does that end its wait?",
	Answers:  []string{"after 500ms", dripsOn},
	Naive:    experiment.Way{Idea: "a deadline for each recv", Play: dripIdle},
	Repaired: experiment.Way{Idea: "one end for all recvs together, worked out once", Play: dripTotal},
}

var halfAnswer = experiment.Part{
	Title:    "half a reply, and a reset",
	Ask:      "The server sends half of its reply and breaks off: its system resets the connection. The client has received this half. What does its next recv say?",
	Answers:  []string{saysEnd, saysReset, "it waits"},
	Naive:    experiment.Way{Idea: "when recv brings no more, the reply is whole", Play: anyErrorIsEnd},
	Repaired: experiment.Way{Idea: "only io.EOF is the end", Play: onlyEndIsEnd},
}

var nobodyThere = experiment.Part{
	Title:    "sending to somebody who has closed",
	Ask:      "The server has closed the connection, and has received nothing. The client has not looked, and sends message after message until a send fails. Which one fails?",
	Answers:  []string{firstFails, laterFails, noneFails},
	Naive:    experiment.Way{Idea: "a send that worked has arrived", Play: countSends},
	Repaired: experiment.Way{Idea: "only an answer tells that a message has arrived", Play: countAnswers},
}
