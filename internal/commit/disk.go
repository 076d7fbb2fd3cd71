package commit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// A disk does every file operation of this package, so that a test can make
// any of them fail. Its zero value is the real one.
// It has many methods, one for each kind of file operation.
type disk struct {
	// before is called ahead of each operation with its verb and the name it
	// works on; an error takes the place of the operation.
	before func(verb, name string) error

	// flush is (*os.File).Sync where it is nil. A test that commits a
	// thousand times need not wait for the disk.
	flush func(*os.File) error

	// wait takes the place of patience where it is not 0.
	wait time.Duration
}

func (d disk) patience() time.Duration {
	if d.wait != 0 {
		return d.wait
	}
	return patience
}

func (d disk) ask(verb, name string) error {
	if d.before == nil {
		return nil
	}
	return d.before(verb, name)
}

// called is d with verbs that begin with prefix.
func (d disk) called(prefix string) disk {
	if before := d.before; before != nil {
		d.before = func(verb, name string) error { return before(prefix+verb, name) }
	}
	return d
}

// realPath is filepath.EvalSymlinks.
func (d disk) realPath(name string) (string, error) {
	if err := d.ask("resolve", name); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(name)
}

// realDir is realPath for what must be a directory.
func (d disk) realDir(name string) (string, error) {
	dir, err := d.realPath(name)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "stat", Path: name, Err: syscall.ENOTDIR}
	}
	return dir, err
}

// lstatPath is lstat for a name that is not in a place yet.
func (d disk) lstatPath(name string) (fs.FileInfo, error) {
	if err := d.ask("stat", name); err != nil {
		return nil, err
	}
	info, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	return info, err
}

// isGitDir reports whether git would take a directory for a repository without
// a working tree, or for that of a linked worktree, whatever its name is.
func (d disk) isGitDir(dir string) bool {
	has := func(name string) bool { _, err := os.Lstat(filepath.Join(dir, name)); return err == nil }
	return has("HEAD") && (has("objects") && has("refs") || has("commondir"))
}

func (d disk) openRoot(dir string) (*os.Root, error) {
	if err := d.ask("open", dir); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

// lstat returns nil for no file.
func (d disk) lstat(p place) (fs.FileInfo, error) {
	if err := d.ask("stat", p.name); err != nil {
		return nil, err
	}
	info, err := p.root.Lstat(p.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return info, err
}

func (d disk) read(p place) ([]byte, error) {
	if err := d.ask("read", p.name); err != nil {
		return nil, err
	}
	return p.root.ReadFile(p.name)
}

// readSmall is read for a regular file of no more than limit bytes.
func (d disk) readSmall(p place, limit int64) ([]byte, error) {
	info, err := d.lstat(p)
	switch {
	case err != nil:
		return nil, err
	case info == nil:
		return nil, fs.ErrNotExist
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file")
	case info.Size() > limit:
		return nil, fmt.Errorf("larger than %d bytes", limit)
	}
	return d.read(p)
}

// sum returns the sum of a regular file in hex, "" for no file and "other" for
// anything else.
func (d disk) sum(p place) (string, error) {
	info, err := d.lstat(p)
	switch {
	case err != nil:
		return "", err
	case info == nil:
		return "", nil
	case !info.Mode().IsRegular():
		return "other", nil
	}
	if err := d.ask("read", p.name); err != nil {
		return "", err
	}
	f, err := p.root.Open(p.name)
	if err != nil {
		return "", err
	}
	defer f.Close() // it was only read
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// walk calls fn for everything below the directory p with its path below it, and
// stops when ctx is cancelled: a vendor directory may hold many thousand files.
func (d disk) walk(ctx context.Context, p place, fn func(below string, entry fs.DirEntry) error) error {
	if err := d.ask("walk", p.name); err != nil {
		return err
	}
	dir, err := p.root.OpenRoot(p.name)
	if err != nil {
		return err
	}
	defer dir.Close()
	return fs.WalkDir(dir.FS(), ".", func(below string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || below == "." {
			return err
		}
		return fn(below, entry)
	})
}

func (d disk) mkdir(p place) error {
	if err := d.ask("mkdir", p.name); err != nil {
		return err
	}
	return p.root.Mkdir(p.name, 0o777) // the umask decides, as for the go command
}

// mkdirAll makes a directory that only this user may look into, and those above.
func (d disk) mkdirAll(dir string) error {
	if err := d.ask("mkdir", dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o700)
}

// create makes an empty file that was not there before. os.Root has no
// CreateTemp; like it, create keeps the file to ourselves (0600) until it is
// complete.
func (d disk) create(p place) error {
	if err := d.ask("create", p.name); err != nil {
		return err
	}
	f, err := p.root.OpenFile(p.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// fill writes data into an empty file. A shortWrite of a test writes a part.
func (d disk) fill(p place, data []byte) error {
	err := d.ask("write", p.name)
	var short *shortWrite
	if err != nil && !errors.As(err, &short) {
		return err
	}
	if short != nil {
		data = data[:len(data)/2]
	}
	return errors.Join(d.edit(p, func(f *os.File) error {
		_, err := f.Write(data)
		return err
	}), err)
}

// A shortWrite is the answer of a disk that is full in the middle of a write.
type shortWrite struct{ err error }

func (e *shortWrite) Error() string { return e.err.Error() }
func (e *shortWrite) Unwrap() error { return e.err }

// sync has the content on the disk before a rename can be: some file systems
// write a rename first, and after a crash the new name holds nothing.
func (d disk) sync(p place) error {
	if err := d.ask("sync", p.name); err != nil {
		return err
	}
	return d.edit(p, d.flushFile)
}

func (d disk) flushFile(f *os.File) error {
	if d.flush != nil {
		return d.flush(f)
	}
	return f.Sync()
}

// syncDir has the names in a directory on the disk. Some systems and file
// systems have no such thing.
func (d disk) syncDir(p place) error {
	if err := d.ask("syncdir", p.name); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := p.root.Open(p.name)
	if err != nil {
		return err
	}
	err = d.flushFile(f)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

func (d disk) edit(p place, use func(*os.File) error) error {
	f, err := p.root.OpenFile(p.name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(use(f), f.Close())
}

func (d disk) chmod(p place, mode fs.FileMode) error {
	if err := d.ask("chmod", p.name); err != nil {
		return err
	}
	return p.root.Chmod(p.name, mode)
}

func (d disk) chown(p place, uid, gid int) error {
	if err := d.ask("chown", p.name); err != nil {
		return err
	}
	return p.root.Lchown(p.name, uid, gid)
}

func (d disk) link(from, to place) error {
	if err := d.ask("link", to.name); err != nil {
		return err
	}
	return from.root.Link(from.name, to.name)
}

// rename works in one directory: from and to have the same root.
func (d disk) rename(from, to place) error {
	if err := d.ask("rename", to.name); err != nil {
		return err
	}
	return from.root.Rename(from.name, to.name)
}

// move renames across directories, for which there is no os.Root: the scratch
// vendor directory to a fresh name next to its target, and back.
func (d disk) move(from, to string) error {
	if err := d.ask("move", to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// discard removes a file or empty directory, if it is there.
func (d disk) discard(p place) error {
	if err := d.ask("remove", p.name); err != nil {
		return err
	}
	if err := p.root.Remove(p.name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d disk) removeAll(p place) error {
	if err := d.ask("remove", p.name); err != nil {
		return err
	}
	err := p.root.RemoveAll(p.name)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	// Directories of ours that may not be written: a vendor/ that was so.
	_ = p.root.Chmod(p.name, 0o700)
	_ = d.walk(context.Background(), p, func(below string, entry fs.DirEntry) error {
		if entry.IsDir() {
			_ = p.root.Chmod(p.below(below).name, 0o700)
		}
		return nil
	})
	return p.root.RemoveAll(p.name)
}

// noLink reports whether err says that this file system, or the system for this
// file, makes no hard links: FAT, some network and FUSE mounts, Android.
// link(2) says EPERM for it, others ENOTSUP or ENOSYS; EMLINK is too many.
func noLink(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EMLINK)
}

// notEmpty reports whether err says that a directory holds something. POSIX has
// two names for it.
func notEmpty(err error) bool {
	return errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, syscall.EEXIST)
}

// otherFileSystem reports whether err says that a rename would have to copy.
// Windows calls it ERROR_NOT_SAME_DEVICE, 17, for which syscall has no name.
func otherFileSystem(err error) bool {
	return errors.Is(err, syscall.EXDEV) || runtime.GOOS == "windows" && errors.Is(err, syscall.Errno(17))
}

// sums reads the files named below the directory p, several at a time: opening
// is what takes the time, and a vendor directory holds thousands. They are only
// read, so the plain path will do.
func (d disk) sums(ctx context.Context, p place, names []string) (map[string][sha256.Size]byte, error) {
	if err := d.ask("read", p.name); err != nil {
		return nil, err
	}
	out := make([][sha256.Size]byte, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0))
	for i, name := range names {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			data, err := os.ReadFile(filepath.Join(p.String(), filepath.FromSlash(name)))
			if err != nil {
				return fmt.Errorf("vendor: %w", err)
			}
			out[i] = sha256.Sum256(data)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	sums := make(map[string][sha256.Size]byte, len(names))
	for i, name := range names {
		sums[name] = out[i]
	}
	return sums, nil
}
