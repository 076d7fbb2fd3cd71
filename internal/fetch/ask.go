package fetch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/pinner"
)

// command returns the go command to ask about other modules with: the user's own,
// as in the plugin's directory, or the server's where that is newer. An older one
// cannot list the versions of a module whose newest one needs a newer Go, and may
// not know how the user logs in (GOAUTH).
func (f *Fetcher) command(ctx context.Context) (*gocmd.Go, error) {
	if f.asks != nil {
		return f.asks, nil
	}
	f.asks = f.Go
	f.traces = version.Compare(f.GoVersion, "go1.21") >= 0
	if f.Local == nil {
		return f.asks, nil
	}
	dir, err := f.home()
	if err != nil {
		return nil, err
	}
	local := f.Local.In(dir)
	facts, err := local.Facts(ctx)
	if err != nil {
		return f.asks, ctx.Err()
	}
	if version.Compare(facts.GOVERSION, f.GoVersion) > 0 {
		f.asks = local
		f.traces = version.Compare(facts.GOVERSION, "go1.21") >= 0
	}
	return f.asks, nil
}

// home is an empty module to ask about other modules from: in the plugin's
// own, the go command would first load a graph that its toolchain may refuse. It
// has the plugin's go.sum: what that says is asked of no checksum database.
func (f *Fetcher) home() (string, error) {
	return f.emptyModule(filepath.Join(f.Dir.Path, "fetch"), []byte("module pinfix.invalid/fetch\n"))
}

// emptyModule makes a module without packages in a directory, with the plugin's go.sum.
func (f *Fetcher) emptyModule(dir string, mod []byte) (string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), f.Sum, 0o666); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "go.mod"), mod, 0o666)
}

// fetchMods brings the go.mod files of missing into f.files, by way of the
// module cache.
func (f *Fetcher) fetchMods(ctx context.Context, missing []module.Version) error {
	var ask []module.Version
	for _, v := range missing {
		if _, lost := f.lost[v]; !lost {
			ask = append(ask, v)
		}
	}
	if len(ask) > 0 {
		why, err := f.loadGraph(ctx, ask)
		if err != nil {
			return err
		}
		rest := f.take(ask)
		if len(rest) == len(ask) && (why.Kind == gocmd.Unreachable || why.Kind == gocmd.Off) {
			// To ask for each would only mean to wait again.
			err = f.lose(rest, func(v module.Version) gocmd.Cause { why.Module = v; return why })
		} else {
			err = f.findLost(ctx, rest)
		}
		if err != nil {
			return err
		}
	}
	lost := &MissingError{}
	var vs []module.Version
	for _, v := range missing {
		if c, ok := f.lost[v]; ok {
			lost.Causes, vs = append(lost.Causes, c), append(vs, v)
		}
	}
	if len(vs) == 0 {
		return nil
	}
	return &pinner.LostError{Modules: vs, Err: lost}
}

// take reads those of vs that the module cache has, and returns the others.
func (f *Fetcher) take(vs []module.Version) []module.Version {
	var rest []module.Version
	for _, v := range vs {
		if sum, err := f.Read(v); err == nil {
			f.files[v] = sum
		} else {
			rest = append(rest, v)
		}
	}
	return rest
}

// loadGraph has the go command load the module graph of a module that requires
// vs: that is how it fetches go.mod files, and nothing else, many at a time. Each
// of vs is the replacement of a requirement of its own, since a go.mod can require
// one version of a module only. What it has fetched is in the module cache; it names
// one fault, whose cause is returned.
func (f *Fetcher) loadGraph(ctx context.Context, vs []module.Version) (why gocmd.Cause, err error) {
	g, err := f.command(ctx)
	if err != nil {
		return why, err
	}
	dir, err := f.emptyModule(f.Dir.Next(), f.graphMod(vs))
	if err != nil {
		return why, err
	}
	args := []string{"mod", "graph"}
	if f.traces {
		args = append(args, "-x") // says of each go.mod file that it has come
	}
	_, err = g.Many(dir).Run(ctx, args...)
	var failed *gocmd.Error
	if !errors.As(err, &failed) {
		return why, err
	}
	if causes, _ := gocmd.Causes(failed.Stderr); len(causes) > 0 {
		why = causes[0]
	}
	return why, nil
}

// graphMod is the go.mod for loadGraph. For a plugin whose graph is not pruned, all
// below vs is loaded in one go, with the plugin's own replace and exclude lines: it
// will be asked for next, and one level at a time takes as many commands as there are
// levels. Else it is only what is asked for, and what is not pruned below it.
func (f *Fetcher) graphMod(vs []module.Version) []byte {
	var b bytes.Buffer
	whole := f.Mod != nil && !f.Mod.Pruned()
	b.WriteString("module pinfix.invalid/fetch\n\ngo 1.17\n")
	if whole {
		b.Reset()
		b.WriteString("module pinfix.invalid/fetch\n\ngo 1.16\n")
		for _, x := range f.Mod.Exclude {
			fmt.Fprintf(&b, "exclude %s %s\n", modfile.AutoQuote(x.Mod.Path), x.Mod.Version)
		}
		for _, r := range f.Mod.Replace {
			to := r.New.Path
			if r.New.Version == "" && !filepath.IsAbs(to) {
				to = filepath.Join(f.Go.Dir, filepath.FromSlash(to))
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

// findLost asks the go command why it could not fetch the go.mod files of vs, and
// takes those that come now.
func (f *Fetcher) findLost(ctx context.Context, vs []module.Version) error {
	if len(vs) == 0 {
		return nil
	}
	dir, err := f.home()
	if err != nil {
		return err
	}
	g, err := f.command(ctx)
	if err != nil {
		return err
	}
	args := []string{"mod", "download", "-json"}
	for _, v := range vs {
		args = append(args, v.String())
	}
	out, err := g.Many(dir).Run(ctx, args...)
	var failed *gocmd.Error
	if err != nil && !errors.As(err, &failed) {
		return err
	}
	why, jsonErr := moduleErrors(out)
	if err != nil && (jsonErr != nil || len(why) == 0) {
		return f.Clean(err) // of another kind: go.sum, say
	}
	err = f.lose(f.take(vs), func(v module.Version) gocmd.Cause {
		return gocmd.CauseOf(v, cmp.Or(why[v], "the go command does not say why"))
	})
	return errors.Join(jsonErr, err)
}

// lose notes that vs could not be fetched, but for those that f.Instead has.
func (f *Fetcher) lose(vs []module.Version, why func(module.Version) gocmd.Cause) error {
	for _, v := range vs {
		f.lost[v] = why(v)
	}
	if f.Instead == nil {
		return nil
	}
	for _, v := range vs {
		found, err := f.Instead(v, f.lost[v])
		if err != nil {
			return err
		}
		if found {
			delete(f.lost, v)
		}
	}
	return nil
}

// moduleErrors reads what go mod download -json says of each module.
func moduleErrors(out []byte) (map[module.Version]string, error) {
	why := map[module.Version]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			Path, Version string
			Error         string
		}
		if err := dec.Decode(&m); err == io.EOF {
			return why, nil
		} else if err != nil {
			return nil, fmt.Errorf("go mod download: %w", err)
		}
		if m.Error != "" {
			why[module.Version{Path: m.Path, Version: m.Version}] = m.Error
		}
	}
}

// Download brings the sources of module versions into the module cache, as far as they
// can be fetched: what is missing then, the go command says when it needs it.
func (f *Fetcher) Download(ctx context.Context, vs []module.Version) {
	g, err := f.command(ctx)
	if err != nil {
		return
	}
	dir, err := f.home()
	if err != nil {
		return
	}
	args := []string{"mod", "download", "-json"}
	for _, v := range vs {
		args = append(args, v.String())
	}
	_, _ = g.Many(dir).Run(ctx, args...)
}
