package stage

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
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/pinner"
)

// fetcher returns the go command to ask about other modules with: the user's own,
// as in the plugin's directory, or the server's where that is newer. An older one
// cannot list the versions of a module whose newest one needs a newer Go, and may
// not know how the user logs in (GOAUTH).
func (s *Stage) fetcher(ctx context.Context) (*gocmd.Go, error) {
	if s.fetch != nil {
		return s.fetch, nil
	}
	s.fetch = s.go_
	s.traces = version.Compare(s.goVersion, "go1.21") >= 0
	if s.local == nil {
		return s.fetch, nil
	}
	dir, err := s.fetchDir()
	if err != nil {
		return nil, err
	}
	local := s.local.In(dir)
	facts, err := local.Facts(ctx)
	if err != nil {
		return s.fetch, ctx.Err()
	}
	if version.Compare(facts.GOVERSION, s.goVersion) > 0 {
		s.fetch = local
		s.traces = version.Compare(facts.GOVERSION, "go1.21") >= 0
	}
	return s.fetch, nil
}

// fetchDir is an empty module to ask about other modules from: in the plugin's
// own, the go command would first load a graph that its toolchain may refuse. It
// has the plugin's go.sum: what that says is asked of no checksum database.
func (s *Stage) fetchDir() (string, error) {
	return s.emptyModule("fetch", []byte("module pinfix.invalid/fetch\n"))
}

// emptyModule makes a module without packages, with the plugin's go.sum.
func (s *Stage) emptyModule(name string, mod []byte) (string, error) {
	dir := filepath.Join(s.dir, name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), s.sum, 0o666); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "go.mod"), mod, 0o666)
}

// fetchMods brings the go.mod files of missing into s.modFiles, by way of the
// module cache.
func (s *Stage) fetchMods(ctx context.Context, missing []module.Version) error {
	var ask []module.Version
	for _, v := range missing {
		if _, lost := s.lost[v]; !lost {
			ask = append(ask, v)
		}
	}
	if len(ask) > 0 {
		why, err := s.loadGraph(ctx, ask)
		if err != nil {
			return err
		}
		rest := s.take(ask)
		if len(rest) == len(ask) && (why.Kind == gocmd.Unreachable || why.Kind == gocmd.Off) {
			// To ask for each would only mean to wait again.
			err = s.lose(rest, func(v module.Version) gocmd.Cause { why.Module = v; return why })
		} else {
			err = s.findLost(ctx, rest)
		}
		if err != nil {
			return err
		}
	}
	lost := &MissingError{}
	var vs []module.Version
	for _, v := range missing {
		if c, ok := s.lost[v]; ok {
			lost.Causes, vs = append(lost.Causes, c), append(vs, v)
		}
	}
	if len(vs) == 0 {
		return nil
	}
	return &pinner.LostError{Modules: vs, Err: lost}
}

// take reads those of vs that the module cache has, and returns the others.
func (s *Stage) take(vs []module.Version) []module.Version {
	var rest []module.Version
	for _, v := range vs {
		if sum, err := s.read(v); err == nil {
			s.modFiles[v] = sum
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
func (s *Stage) loadGraph(ctx context.Context, vs []module.Version) (why gocmd.Cause, err error) {
	g, err := s.fetcher(ctx)
	if err != nil {
		return why, err
	}
	s.mu.Lock()
	s.n++
	name := strconv.Itoa(s.n)
	s.mu.Unlock()
	dir, err := s.emptyModule(name, s.graphMod(vs))
	if err != nil {
		return why, err
	}
	args := []string{"mod", "graph"}
	if s.traces {
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
func (s *Stage) graphMod(vs []module.Version) []byte {
	var b bytes.Buffer
	whole := s.user != nil && !s.user.Pruned()
	b.WriteString("module pinfix.invalid/fetch\n\ngo 1.17\n")
	if whole {
		b.Reset()
		b.WriteString("module pinfix.invalid/fetch\n\ngo 1.16\n")
		for _, x := range s.user.Exclude {
			fmt.Fprintf(&b, "exclude %s %s\n", modfile.AutoQuote(x.Mod.Path), x.Mod.Version)
		}
		for _, r := range s.user.Replace {
			to := r.New.Path
			if r.New.Version == "" && !filepath.IsAbs(to) {
				to = filepath.Join(s.Root, filepath.FromSlash(to))
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
func (s *Stage) findLost(ctx context.Context, vs []module.Version) error {
	if len(vs) == 0 {
		return nil
	}
	dir, err := s.fetchDir()
	if err != nil {
		return err
	}
	g, err := s.fetcher(ctx)
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
		return s.clean(err) // of another kind: go.sum, say
	}
	err = s.lose(s.take(vs), func(v module.Version) gocmd.Cause {
		return gocmd.CauseOf(v, cmp.Or(why[v], "the go command does not say why"))
	})
	return errors.Join(jsonErr, err)
}

// lose notes that vs could not be fetched, but for those that vendor/ has.
func (s *Stage) lose(vs []module.Version, why func(module.Version) gocmd.Cause) error {
	for _, v := range vs {
		s.lost[v] = why(v)
	}
	return s.borrowMods(vs)
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

// oneLine joins the lines that the go command indents.
func oneLine(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n\t", ": ") }

// Download brings the sources of module versions into the module cache, as far as they
// can be fetched: what is missing then, the go command says when it needs it.
func (s *Stage) Download(ctx context.Context, vs []module.Version) {
	g, err := s.fetcher(ctx)
	if err != nil {
		return
	}
	dir, err := s.fetchDir()
	if err != nil {
		return
	}
	args := []string{"mod", "download", "-json"}
	for _, v := range vs {
		args = append(args, v.String())
	}
	_, _ = g.Many(dir).Run(ctx, args...)
}
