package flow

import (
	"cmp"
	"context"
	"errors"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// A planned plugin is what Apply would write for one server. It is in a scratch
// directory until its stage is closed.
type planned struct {
	plugin  *plugin
	server  *pinner.Server
	tool    *toolchain
	stage   *stage.Stage
	aligned *aligned
	set     *changes
}

// makePlan pins the plugin to the server in a scratch directory. The caller closes the
// stage of the result.
func makePlan(ctx context.Context, o Options, plugin *plugin, server *pinner.Server) (*planned, error) {
	if err := hopeless(server); err != nil {
		return nil, err
	}
	// What the plugin's files say by themselves is said before anything is fetched.
	a := &aligner{o: o, server: server, plugin: plugin, sources: importgraph.OnDisk(plugin.root)}
	if err := a.useSource(ctx); err != nil {
		return nil, err
	}
	if err := a.ownAtOnce(); err != nil {
		return nil, err
	}
	p := &planned{plugin: plugin, server: server}
	// What is in the plugin's repository may have come with a clone.
	o.kept = kept.Open(o.Environ, cmp.Or(repository(plugin.root), plugin.root))
	var err error
	if p.tool, err = chooseToolchain(ctx, o, server, plugin.root); err != nil {
		return nil, err
	}
	p.stage, err = stage.New(stage.Config{Go: p.tool.go_, GoVersion: p.tool.version, Local: p.tool.local, Cache: p.tool.cache, Tags: server.Settings["-tags"], Mod: plugin.user, Count: o.Count, Kept: o.kept})
	var scratch *stage.ScratchError
	switch {
	case errors.As(err, &scratch):
		return nil, err
	case err != nil:
		return nil, fault.CannotRead("go.sum", err)
	}
	a.stage, a.sources = p.stage, p.stage.Sources
	if err := p.align(ctx, a); err != nil {
		p.stage.Close()
		return nil, err
	}
	return p, nil
}

func (p *planned) align(ctx context.Context, a *aligner) error {
	var err error
	if p.aligned, err = a.align(ctx); err != nil {
		return a.explain(err)
	}
	if err := a.workFiles(ctx, p.aligned, p.tool); err != nil {
		return a.explain(err)
	}
	p.set, err = changesOf(ctx, a, p.aligned)
	return err
}

// A refusal is an error that says that the server takes no plugin that is built from
// this code, whatever its modules are. Other errors leave that open.
type refusal struct{ Err error }

func (r refusal) Error() string { return r.Err.Error() }

func (r refusal) Unwrap() error { return r.Err }
