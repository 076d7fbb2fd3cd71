//go:build !unix

package commit

import "io/fs"

func owner(fs.FileInfo) (uid, gid int, ok bool) { return 0, 0, false }

func inode(fs.FileInfo) uint64 { return 0 }
