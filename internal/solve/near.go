package solve

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// nearing looks, once a try compiles, whether each moved module can be nearer to
// the version that the plugin has. When it ends without having stopped, no single
// module can.
type nearing struct {
	best
	before []best            // those that it was better than
	pins   map[string]string // the versions of what the server has

	probe   module.Version    // what is being tried
	tried   map[string]string // caps -> what did not compile with them first
	left    int
	large   bool // the plugin
	done    bool
	stopped bool // by its budget
}

// best is the best try that compiles.
type best struct {
	caps     []pinner.Cap
	plan     *pinner.Plan
	versions map[string]string // of the modules that are linked, by path
	moved    []move            // sorted by path
}

// A move is a module that is not at the plugin's version, and where it could be
// instead, the nearest to that first.
type move struct {
	module.Version
	had    string
	nearer []string
}

// A clash is a set of module versions that do not compile together.
type clash struct {
	versions map[string]string
	failure
}

// A probe costs what a round costs: seconds, for a large plugin. Beyond so many
// versions of a module only those are tried that halving leads to.
//
// The number of probes is the bound. The time is there for what is out of proportion:
// where it ends the search, another run may come to another result.
const (
	maxProbeTime   = 2 * time.Minute
	maxProbes      = 600
	maxProbesLarge = 16
	maxNearer      = 64
	few            = 8 // versions that are all tried
)

// Solved is told of a try that compiles. It returns the caps of the next one, which
// has a module nearer to the plugin's version, or those of the best try and true.
func (s *Solver) Solved(st State) (caps []pinner.Cap, done bool) {
	n := &s.near
	if s.Only || n.done {
		return s.caps, true
	}
	v := s.view(st)
	if s.phase != nearer {
		s.phase = nearer
		n.left, n.stopped = maxProbes, false
		if n.large = countModules(st.Packages) > large; n.large {
			n.left = maxProbesLarge
		}
		n.probe, n.before, n.best = module.Version{}, nil, best{}
	}
	if n.pins == nil {
		n.pins = map[string]string{}
		for _, p := range s.Server.Required() {
			n.pins[p.Path] = p.Version.Version
		}
	}
	if p := n.probe; p.Path == "" || v.at(p.Path) == p.Version || v.at(p.Path) == "" {
		s.adopt(v)
	}
	return s.nextProbe()
}

// Stopped says that the search for nearer versions ended before all were tried; ""
// if it did not.
func (s *Solver) Stopped() string {
	if !s.near.stopped {
		return ""
	}
	return fmt.Sprintf("stopped after %s", &s.budget)
}

// worse is told of a probe that does not compile, or with nil, that cannot be made.
func (s *Solver) worse(v *view) []pinner.Cap {
	if v != nil {
		s.near.tried[key(s.caps)] = told(v.roots[0])
	}
	caps, _ := s.nextProbe()
	return caps
}

// told is a fault without its place: the same in two versions of a module.
func told(f typecheck.Fault) string { return f.Package + ": " + f.Msg }

// at returns the version of a linked module.
func (v *view) at(path string) string {
	for _, p := range v.Packages {
		if p.Module.Path == path && !p.Own {
			return p.Module.Version
		}
	}
	return ""
}

// adopt takes a try as the best one.
func (s *Solver) adopt(v *view) {
	n := &s.near
	if n.plan != nil {
		n.before = append(n.before, n.best)
	}
	n.best = best{caps: s.caps, plan: v.Plan, versions: map[string]string{}}
	seen := map[string]bool{}
	for _, name := range sortedKeys(v.Packages) {
		p := v.Packages[name]
		if p.Own || seen[p.Module.Path] {
			continue
		}
		seen[p.Module.Path] = true
		n.versions[p.Module.Path] = p.Module.Version
		had := s.Base.Selected(p.Module.Path)
		if had == "" || had == p.Module.Version || v.mayMove(p) != nil {
			continue
		}
		if _, capped := capOf(s.caps, p.Module.Path); !capped && semver.Compare(p.Module.Version, had) > 0 {
			continue // what asks for it has been raised
		}
		if near := s.between(p.Module, had); len(near) > 0 {
			n.moved = append(n.moved, move{p.Module, had, near})
		}
	}
	slices.SortFunc(n.moved, func(a, b move) int { return slices.Compare([]string{a.Path}, []string{b.Path}) })
}

// between returns the versions from had to that of m, which is not among them.
func (s *Solver) between(m module.Version, had string) []string {
	d := down
	if semver.Compare(m.Version, had) > 0 {
		d = up
	}
	all := append([]string{had}, s.others(module.Version{Path: m.Path, Version: had}, d)...)
	all = slices.DeleteFunc(all, func(k string) bool {
		if c, ok := capOf(s.User, m.Path); ok && semver.Compare(k, c.Version.Version) > 0 {
			return true
		}
		return semver.Compare(k, m.Version)*int(d) >= 0
	})
	if len(all) > maxNearer {
		return all // to know of each would mean to fetch each go.mod
	}
	readable, err := s.Find.All(m.Path, all, func(sum *pinner.Summary) bool { return s.Server.Accepts(sum.Go) })
	if err != nil {
		return nil
	}
	return readable
}

func capOf(caps []pinner.Cap, path string) (pinner.Cap, bool) {
	i := slices.IndexFunc(caps, func(c pinner.Cap) bool { return c.Path == path })
	if i < 0 {
		return pinner.Cap{}, false
	}
	return caps[i], true
}

// nextProbe returns the caps of the next probe, or those of the best try and true:
// first by halving what lies between a version that does not compile and one that
// does, which is right where all between them are as either of the two, then the rest.
func (s *Solver) nextProbe() ([]pinner.Cap, bool) {
	n := &s.near
	for _, pick := range []func(move) string{s.halve, s.rest} {
		for _, m := range n.moved {
			to := pick(m)
			if to == "" {
				continue
			}
			if n.left == 0 || s.budget.tries > freeOnes && s.budget.now().Sub(s.budget.began) > maxProbeTime {
				n.stopped = true
				break
			}
			n.left--
			s.budget.spend()
			n.probe = module.Version{Path: m.Path, Version: to}
			caps := s.with(m, to)
			if n.tried == nil {
				n.tried = map[string]string{}
			}
			n.tried[key(caps)] = "it cannot be loaded"
			return s.try(caps), false
		}
	}
	n.done = true
	return s.try(s.reasoned()), true
}

// halve returns the version of m to try next between those that do not compile and
// where it is, or "".
func (s *Solver) halve(m move) string {
	n := len(m.nearer)
	from := 0
	for i := range n { // what is nearer than the last failure is passed over
		if s.known(m, m.nearer[i]) != "" {
			from = i + 1
		}
	}
	for from < n {
		at := from
		if from > 0 {
			at = from + (n-1-from)/2
		}
		if s.known(m, m.nearer[at]) == "" && s.reads(m, m.nearer[at]) {
			return m.nearer[at]
		}
		from = at + 1
	}
	return ""
}

// rest returns any version of m that was not tried, or "". Of many, those between
// two that fail for the same reason are taken to fail, too.
func (s *Solver) rest(m move) string {
	nearer := m.nearer[:min(len(m.nearer), maxNearer)]
	before := "" // why the last one failed
	for i, k := range nearer {
		why := s.known(m, k)
		if why != "" {
			before = why
			continue
		}
		after := ""
		for _, l := range nearer[i+1:] {
			if after = s.known(m, l); after != "" {
				break
			}
		}
		if (len(nearer) <= few && !s.near.large || before != after || before == "") && s.reads(m, k) {
			return k
		}
	}
	return ""
}

// reads reports whether the server's Go reads m at a version.
func (s *Solver) reads(m move, version string) bool {
	to, err := s.Find.First(m.Path, []string{version}, func(sum *pinner.Summary) bool { return s.Server.Accepts(sum.Go) })
	return err == nil && to != ""
}

// with returns the best caps with m at another version.
func (s *Solver) with(m move, version string) []pinner.Cap {
	c, capped := capOf(s.near.caps, m.Path)
	user, asked := capOf(s.User, m.Path)
	switch {
	case asked && user.Version.Version == version:
		return set(s.near.caps, user)
	case !capped || c.Cause == pinner.CauseUser:
		c = pinner.Cap{Cause: pinner.CauseDowngrade, Error: "with the other modules lowered, this is the newest version that compiles"}
		if why := s.tooNew(m); why != "" {
			c.Cause, c.Error = pinner.CauseGo, why
		}
	}
	c.Version = module.Version{Path: m.Path, Version: version}
	return set(s.near.caps, c)
}

// tooNew says that the server's Go refuses the plugin's version of m; "" if not.
func (s *Solver) tooNew(m move) string {
	had := module.Version{Path: m.Path, Version: m.had}
	sums, err := s.Find.Source([]module.Version{had})
	if err != nil || sums[had] == nil || s.Server.Accepts(sums[had].Go) {
		return ""
	}
	return pinner.NeedsGo(had, sums[had].Go, s.Server)
}

// known returns what is known not to compile with m at a version, or "": it was
// tried with the best caps, or is in a set of versions that do not compile together.
func (s *Solver) known(m move, version string) string {
	if why := s.near.tried[key(s.with(m, version))]; why != "" {
		return why
	}
	for _, c := range s.clashes {
		if c.versions[m.Path] == version && s.holds(c, m.Path) {
			return told(c.f)
		}
	}
	return ""
}

// has reports whether a module is at a version in the best try. What the server has
// and the try does not link would be at the server's version.
func (n *nearing) has(path, version string) bool {
	at := n.versions[path]
	if at == "" {
		at = n.pins[path]
	}
	return at == version
}

// holds reports whether the modules of a clash but for one are at its versions in
// the best try.
func (s *Solver) holds(c clash, but string) bool {
	for path, v := range c.versions {
		if path != but && !s.near.has(path, v) {
			return false
		}
	}
	return true
}

// now returns m at its version in the end, where that is known already.
func (v *view) now(m module.Version) module.Version {
	if c, ok := capOf(v.final, m.Path); ok && !v.pinned(m.Path) {
		return c.Version
	}
	return m
}

func countModules(pkgs map[string]*Package) int {
	modules := map[string]bool{}
	for p := range maps.Values(pkgs) {
		modules[p.Module.Path] = true
	}
	return len(modules)
}

// learn notes which versions the faults come from: the module that does not
// compile, and those that its code refers to.
func (v *view) learn() {
	for _, f := range v.roots {
		c := clash{map[string]string{}, failure{v, f}}
		refers := f.Blames
		if f.Missing != "" {
			refers = []string{f.Missing}
		}
		for _, pkg := range append([]string{f.Package}, refers...) {
			if p := v.Packages[pkg]; p != nil && p.Own {
				continue
			}
			if m := v.provider(pkg); m.Path != "" {
				c.versions[m.Path] = m.Version
			}
		}
		if len(refers) == 0 {
			c.versions = nil // it may be of any
		}
		v.clashes = append(v.clashes, c)
	}
}

// reasoned returns the best caps with the reasons that hold with all of them: why a
// module is not at the plugin's version.
func (s *Solver) reasoned() []pinner.Cap {
	n := &s.near
	s.final = slices.Clone(n.caps)
	for _, c := range n.plan.Caps {
		if _, ok := capOf(s.final, c.Path); !ok {
			s.final = append(s.final, c)
		}
	}
	out := slices.Clone(n.caps)
	for i, c := range out {
		if c.Cause == pinner.CauseUser || c.Cause == pinner.CauseVendor || c.Cause == pinner.CauseGo {
			continue
		}
		had := module.Version{Path: c.Path, Version: s.Base.Selected(c.Path)}
		why, ok := s.why[c.Path]
		ok = ok && c.Cause == pinner.CauseCompile
		for _, k := range s.clashes { // the first fault of the last try
			if why.v != k.v && k.v.moduleOf(k.f.Package) == had && s.holds(k, c.Path) {
				why, ok = k.failure, true
			}
		}
		if ok {
			out[i].Cause, out[i].Error, out[i].For = pinner.CauseCompile, why.v.because(why.f), why.v.now(why.v.blamed(why.f))
		}
	}
	return out
}

// Probe returns the module version that is being tried, if the solver is looking for
// versions nearer to the plugin's.
func (s *Solver) Probe() (module.Version, bool) {
	if s == nil || s.phase != nearer || s.near.done {
		return module.Version{}, false
	}
	return s.near.probe, true
}

// Reject is told that what Solved has ended with cannot be used after all. It returns
// the next caps to try, and false where nothing was nearer than what compiled first.
func (s *Solver) Reject() ([]pinner.Cap, bool) {
	n := &s.near
	if s.phase != nearer || !n.done || len(n.before) == 0 {
		return nil, false
	}
	last := len(n.before) - 1
	n.best, n.before = n.before[last], n.before[:last]
	n.done, s.final = false, nil
	caps, _ := s.nextProbe()
	return caps, true
}
