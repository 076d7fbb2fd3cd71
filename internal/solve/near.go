package solve

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/conflict"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// nearing looks, once a try compiles, whether each moved module can be nearer to
// the version that the plugin has. When it ends without having stopped, no single
// module can.
type nearing struct {
	*common
	best
	before []best            // those that it was better than
	pins   map[string]string // the versions of what the server has

	earlier *string           // the caps of an earlier run, by key; nil: there is none
	probe   []module.Version  // what is being tried
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

// A probe costs what a round costs: seconds, for a large plugin. Beyond so many
// versions of a module only those are tried that halving leads to.
//
// The number of probes is the bound. The clock is there for what is out of proportion:
// where it ends the search, another run may come to another result.
const (
	maxProbes      = 600
	maxProbesLarge = 16
	maxNearer      = 64
	few            = 8 // versions that are all tried
)

// Solved is told of a try that compiles. It returns the caps of the next one, which
// has a module nearer to the plugin's version, or those of the best try and true.
func (s *Solver) Solved(st conflict.State) (caps []pinner.Cap, done bool) {
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
		n.common, n.probe, n.before, n.best = &s.common, nil, nil, best{}
	}
	if n.pins == nil {
		n.pins = map[string]string{}
		for _, p := range s.Server.Required() {
			n.pins[p.Path] = p.Version.Version
		}
	}
	first := n.plan == nil
	elsewhere := func(p module.Version) bool { return v.At(p.Path) != p.Version && v.At(p.Path) != "" }
	if !slices.ContainsFunc(n.probe, elsewhere) {
		n.adopt(v, s.caps)
	}
	if first && n.large && s.Pinned != nil && s.Pinned(v.Plan.Pins) {
		caps, had := n.earlierCaps(v), key(n.caps)
		k := key(caps)
		if n.earlier = &k; k != had {
			return s.try(caps), false
		}
	}
	if n.earlier != nil && key(s.caps) == *n.earlier {
		n.done = true
		return s.try(n.reasoned()), true
	}
	caps, done = n.next()
	return s.try(caps), done
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
func (s *Solver) worse(v *conflict.View) []pinner.Cap {
	if v != nil && s.near.tried != nil {
		s.near.tried[key(s.caps)] = told(v.Roots[0])
	}
	caps, _ := s.near.next()
	return s.try(caps)
}

// told is a fault without its place: the same in two versions of a module.
func told(f typecheck.Fault) string { return f.Package + ": " + f.Msg }

// has reports whether a module is at a version in the best try. What the server has
// and the try does not link would be at the server's version.
func (n *nearing) has(path, version string) bool {
	at := n.versions[path]
	if at == "" {
		at = n.pins[path]
	}
	return at == version
}

func countModules(pkgs map[string]*conflict.Package) int {
	modules := map[string]bool{}
	for p := range maps.Values(pkgs) {
		modules[p.Module.Path] = true
	}
	return len(modules)
}

// adopt takes a try with these caps as the best one.
func (n *nearing) adopt(v *conflict.View, caps []pinner.Cap) {
	if n.plan != nil {
		n.before = append(n.before, n.best)
	}
	n.best = best{caps: caps, plan: v.Plan, versions: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(v.Packages)) {
		p := v.Packages[name]
		if p.Own || n.versions[p.Module.Path] != "" {
			continue
		}
		n.versions[p.Module.Path] = p.Module.Version
		if had := n.Base.Selected(p.Module.Path); had != "" && had != p.Module.Version && v.MayMove(p) == nil && !v.Follows(p.Module, had) {
			n.moved = append(n.moved, move{Version: p.Module, had: had})
		}
	}
	slices.SortFunc(n.moved, func(a, b move) int { return strings.Compare(a.Path, b.Path) })
	n.between(n.moved)
}

// between finds for each module the versions from the plugin's to its own, which is
// not among them, as far as the server's Go reads them. It fetches for all at once.
func (n *nearing) between(moved []move) {
	var paths []string
	for _, m := range moved {
		paths = append(paths, m.Path)
	}
	if len(moved) == 0 {
		return
	}
	if _, err := n.Find.Versions(paths); err != nil {
		return
	}
	var vs []module.Version
	for i := range moved {
		m := &moved[i]
		d := conflict.Down
		if semver.Compare(m.Version.Version, m.had) > 0 {
			d = conflict.Up
		}
		all := append([]string{m.had}, n.Others(module.Version{Path: m.Path, Version: m.had}, d)...)
		user, asked := conflict.CapOf(n.User, m.Path)
		m.nearer = slices.DeleteFunc(all, func(k string) bool {
			return semver.Compare(k, m.Version.Version)*int(d) >= 0 || asked && semver.Compare(k, user.Version.Version) > 0
		})
		if len(m.nearer) > maxNearer {
			continue // to know of each would mean to fetch each go.mod
		}
		for _, k := range m.nearer {
			vs = append(vs, module.Version{Path: m.Path, Version: k})
		}
	}
	readable, err := n.Find.All(vs, n.Accepts)
	if err != nil {
		return
	}
	for i := range moved {
		m := &moved[i]
		if len(m.nearer) <= maxNearer {
			m.nearer = slices.DeleteFunc(m.nearer, func(k string) bool { return !slices.Contains(readable, module.Version{Path: m.Path, Version: k}) })
		}
	}
}

// next returns the caps of the next probe, or those of the best try and true:
// first by halving what lies between a version that does not compile and one that
// does, which is right where all between them are as either of the two, then the rest.
// All modules are moved at once where that was not tried yet: what does not compile
// then tells of each of them.
func (n *nearing) next() ([]pinner.Cap, bool) {
	for _, pick := range []func(move) string{n.halve, n.rest} {
		all, first, probe := n.caps, n.caps, []module.Version(nil)
		for _, m := range n.moved {
			to := pick(m)
			if to == "" {
				continue
			}
			all = n.with(all, m, to)
			if probe = append(probe, module.Version{Path: m.Path, Version: to}); len(probe) == 1 {
				first = all
			}
		}
		if len(probe) == 0 {
			continue
		}
		if n.left == 0 || !n.budget.spend(moreTime) {
			n.stopped = true
			break
		}
		if n.tried[key(all)] != "" {
			all, probe = first, probe[:1]
		}
		n.left--
		n.probe = probe
		if n.tried == nil {
			n.tried = map[string]string{}
		}
		n.tried[key(all)] = "it cannot be loaded"
		return all, false
	}
	n.done = true
	return n.reasoned(), true
}

// halve returns the version of m to try next between those that do not compile and
// where it is, or "".
func (n *nearing) halve(m move) string {
	end := len(m.nearer)
	from := 0
	for i := range end { // what is nearer than the last failure is passed over
		if n.known(m, m.nearer[i]) != "" {
			from = i + 1
		}
	}
	for from < end {
		at := from
		if from > 0 {
			at = from + (end-1-from)/2
		}
		if n.known(m, m.nearer[at]) == "" && n.reads(m, m.nearer[at]) {
			return m.nearer[at]
		}
		from = at + 1
	}
	return ""
}

// rest returns any version of m that was not tried, or "". Of many, those between
// two that fail for the same reason are taken to fail, too.
func (n *nearing) rest(m move) string {
	nearer := m.nearer[:min(len(m.nearer), maxNearer)]
	before := "" // why the last one failed
	for i, k := range nearer {
		why := n.known(m, k)
		if why != "" {
			before = why
			continue
		}
		after := ""
		for _, l := range nearer[i+1:] {
			if after = n.known(m, l); after != "" {
				break
			}
		}
		if (len(nearer) <= few && !n.large || before != after || before == "") && n.reads(m, k) {
			return k
		}
	}
	return ""
}

// reads reports whether the server's Go reads m at a version.
func (n *nearing) reads(m move, version string) bool {
	to, err := n.Find.First(m.Path, []string{version}, n.Accepts)
	return err == nil && to != ""
}

// with returns caps with m at another version.
func (n *nearing) with(caps []pinner.Cap, m move, version string) []pinner.Cap {
	c, capped := conflict.CapOf(caps, m.Path)
	user, asked := conflict.CapOf(n.User, m.Path)
	switch {
	case asked && user.Version.Version == version:
		return set(caps, user)
	case !capped || c.Cause == pinner.CauseUser:
		c = pinner.Cap{Cause: pinner.CauseDowngrade, Error: "with the other modules lowered, this is the newest version that compiles"}
		if line := n.tooNew(m); line != "" {
			had := module.Version{Path: m.Path, Version: m.had}
			c.Cause, c.Error, c.Why = pinner.CauseGo, pinner.NeedsGo(had, line, n.Server), pinner.Why{Module: had, Go: line}
		}
	}
	c.Version = module.Version{Path: m.Path, Version: version}
	return set(caps, c)
}

// tooNew returns the go line of the plugin's version of m if the server's Go refuses it; "" if not.
func (n *nearing) tooNew(m move) string {
	had := module.Version{Path: m.Path, Version: m.had}
	sums, err := n.Find.Source([]module.Version{had})
	if err != nil || sums[had] == nil || n.Server.Accepts(sums[had].Go) {
		return ""
	}
	return sums[had].Go
}

// known returns what is known not to compile with m at a version, or "": it was
// tried with the best caps, or is in a set of versions that do not compile together.
func (n *nearing) known(m move, version string) string {
	if why := n.tried[key(n.with(n.caps, m, version))]; why != "" {
		return why
	}
	for _, c := range n.Clashes {
		if c.Versions[m.Path] == version && n.holds(c, m.Path) && !n.lifts(module.Version{Path: m.Path, Version: version}, c) {
			return told(c.Fault)
		}
	}
	return ""
}

// lifts reports whether m asks for more of a module of a clash than that is at, and
// neither a pin nor a cap holds that there.
func (n *nearing) lifts(m module.Version, c conflict.Clash) bool {
	sums, err := n.Find.Source([]module.Version{m})
	if err != nil || sums[m] == nil {
		return false
	}
	return slices.ContainsFunc(sums[m].Require, func(r module.Version) bool {
		v, part := c.Versions[r.Path]
		_, capped := conflict.CapOf(n.caps, r.Path)
		return part && n.pins[r.Path] == "" && !capped && semver.Compare(r.Version, v) > 0
	})
}

// holds reports whether the modules of a clash but for one are at its versions in
// the best try.
func (n *nearing) holds(c conflict.Clash, but string) bool {
	for path, v := range c.Versions {
		if path != but && !n.has(path, v) {
			return false
		}
	}
	return true
}

// reasoned returns the best caps with the reasons that hold with all of them: why a
// module is not at the plugin's version.
func (n *nearing) reasoned() []pinner.Cap {
	n.Final = slices.Clone(n.caps)
	for _, c := range n.plan.Caps {
		if _, ok := conflict.CapOf(n.Final, c.Path); !ok {
			n.Final = append(n.Final, c)
		}
	}
	out := slices.Clone(n.caps)
	for i, c := range out {
		if c.Cause == pinner.CauseUser || c.Cause == pinner.CauseVendor || c.Cause == pinner.CauseGo {
			continue
		}
		had := module.Version{Path: c.Path, Version: n.Base.Selected(c.Path)}
		why, ok := n.Why[c.Path]
		ok = ok && c.Cause == pinner.CauseCompile
		for _, k := range n.Clashes { // the first fault of the last try
			if why.View != k.View && k.View.ModuleOf(k.Fault.Package) == had && n.holds(k, c.Path) {
				why, ok = k.Failure, true
			}
		}
		if ok {
			conflict.Judge(why.View).Explain(&out[i], why.Fault)
			out[i].For = conflict.Judge(why.View).Now(out[i].For)
		}
	}
	return out
}

// earlierCaps returns the caps that an earlier run has come to.
func (n *nearing) earlierCaps(v *conflict.View) []pinner.Cap {
	caps := n.caps
	for _, m := range n.moved {
		to := n.Earlier[m.Path]
		if to == "" {
			to = m.had
		}
		caps = n.with(caps, m, to)
	}
	for _, name := range slices.Sorted(maps.Keys(v.Packages)) {
		p := v.Packages[name]
		to, had := n.Earlier[p.Module.Path], n.Base.Selected(p.Module.Path)
		if to != "" && to != p.Module.Version && had == p.Module.Version && v.MayMove(p) == nil {
			caps = n.with(caps, move{Version: p.Module, had: had}, to)
		}
	}
	return caps
}

// Probe returns the module versions that are being tried, if the solver is looking for
// versions nearer to the plugin's.
func (s *Solver) Probe() (vs []module.Version, ok bool) {
	if s == nil || s.phase != nearer || s.near.done {
		return nil, false
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
	n.done, s.Final = false, nil
	caps, _ := n.next()
	return s.try(caps), true
}
