package commit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// goBack restores the old tree from any state of the commit that r records. It looks at
// what is on the disk and not at how far the commit came, so it can be killed and started
// again. It continues after an error, because each file that it restores helps.
func (m *module) goBack(r record) error {
	var errs []error
	var changed []string
	note := func(is string, err error) {
		if is != "" {
			changed = append(changed, is)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("going back: %w", err))
		}
	}
	if r.Vendor != nil {
		note(m.vendorBack(r))
	}
	for i := len(r.Files) - 1; i >= 0; i-- {
		note(m.fileBack(r.Files[i], r.ID))
	}
	if len(errs) == 0 {
		note("", m.syncDirs(r))
	}
	if len(changed) > 0 {
		errs = append(errs, &ChangedSinceError{changed})
	}
	return errors.Join(errs...)
}

// fileBack restores one file. If another process has changed it, the result describes
// that; otherwise it is empty.
func (m *module) fileBack(e entry, id string) (changed string, err error) {
	at, err := m.place(e.Path)
	if err != nil {
		return "", err
	}
	temp, kept := at.temp(id), at.backup(id)
	waits, err := m.disk.lstat(temp)
	if err != nil {
		return "", err
	}
	// While the new content waits next to it, the file is what it was. A file
	// that is removed has no new content, and its old one is kept by a rename.
	if waits == nil || e.New == "" {
		if changed, err = m.contentBack(e, at, kept); err != nil || changed != "" {
			return changed, err
		}
	}
	if changed, err = m.discardKept(e, at, kept); err != nil {
		return "", err
	}
	for _, p := range []place{at.half(id), temp} {
		if err := m.disk.discard(p); err != nil {
			return "", fmt.Errorf("%s: %w", p, err)
		}
	}
	for i := len(e.Dirs) - 1; i >= 0; i-- {
		if err := m.dirBack(e.Dirs[i]); err != nil {
			return "", err
		}
	}
	return changed, nil
}

// contentBack undoes the rename to at, if it has been. What was kept is the old
// file itself, so what an editor has saved into it after the last look is in
// there, and comes back with it.
func (m *module) contentBack(e entry, at, kept place) (changed string, err error) {
	now, err := m.disk.sum(at)
	if err != nil {
		return "", err
	}
	old, err := m.disk.sum(kept)
	if err != nil {
		return "", err
	}
	switch {
	case now == e.Old:
		return "", nil
	case e.Old == "":
		return m.removeNew(e, at, now)
	case old == "":
		return "", nil // not touched yet
	case now == "" || now == e.New:
		if err := m.disk.rename(kept, at); err != nil {
			return "", fmt.Errorf("the old %s is in %s: %w", e.Path, kept, err)
		}
		return "", nil
	}
	return fmt.Sprintf("%s (before: %s)", e.Path, filepath.Base(kept.name)), nil
}

// removeNew removes a file that was not there before.
func (m *module) removeNew(e entry, at place, now string) (changed string, err error) {
	if now != e.New {
		return e.Path, nil
	}
	return "", m.disk.discard(at)
}

// dirBack removes a directory that the commit has made, unless there is
// something in it by now.
func (m *module) dirBack(slash string) error {
	dir, err := m.place(slash)
	if err != nil {
		return err
	}
	if err := m.disk.discard(dir); err != nil && !notEmpty(err) {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return nil
}

// vendorBack puts the old vendor directory back.
func (m *module) vendorBack(r record) (changed string, err error) {
	at, err := m.place("vendor")
	if err != nil {
		return "", err
	}
	temp, kept := at.temp(r.ID), at.backup(r.ID)
	swapped, err := m.swapped(r, at, temp, kept)
	if err != nil {
		return "", err
	}
	if swapped {
		if ours, err := m.isNewVendor(r, at); err != nil {
			return "", err
		} else if !ours {
			changed = "vendor"
			if r.Vendor.Old != "" {
				changed += fmt.Sprintf(" (before: %s)", filepath.Base(kept.name))
			}
			return changed, m.disk.removeAll(temp)
		}
		if err := m.disk.rename(at, temp); err != nil {
			return "", fmt.Errorf("the new vendor directory is in %s: %w", at, err)
		}
	}
	if info, err := m.disk.lstat(kept); err != nil {
		return "", err
	} else if info != nil {
		if err := m.disk.rename(kept, at); err != nil {
			return "", fmt.Errorf("the old vendor directory is in %s: %w", kept, err)
		}
	}
	if err := m.disk.removeAll(temp); err != nil {
		return "", fmt.Errorf("%s: %w", temp, err)
	}
	return "", nil
}

// swapped reports whether vendor/ was put there after the old one was moved away.
func (m *module) swapped(r record, at, temp, kept place) (bool, error) {
	now, err := m.disk.lstat(at)
	if err != nil || now == nil {
		return false, err
	}
	if r.Vendor.Old != "" {
		old, err := m.disk.lstat(kept)
		return old != nil, err
	}
	waits, err := m.disk.lstat(temp)
	return waits == nil, err
}

// isNewVendor reports whether vendor/ is what the commit has made, and no one has
// touched since.
func (m *module) isNewVendor(r record, at place) (bool, error) { return m.holds(at, r.Vendor.New) }

// holds reports whether a vendor directory has the files of a digest.
func (m *module) holds(at place, want string) (bool, error) {
	sums, err := m.sums(context.Background(), at)
	var irregular *irregularError
	if errors.As(err, &irregular) {
		return false, nil // no commit makes such a thing
	}
	return err == nil && digest(sums) == want, err
}

// cleanUp removes the temporary files of a finished commit.
func (m *module) cleanUp(r record) error {
	var errs []error
	var changed []string
	note := func(is string, err error) {
		if is != "" {
			changed = append(changed, is)
		}
		errs = append(errs, err)
	}
	for _, e := range r.Files {
		at, err := m.place(e.Path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		note(m.discardKept(e, at, at.backup(r.ID)))
	}
	if r.Vendor != nil && r.Vendor.Old != "" {
		note(m.discardVendor(r))
	}
	if len(changed) > 0 {
		errs = append(errs, &ChangedSinceError{changed})
	}
	return errors.Join(errs...)
}

// discardKept removes the old content of a file, unless an editor has saved
// something into it after the last look that is nowhere else: that stays.
func (m *module) discardKept(e entry, at, kept place) (changed string, err error) {
	old, err := m.disk.sum(kept)
	if err != nil || old == "" {
		return "", err
	}
	if old != e.Old {
		now, err := m.disk.sum(at)
		if err != nil {
			return "", err
		}
		if now != old {
			return savedMeanwhile(e.Path, kept), nil
		}
	}
	if err := m.disk.discard(kept); err != nil {
		return "", fmt.Errorf("%s: %w", kept, err)
	}
	return "", nil
}

// discardVendor is discardKept for vendor/.
func (m *module) discardVendor(r record) (changed string, err error) {
	at, err := m.place("vendor")
	if err != nil {
		return "", err
	}
	// Its name shows that a directory was being removed and is not a kept one.
	kept, going := at.backup(r.ID), at.half(r.ID)
	info, err := m.disk.lstat(kept)
	if err != nil {
		return "", err
	}
	if info != nil {
		if same, err := m.holds(kept, r.Vendor.Old); err != nil {
			return "", err
		} else if !same {
			return savedMeanwhile("vendor", kept), nil
		}
		if err := m.disk.rename(kept, going); err != nil {
			return "", err
		}
	}
	return "", m.disk.removeAll(going)
}

func savedMeanwhile(path string, kept place) string {
	return fmt.Sprintf("%s (what was saved meanwhile: %s)", path, filepath.Base(kept.name))
}
