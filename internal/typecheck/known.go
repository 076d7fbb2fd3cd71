package typecheck

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/reach"
)

// What is kept between runs are two things of a package, by a key that holds all
// that go/types reads for it: its files, its language version, how its imports
// resolve, the keys of those, the processor, and the release of go/types itself.
// That it compiles is one; what it declares, as export data, the other.
//
// Where all compile that have to, nothing is read but to make the keys. Where few
// have changed, these alone are checked from source, against the export data of what
// they import. A fault that is found this way is not reported: the same code is checked again
// with all that it imports from source, for export data lacks names that messages
// mention. So the result never depends on the cache.
//
// The export data is not the go command's. To have it, go list -export compiles what
// its cache lacks: at first the standard library, twenty times as long as go/types
// takes for its declarations; and where it has all, it takes longer than go mod vendor
// to find that out.

// formatOfKeys changes with what a key means, or with what Check does.
const formatOfKeys = "pinfix typecheck 1"

// maxVerdicts is how many packages that compile are remembered for one plugin.
const maxVerdicts = 20_000

// known holds the results of earlier runs that a Check may use.
type known struct {
	c        *Checker
	pkgs     map[string]*Package
	keys     map[string]kept.Key // none for a package whose files cannot be read
	compiles map[kept.Key]bool
	order    []kept.Key // of compiles, the newest first
	name     kept.Key   // of the verdicts
}

// knows reads what was kept for the packages of a graph.
func (c *Checker) knows(pkgs map[string]*Package, order []*Package, source map[string][]byte) *known {
	k := &known{c: c, pkgs: pkgs, keys: map[string]kept.Key{}, compiles: map[kept.Key]bool{}, name: kept.KeyOf(formatOfKeys, c.Plugin, c.goarch)}
	c.hash(order, source)
	for _, p := range order {
		if key, ok := c.key(p, source, k.keys); ok {
			k.keys[p.Path] = key
		}
	}
	data, _ := c.Kept.Load("compiles", k.name)
	for len(data) >= sha256.Size {
		key := kept.Key(data[:sha256.Size])
		k.order, k.compiles[key], data = append(k.order, key), true, data[sha256.Size:]
	}
	return k
}

// hash reads the files of packages, several at a time, as far as they were not read
// before. Those in source are the caller's.
func (c *Checker) hash(pkgs []*Package, source map[string][]byte) {
	var all [][]string
	for _, p := range pkgs {
		var names []string
		for _, name := range p.Files {
			full := filepath.Join(p.Dir, name)
			if _, ok := source[full]; !ok && p.Sealed == "" && c.sums[full] == (kept.Key{}) {
				names = append(names, full)
			}
		}
		if names != nil {
			all = append(all, names)
		}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, names := range all {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			sums := map[string]kept.Key{}
			for _, full := range names {
				if data, err := bounded.ReadFile(full, bounded.Source); err == nil {
					sums[full] = sha256.Sum256(data)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(c.sums, sums)
		})
	}
	wg.Wait()
}

// key returns the key of a package whose imports are in keys; false where a file or an
// import has none.
func (c *Checker) key(p *Package, source map[string][]byte, keys map[string]kept.Key) (kept.Key, bool) {
	parts := []string{formatOfKeys, runtime.Version(), c.goarch, p.Path, p.Go, fmt.Sprint(p.Cgo), p.Sealed}
	for _, name := range p.Files {
		sum := kept.Key{}
		if p.Sealed == "" {
			full := filepath.Join(p.Dir, name)
			if data, ok := source[full]; ok {
				sum = sha256.Sum256(data)
			} else if sum, ok = c.sums[full]; !ok {
				return kept.Key{}, false
			}
		}
		parts = append(parts, "file", name, string(sum[:]))
	}
	for _, path := range slices.Sorted(slices.Values(p.Imports)) {
		parts = append(parts, "import", path)
		switch key, ok := keys[path]; {
		case ok:
			parts = append(parts, string(key[:]))
		case path != "unsafe" && path != "C" && p.Missing[path] == "":
			return kept.Key{}, false
		}
	}
	for _, m := range []map[string]string{p.Map, p.Missing} {
		for _, path := range slices.Sorted(maps.Keys(m)) {
			parts = append(parts, path, m[path])
		}
		parts = append(parts, "")
	}
	return kept.KeyOf(parts...), true
}

// verified reports whether a package is known to compile.
func (k *known) verified(p *Package) bool {
	key, ok := k.keys[p.Path]
	return ok && k.compiles[key]
}

// open returns the packages that have to compile, and are not known to.
func (k *known) open() []string {
	var out []string
	for path, p := range k.pkgs {
		if p.Bodies && !k.verified(p) {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

// plan returns the packages that have to be read from source for the open ones, and the
// export data of the others that these import. What imports a package that is read from
// source is read from source too, for its export data would mean another one of that name.
func (k *known) plan(open []string) (from map[string]bool, data map[string]record) {
	importers := map[string][]string{}
	for path, p := range k.pkgs {
		for _, q := range p.Imports {
			importers[q] = append(importers[q], path)
		}
	}
	from, data = map[string]bool{}, map[string]record{}
	below := k.below(open)
	todo := slices.Clone(open)
	for len(todo) > 0 {
		path := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if from[path] || !below[path] {
			continue
		}
		from[path] = true
		delete(data, path)
		todo = append(todo, importers[path]...)
		for _, q := range k.pkgs[path].Imports {
			if k.pkgs[q] == nil || from[q] || data[q].types != nil {
				continue
			}
			if r, ok := k.loadRecord(q); ok {
				data[q] = r
			} else {
				todo = append(todo, q)
			}
		}
	}
	return from, data
}

// below returns the packages that others import, directly or not, and those.
func (k *known) below(paths []string) map[string]bool {
	out := map[string]bool{}
	for todo := slices.Clone(paths); len(todo) > 0; {
		path := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if p := k.pkgs[path]; p != nil && !out[path] {
			out[path] = true
			todo = append(todo, p.Imports...)
		}
	}
	return out
}

// part returns the graph of some packages and what they import; only these have to
// compile.
func (k *known) part(paths []string) map[string]*Package {
	out := map[string]*Package{}
	for path := range k.below(paths) {
		p := *k.pkgs[path]
		p.Bodies = p.Bodies && slices.Contains(paths, path)
		out[path] = &p
	}
	return out
}

// learn keeps what has been found to compile, and what it declares where the next run
// is likely to ask for it. graph is what was asked for of those without Bodies; nil: all.
func (k *known) learn(results map[string]*result, pkgs map[string]*Package, graph *reach.Graph) {
	var fresh []kept.Key
	for _, path := range slices.Sorted(maps.Keys(pkgs)) {
		key, ok := k.keys[path]
		if ok && pkgs[path].Bodies && results[path] != nil && len(results[path].faults) == 0 && !k.compiles[key] {
			fresh, k.compiles[key] = append(fresh, key), true
		}
	}
	if len(fresh) > 0 {
		k.order = slices.Concat(fresh, k.order)
		k.order = k.order[:min(len(k.order), maxVerdicts)]
		var b bytes.Buffer
		for _, key := range k.order {
			b.Write(key[:])
		}
		k.c.Kept.Save("compiles", k.name, b.Bytes())
	}
	for path := range k.likely() {
		r, ok := results[path]
		if !ok || r.types == nil || len(r.faults) > 0 {
			continue
		}
		names := map[string]bool{everything: true}
		if graph != nil && !pkgs[path].Bodies {
			names = graph.Asked(path)
		}
		k.saveRecord(path, names, r.types)
	}
}

// likely returns the packages that the plugin's own import, and those of the standard
// library that any does which has to compile: what is edited, or moves next, will be
// checked against them.
func (k *known) likely() map[string]bool {
	out := map[string]bool{}
	for _, p := range k.pkgs {
		for _, path := range p.Imports {
			if q := k.pkgs[path]; q != nil && (p.Own || p.Bodies && p.Sealed == "" && q.Sealed != "") {
				out[path] = true
			}
		}
	}
	return out
}
