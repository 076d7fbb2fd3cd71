// Package importgraph has the import graph of a plugin: its packages and what they link
// ([Listing]), and which package of a module a plugin can import blank ([Imports]). Package
// stage fills a listing with the go command, package look from the files alone.
package importgraph

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pinfix/pinfix/astimports"
	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/mains"
	"github.com/pinfix/pinfix/internal/pattern"
)

// platforms are those a plugin's file may be built, vetted or looked at on by
// its authors; a blank import must add no code on any of them. The server's own
// is always among them.
var platforms = []string{
	"linux/amd64", "linux/arm64", "linux/386", "linux/arm",
	"darwin/amd64", "darwin/arm64", "freebsd/amd64", "windows/amd64", "windows/arm64",
}

// A set of platforms, with the server's tags and without; one bit for each.
type set uint32

// An Imports chooses blank imports for one listing.
type Imports struct {
	ctxs    []build.Context
	listing *Listing
	read    func(name string) ([]byte, error) // by absolute name
	imports func(name string, data []byte) ([]string, error)
	parsed  map[string][]edge // by import path and directory; the Sources keep them
}

// An edge is an import of one file and where the file builds.
type edge struct {
	path string
	on   set
}

// Files are the plugin's Go files as they should be: path below Root -> content.
type Files map[string][]byte

// Sources are the source files of a plugin and of what it links, wherever they are: on the
// disk, in git's index, or as a plan leaves them.
type Sources struct {
	Root string // the plugin's module root

	// ReadFile reads a source file by its full name.
	ReadFile func(name string) ([]byte, error)

	// ImportsOf returns the paths that a file with that content imports.
	ImportsOf func(name string, data []byte) ([]string, error)

	parsed map[string][]edge
}

// OnDisk are the files of the module in root as they are.
func OnDisk(root string) *Sources {
	return &Sources{Root: root, ReadFile: ReadFile, ImportsOf: importsOf}
}

// Read are files that read and imports have read: what a file holds, and what it imports.
func Read(root string, read func(name string) ([]byte, error), imports func(name string) ([]string, error)) *Sources {
	s := &Sources{Root: root, ReadFile: read}
	s.ImportsOf = func(name string, data []byte) ([]string, error) {
		if have, err := read(name); err != nil || !bytes.Equal(have, data) {
			return importsOf(name, data) // a file as it should be
		}
		return imports(name)
	}
	return s
}

// NewImports looks at the packages of l as a build in the server's context does, on every
// platform. files are the plugin's Go files without pinfix's own imports.
func (s *Sources) NewImports(l *Listing, server build.Context, files Files) *Imports {
	read := func(name string) ([]byte, error) {
		if rel, err := filepath.Rel(s.Root, name); err == nil {
			if data, ok := files[filepath.ToSlash(rel)]; ok {
				return data, nil
			}
		}
		return s.ReadFile(name)
	}
	if s.parsed == nil {
		s.parsed = map[string][]edge{}
	}
	im := &Imports{listing: l, read: read, imports: s.ImportsOf, parsed: s.parsed}
	all := platforms
	if own := server.GOOS + "/" + server.GOARCH; !slices.Contains(all, own) {
		all = append(slices.Clone(all), own)
	}
	tags := [][]string{server.BuildTags}
	if len(server.BuildTags) > 0 {
		tags = append(tags, nil) // the plugin's authors test and vet without them
	}
	for _, p := range all {
		ctx := server
		ctx.GOOS, ctx.GOARCH, _ = strings.Cut(p, "/")
		for _, t := range tags {
			ctx.BuildTags = t
			im.ctxs = append(im.ctxs, ctx)
		}
	}
	return im
}

// Direct returns the paths of the modules that the plugin's own packages import
// from.
func (im *Imports) Direct() (map[string]bool, error) {
	direct := map[string]bool{}
	for _, p := range im.listing.Packages {
		if p.Module != nil && !p.Main() {
			continue
		}
		edges, err := im.edges(p)
		if err != nil {
			return nil, err
		}
		for _, e := range edges {
			if q := im.listing.Packages[e.path]; q != nil && q.Module != nil {
				direct[q.Module.Path] = true
			}
		}
	}
	return direct, nil
}

// Reachable returns, for each of the wanted modules, the package to import in
// file (absolute name, content src) of package root: importable from there and
// linked by root already on every platform that file builds on. The shortest
// path wins. A module without one is not in the result.
func (im *Imports) Reachable(root *Package, file string, src []byte, wanted map[string]bool) (map[string]string, error) {
	need, err := im.builds(filepath.Dir(file), filepath.Base(file), src)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	on := map[string]set{root.ImportPath: need}
	for level := []*Package{root}; len(level) > 0 && len(found) < len(wanted); {
		if level, err = im.next(im.towards(level, wanted, found), on); err != nil {
			return nil, err
		}
		for _, p := range level {
			if on[p.ImportPath]&need == need {
				im.consider(found, wanted, root, p)
			}
		}
	}
	return found, nil
}

// towards keeps the packages of level that lead to a wanted module that is not
// found yet, so that the files of the others need not be read.
func (im *Imports) towards(level []*Package, wanted map[string]bool, found map[string]string) []*Package {
	leads := map[string]bool{}
	var visit func(path string) bool
	visit = func(path string) bool {
		if yes, ok := leads[path]; ok {
			return yes
		}
		leads[path] = false
		p := im.listing.Packages[path]
		if p == nil {
			return false
		}
		yes := p.Module != nil && wanted[p.Module.Path] && found[p.Module.Path] == ""
		for _, q := range p.Imports {
			yes = visit(q) || yes
		}
		leads[path] = yes
		return yes
	}
	return slices.DeleteFunc(level, func(p *Package) bool { return !visit(p.ImportPath) })
}

// next spreads the platforms of the packages in level to what they import; it
// returns the packages that got more.
func (im *Imports) next(level []*Package, on map[string]set) ([]*Package, error) {
	var out []*Package
	for _, p := range level {
		edges, err := im.edges(p)
		if err != nil {
			return nil, err
		}
		for _, e := range edges {
			q := im.listing.Packages[e.path]
			if q == nil {
				continue
			}
			if more := on[e.path] | on[p.ImportPath]&e.on; more != on[e.path] {
				on[e.path] = more
				if !slices.Contains(out, q) {
					out = append(out, q)
				}
			}
		}
	}
	return out, nil
}

func (im *Imports) consider(found map[string]string, wanted map[string]bool, root, p *Package) {
	if p.Module == nil || !wanted[p.Module.Path] || !importable(root, p) {
		return
	}
	old, ok := found[p.Module.Path]
	if !ok || len(p.ImportPath) < len(old) || len(p.ImportPath) == len(old) && p.ImportPath < old {
		found[p.Module.Path] = p.ImportPath
	}
}

// importable reports whether root may import p: p is no main package and not
// below someone else's internal (https://go.dev/s/go14internal).
func importable(root, p *Package) bool {
	if p.Name == "main" || p.Error != nil {
		return false
	}
	return !slices.Contains(strings.Split(p.ImportPath, "/"), "internal")
}

// edges returns the imports of p's files, sorted by file; pinfix's own blank
// imports are not among them.
func (im *Imports) edges(p *Package) ([]edge, error) {
	if e, ok := im.parsed[p.ImportPath+" "+p.Dir]; ok {
		return e, nil
	}
	var out []edge
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles) {
		if strings.HasSuffix(name, "_test.go") {
			continue // an ignored one
		}
		full := filepath.Join(p.Dir, name)
		data, err := im.read(full)
		if err != nil {
			return nil, err
		}
		on, err := im.builds(p.Dir, name, data)
		if err != nil || on == 0 {
			continue // go list has its say about such a file
		}
		paths, err := im.imports(full, data)
		if err != nil {
			continue
		}
		for _, path := range paths {
			out = append(out, edge{path, on})
		}
	}
	im.parsed[p.ImportPath+" "+p.Dir] = out
	return out, nil
}

// importsOf returns the import paths of a Go file.
func importsOf(name string, data []byte) ([]string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ImportsOnly)
	if err != nil {
		return nil, bounded.Hide(name, err)
	}
	var paths []string
	for _, spec := range f.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// builds returns the platforms that the file builds on.
func (im *Imports) builds(dir, name string, data []byte) (set, error) {
	all := set(1)<<len(im.ctxs) - 1
	if !Constrained(name, data) {
		return all, nil
	}
	// MatchFile would read the imports once a platform; a header cut off
	// inside a comment that mentions a package clause is an error, though.
	short := append(bytes.Clone(header(data)), "\npackage p\n"...)
	var on set
	for i := range im.ctxs {
		ok, err := Match(im.ctxs[i], dir, name, short)
		if err != nil {
			ok, err = Match(im.ctxs[i], dir, name, data)
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
		}
		if ok {
			on |= 1 << i
		}
	}
	return on, nil
}

// Constrained reports whether a file may be left out somewhere: by its name or
// by a constraint before the package clause. It errs to true, which costs time
// only.
func Constrained(name string, data []byte) bool {
	if strings.Contains(strings.TrimSuffix(name, ".go"), "_") || strings.HasPrefix(name, ".") {
		return true
	}
	for line := range bytes.Lines(header(data)) {
		if s := strings.TrimSpace(string(line)); constraint.IsGoBuild(s) || constraint.IsPlusBuild(s) {
			return true
		}
	}
	return false
}

// Match reports whether a build in ctx takes a file of this content.
func Match(ctx build.Context, dir, name string, data []byte) (bool, error) {
	ctx.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	return ctx.MatchFile(dir, name)
}

// Unconstrained returns src with its build constraints made plain comments. go
// mod tidy leaves out a file with the tag ignore, also where it is the plugin,
// given by name.
func Unconstrained(src []byte) []byte {
	head := header(src)
	var out []byte
	for line := range bytes.Lines(head) {
		if s := strings.TrimSpace(string(line)); constraint.IsGoBuild(s) || constraint.IsPlusBuild(s) {
			line = []byte("//\n")
		}
		out = append(out, line...)
	}
	return append(out, src[len(head):]...)
}

// header returns what is before the package clause: the place of build
// constraints.
func header(data []byte) []byte {
	if bytes.HasPrefix(data, []byte("package ")) {
		return nil
	}
	if i := bytes.Index(data, []byte("\npackage ")); i >= 0 {
		return data[:i]
	}
	return data
}

var mainRE = pattern.New(`(?m)^func (main|InitModule)\(`)

// Entry returns the file of root (path below the module root, slashes) that
// takes the blank imports: one without build constraint and cgo where there is
// one, with func main before others; never a generated one. "" if there is
// none.
func (im *Imports) Entry(moduleRoot string, root *Package) (string, error) {
	best, bestRank := "", 8
	for _, name := range root.Files() {
		full := filepath.Join(root.Dir, name)
		data, err := im.read(full)
		if err != nil {
			return "", err
		}
		f, err := parser.ParseFile(token.NewFileSet(), full, data, parser.ImportsOnly|parser.ParseComments)
		if err != nil || ast.IsGenerated(f) {
			continue
		}
		rank := 0
		if Constrained(name, data) {
			rank += 4
		}
		if slices.Contains(root.CgoFiles, name) {
			rank += 2
		}
		if !mainRE.Regexp().Match(data) {
			rank++
		}
		if rank < bestRank {
			best, bestRank = full, rank
		}
	}
	if best == "" {
		return "", nil
	}
	rel, err := filepath.Rel(moduleRoot, best)
	return filepath.ToSlash(rel), err
}

// OwnFiles finds the Go files of the module in root that hold blank imports of
// pinfix's own, and returns them as they are and without.
func OwnFiles(root string) (have, bare Files, err error) {
	have, bare = Files{}, Files{}
	err = mains.Walk(mains.Below(root), func(dir string, entries []fs.DirEntry) error {
		for _, e := range entries {
			rel := path.Join(dir, e.Name())
			name := filepath.Join(root, filepath.FromSlash(rel))
			if e.IsDir() || path.Ext(rel) != ".go" {
				continue
			}
			if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
				continue // the go command takes a link to a file, but nothing else
			}
			data, err := ReadFile(name)
			if err != nil {
				return err
			}
			if !bytes.Contains(data, []byte(astimports.Mark)) {
				continue
			}
			without, err := astimports.Set(rel, data, nil)
			if err != nil {
				continue // not a file that the go command could read either
			}
			if !bytes.Equal(without, data) {
				have[rel], bare[rel] = data, without
			}
		}
		return nil
	})
	return have, bare, err
}

// ReadFile reads a source file by its full name, to a limit that no source file of people's
// reaches.
func ReadFile(name string) ([]byte, error) { return bounded.ReadFile(name, bounded.Source) }
