package exercise

import (
	"testing"

	"example.com/sockets/lessons/tcp-many-clients/exercise/check"
)

func TestServe(t *testing.T) { check.Serve(t, Serve) }
