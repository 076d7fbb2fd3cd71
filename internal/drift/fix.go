package drift

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/pinfix/pinfix/internal/check"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/modulestxt"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/shell"
)

// A remedy is what to do about the problems of one plugin.
type remedy struct {
	line string // fixes the plugin
	or   string // another way, for all of its problems; ""
	all  bool   // line fixes also what apply cannot fix: the working tree is right
}

// remedy says what to do about the problems of the plugin. Those of what is staged are fixed
// only once the fix is staged too.
func (c *checker) remedy(ctx context.Context, o Options, s *Servers) remedy {
	dir := "."
	if o.Dir != "." || c.below() {
		dir = c.from("")
	}
	if c.below() && len(o.Servers) > 0 {
		o.Servers = slices.Clone(o.Servers)
		o.Servers[0].Ref = reference.Full(o.Servers[0].Ref)
	}
	r := remedy{line: o.ApplyLine(dir)}
	if len(c.problems) == 0 {
		return r
	}
	r.line, r.or = c.first()+r.line, c.otherWay(dir)
	if !o.Staged {
		return r
	}
	now := o
	now.Staged, now.Sources = false, nil
	disk := judge(ctx, now, s, false)
	switch r.all = disk.Err == nil && len(disk.Problems) == 0; {
	case r.all:
		return remedy{line: c.addLine(ctx, dir, disk.Problems, true), all: true}
	case disk.Err == nil:
		r.line = disk.Plugin.Fix
	}
	r.line += " && " + c.addLine(ctx, dir, disk.Problems, false)
	if strings.HasPrefix(r.or, chooses) {
		r.or = "" // its changes would have to be staged too
	}
	return r
}

// of returns what to do about p.
func (r remedy) of(p check.Problem) string {
	switch {
	case p.Fix != "" && !r.all:
		return p.Fix
	case r.or != "":
		return r.line + ", or " + r.or
	}
	return r.line
}

// first is what comes before pinfix apply, which leaves a vendor/ alone that go mod vendor
// would not have made: a text that ends in a space, or "".
func (c *checker) first() string {
	switch vendor := c.from("vendor"); {
	case !c.in.WantVendor:
		return ""
	case c.disk && c.elsewhere("vendor"):
		return "rm " + shell.Quote(vendor) + " && "
	case c.in.Vendor == nil:
		return ""
	case c.in.Vendor.Text == nil:
		return "move " + vendor + "/ away, then "
	case c.in.NoModules():
		return "rm -r " + shell.Quote(vendor) + " && "
	}
	return ""
}

// elsewhere reports whether something of that name is in the module root that is neither a
// directory nor a link to one in the module.
func (c *checker) elsewhere(name string) bool {
	full := filepath.Join(c.plugin.Root, name)
	if info, err := os.Lstat(full); err != nil || info.IsDir() {
		return false
	}
	resolved, err := filepath.EvalSymlinks(full)
	if err != nil {
		return true
	}
	rel, err := filepath.Rel(c.plugin.Root, resolved)
	info, gone := os.Stat(resolved)
	return err != nil || gone != nil || !filepath.IsLocal(rel) || !info.IsDir()
}

// chooses begins the way to a version of the user's choice, which pinfix apply keeps.
const chooses = "choose the version first: "

// otherWay is what to do instead of pinfix apply where the plugin was pinned with flags that
// check does not know of, or where the user may want a version; "" where not all problems
// are of that kind.
func (c *checker) otherWay(dir string) string {
	var gets, settings []string
	for _, p := range c.problems {
		switch {
		case p.Get != "":
			gets = append(gets, shell.Quote(p.Get))
		case p.Kind == check.VendorDir && c.in.Vendor == nil && c.o.Vendor == "auto":
			settings = append(settings, `"vendor: never"`)
		case p.Kind == check.Import && p.Have == "" && c.o.Imports == "auto" && c.indirect(p.Module):
			settings = append(settings, `"imports: none"`)
		default:
			return ""
		}
	}
	slices.Sort(gets)
	slices.Sort(settings)
	gets, settings = slices.Compact(gets), slices.Compact(settings)
	switch {
	case len(gets) > 0 && len(settings) > 0:
		return ""
	case len(gets) > 0 && dir != ".":
		gets = append([]string{"-C", shell.Quote(dir)}, gets...)
		fallthrough
	case len(gets) > 0:
		return chooses + "go get " + strings.Join(gets, " ")
	case len(settings) == 0:
		return ""
	}
	file, others := reference.ConfigOf(c.plugin.Root)
	return fmt.Sprintf("write %s in %s%s", strings.Join(settings, " and "), c.here(file), others)
}

// indirect reports whether go.mod requires a module as pinfix apply --imports none leaves it.
func (c *checker) indirect(path string) bool {
	return slices.ContainsFunc(c.in.Mod.Require, func(r *modfile.Require) bool { return r.Mod.Path == path && r.Indirect })
}

// addLine is the git add of what makes the index right: of the files that check reads, those
// that are other ones in the working tree and, if that is not right yet, those that pinfix
// apply changes there. more are the problems of the working tree. What git ignores is in no
// commit, unless the check needs it there.
func (c *checker) addLine(ctx context.Context, dir string, more []report.Problem, right bool) string {
	disk := look.Disk(c.plugin.Root)
	differs := func(name string) bool {
		now, _ := disk.ReadFile(name) // what is not there is as good as empty
		staged, _ := c.tree.ReadFile(name)
		return !bytes.Equal(now, staged)
	}
	applied := !right && len(c.in.Mod.Require) > 0
	names := map[string]bool{"go.mod": !right || differs("go.mod"), "go.sum": applied || differs("go.sum")}
	vendor := applied && c.in.WantVendor || differs(modulestxt.Name)
	files, _ := look.Scan(disk) // what does not parse, apply and check say
	now, staged := imports(files), imports(c.in.Files)
	for name := range now {
		names[name] = now[name] != staged[name]
	}
	for name := range staged {
		names[name] = now[name] != staged[name]
	}
	for _, p := range c.problems {
		names[p.File] = true
	}
	for _, p := range more {
		names[p.File] = true
	}
	if c.snapshot != "" {
		names[c.snapshot] = true
	}
	repo, err := c.repository(ctx, c.plugin.Root)
	// ignored reports whether git add refuses a file below the module root, or leaves it out.
	ignored := func(name string) bool { return err == nil && repo.Ignored(ctx, name) }
	words := []string{"git", "add"}
	if dir != "." {
		words = []string{"git", "-C", shell.Quote(dir), "add"}
	}
	flags := len(words)
	force := false
	for _, name := range slices.Sorted(maps.Keys(names)) {
		switch {
		case !names[name]:
		case strings.HasPrefix(name, "vendor/"):
			vendor = true
		case path.Ext(name) == ".go" && ignored(name):
		default:
			force = force || ignored(name)
			words = append(words, shell.Quote(c.toGit(dir, name)))
		}
	}
	if left := vendor && ignored("vendor/new"); vendor && (!left || c.in.WantVendor) {
		force = force || left
		words = append(words, shell.Quote(c.toGit(dir, "vendor")))
	}
	if force {
		words = slices.Insert(words, flags, "-f")
	}
	return strings.Join(words, " ")
}

// toGit names a file below the module root for a git that runs in dir.
func (c *checker) toGit(dir, name string) string {
	if dir == "." {
		name = c.from(name)
	}
	return filepath.ToSlash(name)
}

// imports tells apart the files that import other packages, by name.
func imports(files []look.File) map[string]string {
	out := map[string]string{}
	for _, f := range files {
		var paths []string
		for _, im := range f.Imports {
			paths = append(paths, im.Path)
		}
		slices.Sort(paths)
		out[f.Name] = fmt.Sprint(f.Package, paths, f.Own, f.Moved, f.Ignored, f.Constrained)
	}
	return out
}
