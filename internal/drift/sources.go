package drift

import (
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
)

// Sources are the files that an answer of check depends on, those among them that are not
// there. A nil *Sources takes none.
type Sources struct {
	mu    sync.Mutex
	files map[string]bool
	top   string // .git of the repository, of which counts that it is there; ""
	whole bool   // no program was asked, and no file is missing here
}

// Files returns the full names, and in there those that only must go on being there. ok is
// false where the answer depends on more than files.
func (s *Sources) Files() (files, there []string, ok bool) {
	if s == nil || !s.whole {
		return nil, nil, false
	}
	if s.top != "" {
		there = append(there, s.top)
	}
	return slices.Collect(maps.Keys(s.files)), there, true
}

func (s *Sources) add(names ...string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil {
		s.files = map[string]bool{}
	}
	for _, name := range names {
		s.files[name] = true
	}
}

// upwards adds what is looked for in dir and above it: the module and its settings.
func (s *Sources) upwards(dir string) {
	for ; ; dir = filepath.Dir(dir) {
		for _, name := range []string{"go.mod", "go.work", reference.ConfigName, strings.TrimSuffix(reference.ConfigName, "yaml") + "yml", reference.SnapshotName} {
			s.add(filepath.Join(dir, name))
		}
		git := filepath.Join(dir, ".git")
		if place.Has(dir, ".git") {
			s.top = git
			return
		}
		s.add(git)
		if dir == filepath.Dir(dir) {
			return
		}
	}
}

// sources notes what the outcome depends on, unless that is more than files.
func (c *checker) sources(o Options) {
	s := o.Sources
	if s == nil || o.Staged || c.more || c.wants.ServerSource != nil || !c.server.Trimmed() || c.in.Vendor == nil && c.o.Vendor != "never" {
		return // git was asked, or where the server's sources were
	}
	server, err := filepath.Abs(c.server.Ref)
	if err != nil || !(reference.Named{Ref: c.server.Ref}).IsFile() || place.Exists(filepath.Join(c.plugin.Root, "go.work")) {
		return // an image, or modules elsewhere
	}
	named, err := filepath.Abs(o.Dir)
	if err != nil {
		return
	}
	dir, _, err := plugin.Locate(o.Dir)
	if err != nil {
		return
	}
	s.add(server, named) // through a link, it may be another directory next time
	s.upwards(dir)
	s.add(commit.Journals(c.plugin.Root)...)
	s.whole = true
}

// noted is a tree whose names are noted when they are read.
type noted struct {
	look.Tree
	root string
	in   *Sources
}

func (t noted) ReadFile(name string) ([]byte, error) {
	t.in.add(t.full(name))
	return t.Tree.ReadFile(name)
}

func (t noted) ReadDir(name string) ([]fs.DirEntry, error) {
	t.in.add(t.full(name))
	return t.Tree.ReadDir(name)
}

func (t noted) full(name string) string {
	return filepath.Join(t.root, filepath.FromSlash(name))
}

// copies adds the files of vendored packages, whose sizes count.
func (s *Sources) copies(root string, list []look.Copy) {
	if s == nil {
		return
	}
	for _, c := range list {
		dir := filepath.Join(root, "vendor", filepath.FromSlash(c.Package))
		for _, f := range c.Files {
			s.add(filepath.Join(dir, f.Name()))
		}
	}
}
