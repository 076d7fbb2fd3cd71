package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var updateMap = flag.Bool("update-map", false, "rewrite the map of imports in CONTRIBUTING.md")

// wellKnown are methods whose names say all.
var wellKnown = []string{"Error", "Unwrap", "String", "Len", "Less", "Swap"}

// TestDocComments: every package and every exported identifier says what it is.
func TestDocComments(t *testing.T) {
	documented := map[string]bool{}
	walkHouse(t, func(name, rel string) {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			return
		}
		pkg := filepath.ToSlash(filepath.Dir(rel))
		documented[pkg] = documented[pkg] || f.Doc != nil
		for _, d := range f.Decls {
			for _, id := range undocumented(d) {
				t.Errorf("%s: %s has no doc comment", rel, id)
			}
		}
	})
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("%s: the package has no doc comment", pkg)
		}
	}
}

// undocumented returns the exported identifiers of a declaration without a comment; that
// of a group is enough for its constants and variables.
func undocumented(d ast.Decl) []string {
	var out []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		known := d.Recv != nil && (slices.Contains(wellKnown, d.Name.Name) || !ast.IsExported(receiver(d)))
		if d.Doc == nil && d.Name.IsExported() && !known {
			out = append(out, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					out = append(out, s.Name.Name)
				}
			case *ast.ValueSpec:
				if s.Names[0].IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					out = append(out, s.Names[0].Name)
				}
			}
		}
	}
	return out
}

// TestModuleFile: no one who builds pinfix gets other modules than the tests, and
// go mod tidy has nothing to do.
func TestModuleFile(t *testing.T) {
	data, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`(?m)^(replace|exclude|toolchain)\b.*`).Find(data); m != nil {
		t.Errorf("go.mod: go install pkg@version refuses or ignores %q", m)
	}
	cmd := exec.Command("go", "mod", "tidy", "-diff")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go mod tidy -diff: %v\n%s", err, out)
	}
}

// TestMapOfTheHouse: CONTRIBUTING.md has every package in its table and no other, and
// its picture is that of mayImport.
func TestMapOfTheHouse(t *testing.T) {
	const name = "../../CONTRIBUTING.md"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	named := map[string]bool{}
	for line := range strings.Lines(text) {
		cell, ok := strings.CutPrefix(line, "| `")
		if !ok {
			continue
		}
		cell, _, _ = strings.Cut(cell, " |")
		for _, p := range strings.Split(cell, ", ") {
			named[strings.Trim(p, "`")] = true
		}
	}
	for p := range mayImport {
		if !named[p] {
			t.Errorf("CONTRIBUTING.md: its table lacks %s", p)
		}
	}
	for p := range named {
		if _, ok := mayImport[p]; !ok {
			t.Errorf("CONTRIBUTING.md: there is no package %s", p)
		}
	}
	before, rest, _ := strings.Cut(text, "```mermaid\n")
	picture, after, ok := strings.Cut(rest, "```\n")
	switch {
	case !ok:
		t.Error("CONTRIBUTING.md has no picture of the imports")
	case *updateMap:
		if err := os.WriteFile(name, []byte(before+"```mermaid\n"+drawMap()+"```\n"+after), 0o666); err != nil {
			t.Fatal(err)
		}
	case picture != drawMap():
		t.Errorf("CONTRIBUTING.md: the picture is not that of mayImport: go test ./cmd/pinfix -run TestMapOfTheHouse -update-map\nwant:\n%s", drawMap())
	}
}

// small are left out of the picture: tools that anybody may use, and helpers of tests.
var small = []string{"internal/bounded", "internal/fault", "internal/modpath", "internal/modulestxt", "internal/vars", "internal/shell", "internal/pattern", "internal/scratch", "internal/buildctx", "internal/mains", "internal/suggest", "internal/imagetest", "internal/tier"}

// drawMap draws who imports whom, without what is also imported by one of those.
func drawMap() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	short := func(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }
	for _, from := range slices.Sorted(maps.Keys(mayImport)) {
		if slices.Contains(small, from) {
			continue
		}
		var to []string
		for _, p := range mayImport[from] {
			indirect := slices.ContainsFunc(mayImport[from], func(q string) bool { return q != p && reaches(q, p) })
			if !indirect && !slices.Contains(small, p) {
				to = append(to, short(p))
			}
		}
		slices.Sort(to)
		if len(to) > 0 {
			fmt.Fprintf(&b, "  %s --> %s\n", short(from), strings.Join(to, " & "))
		}
	}
	return b.String()
}

// reaches reports whether from imports to, directly or not.
func reaches(from, to string) bool {
	return slices.ContainsFunc(mayImport[from], func(p string) bool { return p == to || reaches(p, to) })
}
