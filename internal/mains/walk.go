package mains

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A ReadDir returns what is in a directory, named by a slash path below the top of a walk;
// "." is the top.
type ReadDir func(dir string) ([]fs.DirEntry, error)

// Below reads the directories below top on the disk.
func Below(top string) ReadDir {
	return func(dir string) ([]fs.DirEntry, error) {
		return os.ReadDir(filepath.Join(top, filepath.FromSlash(dir)))
	}
}

// Seen is [Below], and tells seen the name of each directory that it reads, if that is not
// nil.
func Seen(top string, seen func(name string)) ReadDir {
	if seen == nil {
		return Below(top)
	}
	return func(dir string) ([]fs.DirEntry, error) {
		seen(filepath.Join(top, filepath.FromSlash(dir)))
		return Below(top)(dir)
	}
}

// Walk calls f for each directory of a module that the go command takes packages from, with
// what is in it: the top first, whatever its name, and each before those in it. Other
// modules are left out, and so are directories called testdata, those whose names begin with
// "." or "_", and those in one called vendor (go help packages; go list shows vendor itself).
// Links are not followed. An error of f ends the walk; [fs.SkipAll] ends it without one.
func Walk(read ReadDir, f func(dir string, entries []fs.DirEntry) error) error {
	return unlessAll(walk(read, ".", true, f))
}

// WalkAll is [Walk] into other modules, too, but not into vendor.
func WalkAll(read ReadDir, f func(dir string, entries []fs.DirEntry) error) error {
	return unlessAll(walk(read, ".", false, f))
}

func unlessAll(err error) error {
	if errors.Is(err, fs.SkipAll) {
		return nil
	}
	return err
}

func walk(read ReadDir, dir string, one bool, f func(dir string, entries []fs.DirEntry) error) error {
	entries, err := read(dir)
	if err != nil {
		return err
	}
	if one && dir != "." && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "go.mod" && !e.IsDir() }) {
		return nil
	}
	if err := f(dir, entries); err != nil {
		return err
	}
	if path.Base(dir) == "vendor" {
		return nil
	}
	for _, e := range entries {
		if e.IsDir() && !skips(e.Name(), one) {
			if err := walk(read, path.Join(dir, e.Name()), one, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// Reaches reports whether [WalkAll] comes to dir, a slash path from the top, if it is there.
func Reaches(dir string) bool {
	return !slices.ContainsFunc(strings.Split(dir, "/"), func(name string) bool { return name != "." && skips(name, false) })
}

// skips reports whether a walk, of one module or of all, leaves a directory of that name out.
func skips(name string, one bool) bool {
	return name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || !one && name == "vendor"
}
