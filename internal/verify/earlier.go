package verify

import (
	"fmt"
	"strings"

	"github.com/pinfix/pinfix/internal/shell"
)

// after compares c's plugin with one that the server has been given before it:
// what neither the server nor a plugin before that one links.
func (c *comparison) after(e Earlier, seen map[string]bool) *Result {
	d := newComparison(e.Plugin, c.plugin, c.imports)
	d.with, d.refused = e.File, !e.Loads
	if path := c.plugin.Path; e.Loads && path != "" && path == e.Plugin.Path {
		// The loader looks at the path first, and at no package then.
		f := Finding{Cause: AlreadyLoaded, With: e.File, Differences: []Difference{{"plugin path", path, path}}}
		f.Fix = "remove one of them from the server, or give one a module path of its own and build it again: go mod edit -module=PATH; " +
			"the loader knows a plugin by its path, whatever the file is called"
		return &Result{Findings: []Finding{f}}
	}
	d.look(seen)
	if len(d.paths) == 0 {
		return &Result{Loads: true, Shared: d.shared}
	}
	for _, s := range compareSettings(e.Plugin, c.plugin) {
		s.sure = false // it is the server's own settings that decide
		d.settings = append(d.settings, s)
	}
	d.assign()
	r := d.result()
	for i := range r.Mismatched {
		r.Mismatched[i].With = e.File
	}
	for i := range r.Findings {
		r.Findings[i].With = e.File
	}
	return r
}

// add adds what a comparison with another plugin has found.
func (r *Result) add(more *Result) {
	r.Loads = r.Loads && more.Loads
	r.Shared += more.Shared
	r.Mismatched = append(r.Mismatched, more.Mismatched...)
	r.Findings = append(r.Findings, more.Findings...)
}

// fixBetween is the one thing to do about two plugins that do not load together.
func (a advice) fixBetween(f Finding) string {
	if a.refused {
		return "first make " + a.with + " load, or remove it from the server: it is refused, but stays in memory, so the loader compares this plugin with it"
	}
	what := map[Cause]string{
		GoVersion: "with one Go release", Trimpath: "both with -trimpath, or both without it and from one module cache or vendor/ directory",
		Flags: "with the same flags", Tags: "with the same tags", Platform: "for one platform", Libc: "in one image",
	}[f.Cause]
	if f.Cause == Trimpath && a.server.Trimmed() == a.plugin.Trimmed() {
		what = "from one module cache or vendor/ directory: neither was built with -trimpath, so the paths of the sources count"
	}
	both := "build both plugins "
	switch f.Cause {
	case Version, Replace, Content:
		what = "with one version of " + modules(f.Differences) + ", from the same source: " + a.oneVersion(f)
	case AlreadyLoaded, ServerOwn:
		what = "from the same source of " + modules(f.Differences) + ", or give the module of one of them a path of its own: go mod edit -module=PATH"
	case Unknown:
		what = "in the same place, with the same Go release, flags and C compiler"
	}
	return both + what
}

// oneVersion is a command that gives the plugin what the other one has, as far as
// there is one.
func (a advice) oneVersion(f Finding) string {
	var args []string
	for _, d := range f.Differences {
		if strings.HasPrefix(d.Server, "v") && !strings.Contains(d.Server, " ") && d.Server != d.Plugin {
			args = append(args, shell.Quote(d.What+"@"+d.Server))
		}
	}
	if len(args) == 0 || len(args) > 5 {
		return "the go.mod of both must select and replace it in the same way"
	}
	return fmt.Sprintf("in this one go get %s, or in the other the version that this one has", strings.Join(args, " "))
}

// modules names what differs, a few of many.
func modules(list []Difference) string {
	var names []string
	for i, d := range list {
		if i == 3 && len(list) > 4 {
			return strings.Join(names, ", ") + fmt.Sprintf(" and %d more modules", len(list)-i)
		}
		names = append(names, d.What)
	}
	return strings.Join(names, ", ")
}
