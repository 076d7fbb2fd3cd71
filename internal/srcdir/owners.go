package srcdir

import (
	"path"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/pinner"
)

// goFile ends the name of a Go file.
const goFile = ".go\x00"

// Owners finds the directory that the packages of the server's own module are below, or
// all packages of a server that was built in a GOPATH: the one whose files explain the
// most of these packages.
type owners struct {
	places map[string]bool // the packages, as directories below it; "" is that directory itself
	std    map[string]bool // packages of the standard library, whose files are not meant
	others []string        // ends of the directories of other modules, as "/lib" of "../lib"
	found  map[string]map[string]bool
	votes  int
}

// newOwners knows which packages to look for: none where no file name could tell.
func newOwners(s *pinner.Server) owners {
	o := owners{places: map[string]bool{}, std: map[string]bool{}, found: map[string]map[string]bool{}}
	module := ""
	if s.KnowsModules() {
		if s.Installed != nil || len(s.Own()) == 0 {
			return o // in the module cache, as all others
		}
		module = s.Own()[0]
	}
	for pkg := range s.Packages {
		o.add(s, module, pkg)
		if s.Label(pkg).Kind == pinner.LabelStandard {
			o.std[pkg] = true
		}
	}
	o.add(s, module, s.Path)
	for _, p := range s.Pins {
		if dir := path.Clean(p.Replace.Path); p.Replace.Path != "" && p.Replace.Version == "" {
			if !path.IsAbs(dir) {
				dir = "/" + strings.TrimLeft(dir, "./")
			}
			o.others = append(o.others, dir)
		}
	}
	return o
}

func (o *owners) add(s *pinner.Server, module, pkg string) {
	if module == "" {
		if first, _, _ := strings.Cut(pkg, "/"); strings.Contains(first, ".") {
			o.places[pkg] = true
		}
		return
	}
	rest, ok := strings.CutPrefix(pkg+"/", module+"/")
	if l := s.Label(pkg); ok && l.Pin.Path == module {
		o.places[strings.TrimSuffix(rest, "/")] = true
	}
}

// ownName counts a file name without its end.
func (s *search) ownName(name string) {
	dir := path.Dir(name)
	if !path.IsAbs(name) || path.Clean(name) != name || strings.Contains(name, "@v") || strings.Contains(name, "/vendor/") {
		return
	}
	if i := strings.LastIndex(dir, "/src/"); i >= 0 && s.own.std[dir[i+len("/src/"):]] {
		return
	}
	if s.own.places[""] {
		s.own.vote(dir, "")
	}
	for i := len(dir) - 1; i > 0 && s.look(); i-- {
		if dir[i] == '/' && s.own.places[dir[i+1:]] {
			s.own.vote(dir[:i], dir[i+1:])
		}
	}
}

func (o *owners) vote(dir, place string) {
	if o.found[dir][place] || o.votes >= maxOwn || !Valid(dir) {
		return
	}
	o.votes++
	if o.found[dir] == nil {
		o.found[dir] = map[string]bool{}
	}
	o.found[dir][place] = true
}

// dir returns the directory that explains more than any other; "" for none.
func (o *owners) dir(modCache string) string {
	best, most, tie := "", 0, false
	for dir, places := range o.found {
		n := len(places)
		switch {
		case modCache != "" && strings.HasPrefix(dir, modCache+"/"), slices.ContainsFunc(o.others, func(other string) bool { return strings.HasSuffix(dir, other) }):
		case n > most:
			best, most, tie = dir, n, false
		case n == most:
			tie = true
		}
	}
	if tie {
		return ""
	}
	return best
}
