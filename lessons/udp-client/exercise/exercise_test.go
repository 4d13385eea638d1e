package exercise

import (
	"testing"

	"example.com/sockets/lessons/udp-client/exercise/check"
)

func TestAsk(t *testing.T) { check.Ask(t, Ask) }
