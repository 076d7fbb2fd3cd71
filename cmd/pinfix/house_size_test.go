package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What a reader can hold in his head. What is larger says why, see reason.
const (
	maxMethods = 15
	maxFields  = 12
	maxLines   = 1800
)

// reason finds the sentence of a comment that says why something is larger than the rest:
// "It has many methods, one for each directive", "It has many fields because ...".
var reason = map[string]*regexp.Regexp{
	"methods": regexp.MustCompile(`\bIt has many methods(,|:| and fields[,:]| because) \w+ \w+`),
	"fields":  regexp.MustCompile(`\bIt has many (methods and )?fields(,|:| because) \w+ \w+`),
	"lines":   regexp.MustCompile(`\bIt is large(,|:| because) \w+ \w+`),
}

// largeStill are types and packages that are larger than that and say no reason: each is
// to become smaller. One that has become so is to go from here.
var largeStill = []string{
	"internal/drift.checker",
	"internal/edit.Changes",
}

// ofManyRules are packages of many rules, or of many forms: how many lines they have is
// not limited.
var ofManyRules = []string{"internal/explain", "internal/report"}

// TestSizes: no type has many methods or fields, and no package many lines, without a
// reason in its comment.
func TestSizes(t *testing.T) {
	h := measure(t)
	var large []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, what := range h[name].large() {
			if reason[what].MatchString(h[name].doc) || what == "lines" && slices.Contains(ofManyRules, name) {
				continue
			}
			large = append(large, name)
			if !slices.Contains(largeStill, name) {
				t.Errorf("%s has %d methods, %d fields and %d lines, and its comment does not say why it has so many %s: %s",
					name, h[name].methods, h[name].fields, h[name].lines, what, reason[what])
			}
		}
		for what, re := range reason {
			if re.MatchString(h[name].doc) && !slices.Contains(h[name].large(), what) {
				t.Errorf("%s says why it has so many %s, and has not: %d methods, %d fields, %d lines", name, what, h[name].methods, h[name].fields, h[name].lines)
			}
		}
	}
	for _, name := range largeStill {
		if !slices.Contains(large, name) {
			t.Errorf("%s is not too large any more, or says why: take it out of largeStill", name)
		}
	}
}

// A size is that of a type, or of a package.
type size struct {
	doc                    string
	methods, fields, lines int
}

// large returns what it has too much of.
func (s *size) large() []string {
	var out []string
	for what, is := range map[string]bool{"methods": s.methods > maxMethods, "fields": s.fields > maxFields, "lines": s.lines > maxLines} {
		if is {
			out = append(out, what)
		}
	}
	return out
}

// measure returns the sizes of all packages, by their directory, and of the types of each,
// as "internal/solve.Solver".
func measure(t *testing.T) map[string]*size {
	t.Helper()
	sizes := map[string]*size{}
	of := func(name string) *size {
		if sizes[name] == nil {
			sizes[name] = &size{}
		}
		return sizes[name]
	}
	walkHouse(t, func(name, rel string) {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		pkg := path.Dir(rel)
		of(pkg).lines += bytes.Count(src, []byte("\n"))
		of(pkg).doc += oneLine(f.Doc)
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv != nil {
					of(pkg+"."+receiver(d)).methods++
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if s, ok := spec.(*ast.TypeSpec); ok {
						z := of(pkg + "." + s.Name.Name)
						z.doc += oneLine(d.Doc) + oneLine(s.Doc)
						z.fields = fields(s.Type)
					}
				}
			}
		}
	})
	return sizes
}

// oneLine is the text of a comment in one line.
func oneLine(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }

// fields counts the fields of a struct type: an embedded one is one.
func fields(e ast.Expr) int {
	s, ok := e.(*ast.StructType)
	if !ok {
		return 0
	}
	n := 0
	for _, f := range s.Fields.List {
		n += max(1, len(f.Names))
	}
	return n
}

// TestReasons: the sentence alone is no reason.
func TestReasons(t *testing.T) {
	for _, test := range []struct {
		doc  string
		what []string
	}{
		{"A Mod is a file. It has many methods, one for each directive.", []string{"methods"}},
		{"It has many fields because the flags are many.", []string{"fields"}},
		{"It has many methods and fields: it is what go list prints.", []string{"fields", "methods"}},
		{"It is large, because it is one protocol.", []string{"lines"}},
		{"It has many methods.", nil},
		{"It has many methods, sorry.", nil},
		{"It is large.", nil},
	} {
		var got []string
		for _, what := range slices.Sorted(maps.Keys(reason)) {
			if reason[what].MatchString(test.doc) {
				got = append(got, what)
			}
		}
		if !slices.Equal(got, test.what) {
			t.Errorf("%q is a reason for %v, want %v", test.doc, got, test.what)
		}
	}
}
