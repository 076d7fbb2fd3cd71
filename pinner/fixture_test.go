package pinner

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/module"
)

// parse parses a go.mod of a test.
func parse(t testing.TB, text string) *Mod {
	t.Helper()
	m, err := ParseMod("go.mod", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return m
}

// pinOf reads "example.com/x v1.0.0" or "example.com/x v1.0.0 => example.com/y v1.5.0",
// as Pin.String prints it.
func pinOf(t testing.TB, line string) Pin {
	t.Helper()
	f := strings.Fields(line)
	switch {
	case len(f) == 2:
		return Pin{Version: module.Version{Path: f[0], Version: f[1]}}
	case len(f) >= 4 && len(f) <= 5 && f[2] == "=>":
		p := Pin{Version: module.Version{Path: f[0], Version: f[1]}, Replace: module.Version{Path: f[3]}}
		if len(f) == 5 {
			p.Replace.Version = f[4]
		}
		return p
	}
	t.Fatalf("no pin: %q", line)
	return Pin{}
}

func pinsOf(t testing.TB, lines ...string) []Pin {
	t.Helper()
	var pins []Pin
	for _, l := range lines {
		pins = append(pins, pinOf(t, l))
	}
	return pins
}

// serverOf is a server built by Go v that links the pins.
func serverOf(v string, pins []Pin) *Server {
	return &Server{
		Main:     module.Version{Path: "example.com/server", Version: "(devel)"},
		Go:       "go" + v,
		Settings: map[string]string{"-trimpath": "true", "GOOS": "linux", "GOARCH": "amd64"},
		Pins:     pins,
	}
}

// A world is the go.mod files of all modules that a test has: "path@version",
// or "./dir" for a directory, -> lines of go.mod, "go 1.22; require x v1.0.0".
type world map[string]string

// source serves the world; a module that is not in it has an empty go.mod.
func (w world) source(t testing.TB) Source {
	return func(want []module.Version) (map[module.Version]*Summary, error) {
		out := map[module.Version]*Summary{}
		for _, v := range want {
			text := fmt.Sprintf("module %s\n%s\n", strings.TrimLeft(v.Path, "./"), strings.ReplaceAll(w[v.String()], "; ", "\n"))
			s, err := Summarize(v.String(), []byte(text))
			if err != nil {
				return nil, err
			}
			out[v] = s
		}
		return out, nil
	}
}

// pinned makes the go.mod that pinfix writes for user and the server, with a
// go mod tidy that finds nothing to do.
func pinned(t testing.TB, user *Mod, in Input) (*Mod, *Plan) {
	t.Helper()
	in.Mod = user
	plan, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	needed, _, err := plan.Recheck(in, plan.Mod)
	if err != nil {
		t.Fatal(err)
	}
	m, err := plan.Finish(user, plan.Mod, needed)
	if err != nil {
		t.Fatal(err)
	}
	return m, plan
}
