package pinner

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRoundTrip: what Finish writes, and what Restore makes of it: the user's
// go.mod, byte for byte.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	const head = "module example.com/plugin\n\n"
	for _, tt := range []struct {
		name   string
		user   string
		server string // Go release; "" is 1.22.12
		pins   []string
		world  world
		want   string
		lossy  string // what Restore gives where it cannot give the user's text
	}{
		{
			name: "nothing to do",
			user: head + "go 1.22\n\nrequire example.com/a v1.0.0 // why\n",
			pins: []string{"example.com/a v1.0.0"},
			want: head + "go 1.22\n\nrequire example.com/a v1.0.0 // why\n",
		},
		{
			name: "lowered",
			user: head + "go 1.22\n\nrequire example.com/a v1.1.0\n",
			pins: []string{"example.com/a v1.0.0"},
			want: head + "go 1.22\n\nrequire example.com/a v1.0.0 // pinfix v1.1.0 -> v1.0.0\n",
		},
		{
			name: "comments",
			user: head + `go 1.22

// above the block
require (
	// above the line
	example.com/a v1.1.0 // next to; with a semicolon
	example.com/b v1.1.0 // indirect
	example.com/c v1.1.0 // indirect; why
// at the end
)
`,
			pins: []string{"example.com/a v1.0.0", "example.com/b v1.0.0", "example.com/c v1.0.0"},
			want: head + `go 1.22

// above the block
require (
	// above the line
	example.com/a v1.0.0 // next to; with a semicolon; pinfix v1.1.0 -> v1.0.0
	example.com/b v1.0.0 // indirect; pinfix v1.1.0 -> v1.0.0
	example.com/c v1.0.0 // indirect; why; pinfix v1.1.0 -> v1.0.0
// at the end
)
`,
		},
		{
			name: "added",
			user: head + "go 1.22\n\nrequire example.com/a v1.0.0\n",
			pins: []string{"example.com/b v1.0.0"},
			want: head + `go 1.22

require (
	example.com/a v1.0.0
	example.com/b v1.0.0 // pinfix
)
`,
		},
		{
			name:  "excluded",
			user:  head + "go 1.22\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/d v1.0.0\n)\n\nexclude example.com/q v1.0.0\n",
			pins:  []string{"example.com/a v1.0.0"},
			world: world{"example.com/d@v1.0.0": "go 1.22; require example.com/a v1.2.0"},
			want:  head + "go 1.22\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/d v1.0.0\n)\n\nexclude example.com/q v1.0.0\n\nexclude example.com/a v1.2.0 // pinfix\n",
		},
		{
			name: "several excluded",
			user: head + "go 1.22\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/d v1.0.0\n\texample.com/e v1.0.0\n)\n",
			pins: []string{"example.com/a v1.0.0"},
			world: world{
				"example.com/d@v1.0.0": "go 1.22; require example.com/a v1.2.0",
				"example.com/e@v1.0.0": "go 1.22; require example.com/a v1.10.0",
			},
			want: head + `go 1.22

require (
	example.com/a v1.0.0
	example.com/d v1.0.0
	example.com/e v1.0.0
)

exclude (
	example.com/a v1.2.0 // pinfix
	example.com/a v1.10.0 // pinfix
)
`,
		},
		{
			name: "replaced by the server",
			user: head + "go 1.22\n\nrequire example.com/a v1.0.0\n",
			pins: []string{"example.com/a v1.0.0 => example.com/y v1.5.0"},
			want: head + "go 1.22\n\nrequire example.com/a v1.0.0\n\nreplace example.com/a => example.com/y v1.5.0 // pinfix\n",
		},
		{
			name: "the user's replace is the server's",
			user: head + "go 1.22\n\nrequire example.com/a v1.0.0\n\nreplace example.com/a v1.0.0 => example.com/y v1.5.0 // mine\n",
			pins: []string{"example.com/a v1.0.0 => example.com/y v1.5.0"},
			want: head + "go 1.22\n\nrequire example.com/a v1.0.0\n\nreplace example.com/a v1.0.0 => example.com/y v1.5.0 // mine\n",
		},
		{
			name: "a replace is changed",
			user: head + "go 1.22\n\nrequire example.com/a v1.0.0\n\nreplace example.com/a => example.com/y v1.4.0 // mine\n",
			pins: []string{"example.com/a v1.0.0 => example.com/y v1.5.0"},
			want: head + "go 1.22\n\nrequire example.com/a v1.0.0\n\nreplace example.com/a => example.com/y v1.5.0 // mine; pinfix example.com/y@v1.4.0 -> example.com/y@v1.5.0\n",
		},
		{
			name: "a replace for one version is changed, that for others stays",
			user: head + `go 1.22

require example.com/a v1.0.0

replace (
	example.com/a => example.com/y v1.3.0
	example.com/a v1.0.0 => example.com/y v1.4.0
	example.com/a v0.9.0 => ../a
)
`,
			pins: []string{"example.com/a v1.0.0 => example.com/y v1.5.0"},
			want: head + `go 1.22

require example.com/a v1.0.0

replace (
	example.com/a => example.com/y v1.3.0
	example.com/a v1.0.0 => example.com/y v1.5.0 // pinfix example.com/y@v1.4.0 -> example.com/y@v1.5.0
	example.com/a v0.9.0 => ../a
)
`,
		},
		{
			name: "a replace for all versions is changed, those for other versions stay",
			user: head + `go 1.22

require example.com/a v1.0.0

replace (
	example.com/a v0.9.0 => ../a
	example.com/a => example.com/y v1.4.0
	example.com/a v0.8.0 => ../a
)
`,
			pins: []string{"example.com/a v1.0.0 => example.com/y v1.5.0"},
			want: head + `go 1.22

require example.com/a v1.0.0

replace (
	example.com/a v0.9.0 => ../a
	example.com/a => example.com/y v1.5.0 // pinfix example.com/y@v1.4.0 -> example.com/y@v1.5.0
	example.com/a v0.8.0 => ../a
)
`,
		},
		{
			name: "a directory stays",
			user: head + "go 1.22\n\nrequire example.com/a v1.1.0\n\nreplace example.com/a => ../a\n",
			pins: []string{"example.com/a v1.0.0 => example.com/y v1.5.0"},
			want: head + "go 1.22\n\nrequire example.com/a v1.0.0 // pinfix v1.1.0 -> v1.0.0\n\nreplace example.com/a => ../a\n",
		},
		{
			name: "a replace is dropped",
			user: head + `go 1.22

require example.com/a v1.0.0

// above
replace example.com/a => example.com/y v1.4.0

// below
`,
			pins: []string{"example.com/a v1.0.0"},
			want: head + `go 1.22

require example.com/a v1.0.0

// above
// pinfix dropped: replace example.com/a => example.com/y v1.4.0

// below
`,
		},
		{
			name: "a replace with a comment next to it is dropped",
			user: head + "go 1.22\n\nrequire example.com/a v1.0.0\n\nreplace example.com/a => example.com/y v1.4.0 // until they fix it\n",
			pins: []string{"example.com/a v1.0.0"},
			want: head + "go 1.22\n\nrequire example.com/a v1.0.0\n\n// pinfix dropped: replace example.com/a => example.com/y v1.4.0 // until they fix it\n",
		},
		{
			name: "first, middle and last line of a block are dropped",
			user: head + `go 1.22

require (
	example.com/a v1.0.0
	example.com/b v1.0.0
	example.com/c v1.0.0
)

replace (
	// about a
	example.com/a => example.com/y v1.4.0
	example.com/aa => ../p // mine
	example.com/b => example.com/b v1.4.0 // next to b
	example.com/bb => ../q
	// about c
	example.com/c => example.com/y v1.4.0
// at the end
)
`,
			pins: []string{"example.com/a v1.0.0", "example.com/b v1.0.0", "example.com/c v1.0.0"},
			want: head + `go 1.22

require (
	example.com/a v1.0.0
	example.com/b v1.0.0
	example.com/c v1.0.0
)

replace (
	// about a
	// pinfix dropped: replace example.com/a => example.com/y v1.4.0
	example.com/aa => ../p // mine
	// pinfix dropped: replace example.com/b => example.com/b v1.4.0 // next to b
	example.com/bb => ../q
// about c
// pinfix dropped: replace example.com/c => example.com/y v1.4.0
// at the end
)
`,
		},
		{
			name: "all lines of a block are dropped",
			user: head + `go 1.22

require (
	example.com/a v1.0.0
	example.com/b v1.0.0
)

// about the block
replace (
	// about a
	example.com/a => example.com/y v1.4.0
	example.com/b => example.com/b v1.4.0 // next to b
// at the end
)

retract v1.0.0 // after
`,
			pins: []string{"example.com/a v1.0.0", "example.com/b v1.0.0"},
			want: head + `go 1.22

require (
	example.com/a v1.0.0
	example.com/b v1.0.0
)

// about the block
// pinfix dropped: replace (
// pinfix dropped: replace example.com/b => example.com/b v1.4.0 // next to b
// about a
// pinfix dropped: replace example.com/a => example.com/y v1.4.0
// at the end
// pinfix dropped: )

retract v1.0.0 // after
`,
		},
		{
			name: "the version's own line and the one for all are dropped",
			user: head + `go 1.22

require example.com/a v1.0.0

replace example.com/a v1.0.0 => example.com/y v1.4.0

replace example.com/a => example.com/y v1.3.0
`,
			pins: []string{"example.com/a v1.0.0"},
			want: head + `go 1.22

require example.com/a v1.0.0

// pinfix dropped: replace example.com/a v1.0.0 => example.com/y v1.4.0

// pinfix dropped: replace example.com/a => example.com/y v1.3.0
`,
		},
		{
			name: "the user excludes the server's version",
			user: head + "go 1.22\n\nrequire example.com/a v1.1.0\n\nexclude example.com/a v1.0.0 // broken\n",
			pins: []string{"example.com/a v1.0.0"},
			want: head + "go 1.22\n\nrequire example.com/a v1.0.0 // pinfix v1.1.0 -> v1.0.0\n\n// pinfix dropped: exclude example.com/a v1.0.0 // broken\n",
		},
		{
			name: "the user excludes the server's version in a block",
			user: head + "go 1.22\n\nrequire example.com/a v1.1.0\n\nexclude (\n\texample.com/a v1.0.0\n\texample.com/a v1.2.0\n)\n",
			pins: []string{"example.com/a v1.0.0"},
			want: head + "go 1.22\n\nrequire example.com/a v1.0.0 // pinfix v1.1.0 -> v1.0.0\n\nexclude (\n\texample.com/a v1.2.0\n// pinfix dropped: exclude example.com/a v1.0.0\n)\n",
		},
		{
			name:   "the go line is lowered",
			user:   head + "go 1.26 // we like it new\n",
			server: "1.23.5",
			want:   head + "go 1.23.5 // we like it new; pinfix 1.26 -> 1.23.5\n",
		},
		{
			name:   "the toolchain line is lowered",
			user:   head + "go 1.22.0\n\ntoolchain go1.26.1 // ours\n",
			server: "1.23.5",
			want:   head + "go 1.22.0\n\ntoolchain go1.23.5 // ours; pinfix go1.26.1 -> go1.23.5\n",
		},
		{
			name:   "Go 1.20 knows neither toolchain nor patch releases",
			user:   head + "go 1.21.3\n\ntoolchain go1.26.1\n\nrequire example.com/a v1.0.0\n",
			server: "1.20.14",
			want:   head + "go 1.20 // pinfix 1.21.3 -> 1.20, toolchain go1.26.1\n\nrequire example.com/a v1.0.0\n",
		},
		{
			name:   "only the toolchain line goes",
			user:   head + "go 1.18\n\ntoolchain go1.26.1\n",
			server: "1.20.14",
			want:   head + "go 1.18 // pinfix 1.18 -> 1.18, toolchain go1.26.1\n",
		},
		{
			name:   "a toolchain line without a go line",
			user:   head + "toolchain go1.26.1\n\nrequire example.com/a v1.0.0\n",
			server: "1.20.14",
			want:   head + "require example.com/a v1.0.0\n", // go mod tidy adds a go line, which takes the mark
			lossy:  head + "require example.com/a v1.0.0\n",
		},
		{
			name:   "a toolchain line with comments goes",
			user:   head + "go 1.18 // old\n\n// mine\ntoolchain go1.26.1 // ours\n",
			server: "1.20.14",
			want:   head + "go 1.18 // old; pinfix 1.18 -> 1.18, toolchain go1.26.1\n",
			lossy:  head + "go 1.18 // old\n\ntoolchain go1.26.1\n",
		},
		{
			name:   "toolchain default stays",
			user:   head + "go 1.21.0\n\ntoolchain default\n",
			server: "1.22.12",
			want:   head + "go 1.21.0\n\ntoolchain default\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, eol := range []string{"\n", "\r\n"} {
				with := func(s string) string { return string(bytes.ReplaceAll([]byte(s), []byte("\n"), []byte(eol))) }
				server := tt.server
				if server == "" {
					server = "1.22.12"
				}
				pins := pinsOf(t, tt.pins...)
				user := parse(t, with(tt.user))
				in := Input{Server: serverOf(server, pins), Pins: pins, Source: tt.world.source(t)}
				got, _ := pinned(t, user, in)
				if d := cmp.Diff(with(tt.want), string(got.Bytes())); d != "" {
					t.Fatalf("Finish (-want +got):\n%s", d)
				}
				if d := cmp.Diff(with(tt.user), string(user.Bytes())); d != "" {
					t.Errorf("the user's Mod was changed:\n%s", d)
				}

				back := parse(t, string(got.Bytes()))
				if err := back.Restore(); err != nil {
					t.Fatal(err)
				}
				want := tt.user
				if tt.lossy != "" {
					want = tt.lossy
				}
				if d := cmp.Diff(with(want), string(back.Bytes())); d != "" {
					t.Errorf("Restore (-want +got):\n%s", d)
				}
				again, _ := pinned(t, back, in)
				if d := cmp.Diff(string(got.Bytes()), string(again.Bytes())); d != "" {
					t.Errorf("a second time (-first +second):\n%s", d)
				}
			}
		})
	}
}

// TestRestore: marks that no longer say what the line holds, and other text
// that only looks like a mark.
func TestRestore(t *testing.T) {
	t.Parallel()
	const head = "module example.com/plugin\n\ngo 1.22\n\n"
	for _, tt := range []struct{ name, in, want string }{
		{"no mark", head + "require example.com/a v1.0.0 // pinfixed\n", head + "require example.com/a v1.0.0 // pinfixed\n"},
		{"a word more", head + "require example.com/a v1.0.0 // pinfix is nice\n", head + "require example.com/a v1.0.0 // pinfix is nice\n"},
		{"in the middle", head + "require example.com/a v1.0.0 // pinfix; mine\n", head + "require example.com/a v1.0.0 // pinfix; mine\n"},
		{"above", head + "// pinfix\nrequire example.com/a v1.0.0\n", head + "// pinfix\nrequire example.com/a v1.0.0\n"},
		{"tight", head + "require example.com/a v1.0.0 //pinfix v1.1.0 -> v1.0.0\n", head + "require example.com/a v1.1.0\n"},
		{"added", head + "require (\n\texample.com/a v1.0.0\n\texample.com/b v1.0.0 // indirect; pinfix\n)\n", head + "require example.com/a v1.0.0\n"},
		{"the only line", head + "require example.com/b v1.0.0 // indirect; pinfix\n", "module example.com/plugin\n\ngo 1.22\n"},
		{"changed", head + "require example.com/a v1.0.0 // indirect; pinfix v1.1.0 -> v1.0.0\n", head + "require example.com/a v1.1.0 // indirect\n"},
		{"void: changed since", head + "require example.com/a v1.2.0 // indirect; why; pinfix v1.1.0 -> v1.0.0\n", head + "require example.com/a v1.2.0 // indirect; why\n"},
		{"void: no comment left", head + "require example.com/a v1.2.0 // pinfix v1.1.0 -> v1.0.0\n", head + "require example.com/a v1.2.0\n"},
		{"void go line", "module example.com/plugin\n\ngo 1.23.0 // pinfix 1.26 -> 1.22.12, toolchain go1.27.0\n", "module example.com/plugin\n\ngo 1.23.0\n"},
		{"void toolchain", head + "toolchain go1.23.1 // pinfix go1.26.1 -> go1.22.12\n", head + "toolchain go1.23.1\n"},
		{"go line, and a toolchain line by hand", "module example.com/plugin\n\ngo 1.20 // pinfix 1.21.0 -> 1.20, toolchain go1.26.1\n\ntoolchain go1.25.0\n",
			"module example.com/plugin\n\ngo 1.21.0\n\ntoolchain go1.25.0\n"},
		{"exclude", head + "exclude (\n\texample.com/a v1.1.0 // pinfix\n\texample.com/b v1.1.0 // mine\n)\n", head + "exclude example.com/b v1.1.0 // mine\n"},
		{"exclude of both", head + "exclude example.com/a v1.1.0 // mine; pinfix\n", "module example.com/plugin\n\ngo 1.22\n"},
		{"replace", head + "replace example.com/a => example.com/y v1.5.0 // pinfix\n", "module example.com/plugin\n\ngo 1.22\n"},
		{"replace of a version", head + "replace example.com/a v1.0.0 => example.com/y v1.5.0 // pinfix\n", "module example.com/plugin\n\ngo 1.22\n"},
		{"replace changed", head + "replace example.com/a => example.com/y v1.5.0 // pinfix ../a -> example.com/y@v1.5.0\n", head + "replace example.com/a => ../a\n"},
		{"replace changed since", head + "replace example.com/a => example.com/y v1.6.0 // pinfix ../a -> example.com/y@v1.5.0\n", head + "replace example.com/a => example.com/y v1.6.0\n"},
		{"replace changed, others stay",
			head + "replace (\n\texample.com/a v1.1.0 => ../a\n\texample.com/a => example.com/y v1.5.0 // pinfix example.com/y@v1.4.0 -> example.com/y@v1.5.0\n)\n",
			head + "replace (\n\texample.com/a v1.1.0 => ../a\n\texample.com/a => example.com/y v1.4.0\n)\n"},
		{"dropped next to the user's lines", head + "replace (\n\t// pinfix dropped: replace example.com/a => ../a\n\texample.com/b => ../b\n\texample.com/c => ../c\n)\n",
			head + "replace (\n\texample.com/a => ../a\n\texample.com/b => ../b\n\texample.com/c => ../c\n)\n"},
		{"dropped, in a block that is no replace", head + "require (\n\texample.com/b v1.0.0\n\t// pinfix dropped: replace example.com/a => ../a\n)\n",
			head + "require (\n\texample.com/b v1.0.0\n// pinfix dropped: replace example.com/a => ../a\n)\n"},
		{"dropped, and a new one by hand", head + "// pinfix dropped: replace example.com/a => ../a\n\nreplace example.com/a => ../b\n", head + "replace example.com/a => ../b\n"},
		{"dropped, made unreadable", head + "// pinfix dropped: replace example.com/a\n", head + "// pinfix dropped: replace example.com/a\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := parse(t, tt.in)
			if err := m.Restore(); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, string(m.Bytes())); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestParseModErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"no module", "go 1.22\n", "go.mod: no module directive; run go mod init"},
		{"empty", "", "go.mod: no module directive; run go mod init"},
		{"one fault", "module example.com/p\n\nrequire example.com/a 1.0\n", `go.mod:3: require example.com/a: version "1.0" invalid: must be of the form v1.2.3`},
		{"unknown word", "module example.com/p\n\nfoo bar\n", "go.mod:3: unknown directive: foo"},
		{"all faults", "module example.com/p\nfoo bar\nbar foo\n", "go.mod:2: unknown directive: foo\ngo.mod:3: unknown directive: bar"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseMod("go.mod", []byte(tt.in))
			if err == nil {
				t.Fatal("no error")
			}
			if d := cmp.Diff(tt.want, err.Error()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestEdited(t *testing.T) {
	const text = `module example.com/plugin

go 1.22 // pinfix 1.24 -> 1.21

toolchain go1.22.1 // pinfix go1.24.0 -> go1.22.1

require (
	example.com/added v1.0.0 // pinfix
	example.com/held v1.0.0 // pinfix v1.2.0 -> v1.0.0
	example.com/edited v1.1.0 // pinfix v1.2.0 -> v1.0.0
	example.com/own v1.1.0
)

replace example.com/r => example.com/fork v1.1.0 // pinfix example.com/fork@v1.2.0 -> example.com/fork@v1.0.0
`
	m, err := ParseMod("go.mod", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range m.Edited() {
		got = append(got, strings.Join(l.Token, " "))
	}
	if diff := cmp.Diff([]string{"go 1.22", "example.com/edited v1.1.0", "replace example.com/r => example.com/fork v1.1.0"}, got); diff != "" {
		t.Error(diff)
	}
}
