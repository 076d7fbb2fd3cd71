// Package drift finds where a plugin is no longer as pinfix apply leaves it ([CheckOne]): from
// its files, or from the git index, and without the go command.
package drift

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/check"
	"github.com/pinfix/pinfix/internal/edit"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/mains"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/modulestxt"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/syntax"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

// A checker looks whether one plugin is still pinned. It reads files, and runs
// neither the go command nor anything that needs the network.
type checker struct {
	o      wants.Options
	server *pinner.Server
	plugin *plugin.Plugin
	tree   look.Tree
	disk   bool     // the tree is the working tree
	seen   *Sources // what was read of it, and else; nil if no one asks
	// indexes are those of git that were read: the plugin's, and that of its snapshot above.
	indexes []*noting
	more    bool   // the outcome depends on more than what was read
	cache   string // GOMODCACHE
	in      *check.Input
	copied  map[string][]fs.DirEntry // files below vendor/, by directory
	stray   func() []check.Problem   // strays, once
	wants   *wants.Case              // what apply would want

	snapshot string // where it is seen from the module root, if another one is staged than is on the disk

	problems []check.Problem
	notes    []string
	doubts   []string // what is not known of a plugin without problems
}

func (c *checker) run(ctx context.Context) error {
	if err := c.useSource(ctx); err != nil {
		return err
	}
	if err := c.read(ctx); err != nil {
		return err
	}
	c.stray = sync.OnceValue(c.strays)
	pins, whole := check.Candidates(c.in)
	c.in.Pins = pins
	if err := c.find(); err != nil {
		return err
	}
	if len(c.problems) == 0 && whole && len(c.plugin.Patterns) == 0 && c.plugin.File == "" && !c.mayClash() && check.Certain(c.in, c.o.Imports != "none" && !c.wants.OwnTree()) {
		return nil
	}
	return c.exact()
}

// useSource lends the plugin's go.mod what its go.work gives it, as apply does: the
// server's modules, from their source, and a requirement of each.
func (c *checker) useSource(ctx context.Context) error {
	var err error
	if c.wants, err = wants.New(ctx, c.o, c.server, c.plugin, c.readTree); err != nil || c.wants.ServerSource == nil {
		return err
	}
	lent, err := c.plugin.Now.Clone()
	if err != nil {
		return err
	}
	if err := c.wants.ServerSource.Lend(lent, c.plugin.Root); err != nil {
		return err
	}
	mod := c.plugin.Now
	for _, r := range lent.Replace {
		if !slices.ContainsFunc(mod.Replace, func(have *modfile.Replace) bool { return have.Old == r.Old }) {
			mod.Replace = append(mod.Replace, &modfile.Replace{Old: r.Old, New: r.New, Syntax: c.borrow(r.Syntax.Token)})
		}
	}
	return nil
}

// borrow adds a line of the loan to go.mod: after the module line, where it is not among
// those that pinfix writes at the end.
func (c *checker) borrow(tokens []string) *modfile.Line {
	if tokens[0] != "require" && tokens[0] != "replace" {
		tokens = append([]string{"replace"}, tokens...) // of a block
	}
	line := &modfile.Line{Token: tokens}
	syntax := c.plugin.Now.Syntax
	at := slices.IndexFunc(syntax.Stmt, func(e modfile.Expr) bool { return e == modfile.Expr(c.plugin.Now.Module.Syntax) })
	syntax.Stmt = slices.Insert(syntax.Stmt, at+1, modfile.Expr(line))
	return line
}

// readTree reads a file next to go.mod: that of the tree or, where it is in no commit,
// of the disk.
func (c *checker) readTree(name string) ([]byte, error) {
	data, err := c.tree.ReadFile(filepath.Base(name))
	if errors.Is(err, fs.ErrNotExist) {
		return workspace.ReadMod(name)
	}
	return data, err
}

// mayClash reports whether the server links a package that one of the plugin's
// directories has the import path of.
func (c *checker) mayClash() bool {
	module := c.plugin.User.Module.Mod.Path
	var pkgs []string
	for _, f := range c.in.Files {
		pkgs = append(pkgs, path.Join(module, f.Dir()))
	}
	return c.server.Clash(module, pkgs) != ""
}

// find sets the problems that the files show with c.in.Pins.
func (c *checker) find() (err error) {
	if c.problems, err = check.Problems(c.in); err == nil && len(c.problems) == 0 {
		c.problems = c.stray()
	}
	return err
}

// read reads the plugin's files.
func (c *checker) read(ctx context.Context) error {
	sum, err := place.Optional(c.tree.ReadFile("go.sum"))
	if err != nil {
		return fault.CannotRead("go.sum", err)
	}
	if at := syntax.Sum("go.sum", sum); at != nil {
		return at
	}
	c.in = &check.Input{Server: c.server, Mod: c.plugin.Now, User: c.plugin.User, Sum: sum}
	if c.in.Files, err = look.Scan(c.tree); err != nil {
		return fault.CannotRead("", err)
	}
	c.in.Plugins = c.plugins()
	if err := c.syntax(); err != nil {
		return err
	}
	if !slices.ContainsFunc(c.in.Files, func(f look.File) bool { return f.Package == "main" && !f.Test() }) {
		return plugin.NoPlugin(c.plugin.Root, c.plugin.User.Module.Mod.Path)
	}
	c.borrowed()
	_, missing := c.tree.ReadDir("vendor")
	c.in.WantVendor, _, _ = c.wants.VendorRule(ctx, missing == nil).Decide()
	c.in.Vendor, err = c.readVendor()
	return err
}

// borrowed adds the requirements of the loan: where there is a go.work, go.mod need not
// have them.
func (c *checker) borrowed() {
	source := c.wants.ServerSource
	if source == nil {
		return
	}
	c.in.Least = workspace.GoLine(source.Mods()...)
	for _, m := range source.Others(c.plugin.User.Module.Mod.Path) {
		if plugin.Required(c.in.Mod, m.Path) != "" {
			continue
		}
		direct := slices.ContainsFunc(c.in.Files, func(f look.File) bool {
			return !f.Ignored && slices.ContainsFunc(f.Imports, func(im look.Import) bool { return modpath.In(im.Path, m.Path) })
		})
		line := c.borrow([]string{"require", modfile.AutoQuote(m.Path), noVersion})
		if !direct {
			line.Suffix = []modfile.Comment{{Token: "// indirect", Suffix: true}}
		}
		v := module.Version{Path: m.Path, Version: noVersion}
		c.in.Mod.Require = append(c.in.Mod.Require, &modfile.Require{Mod: v, Indirect: !direct, Syntax: line})
	}
}

// noVersion is what go mod tidy requires of a module that only a replace line has.
const noVersion = "v0.0.0-00010101000000-000000000000"

func (c *checker) readVendor() (*check.Vendor, error) {
	entries, err := c.tree.ReadDir("vendor")
	if err != nil || len(entries) == 0 {
		return nil, nil // apply makes it, or says what is wrong with it
	}
	text, err := place.Optional(c.tree.ReadFile("vendor/modules.txt"))
	if err != nil {
		return nil, fault.CannotRead("vendor/modules.txt", err)
	}
	v := check.ParseVendor(text)
	if v.Text = text; text == nil || !c.in.WantVendor {
		return v, nil
	}
	c.copied = map[string][]fs.DirEntry{}
	v.Dirs = map[string]bool{}
	return v, c.vendorDirs("vendor", entries, v.Dirs)
}

// vendorDirs finds the directories with Go files below vendor/.
func (c *checker) vendorDirs(dir string, entries []fs.DirEntry, dirs map[string]bool) error {
	pkg := strings.TrimPrefix(dir, "vendor/")
	for _, e := range entries {
		switch {
		case e.IsDir():
			sub := path.Join(dir, e.Name())
			below, err := c.tree.ReadDir(sub)
			if err != nil {
				return fault.CannotRead(sub, err)
			}
			if err := c.vendorDirs(sub, below, dirs); err != nil {
				return err
			}
		case path.Ext(e.Name()) == ".go":
			dirs[pkg], c.copied[pkg] = true, entries
		}
	}
	return nil
}

// strays compares vendor/ with the module cache, as far as that holds its
// modules.
func (c *checker) strays() []check.Problem {
	if !c.in.WantVendor || c.in.Vendor == nil {
		return nil
	}
	var copies []look.Copy
	var out []check.Problem
	for _, m := range c.in.Vendor.Modules {
		src := c.plugin.Now.Source(m.Version)
		c.seen.add(modcache.Places(c.cache, src)...)
		if sum, err := modcache.GoMod(c.cache, src); err == nil && c.plugin.Now.Pruned() && sum.Go != m.Go && src.Version != "" {
			out = append(out, check.Problem{Kind: check.VendorDir, Module: m.Path, Want: "go " + sum.Go, Have: "go " + m.Go, File: modulestxt.Name, Line: m.Line + 1, Why: "the go line of " + src.String()})
		}
		for _, p := range m.Packages {
			copies = append(copies, look.Copy{Package: p.Path, In: m.Path, Module: src, Files: c.copied[p.Path]})
		}
	}
	if c.disk { // of what is staged, names count
		c.seen.copies(c.plugin.Root, copies)
	}
	strays := look.Strays(c.cache, copies, c.disk)
	for _, m := range c.in.Vendor.Modules {
		for _, p := range m.Packages {
			stray, ok := strays[p.Path]
			problem := check.Problem{Kind: check.VendorDir, Module: m.Path, File: path.Join("vendor", p.Path, stray.File), Line: 1, Why: "not what go mod vendor copies from " + c.plugin.Now.Source(m.Version).String()}
			switch {
			case !ok:
				continue
			case stray.Missing: // an annotation needs a file
				problem.Want, problem.Why = problem.File, "go mod vendor copies it"
				problem.File, problem.Line = modulestxt.Name, p.Line
			}
			out = append(out, problem)
		}
	}
	return out
}

// exact decides with the import graph, read from source files: which modules are
// really linked in both, and which blank imports apply would choose.
func (c *checker) exact() error {
	roots, err := c.roots()
	if err != nil {
		return err
	}
	g := &look.Graph{Files: look.Files{Tree: c.tree, Root: c.plugin.Root, Seen: func(name string) { c.seen.add(name) }}, Cache: c.cache, Mod: c.plugin.Now, Server: c.server}
	if c.in.Vendor != nil {
		g.Vendor = c.in.Vendor.Versions()
	}
	l, missing, err := g.List(roots)
	if err != nil {
		return err
	}
	if len(l.Roots) == 0 {
		return plugin.NoPlugin(c.plugin.Root, c.plugin.User.Module.Mod.Path)
	}
	match := pinner.Compare(c.server, l.Linked())
	c.more = c.more || len(match.Own)+len(match.Unknown)+len(match.Splits)+len(missing) > 0
	sources := importgraph.Read(c.plugin.Root, g.Read, g.Imports)
	if done := c.foreign(sources, l, match, missing); done {
		return nil
	}
	c.in.Pins = match.Pins
	if slices.ContainsFunc(missing, func(m look.Missing) bool { return !m.Unrequired || !c.in.Mod.Pruned() }) {
		c.incomplete()
	}
	if err := c.find(); err != nil {
		return err
	}
	c.unrequired(missing)
	if len(missing) > 0 {
		return nil
	}
	return c.blankImports(sources, l)
}

// unrequired adds the packages that no required module has: a tidy go.mod
// requires all modules that the plugin takes a package from.
func (c *checker) unrequired(missing []look.Missing) {
	if !c.in.Mod.Pruned() {
		return
	}
	for _, m := range missing {
		if _, own := modpath.Cut(m.Package, c.plugin.User.Module.Mod.Path); own {
			c.problems = append(c.problems, c.in.Absent(m.Package, m.By))
			continue
		}
		p := c.in.Unrequired(m.Package, m.By)
		if m.Unrequired && !slices.ContainsFunc(c.problems, func(q check.Problem) bool { return q.Module == p.Module }) {
			c.problems = append(c.problems, p)
		}
	}
}

// incomplete is for a plugin whose modules are not available: no vendor/, nothing
// in the module cache. What pinfix has marked was shared when it did; what is
// not marked, and not imported by the plugin itself, cannot be determined.
func (c *checker) incomplete() {
	candidates, _ := check.Candidates(c.in)
	var open []string
	for _, p := range candidates {
		switch {
		case slices.ContainsFunc(c.in.Pins, func(q pinner.Pin) bool { return q.Path == p.Path }):
		case c.in.Marked(p.Path) || c.in.Links(p):
			c.in.Pins = append(c.in.Pins, p)
		case !c.in.Mod.Has(p):
			open = append(open, p.Path)
		}
	}
	slices.SortFunc(c.in.Pins, func(a, b pinner.Pin) int { return strings.Compare(a.Path, b.Path) })
	if !c.in.Mod.Pruned() {
		c.notes = append(c.notes, fmt.Sprintf("a go.mod with go %s does not list what its modules link: only pinfix apply --dry-run can tell about those", c.in.Mod.GoVersion()))
	}
	if len(open) > 0 {
		c.notes = append(c.notes, fmt.Sprintf("whether the plugin links %s, which the server has at another version, cannot be determined without vendor/ or the module cache; pinfix apply --dry-run can", strings.Join(open, ", ")))
	}
}

// foreign finds what apply would refuse: a package that the server has under the same
// path, or that no go.mod can give its label. It reports whether there are any.
func (c *checker) foreign(sources *importgraph.Sources, l *importgraph.Listing, match *pinner.Match, missing []look.Missing) bool {
	if err := c.wants.Clash(l); err != nil {
		module := c.plugin.User.Module.Mod.Path
		c.problems = []check.Problem{{Kind: check.Import, Module: module, Have: module, File: "go.mod", Line: max(c.plugin.Now.Module.Syntax.Start.Line, 1),
			Why: err.Error(), Fix: wants.NextClash(module)}}
		return true
	}
	for _, m := range missing {
		if pin := c.server.Label(m.Package).Pin; c.server.Owns(pin.Path) && c.wants.MayLink(m.Package) {
			match.Own = append(match.Own, pinner.Linked{Path: m.Package, Module: pin.Version})
		}
	}
	misfits, doubts := c.wants.Own(sources, l, match)
	c.doubts = append(c.doubts, doubts...)
	if len(misfits) == 0 {
		return false
	}
	c.problems = nil
	for _, m := range wants.Shown(misfits) {
		p := check.Problem{Kind: check.Import, Module: m.Pkg, Have: "imported", File: "go.mod", Line: 1, Why: m.Why, Fix: c.wants.NextOwn(m)}
		if len(m.At) == 0 && m.By != "" {
			p.Why = m.By + " imports it, " + m.Why
		}
		for _, at := range m.At {
			p.File, p.Line = at.File, at.Line
			c.problems = append(c.problems, p)
		}
		if len(m.At) == 0 {
			c.problems = append(c.problems, p)
		}
	}
	check.Sort(c.problems)
	return true
}

// blankImports compares pinfix's own imports with those that apply would choose.
func (c *checker) blankImports(sources *importgraph.Sources, l *importgraph.Listing) error {
	own, bare := importgraph.Files{}, importgraph.Files{}
	for _, f := range c.in.Files {
		if f.Bare != nil {
			src, err := c.tree.ReadFile(f.Name)
			if err != nil {
				return fault.CannotRead(f.Name, err)
			}
			own[f.Name], bare[f.Name] = src, f.Bare
		}
	}
	chosen, err := c.wants.ChooseImports(sources, bare, l, c.in.Pins, nil)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(chosen.Files)) {
		have, want := own[name], chosen.Files[name]
		if have == nil {
			if have, err = place.Optional(c.tree.ReadFile(name)); err != nil {
				return fault.CannotRead(name, err)
			}
		}
		if !bytes.Equal(have, want) {
			c.addImports(importProblems(name, have, want, l))
		}
	}
	check.Sort(c.problems)
	return nil
}

// addImports adds problems of blank imports, in place of those that go.mod shows
// of the same modules: these say which import, and where.
func (c *checker) addImports(list []check.Problem) {
	c.problems = slices.DeleteFunc(c.problems, func(p check.Problem) bool {
		return p.Kind == check.Import && p.File == "go.mod" && slices.ContainsFunc(list, func(q check.Problem) bool { return q.Module == p.Module })
	})
	c.problems = append(c.problems, list...)
}

func importProblems(name string, have, want []byte, l *importgraph.Listing) []check.Problem {
	old, _ := importgraph.ImportPaths(name, have)
	wanted, _ := importgraph.ImportPaths(name, want)
	var out []check.Problem
	for _, p := range wanted {
		if !slices.Contains(old, p) {
			out = append(out, check.Problem{Kind: check.Import, Module: edit.ModuleIn(l, p), Want: `_ "` + p + `"`, File: name, Line: importgraph.FirstImport(have), Why: "the blank import that keeps the pin"})
		}
	}
	for _, p := range old {
		if !slices.Contains(wanted, p) {
			out = append(out, check.Problem{Kind: check.Import, Module: edit.ModuleIn(l, p), Have: `_ "` + p + `"`, File: name, Line: importgraph.LineOf(have, p), Why: "no pin needs it any more"})
		}
	}
	if len(out) == 0 && len(wanted) > 0 {
		out = append(out, check.Problem{Kind: check.Import, Module: edit.ModuleIn(l, wanted[0]), Want: "pinfix's imports in a group of their own", Have: "among others", File: name, Line: max(importgraph.LineOf(have, wanted[0]), 1), Why: "they are not where pinfix puts them"})
	}
	return out
}

// plugins returns the directories of the plugins among the module's main packages.
func (c *checker) plugins() map[string]bool {
	files := map[string][]string{}
	for _, f := range c.in.Files {
		if f.Package != "main" || f.Test() {
			continue
		}
		if c.builds(f) {
			files[f.Dir()] = append(files[f.Dir()], f.Name)
		}
	}
	found, _ := mains.Split(slices.Sorted(maps.Keys(files)), func(dir string) bool { return mains.Export(files[dir], c.tree.ReadFile) })
	out := map[string]bool{}
	for _, dir := range found {
		out[dir] = true
	}
	return out
}

// openSource opens a file of the tree, as go/build does.
func (c *checker) openSource(name string) (io.ReadCloser, error) {
	src, err := c.tree.ReadFile(filepath.ToSlash(name))
	return io.NopCloser(bytes.NewReader(src)), err
}

// roots returns the plugins, as look.Graph takes them: what --package names,
// else every directory with a main package.
func (c *checker) roots() ([]string, error) {
	mains, dirs := map[string]bool{}, map[string]bool{}
	for _, f := range c.in.Files {
		if f.Test() {
			continue
		}
		dirs[f.Dir()] = true
		if f.Package == "main" || f.Package == "" { // what has no package clause is perhaps one
			mains[f.Dir()] = true
		}
	}
	if len(c.plugin.Patterns) == 0 {
		return slices.Sorted(maps.Keys(c.in.Plugins)), nil
	}
	roots := map[string]bool{}
	for _, pattern := range c.plugin.Patterns {
		if err := c.pattern(pattern, mains, dirs, roots); err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(roots)), nil
}

// pattern adds what one --package stands for.
func (c *checker) pattern(pattern string, mains, dirs, roots map[string]bool) error {
	if strings.HasSuffix(pattern, ".go") {
		roots[path.Clean(pattern)] = true
		return nil
	}
	dir := path.Clean(pattern)
	if rest, ok := modpath.Cut(pattern, c.plugin.User.Module.Mod.Path); ok {
		dir = path.Clean("." + rest)
	}
	top, all := strings.CutSuffix(dir, "...")
	if !all {
		if !mains[dir] {
			why := "it is not a main package"
			if !dirs[dir] {
				why = "no such package"
			}
			return importgraph.NotPlugin(pattern, why)
		}
		roots[dir] = true
		return nil
	}
	top = strings.TrimSuffix(top, "/")
	for d := range mains {
		if top == "" || top == "." || modpath.In(d, top) {
			roots[d] = true
		}
	}
	return nil
}
