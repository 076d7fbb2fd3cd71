package align

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/compiles"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/solve"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// lackingRE is what go mod tidy says of an import that nothing provides.
var lackingRE = pattern.New(`(\S+) imports (\S+): (?:module .* does not contain package|cannot find module providing package|no required module provides package) `)

// lacking explains an import of a package that the plugin's module does not have, or the
// server's version of another one; nil if failed says nothing of the kind.
func (a *Aligner) lacking(failed *gocmd.Error) error {
	for _, line := range failed.Faults() {
		m := lackingRE.Regexp().FindStringSubmatch(line)
		if m == nil {
			continue
		}
		importer, pkg := strings.TrimSuffix(strings.TrimSuffix(m[1], ".test"), "_test"), m[2]
		if modpath.In(pkg, a.Plugin.User.Module.Mod.Path) {
			at := ""
			if rest, own := modpath.Cut(importer, a.Plugin.User.Module.Mod.Path); own {
				at = a.importedAt(filepath.FromSlash("."+rest), pkg)
			}
			return fault.New("add the package, or change the import", "%sthe module has no package %s", at, pkg)
		}
		for _, p := range a.Input.Pins {
			if !modpath.In(pkg, p.Path) {
				continue
			}
			if rest, own := modpath.Cut(importer, a.Plugin.User.Module.Mod.Path); own {
				return fault.New("change the import"+a.orServer(p), "%s%s is not in %s %s, which the server has%s",
					a.importedAt(filepath.FromSlash("."+rest), pkg), pkg, p.Path, p.Version.Version, a.pluginHas(p))
			}
			return fault.New("require a version of the module of "+importer+" that does without it"+a.orServer(p),
				"%s imports %s, which is not in %s %s, which the server has%s", importer, pkg, p.Path, p.Version.Version, a.pluginHas(p))
		}
	}
	return nil
}

// importedAt returns the place of an import in a directory of the plugin.
func (a *Aligner) importedAt(dir, pkg string) string {
	p := &importgraph.Package{Dir: filepath.Join(a.Plugin.Root, dir)}
	files, _ := filepath.Glob(filepath.Join(p.Dir, "*.go")) // fails for a bad pattern only
	for _, f := range files {
		p.GoFiles = append(p.GoFiles, filepath.Base(f))
	}
	if at := wants.Places(a.Stage.Sources, p, pkg); len(at) > 0 {
		return at[0].String()
	}
	return ""
}

// pluginHas names the version that the plugin's go.mod requires.
func (a *Aligner) pluginHas(p pinner.Pin) string {
	for _, r := range a.Plugin.User.Require {
		if r.Mod.Path == p.Path {
			return fmt.Sprintf("; the plugin has %s", r.Mod.Version)
		}
	}
	return ""
}

// orServer names the server that would do: none where the server's version is the newer
// one already.
func (a *Aligner) orServer(p pinner.Pin) string {
	if had := a.Base.Selected(p.Path); semver.Compare(had, p.Version.Version) > 0 {
		return ", or ask for a server with " + p.Path + " " + had
	}
	return ""
}

// lackingImport reads one line of go mod tidy's error, and adds the packages of
// its chain that only tests import.
func (a *Aligner) lackingImport(line string, plan *pinner.Plan, packages map[string]*solve.Package) (typecheck.Fault, bool) {
	m := lackingRE.Regexp().FindStringSubmatchIndex(line)
	if m == nil {
		return typecheck.Fault{}, false
	}
	chain := strings.Fields(strings.NewReplacer(" imports ", " ", " tested by ", " ").Replace(line[:m[4]]))
	chain = append(chain, line[m[4]:m[5]])
	for i, name := range chain[:len(chain)-1] {
		p := packages[name]
		if p == nil {
			p = a.unlisted(name, plan)
			packages[name] = p
		}
		p.Imports = append(p.Imports, chain[i+1])
	}
	f := typecheck.Fault{Package: chain[len(chain)-2], Missing: chain[len(chain)-1], Msg: strings.TrimSpace(line[m[4]:])}
	if v := compiles.Holder(plan, f.Missing); v.Path != "" {
		f.Msg = fmt.Sprintf("%s is not in %s", f.Missing, v)
	}
	return f, true
}

// unlisted is a package that the plugin does not link.
func (a *Aligner) unlisted(name string, plan *pinner.Plan) *solve.Package {
	p := &solve.Package{Path: name}
	name = strings.TrimSuffix(name, ".test")
	own := a.Plugin.User.Module.Mod.Path
	if modpath.In(name, own) {
		p.Own = true
		return p
	}
	path, _ := modpath.Longest(name, func(p string) bool { return a.Base.Selected(p) != "" })
	p.Module = module.Version{Path: path, Version: a.Base.Selected(path)}
	for _, c := range plan.Caps {
		if c.Path == p.Module.Path {
			p.Module = c.Version
		}
	}
	return p
}

// whoLacks returns a better error for one of tidy's: where the go command went to
// a version that needs a newer Go, for a package that the plan's lacks, which
// import wants that package.
func (a *Aligner) whoLacks(ctx context.Context, plan *pinner.Plan, files importgraph.Files, err error) error {
	newer := stage.NeedsNewer(err).Path
	held := slices.DeleteFunc(plan.Held(), func(v module.Version) bool { return v.Path != newer })
	if a.Solver == nil || len(held) == 0 {
		return err
	}
	if better := a.Stage.Lacking(ctx, plan.Mod, files, held); better != nil {
		return better
	}
	return err
}

// sought returns an error if tidy has left the plan's version of a module not
// because someone asks for more, but for a package that this version lacks.
// To exclude the version that it went to would lead it to the one below.
func (a *Aligner) sought(ctx context.Context, plan *pinner.Plan, tidied *pinner.Mod, files importgraph.Files) error {
	held, err := raised(plan, tidied, a.Input.Source)
	if a.Solver == nil || err != nil || len(held) == 0 {
		return err
	}
	return a.Stage.Lacking(ctx, plan.Mod, files, held)
}

// raised returns what the plan holds of the modules that go mod tidy has raised
// although no one asks for more.
func raised(plan *pinner.Plan, tidied *pinner.Mod, source pinner.Source) ([]module.Version, error) {
	m, err := tidied.Clone()
	if err != nil {
		return nil, err
	}
	held := map[string]string{}
	for _, v := range slices.Backward(plan.Held()) {
		held[v.Path] = v.Version // a pin goes before a cap
	}
	var raised []module.Version
	for _, r := range tidied.Require {
		if v := held[r.Mod.Path]; v != "" && v != r.Mod.Version {
			raised = append(raised, module.Version{Path: r.Mod.Path, Version: v})
			if err := m.AddRequire(r.Mod.Path, v); err != nil {
				return nil, err
			}
		}
	}
	if len(raised) == 0 {
		return nil, nil
	}
	g, err := pinner.LoadGraph(m, source)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(raised, func(v module.Version) bool { return g.Selected(v.Path) != v.Version }), nil
}
