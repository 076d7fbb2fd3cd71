package stage

import (
	"os"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/scratch"
)

// A Scratch is a directory for what go build makes, and for files that it reads
// and that are no part of the plugin.
type Scratch struct{ dir *scratch.Dir }

// NewScratch makes a scratch directory.
func NewScratch() (*Scratch, error) {
	dir, err := scratch.New()
	if err != nil {
		return nil, &ScratchError{err}
	}
	return &Scratch{dir}, nil
}

// Path returns the name of a file in it.
func (s *Scratch) Path(elem ...string) string {
	return filepath.Join(append([]string{s.dir.Path}, elem...)...)
}

// Write writes a file and the directories that it needs, and returns its path.
func (s *Scratch) Write(name string, data []byte) (string, error) {
	name = s.Path(filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return "", &ScratchError{err}
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		return "", &ScratchError{err}
	}
	return name, nil
}

// Close removes it.
func (s *Scratch) Close() error { return s.dir.Close() }
