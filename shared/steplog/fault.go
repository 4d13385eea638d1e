package steplog

import "fmt"

// fault says in one line what a bad network did to data on its way.
func (e Event) fault() string {
	return e.Direction + ", " + e.Local + " to " + e.Remote + ": " + e.harm()
}

func (e Event) harm() string {
	are, goOn, them := "are", "go", "them"
	if e.Bytes == 1 {
		are, goOn, them = "is", "goes", "it"
	}
	n, data := count(e.Bytes), e.data()
	switch e.Fault {
	case "split":
		return fmt.Sprintf("%s in two pieces, %d and then %d%s", n, e.Limit, e.Bytes-e.Limit, data)
	case "merge":
		if e.Limit < e.Bytes {
			return fmt.Sprintf("%s waited for %d more and went on with them%s", count(e.Limit), e.Bytes-e.Limit, data)
		}
		return fmt.Sprintf("%s waited %v, but nothing came to go with %s%s", n, round(e.Took), them, data)
	case "delay":
		return fmt.Sprintf("%s %s on %v late%s", n, goOn, e.Took, data)
	case "drip":
		return fmt.Sprintf("%s %s on one at a time, %v apart%s", n, goOn, e.Took, data)
	case "stall":
		return "nothing goes on any more, after " + n + "; the connection stays open"
	case "half-close":
		return "this direction is ended (FIN), after " + n
	case "reset":
		return "both sides are reset (RST), after " + n
	case "drop":
		return n + " " + are + " lost" + data
	case "overflow":
		return n + " " + are + " lost, because too much waits here already" + data
	case "dup":
		return n + " " + goOn + " on twice" + data
	case "reorder":
		if e.Limit > 0 {
			return n + " overtaken by the next datagram" + data
		}
		return fmt.Sprintf("%s waited %v, but nothing came to overtake %s%s", n, round(e.Took), them, data)
	case "cut":
		return fmt.Sprintf("%s %s cut to %d%s", n, are, e.Limit, data)
	case "stranger":
		return n + " from a socket that is not the peer" + data
	}
	return n + data
}
