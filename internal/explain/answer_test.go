package explain

import (
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

const serverText = `server: go1.23.5
	path	example.com/server/cmd
	mod	example.com/server	v1.4.0	h1:AAAAAGrd5QSmlpLMr2MftRKl7t8J8PTZPA732ud/XR8=
	dep	example.com/a	v1.1.0
	dep	example.com/a/nested	v0.2.0
	dep	example.com/fork	v1.0.0
	=>	example.com/forked	v1.0.1	h1:AAAAAGrd5QSmlpLMr2MftRKl7t8J8PTZPA732ud/XR8=
	dep	example.com/sums	v1.0.0	h1:AAAAAGrd5QSmlpLMr2MftRKl7t8J8PTZPA732ud/XR8=
	build	-trimpath=true
	build	-tags=x
	build	CGO_ENABLED=1
	build	GOARCH=arm64
	build	GOOS=linux
	build	vcs.revision=0123456789abcdef
`

func server(t *testing.T, edit ...string) *pinner.Server {
	t.Helper()
	s, err := target.Parse([]byte(strings.NewReplacer(edit...).Replace(serverText)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func goMod(t *testing.T, lines ...string) *pinner.Mod {
	t.Helper()
	m, err := pinner.ParseMod("go.mod", []byte("module example.com/plugin\n\ngo 1.22\n\n"+strings.Join(lines, "\n")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// requires is the go.mod of each module in the graph: "path@version" -> what it
// requires.
type requires map[string][]string

func (r requires) graph(t *testing.T, k *Known) {
	t.Helper()
	g, err := pinner.LoadGraph(k.Mod, func(want []module.Version) (map[module.Version]*pinner.Summary, error) {
		out := map[module.Version]*pinner.Summary{}
		for _, v := range want {
			out[v] = &pinner.Summary{Go: "1.17"}
			for _, s := range r[v.String()] {
				path, version, _ := strings.Cut(s, "@")
				out[v].Require = append(out[v].Require, module.Version{Path: path, Version: version})
			}
		}
		return out, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	k.Graph = func() *pinner.Graph { return g }
}

func differs(pkg string) string {
	return `plugin.Open("p"): plugin was built with a different version of package ` + pkg
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	untrimmed := []string{"\tbuild\t-trimpath=true\n", ""}
	for _, tt := range []struct {
		name   string
		text   string
		server []string // edits of serverText
		mod    []string
		graph  requires
		known  func(*Known)
		cause  Cause
		say    []string // somewhere in the finding
	}{
		{
			name: "go.mod requires another version", text: differs("example.com/a/x"),
			mod: []string{"require example.com/a v1.2.0"}, cause: Version,
			say: []string{"module example.com/a", "server v1.1.0", "plugin v1.2.0", "go.mod requires v1.2.0", "fix pinfix apply -s S"},
		},
		{
			name: "the nested module owns it", text: differs("example.com/a/nested/x"),
			mod: []string{"require example.com/a v1.2.0", "require example.com/a/nested v0.3.0"}, cause: Version,
			say: []string{"module example.com/a/nested", "server v0.2.0", "plugin v0.3.0"},
		},
		{
			name: "a module whose path begins alike", text: differs("example.com/ab/x"),
			mod: []string{"require example.com/a v1.2.0", "require example.com/ab v1.2.0"}, cause: Version,
			say: []string{"module example.com/ab", "the server does not link example.com/ab/x", "the plugin has example.com/ab v1.2.0"},
		},
		{
			name: "the graph raises it", text: differs("example.com/a/x"),
			mod:   []string{"require example.com/a v1.1.0", "require example.com/d v1.0.0"},
			graph: requires{"example.com/d@v1.0.0": {"example.com/a@v1.3.0"}}, cause: Version,
			say: []string{
				"plugin v1.3.0", "requires v1.1.0, and its modules raise that to v1.3.0 (example.com/d@v1.0.0 -> example.com/a@v1.3.0)",
				"demanded example.com/d@v1.0.0 -> example.com/a@v1.3.0", "fix pinfix apply -s S",
			},
		},
		{
			name: "only the graph has it", text: differs("example.com/a/x"),
			mod:   []string{"require example.com/d v1.0.0"},
			graph: requires{"example.com/d@v1.0.0": {"example.com/a@v1.3.0"}}, cause: Version,
			say: []string{"the plugin's modules ask for v1.3.0"},
		},
		{
			name: "no one asks for it", text: differs("example.com/a/x"), mod: []string{"require example.com/d v1.0.0"},
			graph: requires{}, cause: Unknown,
			say: []string{"another plugin"},
		},
		{
			name: "not in go.mod, no graph", text: differs("example.com/a/x"), mod: []string{"require example.com/d v1.0.0"}, cause: Version,
			say: []string{"does not require it", "fix pinfix apply --dry-run -s S, which shows who asks for it"},
		},
		{
			name: "the server replaces it", text: differs("example.com/fork"), mod: []string{"require example.com/fork v1.0.0"}, cause: Replace,
			say: []string{"server v1.0.0 => example.com/forked v1.0.1", "plugin v1.0.0"},
		},
		{
			name: "the plugin replaces it", text: differs("example.com/a"), mod: []string{"require example.com/a v1.1.0", "replace example.com/a => ../a"}, cause: Replace,
			say: []string{"plugin v1.1.0 => ../a"},
		},
		{
			name: "the one line for the version wins", text: differs("example.com/a"),
			mod: []string{"require example.com/a v1.1.0", "replace example.com/a => ../a", "replace example.com/a v1.1.0 => example.com/b v1.0.0"}, cause: Replace,
			say: []string{"plugin v1.1.0 => example.com/b v1.0.0"},
		},
		{
			name: "replaced by itself", text: differs("example.com/a"), mod: []string{"require example.com/a v1.1.0", "replace example.com/a => example.com/a v1.1.0"}, cause: Unknown,
			say: []string{"and so has go.mod"},
		},
		{
			name: "all agree", text: differs("example.com/a"), mod: []string{"require example.com/a v1.1.0"}, cause: Unknown,
			say: []string{"pinfix verify -s S PLUGIN.so", "BUILD"},
		},
		{
			name: "all agree, vendor/ not", text: differs("example.com/a"), mod: []string{"require example.com/a v1.1.0"},
			known: func(k *Known) { k.Vendored = func(string) string { return "v1.0.0" } }, cause: Vendor,
			say: []string{"vendor/modules.txt has v1.0.0", "plugin v1.0.0"},
		},
		{
			name: "all agree, not trimmed", text: differs("example.com/a"), mod: []string{"require example.com/a v1.1.0"}, server: untrimmed, cause: Trimpath,
			say: []string{"without -trimpath"},
		},
		{name: "no go.mod", text: differs("example.com/a"), cause: Version, say: []string{"the server has example.com/a v1.1.0"}},
		{name: "the server's own", text: differs("example.com/server/api"), cause: ServerOwn, say: []string{"0123456789abcdef", "pinfix apply -s S --server-source DIR"}},
		{
			name: "a plugin in the server's repository", text: differs("example.com/server/plugins/p"), cause: AlreadyLoaded,
			known: func(k *Known) {
				m, err := pinner.ParseMod("go.mod", []byte("module example.com/server/plugins\n"))
				if err != nil {
					t.Error(err)
				}
				k.Mod = m
			},
			say: []string{"plugin's own package"},
		},
		{name: "not the server's", text: differs("example.com/other"), cause: Version, say: []string{"does not link example.com/other"}},
		{
			name: "not linked by the server", text: differs("example.com/a/x"), cause: Version,
			known: func(k *Known) { k.Server.Packages = map[string]pinner.Fingerprint{"runtime": {}} },
			say:   []string{"does not link example.com/a/x"},
		},
		{name: "standard library", text: differs("internal/cpu"), cause: ToolchainOrFlags, say: []string{"go1.23.5 -trimpath -tags=x", "fix BUILD"}},
		{name: "standard library, not trimmed", text: differs("internal/cpu"), server: untrimmed, cause: ToolchainOrFlags, say: []string{"without -trimpath"}},
		{name: "settings are quoted", text: differs("internal/cpu"), server: []string{"-tags=x", `-tags="\x1b[31mx"`}, cause: ToolchainOrFlags, say: []string{"-tags=x"}},
		{name: "platform", text: "plugin.Open(\"p\"): /p: wrong ELF class: ELFCLASS32", cause: Platform, say: []string{"server linux/arm64", "fix BUILD"}},
		{name: "crash", text: "fatal error: runtime: no plugin module data", cause: GoVersion, say: []string{"go1.23.5", "fix BUILD"}},
		{
			name: "crash of a static server", text: "fatal error: runtime: no plugin module data", cause: NoPluginSupport,
			known: func(k *Known) { k.Server.Packages = map[string]pinner.Fingerprint{} },
			say:   []string{"linked statically"},
		},
		{name: "go line, the wrong Go runs", text: "go: go.mod requires go >= 1.23 (running go 1.22.1)", mod: []string{""}, cause: GoVersion, say: []string{"server has Go 1.23.5, which is new enough", "fix BUILD"}},
		{name: "go line, without a plugin", text: "go: go.mod requires go >= 1.23 (running go 1.22.1)", cause: GoVersion, say: []string{"fix BUILD"}},
		{name: "go line, too new for the server", text: "go: go.mod requires go >= 1.24 (running go 1.22.1)", mod: []string{""}, cause: GoVersion, say: []string{"server has Go 1.23.5", "fix pinfix apply"}},
		{name: "a dependency's go line, the wrong Go runs", text: "go: module example.com/d requires go >= 1.22 (running go 1.20)", mod: []string{""}, cause: GoVersion, say: []string{"fix BUILD"}},
		{name: "a directive that the server's Go knows", text: "go: errors parsing go.mod:\n/p/go.mod:5: unknown directive: toolchain", mod: []string{""}, cause: GoVersion, say: []string{"fix BUILD"}},
		{name: "a directive that it does not know", text: "go: errors parsing go.mod:\n/p/go.mod:5: unknown directive: tool", mod: []string{""}, cause: GoVersion, say: []string{"fix pinfix apply"}},
		{name: "a go line of three numbers, for an old server", text: "/p/go.mod:3: invalid go version '1.21.0': must match format 1.23", server: []string{"go1.23.5", "go1.20.1"}, cause: GoVersion, say: []string{"fix pinfix apply"}},
		{name: "a tool of another Go", text: "package requires newer Go version go1.23 (application built with go1.22)", mod: []string{""}, cause: GoVersion, say: []string{"fix install the tool again, built with Go 1.23"}},
		{name: "new package", text: "main.go:3:2: package maps is not in GOROOT (/usr/local/go/src/maps)", mod: []string{""}, cause: GoVersion, say: []string{"came with Go 1.21", "fix BUILD"}},
		{
			name: "musl", text: "plugin.Open(\"p\"): Error relocating /p: __strdup_chk: symbol not found", cause: Libc,
			known: func(k *Known) { k.Server.Binary = &pinner.Binary{Interp: "/lib/ld-musl-aarch64.so.1"} },
			say:   []string{"the server uses musl", "golang:1.23.5-alpine"},
		},
		{
			name: "glibc", text: "plugin.Open(\"p\"): /lib/libc.so.6: version `GLIBC_2.38' not found (required by /p)", cause: Libc,
			known: func(k *Known) { k.Server.Binary = &pinner.Binary{Needed: []string{"libc.so.6"}, Glibc: "2.34"} },
			say:   []string{"glibc (2.34 or newer)", "golang:1.23.5-bullseye"},
		},
		{
			name: "what musl says, and a server on glibc", text: "plugin.Open(\"p\"): Error relocating /p: __vfprintf_chk: symbol not found", cause: Libc,
			known: func(k *Known) { k.Server.Binary = &pinner.Binary{Needed: []string{"libc.so.6"}} },
			say:   []string{"the server that is named uses glibc, and musl says this", "name the one that said this"},
		},
		{
			name: "what glibc says, and a server on musl", text: "plugin.Open(\"p\"): /lib/libc.so.6: version `GLIBC_2.38' not found (required by /p)", cause: Libc,
			known: func(k *Known) { k.Server.Binary = &pinner.Binary{Interp: "/lib/ld-musl-aarch64.so.1"} },
			say:   []string{"the server that is named uses musl, and glibc says this", "name the one that said this"},
		},
		{name: "fortify, and a server that does not say its C library", text: "plugin.Open(\"p\"): Error relocating /p: __strdup_chk: symbol not found", cause: Libc,
			say: []string{"fix export CGO_CFLAGS='-O2 -g -U_FORTIFY_SOURCE', then BUILD"}},
		{name: "tags", text: "build constraints exclude all Go files in /p/x", cause: Tags, say: []string{"-tags=x", "fix BUILD"}},
		{name: "tidy", text: "go: updates to go.mod needed", cause: BuildContext, say: []string{"fix pinfix apply -s S"}},
		{name: "vendor, not trimmed", text: "go: inconsistent vendoring in /p:", server: untrimmed, cause: Vendor, say: []string{"a vendored plugin does not load"}},
		{
			name: "go.sum is wrong", cause: Content,
			text: "verifying example.com/sums@v1.0.0: checksum mismatch\n\tdownloaded: h1:AAAAAGrd5QSmlpLMr2MftRKl7t8J8PTZPA732ud/XR8=\n\tgo.sum:     h1:BBBBBGrd5QSmlpLMr2MftRKl7t8J8PTZPA732ud/XR8=",
			say:  []string{"go.sum is wrong", "remove the lines of example.com/sums from go.sum"},
		},
		{
			name: "the download is wrong", cause: Content,
			text: "verifying example.com/sums@v1.0.0: checksum mismatch\n\tdownloaded: h1:BBBBBGrd5QSmlpLMr2MftRKl7t8J8PTZPA732ud/XR8=\n\tgo.sum:     h1:AAAAAGrd5QSmlpLMr2MftRKl7t8J8PTZPA732ud/XR8=",
			say:  []string{"what was downloaded is wrong", "go clean -modcache"},
		},
		{
			name: "declared as the fork", cause: Replace,
			text: "go: example.com/forked@v1.0.1: parsing go.mod:\n\tmodule declares its path as: example.com/fork\n\t        but was required as: example.com/forked",
			say:  []string{"the server has example.com/fork v1.0.0 => example.com/forked v1.0.1", "fix pinfix apply -s S"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := Known{Server: server(t, tt.server...), Build: "BUILD", Flags: "-s S"}
			if tt.mod != nil {
				k.Mod = goMod(t, tt.mod...)
			}
			if tt.graph != nil {
				tt.graph.graph(t, &k)
			}
			if tt.known != nil {
				tt.known(&k)
			}
			own := ""
			if k.Mod != nil {
				own = k.Mod.Module.Mod.Path
			}
			found := Find(tt.text, own)
			if len(found) != 1 {
				t.Fatalf("%d findings", len(found))
			}
			f := k.Answer(found[0])
			checkFinding(t, tt.text, f)
			all := strings.Join([]string{
				"module " + f.Module, "server " + f.Server, "plugin " + f.Plugin, "why " + f.Why, "fix " + f.Fix,
				"demanded " + strings.Join(f.DemandedBy, ", "),
			}, "\n")
			if f.Cause != tt.cause {
				t.Errorf("cause %s, want %s\n%s", f.Cause, tt.cause, all)
			}
			for _, s := range tt.say {
				if !strings.Contains(all, s) {
					t.Errorf("does not say %q:\n%s", s, all)
				}
			}
		})
	}
}

// TestWithoutServer: go.mod alone gives the plugin's side.
func TestWithoutServer(t *testing.T) {
	t.Parallel()
	k := Known{Mod: goMod(t, "require example.com/a v1.2.0")}
	f := k.Answer(Find(differs("example.com/a/x"), "example.com/plugin")[0])
	if f.Module != "example.com/a" || f.Plugin != "v1.2.0" || f.Fix != actions[apply] {
		t.Errorf("%+v", f)
	}
}
