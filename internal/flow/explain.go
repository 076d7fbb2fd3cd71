package flow

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/explain"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/vendordir"
	"github.com/pinfix/pinfix/pinner"
)

// ExplainOptions says what is available next to the text.
type ExplainOptions struct {
	reference.Reference                     // none: the snapshot next to go.mod, if there is one
	Must                bool                // the plugin's module must be there
	Flags               string              // what the user has typed of these, for the commands to type
	Env                 func(string) string // reads the environment
}

// Explain recognises the errors in text, and answers as concretely as server
// and plugin allow. Only files are read, and an image that is the server: no go
// command.
func Explain(ctx context.Context, o ExplainOptions, text string) (*report.Explain, error) {
	r := &report.Explain{SchemaVersion: 1, Command: "explain", Findings: []report.Explained{}, Warnings: []string{}}
	known, err := o.known(ctx, r)
	if err != nil {
		return nil, err
	}
	own := ""
	if known.Mod != nil {
		own = known.Mod.Module.Mod.Path
	}
	found := explain.Find(text, own)
	if len(found) == explain.MaxFindings {
		r.Warnings = append(r.Warnings, fmt.Sprintf("more than %d different errors; what comes after them was not looked at", len(found)))
	}
	for _, f := range found {
		f = known.Answer(f)
		r.Findings = append(r.Findings, report.Explained{
			Line: f.Line, Count: f.Count, Cause: string(f.Cause), Package: f.Package, Text: f.Text, Why: f.Why, Fix: f.Fix,
			Library: f.Library, Module: f.Module, Server: f.Server, Plugin: f.Plugin, DemandedBy: f.DemandedBy,
		})
	}
	return r, nil
}

// known reads server and plugin. What the user has not named, and cannot be
// read, is a warning: the text may be about just that.
func (o ExplainOptions) known(ctx context.Context, r *report.Explain) (explain.Known, error) {
	k := explain.Known{Flags: o.Flags}
	root := plugin.Root(o.Dir)
	if root == "" && o.Must {
		return k, fault.New("name the plugin's directory with -C, or leave it out", "no go.mod in %s or above it", o.Dir)
	}
	home := plugin.Home(o.Dir)
	if all := o.Servers.In(home); len(all) > 0 {
		fetched := all[0].Own && !o.Offline && target.Asks(all[0].Ref) != ""
		if fetched {
			o.Offline = true // a log does not need it so much that a clone may choose whom pinfix asks
		}
		s, err := o.ReadFile(ctx, home)
		switch {
		case err != nil && fetched:
			r.Warnings = append(r.Warnings, fmt.Sprintf("%v; explain does not fetch a server that only %s names: name it with --server", err, all[0].From))
		case err != nil && !all[0].Own:
			return k, err
		case err != nil:
			r.Warnings = append(r.Warnings, err.Error())
		default:
			k.Server, k.Build = s, "pinfix build"
			if s.Packages == nil && s.Refuses() == nil { // a plugin can be built for it, but not compared
				k.Build = "run the command of pinfix build --print"
			}
			if o.Dir != "." {
				k.Build += " -C " + shell.Quote(o.Dir)
			}
			for _, word := range o.Typed() {
				k.Build += " " + word
			}
		}
	}
	if root == "" {
		return k, nil
	}
	data, err := bounded.ReadFile(filepath.Join(root, "go.mod"), bounded.Mod)
	if err == nil {
		k.Mod, err = plugin.Parse(data)
		err = bounded.Hide(filepath.Join(root, "go.mod"), err)
	}
	if err != nil {
		r.Warnings = append(r.Warnings, fmt.Sprintf("not looked at: %v", err))
		k.Mod = nil
		return k, nil
	}
	o.plugin(&k, root)
	return k, nil
}

// plugin reads which versions the plugin has: those of vendor/, and, once they
// are asked for, those that the module graph selects.
func (o ExplainOptions) plugin(k *explain.Known, root string) {
	vendor := vendordir.Modules(filepath.Join(root, "vendor"))
	k.Vendored = func(path string) string {
		version, _, _ := strings.Cut(vendor[path], " ") // what replaces it comes after
		return version
	}
	k.Graph = sync.OnceValue(func() *pinner.Graph { return cachedGraph(k.Mod, modcache.Dir(o.Env), root) })
}

// cachedGraph loads the module graph of mod, or nil if the module cache does
// not hold all of its go.mod files.
func cachedGraph(mod *pinner.Mod, cache, root string) *pinner.Graph {
	graph, err := pinner.LoadGraph(mod, func(want []module.Version) (map[module.Version]*pinner.Summary, error) {
		out := map[module.Version]*pinner.Summary{}
		for _, v := range want {
			s, err := readGoMod(cache, root, v)
			if err != nil {
				return nil, err
			}
			out[v] = s
		}
		return out, nil
	})
	if err != nil {
		return nil
	}
	return graph
}

// readGoMod reads the go.mod of a module in the cache, or of a directory that
// replaces one.
func readGoMod(cache, root string, v module.Version) (*pinner.Summary, error) {
	if v.Version != "" {
		return modcache.GoMod(cache, v)
	}
	dir := filepath.FromSlash(v.Path)
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	name := filepath.Join(dir, "go.mod")
	data, err := bounded.ReadFile(name, bounded.Mod)
	if err != nil {
		return nil, err
	}
	return pinner.Summarize(name, data)
}
