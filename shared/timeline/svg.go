package timeline

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"example.com/sockets/shared/steplog"
)

// Sizes of the picture, in pixels. It is as narrow as a phone, so that no screen
// has to make its letters smaller.
const (
	pictureWidth = 360
	columnWidth  = 138
	leftEdge     = 8 // of the client's column
	gapFrom      = leftEdge + columnWidth
	gapTo        = pictureWidth - gapFrom
	columns      = 19 // letters that fit into a column: each is 7.25 wide
	lineHeight   = 16
	rowGap       = 8
)

// The style of the picture, for light and for dark pages.
const style = `
svg{--ink:#1f2328;--faint:#59636e;--card:#ffffff;--edge:#d1d9e0;--call:#0550ae;--arrow:#9a6700;--bad:#c62828}
@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--faint:#9198a1;--card:#0d1117;--edge:#3d444d;--call:#79c0ff;--arrow:#e3b341;--bad:#ff7b72}}
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--ink);white-space:pre}
.card{fill:var(--card);stroke:var(--edge)}
.head{font-weight:bold}
.call{font-weight:bold;fill:var(--call)}
.faint{fill:var(--faint)}
.bad{fill:var(--bad)}
.label{fill:var(--arrow);text-anchor:middle;paint-order:stroke;stroke:var(--card);stroke-width:4px}
.fault{fill:var(--bad);text-anchor:middle;paint-order:stroke;stroke:var(--card);stroke-width:4px}
.line{stroke:var(--arrow);stroke-width:1.5;fill:none}
.tip{fill:var(--arrow)}
.cross{stroke:var(--bad);stroke-width:2.5}
.rule{stroke:var(--edge)}
`

// SVG draws rows that an [Order] gave, all at once, as a picture that needs
// nothing else. Its description says the same in words. UnderWay are the flights
// that never landed.
func SVG(w io.Writer, title, client, server string, rows []Row, underWay []Flight) error {
	p := picture{labels: [sides]string{Client: client, Network: "network", Server: server}, from: map[int]point{}}
	p.text(leftEdge, 22, "head", cut(client, columns))
	p.text(gapTo, 22, "head", cut(server, columns))
	fmt.Fprintf(&p.lines, `<path class="rule" d="M%d 30H%d"/>`+"\n", leftEdge, pictureWidth-leftEdge)
	p.y = 50
	for _, r := range rows {
		if !r.Event.Waiting {
			p.row(r)
		}
	}
	for _, f := range underWay {
		p.lost(f, p.from[f.ID].y+lineHeight)
		p.tell(f.To, f.never()+".")
	}
	height := p.y - lineHeight + rowGap
	out := &errWriter{w: w}
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title desc">`+"\n",
		pictureWidth, height, pictureWidth, height)
	fmt.Fprintf(out, "<title id=\"title\">%s</title>\n<desc id=\"desc\">\n%s</desc>\n<style>%s</style>\n", escape(title), p.words.String(), style)
	fmt.Fprintf(out, `<rect class="card" x="0.5" y="0.5" width="%d" height="%d" rx="6"/>`+"\n", pictureWidth-1, height-1)
	io.WriteString(out, p.lines.String()+p.marks.String()+"</svg>\n")
	return out.err
}

type point struct{ x, y int }

type picture struct {
	y      int
	labels [sides]string
	lines  strings.Builder // arrows, below
	marks  strings.Builder // letters, above
	words  strings.Builder // the description
	from   map[int]point   // where the arrow of a flight begins
	taken  []int           // where labels stand in the middle
}

// row draws a row and goes on below it.
func (p *picture) row(r Row) {
	if r.Side == Network {
		p.fault(r)
		return
	}
	x, edge := leftEdge, gapFrom
	if r.Side == Server {
		x, edge = gapTo, gapTo
	}
	at := point{edge, p.y - lineHeight/3}
	name, texts := brief(r)
	class := "faint"
	if r.Error || r.Event.Err != nil && !errors.Is(r.Event.Err, io.EOF) {
		class = "bad"
	}
	if name != "" {
		p.text(x, p.y, "call", name)
		p.y += lineHeight
	}
	for _, text := range texts {
		for _, line := range strings.Split(steplog.Fold(text, 0, columns), "\n") {
			p.text(x, p.y, class, line)
			p.y += lineHeight
		}
	}
	p.y += rowGap
	p.tell(r.Side, strings.TrimSpace(r.Event.Call+" "+strings.Join(texts, ", "))+r.words()+".")
	middle := point{pictureWidth / 2, at.y}
	if f := r.Departs; f != nil {
		p.from[f.ID] = at
		if f.Half {
			p.arrow(*f, middle)
		}
	}
	for _, f := range r.Lands {
		if f.Half {
			p.from[f.ID] = middle
		}
		p.arrow(f, at)
	}
}

// words says what arrived in a row.
func (r Row) words() string {
	if len(r.Lands) == 0 {
		return ""
	}
	n := 0
	for _, f := range r.Lands {
		n += f.Bytes
	}
	return fmt.Sprintf(" (%s arrived)", count(n))
}

// brief says in few words what a row is: its call, and lines below it.
func brief(r Row) (name string, texts []string) {
	e := r.Event
	if e.Call == "" {
		return "", []string{r.Text}
	}
	name = e.Call
	if e.Step > 0 {
		name = fmt.Sprintf("%d %s", e.Step, e.Call)
	}
	say := func(text string) { texts = append(texts, text) }
	waited := slices.Contains([]string{"accept", "connect", "recv", "recvfrom"}, e.Call)
	switch {
	case errors.Is(e.Err, io.EOF):
		say("0 bytes: the end")
	case e.Err != nil:
		say(e.String())
		waited = false
	case e.Call == "socket":
		say(e.Family + ", " + e.Type)
	case e.Call == "bind":
		say(e.Local)
	case e.Call == "accept", e.Call == "connect":
		say(e.Remote)
		waited = waited && e.Type != "SOCK_DGRAM"
	case len(e.Data) > 0:
		say(quote(e))
	case e.Call == "shutdown":
		say("nothing more to send")
	case e.Call == "close" && e.Type == "SOCK_DGRAM":
		say("the socket")
	case e.Call == "close" && e.Remote == "":
		say("the listener")
	case e.Call == "close":
		say("the connection")
	}
	if e.Cut {
		say("cut, the rest is lost")
	}
	if waited && e.Took > 0 {
		say("after " + rounded(e.Took))
	}
	return name, texts
}

// quote shows the first bytes of a call's data.
func quote(e steplog.Event) string {
	shown := clip(e, maxQuoted).Data
	text := steplog.Quote(string(shown))
	if more := e.Bytes - len(shown); more > 0 {
		text += fmt.Sprintf(" and %s more", count(more))
	}
	return text
}

// rounded gives a duration two digits.
func rounded(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 100 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// arrow draws the arrow of a flight, or of a part of it, to where it landed.
func (p *picture) arrow(f Flight, to point) {
	from, ok := p.from[f.ID]
	if !ok {
		return
	}
	fmt.Fprintf(&p.lines, `<path class="line" d="M%d %dL%d %d"/>`+"\n", from.x+sign(to.x-from.x)*3, from.y, to.x-sign(to.x-from.x)*8, to.y)
	p.tip(from, to)
	p.label("label", (from.y+to.y)/2+4, narrow(f.Bytes))
}

// tip draws the head of an arrow.
func (p *picture) tip(from, to point) {
	s := sign(to.x - from.x)
	fmt.Fprintf(&p.lines, `<path class="tip" d="M%d %dl%d -4v8z"/>`+"\n", to.x-s*2, to.y, -s*8)
}

// lost draws an arrow that ends midway.
func (p *picture) lost(f Flight, y int) {
	from, ok := p.from[f.ID]
	if !ok {
		return
	}
	middle := pictureWidth / 2
	fmt.Fprintf(&p.lines, `<path class="line" d="M%d %dL%d %d"/>`+"\n", from.x+sign(middle-from.x)*3, from.y, middle, y)
	fmt.Fprintf(&p.lines, `<path class="cross" d="M%d %dl10 10m0 -10l-10 10"/>`+"\n", middle-5, y-5)
	p.taken = append(p.taken, y+4)
	p.label("label", from.y-4, narrow(f.Bytes))
}

// fault draws what the network did.
func (p *picture) fault(r Row) {
	p.label("fault", p.y, faultLabel(r.Event))
	if r.Departs != nil { // a stranger's
		p.from[r.Departs.ID] = point{pictureWidth / 2, p.y + 4}
	}
	if r.Hit != nil && lost(r.Event) {
		p.lost(*r.Hit, p.y-lineHeight)
	}
	p.tell(Network, r.Event.Fault+r.Event.Call+": "+r.Event.String()+".")
	p.y += lineHeight + rowGap
}

// narrow says n bytes in the room between the columns.
func narrow(n int) string {
	if text := count(n); len(text) <= 9 {
		return text
	}
	return fmt.Sprintf("%d B", n)
}

// label writes letters in the middle between the columns, as near to y as there is
// room.
func (p *picture) label(class string, y int, text string) {
	const apart = lineHeight - 3
	free := func(y int) bool {
		return !slices.ContainsFunc(p.taken, func(t int) bool { return max(t-y, y-t) < apart })
	}
	for away := 0; ; away++ {
		if free(y + away) {
			y += away
			break
		}
		if free(y - away) {
			y -= away
			break
		}
	}
	p.taken = append(p.taken, y)
	p.text(pictureWidth/2, y, class, text)
}

func (p *picture) text(x, y int, class, text string) {
	fmt.Fprintf(&p.marks, `<text class="%s" x="%d" y="%d">%s</text>`+"\n", class, x, y, escape(text))
}

// tell adds a sentence to the description.
func (p *picture) tell(side Side, text string) {
	fmt.Fprintf(&p.words, "%s: %s\n", escape(p.labels[side]), escape(text))
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

func cut(text string, columns int) string { return cells.Truncate(text, columns, "…") }

func escape(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text))
	return b.String()
}

// errWriter keeps the first error of a writer.
type errWriter struct {
	w   io.Writer
	err error
}

func (w *errWriter) Write(b []byte) (int, error) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
	return len(b), w.err
}
