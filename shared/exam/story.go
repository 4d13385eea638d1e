package exam

import (
	"fmt"
	"strconv"
)

// shown is how many bytes a story shows at most.
const shown = 60

// Quote shows bytes in a story: as a Go string, and of many only the start. An
// empty slice is "no bytes", an empty string "".
func Quote[T string | []byte](b T) string {
	if _, bytes := any(b).([]byte); bytes && len(b) == 0 {
		return "no bytes"
	}
	return QuoteStart(b, len(b))
}

// QuoteStart is [Quote] for n bytes of which only the start was kept.
func QuoteStart[T string | []byte](start T, n int) string {
	if n <= shown {
		return fmt.Sprintf("%q", start)
	}
	return fmt.Sprintf("%q… (%d bytes)", start[:min(shown, len(start))], n)
}

// Numbers returns n bytes of text, of which no part is like another: what an
// answer loses, doubles or swaps shows.
func Numbers(n int) string {
	b := make([]byte, 0, n+20)
	for i := int64(1); len(b) < n; i++ {
		b = append(strconv.AppendInt(b, i, 10), ',')
	}
	return string(b[:n])
}
