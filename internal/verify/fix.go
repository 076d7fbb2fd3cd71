package verify

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/pinner"
)

// advice says of a comparison what can be done about what differs.
type advice struct{ *comparison }

// differences lists what to set right for a cause: the settings that differ, or
// each module with a package that has the cause of its own.
func (a advice) differences(cause Cause) []Difference {
	var list []Difference
	for _, s := range a.settings {
		if s.cause == cause {
			list = append(list, s.Difference)
		}
	}
	if len(list) > 0 {
		return list
	}
	for _, path := range a.paths {
		p := a.mismatched[path]
		if p.Cause != cause || p.Through != "" || p.guessed {
			continue
		}
		d := Difference{p.Module, orNone(p.Plugin), orNone(p.Server)}
		if p.Module == stdModule {
			d.What = p.Path
		}
		if !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	return list
}

// fix is the one thing to do for a cause.
func (a advice) fix(f Finding) string {
	if a.with != "" {
		return a.fixBetween(f)
	}
	s := a.server
	if err := s.Refuses(); err != nil && a.sure(f.Cause) && (f.Cause == Platform || f.Cause == Flags) {
		return "the server is " + err.Error() + ": " + fault.Next(err)
	}
	switch f.Cause {
	case Platform:
		goos, goarch, _ := strings.Cut(platform(s), "/")
		return fmt.Sprintf("build the plugin for the server's platform: GOOS=%s GOARCH=%s CGO_ENABLED=1, with a C compiler for it (CC)", goos, goarch)
	case Libc:
		return a.fixLibc()
	case GoVersion:
		if a.plugin.Go == "" {
			return a.fixUnknown()
		}
		return "build the plugin with the server's Go: " + goBuild(s)
	case Trimpath:
		return a.fixTrimpath()
	case Flags:
		return "build the plugin " + flagList(f.Differences)
	case Tags:
		if t := tags(s); t != "" {
			return "build the plugin with the server's tags: -tags=" + shell.Quote(t)
		}
		return "build the plugin without -tags, as the server was"
	case AlreadyLoaded:
		return a.fixName(f)
	case ServerOwn:
		return a.fixOwn(f)
	case Version, Replace:
		return fmt.Sprintf("pin the plugin to the server and build it again: pinfix apply --server %s", shell.Quote(s.Ref))
	case Content:
		return a.fixContent(f)
	}
	if !a.settingsKnown() || !modulesKnown(a.server) || !modulesKnown(a.plugin) {
		return a.fixUnknown()
	}
	return "build the plugin where the server was built, with the same C compiler and CGO_ flags; version, sum and settings agree, so only those are left"
}

// fixUnknown is the fix where one side does not say how, or of what, it was
// built.
func (a advice) fixUnknown() string {
	switch {
	case !settingsKnown(a.server):
		return "build the plugin with the build system, the Go release and the sources that the server was built with: the server's build info does not say which"
	case !modulesKnown(a.server):
		return "build the plugin as the server was, from the same GOPATH with GO111MODULE=off: the server was built without modules, so no version is in its file names, and no go.mod can match that"
	}
	return "pin the plugin to the server (pinfix apply --server " + shell.Quote(a.server.Ref) + ") and build it as the server was (pinfix build --server " + shell.Quote(a.server.Ref) + "): the plugin does not say what it was built with"
}

// goBuild is a go build with the server's release, and with its flags: one without them
// is refused as well.
func goBuild(s *pinner.Server) string {
	r := recipe.Of(s)
	line := "GOTOOLCHAIN=" + shell.Quote(release(s.Go))
	for _, kv := range r.Env {
		if name, value, _ := strings.Cut(kv, "="); name == "GOEXPERIMENT" || name == "GOFIPS140" {
			line += " " + name + "=" + shell.Quote(value)
		}
	}
	line += " go build -buildmode=plugin"
	for _, flag := range r.Flags {
		line += " " + shell.Quote(flag)
	}
	return line
}

func libcImage(b *pinner.Binary) string {
	switch {
	case b.Libc() == "musl":
		return strings.TrimSpace("musl "+b.LibcRelease) + " (an Alpine one, such as golang:alpine with gcc and musl-dev)"
	case b.LibcRelease != "":
		return fmt.Sprintf("glibc %s or older (a Debian one, such as golang:%s; not Alpine)", b.LibcRelease, debian(b))
	}
	return "glibc (a Debian one, such as golang:bookworm; not Alpine)"
}

// debian is the newest release of Debian whose programs run with b's glibc.
func debian(b *pinner.Binary) string {
	for _, d := range []struct{ glibc, name string }{{"2.41", "trixie"}, {"2.36", "bookworm"}, {"2.31", "bullseye"}} {
		if !newerGlibc(d.glibc, b.LibcRelease) {
			return d.name
		}
	}
	return "buster"
}

func (a advice) fixTrimpath() string {
	if a.server.Trimmed() {
		return "build the plugin with -trimpath, as the server was"
	}
	return "the server was built without -trimpath, so the paths of the sources count: " + recipe.Place(a.server)
}

// flagList says with what and without what to build.
func flagList(differ []Difference) string {
	var with, without []string
	for _, d := range differ {
		switch {
		case d.Server == "-":
			without = append(without, d.What)
		case d.What == "-pgo":
			with = append(with, "-pgo=FILE with the server's own profile ("+d.Server+")")
		case d.Server == "true":
			with = append(with, d.What)
		default:
			with = append(with, d.What+"="+shell.Quote(d.Server))
		}
	}
	var parts []string
	if len(with) > 0 {
		parts = append(parts, "with "+strings.Join(with, " "))
	}
	if len(without) > 0 {
		parts = append(parts, "without "+strings.Join(without, ", "))
	}
	return strings.Join(parts, " and ") + ", as the server was"
}

func (a advice) fixOwn(f Finding) string {
	if pkg, ok := underTest(a.server); ok && a.mismatched[pkg] != nil {
		return fmt.Sprintf("the server is a test binary, and %s in it was compiled together with its own tests, which no plugin can match: move them to the external test package (package %s_test), or the test that loads the plugin to another directory", pkg, path.Base(pkg))
	}
	commit := "the commit that the server was built from"
	if rev := a.server.Settings["vcs.revision"]; rev != "" {
		commit = "commit " + rev
	}
	if a.plugin.Main.Path == a.server.Main.Path && !slices.ContainsFunc(f.Differences, func(d Difference) bool { return d.What != a.server.Main.Path }) {
		return fmt.Sprintf("build the plugin from the source of %s at %s; a plugin that is not of this module needs a path of its own: go mod edit -module=PATH", a.server.Main.Path, commit)
	}
	return fmt.Sprintf("check out the server's source %s at %s, and build the plugin in a go.work that uses both: pinfix apply --server %s --server-source DIR; go.mod alone cannot match the server's own packages", a.server.Name(), commit, shell.Quote(a.server.Ref))
}

// underTest returns the package that a test binary tests.
func underTest(s *pinner.Server) (string, bool) { return strings.CutSuffix(s.Path, ".test") }

// fixName is the fix for a plugin whose own packages are called like packages of
// the server's.
func (a advice) fixName(f Finding) string {
	name := a.plugin.Main.Path
	if name == "" {
		name = f.Differences[0].What
	}
	if l, ok := a.serverSide[name]; ok && !l.main && l.Replace.Path == "" {
		return fmt.Sprintf("the plugin is a part of %s, which the server links at %s: put it into a module of its own (go mod edit -module=PATH) that requires %s %s", name, l.Version.Version, name, l.Version.Version)
	}
	i := slices.IndexFunc(a.paths, func(path string) bool { return a.mismatched[path].Cause == AlreadyLoaded })
	return fmt.Sprintf("the server has a package %s of its own: give the plugin's module, %s, another path and build it again: go mod edit -module=PATH", a.paths[i], name)
}

func (a advice) fixContent(f Finding) string {
	for _, path := range a.paths {
		p := a.mismatched[path]
		if p.Cause != Content || p.Through != "" || p.guessed || p.Module == stdModule {
			continue
		}
		s, _ := a.serverSide.find(path)
		l, _ := a.pluginSide.find(path)
		switch {
		case s.directory():
			return fmt.Sprintf("the server was built with %s from its directory %s: replace the module in the plugin by a copy of that very directory", s.Path, s.Replace.Path)
		case l.directory():
			return fmt.Sprintf("the plugin takes %s from the directory %s and the server does not: drop that replace line, or give the directory the server's source", l.Path, l.Replace.Path)
		case s.Sum != "" && l.Sum != "" && s.Sum != l.Sum:
			return fmt.Sprintf("%s %s has other content than the server's (%s, the plugin's is %s): clean the module cache, check GOPROXY and vendor/, and fetch it again", s.Path, s.Version.Version, s.Sum, l.Sum)
		}
	}
	return "label and settings agree but not the bytes: build the plugin from the same sources (vendor/ not edited) and with the server's C compiler, headers and CGO_ flags"
}

// warnings are what does not stop the loader but may stop the plugin, and what
// is less certain than it looks.
func (a advice) warnings(r *Result) []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	for _, key := range []string{"GOAMD64", "GOARM", "GOARM64", "GO386", "GOPPC64", "GORISCV64"} {
		p, s := a.plugin.Settings[key], a.server.Settings[key]
		if p != "" && s != "" && p != s {
			add("the plugin is built for %s=%s and the server for %s: the loader does not mind, but a machine that runs the one may not run the other", key, p, s)
		}
	}
	a.warnLibc(add)
	if a.plugin.Go == "" {
		add("the plugin has no build info that can be read (Go 1.20 or older, stripped, or another build system): only the fingerprints were compared")
	} else if !settingsKnown(a.plugin) {
		add("the plugin does not say with which flags it was built (another build system than go build): only the fingerprints and the Go release were compared")
	}
	if !settingsKnown(a.server) {
		add("the server does not say how it was built (another build system than go build, or stripped): the fingerprints decide")
	}
	if libs := a.libraries(); len(libs) > 0 {
		add("the plugin needs %s, which the server does not ask for: that must be installed where the server runs, or the loader says %s: cannot open shared object file%s", strings.Join(libs, " and "), libs[0], inPackages(libs))
	}
	guessed := 0
	for _, p := range r.Mismatched {
		if p.guessed {
			guessed++
		}
	}
	if guessed > 0 {
		what := "1 package agrees in label and sum and is counted under what others differ in, because its source is not in the module cache"
		if guessed > 1 {
			what = fmt.Sprintf("%d packages agree in label and sum and are counted under what others differ in, because their source is not in the module cache", guessed)
		}
		add("%s", what)
	}
	for _, s := range a.settings {
		if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Cause == s.cause }) && len(r.Mismatched) > 0 {
			add("%s differs too (plugin %s, server %s)", s.What, s.Plugin, s.Server)
		}
	}
	return list
}
