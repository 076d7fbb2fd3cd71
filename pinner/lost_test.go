package pinner

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"
)

// without is the world's source, which has lost some versions.
func (w world) without(t testing.TB, lost ...string) Source {
	all := w.source(t)
	return func(want []module.Version) (map[module.Version]*Summary, error) {
		var have, gone []module.Version
		for _, v := range want {
			if strings.Contains(" "+strings.Join(lost, " ")+" ", " "+v.String()+" ") {
				gone = append(gone, v)
			} else {
				have = append(have, v)
			}
		}
		sums, err := all(have)
		if err == nil && len(gone) > 0 {
			err = &LostError{gone, fmt.Errorf("%s is gone", gone[0])}
		}
		return sums, err
	}
}

func TestLost(t *testing.T) {
	t.Parallel()
	// Nothing is pruned: old, of no go line, is below the plugin.
	w := world{
		"example.com/old@v1.0.0":    "require example.com/a v0.1.0",
		"example.com/mid@v1.0.0":    "go 1.18; require example.com/gone v0.1.0",
		"example.com/shared@v1.0.0": "go 1.20",
		"example.com/newer@v1.0.0":  "go 1.21",
		"example.com/cap@v1.2.0":    "go 1.99",
	}
	const old = "require example.com/old v1.0.0\n"
	for _, tt := range []struct {
		name, mod, pin, lost string
		want                 []string // nil: the plan cannot be made
		goLine               string
		left                 []string
	}{
		{"selected at a newer version", "go 1.13\n" + old + "require example.com/a v1.0.0\n", "example.com/shared v1.0.0", "example.com/a@v0.1.0",
			[]string{"example.com/old@v1.0.0", "example.com/a@v1.0.0", "example.com/shared@v1.0.0", "not example.com/a@v0.1.0"}, "1.13", []string{"example.com/a@v0.1.0"}},
		{"pinned at a newer version", "go 1.13\n" + old, "example.com/a v1.0.0", "example.com/a@v0.1.0",
			[]string{"example.com/old@v1.0.0", "example.com/a@v1.0.0", "not example.com/a@v0.1.0"}, "1.13", []string{"example.com/a@v0.1.0"}},
		{"pinned at an older version", "go 1.13\nrequire example.com/a v1.2.0\n", "example.com/a v1.0.0", "example.com/a@v1.2.0",
			[]string{"example.com/a@v1.0.0"}, "1.13", nil},
		{"above a pin", "go 1.13\n" + old, "example.com/a v0.0.1", "example.com/a@v0.1.0",
			[]string{"example.com/old@v1.0.0", "example.com/a@v0.0.1", "not example.com/a@v0.1.0"}, "1.13", nil},
		{"selected", "go 1.13\n" + old, "example.com/shared v1.0.0", "example.com/a@v0.1.0", nil, "", nil},
		{"the pin itself", "go 1.13\n" + old, "example.com/shared v1.0.0", "example.com/shared@v1.0.0", nil, "", nil},
		{"pruned where a pin raises the go line", "go 1.13\nrequire example.com/mid v1.0.0\n", "example.com/newer v1.0.0", "example.com/gone@v0.1.0",
			[]string{"example.com/mid@v1.0.0", "example.com/newer@v1.0.0"}, "1.21", []string{"example.com/gone@v0.1.0"}},
		{"not pruned without", "go 1.13\nrequire example.com/mid v1.0.0\n", "example.com/shared v1.0.0", "example.com/gone@v0.1.0", nil, "", nil},
		{"the pin itself, below a demand", "go 1.13\n" + old + "require example.com/shared v1.1.0\n", "example.com/a v0.0.1", "example.com/a@v0.0.1", nil, "", nil},
		{"never loaded", "go 1.17\nrequire example.com/mid v1.0.0\n", "example.com/shared v1.0.0", "example.com/gone@v0.1.0",
			[]string{"example.com/mid@v1.0.0", "example.com/shared@v1.0.0"}, "1.17", nil},
		{"a candidate", "go 1.20\nrequire example.com/cap v1.2.0\n", "example.com/shared v1.0.0", "example.com/cap@v1.1.0",
			[]string{"example.com/cap@v1.0.0", "example.com/shared@v1.0.0"}, "1.20", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pins := pinsOf(t, tt.pin)
			released := world{"example.com/cap@v1.0.0": "", "example.com/cap@v1.1.0": "", "example.com/cap@v1.2.0": ""}
			in := Input{Server: serverOf("1.23.5", pins), Mod: parse(t, "module example.com/plugin\n\n"+tt.mod), Pins: pins, Source: w.without(t, tt.lost), Versions: released.versions(t)}
			plan, err := Make(in)
			if tt.want == nil {
				var lost *LostError
				if !errors.As(err, &lost) || len(lost.Modules) != 1 || lost.Modules[0].String() != tt.lost {
					t.Errorf("%v, want a LostError of %s", err, tt.lost)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, requireLines(plan.Mod)); d != "" {
				t.Errorf("go.mod (-want +got):\n%s", d)
			}
			if plan.Mod.GoVersion() != tt.goLine {
				t.Errorf("go %s, want %s", plan.Mod.GoVersion(), tt.goLine)
			}
			var left []string
			for _, d := range plan.Lost {
				left = append(left, d.Version.String())
			}
			if d := cmp.Diff(tt.left, left); d != "" {
				t.Errorf("left out (-want +got):\n%s", d)
			}

			// Tidied, it is the same, and a second plan from it too.
			needed, _, err := plan.Recheck(in, plan.Mod)
			if err != nil {
				t.Fatal(err)
			}
			m, err := plan.Finish(in.Mod, plan.Mod, needed)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(slices.Sorted(slices.Values(tt.want)), slices.Sorted(slices.Values(requireLines(m)))); d != "" {
				t.Errorf("finished (-want +got):\n%s", d)
			}
			again := parse(t, string(m.Text()))
			if err := again.Restore(); err != nil {
				t.Fatal(err)
			}
			in.Mod = again
			second, err := Make(in)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(slices.Sorted(slices.Values(tt.want)), slices.Sorted(slices.Values(requireLines(second.Mod)))); d != "" {
				t.Errorf("again (-want +got):\n%s", d)
			}
		})
	}
}
