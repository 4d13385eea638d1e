// Package pages looks into the course's Markdown pages, for tests that follow a
// link or a pointer to its heading.
package pages

import (
	"os"
	"strings"
	"unicode"
)

// HasAnchor tells whether a page can be read and has a heading with this anchor,
// made as GitHub makes it: small letters, hyphens for spaces, no punctuation but
// hyphens and underscores.
func HasAnchor(file, anchor string) bool {
	text, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		heading := strings.TrimLeft(line, "#")
		if heading != line && slug(heading) == anchor {
			return true
		}
	}
	return false
}

func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}
