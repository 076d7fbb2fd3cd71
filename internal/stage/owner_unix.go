//go:build unix

package stage

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// onlyOurs returns an error unless only this user and root can change what is in
// dir, an absolute path, as far as it exists: every directory on the way belongs
// to one of them, and others may not write into it. Into a directory on the way
// with the sticky bit, such as /tmp, they may: what is in there already they cannot
// replace. The user's own group counts as the user.
func onlyOurs(dir string) error { return onlyOursBut(dir, 0) }

func onlyOursBut(dir string, links int) error {
	const maxLinks = 40
	if links > maxLinks {
		return syscall.ELOOP
	}
	dir = filepath.Clean(dir)
	for name := string(filepath.Separator); ; {
		info, err := os.Lstat(name)
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := ours(name, info, name == dir); err != nil {
			return err
		}
		if info.Mode().Type() == fs.ModeSymlink {
			to, err := os.Readlink(name)
			if err != nil {
				return err
			}
			if !filepath.IsAbs(to) {
				to = filepath.Join(filepath.Dir(name), to)
			}
			return onlyOursBut(filepath.Join(to, strings.TrimPrefix(dir, name)), links+1)
		}
		if name == dir {
			return nil
		}
		next, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(dir, name), "/"), "/")
		name = filepath.Join(name, next)
	}
}

// ours is the rule for one directory or link; last is for the one that is meant.
func ours(name string, info fs.FileInfo, last bool) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if uid := int(st.Uid); uid != os.Geteuid() && uid != 0 {
		return &ForeignError{name, fmt.Sprintf("belongs to another user (%d)", uid)}
	}
	mode := info.Mode()
	sticky := mode&fs.ModeSticky != 0 && !last
	byGroup := mode.Perm()&0o020 != 0 && int(st.Gid) != os.Getegid()
	if mode.IsDir() && !sticky && (byGroup || mode.Perm()&0o002 != 0) {
		return &ForeignError{name, "can be written by others"}
	}
	return nil
}
