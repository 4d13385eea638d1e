package exam

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// Ended is the diagnosis of an answer that ends the whole program, and so the
// checker too, before it could say anything; or only the goroutine that called it.
var Ended = Diagnosis{
	Name: "ended",
	Idea: "Your code ended the whole program, or the goroutine that called it. os.Exit and log.Fatal end the program, a panic in a goroutine that your code started does, and so can a variable that several goroutines use at once. runtime.Goexit ends the goroutine. A function returns its error; what becomes of the program is its caller's decision.",
	Read: "README.md#when-an-exercise-fails",
}

// EndedEarly is the line with which the witness begins: see [Ended].
const EndedEarly = "FAIL: the program ended in the middle of the checks."

// witness is set in the environment of the process that [watch] starts.
const witness = "EXAM_WITNESS"

// watch starts a second process, the same test once more, which waits for this
// one to end. When this one ends without having called the function that watch
// returns, the second says so. Nobody else could: os.Exit runs nothing further.
func watch(t *testing.T) (stop func()) {
	if os.Getenv(witness) != "" {
		testify()
	}
	self, err := os.Executable()
	if err != nil {
		return func() {} // a checker without a witness is better than none
	}
	second := exec.Command(self, "-test.run=^"+t.Name()+"$")
	second.Env = append(os.Environ(), witness+"=1", "GORACE=atexit_sleep_ms=0")
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
func testify() {
	if word, err := io.ReadAll(os.Stdin); err == nil && len(word) == 0 {
		fmt.Print(Finding{"", Ended, "\n" + EndedEarly})
	}
	os.Exit(1) // 0 would be taken for an accident by package testing
}
