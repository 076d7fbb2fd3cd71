package check

import (
	"fmt"
	"go/version"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/modulestxt"
	"github.com/pinfix/pinfix/pinner"
)

// vendor compares vendor/ with what go mod vendor makes of want. What the
// vendored files hold is not looked at.
func (in *Input) vendor(want *pinner.Mod) []Problem {
	switch {
	case in.Vendor == nil && len(want.Require) == 0:
		return nil
	case in.Vendor == nil:
		return []Problem{{Kind: VendorDir, Module: want.Module.Mod.Path, Want: "vendor/", File: goMod, Line: line(in.Mod.Module.Syntax),
			Why: "pinfix apply writes it"}}
	case in.Vendor.Text == nil:
		return []Problem{{Kind: VendorDir, Module: want.Module.Mod.Path, Want: modulestxt.Name, File: goMod, Line: line(in.Mod.Module.Syntax),
			Why: "go mod vendor did not make vendor/, and pinfix apply does not replace it"}}
	}
	out := slices.Concat(in.entries(want), in.packages())
	if len(out) > 0 || !sameRequires(in.Mod, want) {
		return out // what else differs comes with these
	}
	return in.modulesText(want)
}

func sameRequires(a, b *pinner.Mod) bool {
	x, y := requireLines(a), requireLines(b)
	return maps.EqualFunc(x, y, func(r, s *modfile.Require) bool { return r.Mod == s.Mod })
}

// entries compares module by module.
func (in *Input) entries(want *pinner.Mod) []Problem {
	var out []Problem
	required, now := requireLines(want), requireLines(in.Mod)
	for _, p := range slices.Sorted(maps.Keys(required)) {
		r, v := required[p], in.Vendor.module(p)
		problem := Problem{Kind: VendorDir, Module: p, Want: r.Mod.Version, File: modulestxt.Name, Line: 1, Why: "vendor/ is not what go.mod asks for"}
		switch {
		case now[p] == nil || now[p].Mod != r.Mod:
			continue // a problem already: vendor/ comes with the version
		case v == nil:
		case v.Version != r.Mod:
			problem.Have, problem.Line = v.Version.Version, v.Line
		default:
			continue
		}
		out = append(out, problem)
	}
	for _, v := range in.Vendor.Modules {
		if required[v.Path] == nil && (v.Explicit || want.Pruned()) {
			out = append(out, Problem{Kind: VendorDir, Module: v.Path, Have: v.Version.Version, File: modulestxt.Name, Line: v.Line, Why: "go.mod does not require it"})
		}
	}
	return out
}

// packages compares the package lines with the directories.
func (in *Input) packages() []Problem {
	if in.Vendor.Dirs == nil {
		return nil
	}
	var out []Problem
	listed := map[string]bool{}
	for _, m := range in.Vendor.Modules {
		for _, p := range m.Packages {
			listed[p.Path] = true
			if !in.Vendor.Dirs[p.Path] {
				out = append(out, Problem{Kind: VendorDir, Module: m.Path, Want: p.Path, File: modulestxt.Name, Line: p.Line, Why: "the package is not in vendor/"})
			}
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(in.Vendor.Dirs)) {
		if !listed[dir] {
			out = append(out, Problem{Kind: VendorDir, Module: dir, Have: "vendor/" + dir, File: modulestxt.Name, Line: 1, Why: "modules.txt does not list the package"})
		}
	}
	return out
}

// quotable returns a line of modules.txt as an error may quote it. One that has no form of
// such a line is not quoted: the file may be a link to any other.
func quotable(line string) string {
	f := strings.Fields(line)
	isPath := func(s string) bool { return module.CheckPath(s) == nil }
	switch {
	case line == "", strings.HasPrefix(line, "## "), len(f) == 1 && isPath(f[0]):
		return line
	case len(f) > 2 && f[0] == "#" && isPath(f[1]) && (f[2] == "=>" || semver.IsValid(f[2])):
		return line
	}
	return "this line"
}

// modulesText compares modules.txt line by line with what go mod vendor writes
// for want, given its packages and their go lines.
func (in *Input) modulesText(want *pinner.Mod) []Problem {
	have := strings.SplitAfter(strings.ReplaceAll(string(in.Vendor.Text), "\r\n", "\n"), "\n")
	should := strings.SplitAfter(in.Vendor.expect(want), "\n")
	for i := range max(len(have), len(should)) {
		h, w := "", ""
		if i < len(have) {
			h = have[i]
		}
		if i < len(should) {
			w = should[i]
		}
		if h != w {
			return []Problem{{Kind: VendorDir, Module: in.Vendor.moduleAt(i + 1), Want: strings.TrimSpace(w), Have: quotable(strings.TrimSpace(h)),
				File: modulestxt.Name, Line: min(i+1, max(len(have)-1, 1)), Why: "not as go mod vendor writes it"}}
		}
	}
	return nil
}

// moduleAt returns the module whose entry holds the line.
func (v *Vendor) moduleAt(line int) string {
	name := path.Base(modulestxt.Name)
	for _, m := range v.Modules {
		if m.Line > line {
			break
		}
		name = m.Path
	}
	return name
}

// expect writes a modules.txt for mod (cmd/go/internal/modcmd/vendor.go): a
// module's packages and its go line are those that v has.
func (v *Vendor) expect(mod *pinner.Mod) string {
	annotate := mod.Go != nil && version.Compare("go"+mod.GoVersion(), "go1.14") >= 0
	var list []modulestxt.Module
	explicit := map[string]bool{}
	for _, r := range mod.Require {
		m := modulestxt.Module{Version: r.Mod, Explicit: true}
		if old := v.module(r.Mod.Path); old != nil {
			m.Packages, m.Go = old.Packages, old.Go
		}
		list, explicit[r.Mod.Path] = append(list, m), true
	}
	for _, m := range v.Modules {
		if !explicit[m.Path] {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b modulestxt.Module) int { return strings.Compare(a.Path, b.Path) })
	var b strings.Builder
	used := map[module.Version]bool{}
	for _, m := range list {
		b.WriteString(moduleLine(m.Version, mod, used))
		switch explicit := explicit[m.Path] && annotate; {
		case explicit && m.Go != "":
			fmt.Fprintf(&b, "## explicit; go %s\n", m.Go)
		case explicit:
			b.WriteString("## explicit\n")
		case m.Go != "":
			fmt.Fprintf(&b, "## go %s\n", m.Go)
		}
		pkgs := slices.SortedFunc(slices.Values(m.Packages), func(a, b modulestxt.Package) int { return strings.Compare(a.Path, b.Path) })
		for _, p := range slices.CompactFunc(pkgs, func(a, b modulestxt.Package) bool { return a.Path == b.Path }) {
			b.WriteString(p.Path + "\n")
		}
	}
	if annotate {
		for _, r := range mod.Replace {
			if !used[r.Old] {
				used[r.Old] = true
				b.WriteString(replaceLine(r.Old, r.New))
			}
		}
	}
	return b.String()
}

// moduleLine is "# path version" with its replacement.
func moduleLine(v module.Version, mod *pinner.Mod, used map[module.Version]bool) string {
	src := mod.Source(v)
	if src == v && !slices.ContainsFunc(mod.Replace, func(r *modfile.Replace) bool { return r.Old == v }) {
		return "# " + at(v) + "\n"
	}
	used[v] = true
	return replaceLine(v, src)
}

func replaceLine(from, to module.Version) string { return "# " + at(from) + " => " + at(to) + "\n" }
