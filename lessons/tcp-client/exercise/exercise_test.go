package exercise

import (
	"testing"

	"example.com/sockets/lessons/tcp-client/exercise/check"
)

func TestAsk(t *testing.T) { check.Ask(t, Ask) }
