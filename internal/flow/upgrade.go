package flow

import (
	"context"
	"fmt"

	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/verify"
	"github.com/pinfix/pinfix/pinner"
)

// compare puts into result what the server brings for this plugin against the
// one that the module itself names: people read that before the plan when they
// move to another release. The module's server is only read; where that fails,
// a warning says so.
func (r Reference) compare(ctx context.Context, all Servers, server *pinner.Server, l *stage.Listing, result *report.Apply) error {
	own, other := all.own()
	if !other || own.Ref == all[0].Ref {
		return nil
	}
	old, err := r.open(ctx, own.Ref)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		result.Warnings = append(result.Warnings, fmt.Sprintf("what changes from the server of %s is not shown: %v", own.From, err))
		return nil
	}
	result.ServerChanges = serverChanges(old, server, l.Linked())
	result.ServerChanges.From, result.ServerChanges.To, result.ServerChanges.Keep = own.From, server.Ref, r.keep(own, all[0])
	return nil
}

// keep is what to do to stay with the new server.
func (r Reference) keep(own, now Named) string {
	if own.From != snapshotName {
		return "write server: " + now.Ref + " into .pinfix.yaml"
	}
	cmd := "pinfix snapshot"
	for _, f := range []struct{ flag, value, unset string }{{"-C", r.Dir, "."}, {"--server", now.Ref, ""}, {"--platform", r.Platform, ""}, {"--path", r.Path, ""}} {
		if f.value != f.unset {
			cmd += " " + f.flag + " " + f.value
		}
	}
	return cmd
}

func serverChanges(old, new *pinner.Server, linked []pinner.Linked) *report.ServerChanges {
	c := &report.ServerChanges{Settings: []report.Moved{}, Pins: []report.Moved{}}
	for _, d := range verify.Settings(old, new) {
		c.Settings = append(c.Settings, report.Moved{Name: d.What, Old: d.Plugin, New: d.Server})
	}
	for _, m := range pinner.Moves(old, new, linked) {
		c.Pins = append(c.Pins, report.Moved{Name: m.Path, Old: m.Old, New: m.New})
	}
	return c
}
