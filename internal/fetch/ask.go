package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/gocmd"
)

// An asker runs the go command outside of the plugin's directory, in modules that have no
// packages.
type asker struct {
	Config

	asks   *gocmd.Go // see command
	traces bool      // asks knows go mod graph -x
}

// command returns the go command to ask about other modules with: the user's own,
// as in the plugin's directory, or the server's where that is newer. An older one
// cannot list the versions of a module whose newest one needs a newer Go, and may
// not know how the user logs in (GOAUTH).
func (a *asker) command(ctx context.Context) (*gocmd.Go, error) {
	if a.asks != nil {
		return a.asks, nil
	}
	a.asks = a.Go
	a.traces = version.Compare(a.GoVersion, "go1.21") >= 0
	if a.Local == nil {
		return a.asks, nil
	}
	dir, err := a.home()
	if err != nil {
		return nil, err
	}
	local := a.Local.In(dir)
	facts, err := local.Facts(ctx)
	if err != nil {
		return a.asks, ctx.Err()
	}
	if version.Compare(facts.GOVERSION, a.GoVersion) > 0 {
		a.asks = local
		a.traces = version.Compare(facts.GOVERSION, "go1.21") >= 0
	}
	return a.asks, nil
}

// home is an empty module to ask about other modules from: in the plugin's
// own, the go command would first load a graph that its toolchain may refuse. It
// has the plugin's go.sum: what that says is asked of no checksum database.
func (a *asker) home() (string, error) {
	return a.emptyModule(filepath.Join(a.Dir.Path, "fetch"), []byte("module pinfix.invalid/fetch\n"))
}

// emptyModule makes a module without packages in a directory, with the plugin's go.sum.
func (a *asker) emptyModule(dir string, mod []byte) (string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), a.Sum, 0o666); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "go.mod"), mod, 0o666)
}

// loadGraph has the go command load the module graph of a module that requires
// vs: that is how it fetches go.mod files, and nothing else, many at a time. Each
// of vs is the replacement of a requirement of its own, since a go.mod can require
// one version of a module only. What it has fetched is in the module cache; it names
// one fault, whose cause is returned.
func (a *asker) loadGraph(ctx context.Context, vs []module.Version) (why gocmd.Cause, err error) {
	g, err := a.command(ctx)
	if err != nil {
		return why, err
	}
	dir, err := a.emptyModule(a.Dir.Next(), a.graphMod(vs))
	if err != nil {
		return why, err
	}
	args := []string{"mod", "graph"}
	if a.traces {
		args = append(args, "-x") // says of each go.mod file that it has come
	}
	_, err = g.Many(dir).Run(ctx, args...)
	var failed *gocmd.Error
	if !errors.As(err, &failed) {
		return why, err
	}
	if causes, _ := failed.Causes(); len(causes) > 0 {
		why = causes[0]
	}
	return why, nil
}

// graphMod is the go.mod for loadGraph. For a plugin whose graph is not pruned, all
// below vs is loaded in one go, with the plugin's own replace and exclude lines: it
// will be asked for next, and one level at a time takes as many commands as there are
// levels. Else it is only what is asked for, and what is not pruned below it.
func (a *asker) graphMod(vs []module.Version) []byte {
	var b bytes.Buffer
	whole := a.Mod != nil && !a.Mod.Pruned()
	b.WriteString("module pinfix.invalid/fetch\n\ngo 1.17\n")
	if whole {
		b.Reset()
		b.WriteString("module pinfix.invalid/fetch\n\ngo 1.16\n")
		for _, x := range a.Mod.Exclude {
			fmt.Fprintf(&b, "exclude %s %s\n", modfile.AutoQuote(x.Mod.Path), x.Mod.Version)
		}
		for _, r := range a.Mod.Replace {
			to := r.New.Path
			if r.New.Version == "" && !filepath.IsAbs(to) {
				to = filepath.Join(a.Go.Dir, filepath.FromSlash(to))
			}
			fmt.Fprintf(&b, "replace %s %s => %s %s\n", modfile.AutoQuote(r.Old.Path), r.Old.Version, modfile.AutoQuote(to), r.New.Version)
		}
	}
	for i, v := range vs {
		if module.Check(v.Path, v.Version) != nil {
			continue // it would spoil the others
		}
		fmt.Fprintf(&b, "require pinfix.invalid/m%d v0.0.0\nreplace pinfix.invalid/m%d => %s %s\n", i, i, modfile.AutoQuote(v.Path), v.Version)
	}
	return b.Bytes()
}

// Download brings the sources of module versions into the module cache, as far as they
// can be fetched: what is missing then, the go command says when it needs it.
func (a *asker) Download(ctx context.Context, vs []module.Version) {
	g, err := a.command(ctx)
	if err != nil {
		return
	}
	dir, err := a.home()
	if err != nil {
		return
	}
	args := []string{"mod", "download", "-json"}
	for _, v := range vs {
		args = append(args, v.String())
	}
	_, _ = g.Many(dir).Run(ctx, args...)
}

// GoFiles returns the names of the Go files of a package in a version of its module,
// tests among them; none where the version does not have it.
func (a *asker) GoFiles(ctx context.Context, v module.Version, pkg string) ([]string, error) {
	dir, err := a.home()
	if err != nil {
		return nil, err
	}
	g, err := a.command(ctx)
	if err != nil {
		return nil, err
	}
	out, err := g.In(dir).Run(ctx, "mod", "download", "-json", v.String())
	if err != nil {
		return nil, err
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return nil, err
	}
	return filepath.Glob(filepath.Join(m.Dir, filepath.FromSlash(strings.TrimPrefix(pkg, v.Path)), "*.go"))
}
