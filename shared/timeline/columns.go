package timeline

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"example.com/sockets/shared/steplog"
	"github.com/fatih/color"
)

// Widths, in columns of the terminal.
const (
	FileWidth = 132 // of the drawing where there is no terminal
	twoFrom   = 76  // the narrowest terminal for two columns
	wideFrom  = 104 // the narrowest one for a wide gap between them
	wideGap   = 27
	narrowGap = 23
)

// Columns draws rows as they come: the client's calls on the left, the server's
// on the right. Where bytes leave, an arrow begins; it runs down between the
// columns, and ends at the call that received them. In a narrow terminal there
// is one column, and the name of the side stands before each line.
type Columns struct {
	w       io.Writer
	width   int
	gap     int // between the columns; 0 for one column
	paint   func(color.Attribute, string) string
	lanes   []lane
	labels  [sides]string
	drawing bool
}

// A lane is where an arrow runs down.
type lane struct {
	id int
	x  int
}

// NewColumns returns columns on w. Width is the terminal's width, 0 where w is
// none. The names of the programs head their columns.
func NewColumns(w io.Writer, width int, colored bool, client, server string) *Columns {
	c := &Columns{w: w, width: width, paint: steplog.Painter(colored), labels: [sides]string{Client: client, Network: "network", Server: server}}
	switch {
	case width == 0:
		c.width, c.gap = FileWidth, wideGap
	case width >= wideFrom:
		c.width, c.gap = min(width, 2*FileWidth), wideGap
	case width >= twoFrom:
		c.gap = narrowGap
	}
	return c
}

// Row draws a row.
func (c *Columns) Row(r Row) error {
	lines := ""
	if !c.drawing {
		c.drawing = true
		lines = c.head()
	}
	if c.gap == 0 {
		lines += c.one(r)
	} else {
		lines += c.two(r)
	}
	_, err := io.WriteString(c.w, lines)
	return err
}

// End draws what became of the bytes that never arrived.
func (c *Columns) End(underWay []Flight) error {
	lines := ""
	for _, f := range underWay {
		if c.gap == 0 {
			lines += c.one(Row{Side: f.To, Text: f.never()})
			continue
		}
		gap := c.lines()
		if x, ok := c.leave(f.ID); ok {
			gap[x] = '✗'
		}
		left, right := "", ""
		if f.To == Server {
			right = f.never()
		} else {
			left = f.never()
		}
		lines += c.join(left, left, string(gap), right)
	}
	_, err := io.WriteString(c.w, lines)
	return err
}

func (c *Columns) head() string {
	if c.gap == 0 {
		return ""
	}
	client, server := cut(c.labels[Client], c.column()), cut(c.labels[Server], c.column())
	rule := func(name string) string { return strings.Repeat("─", cells.StringWidth(name)) }
	blank := strings.Repeat(" ", c.gap)
	return c.join(client, c.paint(color.Bold, client), blank, c.paint(color.Bold, server)) +
		c.join(rule(client), rule(client), blank, rule(server))
}

func (c *Columns) column() int { return (c.width - c.gap) / 2 }

// one draws a row for a narrow terminal: the role, and what happened.
func (c *Columns) one(r Row) string {
	const role = 8
	drawn := ""
	for i, line := range cell(r, max(c.width-1-role, role)) {
		name := ""
		if i == 0 {
			name = r.Side.String()
		}
		drawn += c.paint(color.Faint, fmt.Sprintf("%-*s", role, name)) + c.color(r, i, line) + "\n"
	}
	return drawn
}

// two draws a row in its column, and the gap beside it.
func (c *Columns) two(r Row) string {
	if r.Side == Network {
		return c.join("", "", c.fault(r), "")
	}
	drawn := ""
	for i, line := range cell(r, c.column()-1) {
		gap := c.lines()
		if i == 0 {
			c.arrows(r, gap)
		}
		if r.Side == Client {
			drawn += c.join(line, c.color(r, i, line), string(gap), "")
		} else {
			drawn += c.join("", "", string(gap), c.color(r, i, line))
		}
	}
	return drawn
}

// cell returns the lines of a row's text, at most room columns wide.
func cell(r Row, room int) []string {
	e := clip(r.Event, maxQuoted)
	text := r.Text
	switch {
	case e.Fault != "":
		text = e.Fault + " " + e.String()
	case e.Waiting:
		text = cmp.Or(r.Who, " ") + " " + e.String()
	case e.Call != "":
		number := " "
		if e.Step > 0 {
			number = strconv.Itoa(e.Step)
		}
		number = cmp.Or(r.Who, number)
		head := fmt.Sprintf("%s %-8s ", number, e.Call)
		if room >= 36 { // all that the event says stands below itself
			return strings.Split(head+steplog.Fold(e.String(), len(head), room), "\n")
		}
		// In a narrow column, what goes on below is moved in only a little.
		return strings.Split(steplog.Fold(head+e.String(), 4, room), "\n")
	}
	return strings.Split(steplog.Fold(text, 2, room), "\n")
}

// color paints line i of a row's text.
func (c *Columns) color(r Row, i int, line string) string {
	e := r.Event
	switch {
	case r.Error:
		return c.paint(color.FgRed, line)
	case e.Waiting:
		return c.paint(color.Faint, line)
	case e.Call == "":
		return line
	}
	call, text := steplog.Colors(e)
	if before, after, ok := strings.Cut(line, e.Call); ok && i == 0 {
		return before + c.paint(call, e.Call) + c.paint(text, after)
	}
	return c.paint(text, line)
}

// join puts a line together. Painted is the left cell in its colours.
func (c *Columns) join(left, painted, gap, right string) string {
	pad := max(0, c.column()-cells.StringWidth(left))
	return strings.TrimRight(painted+strings.Repeat(" ", pad)+gap+right, " ") + "\n"
}

// lines returns the gap with the arrows that run down it.
func (c *Columns) lines() []rune {
	gap := []rune(strings.Repeat(" ", c.gap))
	for _, l := range c.lanes {
		gap[l.x] = '│'
	}
	return gap
}

// arrows draws the arrows that begin and end in a row.
func (c *Columns) arrows(r Row, gap []rune) {
	switch f := r.Departs; {
	case f == nil:
	case f.Half:
		c.departure(gap, r.Side, c.gap/2, f.Bytes)
		gap[c.gap/2] = map[Side]rune{Client: '▷', Server: '◁'}[r.Side]
	default:
		c.departure(gap, r.Side, c.enter(f), f.Bytes)
	}
	for _, f := range r.Lands {
		if f.Half {
			c.departure(gap, r.Side, c.gap/2, f.Bytes) // its line, and then its head
			gap[c.gap/2] = '─'
			gap[map[Side]int{Client: 1, Server: c.gap - 2}[r.Side]] = map[Side]rune{Client: '◀', Server: '▶'}[r.Side]
			continue
		}
		x, ok := c.at(f.ID)
		if !ok {
			x = c.gap / 2
		}
		c.landing(gap, r.Side, x, f.Done)
		if f.Done {
			c.leave(f.ID)
		}
	}
}

func (c *Columns) departure(gap []rune, side Side, x, bytes int) {
	from, step, turn := 1, 1, '╮'
	if side == Server {
		from, step, turn = c.gap-2, -1, '╭'
	}
	for i := from; i != x; i += step {
		line(gap, i)
	}
	gap[x] = turn
	room := max(x-from, from-x) - 2 // a piece of the line at both ends
	for _, text := range []string{" " + count(bytes) + " ", count(bytes), fmt.Sprintf("%d B", bytes)} {
		if len(text) <= room {
			start := 2
			if side == Server {
				start = c.gap - 2 - len(text)
			}
			copy(gap[start:], []rune(text))
			break
		}
	}
}

func (c *Columns) landing(gap []rune, side Side, x int, done bool) {
	to, step, head := c.gap-2, 1, '▶'
	turn := map[bool]rune{true: '╰', false: '├'}[done]
	if side == Client {
		to, step, head = 1, -1, '◀'
		turn = map[bool]rune{true: '╯', false: '┤'}[done]
	}
	for i := x + step; i != to; i += step {
		line(gap, i)
	}
	gap[x], gap[to] = turn, head
}

// line draws a piece of a line across, over what runs down there.
func line(gap []rune, i int) {
	switch gap[i] {
	case ' ', '─':
		gap[i] = '─'
	case '╰', '╯':
		gap[i] = '┴'
	default:
		gap[i] = '┼'
	}
}

// fault draws what the network did, beside the arrow that it did it to.
func (c *Columns) fault(r Row) string {
	gap := c.lines()
	text := []rune(faultLabel(r.Event))
	start := max(0, (c.gap-len(text))/2)
	x, marked := 0, false
	switch {
	case r.Departs != nil && !r.Departs.Half: // a stranger's
		x, marked = c.enter(r.Departs), true
		gap[x] = '╷'
	case r.Hit == nil:
	case lost(r.Event):
		if x, marked = c.leave(r.Hit.ID); marked {
			gap[x] = '✗'
		}
	default:
		if x, marked = c.at(r.Hit.ID); marked {
			gap[x] = '◆'
		}
	}
	if marked {
		if start = x + 2; start+len(text) > c.gap {
			start = max(0, x-1-len(text))
		}
	}
	copy(gap[start:], text)
	return c.paint(color.FgRed, string(gap))
}

// faultLabel names a fault in a few columns.
func faultLabel(e steplog.Event) string {
	switch e.Fault {
	case "delay", "drip":
		return e.Fault + " " + rounded(e.Took)
	case "split":
		return fmt.Sprintf("split %d+%d", e.Limit, e.Bytes-e.Limit)
	case "cut":
		return fmt.Sprintf("cut to %d", e.Limit)
	case "merge":
		if e.Limit >= e.Bytes { // nothing came to go with it
			return "held " + rounded(e.Took)
		}
	case "reorder":
		if e.Limit == 0 { // nothing came to overtake it
			return "held " + rounded(e.Took)
		}
	case "": // a call of the network's own
		return e.Call + " failed"
	}
	return e.Fault
}

// lost tells whether a fault lost a datagram.
func lost(e steplog.Event) bool { return e.Fault == "drop" || e.Fault == "overflow" }

// enter finds a lane for a flight. When all are taken, arrows share the middle.
func (c *Columns) enter(f *Flight) int {
	middle := c.gap / 2
	x := middle
	for _, away := range []int{0, 2, 4} {
		try := middle + away
		if f.From == Server {
			try = middle - away
		}
		if !slices.ContainsFunc(c.lanes, func(l lane) bool { return l.x == try }) {
			x = try
			break
		}
	}
	c.lanes = append(c.lanes, lane{f.ID, x})
	return x
}

func (c *Columns) at(id int) (x int, ok bool) {
	i := slices.IndexFunc(c.lanes, func(l lane) bool { return l.id == id })
	if i < 0 {
		return 0, false
	}
	return c.lanes[i].x, true
}

// leave frees the lane of a flight.
func (c *Columns) leave(id int) (x int, ok bool) {
	x, ok = c.at(id)
	c.lanes = slices.DeleteFunc(c.lanes, func(l lane) bool { return l.id == id })
	return x, ok
}
