package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/report"
)

// conflict is what is against one bound: a module as the server has it, or
// the server's Go. Who asks for more is excluded or lowered.
type conflict struct {
	ID      string
	Bound   string // module, "Go", or what the versions are too high for, in words
	Version string // what the server has of it; "" if Bound says it all
	Server  bool
	Asks    []report.Chain // who asks for more, each once
	Lowered []report.Cap
	Open    bool

	Drawings []drawing // from left to right, and for a phone from the top down
	Left     int       // chains and modules that they leave out

	about    []string // the modules that it decides about
	excluded map[report.Step]bool
}

// conflicts sorts what is excluded and lowered by the bound behind it: those
// that something had to be lowered for come first.
func conflicts(a *report.Apply) []*conflict {
	g := &conflictGroups{apply: a, caps: map[string]report.Cap{}, server: map[string]string{}, by: map[string]*conflict{}}
	for _, c := range a.Caps {
		g.caps[c.Module] = c
	}
	for _, r := range a.Rows {
		if r.Group == report.Servers {
			g.server[r.Module] = r.To
		}
	}
	for _, c := range a.Caps {
		in := g.behind(c)
		in.Lowered = append(in.Lowered, c)
		in.about = append(in.about, c.Module)
	}
	for _, c := range a.Changes {
		g.add(c)
	}
	slices.SortStableFunc(g.all, func(x, y *conflict) int {
		return cmp.Or(cmp.Compare(y.weight(), x.weight()), strings.Compare(x.Bound, y.Bound))
	})
	for i, c := range g.all {
		c.ID = fmt.Sprintf("c%d", i+1)
		c.Open = i < 4 || len(c.Lowered) > 0
		c.draw(a.Plugin.Module, g.caps)
	}
	return g.all
}

// weight puts what does not compile before what Go's version decides.
func (c *conflict) weight() int {
	switch {
	case len(c.Lowered) == 0:
		return 0
	case c.Bound == goBound:
		return 1
	}
	return 1 + len(c.Lowered)
}

// Excluded is how many versions the conflict excludes.
func (c *conflict) Excluded() int { return len(c.excluded) }

// Bounds that are no module.
const (
	goBound   = "Go"
	planBound = "the rest of the plan"
)

type conflictGroups struct {
	apply  *report.Apply
	caps   map[string]report.Cap // by module
	server map[string]string     // version of each pinned module with a row
	all    []*conflict
	by     map[string]*conflict // by bound
}

func (g *conflictGroups) group(bound, version string, server bool) *conflict {
	c := g.by[bound]
	if c == nil {
		c = &conflict{Bound: bound, Version: version, Server: server, about: []string{bound}, excluded: map[report.Step]bool{}}
		g.by[bound] = c
		g.all = append(g.all, c)
	}
	return c
}

// behind follows a cap to the bound at the end of its chain.
func (g *conflictGroups) behind(c report.Cap) *conflict {
	for range g.caps {
		switch {
		case c.Cause == "go":
			return g.group(goBound, strings.TrimPrefix(g.apply.Server.Go, "go"), true)
		case c.For == nil && c.Cause == "user":
			return g.group("--cap, as you said", "", false)
		case c.For == nil:
			return g.group(planBound, "", false)
		}
		next, ok := g.caps[c.For.Module]
		if !ok {
			return g.group(c.For.Module, c.For.Version, c.For.Server)
		}
		c = next
	}
	return g.group(planBound, "", false) // they go round in a circle
}

// add takes the chains of a change into the conflict that it is part of.
func (g *conflictGroups) add(ch report.Change) {
	version, pinned := g.server[ch.Path]
	var in *conflict
	switch c, capped := g.caps[ch.Path]; {
	case ch.Kind != "exclude" && ch.Kind != "require" || ch.Action == "remove":
		return
	case pinned && (ch.Kind == "exclude" || len(ch.DemandedBy) > 0):
		in = g.group(ch.Path, version, true)
	case ch.Kind == "require":
		return
	case capped:
		in = g.behind(c)
	default:
		in = g.group(ch.Above, "", true)
		in.about = append(in.about, ch.Path)
	}
	if ch.Kind == "exclude" {
		in.excluded[report.Step{Module: ch.Path, Version: ch.New}] = true
	}
	for _, by := range ch.DemandedBy {
		in.ask(by)
	}
}

func (c *conflict) ask(by report.Chain) {
	if !slices.ContainsFunc(c.Asks, func(a report.Chain) bool { return slices.Equal(a, by) }) {
		c.Asks = append(c.Asks, by)
	}
}

// Words are the chains of Asks for people.
func (c *conflict) Words() []string {
	var out []string
	for _, a := range c.Asks {
		out = append(out, words(a, " → "))
	}
	return out
}

// words are the steps of a chain for people, with what is between them.
func words(a report.Chain, between string) string {
	var steps []string
	for _, s := range a {
		steps = append(steps, s.Module+" "+s.Version)
	}
	return strings.Join(steps, between)
}

// Summary counts the requirements, exclusions and lowered modules of the conflict.
func (c *conflict) Summary() string {
	var parts []string
	if n := len(c.Asks); n > 0 {
		parts = append(parts, report.Count(n, "requirement")+" above it")
	}
	if n := c.Excluded(); n > 0 {
		parts = append(parts, report.Count(n, "version")+" excluded")
	}
	if n := len(c.Lowered); n > 0 {
		parts = append(parts, report.Count(n, "module")+" lowered")
	}
	return strings.Join(parts, ", ")
}
