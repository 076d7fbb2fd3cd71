package place

import "path/filepath"

// Relative names a file from the directory root, or with its full name where that
// cannot be.
func Relative(root, name string) string {
	if rel, err := filepath.Rel(root, name); err == nil {
		return filepath.ToSlash(rel)
	}
	return name
}
