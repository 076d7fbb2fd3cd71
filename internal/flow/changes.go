package flow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/change"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

// changes is everything that an aligned plugin changes, once: the diff, the
// check and the commit read the same.
type changes struct {
	a      *aligner
	al     *aligned
	mod    *pinner.Mod // al.mod as it will be read back, with its line numbers
	tree   commit.Tree
	before *pinner.Graph // of the plugin as it is
	vendor *vendorDiff
	naming *naming       // of an upgrade
	loops  []report.Loop // that the go line changes
	patch  []byte
	diff   string
}

func (a *aligner) changes(ctx context.Context, al *aligned) (*changes, error) {
	c := &changes{a: a, al: al}
	a.o.Step("comparing")
	data := al.mod.Bytes()
	if bytes.Equal(al.mod.Text(), a.plugin.now.Text()) {
		data = a.plugin.raw // the user's own spacing is no difference
	}
	var err error
	if c.mod, err = pinner.ParseMod("go.mod", data); err != nil {
		return nil, err
	}
	now, err := a.withSource(a.plugin.now)
	if err != nil {
		return nil, err
	}
	if c.before, err = pinner.LoadGraph(now, a.withoutSource(a.in.Source)); err != nil {
		return nil, err
	}
	new := map[string][]byte{"go.mod": data}
	if al.sum != nil {
		new["go.sum"] = al.sum
	}
	for name, data := range al.files {
		new[name] = data
	}
	for name, data := range al.work {
		new[name] = data
	}
	c.tree.Root = a.plugin.root
	for name, data := range new {
		if err := addFile(&c.tree, name, data); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(c.tree.Files, func(a, b change.Change) int { return strings.Compare(a.Path, b.Path) })
	if c.vendor, err = a.vendorDiff(ctx, al); err != nil {
		return nil, err
	}
	c.tree.Vendor = c.vendor.tree
	if err := c.addNaming(ctx); err != nil {
		return nil, err
	}
	if c.loops, err = c.findLoops(ctx); err != nil {
		return nil, err
	}
	return c, c.diffs()
}

// addFile adds a file to the change set if it differs from data.
func addFile(t *commit.Tree, name string, data []byte) error {
	full := filepath.Join(t.Root, filepath.FromSlash(name))
	old, err := bounded.ReadFile(full, bounded.Any)
	if errors.Is(err, fs.ErrNotExist) {
		if len(data) > 0 || name != "go.sum" {
			t.Files = append(t.Files, change.Change{Path: name, New: data, Mode: 0o644})
		}
		return nil
	}
	if err != nil {
		return err
	}
	if name == "go.sum" {
		data = sameLineEnds(old, data)
	}
	if bytes.Equal(old, data) {
		return nil
	}
	info, err := os.Stat(full)
	if err != nil {
		return err
	}
	t.Files = append(t.Files, change.Change{Path: name, Old: old, New: data, Mode: info.Mode().Perm()})
	return nil
}

// sameLineEnds gives new the line ends of old. go mod tidy writes LF, and
// leaves a file alone, whatever its line ends, that is right already.
func sameLineEnds(old, new []byte) []byte {
	if bytes.Equal(old, new) || !bytes.Contains(old, []byte("\r\n")) {
		return new
	}
	new = bytes.ReplaceAll(new, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(new, []byte("\n"), []byte("\r\n"))
}

// diffs makes the patch, if asked for, and the diff that people read.
func (c *changes) diffs() (err error) {
	shown := c.tree
	if c.naming != nil && c.naming.above != "" {
		shown.Files = append(slices.Clone(shown.Files), c.naming.file)
	}
	c.patch, c.diff, err = diffs(shown, c.vendor, c.a.o.Full, c.a.o.Patch)
	return err
}

// diffs returns the complete patch of a change set, nil if not asked for, and the diff
// that people read: go.sum, vendor/ and a snapshot as counts, unless full.
func diffs(tree commit.Tree, vendor *vendorDiff, full, wantPatch bool) (patch []byte, diff string, err error) {
	all := slices.Clone(tree.Files)
	for _, name := range vendor.names {
		if !full && !wantPatch {
			continue
		}
		f, err := vendor.change(name)
		if err != nil {
			return nil, "", err
		}
		all = append(all, f)
	}
	if wantPatch {
		patch = all.Under(gitPrefix(tree.Root)).Patch()
	}
	if !full {
		all = slices.DeleteFunc(all, func(f change.Change) bool {
			return f.Path == "go.sum" || f.Path == workName+".sum" || strings.HasPrefix(f.Path, "vendor/") || target.IsSnapshot(f.New)
		})
	}
	return patch, string(all.Patch()), nil
}

// gitPrefix returns the path from the top of root's git repository to root, as
// git rev-parse --show-prefix does: git apply takes the paths of a patch from
// there. "" outside of one.
func gitPrefix(root string) string {
	prefix, _ := inGit(root)
	return prefix
}

// inGit returns gitPrefix, and whether root is in a repository.
func inGit(root string) (prefix string, ok bool) {
	top := repository(root)
	rel, err := filepath.Rel(top, root)
	if top == "" || err != nil || rel == "." {
		return "", top != ""
	}
	return filepath.ToSlash(rel), true
}

// repository is the top of the git repository that root is in; "" where it is in none.
func repository(root string) string {
	for top := root; ; top = filepath.Dir(top) {
		if _, err := os.Lstat(filepath.Join(top, ".git")); err == nil {
			return top
		}
		if filepath.Dir(top) == top {
			return ""
		}
	}
}

// reviewPrefix is what a review puts before the names of the plugin's files: the
// way from the top of the repository or, outside of one, from where pinfix runs.
func reviewPrefix(root string) string {
	if prefix, ok := inGit(root); ok {
		return prefix
	}
	if prefix := filepath.ToSlash(fromHere(root)); prefix != "." {
		return prefix
	}
	return ""
}

// fromHere returns full as seen from the current directory.
func fromHere(full string) string {
	cwd, err := filepath.Abs(".")
	if err != nil {
		return full
	}
	if cwd, err = filepath.EvalSymlinks(cwd); err != nil {
		return full
	}
	rel, err := filepath.Rel(cwd, full)
	if err != nil {
		return full
	}
	return rel
}

func (c *changes) pin(path string) (pinner.Pin, bool) {
	for _, p := range c.al.plan.Pins {
		if p.Path == path {
			return p, true
		}
	}
	return pinner.Pin{}, false
}

// report lists every change with its reason.
func (c *changes) report(server *pinner.Server, tool *toolchain) *report.Apply {
	r := report.NewApply(c.a.o.DryRun)
	r.Aligned = len(c.tree.Files) == 0 && c.tree.Vendor == nil && (c.naming == nil || c.naming.file.Path == "")
	r.Server = serverReport(server)
	r.Plugin = report.Plugin{Dir: c.a.plugin.root, Module: c.a.plugin.user.Module.Mod.Path, SharedModules: len(c.al.match.Pins), Prefix: reviewPrefix(c.a.plugin.root)}
	r.Unknown = append(r.Unknown, c.a.doubts(c.al.match.Pins, c.al.doubts)...)
	r.Warnings = append(r.Warnings, slices.Concat(doubts(server), tool.warnings, c.al.warnings, c.a.loanWarnings(), c.sumWarnings(), embedWarnings(c.al.listing, c.a.plugin.root))...)
	r.Diff, r.Patch, r.GoCalls = c.diff, c.patch, tool.go_.Calls()
	r.Caps, r.Raises = c.moved()
	for _, u := range c.al.unpinned {
		r.Unpinned = append(r.Unpinned, report.Unpinned{Module: u.module, Why: u.why})
	}
	if !r.Aligned {
		r.Changes = append(r.Changes, c.goLines()...)
		r.Changes = append(r.Changes, c.requires()...)
		r.Changes = append(r.Changes, c.excludes()...)
		r.Changes = append(r.Changes, c.replaces()...)
		r.Changes = append(r.Changes, c.imports()...)
		r.Changes = append(r.Changes, c.works()...)
		r.Changes = append(r.Changes, c.sums()...)
		r.Changes = append(r.Changes, c.vendors()...)
	}
	if s := c.a.solver; s != nil && s.Stopped() != "" {
		r.Warnings = append(r.Warnings, "the search "+s.Stopped()+": some modules may have a version that is nearer to the plugin's and compiles")
	}
	r.NewVendor = c.vendor.newVendor(c.a.o.Vendor)
	for _, note := range []string{c.a.vendorNote, c.othersNote()} {
		if note != "" && !r.Aligned {
			r.Notes = append(r.Notes, note)
		}
	}
	c.reportNaming(r)
	r.AddLoops(c.loops)
	r.AddRows(c.rows(r))
	for _, row := range r.Rows {
		for i, ch := range r.Changes {
			if ch.Kind == "require" && ch.Path == row.Module && ch.Reason == "" {
				r.Changes[i].Reason = row.Why
			}
		}
	}
	r.Compiles, r.Checked = c.compiles()
	r.NextSteps, r.Write = c.buildHint(), c.a.o.applyLine(c.a.o.Dir)
	return r
}

// serverReport is what the reports say of a server.
func serverReport(s *pinner.Server) report.Server {
	r := report.Server{Ref: s.Ref, Main: s.Name(), Go: s.Go, Settings: s.Settings, Modules: len(s.Pins), Packages: len(s.Packages),
		ModCache: s.Paths.ModCache, Vendored: s.Paths.Vendored}
	if o := s.Origin; o.Source != "" {
		r.Source = &report.Source{Ref: o.Source, Digest: o.Digest, Platform: o.Platform, Program: o.Program}
	}
	return r
}

// sumWarnings compares the server's sums with the plugin's go.sum: the same
// version with other content is refused.
func (c *changes) sumWarnings() []string {
	have := map[module.Version]string{}
	for line := range bytes.Lines(c.al.sum) {
		if f := strings.Fields(string(line)); len(f) == 3 {
			have[module.Version{Path: f[0], Version: f[1]}] = f[2]
		}
	}
	var out []string
	for _, p := range c.al.match.Pins {
		v := p.Version
		if p.Replace.Path != "" {
			v = p.Replace
		}
		if sum := have[v]; sum != "" && p.Sum != "" && sum != p.Sum {
			out = append(out, fmt.Sprintf("%s has other content than the server's: go.sum says %s, the server %s", v, sum, p.Sum))
		}
	}
	return out
}

func (c *changes) goLines() []report.Change {
	var out []report.Change
	add := func(kind, old, new string, line *modfile.Line, reason string) {
		if old == new {
			return
		}
		rc := report.Change{Kind: kind, Action: action(old, new), Path: kind, Old: old, New: new, File: "go.mod", Reason: reason}
		if line != nil {
			rc.Line = line.Start.Line
		}
		out = append(out, rc)
	}
	now, mod := c.a.plugin.now, c.mod
	var oldGo, newGo, oldTool, newTool string
	var goAt, toolAt *modfile.Line
	if mod.Go != nil {
		newGo, goAt = mod.Go.Version, mod.Go.Syntax
	}
	if now.Go != nil {
		oldGo, goAt = now.Go.Version, now.Go.Syntax
	}
	if mod.Toolchain != nil {
		newTool, toolAt = mod.Toolchain.Name, mod.Toolchain.Syntax
	}
	if now.Toolchain != nil {
		oldTool, toolAt = now.Toolchain.Name, now.Toolchain.Syntax
	}
	server := c.a.server.GoVersion()
	reason := "a pinned module or go mod tidy asks for it; the server has Go " + server
	if !c.a.server.Accepts(oldGo) || oldGo != "" && version.Compare("go"+newGo, "go"+oldGo) < 0 {
		reason = "the server's Go " + server + " accepts no higher go line"
	}
	add("go", oldGo, newGo, goAt, reason+c.loopsOf(now.GoVersion(), mod.GoVersion()))
	add("toolchain", oldTool, newTool, toolAt, "the server is built by go"+server)
	return out
}

func action(old, new string) string {
	switch {
	case old == "":
		return "add"
	case new == "":
		return "remove"
	}
	return "change"
}

// othersNote names the main packages that are no plugins.
func (c *changes) othersNote() string {
	var others []string
	for _, p := range c.al.listing.Others {
		others = append(others, packageArgument(c.a.plugin.root, p))
	}
	return leftAlone(others)
}
