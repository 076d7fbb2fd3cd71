package stage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/modulestxt"
	"github.com/pinfix/pinfix/pinner"
)

// What go list, go mod tidy and go mod vendor say of the plugin is kept by all that they
// read: the go command with its environment, go.mod, and of each Go file of the module
// what comes before its package name, what it imports, and the go command's directives in
// the rest. All else that they read is of module versions, which do not
// change. Not kept is what depends on more than that: on the day, where the go command
// has looked for the newest version of a module; on a directory that replaces a module;
// on what could not be fetched.
//
// go.sum is no part of it: it says which content of a version is the right one, and
// decides nothing else. A tidy result whose go.sum contradicts the plugin's is not taken,
// and a vendored file only if it has the sum that it had.

// formatOfWorld changes with what is kept.
const formatOfWorld = "pinfix stage 1"

// maxWorld bounds the files of a module whose results are kept.
const maxWorld = 50_000

// A memory is what go commands have said of the plugin in earlier runs.
type memory struct {
	c     *Config // its Kept may be nil: nothing is kept
	sum   []byte  // the plugin's go.sum
	loans *Loans  // while there are any, nothing is kept

	mu    sync.Mutex
	heads map[string]fileHead // guarded by mu; see world
}

// world is the key of all that a go command reads of the plugin; "" where it reads what
// has none.
func (m *memory) world(mod *pinner.Mod, files importgraph.Files) string {
	if m.c.Kept == nil {
		return ""
	}
	m.mu.Lock()
	if m.heads == nil {
		m.heads = readHeads(m.c.Go.Dir, nil)
	}
	heads := m.heads
	m.mu.Unlock()
	return m.worldOf(mod, files, heads)
}

// fresh is world with the plugin's files as they are now: what they were not while the go
// command ran is not to be kept as theirs.
func (m *memory) fresh(mod *pinner.Mod, files importgraph.Files) string {
	m.mu.Lock()
	known := m.heads
	m.mu.Unlock()
	return m.worldOf(mod, files, readHeads(m.c.Go.Dir, known))
}

func (m *memory) worldOf(mod *pinner.Mod, files importgraph.Files, heads map[string]fileHead) string {
	if m.c.Kept == nil || heads == nil || len(m.loans.Taken()) > 0 {
		return ""
	}
	for _, r := range mod.Replace {
		if r.New.Version == "" {
			return ""
		}
	}
	id := m.c.Go.Identity()
	if id == "" {
		return ""
	}
	parts := []string{formatOfWorld, id, m.c.GoVersion, m.c.Cache, m.c.Tags, string(mod.Text())}
	for name := range files {
		if _, ok := heads[name]; !ok {
			return ""
		}
	}
	for _, name := range slices.Sorted(maps.Keys(heads)) {
		text := heads[name].text
		if src, ok := files[name]; ok {
			text = head(src)
		}
		parts = append(parts, name, text)
	}
	key := kept.KeyOf(parts...)
	return string(key[:])
}

// A fileHead is what the go command reads of a file, and the state of the file that it
// was read from.
type fileHead struct {
	text         string
	size         int64
	changed, was time.Time // when it was changed, and when it was read
}

// settled is how long after a change of a file another one gives it another time, on any
// file system.
const settled = 3 * time.Second

// of reports whether a file is as it was read.
func (h fileHead) of(info fs.FileInfo) bool {
	return h.size == info.Size() && h.changed.Equal(info.ModTime()) && h.was.Sub(h.changed) > settled
}

// readHeads returns the names of all files below root, from there, with the heads of the
// Go files; known are those of an earlier call, which it reads again only where they have
// changed. It is nil where there are too many, or one cannot be read.
func readHeads(root string, known map[string]fileHead) map[string]fileHead {
	heads := map[string]fileHead{}
	now := time.Now()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() && (rel == "vendor" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if len(heads) > maxWorld {
			return fs.ErrInvalid
		}
		h := fileHead{text: d.Type().String(), was: now}
		if path.Ext(rel) == ".go" && !d.IsDir() {
			info, err := os.Stat(name) // of what a link leads to
			if err != nil {
				return err
			}
			if h = known[rel]; !h.of(info) {
				src, err := importgraph.ReadFile(name)
				if err != nil {
					return err
				}
				h = fileHead{head(src), info.Size(), info.ModTime(), now}
			}
		}
		heads[rel] = h
		return nil
	})
	if err != nil {
		return nil
	}
	return heads
}

// head returns what the go command reads of a Go file: all up to its package name, which
// packages it imports, and the directives below. Of one that does not parse, and of one
// with C code before an import, it is all.
func head(src []byte) string {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.ImportsOnly|parser.SkipObjectResolution)
	if err != nil {
		return string(src)
	}
	var imports []string
	for _, spec := range f.Imports {
		if spec.Path.Value == `"C"` {
			return string(src)
		}
		imports = append(imports, spec.Path.Value)
	}
	slices.Sort(imports)
	n := fset.Position(f.Name.End()).Offset
	var b strings.Builder
	b.Write(src[:n])
	for _, path := range slices.Compact(imports) {
		b.WriteString("\nimport " + path)
	}
	for line := range bytes.Lines(src[n:]) {
		if bytes.Contains(line, []byte("//go:")) {
			b.WriteByte('\n')
			b.Write(line)
		}
	}
	return b.String()
}

// listKey names the listing of a call of go list.
func listKey(world string, call []string) kept.Key {
	return kept.KeyOf(append([]string{"list", world, listFields}, call...)...)
}

// loadList returns what go list has printed for a call.
func (m *memory) loadList(world string, call []string) ([]byte, error) {
	if world != "" {
		if out, ok := m.c.Kept.Load("list", listKey(world, call)); ok {
			root, err := json.Marshal(m.c.Go.Dir)
			return bytes.ReplaceAll(out, []byte(dirField+rootDir), slices.Concat([]byte(dirField), root[1:len(root)-1])), err
		}
	}
	return nil, fs.ErrNotExist
}

// rootDir stands for the plugin's directory in what is kept: the next one may be another.
// No directory is called so, for they are named by full paths. dirField comes before it.
const rootDir, dirField = "plugin:", `"Dir":"`

// saveList keeps what go list has printed for a call, as far as it is read.
func (m *memory) saveList(world string, call []string, out []byte) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		p := &importgraph.Package{}
		if dec.Decode(p) != nil {
			return
		}
		if rel, ok := strings.CutPrefix(p.Dir, m.c.Go.Dir); ok && (p.Main() || p.Module == nil) && !p.Standard {
			p.Dir = rootDir + rel
		} else if p.Main() {
			return
		}
		if enc.Encode(p) != nil {
			return
		}
	}
	m.c.Kept.Save("list", listKey(world, call), b.Bytes())
}

// there reports whether the directories of all packages are.
func there(all map[string]*importgraph.Package) bool {
	std := false // one of the standard library stands for all
	for _, p := range all {
		if p.Standard && std || p.Dir == "" {
			continue
		}
		std = std || p.Standard
		if info, err := os.Stat(p.Dir); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// fine reports whether nothing is wrong with any of the packages.
func fine(all map[string]*importgraph.Package) bool {
	for _, p := range all {
		if p.Error != nil || len(p.InvalidGoFiles) > 0 {
			return false
		}
	}
	return true
}

// A tidyResult is what go mod tidy has made.
type tidyResult struct{ Mod, Sum []byte }

func tidyKey(world string) kept.Key { return kept.KeyOf("tidy", world) }

// keptTidy returns what go mod tidy has made of the same, unless go.sum says of a version
// that it has another content.
func (m *memory) keptTidy(world string) (*tidyResult, bool) {
	if world == "" {
		return nil, false
	}
	data, ok := m.c.Kept.Load("tidy", tidyKey(world))
	var t tidyResult
	if !ok || json.Unmarshal(data, &t) != nil {
		return nil, false
	}
	have := map[string]string{}
	for line := range bytes.Lines(m.sum) {
		if f := strings.Fields(string(line)); len(f) == 3 {
			have[f[0]+" "+f[1]] = f[2]
		} else if len(f) > 0 {
			return nil, false // the go command says what is wrong
		}
	}
	for line := range bytes.Lines(t.Sum) {
		f := strings.Fields(string(line))
		if len(f) != 3 {
			return nil, false
		}
		if sum, ok := have[f[0]+" "+f[1]]; ok && sum != f[2] {
			return nil, false
		}
	}
	return &t, true
}

// keepTidy keeps what go mod tidy has made.
func (m *memory) keepTidy(world string, mod *pinner.Mod, files importgraph.Files, t tidyResult) {
	if world == "" || m.fresh(mod, files) != world {
		return
	}
	if data, err := json.Marshal(t); err == nil {
		m.c.Kept.Save("tidy", tidyKey(world), data)
	}
}

// A vendorResult is what go mod vendor has made.
type vendorResult struct {
	Modules []byte // modules.txt
	Files   []vendorFile
}

// A vendorFile is a file in vendor/ and the one in the module cache that it is a copy of.
type vendorFile struct {
	Name, From string // slashes
	Sum        []byte
}

func vendorKey(world string) kept.Key { return kept.KeyOf("vendor", world) }

// keptVendor makes the directory dir that go mod vendor has made of the same, from the
// module cache. It returns dir, or the plugin's own vendor/ if that is the same; "" where
// it could do neither.
func (m *memory) keptVendor(ctx context.Context, world, dir string) string {
	if world == "" {
		return ""
	}
	data, ok := m.c.Kept.Load("vendor", vendorKey(world))
	var v vendorResult
	if !ok || json.Unmarshal(data, &v) != nil || len(v.Files) == 0 {
		return ""
	}
	if own := filepath.Join(m.c.Go.Dir, "vendor"); v.is(own) {
		return own
	}
	write := func(name string, data []byte) bool {
		full := filepath.Join(dir, filepath.FromSlash(name))
		return filepath.IsLocal(filepath.FromSlash(name)) && os.MkdirAll(filepath.Dir(full), 0o777) == nil && os.WriteFile(full, data, 0o666) == nil
	}
	whole := write("modules.txt", v.Modules)
	for _, f := range v.Files {
		from := filepath.FromSlash(f.From)
		if !whole || ctx.Err() != nil || !filepath.IsLocal(from) {
			whole = false
			break
		}
		data, err := bounded.ReadFile(filepath.Join(m.c.Cache, from), bounded.Any)
		sum := sha256.Sum256(data)
		whole = err == nil && bytes.Equal(sum[:], f.Sum) && write(f.Name, data)
	}
	if !whole {
		os.RemoveAll(dir)
		return ""
	}
	return dir
}

// is reports whether a directory holds just what go mod vendor has made.
func (v *vendorResult) is(dir string) bool {
	want := map[string][]byte{}
	for _, f := range v.Files {
		want[f.Name] = f.Sum
	}
	sum := sha256.Sum256(v.Modules)
	want["modules.txt"] = sum[:]
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if want[rel] == nil || !d.Type().IsRegular() {
			return fs.ErrExist
		}
		data, err := bounded.ReadFile(name, bounded.Any)
		if sum := sha256.Sum256(data); err != nil || !bytes.Equal(sum[:], want[rel]) {
			return fs.ErrExist
		}
		delete(want, rel)
		return nil
	})
	return err == nil && len(want) == 0
}

// keepVendor keeps what go mod vendor has made in dir: where each file is from, which a
// module that is replaced by another one is no exception to.
func (m *memory) keepVendor(world, dir string, mod *pinner.Mod, files importgraph.Files) {
	if world == "" || m.fresh(mod, files) != world {
		return
	}
	var v vendorResult
	var err error
	if v.Modules, err = bounded.ReadFile(filepath.Join(dir, "modules.txt"), bounded.Mod); err != nil {
		return
	}
	from := m.vendorSources(v.Modules, mod)
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil || rel == "modules.txt" {
			return err
		}
		rel = filepath.ToSlash(rel)
		data, err := bounded.ReadFile(name, bounded.Any)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		of, ok := modpath.Above(rel, func(p string) bool { return from[p] != "" })
		if !ok {
			return fs.ErrNotExist
		}
		f := vendorFile{Name: rel, From: from[of] + strings.TrimPrefix(rel, of), Sum: sum[:]}
		source, err := bounded.ReadFile(filepath.Join(m.c.Cache, filepath.FromSlash(f.From)), bounded.Any)
		if err != nil || !bytes.Equal(source, data) {
			return fs.ErrNotExist
		}
		v.Files = append(v.Files, f)
		return nil
	})
	if err != nil {
		return
	}
	if data, err := json.Marshal(v); err == nil {
		m.c.Kept.Save("vendor", vendorKey(world), data)
	}
}

// vendorSources returns for each module of a modules.txt, which is made for mod, the
// directory in the module cache that its files are from, from there.
func (m *memory) vendorSources(text []byte, mod *pinner.Mod) map[string]string {
	out := map[string]string{}
	vendored, _ := modulestxt.Parse(text)
	for _, v := range vendored.Modules {
		if dir, ok := modcache.SourceDir(m.c.Cache, mod.Source(v.Version)); ok {
			if rel, err := filepath.Rel(m.c.Cache, dir); err == nil {
				out[v.Path] = filepath.ToSlash(rel)
			}
		}
	}
	return out
}
