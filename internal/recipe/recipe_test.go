package recipe

import (
	"go/version"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

// line is a recipe in one line: "go1.23.5 GOOS=linux … -trimpath", a profile as
// "pgo:NAME", what was left as "left:NAME", with ! where it matters.
func line(r *Recipe) string {
	words := append([]string{r.Toolchain}, r.Env...)
	for _, f := range r.Flags {
		words = append(words, shell.Quote(f))
	}
	if r.Profile != "" {
		words = append(words, "pgo:"+r.Profile)
	}
	for _, l := range r.Left {
		mark := ""
		if l.Matters {
			mark = "!"
		}
		words = append(words, "left:"+l.Setting+mark)
	}
	return strings.Join(words, " ")
}

// The servers of testdata are real ones.
func TestOfRealServers(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"gotify-2.9.1":   "go1.26.0 GOOS=linux GOARCH=amd64 GOAMD64=v1 left:-ldflags",
		"krakend-2.12.1": "go1.25.6 GOOS=linux GOARCH=amd64 GOAMD64=v1 left:-ldflags",
		"nakama-3.22.0":  "go1.22.4 GOOS=linux GOARCH=amd64 GOAMD64=v1 -trimpath left:-asmflags left:-gcflags",
		"nakama-3.26.0":  "go1.23.5 GOOS=linux GOARCH=amd64 GOAMD64=v1 -trimpath left:-asmflags left:-gcflags",
	}
	files, err := filepath.Glob("../../testdata/servers/*.buildinfo")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := target.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(filepath.Base(name), ".buildinfo")
		if got := line(Of(s)); got != want[base] {
			t.Errorf("%s:\n got %s\nwant %s", base, got, want[base])
		}
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, goVersion string
		settings        string // "key=value" lines
		want            string
	}{
		{"nothing", "go1.17", "", "go1.17"},
		{"facts", "go1.26.8", "-buildmode=pie\n-compiler=gc\nCGO_ENABLED=1\nDefaultGODEBUG=x=1\nvcs=git\nvcs.revision=abc\nvcs.modified=true", "go1.26.8"},
		{"empty", "go1.26.8", "CGO_CFLAGS=\nCGO_LDFLAGS=\n-tags=\n-gcflags=\n-trimpath=", "go1.26.8"},
		{"switches", "go1.26.8", "-trimpath=true\n-race=true\n-msan=true\n-asan=true", "go1.26.8 -asan -msan -race -trimpath"},
		{"switches off", "go1.26.8", "-race=false", "go1.26.8"},
		{"switches odd", "go1.26.8", "-race=true -toolexec=x", "go1.26.8 left:-race!"},
		{"tags", "go1.26.8", "-tags=b,a,fips140v1.0", "go1.26.8 -tags=a,b"},
		{"tags with blanks", "go1.17", "-tags=b a", "go1.17 -tags=a,b"},
		{"tags odd", "go1.26.8", "-tags=a,$(x)", "go1.26.8 left:-tags!"},
		{"tags flag", "go1.26.8", "-tags=-toolexec", "go1.26.8 left:-tags!"},
		{"tags control", "go1.26.8", "-tags=a\x1b[31m", "go1.26.8 left:-tags!"},
		{"gcflags all", "go1.26.8", "-gcflags=all=-N -l", "go1.26.8 '-gcflags=all=-N -l'"},
		{"gcflags others", "go1.26.8", "-gcflags=all=-l=4 -B -C -smallframes -dwarf=false -spectre=all -d=checkptr=0", "go1.26.8 '-gcflags=all=-l=4 -B -C -smallframes -dwarf=false -spectre=all -d=checkptr=0'"},
		{"gcflags of main", "go1.26.8", "-gcflags=-N -l", "go1.26.8 left:-gcflags"},
		{"gcflags of main with =", "go1.26.8", "-gcflags=-trimpath=/src", "go1.26.8 left:-gcflags"},
		{"gcflags of main, all in it", "go1.26.8", "-gcflags=-N all=-l", "go1.26.8 left:-gcflags"},
		{"gcflags pattern", "go1.26.8", "-gcflags=./...=-l", "go1.26.8 left:-gcflags!"},
		{"gcflags file", "go1.26.8", "-gcflags=all=-l -o=/etc/passwd", "go1.26.8 left:-gcflags!"},
		{"gcflags embedcfg", "go1.26.8", "-gcflags=all=-embedcfg=/x", "go1.26.8 left:-gcflags!"},
		{"gcflags dump", "go1.26.8", "-gcflags=all=-d=ssa/all/dump=f", "go1.26.8 left:-gcflags!"},
		{"gcflags trimpath", "go1.26.8", "-gcflags=all=-trimpath=/src", "go1.26.8 left:-gcflags!"},
		{"gcflags quoted", "go1.26.8", "-gcflags=all='-l'", "go1.26.8 left:-gcflags!"},
		{"gcflags empty", "go1.26.8", "-gcflags=all=", "go1.26.8"},
		{"profile", "go1.26.8", "-pgo=/src/server/default.pgo", "go1.26.8 pgo:default.pgo"},
		{"profile of Windows", "go1.26.8", `-pgo=C:\src\default.pgo`, "go1.26.8 pgo:default.pgo"},
		{"no profile", "go1.26.8", "-pgo=off", "go1.26.8"},
		{"experiment", "go1.25.6 X:arenas", "GOEXPERIMENT=arenas,noregabi", "go1.25.6 GOEXPERIMENT=arenas,noregabi"},
		{"experiment of the version", "go1.25.6 X:arenas", "", "go1.25.6 GOEXPERIMENT=arenas"},
		{"experiment of a newer version", "go1.26.8-X:arenas,jsonv2", "", "go1.26.8 GOEXPERIMENT=arenas,jsonv2"},
		{"experiment odd", "go1.26.8", "GOEXPERIMENT=a b", "go1.26.8 left:GOEXPERIMENT!"},
		{"vendor's suffix", "go1.23.5 (Red Hat 1.23.5-1)", "", "go1.23.5"},
		{"fips", "go1.26.8", "GOFIPS140=v1.0.0-c2097c7c\n-tags=fips140v1.0", "go1.26.8 GOFIPS140=v1.0.0-c2097c7c"},
		{"fips latest", "go1.26.8", "GOFIPS140=latest", "go1.26.8 GOFIPS140=latest"},
		{"fips odd", "go1.26.8", "GOFIPS140=../x", "go1.26.8 left:GOFIPS140!"},
		{"platform first", "go1.26.8", "GOAMD64=v3\nGOARCH=amd64\nGOEXPERIMENT=arenas\nGOOS=linux", "go1.26.8 GOOS=linux GOARCH=amd64 GOAMD64=v3 GOEXPERIMENT=arenas"},
		{"levels", "go1.26.8", "GO386=sse2\nGOARM=7,hardfloat\nGOARM64=v8.1,lse,crypto\nGOPPC64=power9\nGORISCV64=rva22u64", "go1.26.8 GO386=sse2 GOARM=7,hardfloat GOARM64=v8.1,lse,crypto GOPPC64=power9 GORISCV64=rva22u64"},
		{"levels odd", "go1.26.8", "GOAMD64=v3\n\nGOARM=8", "go1.26.8 GOAMD64=v3 left:GOARM!"},
		{"no effect", "go1.26.8", "-ldflags=-s -w\n-asmflags=all=-x\n-cover=true\nCGO_LDFLAGS=-lx", "go1.26.8 left:-asmflags left:-cover left:-ldflags left:CGO_LDFLAGS"},
		{"C flags", "go1.26.8", "CGO_CFLAGS=-DX\nCGO_CPPFLAGS=-DX\nCGO_CXXFLAGS=-DX", "go1.26.8 left:CGO_CFLAGS! left:CGO_CPPFLAGS! left:CGO_CXXFLAGS!"},
		{"other compiler", "go1.26.8", "-compiler=gccgo", "go1.26.8 left:-compiler!"},
		{"hostile", "go1.26.8", "-toolexec=x\n-exec=x\n-overlay=x\n-modfile=x\n-o=x\nCC=x\nCXX=x\nGOFLAGS=x\nGOPROXY=x\nGOTOOLCHAIN=x\nPATH=x\n-ldflags=-extld=x\nCGO_LDFLAGS=-Wl,x",
			"go1.26.8 left:-exec! left:-ldflags left:-modfile! left:-o! left:-overlay! left:-toolexec! left:CC! left:CGO_LDFLAGS left:CXX! left:GOFLAGS! left:GOPROXY! left:GOTOOLCHAIN! left:PATH!"},
	} {
		s := &pinner.Server{Go: tt.goVersion, Settings: map[string]string{}}
		for kv := range strings.SplitSeq(tt.settings, "\n") {
			if k, v, ok := strings.Cut(kv, "="); ok {
				s.Settings[k] = v
			}
		}
		if got := line(Of(s)); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	r := &Recipe{Toolchain: "go1.23.5", Env: []string{"GOOS=linux"}, Flags: []string{"-gcflags=all=-N -l", "-trimpath"}}
	for _, tt := range []struct {
		recipe *Recipe
		build  Build
		want   string
	}{
		{r, Build{Dir: "/it's here", Package: "./x", Out: "$x.so", Mod: "vendor", Work: "off", CC: "zig cc", Profile: "a b.pgo"},
			`cd '/it'\''s here' && GOTOOLCHAIN=go1.23.5 GOWORK=off GOFLAGS=-mod=vendor CGO_ENABLED=1 GOOS=linux CC='zig cc' ` +
				`go build -buildmode=plugin '-gcflags=all=-N -l' -trimpath '-pgo=a b.pgo' -o '$x.so' ./x`},
		{r, Build{Package: ".", Mod: "readonly"},
			`GOTOOLCHAIN=go1.23.5 GOWORK= GOFLAGS=-mod=readonly CGO_ENABLED=1 GOOS=linux go build -buildmode=plugin '-gcflags=all=-N -l' -trimpath .`},
		{r, Build{Package: ".", Mod: "readonly", Paths: `"-pinfix-trimpath=/a b=>/c"`, Toolexec: `"/opt/pin fix" toolexec`},
			`GOTOOLCHAIN=go1.23.5 GOWORK= GOFLAGS=-mod=readonly CGO_ENABLED=1 GOOS=linux go build -buildmode=plugin -trimpath -toolexec '"/opt/pin fix" toolexec' ` +
				`'-gcflags=all=-N -l "-pinfix-trimpath=/a b=>/c"' '-gcflags=std=-N -l' .`},
		{&Recipe{Toolchain: "go1.23.5"}, Build{Package: ".", Mod: "readonly", Work: "off", Paths: "\"-pinfix-trimpath=`go env GOMODCACHE`=>/it's\""},
			`GOTOOLCHAIN=go1.23.5 GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=1 go build -buildmode=plugin -toolexec 'pinfix toolexec' ` +
				"'-gcflags=all=\"-pinfix-trimpath='\"`go env GOMODCACHE`\"'=>/it'\\''s\"' -gcflags=std= ."},
	} {
		if got := tt.recipe.Command(tt.build).Shell(); got != tt.want {
			t.Errorf("\n got %s\nwant %s", got, tt.want)
		}
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	pin := func(path, version string, replace ...string) pinner.Pin {
		p := pinner.Pin{Version: module.Version{Path: path, Version: version}}
		if len(replace) > 0 {
			p.Replace = module.Version{Path: replace[0], Version: strings.Join(replace[1:], "")}
		}
		return p
	}
	pins := []pinner.Pin{pin("e.com/Upper", "v1.0.0"), pin("e.com/a", "v1.0.0"), pin("e.com/a/nested", "v1.1.0"), pin("e.com/fork", "v1.0.0", "e.com/Fork", "v1.5.0"),
		pin("e.com/abs", "v1.0.0", "/lib/abs"), pin("e.com/rel", "v1.0.0", "../rel"), pin("e.com/work", "(devel)")}
	server := func(trimmed bool, p pinner.Paths, pins ...pinner.Pin) *pinner.Server {
		s := &pinner.Server{Main: module.Version{Path: "e.com/host", Version: "(devel)"}, Pins: pins, Paths: p, Settings: map[string]string{}}
		if trimmed {
			s.Settings["-trimpath"] = "true"
		}
		return s
	}
	trimmed := server(true, pinner.Paths{}, pins...)
	cache := server(false, pinner.Paths{ModCache: "/go/pkg/mod", Own: "/src/host"}, pins...)
	little := server(false, pinner.Paths{ModCache: "/go/pkg/mod"}, pins...)
	vendored := server(false, pinner.Paths{Vendored: "/src/host", Own: "/src/host"}, pins...)
	bare := &pinner.Server{Settings: map[string]string{}, Packages: map[string]pinner.Fingerprint{"e.com/lib/x": {}}, Paths: pinner.Paths{GoPath: "/go/src"}}
	bareTrimmed := &pinner.Server{Settings: map[string]string{"-trimpath": "true"}, Packages: bare.Packages}
	for _, tt := range []struct {
		s         *pinner.Server
		pkg       string
		unit, dir string
	}{
		{trimmed, "e.com/a/x", "", ""},
		{trimmed, "e.com/host/api", "e.com/host", "e.com/host"},
		{trimmed, "e.com/work/api", "e.com/work", "e.com/work"},
		{trimmed, "fmt", "", ""},
		{cache, "fmt", "", ""},
		{cache, "e.com/Upper/x", "e.com/Upper", "/go/pkg/mod/e.com/!upper@v1.0.0"},
		{cache, "e.com/a/nested/x", "e.com/a/nested", "/go/pkg/mod/e.com/a/nested@v1.1.0"},
		{cache, "e.com/a/other", "e.com/a", "/go/pkg/mod/e.com/a@v1.0.0"},
		{cache, "e.com/fork", "e.com/fork", "/go/pkg/mod/e.com/!fork@v1.5.0"},
		{cache, "e.com/abs/x", "e.com/abs", "/lib/abs"},
		{cache, "e.com/rel", "e.com/rel", "/src/rel"},
		{cache, "e.com/host/api", "e.com/host", "/src/host"},
		{cache, "e.com/work", "", ""},
		{cache, "e.com/none", "", ""},
		{little, "e.com/rel", "e.com/rel", ""},
		{little, "e.com/host/api", "e.com/host", ""},
		{vendored, "e.com/a/x", "e.com/a", "/src/host/vendor/e.com/a"},
		{vendored, "e.com/rel", "e.com/rel", "/src/host/vendor/e.com/rel"},
		{vendored, "e.com/host", "e.com/host", "/src/host"},
		{bare, "e.com/lib/x", "e.com/lib", "/go/src/e.com/lib"},
		{bareTrimmed, "e.com/lib/x", "e.com/lib", "e.com/lib"},
	} {
		if unit, dir := Directory(tt.s, tt.pkg, "e.com/lib"); unit != tt.unit || dir != tt.dir {
			t.Errorf("%s of %+v: %q %q, want %q %q", tt.pkg, tt.s.Paths, unit, dir, tt.unit, tt.dir)
		}
	}
}

// FuzzOf: whatever a server says, each word of the command has a form that the
// allow-list knows.
func FuzzOf(f *testing.F) {
	f.Add("go1.23.5", "-trimpath", "true", "-gcflags", "all=-N -l")
	f.Add("go1.26.8-X:arenas", "-toolexec", "touch x", "-tags", "a,b")
	f.Add("go1.23.5+path", "GOOS", "linux", "GOARCH", "../x")
	f.Add("go1.23.5-x+path", "GOTOOLCHAIN", "path", "GOWORK", "/x")
	f.Add("go1.22", "GOEXPERIMENT", "a;b", "-gcflags", "all=-o=x")
	words := regexp.MustCompile(`^(build|-buildmode=plugin|-trimpath|-race|-msan|-asan|-tags=[\p{L}\p{N}_.,]+|-gcflags=all=(-[a-zA-Z]+(=[a-z0-9=]+)?)( -[a-zA-Z]+(=[a-z0-9=]+)?)*|\.)$`)
	vars := regexp.MustCompile(`^GOTOOLCHAIN=go[0-9]+(\.[0-9]+)*((rc|beta)[0-9]+)?$|^(GOWORK|GOFLAGS|CGO_ENABLED|GOOS|GOARCH|GOEXPERIMENT|GOFIPS140|GO386|GOAMD64|GOARM|GOARM64|GOPPC64|GORISCV64)=[A-Za-z0-9.,=-]*$`)
	f.Fuzz(func(t *testing.T, goVersion, k1, v1, k2, v2 string) {
		s := &pinner.Server{Go: goVersion, Settings: map[string]string{k1: v1, k2: v2}}
		if v := s.GoVersion(); !version.IsValid("go"+v) || strings.Trim(strings.NewReplacer("rc", "", "beta", "").Replace(v), "0123456789.") != "" {
			return // target refuses other versions
		}
		c := Of(s).Command(Build{Package: ".", Mod: "readonly", Work: "off"})
		for _, w := range c.Args {
			if !words.MatchString(w) {
				t.Errorf("argument %q", w)
			}
		}
		for _, kv := range c.Env {
			if !vars.MatchString(kv) {
				t.Errorf("variable %q", kv)
			}
		}
	})
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	server := func(version, interp, platform string) *pinner.Server {
		goos, goarch, _ := strings.Cut(platform, "/")
		return &pinner.Server{Go: version, Settings: map[string]string{"GOOS": goos, "GOARCH": goarch}, Binary: &pinner.Binary{Format: "ELF", Interp: interp}}
	}
	for _, tt := range []struct {
		im   Image
		want []string // lines
	}{
		{Image{Server: server("go1.23.5", "/lib64/ld-linux-x86-64.so.2", "linux/amd64"), Package: ".", Out: "x.so"},
			[]string{"FROM --platform=linux/amd64 golang:1.23.5-bullseye AS build", "RUN pinfix build -s ./server.bin -o x.so .", "COPY --from=build /plugin/x.so /"}},
		{Image{Server: server("go1.25.6", "/lib/ld-musl-aarch64.so.1", "linux/arm64"), Package: "./x", Out: "x.so", Version: "v1.2.0"},
			[]string{"FROM --platform=linux/arm64 golang:1.25.6-alpine AS build", "RUN apk add --no-cache gcc musl-dev binutils-gold", "RUN CGO_ENABLED=0 go install github.com/pinfix/pinfix/cmd/pinfix@v1.2.0"}},
		{Image{Server: server("go1.26.8", "", "linux/amd64"), Package: "./x", Out: "a b.so", Profile: "default.pgo", Version: "v0.0.0-20261121063340-62e7c08aaaaa+dirty"},
			[]string{"FROM --platform=linux/amd64 golang:1.26.8-bookworm AS build", "RUN pinfix build -s ./server.bin --pgo default.pgo -o 'a b.so' ./x", `COPY --from=build ["/plugin/a b.so", "/"]`, "RUN CGO_ENABLED=0 go install github.com/pinfix/pinfix/cmd/pinfix@latest"}},
	} {
		lines := strings.Split(Dockerfile(tt.im), "\n")
		for _, want := range tt.want {
			if !slices.Contains(lines, want) {
				t.Errorf("no line %q:\n%s", want, cmp.Diff("", Dockerfile(tt.im)))
			}
		}
	}
}
