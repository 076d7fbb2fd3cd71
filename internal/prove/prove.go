// Package prove makes ready what a plugin's file is compared with, and gives the verdict of
// package verify the form of a report.
package prove

import (
	"cmp"
	"context"
	"fmt"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/verify"
	"github.com/pinfix/pinfix/pinner"
)

// Ask finds out what the verdict on the plugin's libc hangs on, and only that: the
// release of libc in the server's image, where it is far below the program; names that the
// server's program may define; and for the answer, which packages have C code. It returns
// warnings; an error means that ctx is done.
func Ask(ctx context.Context, server, plugin *pinner.Server, o target.Options) ([]string, error) {
	var warnings []string
	if verify.AsksForLibc(server, plugin) {
		if err := target.AddLibc(ctx, server, o); ctx.Err() != nil {
			return nil, ctx.Err()
		} else if err != nil {
			warnings = append(warnings, fmt.Sprintf("the release of libc in the image is not known: %v", err))
		}
	}
	server.Binary = forThis(server.Binary)
	if server.Binary.Libc() == "musl" && plugin.Binary.Libc() == "glibc" {
		if err := target.AddIFuncs(plugin); err != nil {
			warnings = append(warnings, fmt.Sprintf("whether the plugin has indirect functions is not known: %v", err))
		}
	}
	if names := verify.SymbolsToFind(server, plugin); len(names) > 0 {
		if err := target.AddExports(ctx, server, names, o); ctx.Err() != nil {
			return nil, ctx.Err()
		} else if err != nil {
			warnings = append(warnings, fmt.Sprintf("which symbols the server's program defines is not known: %v", err))
		}
	}
	if verify.AsksForCgo(server, plugin) {
		if err := target.AddCgo(plugin); err != nil {
			warnings = append(warnings, fmt.Sprintf("which packages have C code is not known: %v", err))
		}
	}
	return warnings, nil
}

// forThis leaves out what was found out for another plugin.
func forThis(b *pinner.Binary) *pinner.Binary {
	if b == nil || b.Exports == nil {
		return b
	}
	c := *b
	c.Exports = nil
	return &c
}

// Comparable reports what a server reference lacks for a comparison. A server
// that can load nothing lacks nothing: the verdict is clear.
func Comparable(s *pinner.Server) error {
	const next = "name the program itself, or a snapshot of it: pinfix snapshot --server PROGRAM"
	if s.Refuses() != nil {
		return nil
	}
	if s.Packages == nil {
		return fault.New(next, "server %s: no package fingerprints in it, so there is nothing to compare a plugin with", s.Ref)
	}
	if _, ok := s.Packages["runtime"]; !ok {
		return fault.New(next, "server %s: its list of packages is not complete: the package runtime is not there", s.Ref)
	}
	return nil
}

// Report is the verdict on a plugin's file in the form of a report.
func Report(file string, r *verify.Result) report.Verified {
	v := report.Verified{
		File: file, Loads: r.Loads, Shared: r.Shared,
		Mismatched: []report.Mismatch{}, Causes: []report.Cause{}, Warnings: []string{},
	}
	for _, p := range r.Mismatched {
		v.Mismatched = append(v.Mismatched, report.Mismatch{
			Package: p.Path, Module: p.Module, Server: p.Server, Plugin: p.Plugin,
			Cause: string(cmp.Or(p.Cause, verify.Unknown)), Through: p.Through, With: p.With,
		})
	}
	for _, f := range r.Findings {
		c := report.Cause{Cause: string(f.Cause), With: f.With, Packages: f.Packages, Fix: f.Fix, Differences: []report.Difference{}}
		for _, d := range f.Differences {
			c.Differences = append(c.Differences, report.Difference(d))
		}
		v.Causes = append(v.Causes, c)
	}
	v.Warnings = append(v.Warnings, r.Warnings...)
	return v
}
