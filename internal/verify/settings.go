package verify

import (
	"go/version"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/buildctx"
	"github.com/pinfix/pinfix/pinner"
)

// A setting is a fact of the whole build that differs. A sure one means by
// itself that the plugin does not load; the others show in the fingerprints.
type setting struct {
	cause Cause
	sure  bool
	Difference
}

// compareSettings returns what differs, in the order of the causes.
func compareSettings(server, plugin *pinner.Server) []setting {
	var list []setting
	add := func(cause Cause, sure bool, what, p, s string) {
		if p != s {
			list = append(list, setting{cause, sure, Difference{what, orNone(p), orNone(s)}})
		}
	}
	if err := server.Refuses(); err != nil {
		// The rest may differ too, but nothing helps a server that loads none.
		cause, s := Platform, "no plugin support"
		if server.Settings["CGO_ENABLED"] == "0" {
			cause, s = Flags, "CGO_ENABLED=0"
		}
		add(cause, true, "plugin support", "", s)
	}
	if p, s := platform(plugin), platform(server); p != "" && s != "" {
		add(Platform, true, "GOOS/GOARCH", p, s)
	}
	list = append(list, compareLibc(server.Binary, plugin.Binary)...)
	if plugin.Go != "" && server.Go != "" {
		// A vendor's suffix on the same release need not mean anything.
		add(GoVersion, plugin.GoVersion() != server.GoVersion(), "Go", release(plugin.Go), release(server.Go))
	}
	if !settingsKnown(plugin) || !settingsKnown(server) {
		return list
	}
	add(Trimpath, false, "-trimpath", plugin.Settings["-trimpath"], server.Settings["-trimpath"])
	for _, f := range flags {
		add(Flags, false, f.key, f.value(plugin.Settings[f.key]), f.value(server.Settings[f.key]))
	}
	add(Tags, false, "-tags", tags(plugin), tags(server))
	return list
}

// settingsKnown reports whether the build info of s says how it was built: go
// build always does, a linker that another build system calls never.
func settingsKnown(s *pinner.Server) bool { return s.Go != "" && len(s.Settings) > 0 }

// modulesKnown reports whether the build info of s says which modules it was
// built from.
func modulesKnown(s *pinner.Server) bool { return s.Main.Path != "" || len(s.Pins) > 0 }

// tellsRelease reports whether a plugin of the server's Go release would have
// build info that can be read.
func tellsRelease(server *pinner.Server) bool {
	return version.Compare("go"+server.GoVersion(), "go1.21") >= 0
}

// Settings returns the facts of the whole build that two servers do not have
// alike, and that their plugins must follow; Difference.Plugin is the earlier
// server's. Of source only the Go version is known.
func Settings(was, now *pinner.Server) []Difference {
	if was.Source != nil || now.Source != nil {
		if was.GoVersion() == now.GoVersion() {
			return nil
		}
		return []Difference{{"Go", release(was.Go), release(now.Go)}}
	}
	var out []Difference
	for _, s := range compareSettings(now, was) {
		out = append(out, s.Difference)
	}
	return out
}

// flags are the settings that can change a fingerprint, and the part of each value that
// does (docs/how-the-loader-decides.md). -ldflags and the C flags are not among them, nor
// GOAMD64 and its like.
var flags = []struct {
	key   string
	value func(string) string
}{
	{"-compiler", as},
	{"-race", as},
	{"-msan", as},
	{"-asan", as},
	{"-gcflags", patterned},
	{"-pgo", profile},
	{"-cover", as},
	{"GOEXPERIMENT", experiments},
	{"GOFIPS140", unlessOff},
}

func as(v string) string { return v }

// patterned leaves out -gcflags without a package pattern: it is for the main
// package only. Of a plugin that pinfix has built with rules for file names, the build
// info has what it gave the standard library, which is what the server's has for all.
func patterned(v string) string {
	pattern, list, ok := strings.Cut(v, "=")
	switch {
	case !ok || strings.HasPrefix(pattern, "-"):
		return ""
	case pattern == "std" && list == "":
		return ""
	case pattern == "std":
		return "all=" + list
	}
	return v
}

// profile leaves out the directory, which only an untrimmed build names.
func profile(v string) string {
	if v = unlessOff(v); v == "" {
		return ""
	}
	return path.Base(strings.ReplaceAll(v, `\`, "/"))
}

func unlessOff(v string) string {
	if v == "off" {
		return ""
	}
	return v
}

func experiments(v string) string {
	list := strings.Split(v, ",")
	slices.Sort(list)
	return strings.Join(list, ",")
}

func tags(s *pinner.Server) string { return strings.Join(buildctx.Tags(s.Settings["-tags"]), ",") }

// release leaves out the experiments, which are a setting: "go1.26.8-X:arenas",
// and "go1.25.6 X:arenas" before Go 1.26.
func release(v string) string {
	if i := strings.Index(v, "X:"); i > 0 {
		return v[:i-1]
	}
	return v
}

// platform is GOOS/GOARCH, from the file itself where there is no build info.
func platform(s *pinner.Server) string {
	goos, goarch, ok := s.Platform()
	if !ok && s.Binary != nil {
		if goos = "linux"; s.Binary.Format == "Mach-O" {
			goos = "darwin"
		}
		goarch = s.Binary.Arch
	}
	if goos == "" || goarch == "" {
		return ""
	}
	return goos + "/" + goarch
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// tooNewFor reports whether the plugin needs a higher release of glibc than there
// is where the server runs, as far as that is known.
func tooNewFor(plugin, server *pinner.Binary) bool {
	return server.Libc() == "glibc" && server.LibcRelease != "" && newerGlibc(plugin.Glibc, server.LibcRelease)
}

// newerGlibc compares two releases, "2.34": three numbers at most, so their order
// is that of semver.
func newerGlibc(a, b string) bool { return semver.Compare("v"+a, "v"+b) > 0 }
