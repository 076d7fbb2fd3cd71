//go:build unix

package scratch

import (
	"io/fs"
	"os"
	"syscall"
)

// ours reports whether a directory belongs to this user.
func ours(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
