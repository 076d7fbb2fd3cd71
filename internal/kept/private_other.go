//go:build !unix

package kept

import "io/fs"

// The cache directory is the user's own.
func private(fs.FileInfo) bool { return true }
