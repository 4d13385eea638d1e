package testscripts

import "errors"

// fullQueue needs a system whose listen takes a new length for its queue.
func fullQueue() error { return errors.New("peer tcp full: not on Windows") }
