package check

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

const goSum = "go.sum"

type sumLine struct {
	sum  string
	line int
}

// sums looks for what go mod tidy would add to go.sum, and compares it with the
// server's own sums: the same version with other content is refused.
func (in *Input) sums(want *pinner.Mod) []Problem {
	have, out := in.readSum(), []Problem(nil)
	now := requireLines(in.Mod)
	for _, r := range want.Require {
		v := want.Source(r.Mod)
		h := now[r.Mod.Path]
		if v.Version == "" || h == nil || in.Mod.Source(h.Mod) != v {
			continue // a directory, or a problem already: its sums come with the version
		}
		mod := module.Version{Path: v.Path, Version: v.Version + "/go.mod"}
		missing := ""
		switch {
		case have[mod].sum == "":
			missing = mod.Version
		case in.holdsPackages(r.Mod.Path) && have[v].sum == "":
			missing = v.Version
		}
		if missing != "" {
			out = append(out, Problem{Kind: Sum, Module: v.Path, Want: missing, File: goSum, Line: 1, Why: "go.sum has no line for it"})
		}
	}
	for _, p := range in.Pins {
		v := want.Source(p.Version)
		if got := have[v]; got.sum != "" && p.Sum != "" && got.sum != p.Sum && v.Version != "" {
			out = append(out, Problem{Kind: Sum, Module: v.Path, Want: p.Sum, Have: got.sum, File: goSum, Line: got.line,
				Why: fmt.Sprintf("the server was built from other content of %s", v),
				Fix: "delete the line and run go mod tidy. If the line comes back, the server was built from other source"})
		}
	}
	if in.Sum == nil && len(out) > 0 {
		out = []Problem{{Kind: Sum, Module: want.Module.Mod.Path, Want: goSum, File: goMod, Line: line(want.Module.Syntax), Why: "pinfix apply writes it"}}
	}
	return out
}

// readSum reads the lines of go.sum. One that is none is an error before ([syntax.Sum]).
func (in *Input) readSum() map[module.Version]sumLine {
	have, n := map[module.Version]sumLine{}, 0
	for raw := range bytes.Lines(in.Sum) {
		n++
		if f := strings.Fields(string(raw)); len(f) == 3 {
			have[module.Version{Path: f[0], Version: f[1]}] = sumLine{f[2], n}
		}
	}
	return have
}

// holdsPackages reports whether the plugin surely takes packages from a module.
func (in *Input) holdsPackages(path string) bool {
	if in.Vendor != nil {
		if v := in.Vendor.module(path); v != nil {
			return len(v.Packages) > 0
		}
	}
	return in.direct()[path]
}
