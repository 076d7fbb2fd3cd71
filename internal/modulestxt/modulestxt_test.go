package modulestxt

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"
)

const text = `# example.com/a v1.0.0
## explicit; go 1.17
example.com/a
example.com/a/sub
# example.com/old v0.0.0-20200101000000-0123456789ab
example.com/old/x
# example.com/unused v1.2.0
## explicit
# gopkg.in/yaml.v3 v3.0.1
gopkg.in/yaml.v3
# example.com/forked v1.1.0 => example.com/fork v1.1.1-pre
## explicit
example.com/forked
# example.com/dir v1.0.0 => ./dir
## explicit; go 1.20
example.com/dir/d
# example.com/major/v2 v2.0.0+incompatible
## go 1.16; new
example.com/major/v2
# example.com/forked => example.com/fork v1.1.1-pre
# example.com/a v0.9.0 => ../a
# example.com/elsewhere v1.0.0 => ../elsewhere
`

func version(path, v string) module.Version { return module.Version{Path: path, Version: v} }

func TestParse(t *testing.T) {
	want := &File{[]Module{
		{Version: version("example.com/a", "v1.0.0"), Line: 1, Explicit: true, Go: "1.17", Packages: []Package{{"example.com/a", 3}, {"example.com/a/sub", 4}}},
		{Version: version("example.com/old", "v0.0.0-20200101000000-0123456789ab"), Line: 5, Packages: []Package{{"example.com/old/x", 6}}},
		{Version: version("example.com/unused", "v1.2.0"), Line: 7, Explicit: true},
		{Version: version("gopkg.in/yaml.v3", "v3.0.1"), Line: 9, Packages: []Package{{"gopkg.in/yaml.v3", 10}}},
		{Version: version("example.com/forked", "v1.1.0"), Replace: version("example.com/fork", "v1.1.1-pre"), Line: 11, Explicit: true, Packages: []Package{{"example.com/forked", 13}}},
		{Version: version("example.com/dir", "v1.0.0"), Replace: version("./dir", ""), Line: 14, Explicit: true, Go: "1.20", Packages: []Package{{"example.com/dir/d", 16}}},
		{Version: version("example.com/major/v2", "v2.0.0+incompatible"), Line: 17, Go: "1.16", Packages: []Package{{"example.com/major/v2", 19}}},
	}}
	for name, text := range map[string]string{"as it is": text, "with CR LF": strings.ReplaceAll(text, "\n", "\r\n"), "with blank lines at its end": text + "\n \n"} {
		got, err := Parse([]byte(text))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	if got := want.Versions()["example.com/dir/d"]; got != version("example.com/dir", "v1.0.0") {
		t.Errorf("Versions: %v", got)
	}
	var taken []string
	for _, m := range want.Modules[3:6] {
		taken = append(taken, m.Taken())
	}
	if diff := cmp.Diff([]string{"v3.0.1", "v1.1.0 => example.com/fork v1.1.1-pre", "v1.0.0 => ./dir"}, taken); diff != "" {
		t.Error(diff)
	}
}

// TestParseErrors: what go mod vendor does not write is an error with its place, and the
// rest of the file is read as the go command reads it.
func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ text, want, modules string }{
		{"example.com/a\n", "1: package example.com/a is below no module", ""},
		{"# example.com/a\n", "1: a module without a version", ""},
		{"# example.com/a latest\nexample.com/a\n", `1: the version "latest" of example.com/a`, ""},
		{"# example.com/a v1\nexample.com/a\n", `1: the version "v1" of`, "example.com/a v1 [example.com/a]"},
		{"# -x v1.0.0\n-x\n", "1: malformed import path", ""},
		{"# example.com/a v1.0.0 =>\nexample.com/a\n", `1: unexpected "=>"`, "example.com/a v1.0.0 [example.com/a]"},
		{"# example.com/a v1.0.0 -> x\n", `1: unexpected "-> x"`, "example.com/a v1.0.0 []"},
		{"# example.com/a v1.0.0\n\nexample.com/b\nexample.com/a/b\n", "3: package example.com/b is not in module example.com/a", "example.com/a v1.0.0 [example.com/a/b]"},
		{"# example.com/a v1.0.0\nexample.com/ab\n", "2: package example.com/ab is not in", "example.com/a v1.0.0 []"},
		{"# example.com/a v1.0.0\nexample.com/a\nexample.com/a\n", "3: package example.com/a is there twice", "example.com/a v1.0.0 [example.com/a example.com/a]"},
		{"# example.com/a v1.0.0\nexample.com/a/b\n# example.com/a/b v1.0.0\nexample.com/a/b\n", "4: package example.com/a/b is there twice", "example.com/a v1.0.0 [example.com/a/b], example.com/a/b v1.0.0 [example.com/a/b]"},
		{"# example.com/a v1.0.0\nexample.com/a b\n", "2: malformed import path", "example.com/a v1.0.0 []"},
		{"# example.com/a => ../a\nexample.com/a\n", "2: package example.com/a is below no module", ""},
		{"# example.com/a v1.0.0\nexample.com/a\n# example.com/a v1.1.0\nexample.com/a/b\n", "4: module example.com/a is there twice", "example.com/a v1.0.0 [example.com/a]"},
		{"# example.com/a v1.0.0\nexample.com/a\n# example.com/a v1.1.0\n## explicit\n", "4: module example.com/a is there twice", "example.com/a v1.0.0 [example.com/a]"},
		{"## workspace\n# example.com/a v1.0.0\nexample.com/a\n", "1: this vendor/ is of a go.work", "example.com/a v1.0.0 [example.com/a]"},
		{"<<<<<<< HEAD\n# example.com/a v1.0.0\n## explicit\n=======\n", "1: malformed import path", "example.com/a v1.0.0 []"},
		{"# \n", "1: a module without a version", ""},
	} {
		f, err := Parse([]byte(tt.text))
		if err == nil || !strings.HasPrefix(err.Error(), "vendor/modules.txt:"+tt.want) {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
		var modules []string
		for _, m := range f.Modules {
			var packages []string
			for _, p := range m.Packages {
				packages = append(packages, p.Path)
			}
			modules = append(modules, m.Path+" "+m.Version.Version+" ["+strings.Join(packages, " ")+"]")
		}
		if got := strings.Join(modules, ", "); got != tt.modules {
			t.Errorf("%q: modules %s, want %s", tt.text, got, tt.modules)
		}
	}
}

// TestReplaceLines: lines of replacements are no modules, wherever they are.
func TestReplaceLines(t *testing.T) {
	f, err := Parse([]byte("# example.com/a v0.9.0 => ../old\n# example.com/a v1.0.0 => ../a\nexample.com/a\n# example.com/b v1.0.0 => ../b\n"))
	if err != nil || len(f.Modules) != 1 || f.Modules[0].Taken() != "v1.0.0 => ../a" {
		t.Errorf("%+v, %v", f, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(text))
	for _, seed := range []string{"## workspace", "# a v1 =>", "#", "# ", "##", "# x v1.0.0\nx\n## explicit", "\xff", "# x v1.0.0\nx\n# x v1.1.0\nx/y\n## go 1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := strings.Split(string(data), "\n")
		got, err := Parse(data)
		if e := (*Error)(nil); err != nil && (!errors.As(err, &e) || e.Line < 1 || e.Line > len(lines)) {
			t.Fatal(err)
		}
		seen, pkgs := map[string]bool{}, 0
		last := 0
		for _, m := range got.Modules {
			if seen[m.Path] || m.Line <= last || module.CheckImportPath(m.Path) != nil || !strings.HasPrefix(lines[m.Line-1], "# ") {
				t.Fatalf("module %+v", m)
			}
			if err == nil && module.CanonicalVersion(m.Version.Version) != m.Version.Version {
				t.Fatalf("version %v without an error", m.Version)
			}
			seen[m.Path], last = true, m.Line
			for _, p := range m.Packages {
				pkgs++
				if p.Line <= last || strings.TrimSpace(lines[p.Line-1]) != p.Path || !strings.HasPrefix(p.Path, m.Path) {
					t.Fatalf("package %+v of %v", p, m.Version)
				}
				last = p.Line
			}
		}
		if n := len(got.Versions()); err == nil && n != pkgs {
			t.Fatalf("%d packages, %d of them different", pkgs, n)
		}
		if again, _ := Parse(slices.Clone(data)); cmp.Diff(got, again) != "" {
			t.Fatal("not the same again")
		}
	})
}
