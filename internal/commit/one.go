package commit

import (
	"context"
	"io/fs"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/change"
)

// WriteFile writes one file that the user has named, or removes it. What is there
// must be old, nil for no file. It takes no lock, reads no journal and writes
// none: one file is written next to its place and renamed, so it is the old or
// the new one at every moment.
//
// root is the module that the file belongs to where its name is in there:
// then the rules of [Lock.Write] for links count. Anywhere else, links are the
// user's. root may be "".
func WriteFile(ctx context.Context, root, name string, old, data []byte, mode fs.FileMode) error {
	return writeFile(ctx, root, name, old, data, mode, disk{})
}

func writeFile(ctx context.Context, root, name string, old, data []byte, mode fs.FileMode, d disk) error {
	name, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	free := false
	slash, ok := within(root, name)
	if !ok {
		// The root of the file system: every path has one spelling below it.
		free, root = true, filepath.VolumeName(name)+string(filepath.Separator)
		slash = filepath.ToSlash(name[len(root):])
	}
	c := newCommit(Tree{Root: root}, nil, d)
	c.free = free
	defer c.close()
	at, err := c.place(slash)
	if err != nil {
		return err
	}
	f := &file{Change: change.Change{Path: name, Old: old, New: data, Mode: mode}, at: at}
	if err := c.checkFile(f); err != nil {
		return err
	}
	if f.same() {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if data == nil {
		return cannotWrite(at, c.disk.discard(at))
	}
	made, err := c.makeParents(f)
	if err == nil {
		err = c.replace(ctx, f)
	}
	if err != nil {
		for i := len(made) - 1; i >= 0; i-- {
			_ = c.disk.discard(made[i]) // it stays if another process has put something into it
		}
	}
	return err
}

// within returns the slash path of name below root, whichever of its names root
// has.
func within(root, name string) (slash string, ok bool) {
	if root == "" {
		return "", false
	}
	roots := []string{root}
	if resolved, err := filepath.EvalSymlinks(root); err == nil {
		roots = append(roots, resolved)
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(name)); err == nil {
		if rel, err := filepath.Rel(roots[len(roots)-1], filepath.Join(dir, filepath.Base(name))); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel), true
		}
	}
	for _, r := range roots {
		if rel, err := filepath.Rel(r, name); err == nil && filepath.IsLocal(rel) && rel != "." {
			return filepath.ToSlash(rel), true
		}
	}
	return "", false
}

// makeParents makes the directories that f needs, and returns those, the
// outermost first.
func (c *commit) makeParents(f *file) (made []place, err error) {
	for _, p := range f.parents() {
		own, err := c.makeDir(p)
		if own {
			made = append(made, p)
		}
		if err != nil {
			return made, err
		}
	}
	return made, nil
}

// replace writes f next to its place and renames it there.
func (c *commit) replace(ctx context.Context, f *file) error {
	temp := f.at.temp(c.id)
	if err := c.disk.create(temp); err != nil {
		return cannotWrite(temp, err)
	}
	err := c.complete(temp, f.New, f)
	if err == nil {
		err = c.checkFile(f) // again: a plugin of 100 MB takes its time
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = cannotWrite(f.at, c.disk.rename(temp, f.at))
	}
	if err != nil {
		_ = c.disk.discard(temp)
		return err
	}
	_ = c.disk.syncDir(f.at.parent()) // the file is the old or the new one either way
	return nil
}
