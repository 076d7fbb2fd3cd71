package edit

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/ccompiler"
	"github.com/pinfix/pinfix/internal/change"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/shell"
)

// buildHint is how to build now: with pinfix build, or with the go build that it
// would run in the module root. Without fingerprints there is nothing that pinfix build
// could compare its plugin with.
func (c *Changes) buildHint() string {
	o, s := c.Aligner.Options, c.Aligner.Server
	words := []string{"pinfix", "build"}
	if o.Dir != "." {
		words = append(words, "-C", shell.Quote(o.Dir))
	}
	if c.Naming == nil || c.Naming.ByHand { // else the plugin's repository names it now
		words = append(words, o.Reference.Typed()...)
	}
	if o.Vendor == "never" && slices.Contains(o.Flags, "--vendor") && c.Aligner.HasVendor() {
		words = append(words, "--vendor never")
	}
	if len(o.Packages) == 1 {
		words = append(words, shell.Quote(o.Packages[0]))
	}
	byHand := recipe.Of(s).Command(c.how()).Shell()
	switch {
	case s.Packages == nil && s.Source != nil:
		return fmt.Sprintf("build it as the server is assumed to be built:\n  %s", byHand)
	case s.Packages == nil:
		return fmt.Sprintf("build it as the server was built:\n  %s", byHand)
	}
	return fmt.Sprintf("build it as the server was built, and verify it:\n  %s\nor by hand:\n  %s", strings.Join(words, " "), byHand)
}

// how is the go build of the first plugin, in the module root.
func (c *Changes) how() recipe.Build {
	s, src := c.Aligner.Server, c.Aligner.ServerSource
	how := recipe.Build{Package: packageArgument(c.Tree.Root, c.Aligned.Listing.Roots[0]), Mod: "readonly", Work: "off"}
	switch {
	case src != nil:
		how.Work = ""
	case c.Aligned.Vendor != "" && (s.Trimmed() || s.Paths.Vendored != ""):
		how.Mod = "vendor"
	}
	if !s.Trimmed() || !s.KnowsModules() {
		// What no rule can name is for pinfix build to say.
		how.Paths, _ = recipe.PathRules(s, c.Aligned.Mod, c.Tree.Root, how.Mod == "vendor", c.Aligner.Options.GoEnviron(), src).Flag()
	}
	how.CC, how.Cgo = ccompiler.CompilerByHand(s, c.Aligner.Options.GoEnviron())
	if root := place.FromHere(c.Tree.Root); root != "." {
		how.Dir = filepath.ToSlash(root)
	}
	return how
}

// packageArgument names a main package for go build in the module root.
func packageArgument(root string, p *importgraph.Package) string {
	name := p.Dir
	if p.File() {
		name = p.ImportPath // a package given as a file
	}
	rel, err := filepath.Rel(root, name)
	if err != nil || rel == "." {
		return "."
	}
	return "./" + filepath.ToSlash(rel)
}

// Guide says what comes after the first apply of a plugin in a git repository: how it
// stays pinned, what to commit, and that the plugin itself is not for git. Later ones need
// no such lines.
func (c *Changes) Guide(ctx context.Context, named reference.Servers) []string {
	o, root := c.Aligner.Options, c.Tree.Root
	first := len(c.Aligner.Have) == 0 && string(c.Aligner.Plugin.Now.Text()) == string(c.Aligner.Plugin.User.Text())
	if !first || o.Walk || !place.InRepository(root) {
		return nil
	}
	var files []string
	for _, f := range c.Tree.Files {
		files = append(files, f.Path)
	}
	if c.Tree.Vendor != nil {
		files = append(files, "vendor/")
	}
	files = append(files, c.namedBy(ctx, named)...)
	stay := "pinfix hook install"
	if at := c.atDir(); at != "" {
		stay += at
	}
	if c.Naming == nil && !slices.ContainsFunc(named, func(n reference.Named) bool { return n.Own }) {
		files = append(files, reference.SnapshotName)
		stay = strings.Join(append([]string{"pinfix snapshot" + c.atDir()}, o.Reference.Typed()...), " ") + " && " + stay
	}
	keep := []string{"keep it pinned: " + stay}
	if set := c.settings(); len(set) > 0 {
		file, others := reference.ConfigOf(root)
		name := place.FromHere(file)
		if place.Exists(file) {
			// Its keys are the user's, and a second one would be an error.
			keep = []string{fmt.Sprintf("keep it pinned: set in %s%s:", name, others)}
			for _, line := range set {
				keep = append(keep, "  "+line)
			}
			keep = append(keep, "then: "+stay)
			if name := place.Relative(root, file); !slices.Contains(files, name) {
				files = append(files, name)
			}
		} else {
			for i, line := range set {
				set[i] = shell.Quote(line)
			}
			keep = []string{fmt.Sprintf(`keep it pinned: printf '%%s\n' %s >> %s && %s`, strings.Join(set, " "), shell.Quote(name), stay)}
			files = append(files, reference.ConfigName)
		}
	}
	lines := append(keep, "commit: "+strings.Join(files, ", "))
	if line := place.IgnoreLine(ctx, root, "x.so", o.Environ); line != "" {
		lines = append(lines, line)
	}
	return lines
}

// namedBy returns the files by which the repository names the server, from the module root, if
// this run has changed them outside of the module, or git does not have them.
func (c *Changes) namedBy(ctx context.Context, named reference.Servers) []string {
	o, root := c.Aligner.Options, c.Tree.Root
	var out []string
	add := func(full string) {
		if name := place.Relative(root, full); !slices.Contains(out, name) && !slices.ContainsFunc(c.Tree.Files, func(f change.Change) bool { return f.Path == name }) {
			out = append(out, name)
		}
	}
	if n := c.Naming; n != nil && n.above != "" && n.file.Path != "" {
		add(n.above)
	}
	own := slices.IndexFunc(named, func(n reference.Named) bool { return n.Own })
	if own < 0 {
		return out
	}
	files := []string{named[0].Ref}
	if !named[own].Snapshot {
		config, _ := reference.ConfigOf(root)
		files = append(files, config)
	}
	for _, name := range files {
		if full, err := filepath.Abs(name); err == nil && c.inRepository(full) && place.Unknown(ctx, full, o.Environ) {
			add(full)
		}
	}
	return out
}

// settings are lines of .pinfix.yaml that stand for the flags that were typed and that check
// has too: without them the next check or apply would want the plugin otherwise.
func (c *Changes) settings() []string {
	o, p := c.Aligner.Options, c.Aligner.Plugin
	var out []string
	for _, key := range []struct {
		name   string
		values []string
	}{{"package", p.Patterns}, {"imports", []string{o.Imports}}, {"imports-file", []string{p.File}}, {"vendor", []string{o.Vendor}}} {
		if !slices.Contains(o.Flags, "--"+key.name) {
			continue
		}
		var values []string
		for _, v := range key.values {
			if !shell.Plain(v) || strings.ContainsAny(v, "%@+=,:") {
				v = "'" + strings.ReplaceAll(v, "'", "''") + "'" // as YAML quotes it
			}
			values = append(values, v)
		}
		value := strings.Join(values, ", ")
		if len(values) > 1 {
			value = "[" + value + "]"
		}
		out = append(out, key.name+": "+value)
	}
	return out
}

// atDir is the -C of a command line for the plugin, with a space before it; "" for none.
func (c *Changes) atDir() string {
	if c.Aligner.Options.Dir == "." {
		return ""
	}
	return " -C " + shell.Quote(c.Aligner.Options.Dir)
}
