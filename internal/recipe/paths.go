package recipe

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/toolexec"
	"github.com/pinfix/pinfix/internal/vars"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

// PathRule is that for the module of a package in dir, none where nothing is known.
func PathRule(s *pinner.Server, pkg, dir, module string) toolexec.Rules {
	unit, to := Directory(s, pkg, module)
	if to == "" {
		return nil
	}
	sub := strings.TrimPrefix(pkg, unit)
	if from, ok := strings.CutSuffix(filepath.ToSlash(dir), sub); ok {
		return toolexec.Rules{{From: from, To: to}}
	}
	return toolexec.Rules{{From: filepath.ToSlash(dir), To: to + sub}}
}

// Shorter puts the rules for the modules of one module cache or vendor/ together.
func Shorter(s *pinner.Server, rules toolexec.Rules, cache, vendor string) toolexec.Rules {
	roots := toolexec.Rules{}
	if s.Paths.ModCache != "" {
		roots = append(roots, toolexec.Rule{From: filepath.ToSlash(cache), To: s.Paths.ModCache})
	}
	if s.Paths.Vendored != "" {
		roots = append(roots, toolexec.Rule{From: filepath.ToSlash(vendor), To: s.Paths.Vendored + "/vendor"})
	}
	out := slices.Clone(rules)
	for i, r := range out {
		for _, root := range roots {
			if rest, ok := strings.CutPrefix(r.From, root.From+"/"); ok && r.To == root.To+"/"+rest {
				out[i] = root
			}
		}
	}
	return out.Tidy()
}

// PathRules returns the rules for a build that is typed, or run in an image, of the plugin
// that has this go.mod: without the go command, and with what a shell finds out. src is
// the server's source in its go.work, nil for none.
func PathRules(s *pinner.Server, mod *pinner.Mod, root string, vendored bool, environ []string, src *workspace.Source) toolexec.Rules {
	cache, vendor := toolexec.ModCache, toolexec.Here+"/vendor"
	if s.Paths.ModCache != "" && modcache.Dir(func(name string) string { return vars.Get(environ, name) }) == s.Paths.ModCache {
		cache = s.Paths.ModCache
	}
	if s.Paths.Vendored == root {
		vendor = root + "/vendor"
	}
	var rules toolexec.Rules
	if path := mod.Module.Mod.Path; s.Owns(path) && !s.Trimmed() {
		rules = append(rules, PathRule(s, path, toolexec.Here, path)...)
	}
	if src != nil {
		for _, m := range src.Others(mod.Module.Mod.Path) {
			rules = append(rules, PathRule(s, m.Path, m.Dir, m.Path)...)
		}
	}
	for _, r := range mod.Require {
		if src.Has(r.Mod.Path) {
			continue
		}
		from := ""
		switch replace := mod.Replacement(r.Mod); {
		case vendored:
			from = vendor + "/" + r.Mod.Path
		case replace != nil && replace.New.Version == "":
			from = filepath.ToSlash(place.RealDir(root, replace.New.Path))
		default:
			from, _ = modcache.SourceDir(cache, mod.Source(r.Mod))
		}
		if unit, to := Directory(s, r.Mod.Path, r.Mod.Path); unit == r.Mod.Path && to != "" && from != "" {
			rules = append(rules, toolexec.Rule{From: from, To: to})
		}
	}
	return Shorter(s, rules, cache, vendor)
}
