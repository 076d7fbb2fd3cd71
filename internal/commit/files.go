package commit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/change"
)

// A file is a change and where it goes.
type file struct {
	change.Change
	at   place
	info fs.FileInfo // of the old file, set by check
}

func (f *file) same() bool {
	return (f.Old == nil) == (f.New == nil) && bytes.Equal(f.Old, f.New)
}

// mode is the mode of the new file: that of the old file, or else that of the change.
func (f *file) mode() fs.FileMode {
	switch {
	case f.info != nil:
		return f.info.Mode().Perm()
	case f.Mode.Perm() != 0:
		return f.Mode.Perm()
	}
	return 0o644
}

// stageFile puts the new content next to the target and keeps the old one.
func (c *commit) stageFile(f *file) []step {
	temp := f.at.temp(c.id)
	steps := append(c.makeDirs(f), step{f.Path + ": new content", func(context.Context) error {
		if err := c.disk.create(temp); err != nil {
			return cannotWrite(temp, err)
		}
		return c.complete(temp, f.New, f)
	}})
	if f.Old == nil {
		return steps
	}
	return append(steps, step{f.Path + ": keep the old content", func(context.Context) error { return c.keep(f) }})
}

// complete writes what create has made. Mode and owner come last: create makes
// 0600, as os.CreateTemp does, and a chown takes bits away.
func (c *commit) complete(p place, data []byte, f *file) error {
	if err := c.disk.fill(p, data); err != nil {
		return fmt.Errorf("write %s: %w", f.Path, plain(err))
	}
	if err := c.own(p, f.info); err != nil {
		return fmt.Errorf("chown %s: %w", f.Path, plain(err))
	}
	if err := c.disk.chmod(p, f.mode()); err != nil {
		return fmt.Errorf("chmod %s: %w", f.Path, plain(err))
	}
	if err := c.disk.sync(p); err != nil {
		return fmt.Errorf("sync %s: %w", f.Path, plain(err))
	}
	return nil
}

// own gives p the owner of the old file or, if root makes a new one, of the
// directory: pinfix often runs as root in a container on a mounted directory,
// and the go command, which writes in place, keeps the owner. Who may not give
// files away keeps it.
func (c *commit) own(p place, old fs.FileInfo) error {
	if old == nil && os.Geteuid() == 0 {
		dir, err := c.disk.lstat(p.parent())
		if err != nil {
			return err
		}
		old = dir
	}
	if old == nil {
		return nil
	}
	info, err := c.disk.lstat(p)
	if err != nil {
		return err
	}
	uid, gid, ok := owner(old)
	if !ok || info == nil {
		return nil
	}
	if u, g, _ := owner(info); u == uid && g == gid {
		return nil
	}
	if err := c.disk.chown(p, uid, gid); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// parents are the directories that a new file needs and that were not there, the
// outermost first.
func (f *file) parents() (dirs []place) {
	for dir := filepath.Dir(f.at.name); dir != "."; dir = filepath.Dir(dir) {
		dirs = append([]place{{root: f.at.root, name: dir}}, dirs...)
	}
	return dirs
}

// makeDirs makes them.
func (c *commit) makeDirs(f *file) (steps []step) {
	for _, p := range f.parents() {
		steps = append(steps, step{f.Path + ": new directory", func(context.Context) error {
			_, err := c.makeDir(p)
			return err
		}})
	}
	return steps
}

// makeDir makes a directory, and reports whether it was this that made it.
func (c *commit) makeDir(p place) (made bool, err error) {
	err = c.disk.mkdir(p)
	if errors.Is(err, fs.ErrExist) {
		return false, nil // made for another file, or by another process
	}
	if err == nil {
		made, err = true, c.own(p, nil)
	}
	return made, cannotWrite(p, err)
}

// keep gives the old content a second name, by which it can come back after a
// rename over the first: a hard link, or a copy where there are none. Under the
// name of kept content there is never a part of it.
func (c *commit) keep(f *file) error {
	kept := f.at.backup(c.id)
	err := c.disk.link(f.at, kept)
	if err == nil || !noLink(err) {
		return cannotWrite(kept, err)
	}
	half := f.at.half(c.id)
	if err := c.disk.create(half); err != nil {
		return cannotWrite(half, err)
	}
	if err := c.complete(half, f.Old, f); err != nil {
		return err
	}
	return c.disk.rename(half, kept)
}

// cannotWrite names the directory, which is what the user has to look at.
func cannotWrite(p place, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot write in directory %s: %w", p.dir(), plain(err))
}

// plain leaves out the operation and the file of an error: the names of pinfix's own
// files tell the user nothing.
func plain(err error) error {
	var at *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &at):
		return at.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
