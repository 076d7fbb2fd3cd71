//go:build unix

package kept

import (
	"io/fs"
	"os"
	"syscall"
)

// private reports whether a directory belongs to this user, and no other one may
// write it.
func private(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0
}
