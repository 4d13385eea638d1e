package exercise

import (
	"testing"

	"example.com/sockets/lessons/udp-server/exercise/check"
)

func TestEcho(t *testing.T) { check.Echo(t, Echo) }
