// Package edit says what an aligned plugin changes, and why: each file, each line of go.mod,
// each row of the plan ([Of], [Changes.Report]). The diff, the report and the commit read the
// same value.
package edit

import (
	"bytes"
	"context"
	"fmt"
	"go/version"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/align"
	"github.com/pinfix/pinfix/internal/change"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/toolchain"
	"github.com/pinfix/pinfix/internal/vendordir"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

// Changes is everything that an aligned plugin changes, once: the diff, the
// check and the commit read the same.
type Changes struct {
	Aligner *align.Aligner
	Aligned *align.Aligned
	Mod     *pinner.Mod // al.mod as it will be read back, with its line numbers
	Tree    commit.Tree
	Before  *pinner.Graph // of the plugin as it is
	vendor  *vendordir.Diff
	Naming  *naming       // of an upgrade
	loops   []report.Loop // that the go line changes
	patch   []byte
	diff    string
}

// Of compares the plugin as it is with al.
func Of(ctx context.Context, al *align.Aligned) (*Changes, error) {
	a := al.Aligner
	c := &Changes{Aligner: a, Aligned: al}
	a.Options.Step("comparing")
	data := al.Mod.Bytes()
	if bytes.Equal(al.Mod.Text(), a.Plugin.Now.Text()) {
		data = a.Plugin.Raw // the user's own spacing is no difference
	}
	var err error
	if c.Mod, err = pinner.ParseMod("go.mod", data); err != nil {
		return nil, err
	}
	now, err := a.ServerSource.Lent(a.Plugin.Now, a.Plugin.Root)
	if err != nil {
		return nil, err
	}
	if c.Before, err = pinner.LoadGraph(now, workspace.Without(a.ServerSource, a.Source)); err != nil {
		return nil, err
	}
	files := map[string][]byte{"go.mod": data}
	if al.Sum != nil {
		files["go.sum"] = al.Sum
	}
	for name, data := range al.Files {
		files[name] = data
	}
	for name, data := range al.Work {
		files[name] = data
	}
	c.Tree.Root = a.Plugin.Root
	for name, data := range files {
		if err := vendordir.AddFile(&c.Tree, name, data); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(c.Tree.Files, func(a, b change.Change) int { return strings.Compare(a.Path, b.Path) })
	if c.vendor, err = a.VendorDiff(ctx, al); err != nil {
		return nil, err
	}
	c.Tree.Vendor = c.vendor.Tree
	if err := c.addNaming(ctx); err != nil {
		return nil, err
	}
	if c.loops, err = c.findLoops(ctx); err != nil {
		return nil, err
	}
	return c, c.diffs()
}

// diffs makes the patch, if asked for, and the diff that people read.
func (c *Changes) diffs() (err error) {
	shown := c.Tree
	if c.Naming != nil && c.Naming.above != "" {
		shown.Files = append(slices.Clone(shown.Files), c.Naming.file)
	}
	c.patch, c.diff, err = Diffs(shown, c.vendor, c.Aligner.Options.Full, c.Aligner.Options.Patch)
	return err
}

// Diffs returns the complete patch of a change set, nil if not asked for, and the diff
// that people read: go.sum, vendor/ and a snapshot as counts, unless full.
func Diffs(tree commit.Tree, vendor *vendordir.Diff, full, wantPatch bool) (patch []byte, diff string, err error) {
	all := slices.Clone(tree.Files)
	for _, name := range vendor.Names {
		if !full && !wantPatch {
			continue
		}
		f, err := vendor.Change(name)
		if err != nil {
			return nil, "", err
		}
		all = append(all, f)
	}
	if wantPatch {
		patch = all.Under(place.GitPrefix(tree.Root)).Patch()
	}
	if !full {
		all = slices.DeleteFunc(all, func(f change.Change) bool {
			return f.Path == "go.sum" || f.Path == workspace.Name+".sum" || strings.HasPrefix(f.Path, "vendor/") || target.IsSnapshot(f.New)
		})
	}
	return patch, string(all.Patch()), nil
}

func (c *Changes) pin(path string) (pinner.Pin, bool) {
	for _, p := range c.Aligned.Plan.Pins {
		if p.Path == path {
			return p, true
		}
	}
	return pinner.Pin{}, false
}

// Report lists every change with its reason.
func (c *Changes) Report(server *pinner.Server, tool *toolchain.Toolchain) *report.Apply {
	r := report.NewApply(c.Aligner.Options.DryRun)
	r.Aligned = len(c.Tree.Files) == 0 && c.Tree.Vendor == nil && (c.Naming == nil || c.Naming.file.Path == "")
	r.Server = reference.Report(server)
	r.Plugin = report.Plugin{Dir: c.Aligner.Plugin.Root, Module: c.Aligner.Plugin.User.Module.Mod.Path, SharedModules: len(c.Aligned.Match.Pins), Prefix: place.ReviewPrefix(c.Aligner.Plugin.Root)}
	r.Unknown = append(r.Unknown, c.Aligner.Doubts(c.Aligned.Match.Pins, c.Aligned.Doubts)...)
	r.Warned = target.Unknown(server)
	r.Warnings = append(r.Warnings, slices.Concat(reference.Doubts(server), tool.Warnings, c.Aligned.Warnings, c.Aligner.Stage.Loans.Warnings(), c.sumWarnings(), embedWarnings(c.Aligned.Listing, c.Aligner.Plugin.Root))...)
	r.Diff, r.Patch, r.GoCalls = c.diff, c.patch, tool.Go.Calls()
	r.Caps, r.Raises = c.moved()
	for _, u := range c.Aligned.Unpinned {
		r.Unpinned = append(r.Unpinned, report.Unpinned{Module: u.Module, Why: u.Why})
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
	if stopped := c.Aligned.Stopped(); stopped != "" {
		r.Warnings = append(r.Warnings, "the search "+stopped+": some modules may have a version that is nearer to the plugin's and compiles")
	}
	r.NewVendor = c.vendor.NewVendor(c.Aligner.Options.Vendor, settingsOf(c.Aligner.Plugin.Root))
	for _, note := range []string{c.Aligner.VendorNote, c.othersNote()} {
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
	c.afterRun(r)
	r.Compiles, r.Checked = c.Compiles()
	r.NextSteps, r.Write = c.buildHint(), c.Aligner.Options.ApplyLine(c.Aligner.Options.Dir)
	return r
}

// settingsOf names the file with the settings of the module in root, and says if it is for
// others too.
func settingsOf(root string) string {
	name, others := reference.ConfigOf(root)
	return place.FromHere(name) + others
}

// sumWarnings compares the server's sums with the plugin's go.sum: the same
// version with other content is refused.
func (c *Changes) sumWarnings() []string {
	have := map[module.Version]string{}
	for line := range bytes.Lines(c.Aligned.Sum) {
		if f := strings.Fields(string(line)); len(f) == 3 {
			have[module.Version{Path: f[0], Version: f[1]}] = f[2]
		}
	}
	var out []string
	for _, p := range c.Aligned.Match.Pins {
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

func (c *Changes) goLines() []report.Change {
	var out []report.Change
	add := func(kind, old, now string, line *modfile.Line, reason string) {
		if old == now {
			return
		}
		rc := report.Change{Kind: kind, Action: action(old, now), Path: kind, Old: old, New: now, File: "go.mod", Reason: reason}
		if line != nil {
			rc.Line = line.Start.Line
		}
		out = append(out, rc)
	}
	now, mod := c.Aligner.Plugin.Now, c.Mod
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
	server := c.Aligner.Server.GoVersion()
	reason := "a pinned module or go mod tidy asks for it; the server has Go " + server
	if !c.Aligner.Server.Accepts(oldGo) || oldGo != "" && version.Compare("go"+newGo, "go"+oldGo) < 0 {
		reason = "the server's Go " + server + " accepts no higher go line"
	}
	toolReason := "the server is built by go" + server
	if c.isOwn("go", newGo) {
		reason = "back to your own go line"
	}
	if c.isOwn("toolchain", newTool) {
		toolReason = "back to your own toolchain line"
	}
	add("go", oldGo, newGo, goAt, reason+c.loopsOf(now.GoVersion(), mod.GoVersion()))
	add("toolchain", oldTool, newTool, toolAt, toolReason)
	return out
}

// isOwn reports whether the go or toolchain line is as the plugin's author wrote it.
func (c *Changes) isOwn(kind, version string) bool {
	own := c.Aligner.Plugin.User
	if kind == "go" {
		return own.Go != nil && own.Go.Version == version
	}
	return own.Toolchain != nil && own.Toolchain.Name == version
}

func action(old, now string) string {
	switch {
	case old == "":
		return "add"
	case now == "":
		return "remove"
	}
	return "change"
}

// othersNote names the main packages that are no plugins.
func (c *Changes) othersNote() string {
	var others []string
	for _, p := range c.Aligned.Listing.Others {
		others = append(others, packageArgument(c.Aligner.Plugin.Root, p))
	}
	return plugin.LeftAlone(others)
}

// Compiles says what the plan means for the plugin's code, and how many packages were
// type-checked for that.
func (c *Changes) Compiles() (report.Compiles, int) {
	lowered, raised := c.OwnModules()
	if len(c.MovedModules())+len(lowered)+len(raised) == 0 && c.Aligner.Plugin.Now.GoVersion() == c.Mod.GoVersion() {
		return report.CompilesAsIs, 0
	}
	if c.Aligner.Checker == nil {
		return report.CompilesUnchecked, 0
	}
	n := len(c.Aligner.Suspects(c.Aligned.Plan.Mod, c.Aligned.Listing))
	if n == 0 { // it is built in a workspace that has these versions without pinfix
		return report.CompilesAsIs, 0
	}
	if c.Aligned.Broken() {
		return report.CompilesNever, n
	}
	return report.CompilesChecked, n
}

// Adds reports whether a module is linked that go.mod did not select.
func (c *Changes) Adds() bool {
	for path, v := range c.Aligned.Listing.Versions() {
		if v != "" && c.Before.Selected(path) == "" {
			return true
		}
	}
	return false
}

// MovedModules are the linked modules that the plan has at another version, or from another
// place, than the tree has: the pins, and what follows them.
func (c *Changes) MovedModules() []report.Move {
	out := []report.Move{}
	versions := c.Aligned.Listing.Versions()
	for path, v := range versions {
		had := c.Before.Selected(path)
		pin, pinned := c.pin(path)
		if pinned {
			v = pin.Version.Version
		}
		move := report.Move{Module: path, Old: had, New: v, Server: pinned}
		if pinned {
			now, after := c.Aligner.Plugin.Now.Source(pin.Version), c.Mod.Source(pin.Version)
			if had == v && now == after {
				continue
			}
			if now != after && after != pin.Version {
				move.New = pin.Versions()
			}
		} else if had == v || had == "" {
			continue
		}
		out = append(out, move)
	}
	slices.SortFunc(out, func(a, b report.Move) int { return strings.Compare(a.Module, b.Module) })
	return out
}

// OwnModules are the linked modules that the server does not have and that the plan has at
// a lower or higher version than the plugin.
func (c *Changes) OwnModules() (lowered, raised []report.Move) {
	lowered, raised = []report.Move{}, []report.Move{}
	versions := c.Aligned.Listing.Versions()
	for _, path := range slices.Sorted(maps.Keys(versions)) {
		had := c.Aligner.Base.Selected(path)
		if _, pinned := c.pin(path); pinned || had == "" {
			continue
		}
		move := report.Move{Module: path, Old: had, New: versions[path]}
		if k, ok := c.cap(path); ok {
			move.Why = k.Error
		}
		switch d := semver.Compare(move.New, had); {
		case d < 0:
			lowered = append(lowered, move)
		case d > 0:
			raised = append(raised, move)
		}
	}
	return lowered, raised
}

// works reports the go.work.
func (c *Changes) works() []report.Change {
	for _, f := range c.Tree.Files {
		if f.Path != workspace.Name || len(c.Aligned.Match.Own) == 0 {
			continue
		}
		action := "change"
		if f.Old == nil {
			action = "add"
		}
		return []report.Change{{Kind: "work", Action: action, Path: c.Aligner.ServerSource.Path, New: c.Aligner.ServerSource.Dir, File: workspace.Name,
			Reason: "the plugin links " + c.Aligned.Match.Own[0].Path + "; only a workspace gives the server's own packages their label"}}
	}
	return nil
}
