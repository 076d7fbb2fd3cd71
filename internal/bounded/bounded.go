// Package bounded reads files that may be larger than anybody wants to keep, or
// no files at all: [ReadFile] is os.ReadFile with a limit. [Hide] keeps what such
// a file holds out of an error.
package bounded

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Limits on files, each far above any real one.
const (
	Mod    = 16 << 20  // go.mod, go.sum, go.work, modules.txt: what module proxies take
	Source = 64 << 20  // a Go file
	Any    = 512 << 20 // a file of a module: what the go command takes of a whole one
)

// ReadFile reads the regular file called name. One of more than limit bytes, a
// pipe, a device or a directory is an error, and not a byte more is kept.
func ReadFile(name string, limit int64) ([]byte, error) {
	// First: to open a pipe waits for somebody who writes.
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := check(info, limit); err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// It may have grown, and in /proc every file has no size.
	data := make([]byte, 0, info.Size()+512)
	for {
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > limit:
			return nil, &fs.PathError{Op: "read", Path: name, Err: tooLarge(limit)}
		case err == io.EOF:
			return data, nil
		case err != nil:
			return nil, err
		case len(data) == cap(data):
			data = append(data, 0)[:len(data)]
		}
	}
}

// Hide returns err, an error of the text in the file called name, without what it
// quotes of that text where the file is a symbolic link. Git stores links: a
// clone can call a file of the user's by the name of its go.mod, and what pinfix
// says of it ends in the log of a build that others read.
func Hide(name string, err error) error {
	if err != nil {
		if hidden := Hidden(name); hidden != nil {
			return hidden
		}
	}
	return err
}

// Hidden returns the error that [Hide] puts in the place of another, or nil where
// the file is no link.
func Hidden(name string) error {
	info, err := os.Lstat(name)
	if err != nil || info.Mode().Type() != fs.ModeSymlink {
		return nil
	}
	return &hiddenError{name}
}

// A hiddenError says of a file no more than that it cannot be read.
type hiddenError struct{ name string }

func (e *hiddenError) Error() string {
	return e.name + " is a link, and the text of what it leads to, which is not shown, cannot be read as one"
}

// NextStep says what the user can do.
func (*hiddenError) NextStep() string { return "make it a file, or look at what it leads to" }

func check(info fs.FileInfo, limit int64) error {
	switch {
	case info.IsDir():
		return syscall.EISDIR
	case !info.Mode().IsRegular():
		return errors.New("not a regular file")
	case info.Size() > limit:
		return tooLarge(limit)
	}
	return nil
}

func tooLarge(limit int64) error {
	if limit < 1<<20 {
		return fmt.Errorf("more than %d KiB", limit>>10)
	}
	return fmt.Errorf("more than %d MiB", limit>>20)
}
