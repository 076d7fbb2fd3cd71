package pinner

import (
	"fmt"
	"slices"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// Why a module is capped.
const (
	CauseCompile   = "compile"   // it, or the plugin with it, does not compile against a pin
	CauseGo        = "go"        // its go line is above the server's Go
	CauseDowngrade = "downgrade" // it asks for more than a pin or another cap
	CauseUser      = "user"      // someone said so: --cap
	CauseVendor    = "vendor"    // it could not be fetched, and vendor/ has this version
)

// A Cap sets the version of a module that the server does not link: the plan
// requires it and excludes what the graph has above it. Most caps lower a module;
// one above the version that the plugin has raises it.
type Cap struct {
	module.Version
	Cause string // one of the Cause constants
	Error string // the compile error, the go line, or the requirement behind it, in words

	// For is the pin or cap that it was set for, if there is one.
	For module.Version

	// Why holds the facts of Error, as far as there are any.
	Why Why
}

// Why is what keeps a module from the version that it would have without a cap.
type Why struct {
	Module module.Version // that version
	Needs  string         // the version of For that it requires, if that is above For
	Go     string         // the Go release that it needs, if the server's is older
	Place  string         // where it does not compile with For: file and line
	Fault  string         // the compile error there
}

// Versions returns the released versions of several modules in ascending order, without
// pre-releases and retracted versions. A module without tags has an empty list. A module
// whose versions could not be listed is missing from the result.
type Versions func(paths []string) (map[string][]string, error)

// Allows reports whether a module with the go.mod m fits the plan: it requires nothing
// above a pin or a cap, and the server's toolchain accepts its go line.
func (p *Plan) Allows(m *Summary) bool { return limit{p.server, p.bounds()}.allows(m) }

// A limit says what the go.mod of a module may require.
type limit struct {
	server *Server
	*bounds
}

// exceeds returns the requirements of m that are above the limit.
func (l limit) exceeds(m *Summary) []module.Version {
	return slices.DeleteFunc(slices.Clone(m.Require), func(r module.Version) bool {
		limit, ok := l.of(r.Path)
		return !ok || semver.Compare(r.Version, limit) <= 0
	})
}

func (l limit) allows(m *Summary) bool {
	return l.server.Accepts(m.Go) && len(l.exceeds(m)) == 0
}

// A Candidates finds versions for caps.
type Candidates struct {
	Versions Versions
	Source   Source
}

// Prepare fetches what [Candidates.Below] and [Candidates.First] need of these
// modules together: one by one, most of the time is spent on waiting.
func (c Candidates) Prepare(vs []module.Version) error {
	var paths []string
	for _, v := range vs {
		paths = append(paths, v.Path)
	}
	if len(paths) == 0 {
		return nil
	}
	if _, err := c.Versions(paths); err != nil {
		return err
	}
	var mods []module.Version
	for _, v := range vs {
		below, err := c.Below(v, nil)
		if err != nil {
			return err
		}
		for _, k := range below[:min(len(below), some)] {
			mods = append(mods, module.Version{Path: v.Path, Version: k})
		}
	}
	_, _, err := c.Source.some(mods)
	return err
}

// Below returns what can take the place of v: the released versions under it,
// and those of known, which someone in the module graph asks for, where v is a
// pseudo-version or there are no releases; newest first. A pre-release is never
// among them.
func (c Candidates) Below(v module.Version, known []string) ([]string, error) {
	released, err := c.Versions([]string{v.Path})
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(slices.Clone(released[v.Path]), prerelease)
	if len(all) == 0 || module.IsPseudoVersion(v.Version) {
		for _, k := range known {
			if module.IsPseudoVersion(k) || !prerelease(k) {
				all = append(all, k)
			}
		}
	}
	all = slices.DeleteFunc(all, func(k string) bool { return semver.Compare(k, v.Version) >= 0 })
	semver.Sort(all)
	slices.Reverse(all)
	return slices.Compact(all), nil
}

// Above returns the released versions over v of the same major version, oldest
// first. A pre-release is never among them.
func (c Candidates) Above(v module.Version) ([]string, error) {
	released, err := c.Versions([]string{v.Path})
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(slices.Clone(released[v.Path]), func(k string) bool {
		return prerelease(k) || semver.Compare(k, v.Version) <= 0 || semver.Major(k) != semver.Major(v.Version)
	})
	semver.Sort(all)
	return slices.Compact(all), nil
}

// Listed reports whether the versions of a module could be listed. If not, an older one
// may exist.
func (c Candidates) Listed(path string) bool {
	released, err := c.Versions([]string{path})
	_, ok := released[path]
	return err == nil && ok
}

// some is how many go.mod files are read at a time. The first suitable version is most
// often among the first few.
const some = 8

func prerelease(v string) bool { return semver.Prerelease(v) != "" }

// All returns those of vs whose go.mod ok takes, in their order. One that could not be
// fetched is passed over.
func (c Candidates) All(vs []module.Version, ok func(*Summary) bool) ([]module.Version, error) {
	sums, lost, err := c.Source.some(vs)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(vs), func(v module.Version) bool { return lost[v] || !ok(sums[v]) }), nil
}

// First returns the first of versions whose go.mod ok takes, or "". One that could
// not be fetched is passed over.
func (c Candidates) First(path string, versions []string, ok func(*Summary) bool) (string, error) {
	for chunk := range slices.Chunk(versions, some) {
		var vs []module.Version
		for _, v := range chunk {
			vs = append(vs, module.Version{Path: path, Version: v})
		}
		fit, err := c.All(vs, ok)
		if err != nil {
			return "", fmt.Errorf("versions of %s: %w", path, err)
		}
		if len(fit) > 0 {
			return fit[0].Version, nil
		}
	}
	return "", nil
}
