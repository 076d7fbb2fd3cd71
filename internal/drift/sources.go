package drift

import (
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/git"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
)

// Sources are the files that an answer of check depends on, those among them that are not
// there. A nil *Sources takes none.
type Sources struct {
	mu     sync.Mutex
	files  map[string]bool
	top    string // .git of the repository, of which counts that it is there; ""
	staged []Staged
	whole  bool // no program was asked but for the index, and no file is missing here
}

// A Staged is what an answer depends on of git's index: the names below a directory, and
// the objects of the files that were read.
type Staged struct {
	git.Stored
	Read map[string]bool
}

// All are the sources of several modules.
type All []*Sources

// Files returns the full names, and in there those that only must go on being there. ok is
// false where the answer depends on more than files.
func (all All) Files() (files, there []string, staged []Staged, ok bool) {
	names, tops := map[string]bool{}, map[string]bool{}
	for _, s := range all {
		if !s.whole {
			return nil, nil, nil, false
		}
		maps.Copy(names, s.files)
		if s.top != "" {
			tops[s.top] = true
		}
		staged = append(staged, s.staged...)
	}
	return slices.Collect(maps.Keys(names)), slices.Sorted(maps.Keys(tops)), staged, len(all) > 0
}

// Walked returns the sources of a walk as far as it looks for modules: the directories
// that it has looked into.
func Walked(dirs []string) *Sources {
	s := &Sources{whole: true}
	for _, dir := range dirs {
		full, err := filepath.Abs(dir)
		s.add(full)
		s.whole = s.whole && err == nil
	}
	return s
}

// look returns what [mains.KindOf] tells its names to. A name that is not full belongs to
// the directory that pinfix was started in.
func (s *Sources) look() func(name string) {
	if s == nil {
		return nil
	}
	return func(name string) {
		if full, err := filepath.Abs(name); err == nil {
			s.add(full)
		}
	}
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
	if s == nil || c.more || c.wants.ServerSource != nil || !c.server.Trimmed() || c.in.Vendor == nil && c.o.Vendor != "never" {
		return // git was asked, or where the server's sources were
	}
	server, err := filepath.Abs(c.server.Ref)
	if err != nil || !(reference.Named{Ref: c.server.Ref}).IsFile() || place.Exists(filepath.Join(c.plugin.Root, "go.work")) {
		return // an image, or modules elsewhere
	}
	if o.Staged && (len(c.plugin.Patterns) > 0 || c.plugin.File != "") {
		return // they are looked for on the disk
	}
	s.add(server)
	s.add(commit.Journals(c.plugin.Root)...)
	s.whole = s.place(o.Dir) && s.stored(c.indexes)
}

// skipped notes that the module in dir was left out, for what it is and has.
func (s *Sources) skipped(dir string) {
	if s != nil {
		s.whole = s.place(dir)
	}
}

// place adds where the module of a directory is found, and its settings. It reports
// whether that is known.
func (s *Sources) place(dir string) bool {
	named, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	resolved, _, err := plugin.Locate(dir)
	if err != nil {
		return false
	}
	s.add(named) // through a link, it may be another directory next time
	s.upwards(resolved)
	return true
}

// stored adds what was read of git's indexes, and reports whether that can be known again.
func (s *Sources) stored(list []*noting) bool {
	for _, x := range list {
		stored, ok := x.Stored()
		if !ok {
			return false
		}
		s.add(stored.Config...)
		s.staged = append(s.staged, Staged{stored, x.read})
	}
	return true
}

// noting is an index that notes which files are read.
type noting struct {
	*git.Index
	mu   sync.Mutex
	read map[string]bool
}

func (x *noting) ReadFile(name string) ([]byte, error) {
	x.mu.Lock()
	x.read[name] = true
	x.mu.Unlock()
	return x.Index.ReadFile(name)
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
