package flow

import (
	"errors"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// mains finds main packages without the go command, which --print must not need.
type mains struct {
	root   string
	module string
	look   build.Context
}

// newMains looks at the module at root as a build by the server's Go for its
// platform and tags does.
func newMains(root, module string, s *pinner.Server) *mains {
	return &mains{root: root, module: module, look: buildctx.Of(s)}
}

// find returns the main packages and files that patterns name, "." or "./x" or
// "./x/y.go" below the root; none: every main package of the module.
func (m *mains) find(patterns []string) ([]string, error) {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	var out []string
	for _, p := range patterns {
		found, err := m.match(p)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

func (m *mains) match(pattern string) ([]string, error) {
	if strings.HasSuffix(pattern, ".go") {
		return []string{pattern}, nil
	}
	rel := pattern
	if rest, ok := cutModule(pattern, m.module); ok {
		rel = "." + rest
	}
	if rel != "." && !strings.HasPrefix(rel, "./") {
		return nil, &stage.PackageError{Package: pattern, Why: "it is not of module " + m.module}
	}
	if below, ok := strings.CutSuffix(rel, "..."); ok {
		return m.walk(filepath.Join(m.root, below))
	}
	p, err := m.look.ImportDir(filepath.Join(m.root, rel), 0)
	switch {
	case err != nil:
		return nil, &stage.PackageError{Package: pattern, Why: err.Error()}
	case p.Name != "main":
		return nil, &stage.PackageError{Package: pattern, Why: "it is package " + p.Name + ", not a main package"}
	}
	return []string{rel}, nil
}

// walk returns the main packages below dir. What go list passes by is passed by.
func (m *mains) walk(dir string) ([]string, error) {
	var out []string
	var broken error
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name != m.root && passedBy(d.Name()) {
			return fs.SkipDir
		}
		if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && name != m.root {
			return fs.SkipDir // another module
		}
		p, err := m.look.ImportDir(name, 0)
		var none *build.NoGoError
		switch {
		case errors.As(err, &none):
		case err != nil:
			broken = err
		case p.Name == "main":
			rel, err := filepath.Rel(m.root, name)
			if err != nil {
				return err
			}
			if rel != "." {
				rel = "./" + filepath.ToSlash(rel)
			}
			out = append(out, rel)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(out) == 0 && broken != nil:
		return nil, fault("mend it, or name just the plugin's package or file: pinfix build ./x.go", "%w", broken)
	case len(out) == 0:
		return nil, fault("name its package or file: pinfix build PACKAGE", "no main package in module %s", m.module)
	}
	return out, nil
}
