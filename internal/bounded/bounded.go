// Package bounded opens and reads files that other people may have made. Such a
// file may be larger than memory, or be a pipe, a device or a socket, which makes
// a reader wait forever. [Open], [OpenIn] and [OpenRoot] are the only ways to open
// something for reading. [ReadFile] is os.ReadFile with a limit, and [Wait] limits
// how long a reader waits for a disk. [Hide] keeps the content of such a file out
// of an error.
package bounded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pinfix/pinfix/internal/fault"
)

// Limits on files, each far above any real one.
const (
	Mod     = 16 << 20  // go.mod, go.sum, go.work, modules.txt: what module proxies take
	Source  = 64 << 20  // a Go file
	Any     = 512 << 20 // a file of a module: what the go command takes of a whole one
	Program = 2 << 30   // a server or a plugin
)

// ErrNotRegular is the cause where something is neither a file nor a directory.
var ErrNotRegular = errors.New("not a regular file")

// Open opens the regular file called name for reading. A pipe, a device, a
// socket or a directory is an [fs.PathError] with the cause, and is not waited
// for.
func Open(name string) (*os.File, error) {
	f, _, err := openFile(name)
	return f, err
}

func openFile(name string) (*os.File, fs.FileInfo, error) {
	return open(name, func() (fs.FileInfo, error) { return os.Stat(name) },
		func(flag int) (*os.File, error) { return os.OpenFile(name, os.O_RDONLY|flag, 0) })
}

// OpenIn is [Open] for a name below root.
func OpenIn(root *os.Root, name string) (*os.File, error) {
	f, _, err := open(name, func() (fs.FileInfo, error) { return root.Stat(name) },
		func(flag int) (*os.File, error) { return root.OpenFile(name, os.O_RDONLY|flag, 0) })
	return f, err
}

// open looks before it opens: to open a device may do something already. What
// it has looked at may be another file by the time it is opened, so that must
// not wait, and is looked at again.
func open(name string, stat func() (fs.FileInfo, error), open func(flag int) (*os.File, error)) (*os.File, fs.FileInfo, error) {
	info, err := stat()
	if err != nil {
		return nil, nil, err
	}
	if err := check(info); err != nil {
		return nil, nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f, err := open(noWait)
	if errors.Is(err, syscall.EAGAIN) {
		f, err = open(0) // a regular file that another host or Samba has leased
	}
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = check(info)
	}
	if err != nil {
		f.Close()
		return nil, nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f, info, nil
}

// OpenRoot is os.OpenRoot, which would wait for the other end of a pipe.
func OpenRoot(dir string) (*os.Root, error) {
	return os.OpenRoot(dir + string(filepath.Separator)) // only a directory can be meant
}

// ReadFile reads the regular file called name, as [Open] opens it. One of more
// than limit bytes is an error, and not a byte more is kept.
func ReadFile(name string, limit int64) ([]byte, error) {
	f, info, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info.Size() > limit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: TooLarge(limit)}
	}
	// It may grow, and in /proc every file has no size.
	data := make([]byte, 0, info.Size()+512)
	for {
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > limit:
			return nil, &fs.PathError{Op: "read", Path: name, Err: TooLarge(limit)}
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
	return fault.New("make it a file, or look at what it leads to",
		"%s is a link to a file that cannot be read as one (its text is not shown)", name)
}

func check(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return syscall.EISDIR
	case !info.Mode().IsRegular():
		return ErrNotRegular
	}
	return nil
}

// TooLarge is the error of a file with more than limit bytes.
func TooLarge(limit int64) error {
	switch {
	case limit < 1<<20:
		return fmt.Errorf("more than %d KiB", limit>>10)
	case limit < 1<<30:
		return fmt.Errorf("more than %d MiB", limit>>20)
	}
	return fmt.Errorf("more than %d GiB", limit>>30)
}

// Grace is enough for a reader that was interrupted to remove its files.
const Grace = 500 * time.Millisecond

// Wait returns what f returns. Where ctx ends it gives f so much time to end
// too, and then returns ctx's error without it: what waits for a disk or for
// another program cannot be determined to stop. f must harm nothing if it goes on.
func Wait[T any](ctx context.Context, grace time.Duration, f func() (T, error)) (T, error) {
	if ctx.Done() == nil {
		return f()
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-done:
		return r.value, r.err
	case <-time.After(grace):
		var zero T
		return zero, ctx.Err()
	}
}
