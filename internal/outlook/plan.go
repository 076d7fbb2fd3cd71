package outlook

import (
	"cmp"
	"context"
	"errors"

	"github.com/pinfix/pinfix/internal/align"
	"github.com/pinfix/pinfix/internal/edit"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/toolchain"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

// A planned plugin is what Apply would write for one server. It is in a scratch
// directory until its stage is closed.
type planned struct {
	plugin  *plugin.Plugin
	server  *pinner.Server
	Tool    *toolchain.Toolchain
	Stage   *stage.Stage
	Aligned *align.Aligned
	Set     *edit.Changes
}

// Make pins the plugin to the server in a scratch directory. The caller closes the
// stage of the result.
func Make(ctx context.Context, o wants.Options, plugin *plugin.Plugin, server *pinner.Server) (*planned, error) {
	if err := reference.Hopeless(server); err != nil {
		return nil, err
	}
	// What the plugin's files say by themselves is said before anything is fetched.
	want, err := wants.New(ctx, o, server, plugin, workspace.ReadMod)
	if err != nil {
		return nil, err
	}
	if want.ServerSource != nil {
		if err := want.ServerSource.Lend(plugin.User, plugin.Root); err != nil {
			return nil, err
		}
	}
	if err := want.OwnAtOnce(); err != nil {
		return nil, err
	}
	p := &planned{plugin: plugin, server: server}
	// What is in the plugin's repository may have come with a clone.
	o.Kept = kept.Open(o.Environ, cmp.Or(place.Repository(plugin.Root), plugin.Root))
	if p.Tool, err = toolchain.Choose(ctx, o, server, plugin.Root); err != nil {
		return nil, err
	}
	p.Stage, err = stage.New(stage.Config{Go: p.Tool.Go, GoVersion: p.Tool.Version, Local: p.Tool.Local, Cache: p.Tool.Cache, Tags: server.Settings["-tags"], Mod: plugin.User, Count: o.Count, Kept: o.Kept})
	var scratch *stage.ScratchError
	switch {
	case errors.As(err, &scratch):
		return nil, err
	case err != nil:
		return nil, fault.CannotRead("go.sum", err)
	}
	if p.Aligned, err = align.Align(ctx, want, p.Stage, p.Tool); err == nil {
		p.Set, err = edit.Of(ctx, p.Aligned)
	}
	if err != nil {
		p.Stage.Close()
		return nil, err
	}
	return p, nil
}
