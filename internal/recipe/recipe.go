// Package recipe says how to build a plugin as its server was built: with the
// same toolchain, environment and flags. It is pure. [Of] makes the recipe,
// [Recipe.Command] the go build of one plugin, [Dockerfile] a whole container
// build.
//
// A server's build info is foreign text. A setting reaches a command only if it is
// on the allow-list of rules.go and its value has the right form. All other
// settings are in [Recipe.Left], to be shown.
package recipe

import (
	"maps"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/pinner"
)

// A Recipe is what the builds of server and plugin must have in common.
type Recipe struct {
	Toolchain string   // "go1.23.5"
	Env       []string // "GOOS=linux": GOOS, GOARCH, then the rest by name
	Flags     []string // "-trimpath", "-gcflags=all=-N -l": by name
	Profile   string   // base name of the profile that the server was optimised with; "" for none
	Left      []Left   // what was not taken, by name
}

// Left is a setting of the server's that is not reproduced, and why.
type Left struct {
	Setting, Value, Why string

	// Matters says that plugins may be refused for it, or that no one knows.
	Matters bool
}

// Of returns the recipe of a server that [pinner.Server.Refuses] nothing.
func Of(s *pinner.Server) *Recipe {
	r := &Recipe{Toolchain: "go" + s.GoVersion()}
	for _, name := range slices.Sorted(maps.Keys(s.Settings)) {
		r.take(name, s.Settings[name])
	}
	if s.Source != nil {
		r.take("-trimpath", "true") // assumed, and said so
	}
	if _, ok := s.Settings["GOEXPERIMENT"]; !ok {
		// The version names them too, "go1.26.8-X:arenas".
		if _, list, ok := strings.Cut(s.Go, "X:"); ok {
			r.take("GOEXPERIMENT", list)
		}
	}
	slices.SortStableFunc(r.Env, func(a, b string) int { return rank(a) - rank(b) })
	return r
}

// take applies the rule for one setting.
func (r *Recipe) take(name, value string) {
	rule, ok := rules[name]
	switch {
	case facts[name]:
	case strings.HasPrefix(name, "vcs"):
	case !ok:
		r.leave(name, value, "not a setting that pinfix reproduces", true)
	case value != "":
		rule(r, name, value)
	}
}

func (r *Recipe) leave(name, value, why string, matters bool) {
	r.Left = append(r.Left, Left{name, value, why, matters})
}

func rank(kv string) int {
	switch {
	case strings.HasPrefix(kv, "GOOS="):
		return 0
	case strings.HasPrefix(kv, "GOARCH="):
		return 1
	}
	return 2
}
