// Command embed is an example of what can be built on pinner and astimports: a
// server's own plugin builder. It takes the source of a plugin that was written
// against other versions, pins a copy of it to what the server was built with, and
// builds that:
//
//	embed SERVER DIR PLUGIN.so
//
// SERVER is the server program, DIR the plugin's module, which stays as it is. It is
// meant to be read: pinfix apply also lowers what does not compile, vendors, and
// knows split modules and plugins of several main packages.
package main

import (
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/astimports"
	"github.com/pinfix/pinfix/pinner"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: embed SERVER DIR PLUGIN.so")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

// A builder builds one plugin.
type builder struct {
	server *pinner.Server
	dir    string // of the copy
	empty  string // a directory outside of every module
}

func run(program, dir, out string) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	server, err := pinner.FromBuildInfo(info)
	if err != nil {
		return err
	}
	if err := server.Refuses(); err != nil {
		return err
	}
	if !server.Trimmed() {
		return errors.New("the server was built without -trimpath: where its module cache was counts too")
	}
	scratch, err := os.MkdirTemp("", "embed-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	b := &builder{server: server, dir: filepath.Join(scratch, "plugin"), empty: scratch}
	if err := os.CopyFS(b.dir, os.DirFS(dir)); err != nil {
		return err
	}
	if err := b.pin(); err != nil {
		return err
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	_, err = b.goIn(b.dir, "build", "-trimpath", "-buildmode=plugin", "-tags="+server.Settings["-tags"], "-o", out, ".")
	return err
}

// pin plans, lets go mod tidy complete the plan, and looks whether that has changed
// what is linked; nothing but a plan that tidy leaves alone is taken.
func (b *builder) pin() error {
	data, err := os.ReadFile(filepath.Join(b.dir, "go.mod"))
	if err != nil {
		return err
	}
	user, err := pinner.ParseMod("go.mod", data)
	if err != nil {
		return err
	}
	if err := user.Restore(); err != nil { // an earlier pinning, for another server perhaps
		return err
	}
	in := pinner.Input{Server: b.server, Mod: user, Source: b.source}
	for range 10 {
		plan, err := pinner.Make(in)
		if err != nil {
			return err
		}
		tidied, err := b.tidy(plan.Mod)
		if err != nil {
			return err
		}
		linked, err := b.linked()
		if err != nil {
			return err
		}
		match := pinner.Compare(b.server, linked)
		if len(match.Own) > 0 {
			return fmt.Errorf("%s is the server's own: no go.mod can match it", match.Own[0].Path)
		}
		needed, _, err := plan.Recheck(in, tidied)
		if err != nil {
			return err
		}
		more := slices.DeleteFunc(slices.Clone(needed), func(d pinner.Demand) bool {
			return slices.ContainsFunc(plan.Mod.Exclude, func(x *modfile.Exclude) bool { return x.Mod == d.Version })
		})
		if slices.Equal(match.Pins, in.Pins) && len(more) == 0 {
			return b.finish(plan, user, tidied, needed)
		}
		in.Pins = match.Pins
		for _, d := range more {
			in.Exclude = append(in.Exclude, d.Version)
		}
		if err := b.keep(match.Pins, linked); err != nil {
			return err
		}
	}
	return errors.New("no end after 10 rounds")
}

// finish writes the go.mod and says what it pins and why.
func (b *builder) finish(plan *pinner.Plan, user, tidied *pinner.Mod, needed []pinner.Demand) error {
	mod, err := plan.Finish(user, tidied, needed)
	if err != nil {
		return err
	}
	for _, p := range plan.Pins {
		fmt.Println("pinned", p)
	}
	for _, d := range needed {
		fmt.Println("excluded", d.Version, "which is asked for by", strings.Join(d.By, ", "))
	}
	return os.WriteFile(filepath.Join(b.dir, "go.mod"), mod.Bytes(), 0o666)
}

// keep imports a package of each pinned module, so that go mod tidy leaves the pin.
func (b *builder) keep(pins []pinner.Pin, linked []pinner.Linked) error {
	var paths []string
	for _, p := range pins {
		i := slices.IndexFunc(linked, func(l pinner.Linked) bool {
			return l.Module.Path == p.Path && !slices.Contains(strings.Split(l.Path, "/"), "internal")
		})
		if i >= 0 {
			paths = append(paths, linked[i].Path)
		}
	}
	name := filepath.Join(b.dir, "main.go")
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if src, err = astimports.Set("main.go", src, paths); err != nil {
		return err
	}
	return os.WriteFile(name, src, 0o666)
}

// tidy runs go mod tidy on mod.
func (b *builder) tidy(mod *pinner.Mod) (*pinner.Mod, error) {
	name := filepath.Join(b.dir, "go.mod")
	if err := os.WriteFile(name, mod.Bytes(), 0o666); err != nil {
		return nil, err
	}
	if _, err := b.goIn(b.dir, "mod", "tidy"); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return pinner.ParseMod("go.mod", data)
}

// linked lists the packages that the plugin links, but for the standard library's
// and its own.
func (b *builder) linked() ([]pinner.Linked, error) {
	type pkg struct {
		ImportPath string
		Module     *struct {
			Path, Version string
			Main          bool
		}
	}
	pkgs, err := decode[pkg](b.goIn(b.dir, "list", "-deps", "-json=ImportPath,Module", "-tags="+b.server.Settings["-tags"], "."))
	if err != nil {
		return nil, err
	}
	var out []pinner.Linked
	for _, p := range pkgs {
		if p.Module != nil && !p.Module.Main {
			out = append(out, pinner.Linked{Path: p.ImportPath, Module: module.Version{Path: p.Module.Path, Version: p.Module.Version}})
		}
	}
	return out, nil
}

// source is a [pinner.Source]: it asks the go command for go.mod files.
func (b *builder) source(want []module.Version) (map[module.Version]*pinner.Summary, error) {
	args := []string{"list", "-m", "-json"}
	for _, v := range want {
		args = append(args, v.String())
	}
	type mod struct{ Path, Version, GoMod string }
	mods, err := decode[mod](b.goIn(b.empty, args...))
	if err != nil {
		return nil, err
	}
	out := map[module.Version]*pinner.Summary{}
	for _, m := range mods {
		data, err := os.ReadFile(m.GoMod)
		if err != nil {
			return nil, err
		}
		if out[module.Version{Path: m.Path, Version: m.Version}], err = pinner.Summarize(m.GoMod, data); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// goIn runs the go command of the server's release, for its platform.
func (b *builder) goIn(dir string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=go"+b.server.GoVersion(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=1")
	if goos, goarch, ok := b.server.Platform(); ok {
		cmd.Env = append(cmd.Env, "GOOS="+goos, "GOARCH="+goarch)
	}
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	return string(out), nil
}

// decode reads the JSON values that the go command prints one after the other.
func decode[T any](text string, err error) ([]T, error) {
	var out []T
	for dec := json.NewDecoder(strings.NewReader(text)); err == nil; {
		var v T
		if err = dec.Decode(&v); err == nil {
			out = append(out, v)
		}
	}
	if err != io.EOF {
		return nil, err
	}
	return out, nil
}
