package explain

import (
	"cmp"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/pinner"
)

// module answers "different version of package" for a package of a module.
func (k Known) module(f *Finding) {
	if k.Mod != nil && k.named(f) {
		return
	}
	if k.isServerOwn(f.Package) {
		k.serverOwn(f)
		return
	}
	if f.kind == ownPackage {
		return // plugins among themselves
	}
	pin, ok := k.pin(f.Package)
	_, links := k.Server.Packages[f.Package]
	if !ok || k.Server.Packages != nil && !links {
		// A plugin is compared with those that were loaded before it as well.
		f.Cause = Version
		f.Why = "the server does not link " + f.Package + ", so another plugin that it has loaded before has it, at another version (or another server said this)"
		f.say("give both plugins one version of the module of " + f.Package + "; to see which: pinfix verify --server SERVER OTHER.so THIS.so")
		if k.Mod != nil {
			k.byGoMod(f)
		}
		return
	}
	f.Module, f.Server = pin.Path, plain(pin.Versions())
	has := "the server has " + pin.String()
	if k.Mod == nil {
		f.Why = has
		return
	}
	v := k.version(pin.Path)
	replaced := k.replacedBy(v)
	if v.Version != "" {
		f.Plugin = plain(pinner.Pin{Version: v, Replace: replaced}.Versions())
	}
	switch {
	case v.Version == "" && k.graph() != nil:
		f.Cause = Unknown
		f.Why = has + "; no module of this plugin asks for it, so this is the error of another plugin"
		f.say("name the directory of the plugin that is refused with -C")
	case v.Version == "":
		f.Why = has + "; the plugin's go.mod does not require it, so another module of the plugin brings its own version"
		f.say("pinfix apply --dry-run --server SERVER, which shows who asks for it")
	case v.Version != pin.Version.Version:
		k.otherVersion(f, has, v)
	case replaced != pin.Replace && !k.sameSource(pin, v, replaced):
		f.Cause = Replace
		f.Why = has + "; the plugin has " + (pinner.Pin{Version: v, Replace: replaced}).String()
	default:
		k.agrees(f, pin, has)
	}
}

// sameSource: a replacement by the module itself at the very version is none.
func (k Known) sameSource(p pinner.Pin, v, replaced module.Version) bool {
	return p.Replace.Path == "" && replaced == v
}

// version returns the plugin's version of a module: what its graph selects, or
// else what go.mod requires.
func (k Known) version(path string) module.Version {
	v := module.Version{Path: path, Version: k.requiredVersion(path)}
	if g := k.graph(); g != nil {
		v.Version = cmp.Or(g.Selected(path), v.Version)
	}
	return v
}

// otherVersion says who asks for the version that the plugin has.
func (k Known) otherVersion(f *Finding, has string, v module.Version) {
	required := k.requiredVersion(v.Path)
	switch {
	case required == v.Version:
		f.Why = has + "; the plugin's go.mod requires " + v.Version
	case required == "":
		f.Why = has + "; the plugin's modules ask for " + v.Version
	default:
		f.Why = has + "; the plugin's go.mod requires " + required + ", and its modules raise that to " + v.Version
	}
	g := k.graph()
	if g == nil {
		return // so v is what go.mod requires
	}
	if f.DemandedBy = g.Demands(v); len(f.DemandedBy) > 0 {
		f.Why += " (" + f.DemandedBy[0] + ")"
	}
}

// agrees: go.mod says the same as the server, and yet the fingerprint differs.
func (k Known) agrees(f *Finding, pin pinner.Pin, has string) {
	vendored := ""
	if k.Vendored != nil {
		vendored = k.Vendored(pin.Path)
	}
	switch {
	case vendored != "" && vendored != pin.Version.Version:
		f.Cause, f.Plugin = Vendor, vendored
		f.Why = has + ", and so has go.mod, but vendor/modules.txt has " + vendored
		f.do(apply)
	case !k.Server.Trimmed():
		f.Cause = Trimpath
		f.Why = has + ", and so has go.mod; the server was built without -trimpath, so the paths of the sources count"
		f.say(recipe.Place(k.Server))
		if !recipe.Placed(k.Server) && !recipe.Vendored(k.Server) {
			f.Fix += ": " + k.Build
		}
	case pin.Replace.Path != "" && pin.Replace.Version == "":
		f.Cause = Content
		f.Why = has + ", a directory that only its publisher has"
		f.say("replace " + pin.Path + " in go.mod by a copy of that directory")
	default:
		f.Cause = Unknown
		f.Why = has + ", and so has go.mod: the plugin was built before that, or differs in a package that " + f.Package + " imports, or in flags"
		f.say("build it again (" + k.Build + "), then: pinfix verify --server SERVER PLUGIN.so")
	}
}

// byGoMod: without a server there is one side to show.
func (k Known) byGoMod(f *Finding) {
	path, ok := modpath.Longest(f.Package, func(p string) bool { return k.version(p).Version != "" })
	if !ok {
		return
	}
	v := k.version(path)
	pin := pinner.Pin{Version: v, Replace: k.replacedBy(v)}
	f.Module, f.Plugin = path, plain(pin.Versions())
	f.Why += "; the plugin has " + pin.String()
}

// pin returns the module that the server has pkg from, and false where that is none, or
// one of its own, which go.mod cannot require.
func (k Known) pin(pkg string) (pinner.Pin, bool) {
	pin := k.Server.Label(pkg).Pin
	return pin, pin.Path != "" && !k.Server.Owns(pin.Path)
}

// isServerOwn reports whether pkg is of the server's main module or of its
// workspace: such labels have no version.
func (k Known) isServerOwn(pkg string) bool {
	label := k.Server.Label(pkg)
	if pkg == "" || k.Mod != nil && modpath.In(pkg, k.Mod.Module.Mod.Path) && len(label.Pin.Path) <= len(k.Mod.Module.Mod.Path) {
		return false
	}
	return k.Server.Owns(label.Pin.Path)
}

// named answers where the plugin itself is called like what the server has.
func (k Known) named(f *Finding) bool {
	own := k.Mod.Module.Mod.Path
	_, links := k.Server.Packages[f.Package]
	if f.kind != ownPackage || f.Package != own && !links || own == k.Server.Main.Path {
		return false
	}
	if f.Package != "main" && !links && k.Server.Label(f.Package).Pin.Path == "" {
		return false
	}
	f.Cause = AlreadyLoaded
	f.Why = f.Package + " is a package of the plugin's own module, " + own + ", and the server has another one of that name"
	f.say("give the plugin's module another path, and build it again: go mod edit -module=PATH")
	return true
}

func (k Known) serverOwn(f *Finding) {
	commit := "the commit that it was built from"
	if rev := plain(k.Server.Settings["vcs.revision"]); rev != "" {
		commit = "commit " + rev
	}
	f.Cause, f.Module = ServerOwn, k.Server.Name()
	f.Why = f.Package + " is the server's own: its label has no version, and no go.mod can match that"
	f.say(takeSourceAt + commit + takeSourceWith)
}
