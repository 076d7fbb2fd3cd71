package flow

import (
	"context"

	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
)

// Server reports what is known of a server; without a name, of the one that the
// plugin is pinned to.
func Server(ctx context.Context, ref reference.Reference) (*report.ServerResult, error) {
	s, all, err := ref.Read(ctx, plugin.Home(ref.Dir))
	if err != nil {
		return nil, err
	}
	out := &report.ServerResult{SchemaVersion: 1, Command: "server", Server: reference.Report(s), Warnings: []string{},
		Reference: all.Report(), Unknown: append([]string{}, target.Unknown(s)...), Assumed: append([]string{}, target.Assumed(s)...)}
	if err := reference.Hopeless(s); err != nil {
		out.Warnings = append(out.Warnings, err.Error())
	}
	for _, p := range s.Pins {
		pin := report.Pin{Path: p.Path, Version: p.Version.Version, Sum: p.Sum}
		if p.Replace.Path != "" {
			pin.Replace = &report.Replace{Path: p.Replace.Path, Version: p.Replace.Version}
		}
		out.Server.Pins = append(out.Server.Pins, pin)
	}
	return out, nil
}
