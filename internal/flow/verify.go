package flow

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/prove"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/verify"
	"github.com/pinfix/pinfix/pinner"
)

// Verify tells whether the server that ref names would load the plugins. get
// reads the environment. An error means that nothing was compared.
func Verify(ctx context.Context, ref reference.Reference, files []string, get func(string) string) (*report.Verify, error) {
	root := plugin.Home(ref.Dir)
	server, err := ref.ReadBuilt(ctx, root)
	if err != nil {
		return nil, err
	}
	if err := prove.Comparable(server); err != nil {
		return nil, err
	}
	r := &report.Verify{SchemaVersion: 1, Command: "verify", Server: reference.Report(server), Plugins: []report.Verified{}}
	cache := modcache.Dir(get)
	var earlier []verify.Earlier
	for i, file := range files {
		if first := sameFile(files[:i], file); first >= 0 {
			r.Plugins = append(r.Plugins, again(r.Plugins[first], file))
			continue
		}
		plugin, err := bounded.Wait(ctx, 0, func() (*pinner.Server, error) { return target.ReadPlugin(file) })
		if err != nil {
			return nil, err
		}
		more, err := prove.Ask(ctx, server, plugin, ref.Options(ref.Servers.In(root)[0]))
		if err != nil {
			return nil, err
		}
		look := modcache.New(cache, buildctx.Of(server))
		v := prove.Report(file, verify.Compare(server, plugin, look.Imports, earlier...))
		v.Warnings = append(v.Warnings, more...)
		r.Plugins = append(r.Plugins, v)
		earlier = append(earlier, verify.Earlier{File: file, Plugin: plugin, Loads: v.Loads})
	}
	return r, nil
}

// sameFile returns which of files is the same as name for plugin.Open, which
// follows links and knows the file then by its path; -1 for none.
func sameFile(files []string, name string) int {
	resolved, err := filepath.EvalSymlinks(name)
	if err != nil {
		return -1 // to read it says why
	}
	resolved, _ = filepath.Abs(resolved)
	return slices.IndexFunc(files, func(file string) bool {
		other, err := filepath.EvalSymlinks(file)
		if err != nil {
			return false
		}
		other, _ = filepath.Abs(other)
		return other == resolved
	})
}

// again is the verdict on a file that was given before: plugin.Open answers as it
// did then.
func again(first report.Verified, file string) report.Verified {
	v := first
	v.File = file
	v.Warnings = []string{fmt.Sprintf("%s is the same file as %s: the server gets the plugin that it has loaded, or the same error", file, first.File)}
	return v
}
