package exercise

import (
	"testing"

	"example.com/sockets/lessons/tcp-stream/exercise/check"
)

func TestExchange(t *testing.T) { check.Exchange(t, Exchange, ErrTooLong) }
