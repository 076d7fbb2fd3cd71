package flow

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/verify"
	"github.com/pinfix/pinfix/pinner"
)

// Verify tells whether the server that ref names would load the plugins. get
// reads the environment. An error means that nothing was compared.
func Verify(ctx context.Context, ref Reference, files []string, get func(string) string) (*report.Verify, error) {
	root := Root(ref.Dir)
	server, err := ref.readBuilt(ctx, root)
	if err != nil {
		return nil, err
	}
	if err := comparable(server); err != nil {
		return nil, err
	}
	r := &report.Verify{SchemaVersion: 1, Command: "verify", Server: serverReport(server), Plugins: []report.Verified{}}
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
		more, err := askLibc(ctx, server, plugin, ref.options(ref.Servers.in(root)[0]))
		if err != nil {
			return nil, err
		}
		look := modcache.New(cache, buildctx.Of(server))
		v := verified(file, verify.Compare(server, plugin, look.Imports, earlier...))
		v.Warnings = append(v.Warnings, more...)
		r.Plugins = append(r.Plugins, v)
		earlier = append(earlier, verify.Earlier{File: file, Plugin: plugin, Loads: v.Loads})
	}
	return r, nil
}

// askLibc finds out what the verdict on the plugin's libc hangs on, and only that: the
// release of libc in the server's image, where it is far below the program; names that the
// server's program may define; and for the answer, which packages have C code. It returns
// warnings; an error means that ctx is done.
func askLibc(ctx context.Context, server, plugin *pinner.Server, o target.Options) ([]string, error) {
	var warnings []string
	if verify.AsksForLibc(server, plugin) {
		if err := target.AddLibc(ctx, server, o); ctx.Err() != nil {
			return nil, ctx.Err()
		} else if err != nil {
			warnings = append(warnings, fmt.Sprintf("not known: the release of libc in the image: %v", err))
		}
	}
	server.Binary = forThis(server.Binary)
	if server.Binary.Libc() == "musl" && plugin.Binary.Libc() == "glibc" {
		if err := target.AddIFuncs(plugin); err != nil {
			warnings = append(warnings, fmt.Sprintf("not known: whether the plugin has indirect functions: %v", err))
		}
	}
	if names := verify.SymbolsToFind(server, plugin); len(names) > 0 {
		if err := target.AddExports(ctx, server, names, o); ctx.Err() != nil {
			return nil, ctx.Err()
		} else if err != nil {
			warnings = append(warnings, fmt.Sprintf("not known: which symbols the server's program defines: %v", err))
		}
	}
	if verify.AsksForCgo(server, plugin) {
		if err := target.AddCgo(plugin); err != nil {
			warnings = append(warnings, fmt.Sprintf("not known: which packages have C code: %v", err))
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

// sameFile returns which of files is the same as name for plugin.Open, which
// follows links and knows the file then by its path; -1 for none.
func sameFile(files []string, name string) int {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return -1 // to read it says why
	}
	real, _ = filepath.Abs(real)
	return slices.IndexFunc(files, func(file string) bool {
		other, err := filepath.EvalSymlinks(file)
		if err != nil {
			return false
		}
		other, _ = filepath.Abs(other)
		return other == real
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

// comparable reports what a server reference lacks for a comparison. A server
// that can load nothing lacks nothing: the verdict is clear.
func comparable(s *pinner.Server) error {
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

// Root returns the root of the module around dir, or "" where there is none.
func Root(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	root, _ := moduleRoot(abs) // without a module only the reference counts
	return root
}

func verified(file string, r *verify.Result) report.Verified {
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
