// Tcp-many-clients is lesson 7: a server for many clients.
//
//	go run ./lessons/tcp-many-clients
//	go run ./lessons/tcp-many-clients -serve
package main

import "example.com/sockets/shared/experiment"

func main() {
	run := experiment.Start(experiment.Program{
		Name:   "tcp-many-clients",
		Lesson: 7,
		Does:   "shows what many clients do to a server. With -serve it is such a server.",
		Parts:  []experiment.Part{silentFirst, queueOfOne, theEnd},
		Flags:  settings.define,
		Check:  settings.check,
	})
	if settings.serve {
		run.Exit(listenAndServe(run.Context, settings.addr, settings.most))
	}
	run.Exit(run.Play())
}

var silentFirst = experiment.Part{
	Title:    "a silent first client",
	Ask:      "The server serves one client, and then the next. Client A connects and says nothing. Client B connects, sends a message and waits for its echo. When does B get it?",
	Answers:  []string{atOnce, whenALeaves, "never"},
	Naive:    experiment.Way{Idea: "one client after the other", Play: oneAtATime},
	Repaired: experiment.Way{Idea: "each client has its own goroutine", Play: allAtOnce},
}

var queueOfOne = experiment.Part{
	Title:    "listen(1)",
	Ask:      "The server calls listen(1), and accepts nobody. 5 clients connect, one after the other; each waits at most 300ms, and sends a message when it is connected. How many of them connect?",
	Answers:  []string{justOne, notAll, allOfThem},
	Naive:    experiment.Way{Idea: "listen(1) lets one client in", Play: queueAsLimit},
	Repaired: experiment.Way{Idea: "the server counts: one place, for one client at a time", Play: placeAsLimit},
}

var theEnd = experiment.Part{
	Title:    "the end",
	Ask:      "The server has received the message of client A, and has not yet sent it back. Client B is connected and says nothing. Now the server is told to stop: it closes all connections at once. What does A get?",
	Answers:  []string{itsEcho, onlyEnd, "nothing, and it waits"},
	Naive:    experiment.Way{Idea: "to stop is to close everything", Play: closeAll},
	Repaired: experiment.Way{Idea: "end what waits, finish what has begun, then close", Play: finishFirst},
}
