package solve

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/conflict"
	"github.com/pinfix/pinfix/pinner"
)

// shared is the server's module: it has x v1.0.0, and what plugins ask for is v1.1.0.
var shared = fake{"x@v1.0.0": "has Old", "x@v1.1.0": "has Old; has New"}

// with returns the shared module and more.
func with(more fake) fake {
	w := fake{}
	for k, v := range shared {
		w[k] = v
	}
	for k, v := range more {
		w[k] = v
	}
	return w
}

var (
	mid = fake{"mid@v1.0.0": "require x v1.0.0; use x.Old; has Old", "mid@v1.1.0": "require x v1.1.0; use x.New; has Old; has New"}
	top = fake{"top@v1.0.0": "require mid v1.0.0; use mid.Old", "top@v1.1.0": "require mid v1.1.0; use mid.New"}
)

// newer is a server that is newer than the plugin: it has x v1.2.0, where A is B.
var (
	newer = fake{"x@v1.0.0": "has A", "x@v1.2.0": "has B", "lib@v1.0.0": "use x.A; has Name", "lib@v1.1.0": "use x.A; has Name", "lib@v1.2.0": "use x.A; has Name",
		"lib@v1.3.0": "use x.B; has Name", "lib@v1.4.0-rc.1": "use x.B; has Name", "lib@v1.4.0": "use x.B; has Name", "lib@v1.5.0": "go 1.26; use x.B; has Name",
		"plugin": "require x v1.0.0; require lib v1.1.0; use lib.Name"}
	newerPins = []string{"x v1.2.0"}
	mid2      = fake{"y@v1.0.0": "has Old", "y@v1.1.0": "has Old; has New", "mid@v1.0.0": "use y.Old; has Old", "mid@v1.1.0": "require y v1.1.0; use y.New; has Old"}
)

// many returns a world in which n versions of m have one text.
func many(n int, text string, more fake) fake {
	w := fake{}
	for k := range n {
		w[fmt.Sprintf("m@v1.%d.0", k+1)] = text
	}
	return join(w, more)
}

func join(fs ...fake) fake {
	w := fake{}
	for _, f := range fs {
		for k, v := range f {
			w[k] = v
		}
	}
	return w
}

// TestSolve: the caps, and in how many tries.
func TestSolve(t *testing.T) {
	tests := []struct {
		name  string
		game  game
		want  string
		tries int
	}{
		{"nothing to do", game{fake: with(fake{"plugin": "require x v1.1.0; use x.Old"})}, "", 1},
		{"one", game{fake: with(join(mid, fake{"plugin": "require mid v1.1.0; use mid.Old"}))}, "mid v1.0.0 compile", 2},
		{"a cap that needs a cap", game{fake: with(join(mid, top, fake{"plugin": "require top v1.1.0; import top"}))}, "mid v1.0.0 compile, top v1.0.0 compile", 3},
		{"several at once", game{fake: with(join(mid, fake{
			"side@v1.0.0": "use x.Old", "side@v1.1.0": "require x v1.1.0; use x.New",
			"plugin": "require mid v1.1.0; require side v1.1.0; import mid; import side"}))}, "mid v1.0.0 compile, side v1.0.0 compile", 2},
		{"to the newest that asks for no more", game{fake: with(fake{
			"m@v1.0.0": "", "m@v1.1.0": "use x.Old", "m@v1.2.0": "require x v1.1.0", "m@v1.3.0-rc.1": "", "m@v1.4.0": "require x v1.1.0; use x.New", "m@v1.5.0": "",
			"plugin": "require m v1.4.0; import m"})}, "m v1.2.0 compile", 3},
		{"two steps down", game{fake: with(fake{
			"m@v1.0.0": "use x.Old", "m@v1.1.0": "use x.New", "m@v1.2.0": "use x.New", "plugin": "require m v1.2.0; import m"})}, "m v1.0.0 compile", 3},
		{"what the plugin imports is touched last", game{fake: with(join(mid, fake{
			"direct@v1.0.0": "import mid", "direct@v1.1.0": "require mid v1.1.0; require x v1.1.0; use x.New; import mid", "plugin": "require direct v1.1.0; import direct"}))},
			"direct v1.0.0 compile, mid v1.0.0 compile", 3},
		{"a chain: only the one in the middle", game{fake: with(join(mid, fake{
			"a@v1.0.0": "require mid v1.0.0; use mid.Old", "a@v1.1.0": "require mid v1.1.0; use mid.Old", "plugin": "require a v1.1.0; import a"}))}, "mid v1.0.0 compile", 2},
		{"a diamond: only one side", game{fake: with(fake{
			"left@v1.1.0": "require base v1.0.0; require x v1.0.0; import base; use x.Old", "left@v1.2.0": "require base v1.2.0; require x v1.1.0; import base; use x.New",
			"right@v1.2.0": "require base v1.2.0; require x v1.1.0; import base; use x.Old",
			"base@v1.0.0":  "require x v1.0.0; use x.Old", "base@v1.2.0": "require x v1.1.0; use x.Old",
			"plugin": "require left v1.2.0; require right v1.2.0; import left; import right"})}, "left v1.1.0 compile", 2},
		{"to where both meet, by way of one that raises the other", game{fake: with(fake{
			"a@v1.0.0": "require b v1.0.0; use b.Name", "a@v1.1.0": "require b v1.1.0; use b.New", "a@v1.2.0": "require b v1.0.0; require x v1.1.0; use b.Name; use x.New",
			"b@v1.0.0": "require x v1.0.0; use x.Old; has Name", "b@v1.1.0": "require x v1.1.0; use x.New; has Name; has New",
			"plugin": "require a v1.2.0; import a"})}, "a v1.0.0 compile, b v1.0.0 compile", 4},
		{"one that is gone with another: flow drops its cap", game{fake: with(fake{
			"a@v1.0.0": "require x v1.0.0; use x.Old", "a@v1.1.0": "require helper v1.1.0; require x v1.1.0; use helper.New; use x.New",
			"helper@v1.0.0": "require x v1.0.0; use x.Old", "helper@v1.1.0": "require x v1.1.0; use x.New; has New", "plugin": "require a v1.1.0; import a"})}, "a v1.0.0 compile, helper v1.0.0 compile", 3},
		{"the downgrade", game{fake: fake{
			"x@v1.0.0": "has A", "x@v1.1.0": "has B", "tool@v1.0.0": "has A", "tool@v1.1.0": "require x v1.1.0; has B; import x", "user@v1.0.0": "require tool v1.0.0; match x tool",
			"plugin": "require user v1.0.0; require tool v1.1.0; import user"}}, "tool v1.0.0 downgrade", 2},
		{"the search", game{fake: fake{
			"x@v1.0.0": "has A", "x@v1.1.0": "has B", "tool@v1.0.0": "has A", "tool@v1.1.0": "has B", "user@v1.0.0": "require x v1.1.0; match x tool",
			"plugin": "require user v1.0.0; require tool v1.1.0; import user"}}, "tool v1.0.0 compile", 2},
		{"the search goes back", game{fake: fake{
			"x@v1.0.0": "has A", "x@v1.1.0": "has B",
			"tool@v1.0.0": "has A", "tool@v1.1.0": "has C", "tool@v1.2.0": "has B", "user@v1.0.0": "require x v1.1.0; match x tool",
			"plugin": "require user v1.0.0; require tool v1.2.0; import user"}}, "tool v1.0.0 compile", 3},
		{"the search skips what the server's Go refuses", game{fake: fake{
			"x@v1.0.0": "has A", "x@v1.1.0": "has B",
			"tool@v1.0.0": "has A", "tool@v1.1.0": "go 1.26; has A", "tool@v1.2.0": "has B", "user@v1.0.0": "require x v1.1.0; match x tool",
			"plugin": "require user v1.0.0; require tool v1.2.0; import user"}}, "tool v1.0.0 compile", 2},
		{"only downgrade", game{fake: with(join(mid, fake{"fine@v1.0.0": "", "fine@v1.1.0": "require x v1.1.0; use x.Old", "plugin": "require mid v1.1.0; require fine v1.1.0; import fine; import mid"})), only: true},
			"fine v1.0.0 downgrade, mid v1.0.0 downgrade", 1},
		{"the user's cap", game{fake: with(join(mid, fake{"mid@v0.9.0": "use x.Old", "plugin": "require mid v1.1.0; import mid"})), user: []string{"mid v0.9.0"}}, "mid v0.9.0 user", 1},
		{"up, no further than it must", game{fake: newer, pins: newerPins}, "lib v1.3.0 compile", 4},
		{"up to what asks for more than the server has", game{fake: join(newer, fake{"x@v1.9.0": "has B", "lib@v1.3.0": "require x v1.9.0; use x.B; has Name", "lib@v1.4.0": "require x v1.9.0; use x.B; has Name"}), pins: newerPins}, "lib v1.3.0 compile", 3},
		{"up past what the server's Go refuses", game{fake: join(newer, fake{"lib@v1.3.0": "go 1.26; use x.B"}), pins: newerPins}, "lib v1.4.0 compile", 4},
		{"up to the user's cap", game{fake: join(newer, fake{"plugin": "require x v1.0.0; require lib v1.5.0; use lib.Name", "lib@v1.5.0": "use x.A; has Name"}), pins: newerPins, user: []string{"lib v1.4.0"}}, "lib v1.4.0 user", 1},
		{"down, where nothing newer compiles", game{fake: fake{
			"x@v1.0.0": "has A", "x@v1.2.0": "has B", "lib@v1.0.0": "", "lib@v1.1.0": "", "lib@v1.2.0": "use x.A", "lib@v1.3.0": "use x.A", "plugin": "require x v1.0.0; require lib v1.2.0; import lib; import x"}, pins: newerPins}, "lib v1.1.0 compile", 3},
		{"up again, for what another one that is raised asks for", game{fake: join(newer, fake{
			"lib@v1.3.0": "require low v1.1.0; use x.B; use low.New; has Name", "lib@v1.4.0": "require low v1.1.0; use x.B; use low.New; has Name", "low@v1.0.0": "", "low@v1.1.0": "has New",
			"plugin": "require x v1.0.0; require low v1.0.0; require lib v1.1.0; use lib.Name; import low"}), pins: newerPins}, "lib v1.3.0 compile", 4},
		{"one up, one down", game{fake: join(newer, mid2, fake{"plugin": "require x v1.0.0; require y v1.1.0; require lib v1.1.0; require mid v1.1.0; use lib.Name; use mid.Old"}),
			pins: append([]string{"y v1.0.0"}, newerPins...)}, "lib v1.3.0 compile, mid v1.0.0 compile", 4},
		{"back to what it had, past what the server's Go refuses", game{fake: with(fake{
			"a@v1.1.0": "require e v1.1.0; use x.Old; import e", "a@v1.2.0": "require e v1.2.0; require x v1.1.0; use x.New", "e@v1.0.0": "", "e@v1.1.0": "go 1.26", "e@v1.2.0": "",
			"plugin": "require a v1.2.0; require e v1.1.0; import a"})}, "a v1.1.0 compile, e v1.2.0 downgrade", 3},
		{"each of many older versions fails: longer steps", game{fake: with(many(20, "require x v1.1.0; use x.New", fake{"m@v1.0.0": "use x.Old", "plugin": "require m v1.20.0; import m"}))}, "m v1.0.0 compile", 8},
		{"below the user's cap", game{fake: with(join(mid, fake{"mid@v1.0.5": "use x.New", "plugin": "require mid v1.1.0; import mid"})), user: []string{"mid v1.0.5"}}, "mid v1.0.0 compile", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.game.pins == nil {
				test.game.pins = []string{"x v1.0.0"}
			}
			caps, tries, err := test.game.play(t)
			if err != nil {
				t.Fatal(err)
			}
			if got := words(caps); got != test.want || tries != test.tries {
				t.Errorf("%q in %d tries; want %q in %d", got, tries, test.want, test.tries)
			}
			for _, c := range caps { // a reason names versions that there are in the end
				if d, ok := conflict.CapOf(caps, c.For.Path); ok && d.Version != c.For {
					t.Errorf("%s is capped for %s, which ends at %s", c.Path, c.For, d.Version.Version)
				}
			}
			for range 5 {
				if again, _, _ := test.game.play(t); fmt.Sprint(again) != fmt.Sprint(caps) {
					t.Fatalf("then %v", again)
				}
			}
		})
	}
}

func words(caps []pinner.Cap) string {
	var out []string
	for _, c := range caps {
		out = append(out, c.Path+" "+c.Version.Version+" "+c.Cause)
	}
	return strings.Join(out, ", ")
}

// TestNoSolution: what is said where nothing helps.
func TestNoSolution(t *testing.T) {
	tests := []struct {
		name         string
		game         game
		reason, next string
	}{
		{"own code", game{fake: with(fake{"plugin": "require x v1.1.0; use x.New"})},
			"plugin.go:2: undefined: x.New; the server has x v1.0.0; the plugin has v1.1.0",
			"change this line to use what the server's x v1.0.0 has, or ask for a server with x v1.1.0"},
		{"own import", game{fake: fake{"x@v1.0.0": "", "x@v1.1.0": "package sub", "plugin": "require x v1.1.0; import x; import x/sub"}},
			"plugin.go:3: x/sub is not in x v1.0.0, which the server has; the plugin has v1.1.0",
			"change this import, or ask for a server with x v1.1.0"},
		{"own code and a lowered module", game{fake: with(join(mid, fake{"plugin": "require mid v1.1.0; use mid.New"}))},
			"plugin.go:2: undefined: mid.New; mid is lowered to v1.0.0 for x v1.0.0 of the server; the plugin has v1.1.0",
			"change the code to what mid@v1.0.0 has, or ask for a server with a newer x"},
		{"own code at fault without the server", game{fake: with(join(mid, fake{"plugin": "require mid v1.0.0; use mid.Never"}))},
			"plugin.go:2: undefined: mid.Never", "change the code"},
		{"one version", game{fake: with(fake{"m@v1.0.0": "require x v1.1.0; use x.New", "plugin": "require m v1.0.0; import m"})},
			"m v1.0.0 (there is no older version) needs x >= v1.1.0 (m/m.go:2: undefined: x.New); the server has x v1.0.0; plugin imports m",
			"do without m, or ask for a server with x v1.1.0"},
		{"it does not say so", game{fake: with(fake{"m@v1.0.0": "use x.New", "plugin": "require m v1.0.0; require x v1.1.0; import m"})},
			"m v1.0.0 (there is no older version) does not compile with x v1.0.0 (m/m.go:1: undefined: x.New); the server has x v1.0.0; plugin imports m",
			"require another version of m, or of what imports it, or ask for a server with a newer x"},
		{"the only version with a package", game{fake: with(fake{
			"m@v1.0.0": "", "m@v1.1.0": "require x v1.1.0; package sub; use x.New", "plugin": "require m v1.1.0; import m; import m/sub"})},
			"m v1.1.0 (the only version with package m/sub, which plugin.go:3 imports) needs x >= v1.1.0 (m/m.go:3: undefined: x.New); the server has x v1.0.0",
			"do without package m/sub, or ask for a server with a newer x"},
		{"a package that needs a newer Go", game{fake: with(fake{
			"m@v1.0.0": "", "m@v1.1.0": "go 1.26; package sub", "plugin": "require m v1.1.0; import m; import m/sub"})},
			"m v1.1.0 (the only version with package m/sub, which plugin.go:3 imports) needs Go 1.26; the server has Go 1.22.12",
			"do without package m/sub, or ask for a server with a newer Go"},
		{"a package of a module that only the older version brings", game{fake: with(fake{
			"a@v1.0.0": "require e v1.1.0; use x.Old; import e/sub", "a@v1.1.0": "require x v1.1.0; use x.New", "e@v1.0.0": "", "e@v1.1.0": "package sub; use x.New", "plugin": "require a v1.1.0; import a"})},
			"e v1.1.0 (the only version with package e/sub, which a/a.go:3 imports) does not compile with x v1.0.0 (e/e.go:2: undefined: x.New); the server has x v1.0.0",
			"do without package e/sub, or ask for a server with a newer x"},
		{"own code and a module lowered for its go line", game{fake: with(fake{
			"m@v1.0.0": "", "m@v1.1.0": "go 1.26; has New", "plugin": "require m v1.1.0; use m.New"})},
			"plugin.go:2: undefined: m.New; m is lowered to v1.0.0: m v1.1.0 needs Go 1.26; the server has Go 1.22.12; the plugin has v1.1.0",
			"change the code to what m@v1.0.0 has, or ask for a server with a newer Go"},
		{"a package missing in a pin", game{fake: fake{"x@v1.0.0": "", "x@v1.1.0": "package sub", "m@v1.0.0": "require x v1.1.0; import x/sub", "plugin": "require m v1.0.0; import m"}},
			"m v1.0.0 (there is no older version) imports x/sub, which is not in x v1.0.0, which the server has; plugin imports m",
			"require another version of m, or of what imports it, or ask for a server with a newer x"},
		{"no version", game{fake: with(fake{"m@v1.0.0": "use x.Other", "m@v1.1.0": "require x v1.1.0; use x.New", "m@v1.2.0": "require x v1.1.0; use x.New", "plugin": "require m v1.1.0; require x v1.1.0; import m"})},
			"m v1.1.0 needs x >= v1.1.0 (m/m.go:2: undefined: x.New); the server has x v1.0.0; v1.0.0, the newest older one that was tried, does not compile either (m/m.go:1: undefined: x.Other); v1.2.0, the next newer one that was tried, has the same error; plugin imports m",
			"do without m, or ask for a server with x v1.1.0"},
		{"no version for a newer server", game{fake: fake{"x@v1.0.0": "has A", "x@v1.2.0": "has B", "lib@v1.0.0": "use x.A", "lib@v1.1.0": "use x.A", "lib@v1.2.0": "use x.C", "lib@v1.3.0": "go 1.26; use x.B",
			"plugin": "require lib v1.1.0; require x v1.0.0; import lib"}, pins: newerPins},
			"lib v1.1.0 does not compile with x v1.2.0 (lib/lib.go:1: undefined: x.A); the server has x v1.2.0; the plugin has v1.0.0; v1.0.0, the newest older one that was tried, has the same error; v1.2.0, the next newer one that was tried, does not compile either (lib/lib.go:1: undefined: x.C); plugin imports lib",
			"do without lib, or ask for a server with x v1.0.0, with which it compiles"},
		{"no version in the middle", game{fake: with(join(mid, fake{"far@v1.0.0": "require mid v1.1.0; use mid.New", "far@v1.1.0": "require mid v1.1.0; use mid.New", "plugin": "require far v1.1.0; import far"}))},
			"far v1.1.0 needs mid >= v1.1.0 (far/far.go:2: undefined: mid.New); mid is lowered to v1.0.0 for x v1.0.0 of the server; v1.0.0, the newest older one that was tried, has the same error; plugin imports far",
			"do without far, or ask for a server with a newer x"},
		{"kept for a newer server", game{fake: newer, pins: newerPins, keep: []string{"lib"}},
			"lib v1.1.0 does not compile with x v1.2.0 (lib/lib.go:1: undefined: x.A); the server has x v1.2.0; the plugin has v1.0.0; lib cannot be raised: it is kept by --keep; plugin imports lib",
			"leave out --keep lib, or do without lib, or ask for a server with x v1.0.0, with which it compiles"},
		{"a directory for a newer server", game{fake: join(newer, fake{"./lib": "use x.A; has Name", "plugin": newer["plugin"] + "; replace lib"}), pins: newerPins},
			"lib v1.1.0, which go.mod replaces, does not compile with x v1.2.0 (lib/lib.go:1: undefined: x.A); the server has x v1.2.0; the plugin has v1.0.0; plugin imports lib",
			"replace it by a version that does, or do without lib, or ask for a server with x v1.0.0"},
		{"kept", game{fake: with(join(mid, fake{"plugin": "require mid v1.1.0; import mid"})), keep: []string{"mid"}},
			"mid v1.1.0 needs x >= v1.1.0 (mid/mid.go:2: undefined: x.New); the server has x v1.0.0; mid cannot be lowered: it is kept by --keep; plugin imports mid",
			"leave out --keep mid, or do without mid, or ask for a server with x v1.1.0"},
		{"what imports it is kept", game{fake: with(join(mid, fake{"far@v1.0.0": "", "far@v1.1.0": "require mid v1.1.0; use mid.New", "plugin": "require far v1.1.0; import far"})), keep: []string{"far"}},
			"far v1.1.0 needs mid >= v1.1.0 (far/far.go:2: undefined: mid.New); mid is lowered to v1.0.0 for x v1.0.0 of the server; far cannot be lowered: it is kept by --keep; plugin imports far",
			"leave out --keep far, or do without far, or ask for a server with a newer x"},
		{"the user's cap", game{fake: fake{"x@v1.0.0": "has A", "lib@v1.0.0": "has Old", "lib@v1.1.0": "has New", "plugin": "require lib v1.1.0; require x v1.0.0; use lib.New; import x"}, user: []string{"lib v1.0.0"}},
			"plugin.go:3: undefined: lib.New; lib is lowered to v1.0.0: --cap; the plugin has v1.1.0",
			"leave out --cap lib@v1.0.0, or change the code to what lib@v1.0.0 has"},
		{"the user's cap and a module", game{fake: fake{"x@v1.0.0": "has A", "lib@v1.0.0": "has Old", "lib@v1.1.0": "has New", "user@v1.0.0": "require lib v1.1.0; use lib.New", "plugin": "require user v1.0.0; require lib v1.1.0; require x v1.0.0; import user; import x"}, user: []string{"lib v1.0.0"}},
			"user v1.0.0 (there is no older version) needs lib >= v1.1.0 (user/user.go:2: undefined: lib.New); lib is lowered to v1.0.0: --cap; plugin imports user",
			"leave out --cap lib@v1.0.0, or do without user"},
		{"a pinned module at fault", game{fake: fake{
			"x@v1.0.0": "has Old", "x@v1.1.0": "has New", "y@v1.0.0": "require x v1.1.0; use x.New", "plugin": "require y v1.0.0; import y"}, pins: []string{"x v1.0.0", "y v1.0.0"}},
			"y v1.0.0, which the server has, needs x >= v1.1.0 (y/y.go:2: undefined: x.New); the server has x v1.0.0; plugin imports y",
			"do without y, or ask for a server with x v1.1.0"},
		{"a chain of caps", game{fake: with(join(mid, top, fake{
			"far@v1.0.0": "require top v1.1.0; use top.New", "top@v1.1.0": "require mid v1.1.0; use mid.New; has New", "plugin": "require far v1.0.0; require top v1.1.0; require mid v1.1.0; import far"}))},
			"far v1.0.0 (there is no older version) needs top >= v1.1.0 (far/far.go:2: undefined: top.New); top is lowered to v1.0.0 for mid v1.0.0 for x v1.0.0 of the server; plugin imports far",
			"do without far, or ask for a server with a newer x"},
		{"one version in the middle", game{fake: with(join(mid, fake{"far@v1.0.0": "require mid v1.1.0; use mid.New", "plugin": "require far v1.0.0; import far"}))},
			"far v1.0.0 (there is no older version) needs mid >= v1.1.0 (far/far.go:2: undefined: mid.New); mid is lowered to v1.0.0 for x v1.0.0 of the server; plugin imports far",
			"do without far, or ask for a server with a newer x"},
		{"the downgrade, kept", game{fake: fake{
			"x@v1.0.0": "has A", "x@v1.1.0": "has B", "tool@v1.0.0": "has A", "tool@v1.1.0": "require x v1.1.0; has B; import x", "user@v1.0.0": "require tool v1.0.0; match x tool",
			"plugin": "require user v1.0.0; require tool v1.1.0; import user"}, keep: []string{"tool"}},
			"user v1.0.0 (there is no older version) does not compile with x v1.0.0 (user/user.go:2: x and tool differ); the server has x v1.0.0; plugin imports user",
			"leave out --keep tool, or require another version of user, or of what imports it, or ask for a server with a newer x"},
		{"downgrade only", game{fake: with(join(mid, fake{"plugin": "require mid v1.1.0; use mid.New"})), only: true},
			"plugin.go:2: undefined: mid.New; mid is lowered to v1.0.0 for x v1.0.0 of the server; the plugin has v1.1.0",
			"change the code to what mid@v1.0.0 has, or ask for a server with a newer x"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.game.pins == nil {
				test.game.pins = []string{"x v1.0.0"}
			}
			caps, tries, err := test.game.play(t)
			var none *conflict.NoSolutionError
			if !errors.As(err, &none) {
				t.Fatalf("%v, %v", words(caps), err)
			}
			if none.Reason != test.reason {
				t.Errorf("after %d tries\ngot  %s\nwant %s", tries, none.Reason, test.reason)
			}
			if none.Next != test.next {
				t.Errorf("next\ngot  %s\nwant %s", none.Next, test.next)
			}
		})
	}
}

// TestUnreadable: that a go.mod cannot be read is said, also of one of many, and is no
// reason to say that nothing helps.
func TestUnreadable(t *testing.T) {
	w := with(many(12, "require x v1.1.0; use x.New", fake{"m@v1.2.0": "unreadable", "plugin": "require m v1.12.0; import m"}))
	_, _, err := game{fake: w, pins: []string{"x v1.0.0"}}.play(t)
	if err == nil || errors.As(err, new(*conflict.NoSolutionError)) || !strings.Contains(err.Error(), "m@v1.2.0 could not be fetched") {
		t.Error(err)
	}
}

// TestBound: where every combination is wrong, the search ends at its bound.
func TestBound(t *testing.T) {
	w := fake{"x@v1.0.0": "has A", "x@v1.1.0": "has B"}
	plugin := "require x v1.1.0"
	for m := range 8 {
		for v := range 3 {
			w[fmt.Sprintf("m%d@v1.%d.0", m, v)] = "has B"
		}
		plugin += fmt.Sprintf("; require m%d v1.2.0; import m%d", m, m)
	}
	w["user@v1.0.0"] = "match x m0; match x m1; match x m2; match x m3; match x m4; match x m5; match x m6; match x m7"
	w["plugin"] = plugin + "; require user v1.0.0; import user"
	_, tries, err := game{fake: w, pins: []string{"x v1.0.0"}}.play(t)
	var none *conflict.NoSolutionError
	if !errors.As(err, &none) || tries > maxTries+maxRounds {
		t.Errorf("%d tries, %v", tries, err)
	}
	if !strings.Contains(none.Reason, "; stopped after ") {
		t.Errorf("it does not say that it has stopped: %s", none.Reason)
	}

	// Time ends it too, but not the first tries.
	_, tries, err = game{fake: w, pins: []string{"x v1.0.0"}, slow: 10 * time.Second}.play(t)
	if !errors.As(err, &none) || tries <= freeOnes || tries > 2*freeOnes || !strings.HasSuffix(none.Reason, fmt.Sprintf("; stopped after %d tries in 1m0s", tries)) {
		t.Errorf("%d tries, %v", tries, err)
	}
}

// TestNearerBound: modules that could be nearer are tried together; where that leads
// on for ever, it ends with the probes of a large plugin, and says so.
func TestNearerBound(t *testing.T) {
	world := func(modules, versions int, text string) fake {
		w := fake{"x@v1.0.0": "has A", "x@v1.1.0": "has B"}
		plugin := "require x v1.1.0"
		for m := range modules {
			for v := range versions {
				w[fmt.Sprintf("m%d@v1.%d.0", m, v)] = strings.ReplaceAll("require x v1.1.0; "+text, "%d", fmt.Sprint(v))
			}
			w[fmt.Sprintf("m%d@v1.0.0", m)] = "use x.A"
			plugin += fmt.Sprintf("; require m%d v1.%d.0; import m%d", m, versions-1, m)
		}
		w["plugin"] = plugin
		return w
	}
	for _, test := range []struct {
		name        string
		world       fake
		least, most int
	}{
		{"many modules", world(30, 5, "use x.V%d"), 4, 6},
		{"many versions", world(30, 40, "use x.V"), 5, 9},
		{"many versions with errors of their own", world(30, 40, "use x.V%d"), maxProbesLarge, maxProbesLarge + 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			caps, tries, err := game{fake: test.world, pins: []string{"x v1.0.0"}}.play(t)
			if err != nil || len(caps) != 30 || tries < test.least || tries > test.most {
				t.Errorf("%d caps, %d tries, %v", len(caps), tries, err)
			}

			// A second run keeps what the first has come to, whatever ended that.
			again, more, err := game{fake: test.world, pins: []string{"x v1.0.0"}, last: words(caps)}.play(t)
			if err != nil || words(again) != words(caps) || more > 4 {
				t.Errorf("then %d tries, %v\n%s\n%s", more, err, words(caps), words(again))
			}
		})
	}
}
