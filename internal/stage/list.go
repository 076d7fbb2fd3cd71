package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/pinner"
)

const listFields = "ImportPath,Name,Dir,Standard,DepOnly,Module,Imports,ImportMap,GoFiles,CgoFiles,IgnoredGoFiles,InvalidGoFiles,Error"

// List loads the import graph of the main packages that patterns name (package
// patterns or Go files); none: the plugins among those of the module. The modules in
// held stay at their versions: a package that these lack has an Error.
func (s *Stage) List(ctx context.Context, mod *pinner.Mod, files importgraph.Files, patterns []string, held []module.Version) (*importgraph.Listing, error) {
	l, err := s.listHeld(ctx, mod, files, patterns, held)
	if err != nil {
		return nil, err
	}
	if len(l.Roots) == 0 && l.Unread != nil {
		return nil, l.Unread
	}
	return l, l.Broken()
}

// ListAsIs is List under the plugin's own go.mod, with the toolchain that its author has;
// with the server's, where there is no other.
func (s *Stage) ListAsIs(ctx context.Context, files importgraph.Files, patterns []string) (*importgraph.Listing, error) {
	if s.c.Local != nil {
		if l, err := s.listBy(ctx, s.c.Local, s.c.Mod, files, patterns); err == nil || ctx.Err() != nil {
			return l, err
		}
	}
	return s.listBy(ctx, s.c.Go, s.c.Mod, files, patterns)
}

// listBy lists with a go command. What the server's toolchain has listed before is taken
// from what earlier runs have kept.
func (s *Stage) listBy(ctx context.Context, g *gocmd.Go, mod *pinner.Mod, files importgraph.Files, patterns []string) (*importgraph.Listing, error) {
	world := ""
	if g == s.c.Go {
		world = s.known.world(mod, files)
		all, roots, err := listed(patterns, func(call []string) ([]byte, error) { return s.known.loadList(world, call) })
		if err == nil && there(all) {
			return importgraph.New(all, roots, len(patterns) == 0), nil
		}
	}
	var outs [][]byte
	keep := world != ""
	all, roots, err := listed(patterns, func(call []string) ([]byte, error) {
		_, flags, err := s.prepare(mod, nil, files)
		if err != nil {
			return nil, err
		}
		args := slices.Concat([]string{"list", "-e", "-deps", "-json=" + listFields, "-tags=" + s.c.Tags}, flags, []string{"--"}, call)
		out, settled, err := g.RunSettled(ctx, args...)
		outs, keep = append(outs, out), keep && settled
		return out, s.clean(err)
	})
	if err != nil {
		return nil, err
	}
	if keep && fine(all) && s.known.fresh(mod, files) == world {
		for i, call := range calls(patterns) {
			s.known.saveList(world, call, outs[i])
		}
	}
	return importgraph.New(all, roots, len(patterns) == 0), nil
}

// listWithLoans is listBy with the server's toolchain, with what vendor/ has of modules that could not be
// fetched.
func (s *Stage) listWithLoans(ctx context.Context, mod *pinner.Mod, files importgraph.Files, patterns []string) (*importgraph.Listing, error) {
	for {
		var l *importgraph.Listing
		err := s.Loans.retry(func() (err error) {
			l, err = s.listBy(ctx, s.c.Go, mod, files, patterns)
			return err
		})
		if err != nil {
			return nil, err
		}
		if found, err := s.Loans.borrowListed(l); err != nil || !found {
			return l, err
		}
	}
}

// listed returns what go list prints for each call that patterns need: all packages, and
// the main packages of the module.
func listed(patterns []string, list func(call []string) ([]byte, error)) (all map[string]*importgraph.Package, roots []*importgraph.Package, err error) {
	all = map[string]*importgraph.Package{}
	for _, call := range calls(patterns) {
		out, err := list(call)
		if err != nil {
			return nil, nil, err
		}
		if roots, err = decode(out, all, roots, len(patterns) > 0); err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(roots, func(a, b *importgraph.Package) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	return all, roots, nil
}

// calls groups patterns into go list calls: named files must all be in one
// directory, so each gets one of its own.
func calls(patterns []string) [][]string {
	if len(patterns) == 0 {
		return [][]string{{"./..."}}
	}
	var out [][]string
	var packages []string
	for _, p := range patterns {
		if strings.HasSuffix(p, ".go") {
			out = append(out, []string{p})
		} else {
			packages = append(packages, p)
		}
	}
	if packages != nil {
		out = append(out, packages)
	}
	return out
}

// decode reads go list's output into all and appends the main packages of the
// main module to roots. A named package that is no main package is an error.
func decode(out []byte, all map[string]*importgraph.Package, roots []*importgraph.Package, named bool) ([]*importgraph.Package, error) {
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &importgraph.Package{}
		if err := dec.Decode(p); err == io.EOF {
			return roots, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if p.Standard && !p.DepOnly && named {
			return nil, importgraph.NotPlugin(p.ImportPath, "it is of the standard library")
		}
		if p.ImportPath == "command-line-arguments" && len(p.GoFiles)+len(p.CgoFiles) > 0 {
			p.ImportPath = p.Dir + "/" + p.Files()[0] // several files may be listed, each by itself
		}
		all[p.ImportPath] = p
		switch {
		case p.DepOnly, p.Standard:
		case p.Module != nil && !p.Main():
			return nil, importgraph.NotPlugin(p.ImportPath, "it is of module "+p.Module.Path)
		case p.Name == "main":
			roots = append(roots, p)
		case named && p.Error != nil:
			return nil, importgraph.NotPlugin(p.ImportPath, oneLine(p.Error.Err))
		case named:
			return nil, importgraph.NotPlugin(p.ImportPath, "it is package "+p.Name+", not a main package")
		}
	}
}

// oneLine joins the lines that the go command indents.
func oneLine(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n\t", ": ") }
