package pinner

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// versions gives the world's releases, as the go command lists them.
func (w world) versions(t testing.TB) Versions {
	return func(paths []string) (map[string][]string, error) {
		out := map[string][]string{}
		for _, p := range paths {
			for key := range w {
				path, v, _ := strings.Cut(key, "@")
				if path == p && v != "" && semver.Prerelease(v) == "" {
					out[p] = append(out[p], v)
				}
			}
			semver.Sort(out[p])
		}
		return out, nil
	}
}

func (w world) candidates(t testing.TB) Candidates { return Candidates{w.versions(t), w.source(t)} }

// capsOf reads "example.com/x v1.0.0" lines.
func capsOf(t testing.TB, lines ...string) []Cap {
	t.Helper()
	var caps []Cap
	for _, p := range pinsOf(t, lines...) {
		caps = append(caps, Cap{Version: p.Version})
	}
	return caps
}

// words returns caps as "path version cause".
func words(caps []Cap) []string {
	out := []string{}
	for _, c := range caps {
		out = append(out, c.Path+" "+c.Version.Version+" "+c.Cause)
	}
	slices.Sort(out)
	return out
}

func TestAllows(t *testing.T) {
	plan := &Plan{
		Pins: pinsOf(t, "x v1.2.0", "old v2.0.0+incompatible", "odd v0.0.0-20240201000000-222222222222"),
		Caps: capsOf(t, "y v1.1.0", "x v9.0.0"),

		server: serverOf("1.22.12", nil),
	}
	tests := []struct {
		name, mod string
		exceeds   string // "" with allows false: its go line
		allows    bool
	}{
		{"nothing", "go 1.20", "", true},
		{"at the pin", "go 1.20; require x v1.2.0", "", true},
		{"below the pin", "require x v1.1.0", "", true},
		{"above the pin", "require x v1.2.1", "x@v1.2.1", false},
		{"a pre-release above the pin", "require x v1.3.0-rc.1", "x@v1.3.0-rc.1", false},
		{"a pre-release below the pin", "require x v1.2.0-rc.1", "", true},
		{"above the cap", "require y v1.2.0", "y@v1.2.0", false},
		{"both", "require y v1.2.0; require x v1.3.0", "y@v1.2.0 x@v1.3.0", false},
		{"of no one's", "require z v0.9.9", "", true},
		{"incompatible below", "require old v1.9.0", "", true},
		{"incompatible above", "require old v3.0.0+incompatible", "old@v3.0.0+incompatible", false},
		{"pseudo-version below", "require odd v0.0.0-20240101000000-111111111111", "", true},
		{"pseudo-version above", "require odd v0.0.0-20240301000000-333333333333", "odd@v0.0.0-20240301000000-333333333333", false},
		{"a release above a pseudo-version", "require odd v0.1.0", "odd@v0.1.0", false},
		{"a newer Go", "go 1.23", "", false},
		{"the server's language", "go 1.22", "", true},
		{"the server's release", "go 1.22.12", "", true},
		{"a newer point release", "go 1.22.13", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := Summarize("go.mod", []byte("module m\n"+strings.ReplaceAll(test.mod, "; ", "\n")+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range (limit{plan.server, plan.bounds()}).exceeds(s) {
				got = append(got, v.String())
			}
			if strings.Join(got, " ") != test.exceeds {
				t.Errorf("exceeds %v, want %q", got, test.exceeds)
			}
			if plan.Allows(s) != test.allows {
				t.Errorf("Allows: %v", !test.allows)
			}
		})
	}
}

func TestBelow(t *testing.T) {
	w := world{
		"m@v1.0.0": "", "m@v1.1.0": "", "m@v1.2.0": "", "m@v1.2.0-rc.1": "", "m@v1.10.0": "",
		"old@v1.9.0": "", "old@v2.0.0+incompatible": "", "old@v3.0.0+incompatible": "",
	}
	const jan, feb, mar = "v0.0.0-20240101000000-111111111111", "v0.0.0-20240201000000-222222222222", "v0.0.0-20240301000000-333333333333"
	tests := []struct {
		name  string
		v     string
		known []string
		want  string
	}{
		{"newest first", "m@v1.10.0", nil, "v1.2.0 v1.1.0 v1.0.0"},
		{"none", "m@v1.0.0", nil, ""},
		{"below a pre-release", "m@v1.2.0-rc.1", nil, "v1.1.0 v1.0.0"},
		{"not what is only known", "m@v1.2.0", []string{"v1.1.5"}, "v1.1.0 v1.0.0"},
		{"incompatible", "old@v3.0.0+incompatible", nil, "v2.0.0+incompatible v1.9.0"},
		{"no releases", "odd@" + feb, []string{feb, jan, mar}, jan},
		{"no releases, a known pre-release", "odd@v1.0.0", []string{"v0.9.0-rc.1", "v0.8.0"}, "v0.8.0"},
		{"pseudo-version above releases", "m@v1.11.0-0.20240101000000-111111111111", []string{"v1.11.0-0.20230101000000-111111111111", "v1.2.0"}, "v1.11.0-0.20230101000000-111111111111 v1.10.0 v1.2.0 v1.1.0 v1.0.0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path, v, _ := strings.Cut(test.v, "@")
			got, err := w.candidates(t).Below(module.Version{Path: path, Version: v}, test.known)
			if err != nil || strings.Join(got, " ") != test.want {
				t.Errorf("%q, %v; want %q", strings.Join(got, " "), err, test.want)
			}
		})
	}
}

// TestBelowReleases: a pre-release that the source lists all the same is not taken.
func TestBelowReleases(t *testing.T) {
	c := Candidates{Versions: func([]string) (map[string][]string, error) {
		return map[string][]string{"m": {"v1.0.0", "v1.1.0-rc.1", "v1.1.0", "v1.2.0"}}, nil
	}}
	got, err := c.Below(module.Version{Path: "m", Version: "v1.2.0"}, nil)
	if err != nil || strings.Join(got, " ") != "v1.1.0 v1.0.0" {
		t.Errorf("%v, %v", got, err)
	}
	offline := errors.New("offline")
	c.Versions = func([]string) (map[string][]string, error) { return nil, offline }
	if _, err := c.Below(module.Version{Path: "m", Version: "v1.2.0"}, nil); !errors.Is(err, offline) {
		t.Errorf("%v", err)
	}
}

func TestAbove(t *testing.T) {
	w := world{"m@v1.0.0": "", "m@v1.1.0": "", "m@v1.2.0-rc.1": "", "m@v1.2.0": "", "m@v1.10.0": "", "m@v2.0.0+incompatible": "", "odd@v0.1.0": ""}
	for _, test := range []struct{ v, want string }{
		{"m@v1.0.0", "v1.1.0 v1.2.0 v1.10.0"},
		{"m@v1.2.0-rc.1", "v1.2.0 v1.10.0"},
		{"m@v1.10.0", ""},
		{"odd@v0.0.0-20240101000000-111111111111", "v0.1.0"},
		{"unlisted@v1.0.0", ""},
	} {
		path, v, _ := strings.Cut(test.v, "@")
		got, err := w.candidates(t).Above(module.Version{Path: path, Version: v})
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("above %s: %q, %v; want %q", test.v, strings.Join(got, " "), err, test.want)
		}
	}
}

// TestLeave: a module without a version for the server's Go is left out if the input
// says so, goes up where only a newer version serves, and one that the go command has
// refused counts although the graph does not show it.
func TestLeave(t *testing.T) {
	w := world{
		"a@v1.0.0": "go 1.20\nrequire b v1.1.0", "b@v1.0.0": "go 1.20", "b@v1.1.0": "go 1.30",
		"only@v1.0.0": "go 1.30", "up@v1.0.0": "go 1.30", "up@v1.1.0": "go 1.20", "up@v1.2.0": "go 1.20",
	}
	for _, test := range []struct {
		name, require, left, caps string
		refused                   []module.Version
	}{
		{name: "left out", require: "only v1.0.0", left: "only@v1.0.0"},
		{name: "up", require: "up v1.0.0", caps: "up@v1.1.0"},
		{name: "not shown", require: "a v1.0.0"},
		{name: "refused", require: "a v1.0.0", refused: []module.Version{{Path: "b", Version: "v1.1.0"}}, caps: "b@v1.0.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			user := parse(t, "module plugin\n\ngo 1.22\n\nrequire "+test.require+"\n")
			in := Input{Server: &Server{Go: "go1.22.12"}, Mod: user, Source: w.source(t), Versions: w.versions(t), Leave: true, Refused: test.refused}
			plan, err := Make(in)
			if err != nil {
				t.Fatal(err)
			}
			var left, caps []string
			for _, m := range plan.Left {
				left = append(left, m.Version.String())
			}
			for _, c := range plan.Caps {
				caps = append(caps, c.Version.String())
			}
			if strings.Join(left, " ") != test.left || strings.Join(caps, " ") != test.caps {
				t.Errorf("left out %q, caps %q; want %q, %q", left, caps, test.left, test.caps)
			}
			if strings.Contains(string(plan.Mod.Text()), "require only") {
				t.Errorf("%s", plan.Mod.Text())
			}
			in.Leave = false
			if _, err := Make(in); (err != nil) != (test.left != "") {
				t.Errorf("without Leave: %v", err)
			}
		})
	}
}

// TestNewest: go.mod files are read a few at a time, newest first, until one
// serves.
func TestNewest(t *testing.T) {
	w := world{}
	var all []string
	for _, v := range strings.Fields("v1.19.0 v1.18.0 v1.17.0 v1.16.0 v1.15.0 v1.14.0 v1.13.0 v1.12.0 v1.11.0 v1.10.0 v1.9.0 v1.8.0 v1.7.0 v1.6.0 v1.5.0 v1.4.0 v1.3.0") {
		w["m@"+v] = "go 1.2" + v[len(v)-3:len(v)-2] // v1.19.0: go 1.29
		all = append(all, v)
	}
	tests := []struct {
		ok   func(*Summary) bool
		want string
		read int
	}{
		{func(*Summary) bool { return true }, "v1.19.0", 8},
		{func(s *Summary) bool { return s.Go == "1.21" }, "v1.11.0", 16},
		{func(*Summary) bool { return false }, "", 17},
	}
	for _, test := range tests {
		read := 0
		c := Candidates{Source: func(vs []module.Version) (map[module.Version]*Summary, error) {
			read += len(vs)
			return w.source(t)(vs)
		}}
		got, err := c.First("m", all, test.ok)
		if err != nil || got != test.want || read != test.read {
			t.Errorf("%q after %d files, %v; want %q after %d", got, read, err, test.want, test.read)
		}
	}
	c := Candidates{Source: func([]module.Version) (map[module.Version]*Summary, error) { return nil, errors.New("offline") }}
	if _, err := c.First("m", all, nil); err == nil || err.Error() != "versions of m: offline" {
		t.Errorf("%v", err)
	}
}

// TestPrepare: what a round needs of several modules is asked for in one call each.
func TestPrepare(t *testing.T) {
	w := world{"a@v1.0.0": "", "a@v1.1.0": "", "b@v1.0.0": "", "b@v1.1.0": ""}
	var asked []string
	c := Candidates{
		Versions: func(paths []string) (map[string][]string, error) {
			if len(paths) > 1 {
				asked = append(asked, "versions "+strings.Join(paths, " "))
			}
			return w.versions(t)(paths)
		},
		Source: func(vs []module.Version) (map[module.Version]*Summary, error) {
			var s []string
			for _, v := range vs {
				s = append(s, v.String())
			}
			asked = append(asked, "go.mod "+strings.Join(s, " "))
			return w.source(t)(vs)
		},
	}
	if err := c.Prepare([]module.Version{{Path: "a", Version: "v1.1.0"}, {Path: "b", Version: "v1.1.0"}}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"versions a b", "go.mod a@v1.0.0 b@v1.0.0"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q", asked)
	}
	asked = nil
	if err := c.Prepare(nil); err != nil || asked != nil {
		t.Errorf("for nothing: %q, %v", asked, err)
	}
}

// TestCapped: a cap is required and what is above it excluded; a pin of the same
// module goes before it; an exclude of an earlier round goes with its cap.
func TestCapped(t *testing.T) {
	w := world{
		"a@v1.1.0": "go 1.20; require m v1.2.0", "m@v1.0.0": "go 1.20", "m@v1.1.0": "go 1.20", "m@v1.2.0": "go 1.20; require x v1.2.0",
		"x@v1.0.0": "", "x@v1.2.0": "",
	}
	user := "module p\n\ngo 1.22\n\nrequire a v1.1.0\n"
	tests := []struct {
		name                string
		pins, caps, exclude []string
		want                string
	}{
		{"cap", nil, []string{"m v1.1.0"}, nil, "require a@v1.1.0 m@v1.1.0 exclude m@v1.2.0"},
		{"pin first", []string{"m v1.0.0"}, []string{"m v1.1.0"}, nil, "require a@v1.1.0 m@v1.0.0 exclude m@v1.2.0"},
		{"cap and pin", []string{"x v1.0.0"}, []string{"m v1.1.0"}, nil, "require a@v1.1.0 x@v1.0.0 m@v1.1.0 exclude m@v1.2.0"},
		{"exclude above a cap", nil, []string{"m v1.0.0"}, []string{"m v1.1.0"}, "require a@v1.1.0 m@v1.0.0 exclude m@v1.1.0 m@v1.2.0"},
		{"exclude without its cap", nil, nil, []string{"m v1.1.0", "m v1.2.0"}, "require a@v1.1.0 exclude"},
		{"exclude at another cap", nil, []string{"m v1.1.0"}, []string{"m v1.1.0"}, "require a@v1.1.0 m@v1.1.0 exclude m@v1.2.0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := Input{Server: serverOf("1.22.12", pinsOf(t, test.pins...)), Mod: parse(t, user), Pins: pinsOf(t, test.pins...), Caps: capsOf(t, test.caps...), Source: w.source(t)}
			for _, c := range capsOf(t, test.exclude...) {
				in.Exclude = append(in.Exclude, c.Version)
			}
			plan, err := Make(in)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{"require"}
			for _, r := range plan.Mod.Require {
				got = append(got, r.Mod.String())
			}
			got = append(got, "exclude")
			for _, x := range plan.Mod.Exclude {
				got = append(got, x.Mod.String())
			}
			if s := strings.Join(got, " "); s != test.want && s != test.want+" exclude" {
				t.Errorf("got  %s\nwant %s", s, test.want)
			}
		})
	}
}
