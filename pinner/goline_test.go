package pinner

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestGoLine: what happens to modules whose go line is above the server's Go.
func TestGoLine(t *testing.T) {
	w := world{
		"m@v1.0.0": "go 1.20", "m@v1.1.0": "go 1.22", "m@v1.2.0": "go 1.24", "m@v1.3.0": "go 1.26",
		"only@v1.0.0": "go 1.26",
		"x@v1.0.0":    "go 1.20", "x@v1.5.0": "go 1.26",
		"deep@v1.0.0": "go 1.20; require m v1.3.0", "deep@v1.1.0": "go 1.26; require m v1.3.0",
		"wide@v1.0.0": "require m v1.3.0",
		"m@v1.4.0":    "go 1.20", "pulls@v1.0.0": "require x v1.5.0", "x@v1.6.0": "go 1.20",
		"up@v1.0.0": "go 1.16; require down v1.2.0", "down@v1.2.0": "go 1.20; require m v1.3.0",
		"y@v1.0.0": "go 1.20", "y@v1.1.0": "go 1.20", "y@v1.2.0": "go 1.26", "y@v1.3.0": "go 1.26", "mid@v1.0.0": "go 1.16; require y v1.2.0",
	}
	tests := []struct {
		name     string
		require  string // of the plugin
		pins     []string
		keep     []string
		unlinked []string
		offline  bool // Input.Versions is nil
		caps     string
		err      string
	}{
		{name: "fits", require: "m v1.1.0"},
		{name: "lowered to the newest that fits", require: "m v1.3.0", caps: "m v1.1.0 go"},
		{name: "the server's own version", require: "x v1.5.0", pins: []string{"x v1.0.0"}},
		{name: "the server's own, two versions above it", require: "mid v1.0.0, y v1.3.0", pins: []string{"y v1.0.0"}},
		{name: "two", require: "m v1.3.0, deep v1.1.0", caps: "deep v1.0.0 go, m v1.1.0 go"},
		{name: "uncovered by a cap", require: "deep v1.1.0, m v1.3.0 // indirect", caps: "deep v1.0.0 go, m v1.1.0 go"},
		{name: "not linked: excluded", require: "wide v1.0.0", unlinked: []string{"m"}},
		{name: "linked through an unpruned module", require: "wide v1.0.0", caps: "m v1.1.0 go"},
		{name: "not the version that is selected", require: "wide v1.0.0, m v1.4.0"},
		{name: "asked for above a pin as well", require: "up v1.0.0, m v1.3.0", pins: []string{"down v1.1.0"}, caps: "m v1.1.0 go"},
		{name: "below the server's version", require: "pulls v1.0.0, x v1.6.0", pins: []string{"x v1.6.0"}},
		{name: "no older version", require: "only v1.0.0", err: "only@v1.0.0 needs Go 1.26; the server has Go 1.22.12; no older version of it asks for less"},
		{name: "kept", require: "m v1.3.0", keep: []string{"m"}, err: "m@v1.3.0 needs Go 1.26; the server has Go 1.22.12; it is kept by --keep"},
		{name: "versions not asked for", require: "m v1.3.0", offline: true, err: "m@v1.3.0 needs Go 1.26; the server has Go 1.22.12"},
		{name: "who asks for it", require: "wide v1.0.0", keep: []string{"m"}, err: "m@v1.3.0 needs Go 1.26; the server has Go 1.22.12 (wide@v1.0.0 -> m@v1.3.0); it is kept by --keep"},
		{name: "as far as it goes, then the rest", require: "m v1.3.0, only v1.0.0", err: "only@v1.0.0 needs Go 1.26"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			user := "module p\n\ngo 1.26\n\nrequire (\n\t" + strings.ReplaceAll(test.require, ", ", "\n\t") + "\n)\n"
			in := Input{
				Server: serverOf("1.22.12", pinsOf(t, test.pins...)), Mod: parse(t, user), Keep: test.keep, Source: w.source(t), Versions: w.versions(t),
				Linked: func(path string) bool { return !slices.Contains(test.unlinked, path) },
			}
			if test.offline {
				in.Versions = nil
			}
			plan, err := Make(in)
			if test.err != "" {
				var tooNew *TooNewError
				if !errors.As(err, &tooNew) || !strings.HasPrefix(err.Error(), test.err) {
					t.Fatalf("got  %v\nwant %s", err, test.err)
				}
				if tooNew.NextStep() == "" {
					t.Error("no next step")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(words(plan.Caps), ", "); got != test.caps {
				t.Errorf("caps %q, want %q", got, test.caps)
			}
			needed, _, err := plan.Recheck(in, plan.Mod)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range needed { // another round, as after tidy, comes to the same
				if !slices.ContainsFunc(plan.Demands, func(e Demand) bool { return e.Version == d.Version }) {
					in.Exclude = append(in.Exclude, d.Version)
				}
			}
			again, err := Make(in)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(words(again.Caps), ", "); got != test.caps {
				t.Errorf("caps of another round %q, want %q", got, test.caps)
			}
			m, err := plan.Finish(in.Mod, plan.Mod, needed)
			if err != nil {
				t.Fatal(err)
			}
			g, err := LoadGraph(m, in.Source)
			if err != nil {
				t.Fatal(err)
			}
			if left := g.tooNew(in.Server); len(left) > 0 {
				t.Errorf("left in the graph: %v", left)
			}
			for _, c := range plan.Caps {
				if g.Selected(c.Path) != c.Version.Version {
					t.Errorf("%s is %s", c.Version, g.Selected(c.Path))
				}
			}
		})
	}
}
