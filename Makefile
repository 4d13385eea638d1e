# The front desk: "make" alone lists what there is. Every target is plain
# commands that also work without make.

.PHONY: help tcp udp tcp-server tcp-client udp-server udp-client tcp-stream tcp-framing tcp-many-clients tcp-timeouts udp-loss progress test scripts catalogue bench pictures check

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

tcp: ## see a TCP server and client talk, side by side
	go tool pair tcp

udp: ## see a UDP server and client talk, side by side
	go tool pair udp

tcp-server: ## lesson 1: a TCP server
	go run ./lessons/tcp-server

tcp-client: ## lesson 2: a TCP client (start lesson 1 first)
	go run ./lessons/tcp-client

udp-server: ## lesson 3: a UDP server
	go run ./lessons/udp-server

udp-client: ## lesson 4: a UDP client (start lesson 3 first)
	go run ./lessons/udp-client

tcp-stream: ## lesson 5: a stream has no messages
	go run ./lessons/tcp-stream

tcp-framing: ## lesson 6: messages in a stream
	go run ./lessons/tcp-framing

tcp-many-clients: ## lesson 7: many clients at once
	go run ./lessons/tcp-many-clients

tcp-timeouts: ## lesson 8: how a peer can fail
	go run ./lessons/tcp-timeouts

udp-loss: ## lesson 9: a network that loses, doubles and swaps
	go run ./lessons/udp-loss

progress: ## see how far you are
	go tool progress

test: ## test everything
	go test ./...

scripts: ## run the end-to-end scripts, and show all they did
	go test -count=1 -v -run TestScripts ./testscripts

catalogue: ## try the checkers on right and wrong answers (for those who change one)
	go test -tags catalogue -p 1 ./shared/exam ./lessons/*/exercise/check
	go test ./lessons/udp-loss/exercise/solution -seeds 100 -messages 1000

bench: ## compare the programs with the same in Python, and the server of many clients with the barest one
	go test -run '^$$' -bench . ./testscripts ./lessons/tcp-many-clients

pictures: ## draw the pictures of the READMEs from real runs
	go tool pair -svg lessons/tcp-server/conversation.svg tcp
	go tool pair -svg lessons/udp-server/conversation.svg udp
	-go tool pair -svg lessons/udp-client/lost.svg -through drop=1 -client './lessons/udp-client -timeout 500ms' udp

check: ## all that CI checks
	bash .ci/run
