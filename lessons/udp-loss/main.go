// Udp-loss is lesson 9: what a network does to datagrams, and what makes them
// whole again.
//
//	go run ./lessons/udp-loss
package main

import (
	"flag"

	"example.com/sockets/shared/experiment"
)

// seed chooses which datagrams of the last part meet which fault.
var seed uint64

func main() {
	run := experiment.Start(experiment.Program{
		Name:   "udp-loss",
		Lesson: 9,
		Does:   "shows datagrams that get lost, doubled, swapped or cut, and strangers' ones, and how numbers, acknowledgements and retries make it all whole.",
		Parts:  []experiment.Part{lost, doubled, swapped, cut, stranger, all},
		Flags: func(fs *flag.FlagSet) {
			fs.Uint64Var(&seed, "seed", 34, "choose with this `number` which datagrams of part 6 meet which fault")
		},
	})
	run.Exit(run.Play())
}

var lost = experiment.Part{
	Title:    "lost",
	Ask:      `The client sends "one", "two" and "three". The network loses the second datagram. Which call reports it?`,
	Answers:  []string{"the client's second sendto", "the server's second recvfrom", "no call"},
	Naive:    experiment.Way{Idea: "what was sent has arrived", Play: sendAndHope},
	Repaired: experiment.Way{Idea: "acknowledge, and send again what was not acknowledged", Play: reliably("up:drop=@2")},
}

var doubled = experiment.Part{
	Title:    "doubled",
	Ask:      `The client sends "pay 100" and sends it again until the server says "paid". The network loses the server's first "paid". How much does the server pay?`,
	Answers:  []string{"nothing", "100", "200"},
	Naive:    experiment.Way{Idea: "what comes is new", Play: payEach},
	Repaired: experiment.Way{Idea: "number the messages; acknowledge again, but pay once", Play: payOnce},
}

var swapped = experiment.Part{
	Title:    "swapped",
	Ask:      `The client sends "one", "two" and "three". The network lets the second datagram overtake the first. What does the server's first recvfrom return?`,
	Answers:  []string{`"one"`, `"two"`, "an error"},
	Naive:    experiment.Way{Idea: "datagrams come in the order in which they were sent", Play: inOrderOfArrival},
	Repaired: experiment.Way{Idea: "deliver by number", Play: reliably("up:reorder=@1")},
}

var cut = experiment.Part{
	Title:    "cut",
	Ask:      `The client sends "Meet me at eighteen past nine". The network carries only the first 16 bytes of a datagram. What does the server get?`,
	Answers:  []string{"nothing", "a part, and an error", "a part, and no error"},
	Naive:    experiment.Way{Idea: "what has arrived is whole", Play: takeWhatCame},
	Repaired: experiment.Way{Idea: "send pieces that fit, numbered, and say where the end is", Play: inPieces},
}

var stranger = experiment.Part{
	Title:    "a stranger",
	Ask:      `Just before the client's datagram, somebody else sends one to the server's address. The server calls recvfrom once. Whose datagram does it get?`,
	Answers:  []string{"the client's", "the stranger's"},
	Naive:    experiment.Way{Idea: "only my client knows my address", Play: takeTheFirst},
	Repaired: experiment.Way{Idea: "keep senders apart, and deliver only what has its turn", Play: reliably("up:stranger=@1")},
}

var all = experiment.Part{
	Title:    "all of it",
	Ask:      "Of all datagrams, about 3 in 10 get lost, 2 come twice, 2 are overtaken, and a stranger sends some. What is longer than 16 bytes is cut. The client sends 5 texts. How many does the server get whole, once and in their order?",
	Answers:  []string{"all 5", "some of them", "none"},
	Naive:    experiment.Way{Idea: "the network will do its best", Play: hopeForAll},
	Repaired: experiment.Way{Idea: "numbers, acknowledgements, retries", Play: makeWhole},
}
