package commit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/pinfix/pinfix/internal/change"
)

// A file is a change and where it goes.
type file struct {
	change.Change
	at   place
	info fs.FileInfo // of the old file, set by check

	// lost: the old content could not be put back, and stays in the backup.
	lost bool
}

func (f *file) same() bool {
	return (f.Old == nil) == (f.New == nil) && bytes.Equal(f.Old, f.New)
}

// mode is that of the new file: the old one's, else what the change asks for.
func (f *file) mode() fs.FileMode {
	switch {
	case f.info != nil:
		return f.info.Mode().Perm()
	case f.Mode.Perm() != 0:
		return f.Mode.Perm()
	}
	return 0o644
}

// staging puts the new content beside the target and keeps the old one.
func (c *commit) staging(f *file) []step {
	temp := c.temp(f.at)
	steps := append(c.parents(f), step{
		what: f.Path + ": new content",
		do:   func(context.Context) error { return cannotWrite(temp, c.disk.create(temp)) },
		undo: c.discarding(temp),
		left: fmt.Sprintf("temporary file %s", temp),
	}, step{
		what: f.Path + ": new content",
		do:   func(context.Context) error { return c.complete(temp, f.New, f) },
	})
	if f.Old == nil {
		return steps
	}
	return append(steps, c.keeping(f)...)
}

// complete writes what create has made. Mode and owner come last: create makes
// 0600, as os.CreateTemp does, and a chown takes bits away.
func (c *commit) complete(p place, data []byte, f *file) error {
	if err := c.disk.fill(p, data); err != nil {
		return fmt.Errorf("write %s: %w", p, err)
	}
	if err := c.disk.sync(p); err != nil {
		return fmt.Errorf("sync %s: %w", p, err)
	}
	if err := c.own(p, f); err != nil {
		return fmt.Errorf("chown %s: %w", p, err)
	}
	if err := c.disk.chmod(p, f.mode()); err != nil {
		return fmt.Errorf("chmod %s: %w", p, err)
	}
	return nil
}

// own gives p the owner of the old file, since pinfix often runs as root in a
// container on a mounted directory; the go command, which writes in place,
// keeps the owner. Who may not give files away keeps it.
func (c *commit) own(p place, f *file) error {
	if f.info == nil {
		return nil
	}
	info, err := c.disk.lstat(p)
	if err != nil {
		return err
	}
	uid, gid, ok := owner(f.info)
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

// parents makes the directories that a new file needs.
func (c *commit) parents(f *file) []step {
	if f.Old != nil || filepath.Dir(f.at.name) == "." {
		return nil
	}
	var steps []step
	name := ""
	for elem := range strings.SplitSeq(filepath.Dir(f.at.name), string(filepath.Separator)) {
		name = filepath.Join(name, elem)
		dir, made := place{f.at.root, name}, false
		steps = append(steps, step{
			what: f.Path + ": new directory",
			do: func(context.Context) error {
				err := c.disk.mkdir(dir)
				if errors.Is(err, fs.ErrExist) {
					return nil // made for another file, or by somebody else
				}
				made = err == nil
				return cannotWrite(dir, err)
			},
			undo: func() error {
				if !made {
					return nil
				}
				return c.disk.discard(dir)
			},
			left: fmt.Sprintf("new directory %s", dir),
		})
	}
	return steps
}

// keeping gives the old content a second name, by which it can come back after
// a rename over the first: a hard link, or a copy where there are none.
func (c *commit) keeping(f *file) []step {
	kept, copied := c.backup(f.at), false
	return []step{{
		what: f.Path + ": keep the old content",
		do: func(context.Context) error {
			err := c.disk.link(f.at, kept)
			if err != nil && noLink(err) {
				copied = true
				err = c.disk.create(kept)
			}
			return cannotWrite(kept, err)
		},
		undo: func() error {
			if f.lost {
				return nil // renaming's undo has named it
			}
			return c.disk.discard(kept)
		},
		left: fmt.Sprintf("copy of the old %s in %s", f.Path, kept),
	}, {
		what: f.Path + ": keep the old content",
		do: func(context.Context) error {
			if !copied {
				return nil
			}
			return c.complete(kept, f.Old, f)
		},
	}}
}

// renaming is the moment at which the file changes.
func (c *commit) renaming(f *file) step {
	s := step{
		what: f.Path + ": rename",
		do:   func(context.Context) error { return c.disk.rename(c.temp(f.at), f.at) },
		undo: c.discarding(f.at),
		left: fmt.Sprintf("new file %s", f.at),
	}
	if f.Old != nil {
		s.undo, s.left = c.restoring(f)
	}
	return s
}

// removal comes last, and is a rename too, so that it can be taken back.
func (c *commit) removal(f *file) step {
	s := step{
		what: f.Path + ": remove",
		do:   func(context.Context) error { return c.disk.rename(f.at, c.backup(f.at)) },
	}
	s.undo, s.left = c.restoring(f)
	return s
}

func (c *commit) restoring(f *file) (undo func() error, left string) {
	kept := c.backup(f.at)
	undo = func() error {
		err := c.disk.rename(kept, f.at)
		f.lost = err != nil
		return err
	}
	return undo, fmt.Sprintf("the old %s is in %s", f.Path, kept)
}

// cannotWrite names the directory, which is what the user has to look at.
func cannotWrite(p place, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot write in directory %s: %w", p.dir(), err)
}
