package pkghash

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// TestMains: whole names of functions main, with their escapes undone, also those
// that are across the windows in which the strings are read.
func TestMains(t *testing.T) {
	t.Parallel()
	long := symbol{name: strings.Repeat("x", maxName-6)}
	for _, tt := range []struct {
		name  string
		names []string
		fill  int // symbols of the length of a long name before them
		want  []string
	}{
		{"one", []string{"example.com/p.main", "example.com/p.Hello"}, 0, []string{"example.com/p"}},
		{"escaped", []string{"gopkg.in/x%2ev2.main"}, 0, []string{"gopkg.in/x.v2"}},
		{"files", []string{"plugin/unnamed-8ef9.main"}, 0, []string{"plugin/unnamed-8ef9"}},
		{"others", []string{"x.mainly", "main.mai", "y.main.func1", ".main", "local"}, 0, nil},
		{"broken escape", []string{"x%2.main"}, 0, nil},
		{"control characters", []string{"x%0a.main", "%1b[2J.main"}, 0, nil},
		{"too long", []string{strings.Repeat("y", maxName+1) + ".main"}, 0, nil},
		{"in a later window", []string{"example.com/p.main"}, 3*step/maxName + 1, []string{"example.com/p"}},
		{"two", []string{"a.main", "b.main", "a.main"}, 0, []string{"a", "b"}},
	} {
		m := image{is64: true, order: forms[0].order}
		for range tt.fill {
			m.syms = append(m.syms, long)
		}
		for _, n := range tt.names {
			m.syms = append(m.syms, symbol{name: n})
		}
		got, err := ReadMains(bytes.NewReader(m.bytes()))
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
	// Wherever the windows meet.
	for n := range 40 {
		m := image{is64: true, order: forms[0].order, syms: []symbol{{name: strings.Repeat("z", step-n)}, {name: "example.com/p.main"}}}
		if got, err := ReadMains(bytes.NewReader(m.bytes())); err != nil || len(got) != 1 {
			t.Errorf("%d: %q, %v", n, got, err)
		}
	}
}
