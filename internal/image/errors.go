package image

import (
	"fmt"
	"strings"
)

// An Error says why the program could not be had, and what to do.
type Error struct {
	Err  error
	Next string
}

func (e *Error) Error() string { return oneLine(e.Err.Error()) }
func (e *Error) Unwrap() error { return e.Err }

// NextStep says what the user can do.
func (e *Error) NextStep() string { return oneLine(e.Next) }

// oneLine keeps the names in an image, which are foreign text, from making
// lines of their own: CI systems take some lines for commands.
func oneLine(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }

func fault(next, format string, args ...any) error {
	return &Error{fmt.Errorf(format, args...), next}
}

// list prints the first n names.
func list(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:n], ", "), len(names)-n)
}

// Limits on what an image may hold. Docker itself takes 127 layers; the image
// of a server has some tens of thousands of files in some hundred megabytes.
const (
	maxLayers    = 512
	maxManifest  = 4 << 20    // bytes of a manifest, an index, a configuration; what registries take
	maxHeld      = 8 << 30    // bytes of the layers that are fetched, and of one as it is stored
	maxStored    = 32 << 30   // bytes that are read of layers, of each as often as it is read
	maxUnpacked  = 32 << 30   // bytes that they unpack to, and at most
	freeUnpacked = 1 << 30    // so many and
	maxRatio     = 64         // so many times what is stored: layers of real images have 2 to 5 times
	maxHeaders   = 4 << 20    // entries of tars, of each as often as it is read
	maxEntries   = 400_000    // names that are kept, over all layers
	maxLinks     = 8 << 20    // bytes of link targets that are kept
	maxName      = 4 << 10    // bytes of a path, PATH_MAX
	maxHops      = 40         // symbolic links on the way to a file, as Linux has it
	maxLookups   = 10_000_000 // of paths and what they are in, in layers; real images need some thousands
	maxPathDirs  = 32         // directories of PATH
	maxArchive   = 100_000    // files in an archive of images
	maxWindow    = 32 << 20   // bytes that a zstd decoder must keep; level 20 needs that
)
