package check

import (
	"maps"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// goroutine returns how a stack names the goroutine that calls it: "7".
func goroutine() string {
	buf := make([]byte, 64)
	return strings.Fields(string(buf[:runtime.Stack(buf, false)]))[1]
}

var (
	header = regexp.MustCompile(`(?m)^goroutine (\d+) [^[]*\[([a-z]+)`)
	parent = regexp.MustCompile(`(?m)^created by .* in goroutine (\d+)$`)
)

// running returns those goroutines of the answer that use a processor now, or
// wait for one.
func (s *server) running() map[string]bool {
	buf := make([]byte, 1<<20)
	running, parents := map[string]bool{}, map[string]string{}
	for _, stack := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		is, of := header.FindStringSubmatch(stack), parent.FindStringSubmatch(stack)
		if is == nil || of == nil {
			continue
		}
		parents[is[1]] = of[1]
		running[is[1]] = strings.HasPrefix(is[2], "run")
	}
	for name := range running {
		root := name
		for root != "" && root != s.goroutine {
			root = parents[root]
		}
		if root == "" || !running[name] {
			delete(running, name)
		}
	}
	return running
}

// busy tells whether a goroutine of the answer never rests while there is nothing
// to do.
func (s *server) busy() bool {
	always := s.running()
	for range 30 {
		if len(always) == 0 {
			return false
		}
		time.Sleep(10 * time.Millisecond)
		now := s.running()
		maps.DeleteFunc(always, func(name string, _ bool) bool { return !now[name] })
	}
	return len(always) > 0
}
