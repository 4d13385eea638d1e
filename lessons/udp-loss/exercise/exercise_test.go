package exercise

import (
	"testing"

	"example.com/sockets/lessons/udp-loss/exercise/check"
)

func TestSend(t *testing.T) { check.Send(t, Send) }

func TestReceive(t *testing.T) { check.Receive(t, Receive) }
