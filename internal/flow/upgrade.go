package flow

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/verify"
	"github.com/pinfix/pinfix/pinner"
)

// compare puts into result what the server brings for this plugin against the
// one that the module itself names: people read that before the plan when they
// move to another release. The module's server is only read, and not fetched, for
// the user has named another one; where that fails, a warning says so.
func compare(ctx context.Context, r Reference, root string, all Servers, server *pinner.Server, l *importgraph.Listing, result *report.Apply) error {
	own, other := all.own()
	if !other || own.Ref == all[0].Ref {
		return nil
	}
	r.Offline = true
	old, err := r.open(ctx, own)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		result.Warnings = append(result.Warnings, fmt.Sprintf("what changes from the server of %s is not shown: %v", own.From, err))
		return nil
	}
	result.ServerChanges = serverChanges(old, server, l.Linked())
	result.ServerChanges.From, result.ServerChanges.To = own.From, server.Ref
	if !r.stays {
		result.ServerChanges.Keep = keep(r, root, own, all[0])
	}
	return nil
}

// keep is what to do to stay with the new server.
func keep(r Reference, root string, own, now Named) string {
	if !own.snapshot {
		dir, name := Upwards(root, ConfigName), ConfigName
		if own.Above {
			name = shortName(filepath.Join(dir, name))
		}
		return "write server: " + seenFrom(dir, now.Ref) + " into " + name
	}
	cmd := "pinfix snapshot"
	if own.Above {
		cmd += " -o " + shell.Quote(shortName(own.Ref))
	}
	for _, f := range []struct{ flag, value, unset string }{{"-C", r.Dir, "."}, {"--server", now.Ref, ""}, {"--platform", r.Platform, ""}, {"--path", r.Path, ""}} {
		if f.value != f.unset {
			cmd += " " + f.flag + " " + shell.Quote(f.value)
		}
	}
	return cmd
}

// seenFrom returns a server reference as the settings in root name it: a path is
// relative to them.
func seenFrom(root, ref string) string {
	scheme, path := "", ref
	for _, s := range []string{"docker-archive:", "oci-archive:", "oci:"} {
		if rest, ok := strings.CutPrefix(ref, s); ok {
			scheme, path = s, rest
		}
	}
	if filepath.IsAbs(path) || scheme == "" && !exists(path) {
		return ref
	}
	cwd, err := filepath.Abs(".")
	if err != nil {
		return ref
	}
	if cwd, err = filepath.EvalSymlinks(cwd); err != nil {
		return ref
	}
	rel, err := filepath.Rel(root, filepath.Join(cwd, path))
	if err != nil {
		return ref
	}
	return scheme + filepath.ToSlash(rel)
}

func serverChanges(old, new *pinner.Server, linked []pinner.Linked) *report.ServerChanges {
	c := &report.ServerChanges{Settings: []report.Moved{}, Pins: []report.Moved{}}
	for _, d := range verify.Settings(old, new) {
		c.Settings = append(c.Settings, report.Moved{Name: d.What, Old: d.Plugin, New: d.Server})
	}
	c.Pins = append(c.Pins, movedPins(old, new, linked)...)
	return c
}

// movedPins compares what a plugin, with the given packages, has in common with
// two servers: the pins that move, come and go, sorted by path.
func movedPins(old, new *pinner.Server, linked []pinner.Linked) []report.Moved {
	before, after := map[string]string{}, map[string]string{}
	for _, p := range pinner.Compare(old, linked).Pins {
		before[p.Path] = strings.TrimPrefix(p.String(), p.Path+" ")
	}
	for _, p := range pinner.Compare(new, linked).Pins {
		after[p.Path] = strings.TrimPrefix(p.String(), p.Path+" ")
	}
	var moved []report.Moved
	for _, path := range union(before, after) {
		if before[path] != after[path] {
			moved = append(moved, report.Moved{Name: path, Old: before[path], New: after[path]})
		}
	}
	return moved
}
