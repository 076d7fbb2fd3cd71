package flow

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/edit"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/verify"
	"github.com/pinfix/pinfix/pinner"
)

// compare puts into result what the server brings for this plugin against the
// one that the module itself names: people read that before the plan when they
// move to another release. The module's server is only read, and not fetched, for
// the user has named another one; where that fails, a warning says so.
func compare(ctx context.Context, r reference.Reference, root string, all reference.Servers, server *pinner.Server, l *importgraph.Listing, result *report.Apply) error {
	own, other := all.Own()
	if !other || own.Ref == all[0].Ref {
		return nil
	}
	r.Offline = true
	old, err := r.Open(ctx, own)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		result.Warnings = append(result.Warnings, fmt.Sprintf("the changes from the server of %s are not shown: %v", own.From, err))
		return nil
	}
	result.ServerChanges = serverChanges(old, server, l.Linked())
	result.ServerChanges.From, result.ServerChanges.To = own.From, server.Ref
	if !r.Stays {
		result.ServerChanges.Keep = keep(r, root, own, all[0])
	}
	return nil
}

// keep is what to do to stay with the new server.
func keep(r reference.Reference, root string, own, now reference.Named) string {
	if !own.Snapshot {
		dir, name := place.Upwards(root, reference.ConfigName), reference.ConfigName
		if own.Above {
			name = place.Short(filepath.Join(dir, name))
		}
		return "write server: " + reference.SeenFrom(dir, now.Ref) + " into " + name
	}
	cmd := "pinfix snapshot"
	if own.Above {
		cmd += " -o " + shell.Quote(place.Short(own.Ref))
	}
	for _, f := range []struct{ flag, value, unset string }{{"-C", r.Dir, "."}, {"--server", now.Ref, ""}, {"--platform", r.Platform, ""}, {"--path", r.Path, ""}} {
		if f.value != f.unset {
			cmd += " " + f.flag + " " + shell.Quote(f.value)
		}
	}
	return cmd
}

func serverChanges(old, now *pinner.Server, linked []pinner.Linked) *report.ServerChanges {
	c := &report.ServerChanges{Settings: []report.Moved{}, Pins: []report.Moved{}}
	for _, d := range verify.Settings(old, now) {
		c.Settings = append(c.Settings, report.Moved{Name: d.What, Old: d.Plugin, New: d.Server})
	}
	c.Pins = append(c.Pins, movedPins(old, now, linked)...)
	return c
}

// movedPins compares what a plugin, with the given packages, has in common with
// two servers: the pins that move, come and go, sorted by path.
func movedPins(old, now *pinner.Server, linked []pinner.Linked) []report.Moved {
	before, after := map[string]string{}, map[string]string{}
	for _, p := range pinner.Compare(old, linked).Pins {
		before[p.Path] = p.Versions()
	}
	for _, p := range pinner.Compare(now, linked).Pins {
		after[p.Path] = p.Versions()
	}
	var moved []report.Moved
	for _, path := range edit.Union(before, after) {
		if before[path] != after[path] {
			moved = append(moved, report.Moved{Name: path, Old: before[path], New: after[path]})
		}
	}
	return moved
}
