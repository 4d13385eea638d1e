package exercise

import (
	"testing"

	"example.com/sockets/lessons/tcp-server/exercise/check"
)

func TestServe(t *testing.T) { check.Serve(t, Serve) }
