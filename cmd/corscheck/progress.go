package main

import (
	"fmt"
	"io"
	"os"
)

// A progress is a line on a terminal that says how far an audit is. Nothing of it stays.
type progress struct {
	out  io.Writer // nil if nobody waits there
	mask *mask
}

func newProgress(stderr io.Writer, m *mask) *progress {
	if f, ok := stderr.(*os.File); ok && isScreen(f) {
		return &progress{f, m}
	}
	return &progress{}
}

// eraseLine goes to the start of the line, and erases all of it.
const eraseLine = "\r\x1b[K"

// show puts text in place of what was shown before.
func (p *progress) show(text string) {
	if p.out != nil {
		const columns = 79 // A longer line would wrap on many terminals, and stay.
		fmt.Fprint(p.out, eraseLine, cut(clean(p.mask.text(text)), columns))
	}
}

func (p *progress) erase() {
	if p.out != nil {
		fmt.Fprint(p.out, eraseLine)
	}
}
