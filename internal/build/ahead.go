package build

import (
	"bytes"
	"errors"
	"maps"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/compiles"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/modulestxt"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/prove"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/vars"
	"github.com/pinfix/pinfix/internal/verify"
	"github.com/pinfix/pinfix/pinner"
)

// parse returns an error if a Go file of the plugin's own does not parse: what else is wrong
// can wait. A pinned build has looked already.
func (b *builder) parse() error {
	if b.o.pinned != nil {
		return nil
	}
	g := &look.Graph{Files: look.Files{Tree: look.Disk(b.plugin.Root), Root: b.plugin.Root}, Mod: b.plugin.Now, Server: b.server}
	var roots []string
	for _, out := range b.outputs {
		roots = append(roots, path.Clean(filepath.ToSlash(out.pkg)))
	}
	l, _, err := g.List(roots)
	var broken *importgraph.BrokenError
	if errors.As(err, &broken) && broken.Next != "" {
		return broken
	}
	if err != nil {
		return nil // the compiler says it better
	}
	return compiles.Parse(importgraph.OnDisk(b.plugin.Root), l)
}

// ahead finds out, before the compiler runs, what the server would refuse in any case: the
// plugin's import graph, read from source as check does, has a package with another label
// than the server's. It returns the verdict for each such output.
//
// What it does not know, it leaves to the build: it judges only packages whose source is
// there, against a server that names its packages and was built with -trimpath, so that
// the label is in each fingerprint. Marks, go.sum and blank imports do not count: a plugin
// whose versions are the server's may be built, whoever wrote them.
func (b *builder) ahead() map[int]report.Verified {
	s := b.server
	if b.o.pinned != nil || b.work != nil || !s.Trimmed() || s.Packages == nil {
		return nil
	}
	g := b.graph()
	if g == nil {
		return nil
	}
	refused := map[int]report.Verified{}
	for i, out := range b.outputs {
		l, _, err := g.List([]string{path.Clean(filepath.ToSlash(out.pkg))})
		if err != nil {
			continue // the compiler says it better
		}
		if v := b.judge(g, l, out); v != nil {
			refused[i] = *v
		}
	}
	return refused
}

// graph is the plugin's import graph as the build takes it, nil where go.mod does not say
// which versions these are.
func (b *builder) graph() *look.Graph {
	mod := b.plugin.Now
	g := &look.Graph{Files: look.Files{Tree: look.Disk(b.plugin.Root), Root: b.plugin.Root}, Mod: mod, Server: b.server}
	if b.how.Mod != "vendor" {
		g.Cache = modcache.Dir(func(name string) string { return vars.Get(b.o.GoEnviron(), name) })
		if !mod.Pruned() {
			return nil
		}
		return g
	}
	text, err := bounded.ReadFile(filepath.Join(b.plugin.Root, "vendor", "modules.txt"), bounded.Mod)
	if err != nil {
		return nil
	}
	vendor, _ := modulestxt.Parse(text)
	for _, m := range vendor.Modules {
		if v := plugin.Required(mod, m.Path); v != "" && v != m.Version.Version {
			return nil // go build refuses such a vendor/, and says so at once
		}
	}
	g.Vendor = vendor.Versions()
	return g
}

// judge compares the packages of a plugin with the server by their labels, and returns the
// verdict if that is to refuse it.
func (b *builder) judge(g *look.Graph, l *importgraph.Listing, out Output) *report.Verified {
	plugin, err := b.expected(out)
	if err != nil {
		return nil
	}
	refused := false
	for pkg, p := range l.Packages {
		have, linked := b.server.Packages[pkg]
		label := b.server.Label(pkg)
		if !linked || p.Module == nil || p.Module.Main || label.Kind != pinner.LabelVersion || label.Test {
			continue
		}
		if is := (module.Version{Path: p.Module.Path, Version: p.Module.Version}); is != label.Pin.Version && exports(g, p) {
			refused = true
			have[0] ^= 0xff
		}
		plugin.Packages[pkg] = have
	}
	if !refused {
		return nil
	}
	v := prove.Report(out.Name, verify.Compare(b.server, plugin, nil))
	// Only the packages whose source was read are known: any number would be too low.
	v.Shared, v.Mismatched = 0, []report.Mismatch{}
	for i := range v.Causes {
		v.Causes[i].Packages = 0
	}
	return &v
}

// expected is the plugin that go build would make, as far as go.mod says, with no other
// package than its own.
func (b *builder) expected(out Output) (*pinner.Server, error) {
	mod := b.plugin.Now
	bi := &debug.BuildInfo{GoVersion: b.server.Go, Path: path.Join(mod.Module.Mod.Path, out.pkg), Main: debug.Module{Path: mod.Module.Mod.Path, Version: "(devel)"}}
	for _, r := range mod.Require {
		d := &debug.Module{Path: r.Mod.Path, Version: r.Mod.Version}
		if src := mod.Source(r.Mod); src != r.Mod || slices.ContainsFunc(mod.Replace, func(x *modfile.Replace) bool { return x.Old == r.Mod }) {
			d.Replace = &debug.Module{Path: src.Path, Version: src.Version}
		}
		bi.Deps = append(bi.Deps, d)
	}
	p, err := pinner.FromBuildInfo(bi)
	if err != nil {
		return nil, err
	}
	p.Settings = maps.Clone(b.server.Settings)
	p.Settings["-buildmode"] = "plugin"
	p.Binary = b.server.Binary
	p.Packages = map[string]pinner.Fingerprint{p.Path: {}}
	return p, nil
}

// exports reports whether a package surely declares a name that others can use: then the
// file's name, and the label in it, is part of the fingerprint. A package of blank imports
// alone has the same one at every version.
func exports(g *look.Graph, p *importgraph.Package) bool {
	return slices.ContainsFunc(slices.Concat(p.GoFiles, p.CgoFiles), func(name string) bool {
		src, err := g.Read(filepath.Join(p.Dir, name))
		if err != nil {
			return false
		}
		for _, word := range []string{"\nfunc ", "\ntype ", "\nvar ", "\nconst "} {
			for rest := src; ; {
				_, after, ok := bytes.Cut(rest, []byte(word))
				if !ok {
					break
				}
				if len(after) > 0 && after[0] >= 'A' && after[0] <= 'Z' {
					return true
				}
				rest = after
			}
		}
		return false
	})
}
