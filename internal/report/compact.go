package report

import (
	"fmt"
	"strings"
)

// compact is a unified diff without what git alone reads, and without the lines around the
// changes, which go.mod and imports do not need: a small plan fits one screen.
func compact(diff string) string {
	var b strings.Builder
	h := hunk{b: &b}
	for line := range strings.Lines(diff) {
		switch {
		case h.take(line):
		case strings.HasPrefix(line, "@@ "):
			h.start(line)
		case strings.HasPrefix(line, "diff "), strings.HasPrefix(line, "index "), strings.Contains(line, " file mode "):
			h.flush()
		default:
			h.flush()
			b.WriteString(line)
		}
	}
	h.flush()
	return b.String()
}

// hunk cuts one hunk of a diff into smaller ones.
type hunk struct {
	b            *strings.Builder
	lines        []string
	oldAt, newAt int // of the first line
	old, new     int // how many lines of each side are still to come
}

// start begins a hunk with its @@ line.
func (h *hunk) start(line string) {
	h.flush()
	h.oldAt, h.newAt, h.old, h.new = 1, 1, 1, 1
	var at, to string
	if _, err := fmt.Sscanf(line, "@@ -%s +%s @@", &at, &to); err != nil {
		return
	}
	h.oldAt, h.old = span(at)
	h.newAt, h.new = span(to)
}

// span reads "3,4": from line 3 on, 4 lines; "3" is one.
func span(s string) (at, n int) {
	n = 1
	if _, err := fmt.Sscanf(s, "%d,%d", &at, &n); err != nil {
		_, _ = fmt.Sscanf(s, "%d", &at)
	}
	return at, n
}

// take reports whether a line is of the hunk, and keeps it.
func (h *hunk) take(line string) bool {
	switch {
	case len(h.lines) > 0 && strings.HasPrefix(line, `\`):
		h.lines[len(h.lines)-1] += line
		return true
	case h.old == 0 && h.new == 0:
		return false
	}
	switch line[0] {
	case '-':
		h.old--
	case '+':
		h.new--
	default:
		h.old--
		h.new--
	}
	h.lines = append(h.lines, line)
	return true
}

// flush writes what the hunk has of changes.
func (h *hunk) flush() {
	oldAt, newAt := h.oldAt, h.newAt
	for i := 0; i < len(h.lines); {
		end, removed, added := i, 0, 0
		for ; end < len(h.lines) && (h.lines[end][0] == '-' || h.lines[end][0] == '+'); end++ {
			if h.lines[end][0] == '-' {
				removed++
			} else {
				added++
			}
		}
		if end == i { // a line that stays
			oldAt, newAt, i = oldAt+1, newAt+1, i+1
			continue
		}
		fmt.Fprintf(h.b, "@@ -%d,%d +%d,%d @@\n%s", first(oldAt, removed), removed, first(newAt, added), added, strings.Join(h.lines[i:end], ""))
		oldAt, newAt, i = oldAt+removed, newAt+added, end
	}
	h.lines, h.old, h.new = nil, 0, 0
}

// first is the line that a hunk names: of no lines it is the one before.
func first(at, n int) int {
	if n == 0 {
		return max(at-1, 0)
	}
	return at
}

// foldDiff breaks a line of a diff that is too long for a terminal. What goes on in the
// next line begins there with an ellipsis.
func (s Style) foldDiff(line string) string {
	if !s.Fold || columns(line) <= s.width() {
		return line
	}
	return strings.TrimSuffix(wrap(line[1:], s.width(), line[:1], "…       "), "\n")
}
