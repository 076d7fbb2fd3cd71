package flow

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/change"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/edit"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/fetch"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/vendordir"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

// UnpinOptions are what pinfix unpin was asked for.
type UnpinOptions struct {
	Dir     string // where to look for the plugin's module
	DryRun  bool
	Full    bool   // the diff shows go.sum and vendor/ whole
	Patch   bool   // the report holds the complete patch
	Vendor  string // "never" leaves vendor/ alone
	Offline bool
	Environ []string
	Step    func(string) // told what happens now
	Log     func(string) // told each go command line
}

// An unpinner reverts what pinfix has done to a plugin. No server is needed: the
// marks hold the old values.
type unpinner struct {
	o         wants.Options
	plugin    *plugin.Plugin
	have      importgraph.Files // Go files with imports of pinfix's own, as they are
	bare      importgraph.Files // the same without
	work      []string          // go.work and go.work.sum, if pinfix has made them
	hasVendor bool              // vendor/ is there and go mod vendor has made it
	tidied    bool              // go mod tidy changes versions that the marks give
}

// Unpin makes the plugin what it was before pinfix: go.mod by its marks, Go files
// without pinfix's imports, no go.work of pinfix's own, go.sum and vendor/ as the
// user's own go command makes them for that. All of it is written, or nothing.
func Unpin(ctx context.Context, o UnpinOptions) (*report.Unpin, error) {
	u := &unpinner{o: wants.Options{
		Reference: reference.Reference{Dir: o.Dir, Offline: o.Offline, Environ: o.Environ, Step: o.Step, Log: o.Log},
		DryRun:    o.DryRun, Full: o.Full, Patch: o.Patch, Vendor: o.Vendor,
	}}
	lock, err := acquire(ctx, u.o)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := u.read(); err != nil {
		return nil, err
	}
	result := report.NewUnpin(o.DryRun, report.Module{Dir: u.plugin.Root, Module: u.plugin.User.Module.Mod.Path})
	if note := hookNote(ctx, o.Dir, o.Environ); note != "" {
		defer func() { result.Notes = append(result.Notes, note) }()
	}
	if bytes.Equal(u.plugin.Now.Text(), u.plugin.User.Text()) && len(u.have) == 0 && len(u.work) == 0 {
		return result, nil
	}
	st, err := u.stage(ctx)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	tree, vendor, err := u.tree(ctx, st)
	if err != nil {
		return nil, u.explain(err)
	}
	if err := u.report(result, tree, vendor); err != nil {
		return nil, err
	}
	if err := commit.Check(*tree, brought(ctx, o.Environ)); err != nil {
		return nil, unwritten(err, tree.Root)
	}
	if o.DryRun {
		return result, nil
	}
	u.o.Step("writing")
	if err := lock.Write(ctx, *tree); err != nil {
		return nil, unwritten(err, tree.Root)
	}
	return result, nil
}

// read reads the plugin, and what of it is pinfix's.
func (u *unpinner) read() (err error) {
	if u.plugin, err = plugin.Read(u.o.Dir, u.o.Packages, u.o.ImportsFile); err != nil {
		return err
	}
	root := u.plugin.Root
	if u.have, u.bare, err = importgraph.OwnFiles(root); err != nil {
		return err
	}
	u.hasVendor = place.Exists(filepath.Join(root, "vendor", "modules.txt"))
	work, err := workspace.ReadMod(filepath.Join(root, workspace.Name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fault.CannotRead(workspace.Name, err)
	case !strings.HasPrefix(string(work), workspace.Head):
		return nil // the user's own
	}
	u.work = append(u.work, workspace.Name)
	if place.Exists(filepath.Join(root, workspace.Name+".sum")) {
		u.work = append(u.work, workspace.Name+".sum")
	}
	return nil
}

// stage makes the scratch directory to tidy and vendor in, with the toolchain that the
// user's own go command takes for the restored go.mod: that of the one that is
// there may be too old for it.
func (u *unpinner) stage(ctx context.Context) (*stage.Stage, error) {
	config := gocmd.Config{Dir: u.plugin.Root, Environ: u.o.GoEnviron(), Log: u.o.Log}
	scratch, err := stage.NewScratch()
	if err != nil {
		return nil, err
	}
	defer scratch.Close()
	name, err := scratch.Write("go.mod", u.plugin.User.Text())
	if err != nil {
		return nil, err
	}
	facts, err := gocmd.New(config).With(filepath.Dir(name)).Facts(ctx)
	if err != nil {
		return nil, u.explain(err)
	}
	if version.IsValid(facts.GOVERSION) {
		config.Toolchain = facts.GOVERSION
	}
	root := u.plugin.Root
	store := kept.Open(u.o.Environ, cmp.Or(place.Repository(root), root))
	st, err := stage.New(stage.Config{Go: gocmd.New(config), GoVersion: facts.GOVERSION, Cache: facts.GOMODCACHE, Mod: u.plugin.User, Kept: store})
	var scratchErr *stage.ScratchError
	if err != nil && !errors.As(err, &scratchErr) {
		return nil, fault.CannotRead("go.sum", err)
	}
	if err == nil && u.hasVendor {
		st.Loans.Offer(vendordir.Read(u.plugin))
	}
	return st, err
}

// tree tidies and vendors what the marks give, and returns all that changes.
func (u *unpinner) tree(ctx context.Context, st *stage.Stage) (*commit.Tree, *vendordir.Diff, error) {
	root := u.plugin.Root
	u.o.Step("go mod tidy")
	tidied, sum, err := st.Tidy(ctx, u.plugin.User, u.bare)
	if err != nil {
		return nil, nil, err
	}
	u.tidied = !sameVersions(tidied, u.plugin.User)
	tree := &commit.Tree{Root: root}
	files := map[string][]byte{"go.mod": u.modBytes(tidied)}
	if sum != nil {
		files["go.sum"] = sum
	}
	maps.Copy(files, u.bare)
	for name, data := range files {
		if err := vendordir.AddFile(tree, name, data); err != nil {
			return nil, nil, err
		}
	}
	for _, name := range slices.Concat(u.work, u.ownFiles()) {
		old, err := bounded.ReadFile(filepath.Join(root, filepath.FromSlash(name)), bounded.Any)
		if err != nil {
			return nil, nil, fault.CannotRead(name, err)
		}
		tree.Files = slices.DeleteFunc(tree.Files, func(f change.Change) bool { return f.Path == name })
		tree.Files = append(tree.Files, change.Change{Path: name, Old: old})
	}
	slices.SortFunc(tree.Files, func(a, b change.Change) int { return strings.Compare(a.Path, b.Path) })
	vendor := &vendordir.Diff{}
	if u.hasVendor && u.o.Vendor != "never" {
		if vendor, err = u.vendor(ctx, st, tidied, sum); err != nil {
			return nil, nil, err
		}
		tree.Vendor = vendor.Tree
	}
	return tree, vendor, nil
}

// sameVersions reports whether both require the same versions and the same Go. A comment
// "// indirect", which marks do not hold, is no difference.
func sameVersions(a, b *pinner.Mod) bool {
	x, y := plugin.ByPath(a), plugin.ByPath(b)
	return a.GoVersion() == b.GoVersion() && maps.EqualFunc(x, y, func(r, s *modfile.Require) bool { return r.Mod == s.Mod })
}

// modBytes is the go.mod to be written. It has the line ends of the one that is there.
func (u *unpinner) modBytes(tidied *pinner.Mod) []byte {
	if bytes.Equal(tidied.Text(), u.plugin.User.Text()) {
		return u.plugin.User.Bytes()
	}
	return vendordir.SameLineEnds(u.plugin.Raw, tidied.Text())
}

// ownFiles are the Go files that pinfix has made (--imports-file): nothing is left in
// them but the package clause, and the package has other files.
func (u *unpinner) ownFiles() []string {
	var out []string
	for name, data := range u.bare {
		rest, ok := strings.CutPrefix(strings.TrimSpace(string(data)), "package ")
		others, err := filepath.Glob(filepath.Join(u.plugin.Root, filepath.FromSlash(path.Dir(name)), "*.go"))
		if ok && !strings.ContainsAny(rest, " \t\r\n;/") && err == nil && len(others) > 1 {
			out = append(out, name)
		}
	}
	return out
}

// vendor vendors what is tidied, and compares it with vendor/ as it is.
func (u *unpinner) vendor(ctx context.Context, st *stage.Stage, tidied *pinner.Mod, sum []byte) (*vendordir.Diff, error) {
	u.o.Step("go mod vendor")
	dir, err := st.Vendor(ctx, tidied, sum, u.bare)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		return nil, vendordir.NoModules()
	}
	return vendordir.Compare(ctx, u.plugin.Root, dir, vendordir.ReadOld(ctx, u.plugin.Root))
}

// report says what changes.
func (u *unpinner) report(r *report.Unpin, tree *commit.Tree, vendor *vendordir.Diff) (err error) {
	r.Aligned, r.Tidied = false, u.tidied
	r.Write = "pinfix unpin"
	if u.o.Dir != "." {
		r.Write += " -C " + shell.Quote(u.o.Dir)
	}
	for _, f := range tree.Files {
		act := "change"
		switch {
		case f.Old == nil:
			act = "add"
		case f.New == nil:
			act = "remove"
		}
		added, removed := change.Stat(f.Old, f.New)
		r.Files = append(r.Files, report.FileChange{Path: f.Path, Action: act, Added: added, Removed: removed})
	}
	for _, m := range vendor.ByModule() {
		r.Vendor.Added += m.Added
		r.Vendor.Changed += m.Changed
		r.Vendor.Removed += m.Removed
	}
	r.Patch, r.Diff, err = edit.Diffs(*tree, vendor, u.o.Full, u.o.Patch)
	if err != nil {
		return err
	}
	if u.hasVendor && u.o.Vendor != "never" {
		r.Notes = append(r.Notes, "vendor/ stays, as go mod vendor makes it. If pinfix made it and you do not want it, remove it: rm -r "+place.FromHere(filepath.Join(u.plugin.Root, "vendor")))
	}
	r.Edited = u.edited(tree)
	var left []string
	for _, name := range []string{reference.SnapshotName, reference.ConfigName} {
		if place.Exists(filepath.Join(u.plugin.Root, name)) {
			left = append(left, name)
		}
	}
	if len(left) > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s %s: pinfix apply pins the plugin again", strings.Join(left, " and "), report.Verb(len(left), "stay")))
	}
	return nil
}

// edited returns the places of go.mod that pinfix changed and the user has changed since, in
// the file that the user finds afterwards.
func (u *unpinner) edited(tree *commit.Tree) (places []string) {
	name := "go.mod"
	after := u.plugin.Now.Syntax
	for _, f := range tree.Files {
		if f.Path != name || u.o.DryRun {
			continue
		}
		if now, err := modfile.ParseLax(name, f.New, nil); err == nil {
			after = now.Syntax
		}
	}
	for _, l := range u.plugin.Now.Edited() {
		place := name
		for _, stmt := range after.Stmt {
			lines := []*modfile.Line{}
			switch stmt := stmt.(type) {
			case *modfile.Line:
				lines = append(lines, stmt)
			case *modfile.LineBlock:
				lines = stmt.Line
			}
			for _, now := range lines {
				if slices.Equal(now.Token, l.Token) {
					place = fmt.Sprintf("%s:%d", name, now.Start.Line)
				}
			}
		}
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return places
}

// explain adds the next step to errors of the go command.
func (u *unpinner) explain(err error) error {
	var missing *fetch.MissingError
	var failed *gocmd.Error
	switch {
	case errors.As(err, &missing):
		return fault.With(fmt.Errorf("without these modules go.sum cannot be made, so nothing was reverted: %w", err), missing.NextStep())
	case errors.As(err, &failed):
		return fault.With(fmt.Errorf("go.sum cannot be made, so nothing was reverted: %w", err), gocmd.NextAfter(failed, filepath.Join(u.plugin.Root, "go.mod")))
	}
	return err
}
