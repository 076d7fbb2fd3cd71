package look

import (
	"go/token"
	"io/fs"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/syntax"
)

// A source is a Go file as far as its imports.
type source struct {
	once    sync.Once
	data    []byte
	readErr error

	pkg     string
	imports []string // "C" among them
	err     error    // where it does not parse
}

// Files reads the plugin's files from a tree, and those of other modules from the disk. It
// keeps the Go files: choosing blank imports looks at the same ones again.
type Files struct {
	Tree Tree
	Root string            // the module root's directory: the names of packages of its own, also where Tree is git's index
	Seen func(name string) // told each file and directory that is read outside of Tree; may be nil

	mu sync.Mutex
	by map[string]*source // guarded by mu; by full name
}

// source reads a file by its full name, once.
func (f *Files) source(name string) (*source, error) {
	f.mu.Lock()
	s := f.by[name]
	if s == nil {
		if f.by == nil {
			f.by = map[string]*source{}
		}
		s = &source{}
		f.by[name] = s
	}
	f.mu.Unlock()
	s.once.Do(func() {
		if s.data, s.readErr = f.readFile(name); s.readErr == nil {
			s.parse(name)
		}
	})
	return s, s.readErr
}

// short is a name below the module root, for messages.
func (f *Files) short(full string) string {
	if rel, err := filepath.Rel(f.Root, full); err == nil && filepath.IsLocal(rel) {
		full = rel
	}
	return filepath.ToSlash(full)
}

// Read reads a file by its full name: of the plugin from the tree, of other
// modules from the disk.
func (f *Files) Read(name string) ([]byte, error) {
	src, err := f.source(name)
	if err != nil {
		return nil, err
	}
	return src.data, nil
}

func (f *Files) readFile(name string) ([]byte, error) {
	rel, err := filepath.Rel(f.Root, name)
	if err != nil || !filepath.IsLocal(rel) {
		f.see(name)
		return Disk("").ReadFile(name)
	}
	return f.Tree.ReadFile(filepath.ToSlash(rel))
}

func (f *Files) readDir(name string) ([]fs.DirEntry, error) {
	rel, err := filepath.Rel(f.Root, name)
	if err != nil || !filepath.IsLocal(rel) {
		f.see(name)
		return Disk("").ReadDir(name)
	}
	return f.Tree.ReadDir(filepath.ToSlash(rel))
}

func (f *Files) see(name string) {
	if f.Seen != nil {
		f.Seen(name)
	}
}

// Imports returns what a file imports, by its full name.
func (f *Files) Imports(name string) ([]string, error) {
	s, err := f.source(name)
	if err != nil {
		return nil, err
	}
	return s.imports, s.err
}

func (s *source) parse(name string) {
	f, bad := syntax.Imports(token.NewFileSet(), name, s.data)
	if bad != nil {
		s.err = bounded.Hide(name, bad)
	}
	if f == nil {
		return
	}
	s.pkg = f.Name.Name
	for _, spec := range f.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil {
			s.imports = append(s.imports, path)
		}
	}
}

// atOnce is how many files are read at a time: half of the time goes into system calls.
func atOnce() int { return 2 * runtime.GOMAXPROCS(0) }
