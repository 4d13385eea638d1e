package exercise

import (
	"testing"

	"example.com/sockets/lessons/tcp-framing/exercise/check"
)

func TestMessages(t *testing.T) { check.Messages(t, WriteMessage, ReadMessage, ErrTooLong) }
