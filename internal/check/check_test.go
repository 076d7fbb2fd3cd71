package check

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/pinner"
)

const mod = `module example.com/plugin

go 1.21

require (
	example.com/deep v1.0.0 // pinfix
	example.com/forked v1.0.0
	example.com/only v1.0.0 // why
	example.com/shared v1.1.0 // pinfix v1.2.0 -> v1.1.0
)

replace example.com/forked => example.com/fork v1.5.0 // pinfix
`

const modulesText = `# example.com/deep v1.0.0
## explicit; go 1.20
example.com/deep
example.com/deep/sub
# example.com/forked v1.0.0 => example.com/fork v1.5.0
## explicit
example.com/forked
# example.com/only v1.0.0
## explicit; go 1.20
example.com/only
# example.com/shared v1.1.0
## explicit; go 1.21
example.com/shared
# example.com/forked => example.com/fork v1.5.0
`

const sumText = `example.com/deep v1.0.0 h1:a=
example.com/deep v1.0.0/go.mod h1:a=
example.com/fork v1.5.0 h1:a=
example.com/fork v1.5.0/go.mod h1:a=
example.com/only v1.0.0 h1:a=
example.com/only v1.0.0/go.mod h1:a=
example.com/shared v1.1.0 h1:s=
example.com/shared v1.1.0/go.mod h1:a=
`

func pin(path, version, sum string) pinner.Pin {
	return pinner.Pin{Version: module.Version{Path: path, Version: version}, Sum: sum}
}

// pinned is a plugin as apply leaves it.
func pinned(t testing.TB, mod, sum, modules string) *Input {
	t.Helper()
	m, err := pinner.ParseMod("go.mod", []byte(mod))
	if err != nil {
		t.Fatal(err)
	}
	user, err := m.Clone()
	if err == nil {
		err = user.Restore()
	}
	if err != nil {
		t.Fatal(err)
	}
	forked := pin("example.com/forked", "v1.0.0", "")
	forked.Replace = module.Version{Path: "example.com/fork", Version: "v1.5.0"}
	in := &Input{
		Plugins: map[string]bool{".": true}, User: user,
		Server: &pinner.Server{Main: module.Version{Path: "example.com/server"}, Go: "go1.23.5", Settings: map[string]string{"-trimpath": "true"},
			Pins: []pinner.Pin{pin("example.com/deep", "v1.0.0", ""), forked, pin("example.com/shared", "v1.1.0", "h1:s=")}},
		Mod: m, Sum: []byte(sum), Vendor: ParseVendor([]byte(modules)), WantVendor: true,
		Files: []look.File{
			{Name: "main.go", Package: "main", Entry: true, Own: []string{"example.com/deep"},
				Imports: []look.Import{{Path: "example.com/deep", Line: 5}, {Path: "example.com/forked", Line: 6}, {Path: "example.com/only", Line: 7}, {Path: "fmt", Line: 8}, {Path: "example.com/plugin/lib", Line: 9}}},
			{Name: "lib/lib.go", Package: "lib", Imports: []look.Import{{Path: "example.com/shared", Line: 3}}},
		},
	}
	in.Pins, _ = Candidates(in)
	return in
}

func TestPinned(t *testing.T) {
	in := pinned(t, mod, sumText, modulesText)
	if got, err := Problems(in); err != nil || len(got) > 0 {
		t.Errorf("problems of a pinned plugin: %+v, %v", got, err)
	}
	if _, whole := Candidates(in); !whole || !Certain(in, true) {
		t.Errorf("not certain: %v", whole)
	}
	if got := in.Vendor.expect(in.Mod); got != modulesText {
		t.Error(cmp.Diff(modulesText, got))
	}
}

// TestProblems: what one edit of a pinned plugin gives, as "kind module have ->
// want file:line".
func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name, file, old, new string
		want                 string
	}{
		{"version", "mod", "shared v1.1.0 // pinfix v1.2.0 -> v1.1.0", "shared v1.2.0", "version example.com/shared v1.2.0 -> v1.1.0 go.mod:9"},
		{"mark", "mod", "v1.2.0 -> v1.1.0", "v1.2.0 -> v1.0.0", "version example.com/shared v1.1.0 -> v1.1.0 go.mod:9"},
		{"go", "mod", "go 1.21", "go 1.24", "go  1.24 -> 1.23.5 go.mod:3"},
		{"go below a module", "mod", "go 1.21\n", "go 1.20\n", "go  1.20 -> 1.21 go.mod:3"},
		{"replace", "mod", "fork v1.5.0", "fork v1.6.0", "replace example.com/forked example.com/fork v1.6.0 -> example.com/fork v1.5.0 go.mod:12"},
		{"require", "mod", "\texample.com/deep v1.0.0 // pinfix\n", "", "version example.com/deep  -> v1.0.0 go.mod:5"},
		{"direct", "mod", "deep v1.0.0 // pinfix", "deep v1.0.0 // indirect; pinfix", "import example.com/deep // indirect -> a direct requirement go.mod:6"},
		{"sum", "sum", "shared v1.1.0 h1:s=", "shared v1.1.0 h1:x=", "sum example.com/shared h1:x= -> h1:s= go.sum:7"},
		{"sum gone", "sum", "example.com/only v1.0.0 h1:a=\n", "", "sum example.com/only  -> v1.0.0 go.sum:1"},
		{"sum of a fork gone", "sum", "example.com/fork v1.5.0/go.mod h1:a=\n", "", "sum example.com/fork  -> v1.5.0/go.mod go.sum:1"},
		{"vendor malformed", "vendor", "## explicit", "SECRET\n## explicit", "vendor example.com/deep this line -> ## explicit; go 1.20 vendor/modules.txt:2"},
		{"vendor", "vendor", "# example.com/only v1.0.0", "# example.com/only v0.9.0", "vendor example.com/only v0.9.0 -> v1.0.0 vendor/modules.txt:8"},
		{"vendor entry gone", "vendor", "# example.com/only v1.0.0\n## explicit; go 1.20\nexample.com/only\n", "", "vendor example.com/only  -> v1.0.0 vendor/modules.txt:1"},
		{"vendor order", "vendor", "example.com/deep\nexample.com/deep/sub\n", "example.com/deep/sub\nexample.com/deep\n", "vendor example.com/deep example.com/deep/sub -> example.com/deep vendor/modules.txt:3"},
		{"vendor replace", "vendor", "# example.com/forked => example.com/fork v1.5.0\n", "", "vendor example.com/shared  -> # example.com/forked => example.com/fork v1.5.0 vendor/modules.txt:13"},
		{"excluded", "mod", "go 1.21\n", "go 1.21\n\nexclude example.com/deep v1.0.0\n", "version example.com/deep exclude v1.0.0 ->  go.mod:5"},
		{"comment", "mod", "// why", "// why not", ""},
	} {
		text := map[string]string{"mod": mod, "sum": sumText, "vendor": modulesText}
		if !strings.Contains(text[tt.file], tt.old) {
			t.Fatalf("%s: nothing to edit", tt.name)
		}
		text[tt.file] = strings.Replace(text[tt.file], tt.old, tt.new, 1)
		got, err := Problems(pinned(t, text["mod"], text["sum"], text["vendor"]))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var lines []string
		for _, p := range got {
			lines = append(lines, strings.Join([]string{string(p.Kind), p.Module, p.Have, "->", p.Want, p.File}, " ")+":"+strconv.Itoa(p.Line))
		}
		if s := strings.Join(lines, "\n"); !strings.Contains(s, tt.want) || tt.want == "" && s != "" {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, s, tt.want)
		}
	}
}

// TestNoSum: without a go.sum, that is the one problem, however many lines it would have.
func TestNoSum(t *testing.T) {
	for _, require := range []string{"require example.com/only v1.0.0\n", "require (\n\texample.com/only v1.0.0\n\texample.com/other v1.0.0\n)\n"} {
		in := pinned(t, "module example.com/plugin\n\ngo 1.21\n\n"+require, "", modulesText)
		in.Sum = nil
		got, err := Problems(in)
		if err != nil {
			t.Fatal(err)
		}
		var sums []string
		for _, p := range got {
			if p.Kind == Sum {
				sums = append(sums, p.Want+" "+p.File+":"+strconv.Itoa(p.Line))
			}
		}
		if len(sums) != 1 || sums[0] != "go.sum go.mod:1" {
			t.Errorf("%s: %q", require, sums)
		}
	}
}

// FuzzProblems: of any go.mod, go.sum and modules.txt, each problem has a kind, a
// file with that line, and one line of text; they are the same the second time;
// and a modules.txt that fits is the one that check expects.
func FuzzProblems(f *testing.F) {
	f.Add(mod, sumText, modulesText)
	f.Add("module m\n", "", "")
	f.Add("module m\n\ngo 1.16\n", "x\n", "# a v1\n## explicit\na\n# a => b\n")
	f.Add(mod, sumText+"a b\x1b[2J c d\n", modulesText+"# x v1\n## explicit; go 1.99\nx\n")
	f.Fuzz(func(t *testing.T, mod, sum, modules string) {
		if _, err := pinner.ParseMod("go.mod", []byte(mod)); err != nil {
			return
		}
		in := pinned(t, mod, sum, modules)
		got, err := Problems(in)
		if err != nil {
			return
		}
		text := map[string]string{"go.mod": mod, "go.sum": sum, "vendor/modules.txt": modules}
		vendor := false
		for _, p := range got {
			if p.Kind == "" || p.Line < 1 || strings.ContainsAny(p.Module+p.Have+p.Want+p.Why+p.Fix, "\n") {
				t.Errorf("%+v", p)
			}
			if lines, ok := text[p.File]; ok && p.Line > strings.Count(lines, "\n")+1 {
				t.Errorf("%s:%d of %d lines: %+v", p.File, p.Line, strings.Count(lines, "\n"), p)
			}
			vendor = vendor || p.File == "vendor/modules.txt"
		}
		again, err := Problems(pinned(t, mod, sum, modules))
		if d := cmp.Diff(got, again); d != "" || err != nil {
			t.Errorf("not the same again (%v):\n%s", err, d)
		}
		if len(got) == 0 && in.Vendor.expect(in.Mod) != modules {
			t.Errorf("no problem, but expected is\n%s", in.Vendor.expect(in.Mod))
		}
		Certain(in, true)
	})
}

// TestUnrequired: which module of the server would have a package that go.mod's have not.
func TestUnrequired(t *testing.T) {
	in := pinned(t, mod, sumText, modulesText)
	in.Server.Pins = append(in.Server.Pins, pin("example.com/deep/inner", "v0.1.0", ""), pin("example.com/forked/own", "(devel)", ""), pin("example.com", "v0.9.0", ""))
	for pkg, want := range map[string]string{
		"example.com/deep":               "example.com/deep",
		"example.com/deep/x":             "example.com/deep",
		"example.com/deep/inner/x":       "example.com/deep/inner",
		"example.com/deeper":             "example.com",
		"example.com/forked/x":           "example.com/forked",
		"example.com/forked/own/x":       "", // of the server's workspace: no go.mod can require it
		"example.com/server/api":         "", // and of its main module
		"example.org/x":                  "",
		"example.com.evil/deep/inner":    "",
		"golang.org/x/net/http/httpguts": "",
	} {
		kind := Version
		if want == "" {
			kind, want = Import, pkg
		}
		if p := in.Unrequired(pkg, "main.go:3"); p.Kind != kind || p.Module != want {
			t.Errorf("Unrequired(%s) = %s of %s, want %s of %s", pkg, p.Kind, p.Module, kind, want)
		}
	}
}
