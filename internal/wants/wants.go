// Package wants says what pinfix apply wants of a plugin for a server, to whoever asks: apply,
// which makes it so, and check, which compares. A [Case] is the plugin, the server and what the
// user asked for ([Options]); it does not change once it is made. Its questions are which blank
// imports keep the pins ([Case.ChooseImports]), what the plugin may import of the server's own
// packages ([Case.Own]), whether vendor/ is written ([Case.VendorRule]), and whether there is a
// go.work (Case.ServerSource).
package wants

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/kept"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/vendordir"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

// Options are what pinfix apply was asked for; the strings are the values of its flags. It has
// many fields, one for each flag.
type Options struct {
	reference.Reference
	Flags       []string // what was typed of these and of Reference but the server, as words
	Packages    []string // main packages or files of them; none: the plugins of the module
	DryRun      bool
	Full        bool // the whole vendor diff
	Patch       bool // the report should hold the complete patch
	Conflicts   string
	Caps        []string // MODULE@VERSION
	Keep        []string // modules
	Imports     string
	ImportsFile string
	Vendor      string

	// ServerSource is the directory of the server's source, for a plugin that
	// imports the server's own packages.
	ServerSource string

	// Upgrade makes the plugin's repository name the server as well, in the same
	// commit. Version is pinfix's own, for the snapshot.
	Upgrade bool
	Version string

	// LookOnly makes a plan that is never written: vendor/ is read, where it alone has a
	// module, and no new one is made.
	LookOnly bool

	Kept *kept.Store // what earlier runs have found out; nil: nothing
}

// Solves reports whether conflicts are solved by lowering modules.
func (o Options) Solves() bool { return o.Conflicts == "auto" || o.Conflicts == "downgrade" }

// ApplyLine is the command line that does what o asks for to the plugin in dir.
func (o Options) ApplyLine(dir string) string {
	cmd := "pinfix apply"
	switch {
	case o.Upgrade:
		cmd = "pinfix upgrade " + shell.Quote(o.Servers[0].Ref)
	case len(o.Servers) > 0 && o.Servers[0].From == "--server":
		cmd += " --server " + shell.Quote(o.Servers[0].Ref)
	}
	if dir != "." {
		cmd += " -C " + shell.Quote(dir)
	}
	for _, word := range o.Flags {
		cmd += " " + shell.Quote(word)
	}
	return cmd
}

// A Case is one plugin for one server, as the user wants it. Nothing of it changes after [New],
// so that all who ask it get the same answers. It has many methods, one for each question; the
// exported ones are what apply and check share.
type Case struct {
	Options      Options
	Server       *pinner.Server
	Plugin       *plugin.Plugin
	ServerSource *workspace.Source // for a plugin that imports the server's own packages: it is built in a go.work; or nil
}

// New makes the case. The server's source is the one that o names, or that a go.work next to
// go.mod uses; read reads that file by its full name. An error is about the source.
func New(ctx context.Context, o Options, s *pinner.Server, p *plugin.Plugin, read func(name string) ([]byte, error)) (*Case, error) {
	c := &Case{Options: o, Server: s, Plugin: p}
	_, dir, err := workspace.InTree(p.Root, s, read)
	if err != nil {
		return nil, err
	}
	if o.ServerSource != "" {
		dir = o.ServerSource
	}
	if dir == "" {
		return c, nil
	}
	c.ServerSource, err = workspace.ReadSource(ctx, o.GoEnviron(), s, dir)
	return c, err
}

// OwnTree reports whether the plugin is a package of the server's own module: its
// packages have the server's labels as they are, and go.mod is the server's.
func (c *Case) OwnTree() bool { return c.Server.Owns(c.Plugin.User.Module.Mod.Path) }

// VendorRule is that of a plugin that has a vendor/ or not.
func (c *Case) VendorRule(ctx context.Context, have bool) vendordir.Rule {
	fits := recipe.BuildsVendored(c.Server, c.Plugin.Root)
	return vendordir.Rule{Flag: c.Options.Vendor, Fits: fits, Renamed: !fits && !c.Server.Trimmed() && recipe.Vendored(c.Server), Work: c.ServerSource != nil, OwnTree: c.OwnTree(), Have: have,
		Ignored: func() bool { return vendordir.Ignored(ctx, c.Plugin.Root, c.Options.Environ) }}
}

// HasVendor reports whether the plugin has a vendor/ on the disk now.
func (c *Case) HasVendor() bool {
	return place.Exists(filepath.Join(c.Plugin.Root, "vendor"))
}

// Doubts says what is not known of a plugin that has all pins and whose own packages
// leave more open; nil where a build of it loads for sure.
func (c *Case) Doubts(pins []pinner.Pin, more []string) []string {
	var out []string
	if c.Server.Packages == nil || len(c.Server.Settings) == 0 {
		out = append(out, target.Unknown(c.Server)...)
	}
	if c.OwnTree() {
		out = append(out, "whether the plugin's module has the source that the server was built from")
	}
	if c.ServerSource != nil && c.ServerSource.Doubt != "" {
		out = append(out, c.ServerSource.Doubt)
	}
	if !c.Server.Trimmed() && !recipe.Placed(c.Server) && len(pins) > 0 && !c.Options.NoPaths {
		out = append(out, "where the server's modules were when it was built (without -trimpath, their paths count)")
	}
	for _, p := range pins {
		if p.Replace.Path != "" && p.Replace.Version == "" {
			out = append(out, fmt.Sprintf("whether %s, which the server took %s from, held the same source", p.Replace.Path, p.Version))
		} else if r := c.Plugin.User.Replacement(p.Version); r != nil && r.New.Version == "" {
			out = append(out, fmt.Sprintf("whether %s, which go.mod takes %s from, holds the same source as the server had", r.New.Path, p.Version))
		}
	}
	return append(out, more...)
}
