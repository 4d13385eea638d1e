package testscripts

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// BenchmarkExchange measures one conversation of two programs, from the start of
// the server until both have ended, and therein the time until the server
// listens: the lessons, and the same steps in Python, taking turns. The ratios
// compare the medians; below 1 Go is faster.
func BenchmarkExchange(b *testing.B) {
	python, err := exec.LookPath("python3")
	if err != nil {
		b.Skip("NO PYTHON: python3 is not installed")
	}
	if err := buildLessons(); err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	for _, script := range []string{"python-tcp-server.txtar", "python-tcp-client.txtar"} {
		archive, err := txtar.ParseFile(script)
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range archive.Files {
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
				b.Fatal(err)
			}
		}
	}
	var inGo, inPython times
	for b.Loop() {
		inGo.add(exchange(b, []string{"tcp-server", "-addr", "127.0.0.1:0"}, []string{"tcp-client", "-addr"}))
		inPython.add(exchange(b, []string{python, filepath.Join(dir, "server.py")}, []string{python, filepath.Join(dir, "client.py")}))
	}
	b.ReportMetric(0, "ns/op") // the two together say nothing
	b.ReportMetric(median(inGo.listening)*1e3, "go-listening-ms")
	b.ReportMetric(median(inGo.exchange)*1e3, "go-exchange-ms")
	b.ReportMetric(median(inGo.listening)/median(inPython.listening), "listening-go/python")
	b.ReportMetric(median(inGo.exchange)/median(inPython.exchange), "exchange-go/python")
}

// times are the measured seconds of one kind of program.
type times struct{ listening, exchange []float64 }

func (t *times) add(listening, exchange time.Duration) {
	t.listening = append(t.listening, listening.Seconds())
	t.exchange = append(t.exchange, exchange.Seconds())
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// exchange runs a server, and then a client that gets the server's address as
// its last argument.
func exchange(b *testing.B, server, client []string) (listening, whole time.Duration) {
	ready := regexp.MustCompile(waits)
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	s := exec.CommandContext(ctx, server[0], server[1:]...)
	out, err := s.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	if err := s.Start(); err != nil {
		b.Fatal(err)
	}
	addr := ""
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := ready.FindStringSubmatch(lines.Text()); m != nil {
			listening, addr = time.Since(begin), m[1]
			if err := exec.CommandContext(ctx, client[0], append(client[1:], addr)...).Run(); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := s.Wait(); err != nil || addr == "" {
		b.Fatalf("the server at %q ended with: %v", addr, err)
	}
	return listening, time.Since(begin)
}
