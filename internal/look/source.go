package look

import (
	"go/token"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

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

// sources keeps what was read: choosing blank imports looks at the same files
// again.
type sources struct {
	mu sync.Mutex
	by map[string]*source
}

// source reads a file by its full name, once.
func (g *Graph) source(name string) (*source, error) {
	g.sources.mu.Lock()
	s := g.sources.by[name]
	if s == nil {
		if g.sources.by == nil {
			g.sources.by = map[string]*source{}
		}
		s = &source{}
		g.sources.by[name] = s
	}
	g.sources.mu.Unlock()
	s.once.Do(func() {
		if s.data, s.readErr = g.readFile(name); s.readErr == nil {
			s.parse(name)
		}
	})
	return s, s.readErr
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

// Imports returns what a file imports, by its full name.
func (g *Graph) Imports(name string) ([]string, error) {
	s, err := g.source(name)
	if err != nil {
		return nil, err
	}
	return s.imports, s.err
}

// parallel runs f for 0 to n-1 on all processors.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(n, 2*runtime.GOMAXPROCS(0)) { // half of the time goes into system calls
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				f(int(i))
			}
		})
	}
	wg.Wait()
}
