// Package meter says how far a step has come that takes long: a [Meter] is told
// steps and counts, and makes one line of them.
package meter

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Long is how long a step may take before it is worth a word.
const Long = 2 * time.Second

// A Count is told that n of a unit, such as "go.mod file", are done; of is how many
// there are, as far as is known, or 0.
type Count func(unit string, n, of int)

// Add tells c; a nil Count is told nothing.
func (c Count) Add(unit string, n, of int) {
	if c != nil {
		c(unit, n, of)
	}
}

// A Meter holds what goes on, for one line of text. Its methods may be called at the
// same time.
type Meter struct {
	now func() time.Time

	mu     sync.Mutex
	step   string
	since  time.Time
	counts []counted
}

type counted struct {
	unit  string
	n, of int
}

// New returns a meter by the clock now.
func New(now func() time.Time) *Meter { return &Meter{now: now} }

// Step begins a step: its time and its counts begin at nothing.
func (m *Meter) Step(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.step, m.since, m.counts = what, m.now(), nil
}

// Count is a [Count] of the present step. A count never goes back.
func (m *Meter) Count(unit string, n, of int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.counts {
		if c := &m.counts[i]; c.unit == unit {
			c.n, c.of = max(c.n, n), max(c.of, of)
			return
		}
	}
	m.counts = append(m.counts, counted{unit, n, of})
}

// Line returns the step with its counts and its time, and whether it is a long one
// already: without a step it is none.
func (m *Meter) Line() (line string, long bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.step == "" {
		return "", false
	}
	took := m.now().Sub(m.since)
	if took < Long {
		return m.step, false
	}
	var parts []string
	for _, c := range m.counts {
		switch {
		case c.n < c.of:
			parts = append(parts, fmt.Sprintf("%d of %d %ss", c.n, c.of, c.unit))
		case c.n == 1:
			parts = append(parts, "1 "+c.unit)
		case c.n > 0:
			parts = append(parts, fmt.Sprintf("%d %ss", c.n, c.unit))
		}
	}
	return m.step + ": " + strings.Join(append(parts, elapsed(took)), ", "), true
}

// elapsed prints a time in whole seconds.
func elapsed(d time.Duration) string {
	s := int(d / time.Second)
	if s < 60 {
		return fmt.Sprintf("%d s", s)
	}
	return fmt.Sprintf("%d min %d s", s/60, s%60)
}
