package plugin

import (
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/mains"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/pinner"
)

// finder finds main packages without the go command, which --print must not need.
type finder struct {
	root   string
	module string
	look   build.Context
}

// NewFinder looks at the module at root as a build by the server's Go for its
// platform and tags does.
func NewFinder(root, module string, s *pinner.Server) *finder {
	return &finder{root: root, module: module, look: buildctx.Of(s)}
}

// Find returns the main packages and files that patterns name, "." or "./x" or
// "./x/y.go" below the root. Without patterns it returns the plugins among all main
// packages of the module, and the others.
func (m *finder) Find(patterns []string) (found, others []string, err error) {
	if len(patterns) > 0 {
		found, err = m.named(patterns)
		return found, nil, err
	}
	if found, err = m.walk(m.root); err != nil {
		return nil, nil, err
	}
	found, others = mains.Split(found, m.exports)
	return found, others, nil
}

// exports reports whether the main package in a directory exports something. A file
// that cannot be read may; the build says why it cannot.
func (m *finder) exports(rel string) bool {
	dir := filepath.Join(m.root, rel)
	p, err := m.look.ImportDir(dir, 0)
	if err != nil {
		return true
	}
	return mains.Export(slices.Concat(p.GoFiles, p.CgoFiles), mains.In(dir))
}

func (m *finder) named(patterns []string) ([]string, error) {
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

func (m *finder) match(pattern string) ([]string, error) {
	if strings.HasSuffix(pattern, ".go") {
		return []string{pattern}, nil
	}
	rel := pattern
	if rest, ok := modpath.Cut(pattern, m.module); ok {
		rel = "." + rest
	}
	if rel != "." && !strings.HasPrefix(rel, "./") {
		return nil, importgraph.NotPlugin(pattern, "it is not in module "+m.module)
	}
	if below, ok := strings.CutSuffix(rel, "..."); ok {
		return m.walk(filepath.Join(m.root, below))
	}
	p, err := m.look.ImportDir(filepath.Join(m.root, rel), 0)
	switch {
	case err != nil:
		return nil, importgraph.NotPlugin(pattern, err.Error())
	case p.Name != "main":
		return nil, importgraph.NotPlugin(pattern, "it is package "+p.Name+", not a main package")
	}
	return []string{rel}, nil
}

// walk returns the main packages in dir and below.
func (m *finder) walk(dir string) ([]string, error) {
	var out []string
	var broken error
	err := mains.Walk(mains.Below(dir), func(below string, _ []fs.DirEntry) error {
		name := filepath.Join(dir, filepath.FromSlash(below))
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
		text := strings.ReplaceAll(broken.Error(), m.root+string(filepath.Separator), "")
		return nil, fault.New("correct it, or name the plugin's package or file", "%s", text)
	case len(out) == 0:
		return nil, NoPlugin(m.root, m.module)
	}
	return out, nil
}

// LeftAlone names main packages that are no plugins; "" where there are none.
func LeftAlone(others []string) string {
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf("left alone, because it exports no function or variable that a server could look up: %s (name it with --package if it is a plugin)", strings.Join(others, ", "))
}
