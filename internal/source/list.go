package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/scratch"
	"github.com/pinfix/pinfix/pinner"
)

// buildList returns the modules that the go command selects for mod, whose
// directories are relative to dir. It runs in a scratch directory with a copy
// of go.mod and go.sum, so that nothing in dir can change.
func buildList(ctx context.Context, mod *modfile.File, dir string, o Options) ([]pinner.Pin, error) {
	work, err := newScratch()
	if err != nil {
		return nil, err
	}
	defer work.Close()
	text, err := movable(mod, dir)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"go.mod": text}
	sum, err := readFile(filepath.Join(dir, "go.sum"))
	if err == nil {
		files["go.sum"] = sum
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(work.Path, name), data, 0o666); err != nil {
			return nil, err
		}
	}
	out, err := command(work.Path, o).Run(ctx, "list", "-m", "-json=Path,Version,Main,Replace,Sum", "all")
	if err != nil {
		return nil, explain(err)
	}
	return decode(out, mod)
}

func newScratch() (*scratch.Dir, error) {
	dir, err := scratch.New()
	if err != nil {
		return nil, fault.New("set TMPDIR to a directory that can be written to", "scratch directory: %w", err)
	}
	return dir, nil
}

// command returns the go command that the user has: a newer one reads the
// same build list out of an older go.mod, and GOTOOLCHAIN=auto fetches a newer
// one where that is asked for.
func command(dir string, o Options) *gocmd.Go {
	return gocmd.New(gocmd.Config{Dir: dir, Environ: o.Environ, Log: o.Log, Count: o.Count})
}

// movable returns mod's text with absolute directories.
func movable(mod *modfile.File, dir string) ([]byte, error) {
	text, err := mod.Format()
	if err != nil {
		return nil, err
	}
	mod, err = modfile.Parse("go.mod", text, nil) // a copy
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for _, r := range mod.Replace {
		if r.New.Version != "" || filepath.IsAbs(r.New.Path) {
			continue
		}
		to := filepath.Join(abs, filepath.FromSlash(r.New.Path))
		if _, err := os.Stat(filepath.Join(to, "go.mod")); err != nil {
			return nil, fault.New("check out the whole source of the server, or name its program",
				"go.mod:%d: %s is replaced by %s, which is not there", r.Syntax.Start.Line, r.Old.Path, r.New.Path)
		}
		if err := mod.AddReplace(r.Old.Path, r.Old.Version, to, ""); err != nil {
			return nil, err
		}
	}
	return mod.Format()
}

// decode reads what go list -m -json prints. A directory has the name that mod
// gives it.
func decode(out []byte, mod *modfile.File) ([]pinner.Pin, error) {
	var pins []pinner.Pin
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			Path, Version, Sum string
			Main               bool
			Replace            *struct{ Path, Version, Sum string }
		}
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			return pins, nil
		}
		if err != nil {
			return nil, fmt.Errorf("go list -m: %w", err)
		}
		if m.Main {
			continue
		}
		p := pinner.Pin{Version: module.Version{Path: m.Path, Version: m.Version}, Sum: m.Sum}
		if m.Replace != nil {
			p.Replace, p.Sum = replacement(mod, p.Version), m.Replace.Sum
		}
		pins = append(pins, p)
	}
}

// explain adds the next step to an error of the go command.
func explain(err error) error {
	var failed *gocmd.Error
	if !errors.As(err, &failed) {
		return err
	}
	next := "make the server's go.mod whole, or name its program"
	kind := gocmd.Kind(0)
	if causes, _ := failed.Causes(); len(causes) > 0 {
		kind = causes[0].Kind
		next = causes[0].NextStep()
	}
	switch {
	case failed.ByOffline():
		next += ", or name the server's program"
	case kind == gocmd.Unreachable, kind == gocmd.Off:
		next = "check the network and GOPROXY, or name the server's program"
	case kind == gocmd.Refused, strings.Contains(failed.Stderr, "invalid version"):
		next = "check the path and the version; for a private module set GOPRIVATE, GOPROXY and your credentials"
	case strings.Contains(failed.Stderr, "requires go >= "):
		next = "set GOTOOLCHAIN=auto, or install that Go"
	}
	return fault.With(err, next)
}
