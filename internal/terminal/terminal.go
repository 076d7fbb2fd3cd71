// Package terminal shows messages and progress: on a terminal as a line that is rewritten,
// elsewhere as lines.
package terminal

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/pinfix/pinfix/internal/meter"
	"github.com/pinfix/pinfix/internal/report"
)

// IsTerminal reports whether a stream is shown on a terminal.
func IsTerminal(stream any) bool {
	f, ok := FileOf(stream)
	return ok && term.IsTerminal(int(f.Fd()))
}

// A Screen is where progress is shown: one live line on a terminal, plain lines
// elsewhere. Where a step takes long, a clock adds to it, from time to time, how far
// it has come.
type Screen struct {
	W       io.Writer
	Live    bool
	Quiet   bool
	Verbose bool
	Width   int // of the terminal; 0 if it is not known

	mu     sync.Mutex
	shown  []*Progress // those that have had a step
	Clock  *time.Ticker
	Ended  chan struct{} // closed with the clock
	closed bool
}

// How often a screen says how far a long step has come.
const (
	liveEvery  = time.Second
	PlainEvery = 10 * time.Second
)

// A Progress is what one module shows on a screen.
type Progress struct {
	*Screen
	prefix string // "plugins/a: ", of a walk
	Meter  *meter.Meter
}

// Silent is the progress of what takes no time worth telling.
var Silent = &Progress{Screen: &Screen{Quiet: true}}

// Of returns p for one module among others.
func (p *Progress) Of(module string) *Progress {
	return &Progress{Screen: p.Screen, prefix: report.Printable(module) + ": ", Meter: meter.New(time.Now)}
}

// Step begins a step; "" ends the last one.
func (p *Progress) Step(what string) {
	if p.Quiet {
		return // silent has no meter
	}
	// Names in images are foreign text; a step is one line.
	what = report.Printable(strings.ReplaceAll(what, "\n", `\n`))
	p.Meter.Step(what)
	if what == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.shown, p) {
		p.shown = append(p.shown, p)
	}
	p.start()
	p.line(p.prefix + what)
}

// Count says how far the step has come, once it takes long.
func (p *Progress) Count(unit string, n, of int) {
	if !p.Quiet {
		p.Meter.Count(unit, n, of)
	}
}

// start starts the clock. It needs the lock.
func (s *Screen) start() {
	if s.Clock != nil || s.closed {
		return
	}
	every := PlainEvery
	if s.Live {
		every = liveEvery
	}
	s.Clock, s.Ended = time.NewTicker(every), make(chan struct{})
	go s.Run(s.Clock.C, s.Ended)
}

// Run ticks until the screen is closed.
func (s *Screen) Run(ticks <-chan time.Time, ended <-chan struct{}) {
	for {
		select {
		case <-ticks:
			s.Tick()
		case <-ended:
			return
		}
	}
}

// Tick shows how far each long step has come; the one live line is of the module
// that began to show last.
func (s *Screen) Tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	var lines []string
	for _, p := range s.shown {
		if line, long := p.Meter.Line(); long {
			lines = append(lines, p.prefix+line)
		}
	}
	if s.Live && len(lines) > 1 {
		lines = lines[len(lines)-1:]
	}
	for _, line := range lines {
		s.line(line)
	}
}

// line shows a line. It needs the lock.
func (s *Screen) line(text string) {
	if !s.Live {
		fmt.Fprintf(s.W, "%s\n", text)
		return
	}
	// A line that the terminal breaks could not be taken back.
	if r := []rune(text); s.Width > 2 && len(r) > s.Width-2 {
		text = string(r[:s.Width-2])
	}
	fmt.Fprintf(s.W, "\r\x1b[K%s …", text)
}

// Wrote says which file holds the result, which is not on stdout then.
func (p *Progress) Wrote(name string) {
	if !p.Quiet {
		fmt.Fprintf(p.W, "wrote %s\n", report.Printable(name))
	}
}

// Log shows a command line of the go command, with -v.
func (p *Progress) Log(line string) {
	if p.Verbose && !p.Quiet {
		p.mu.Lock()
		defer p.mu.Unlock()
		fmt.Fprintf(p.W, "  %s%s\n", p.prefix, Message(line))
	}
}

// Done ends the progress: it clears the live line, and stops the clock.
func (p *Progress) Done() {
	if p.Quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	if p.Clock != nil && !p.closed {
		p.Clock.Stop()
		close(p.Ended)
	}
	p.closed = true
}

// clear clears the live line. It needs the lock.
func (s *Screen) clear() {
	if s.Live {
		fmt.Fprint(s.W, "\r\x1b[K")
	}
}

// Warn shows warnings, a line each.
func (p *Progress) Warn(warnings []string) {
	if p.Quiet {
		return
	}
	for _, w := range warnings {
		fmt.Fprintf(p.W, "pinfix: warning: %s%s\n", p.prefix, Message(w))
	}
}

// Note prints what cannot be known.
func (p *Progress) Note(notes []string) {
	if p.Quiet {
		return
	}
	for _, n := range notes {
		fmt.Fprintf(p.W, "pinfix: note: %s\n", Message(n))
	}
}

// Say prints a note while something goes on.
func (p *Progress) Say(note string) {
	if p.Quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.W, "pinfix: note: %s%s\n", p.prefix, Message(note))
}

// Message is a text of several lines behind pinfix's name: none of them can pass
// for another message, or for pinfix's own advice.
func Message(text string) string {
	first, rest, more := strings.Cut(report.Printable(text), "\n")
	if !more {
		return first
	}
	var b strings.Builder
	b.WriteString(first + "\n")
	for line := range strings.Lines(rest) {
		for _, own := range []string{"pinfix:", "fix:", "try:"} {
			if strings.HasPrefix(line, own) {
				b.WriteString("  ")
			}
		}
		b.WriteString(line)
	}
	return b.String()
}
