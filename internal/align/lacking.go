package align

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/compiles"
	"github.com/pinfix/pinfix/internal/conflict"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/pinner"
)

// lackingImport reads one line of go mod tidy's error, and adds the packages of
// its chain that only tests import.
func (r round) lackingImport(line string, plan *pinner.Plan, packages map[string]*conflict.Package) (typecheck.Fault, bool) {
	m := gocmd.Lacking.Regexp().FindStringSubmatchIndex(line)
	if m == nil {
		return typecheck.Fault{}, false
	}
	chain := strings.Fields(strings.NewReplacer(" imports ", " ", " tested by ", " ").Replace(line[:m[4]]))
	chain = append(chain, line[m[4]:m[5]])
	for i, name := range chain[:len(chain)-1] {
		p := packages[name]
		if p == nil {
			p = r.unlisted(name, plan)
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
func (r round) unlisted(name string, plan *pinner.Plan) *conflict.Package {
	p := &conflict.Package{Path: name}
	name = strings.TrimSuffix(name, ".test")
	own := r.Plugin.User.Module.Mod.Path
	if modpath.In(name, own) {
		p.Own = true
		return p
	}
	path, _ := modpath.Longest(name, func(p string) bool { return r.Base.Selected(p) != "" })
	p.Module = module.Version{Path: path, Version: r.Base.Selected(path)}
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
func (r round) whoLacks(ctx context.Context, err error) error {
	newer := stage.NeedsNewer(err).Path
	held := slices.DeleteFunc(r.plan.Held(), func(v module.Version) bool { return v.Path != newer })
	if r.solver == nil || len(held) == 0 {
		return err
	}
	if better := r.Stage.Lacking(ctx, r.plan.Mod, r.files, held); better != nil {
		return better
	}
	return err
}

// sought returns an error if tidy has left the plan's version of a module not
// because someone asks for more, but for a package that this version lacks.
// To exclude the version that it went to would lead it to the one below.
func (r round) sought(ctx context.Context) error {
	held, err := raised(r.plan, r.tidied, r.Source)
	if r.solver == nil || err != nil || len(held) == 0 {
		return err
	}
	return r.Stage.Lacking(ctx, r.plan.Mod, r.files, held)
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
