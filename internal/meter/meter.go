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

// A Count gets how many more of a unit, such as "go.mod file", are done, and how many more
// were found. What was not found first is only
// counted.
type Count func(unit string, done, found int)

// Add adds to c. It does nothing for a nil Count.
func (c Count) Add(unit string, done, found int) {
	if c != nil {
		c(unit, done, found)
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
	unit        string
	done, found int
}

// New returns a meter by the clock now.
func New(now func() time.Time) *Meter { return &Meter{now: now} }

// Step begins a step: its time and its counts begin at nothing.
func (m *Meter) Step(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.step, m.since, m.counts = what, m.now(), nil
}

// Count is a [Count] of the present step.
func (m *Meter) Count(unit string, done, found int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.counts {
		if c := &m.counts[i]; c.unit == unit {
			c.done, c.found = c.done+done, c.found+found
			return
		}
	}
	m.counts = append(m.counts, counted{unit, done, found})
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
		case c.done < c.found:
			parts = append(parts, fmt.Sprintf("%d of %s", c.done, units(c.found, c.unit)))
		case c.done > 0:
			parts = append(parts, units(c.done, c.unit))
		}
	}
	return m.step + ": " + strings.Join(append(parts, elapsed(took)), ", "), true
}

// units is a number of units: "1 package", "2 packages".
func units(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// elapsed prints a time in whole seconds.
func elapsed(d time.Duration) string {
	s := int(d / time.Second)
	if s < 60 {
		return fmt.Sprintf("%d s", s)
	}
	return fmt.Sprintf("%d min %d s", s/60, s%60)
}
