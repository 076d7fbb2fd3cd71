package flow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/pinner"
)

// CompatOptions are what pinfix compat was asked for. Of Options, those count that say
// what apply would do.
type CompatOptions struct {
	Options
	Platforms []string
	Brief     bool // the reports of the plans are not shown
}

// Compat tells of each server whether the plugin fits, and what would have to change. It
// builds nothing and writes nothing. A server that cannot be judged is in the report, and
// does not stop the others.
func Compat(ctx context.Context, o CompatOptions) (*report.Compat, error) {
	o.DryRun, o.lookOnly = true, true
	plugin, err := readPlugin(o.Options)
	if err != nil {
		return nil, err
	}
	members, err := o.members(ctx, plugin.root, o.Platforms)
	if err != nil {
		return nil, err
	}
	r := report.NewCompat(plugin.root, plugin.now.Module.Mod.Path)
	rows := make([]*report.CompatServer, len(members))
	known := &plans{brief: o.Brief && len(members) > 1}
	defer known.close()
	for _, m := range members {
		if m.server != nil {
			known.servers = append(known.servers, m.server)
		}
	}
	parallel(width(), len(members), func(i int) { rows[i] = o.judge(ctx, members[i], known) })
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var t trouble
	for i, m := range members {
		if m.err != nil {
			rows[i].Result = t.add(m.err)
			rows[i].Error, rows[i].Next = errorText(m.err)
			rows[i].Reason = firstReason(m.err)
		}
	}
	r.Servers, r.Differ, r.Unknown = rows, t.differ, t.unknown
	return r, nil
}

// judge looks at one server; m.err says what speaks against it.
func (o CompatOptions) judge(ctx context.Context, m *member, known *plans) *report.CompatServer {
	row := &report.CompatServer{Name: m.shown(), Ref: m.ref.Servers[0].Ref, Moved: []report.Move{}, Lowered: []report.Move{}, Raised: []report.Move{}, Edit: []string{}, Warnings: []string{}, Server: report.Server{Settings: map[string]string{}}}
	if m.server != nil {
		row.Server = serverReport(m.server)
	}
	if m.err == nil {
		m.err = ctx.Err()
	}
	if m.err != nil {
		return row
	}
	one := o.Options
	one.Reference = m.ref
	plugin, err := readPlugin(one)
	if err != nil {
		m.err = err
		return row
	}
	v, err := known.plan(ctx, one, plugin, m.server)
	if err != nil {
		m.err = err
		row.Edit = editPlaces(err)
		if len(row.Edit) > 0 {
			row.Summary = doesNotCompile(serverName(m.server), row.Edit)
		}
		return row
	}
	v.name = serverName(m.server)
	row.Result, row.Summary = report.ServerPins, v.sentence()
	if v.asIs {
		row.Result = report.ServerFits
	}
	row.Moved, row.Lowered, row.Raised, row.Unknown = v.moved, v.lowered, v.raised, v.unknown
	if v.plan != nil {
		row.Plan = v.plan
		row.Plan.Server = row.Server
	}
	row.Warnings = slices.DeleteFunc(append([]string{}, v.warnings...), func(w string) bool {
		return slices.ContainsFunc(v.unknown, func(u string) bool { return strings.HasSuffix(w, "not known: "+u) })
	})
	return row
}

// An outlook is what a plan means for the plugin's author.
type outlook struct {
	name            string // of the server
	checked         bool   // the plan was type-checked
	asIs            bool   // the plugin links what the server has without any change
	moved           []report.Move
	lowered, raised []report.Move // the plugin's own modules
	unknown         []string
	warnings        []string
	plan            *report.Apply // nil where it was derived
}

// outlook says what p means.
func (p *planned) outlook() *outlook {
	kind, _ := p.set.compiles()
	v := &outlook{name: serverName(p.server), checked: kind != report.CompilesUnchecked, asIs: kind == report.CompilesAsIs, moved: p.set.movedModules()}
	v.lowered, v.raised = p.set.ownModules()
	return v
}

// compiles says what the plan means for the plugin's code, and how many packages were
// type-checked for that.
func (c *changes) compiles() (report.Compiles, int) {
	lowered, raised := c.ownModules()
	if len(c.movedModules())+len(lowered)+len(raised) == 0 && c.a.plugin.now.GoVersion() == c.mod.GoVersion() {
		return report.CompilesAsIs, 0
	}
	if c.a.checker == nil {
		return report.CompilesUnchecked, 0
	}
	n := len(c.a.touched(c.al.plan.Mod, c.al.listing))
	if n == 0 { // it is built in a workspace that has these versions without pinfix
		return report.CompilesAsIs, 0
	}
	return report.CompilesChecked, n
}

// movedModules are the linked modules that the plan has at another version, or from another
// place, than the tree has: the pins, and what follows them.
func (c *changes) movedModules() []report.Move {
	out := []report.Move{}
	versions := c.al.listing.Versions()
	for path, v := range versions {
		had := c.before.Selected(path)
		pin, pinned := c.pin(path)
		if pinned {
			v = pin.Version.Version
		}
		move := report.Move{Module: path, Old: had, New: v, Server: pinned}
		if pinned {
			now, new := source(c.a.plugin.now, pin.Version), source(c.mod, pin.Version)
			if had == v && now == new {
				continue
			}
			if now != new && new != pin.Version {
				move.New = strings.TrimPrefix(pin.String(), path+" ")
			}
		} else if had == v || had == "" {
			continue
		}
		out = append(out, move)
	}
	slices.SortFunc(out, func(a, b report.Move) int { return strings.Compare(a.Module, b.Module) })
	return out
}

// ownModules are the linked modules that the server does not have and that the plan has at
// a lower or higher version than the plugin.
func (c *changes) ownModules() (lowered, raised []report.Move) {
	lowered, raised = []report.Move{}, []report.Move{}
	versions := c.al.listing.Versions()
	for _, path := range slices.Sorted(maps.Keys(versions)) {
		had := c.a.base.Selected(path)
		if _, pinned := c.pin(path); pinned || had == "" {
			continue
		}
		move := report.Move{Module: path, Old: had, New: versions[path]}
		if k, ok := c.cap(path); ok {
			move.Why = k.Error
		}
		switch d := semver.Compare(move.New, had); {
		case d < 0:
			lowered = append(lowered, move)
		case d > 0:
			raised = append(raised, move)
		}
	}
	return lowered, raised
}

// sentence answers the question of an upgrade.
func (v *outlook) sentence() string {
	head := "your code compiles against " + v.name
	switch {
	case v.asIs:
		head = "your code stays as it is for " + v.name
	case !v.checked:
		head = "whether your code compiles against " + v.name + " was not checked"
	}
	var moves []string
	own := " of your own modules"
	for _, m := range []struct {
		n   int
		way string
	}{{len(v.lowered), "back"}, {len(v.raised), "up"}} {
		if m.n > 0 {
			moves = append(moves, fmt.Sprintf("%d%s %s %s", m.n, own, report.Verb(m.n, "go"), m.way))
			own = ""
		}
	}
	if len(moves) == 0 {
		moves = []string{"none of your own modules moves"}
	}
	return head + "; " + strings.Join(moves, ", ") + ", and no file has to be edited"
}

// doesNotCompile is the answer where the plugin's author has to edit files. at are the
// places, "match.go:59".
func doesNotCompile(name string, at []string) string {
	var files []string
	for _, p := range at {
		file, _, _ := strings.Cut(p, ":")
		if !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	shown, more := at, ""
	if len(at) > 5 {
		shown, more = at[:5], fmt.Sprintf(" and %d more", len(at)-5)
	}
	return fmt.Sprintf("your code does not compile against %s; %s %s to be edited (%s%s)", name, count(len(files), "file"), report.Verb(len(files), "have"), strings.Join(shown, ", "), more)
}

// editPlaces are the places in the plugin's own code for which err says that no plan
// compiles.
func editPlaces(err error) []string {
	out := []string{}
	var final *solve.FinalError
	if errors.As(err, &final) {
		for _, f := range final.Finals {
			if f.Edit && !slices.Contains(out, f.Place) {
				out = append(out, f.Place)
			}
		}
	}
	return out
}

// refuses reports whether err says that the server does not take the plugin, and not only
// that it could not be determined.
func refuses(err error) bool {
	var no refusal
	var none *solve.NoSolutionError
	var final *solve.FinalError
	var tooNew *pinner.TooNewError
	return errors.As(err, &no) || errors.As(err, &none) || errors.As(err, &final) || errors.As(err, &tooNew)
}

// firstReason is an error in a line: the first of several, with its place.
func firstReason(err error) string {
	var final *solve.FinalError
	if errors.As(err, &final) {
		err = errors.New(final.Finals[0].String())
	}
	first, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	return strings.TrimSuffix(first, ":")
}

// errorText is an error and what to do about it.
func errorText(err error) (text, next string) {
	var step interface{ NextStep() string }
	if errors.As(err, &step) {
		next = step.NextStep()
	}
	return strings.TrimSpace(err.Error()), next
}
