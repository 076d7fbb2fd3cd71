package typecheck

import (
	"bytes"
	"cmp"
	"context"
	"go/token"
	"go/types"
	"maps"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/gcexportdata"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/reach"
)

// quick checks open packages, with as little as that takes of what they import: the
// declarations that they reach (see package reach), or export data that was kept of
// these. ok is false where what they import is not sound so, and where most of the graph is
// open: then it saves little, and a fault costs all again.
func (k *known) quick(ctx context.Context, open []string, source map[string][]byte) (faulty []string, ok bool) {
	if len(open) > len(k.pkgs)/2 {
		return nil, false
	}
	s := &session{known: k, source: source, fset: token.NewFileSet()}
	s.parse(open)
	from, data := k.plan(open)
	graph := s.pick(data, nil)
	if graph == nil && len(data) > 0 { // more is asked of a package than was kept of it
		was := data
		from, data = k.below(open), nil
		graph = s.pick(nil, was)
	}
	given := s.given(data)
	if graph == nil || given == nil {
		return nil, false
	}
	part := map[string]*Package{}
	for path := range from {
		p := *k.pkgs[path]
		p.Bodies = s.parsed[path] != nil
		if r := s.parsed[path]; r != nil {
			given[path] = r
		} else if files := graph.Files(path); files != nil {
			given[path] = &result{pkg: &p, quick: true, fset: s.fset, files: files, ready: make(chan struct{})}
		} else {
			given[path] = &result{types: nothing(&p), ready: closed}
			continue
		}
		part[path] = &p
	}
	order, err := sorted(part)
	if err != nil {
		return nil, false
	}
	results, err := k.c.run(ctx, order, given, source)
	if err != nil {
		return nil, false
	}
	for path, r := range results {
		switch {
		case len(r.faults) == 0:
		case s.parsed[path] == nil:
			return nil, false
		default:
			faulty = append(faulty, path)
		}
	}
	slices.Sort(faulty)
	k.learn(results, part, graph)
	return faulty, true
}

// A session is one quick check.
type session struct {
	*known
	source map[string][]byte
	fset   *token.FileSet
	parsed map[string]*result // the packages that are checked, by import path
}

// parse parses the packages that are checked.
func (s *session) parse(open []string) {
	s.parsed = map[string]*result{}
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, path := range open {
		r := &result{pkg: s.pkgs[path], quick: true, fset: s.fset, ready: make(chan struct{})}
		s.parsed[path] = r
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			r.files = r.parse(s.fset, s.source)
		})
	}
	wg.Wait()
}

// pick picks the declarations that the parsed packages reach, but those of packages in
// data, and also what was kept. It returns nil where data has not all that is asked of it,
// and where a file cannot be read.
func (s *session) pick(data, also map[string]record) *reach.Graph {
	g := reach.New(s.fset, func(path string) (*reach.Source, error) {
		p, has := s.pkgs[path], data[path].types != nil
		if p == nil || has || s.parsed[path] != nil {
			return nil, nil
		}
		src := &reach.Source{Map: p.Map}
		for _, name := range p.Files {
			full := filepath.Join(p.Dir, name)
			text, ok := s.source[full]
			if !ok {
				var err error
				if text, err = bounded.ReadFile(full, bounded.Source); err != nil {
					return nil, err
				}
			}
			src.Files = append(src.Files, text)
		}
		return src, nil
	}, func(path string) string {
		if p := s.pkgs[path]; p != nil {
			return p.name()
		}
		return ""
	})
	for _, r := range s.parsed {
		for _, f := range r.files {
			g.Code(f, r.pkg.Map)
		}
	}
	for path, r := range also {
		for name := range r.names {
			g.Need(path, name)
		}
	}
	if g.Close() != nil {
		return nil
	}
	for path, r := range data {
		if !r.has(g.Asked(path)) {
			return nil
		}
	}
	return g
}

// given reads export data. What is read becomes part of the packages that were read before
// it, so it is read in one go, and before anything is checked.
func (s *session) given(data map[string]record) map[string]*result {
	given, read := map[string]*result{}, map[string]*types.Package{}
	for path, r := range data {
		p, err := gcexportdata.Read(bytes.NewReader(r.types), s.fset, read, path)
		if err != nil || !p.Complete() {
			return nil
		}
		given[path] = &result{types: p, ready: closed}
	}
	return given
}

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// nothing is a package that nothing is asked of.
func nothing(p *Package) *types.Package {
	out := types.NewPackage(p.Path, p.name())
	out.MarkComplete()
	return out
}

// name is that of the package clause, or a guess. A wrong one makes go/types miss names.
func (p *Package) name() string { return cmp.Or(p.Name, path.Base(p.Path)) }

// A record is what is kept of what a package declares: export data of the declarations
// that names ask for.
type record struct {
	names map[string]bool // everything among them: of the whole package
	types []byte
}

const everything = "*"

func (r record) has(names map[string]bool) bool {
	if r.names[everything] {
		return true
	}
	for name := range names {
		if !r.names[name] {
			return false
		}
	}
	return true
}

// recordKey names the record of a package, which is a plugin's own: the next one will ask
// for other names.
func (k *known) recordKey(path string) (kept.Key, bool) {
	key, ok := k.keys[path]
	return kept.KeyOf("types", k.c.Plugin, string(key[:])), ok
}

func (k *known) loadRecord(path string) (record, bool) {
	key, ok := k.recordKey(path)
	if !ok {
		return record{}, false
	}
	data, ok := k.c.Kept.Load("types", key)
	line, export, found := bytes.Cut(data, []byte("\n"))
	if !ok || !found {
		return record{}, false
	}
	r := record{names: map[string]bool{}, types: export}
	for _, name := range strings.Fields(string(line)) {
		r.names[name] = true
	}
	return r, true
}

// saveRecord keeps what a package declares, as far as names ask for it.
func (k *known) saveRecord(path string, names map[string]bool, p *types.Package) {
	key, ok := k.recordKey(path)
	if old, has := k.loadRecord(path); !ok || has && old.has(names) {
		return
	}
	var b bytes.Buffer
	b.WriteString(strings.Join(slices.Sorted(maps.Keys(names)), " ") + "\n")
	// Without the file set there are no positions, which no one reads.
	if err := gcexportdata.Write(&b, token.NewFileSet(), p); err == nil {
		k.c.Kept.Save("types", key, b.Bytes())
	}
}
