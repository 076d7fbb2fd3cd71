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

// A ForeignError is a directory in which another user could put other files.
type ForeignError struct{ Dir, Why string }

func (e *ForeignError) Error() string { return e.Dir + " " + e.Why }

// MakeCache makes dir, to be a module cache. The go command would make it too,
// with words that do not say why that path. A *[ForeignError] is that of a directory
// that other users can write: the go command compares a module with go.sum when
// it unpacks it, and never again.
func MakeCache(dir string) error {
	if err := onlyOurs(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := onlyOurs(dir); err != nil { // it may have been made by another in between
		return err
	}
	probe, err := os.MkdirTemp(dir, "pinfix-")
	if err != nil {
		return err
	}
	return os.Remove(probe)
}
