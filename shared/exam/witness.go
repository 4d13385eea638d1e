package exam

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// Ended is the diagnosis of an answer that ends the whole program, and so the
// checker too, before it could say anything; or only the goroutine that called it.
var Ended = Diagnosis{
	Name: "ended",
	Idea: "Your code ended the whole program, or the goroutine that called it. os.Exit and log.Fatal end the program, a panic in a goroutine that your code started does, and so can a variable that several goroutines use at once. runtime.Goexit ends the goroutine. A function returns its error; what becomes of the program is its caller's decision.",
	Read: "README.md#when-an-exercise-fails",
}

// Testimony is how the line begins with which a process says what became of the
// checker: see [Ended] and [Endless].
const Testimony = "FAIL: the program "

// witness is set in the environment of the process that [watch] starts, to the
// number of the one that it watches.
const witness = "EXAM_WITNESS"

// watch starts a second process, the same test once more, which waits for this
// one to end. When this one ends without having called the function that watch
// returns, the second says so. Nobody else could: os.Exit runs nothing further.
// When this one does not end in time, the second ends it: a goroutine that wanted to
// may wait for very long, where an answer has started a million others.
func watch(t *testing.T) (stop func()) {
	if first, err := strconv.Atoi(os.Getenv(witness)); err == nil {
		testify(first)
	}
	self, err := os.Executable()
	if err != nil {
		return func() {} // a checker without a witness is better than none
	}
	second := exec.Command(self, "-test.run=^"+t.Name()+"$")
	second.Env = append(os.Environ(), fmt.Sprintf("%s=%d", witness, os.Getpid()), "GORACE=atexit_sleep_ms=0")
	second.Stdout = os.Stdout
	word, err := second.StdinPipe()
	if err != nil || second.Start() != nil {
		return func() {}
	}
	return func() {
		word.Write([]byte("\n"))
		word.Close()
		second.Wait()
	}
}

// testify is all that the second process does. It gets a word when the first ends
// as it should, and only the end of its input when it does not.
func testify(first int) {
	heard := make(chan bool)
	go func() {
		word, err := io.ReadAll(os.Stdin)
		heard <- len(word) > 0 || err != nil
	}()
	tooLong := patience + time.Second // then all that has been found was to be told
	select {
	case well := <-heard:
		if !well {
			fmt.Print(Finding{"", Ended, "\n" + Testimony + "ended in the middle of the checks."})
		}
	case <-time.After(tooLong):
		fmt.Print(Finding{"", Endless, fmt.Sprintf("\n%shad to be ended: the checks took longer than %v.", Testimony, tooLong)})
		if p, err := os.FindProcess(first); err == nil && os.Getppid() == first {
			p.Kill()
		}
	}
	os.Exit(1) // 0 would be taken for an accident by package testing
}
