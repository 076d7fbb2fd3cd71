package pinner_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

// TestRealServers plans against the build info of real servers: a plugin that
// links all of their modules at other versions, with a graph that asks for
// newer ones still, gets every line of it, both halves.
func TestRealServers(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/servers/*.buildinfo")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d servers: %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".buildinfo")
		for _, form := range []string{"as it is", "with forks"} {
			t.Run(name+" "+form, func(t *testing.T) {
				t.Parallel()
				server, err := target.Parse(data)
				if err != nil {
					t.Fatal(err)
				}
				if n := strings.Count(string(data), "\tdep\t"); len(server.Pins) != n || n < 40 {
					t.Fatalf("%d pins of %d dep lines", len(server.Pins), n)
				}
				if form == "with forks" {
					fork(server)
				}
				reproduces(t, server)
			})
		}
	}
}

// fork replaces some of the server's modules; none of the servers available does.
func fork(s *pinner.Server) {
	for i := range s.Pins {
		switch p := &s.Pins[i]; i % 3 {
		case 1:
			p.Replace = module.Version{Path: fmt.Sprintf("example.com/fork%d", i), Version: "v1.5.0"}
		case 2:
			p.Replace = module.Version{Path: p.Path, Version: p.Version.Version} // its own path
		}
	}
}

// other returns a version of the pin's module that sorts next to its own.
func other(v module.Version, minor string) string {
	return semver.Major(v.Version) + "." + minor + semver.Build(v.Version)
}

// reproduces plans for a plugin that has every pin wrong.
func reproduces(t *testing.T, s *pinner.Server) {
	var user strings.Builder
	fmt.Fprintf(&user, "module example.com/plugin\n\ngo 1.26.0\n\nrequire (\n\texample.com/greedy v1.0.0\n")
	greedy := &pinner.Summary{Go: "1.20"}
	var linked []pinner.Linked
	for i, p := range s.Pins {
		v := module.Version{Path: p.Path, Version: other(p.Version, []string{"0.0-0", "998.0"}[i%2])}
		if i%5 > 0 {
			fmt.Fprintf(&user, "\t%s %s // indirect\n", v.Path, v.Version)
		}
		linked = append(linked, pinner.Linked{Path: p.Path, Module: v})
		greedy.Require = append(greedy.Require, module.Version{Path: p.Path, Version: other(p.Version, "999.0")})
	}
	user.WriteString(")\n")
	mod, err := pinner.ParseMod("go.mod", []byte(user.String()))
	if err != nil {
		t.Fatal(err)
	}
	source := func(want []module.Version) (map[module.Version]*pinner.Summary, error) {
		out := map[module.Version]*pinner.Summary{}
		for _, v := range want {
			if out[v] = greedy; v.Path != "example.com/greedy" {
				out[v] = &pinner.Summary{}
			}
		}
		return out, nil
	}

	match := pinner.Compare(s, linked)
	if len(match.Pins) != len(s.Pins) || len(match.Own)+len(match.Splits) > 0 {
		t.Fatalf("%d of %d modules are shared; own %v, splits %v", len(match.Pins), len(s.Pins), match.Own, match.Splits)
	}
	in := pinner.Input{Server: s, Mod: mod, Pins: match.Pins, Source: source}
	plan, err := pinner.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	needed, graph, err := plan.Recheck(in, plan.Mod)
	if err != nil {
		t.Fatal(err)
	}
	done, err := plan.Finish(mod, plan.Mod, needed)
	if err != nil {
		t.Fatal(err)
	}
	f, err := modfile.Parse("go.mod", done.Bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(pinLines(s.Pins), buildInfoLines(f, graph)); d != "" {
		t.Errorf("build info of server and plugin (-server +plugin):\n%s", d)
	}
	if v := f.Go.Version; v != s.GoVersion() {
		t.Errorf("go %s, the server has %s", v, s.GoVersion())
	}

	back, err := pinner.ParseMod("go.mod", done.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := back.Restore(); err != nil {
		t.Fatal(err)
	}
	dropSelected(t, mod, back, source)
	if d := cmp.Diff(string(mod.Bytes()), string(back.Bytes())); d != "" {
		t.Errorf("Restore (-user +restored):\n%s", d)
	}
}

// dropSelected drops from a restored go.mod the lines that the user's did not
// have; they must say what the user's graph selects anyway.
func dropSelected(t *testing.T, user, back *pinner.Mod, source pinner.Source) {
	g, err := pinner.LoadGraph(user, source)
	if err != nil {
		t.Fatal(err)
	}
	had := map[string]bool{}
	for _, r := range user.Require {
		had[r.Mod.Path] = true
	}
	for _, r := range back.Require {
		if had[r.Mod.Path] {
			continue
		}
		if v := g.Selected(r.Mod.Path); v != r.Mod.Version {
			t.Errorf("Restore leaves %s; the user's graph selects %q", r.Mod, v)
		}
		back.DropRequire(r.Mod.Path)
	}
	back.Cleanup()
}

func pinLines(pins []pinner.Pin) map[string]string {
	lines := map[string]string{}
	for _, p := range pins {
		lines[p.Path] = p.String()
	}
	return lines
}

// buildInfoLines are the dep lines that a build with the go.mod would have.
func buildInfoLines(f *modfile.File, g *pinner.Graph) map[string]string {
	lines := map[string]string{}
	for _, r := range f.Require {
		if r.Mod.Path == "example.com/greedy" {
			continue
		}
		p := pinner.Pin{Version: module.Version{Path: r.Mod.Path, Version: g.Selected(r.Mod.Path)}}
		for _, x := range f.Replace {
			if x.Old.Path == p.Path && (x.Old.Version == "" || x.Old == p.Version) {
				p.Replace = x.New
			}
		}
		lines[p.Path] = p.String()
	}
	return lines
}

// TestRealPackages compares a plugin with all packages that a real Nakama
// links: every module of its build info owns one.
func TestRealPackages(t *testing.T) {
	t.Parallel()
	var data []byte
	for _, name := range []string{"nakama-3.26.0.buildinfo", "nakama-3.26.0.pkghash"} {
		b, err := os.ReadFile(filepath.Join("../testdata/servers", name))
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, b...)
	}
	server, err := target.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var linked []pinner.Linked
	for path := range server.Packages {
		for _, p := range server.Pins {
			if path == p.Path || strings.HasPrefix(path, p.Path+"/") {
				linked = append(linked, pinner.Linked{Path: path, Module: module.Version{Path: p.Path, Version: "v0.0.1"}})
			}
		}
	}
	linked = append(linked, pinner.Linked{Path: "example.com/mine", Module: module.Version{Path: "example.com/mine", Version: "v1.0.0"}})
	match := pinner.Compare(server, linked)
	owners := map[string]string{}
	for _, p := range match.Pins {
		owners[p.Path] = p.String()
	}
	if d := cmp.Diff(pinLines(server.Pins), owners); d != "" {
		t.Errorf("(-build info +owners of packages):\n%s", d)
	}
	if len(match.Own) > 0 {
		t.Errorf("own: %v", match.Own)
	}
}
