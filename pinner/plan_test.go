package pinner

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
)

func TestSetGo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ server, goLine, toolchain, wantGo, wantToolchain string }{
		{"1.23.5", "1.23.5", "", "1.23.5", ""},
		{"1.23.5", "1.23", "", "1.23", ""},
		{"1.23.5", "1.23.6", "", "1.23.5", ""},
		{"1.23.5", "1.24rc1", "", "1.23.5", ""},
		{"1.23.5", "1.26.0", "", "1.23.5", ""},
		{"1.23.5", "1.13", "", "1.13", ""},
		{"1.23.5", "", "", "", ""},
		{"1.23.5", "1.22.0", "go1.23.5", "1.22.0", "go1.23.5"},
		{"1.23.5", "1.22.0", "go1.23.6", "1.22.0", "go1.23.5"},
		{"1.23.5", "1.26.0", "go1.26.2", "1.23.5", "go1.23.5"},
		{"1.23.5", "1.22.0", "default", "1.22.0", "default"},
		{"1.21.0", "1.21", "", "1.21", ""},
		{"1.21.0", "1.21.1", "", "1.21.0", ""},
		{"1.21.0", "1.20", "go1.21.0", "1.20", "go1.21.0"},
		{"1.21rc2", "1.21.0", "", "1.21rc2", ""},
		{"1.20.14", "1.20", "", "1.20", ""},
		{"1.20.14", "1.21", "", "1.20", ""},
		{"1.20.14", "1.21.3", "", "1.20", ""},
		{"1.20.14", "1.18.3", "", "1.18", ""},
		{"1.20.14", "1.20.5", "", "1.20", ""},
		{"1.20.14", "1.20.0", "", "1.20", ""},
		{"1.20.14", "1.26.0", "go1.26.2", "1.20", ""},
		{"1.20.14", "1.19", "default", "1.19", ""},
		{"1.19.13", "1.20", "", "1.19", ""},
	} {
		t.Run(fmt.Sprintf("%s for %s, %s", tt.server, tt.goLine, tt.toolchain), func(t *testing.T) {
			t.Parallel()
			text := "module example.com/plugin\n"
			if tt.goLine != "" {
				text += "\ngo " + tt.goLine + "\n"
			}
			if tt.toolchain != "" {
				text += "\ntoolchain " + tt.toolchain + "\n"
			}
			m := parse(t, text)
			if err := setGo(m, tt.server); err != nil {
				t.Fatal(err)
			}
			m = parse(t, string(m.Text()))
			var goLine, toolchain string
			if m.Go != nil {
				goLine = m.Go.Version
			}
			if m.Toolchain != nil {
				toolchain = m.Toolchain.Name
			}
			if goLine != tt.wantGo || toolchain != tt.wantToolchain {
				t.Errorf("go %s, toolchain %s; want go %s, toolchain %s", goLine, toolchain, tt.wantGo, tt.wantToolchain)
			}
		})
	}
}

func TestGoVersion(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"go1.23.5": "1.23.5", "go1.20": "1.20", "go1.24rc1": "1.24rc1",
		"go1.23.5 X:nocoverageredesign": "1.23.5", "go1.22.5-custom": "1.22.5",
	} {
		if got := (&Server{Go: in}).GoVersion(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// TestMakeDirectives: what an old Go does not know is an error that names
// each line.
func TestMakeDirectives(t *testing.T) {
	t.Parallel()
	const user = `module example.com/plugin

go 1.25.0
godebug default=go1.21
tool (
	example.com/a
	example.com/b
)
ignore ./x
retract v1.0.0
`
	for _, tt := range []struct {
		server string
		want   []string
	}{
		{"1.25.0", nil},
		{"1.26.1", nil},
		{"1.24.13", []string{"go.mod:9: ignore is not known to the server's Go 1.24.13 (it came with Go 1.25)"}},
		{"1.23.5", []string{
			"go.mod:6: tool is not known to the server's Go 1.23.5 (it came with Go 1.24)",
			"go.mod:7: tool is not known to the server's Go 1.23.5 (it came with Go 1.24)",
			"go.mod:9: ignore is not known to the server's Go 1.23.5 (it came with Go 1.25)",
		}},
		{"1.20.14", []string{
			"go.mod:4: godebug is not known to the server's Go 1.20.14 (it came with Go 1.23)",
			"go.mod:6: tool is not known to the server's Go 1.20.14 (it came with Go 1.24)",
			"go.mod:7: tool is not known to the server's Go 1.20.14 (it came with Go 1.24)",
			"go.mod:9: ignore is not known to the server's Go 1.20.14 (it came with Go 1.25)",
		}},
	} {
		t.Run(tt.server, func(t *testing.T) {
			t.Parallel()
			_, err := Make(Input{Server: serverOf(tt.server, nil), Mod: parse(t, user), Source: world{}.source(t)})
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if tt.want != nil && fault.Next(err) == "" {
				t.Errorf("%T has no next step", err)
			}
		})
	}
}

// requireLines are the require, exclude and replace lines of a go.mod, without
// marks.
func requireLines(m *Mod) []string {
	var out []string
	for _, r := range m.Require {
		out = append(out, r.Mod.String())
	}
	for _, x := range m.Exclude {
		out = append(out, "not "+x.Mod.String())
	}
	for _, r := range m.Replace {
		out = append(out, r.Old.String()+" => "+r.New.String())
	}
	return out
}

func TestMake(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		server   string // Go release
		has      []string
		pins     []string // nil: all that the server has
		user     string   // below the module line
		world    world
		raise    []string
		drop     []string
		exclude  []string
		want     []string
		demands  []string
		warnings []string
		err      string
	}{
		{
			name: "excludes in rounds: the excluded version's requirement hid another",
			has:  []string{"example.com/x v1.0.0"},
			user: "go 1.16\nrequire example.com/d v1.0.0",
			world: world{
				"example.com/d@v1.0.0": "require example.com/x v1.3.0; require example.com/e v1.0.0",
				"example.com/x@v1.3.0": "require example.com/y v1.0.0",
				"example.com/x@v1.0.0": "require example.com/f v1.0.0",
				"example.com/e@v1.0.0": "require example.com/x v1.2.0",
				"example.com/f@v1.0.0": "require example.com/x v1.1.0",
			},
			want: []string{"example.com/d@v1.0.0", "example.com/x@v1.0.0", "not example.com/x@v1.1.0", "not example.com/x@v1.2.0", "not example.com/x@v1.3.0"},
			demands: []string{
				"example.com/x@v1.1.0: example.com/x@v1.0.0 -> example.com/f@v1.0.0 -> example.com/x@v1.1.0",
				"example.com/x@v1.2.0: example.com/d@v1.0.0 -> example.com/e@v1.0.0 -> example.com/x@v1.2.0",
				"example.com/x@v1.3.0: example.com/d@v1.0.0 -> example.com/x@v1.3.0",
			},
		},
		{
			name: "an excluded version brings another pin up: a second round",
			has:  []string{"example.com/x v1.0.0", "example.com/y v1.0.0"},
			user: "go 1.16\nrequire (\n\texample.com/d v1.0.0\n\texample.com/x v1.0.0\n)",
			world: world{
				"example.com/d@v1.0.0": "require example.com/z v1.0.0",
				"example.com/z@v1.0.0": "require example.com/y v1.1.0",
			},
			want: []string{"example.com/d@v1.0.0", "example.com/x@v1.0.0", "example.com/y@v1.0.0", "not example.com/y@v1.1.0"},
			demands: []string{
				"example.com/y@v1.1.0: example.com/d@v1.0.0 -> example.com/z@v1.0.0 -> example.com/y@v1.1.0",
			},
		},
		{
			name:  "a pruned graph hides what is deeper",
			has:   []string{"example.com/x v1.0.0"},
			user:  "go 1.22\nrequire example.com/d v1.0.0",
			world: world{"example.com/d@v1.0.0": "go 1.22; require example.com/e v1.0.0", "example.com/e@v1.0.0": "go 1.22; require example.com/x v1.2.0"},
			want:  []string{"example.com/d@v1.0.0", "example.com/x@v1.0.0"},
		},
		{
			name:    "pre-releases, pseudo-versions and +incompatible are in order",
			has:     []string{"example.com/x v1.0.1-0.20240101000000-abcdefabcdef", "example.com/y v2.1.0+incompatible"},
			user:    "go 1.22\nrequire example.com/d v1.0.0",
			world:   world{"example.com/d@v1.0.0": "go 1.22; require example.com/x v1.0.1; require example.com/x v1.0.0; require example.com/y v3.0.0+incompatible"},
			want:    []string{"example.com/d@v1.0.0", "example.com/x@v1.0.1-0.20240101000000-abcdefabcdef", "example.com/y@v2.1.0+incompatible", "not example.com/x@v1.0.1", "not example.com/y@v3.0.0+incompatible"},
			demands: []string{"example.com/x@v1.0.1: example.com/d@v1.0.0 -> example.com/x@v1.0.1", "example.com/y@v3.0.0+incompatible: example.com/d@v1.0.0 -> example.com/y@v3.0.0+incompatible"},
		},
		{
			name:    "what an earlier round found stays excluded",
			has:     []string{"example.com/x v1.0.0"},
			user:    "go 1.22\nrequire example.com/x v1.0.0",
			exclude: []string{"example.com/x v1.4.0"},
			want:    []string{"example.com/x@v1.0.0", "not example.com/x@v1.4.0"},
		},
		{
			name:  "raise a parent, but never lower it",
			user:  "go 1.22\nrequire (\n\texample.com/p v1.0.0\n\texample.com/q v1.9.0\n)",
			raise: []string{"example.com/p v1.2.0", "example.com/q v1.2.0", "example.com/r v1.0.0"},
			want:  []string{"example.com/p@v1.2.0", "example.com/q@v1.9.0", "example.com/r@v1.0.0"},
		},
		{
			name:    "drop a nested module",
			has:     []string{"example.com/p v1.0.0"},
			user:    "go 1.22\nrequire (\n\texample.com/p v1.2.0\n\texample.com/p/nested v1.0.0\n\texample.com/d v1.0.0\n)",
			world:   world{"example.com/d@v1.0.0": "go 1.22; require example.com/p/nested v1.1.0"},
			drop:    []string{"example.com/p/nested"},
			want:    []string{"example.com/p@v1.0.0", "example.com/d@v1.0.0", "not example.com/p/nested@v1.1.0"},
			demands: []string{"example.com/p/nested@v1.1.0: example.com/d@v1.0.0 -> example.com/p/nested@v1.1.0"},
		},
		{
			name:  "the server replaces, the plugin does not",
			has:   []string{"example.com/x v1.0.0 => example.com/fork v1.5.0"},
			user:  "go 1.22\nrequire example.com/x v1.2.0",
			world: world{"example.com/fork@v1.5.0": "go 1.22; require example.com/x v1.1.0"},
			want:  []string{"example.com/x@v1.0.0", "not example.com/x@v1.1.0", "example.com/x => example.com/fork@v1.5.0"},
			demands: []string{
				"example.com/x@v1.1.0: example.com/x@v1.0.0 -> example.com/x@v1.1.0",
			},
		},
		{
			name:     "the server has it from a directory",
			has:      []string{"example.com/x v1.0.0 => ./x"},
			user:     "go 1.22\nrequire example.com/x v1.2.0",
			want:     []string{"example.com/x@v1.0.0"},
			warnings: []string{"the server took example.com/x@v1.0.0 from a directory (./x); its source cannot be seen, so verify the built plugin"},
		},
		{
			name:     "the plugin has it from a directory",
			has:      []string{"example.com/x v1.0.0"},
			user:     "go 1.22\nrequire example.com/x v1.2.0\nreplace example.com/x => ../x",
			want:     []string{"example.com/x@v1.0.0", "example.com/x => ../x"},
			warnings: []string{"go.mod:4: example.com/x is replaced by the directory ../x; it loads only if that holds the server's source"},
		},
		{
			name:     "a line for the pinned version goes, the one for another stays",
			has:      []string{"example.com/x v1.0.0"},
			user:     "go 1.22\nrequire example.com/x v1.2.0\nreplace example.com/x v1.0.0 => example.com/fork v1.0.0\nreplace example.com/x v1.2.0 => example.com/fork v1.2.0",
			want:     []string{"example.com/x@v1.0.0", "example.com/x@v1.2.0 => example.com/fork@v1.2.0"},
			warnings: []string{"go.mod:4: replace example.com/x => example.com/fork@v1.0.0 is removed: the server does not replace it"},
		},
		{
			name: "a module that the server does not share is none of our business",
			has:  []string{"example.com/x v1.0.0", "example.com/other v1.0.0 => example.com/fork v1.0.0"},
			pins: []string{"example.com/x v1.0.0"},
			user: "go 1.22\nrequire (\n\texample.com/x v1.2.0\n\texample.com/other v1.2.0\n)\nreplace example.com/other => example.com/mine v1.0.0",
			want: []string{"example.com/x@v1.0.0", "example.com/other@v1.2.0", "example.com/other => example.com/mine@v1.0.0"},
		},
		{
			name:   "a module too new for the server's Go is held at the server's version",
			server: "1.23.5",
			has:    []string{"example.com/x v1.0.0", "example.com/new v1.0.0"},
			pins:   []string{"example.com/x v1.0.0"},
			user:   "go 1.22\nrequire (\n\texample.com/x v1.0.0\n\texample.com/new v1.5.0\n)",
			world:  world{"example.com/new@v1.5.0": "go 1.26.0", "example.com/new@v1.0.0": "go 1.20"},
			want:   []string{"example.com/x@v1.0.0", "example.com/new@v1.0.0"},
		},
		{
			name:   "a module too new for the server's Go that the server does not have",
			server: "1.23.5",
			has:    []string{"example.com/x v1.0.0"},
			user:   "go 1.22\nrequire (\n\texample.com/x v1.0.0\n\texample.com/d v1.0.0\n)",
			world:  world{"example.com/d@v1.0.0": "go 1.16; require example.com/new v1.5.0", "example.com/new@v1.5.0": "go 1.26.0"},
			err:    "example.com/new@v1.5.0 needs Go 1.26.0; the server has Go 1.23.5 (example.com/d@v1.0.0 -> example.com/new@v1.5.0)",
		},
		{
			name:   "Go 1.20 reads any go line",
			server: "1.20.14",
			has:    []string{"example.com/x v1.0.0"},
			user:   "go 1.26\nrequire (\n\texample.com/x v1.2.0\n\texample.com/new v1.5.0\n)",
			world:  world{"example.com/new@v1.5.0": "go 1.26.0"},
			want:   []string{"example.com/x@v1.0.0", "example.com/new@v1.5.0"},
		},
		{
			name:     "the user's exclude of the pin goes, those above it stay",
			has:      []string{"example.com/x v1.0.0"},
			user:     "go 1.22\nrequire example.com/x v1.2.0\nexclude (\n\texample.com/x v1.0.0\n\texample.com/x v1.1.0\n)",
			want:     []string{"example.com/x@v1.0.0", "not example.com/x@v1.1.0"},
			warnings: []string{"go.mod:5: exclude example.com/x@v1.0.0 is removed: the server links it"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.server == "" {
				tt.server = "1.26.0"
			}
			has := pinsOf(t, tt.has...)
			in := Input{Server: serverOf(tt.server, has), Pins: has, Drop: tt.drop, Source: tt.world.source(t)}
			if tt.pins != nil {
				in.Pins = pinsOf(t, tt.pins...)
			}
			for _, p := range pinsOf(t, tt.raise...) {
				in.Raise = append(in.Raise, p.Version)
			}
			for _, p := range pinsOf(t, tt.exclude...) {
				in.Exclude = append(in.Exclude, p.Version)
			}
			in.Mod = parse(t, "module example.com/plugin\n"+tt.user+"\n")
			plan, err := Make(in)
			if tt.err != "" {
				var tooNew *TooNewError
				if err == nil || err.Error() != tt.err || !errors.As(err, &tooNew) || tooNew.NextStep() == "" {
					t.Fatalf("error %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, requireLines(plan.Mod)); d != "" {
				t.Errorf("go.mod (-want +got):\n%s", d)
			}
			var demands []string
			for _, d := range plan.Demands {
				demands = append(demands, d.Version.String()+": "+strings.Join(d.By, ", "))
			}
			slices.Sort(demands)
			if d := cmp.Diff(tt.demands, demands); d != "" {
				t.Errorf("demands (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.warnings, plan.Warnings); d != "" {
				t.Errorf("warnings (-want +got):\n%s", d)
			}
		})
	}
}

// TestRecheck: tidy may bring modules that ask for more, and make excludes
// needless.
func TestRecheck(t *testing.T) {
	t.Parallel()
	pins := pinsOf(t, "example.com/x v1.0.0")
	w := world{
		"example.com/d@v1.0.0": "go 1.22; require example.com/x v1.1.0",
		"example.com/e@v1.0.0": "go 1.22; require example.com/x v1.2.0",
	}
	user := parse(t, "module example.com/plugin\n\ngo 1.22\n\nrequire example.com/d v1.0.0\n")
	in := Input{Server: serverOf("1.26.0", pins), Mod: user, Pins: pins, Source: w.source(t)}
	plan, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	tidied := parse(t, string(plan.Mod.Text()))
	tidied.DropRequire("example.com/d")
	if err := tidied.AddRequire("example.com/e", "v1.0.0"); err != nil {
		t.Fatal(err)
	}
	needed, g, err := plan.Recheck(in, tidied)
	if err != nil {
		t.Fatal(err)
	}
	want := []Demand{{Version: module.Version{Path: "example.com/x", Version: "v1.2.0"}, By: []string{"example.com/e@v1.0.0 -> example.com/x@v1.2.0"},
		Chains: [][]module.Version{{{Path: "example.com/e", Version: "v1.0.0"}, {Path: "example.com/x", Version: "v1.2.0"}}}, From: module.Version{Path: "example.com/e", Version: "v1.0.0"}}}
	if d := cmp.Diff(want, needed); d != "" {
		t.Errorf("needed (-want +got):\n%s", d)
	}
	if v := g.Selected("example.com/x"); v != "v1.0.0" {
		t.Errorf("%s is selected", v)
	}
	m, err := plan.Finish(user, tidied, needed)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"example.com/x@v1.0.0", "example.com/e@v1.0.0", "not example.com/x@v1.2.0"}, requireLines(m)); d != "" {
		t.Errorf("go.mod (-want +got):\n%s", d)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	v := func(path, version string) module.Version { return module.Version{Path: path, Version: version} }
	has := []string{
		"example.com/x v1.0.0", "example.com/y v1.0.0 => example.com/fork v1.0.0", "example.com/p v1.0.0", "example.com/p/nested v1.0.0",
		"example.com/space (devel)", "example.com/unshared v1.0.0",
	}
	linked := []Linked{
		{"example.com/y/sub", v("example.com/y", "v2.0.0")},
		{"example.com/x", v("example.com/x", "v1.1.0")},
		{"example.com/x/sub", v("example.com/x", "v1.1.0")},
		{"example.com/mine", v("example.com/mine", "v1.0.0")},
	}
	for _, tt := range []struct {
		name     string
		linked   []Linked
		packages []string // of the server; nil: not known
		pins     []string
		splits   []string
		own      []string
	}{
		{name: "nothing", packages: []string{"example.com/x"}},
		{name: "packages not known", linked: linked, pins: []string{"example.com/x v1.0.0", "example.com/y v1.0.0 => example.com/fork v1.0.0"}},
		{name: "packages known", linked: linked, packages: []string{"fmt", "example.com/x/sub", "example.com/unshared"}, pins: []string{"example.com/x v1.0.0"}},
		{name: "a module linked in both, no package of it", linked: []Linked{{"example.com/x/other", v("example.com/x", "v1.1.0")}}, packages: []string{"example.com/x"}},
		{name: "the server's own package", linked: []Linked{{"example.com/server/api", v("example.com/server", "v1.0.0")}}, packages: []string{"example.com/server/api"}, own: []string{"example.com/server/api"}},
		{name: "the server's own, packages not known", linked: []Linked{{"example.com/server/api", v("example.com/server", "v1.0.0")}}, own: []string{"example.com/server/api"}},
		{name: "the server's own main, but the package is not linked there", linked: []Linked{{"example.com/server/api", v("example.com/server", "v1.0.0")}}, packages: []string{"example.com/server/main"}},
		{name: "a workspace module", linked: []Linked{{"example.com/space/api", v("example.com/space", "v1.0.0")}}, packages: []string{"example.com/space/api"}, own: []string{"example.com/space/api"}},
		{name: "the package moved into a nested module", linked: []Linked{{"example.com/p/nested/a", v("example.com/p", "v0.9.0")}}, packages: []string{"example.com/p/nested/a"},
			pins: []string{"example.com/p/nested v1.0.0"}, splits: []string{"example.com/p/nested/a: example.com/p@v0.9.0 -> example.com/p/nested v1.0.0"}},
		{name: "the same, packages not known", linked: []Linked{{"example.com/p/nested/a", v("example.com/p", "v0.9.0")}},
			pins: []string{"example.com/p/nested v1.0.0"}, splits: []string{"example.com/p/nested/a: example.com/p@v0.9.0 -> example.com/p/nested v1.0.0"}},
		{name: "the server is older than the move", linked: []Linked{{"example.com/p/later/a", v("example.com/p/later", "v1.0.0")}}, packages: []string{"example.com/p/later/a"},
			pins: []string{"example.com/p v1.0.0"}, splits: []string{"example.com/p/later/a: example.com/p/later@v1.0.0 -> example.com/p v1.0.0"}},
		{name: "the same, packages not known: no one can say", linked: []Linked{{"example.com/p/later/a", v("example.com/p/later", "v1.0.0")}}},
		{name: "both, sorted", linked: []Linked{{"example.com/p/later/a", v("example.com/p/later", "v1.0.0")}, {"example.com/p", v("example.com/p", "v0.9.0")}, {"example.com/p/nested/a", v("example.com/p", "v0.9.0")}},
			packages: []string{"example.com/p/nested/a", "example.com/p/later/a", "example.com/p"},
			pins:     []string{"example.com/p v1.0.0", "example.com/p/nested v1.0.0"},
			splits:   []string{"example.com/p/later/a: example.com/p/later@v1.0.0 -> example.com/p v1.0.0", "example.com/p/nested/a: example.com/p@v0.9.0 -> example.com/p/nested v1.0.0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serverOf("1.26.0", pinsOf(t, has...))
			if tt.packages != nil {
				s.Packages = map[string]Fingerprint{}
				for _, p := range tt.packages {
					s.Packages[p] = Fingerprint{1}
				}
			}
			match := Compare(s, tt.linked)
			var pins, splits, own []string
			for _, p := range match.Pins {
				pins = append(pins, p.String())
			}
			for _, p := range match.Splits {
				splits = append(splits, fmt.Sprintf("%s: %s -> %s", p.Package, p.From, p.To))
			}
			for _, l := range match.Own {
				own = append(own, l.Path)
			}
			if d := cmp.Diff([][]string{tt.pins, tt.splits, tt.own}, [][]string{pins, splits, own}); d != "" {
				t.Errorf("pins, splits, own (-want +got):\n%s", d)
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	packages := map[string]Fingerprint{"fmt": {1}}
	for _, tt := range []struct {
		name string
		s    Server
		want string // part of the reason; "" = not refused
	}{
		{"linux", Server{Settings: map[string]string{"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "1"}, Packages: packages}, ""},
		{"packages not known", Server{Settings: map[string]string{"GOOS": "linux", "GOARCH": "arm64"}}, ""},
		{"no settings", Server{}, ""},
		{"windows", Server{Settings: map[string]string{"GOOS": "windows", "GOARCH": "amd64"}}, "Windows"},
		{"another", Server{Settings: map[string]string{"GOOS": "openbsd", "GOARCH": "amd64"}}, "openbsd/amd64"},
		{"lines of its own", Server{Settings: map[string]string{"GOOS": "linux", "GOARCH": "amd64\n::x"}}, `linux/amd64\n::x; Go`},
		{"no cgo", Server{Settings: map[string]string{"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "0"}}, "CGO_ENABLED=0"},
		{"no plugin support", Server{Settings: map[string]string{"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "1"}, Packages: map[string]Fingerprint{}}, "cannot load plugins"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.s.Refuses()
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || fault.Next(err) == ""):
				t.Errorf("got %v", err)
			}
		})
	}
}
