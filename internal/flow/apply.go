// Package flow has one function for each command of pinfix. [Apply] is the main
// one: target -> plan -> stage -> tidy and vendor -> check -> commit, where each
// step hands one value to the next.
package flow

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/outlook"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/wants"
)

// Apply makes the plugin load into the server. Nothing in the plugin's tree is
// touched before the commit at the end, and nothing at all with DryRun. Where the
// plugin's own code does not compile, the report of a dry run has its Summary alone.
func Apply(ctx context.Context, o wants.Options) (*report.Apply, error) {
	lock, err := acquire(ctx, o)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	plugin, err := plugin.Read(o.Dir, o.Packages, o.ImportsFile)
	if err != nil {
		return nil, err
	}
	if o.Servers.IsModule(plugin.Root) {
		return nil, o.Servers[0].Blame(fault.New("name another directory, or the server's program", "server %s: that is the plugin itself", o.Servers[0].Ref))
	}
	if o.Upgrade {
		if err := o.NamesOne(plugin.Root); err != nil {
			return nil, err
		}
	}
	server, named, err := o.Reading(ctx, plugin.Root)
	if err != nil {
		return nil, err
	}
	p, err := outlook.Make(ctx, o, plugin, server)
	if places, files := outlook.EditPlaces(err); o.DryRun && len(places) > 0 {
		return &report.Apply{Summary: outlook.DoesNotCompile(reference.ServerName(server), places, files)}, err
	}
	if err != nil {
		return nil, err
	}
	defer p.Stage.Close()
	set, aligned := p.Set, p.Aligned
	o.SetAside(plugin.Root, set.Aligner.ServerSource != nil)
	result := set.Report(server, p.Tool)
	if o.DryRun && !result.Aligned {
		result.Summary = p.Outlook().Sentence()
	}
	o.Stays = set.Naming != nil && !set.Naming.ByHand
	if err := compare(ctx, o.Reference, plugin.Root, named, server, aligned.Listing, result); err != nil {
		return nil, err
	}
	if err := commit.Check(set.Tree, brought(ctx, o.Environ)); err != nil {
		return nil, unwritten(err, plugin.Root)
	}
	if o.DryRun || result.Aligned {
		return result, nil
	}
	o.Step("writing")
	if err := set.Write(ctx, lock); err != nil {
		return nil, unwritten(err, plugin.Root)
	}
	result.Guide = set.Guide(ctx, named)
	return result, nil
}

// unwritten adds the next step to an error of the commit.
func unwritten(err error, root string) error {
	var changed *commit.ChangedError
	var since *commit.ChangedSinceError
	var halfway *commit.HalfwayError
	var path *commit.PathError
	var busy *commit.BusyError
	if errors.As(err, &path) || errors.As(err, &busy) || errors.As(err, &changed) || errors.As(err, &since) || errors.As(err, &halfway) || errors.Is(err, context.Canceled) {
		return err
	}
	err = fmt.Errorf("%w; nothing was changed", err)
	if errors.Is(err, syscall.ENOSPC) {
		return fault.With(err, "make room on that disk, and run pinfix again")
	}
	return fault.With(err, "make the files in "+root+" writable, and run pinfix again")
}
