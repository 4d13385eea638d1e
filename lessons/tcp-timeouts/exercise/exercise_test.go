package exercise

import (
	"testing"

	"example.com/sockets/lessons/tcp-timeouts/exercise/check"
)

func TestReceive(t *testing.T) { check.Receive(t, Receive) }
