package flow

import (
	"context"
	"slices"

	"github.com/pinfix/pinfix/internal/outlook"
	"github.com/pinfix/pinfix/internal/parallel"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/wants"
)

// CompatOptions are what pinfix compat was asked for. Of Options, those count that say
// what apply would do.
type CompatOptions struct {
	wants.Options
	Platforms []string
	Brief     bool // the reports of the plans are not shown
}

// Compat tells of each server whether the plugin fits, and what would have to change. It
// builds nothing and writes nothing. A server that cannot be judged is in the report, and
// does not stop the others.
func Compat(ctx context.Context, o CompatOptions) (*report.Compat, error) {
	o.DryRun, o.LookOnly = true, true
	plugin, err := plugin.Read(o.Dir, o.Packages, o.ImportsFile)
	if err != nil {
		return nil, err
	}
	members, err := o.Members(ctx, plugin.Root, o.Platforms)
	if err != nil {
		return nil, err
	}
	r := report.NewCompat(plugin.Root, plugin.Now.Module.Mod.Path)
	rows := make([]*report.CompatServer, len(members))
	known := &outlook.Plans{Brief: o.Brief && len(members) > 1}
	defer known.Close()
	for _, m := range members {
		if m.Server != nil {
			known.Servers = append(known.Servers, m.Server)
		}
	}
	parallel.Do(parallel.Width(), len(members), func(i int) { rows[i] = o.judge(ctx, members[i], known) })
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var t outlook.Trouble
	for i, m := range members {
		if m.Err != nil {
			rows[i].Result = t.Add(m.Err)
			rows[i].Error, rows[i].Next = outlook.ErrorText(m.Err)
			rows[i].Reason, rows[i].Unparsed = outlook.FirstReason(m.Err), outlook.Unparsed(m.Err)
		}
	}
	r.Servers, r.Differ, r.Unknown = rows, t.Differ, t.Unknown
	return r, nil
}

// judge looks at one server; m.err says what speaks against it.
func (o CompatOptions) judge(ctx context.Context, m *reference.Member, known *outlook.Plans) *report.CompatServer {
	row := &report.CompatServer{Name: m.Shown(), Ref: m.Ref.Servers[0].Ref, Moved: []report.Move{}, Lowered: []report.Move{}, Raised: []report.Move{}, Edit: []string{}, Warnings: []string{}, Server: report.Server{Settings: map[string]string{}}}
	if m.Server != nil {
		row.Server = reference.Report(m.Server)
	}
	if m.Err == nil {
		m.Err = ctx.Err()
	}
	if m.Err != nil {
		return row
	}
	one := o.Options
	one.Reference = m.Ref
	plugin, err := plugin.Read(one.Dir, one.Packages, one.ImportsFile)
	if err != nil {
		m.Err = err
		return row
	}
	v, err := known.Plan(ctx, one, plugin, m.Server)
	if err != nil {
		m.Err = err
		files := 0
		row.Edit, files = outlook.EditPlaces(err)
		if len(row.Edit) > 0 {
			row.Summary = outlook.DoesNotCompile(m.Shown(), row.Edit, files)
		}
		return row
	}
	v.Name = m.Shown()
	row.Result, row.Summary, row.Broken = report.ServerPins, v.Sentence(), v.Broken
	if v.AsIs {
		row.Result = report.ServerFits
	}
	row.Moved, row.Lowered, row.Raised, row.Unknown = v.Moved, v.Lowered, v.Raised, v.Unknown
	if v.Plan != nil {
		row.Plan = v.Plan
		row.Plan.Server = row.Server
	}
	row.Warnings = slices.DeleteFunc(append([]string{}, v.Warnings...), func(w string) bool {
		return slices.ContainsFunc(v.Unknown, func(u string) bool { return w == reference.NotKnown(m.Server, u) })
	})
	return row
}
