package syntax

import (
	"go/token"
	"testing"
)

func TestGo(t *testing.T) {
	t.Parallel()
	const conflict = "<<<<<<< HEAD\nvar A = 1\n=======\nvar A = 2\n>>>>>>> theirs\n"
	for _, tt := range []struct{ name, src, imports, whole string }{
		{"parses", "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n", "", ""},
		{"package clause", "packge main\n", "x.go:1:1: expected 'package', found packge", ""},
		{"nothing", "", "x.go:1:1: expected 'package', found 'EOF'", ""},
		{"quote", "package main\n\nimport (\n\t\"fmt\n)\n", "x.go:4:2: string literal not terminated", ""},
		{"import path", "package main\n\nimport \"a b\"\n", "x.go:3:8: invalid import path \"a b\"", ""},
		{"no import path", "package main\n\nimport (\n\t_ \"\"\n)\n", "x.go:4:4: invalid import path \"\"", ""},
		{"relative import", "package main\n\nimport \"../x\"\n", "x.go:3:8: \"../x\" is relative; a module imports packages by their full path", ""},
		{"C", "package main\n\nimport \"C\"\n", "", ""},
		{"after the imports", "package main\n\nfunc main( {\n", "", "x.go:3:12: expected ')', found '{'"},
		{"conflict first", "<<<<<<< HEAD\npackage main\n", "x.go:1:1: " + Unresolved, ""},
		{"conflict before the imports", "package main\n\n<<<<<<< HEAD\nimport \"fmt\"\n", "", "x.go:3:1: " + Unresolved},
		{"conflict among the imports", "package main\n\nimport (\n<<<<<<< HEAD\n\t\"fmt\"\n=======\n\t\"io\"\n>>>>>>> b\n)\n", "x.go:4:1: " + Unresolved, ""},
		{"conflict of declarations", "package main\n\n" + conflict, "", "x.go:3:1: " + Unresolved},
		{"conflict of statements", "package main\n\nfunc main() {\n\tx := 1\n<<<<<<< HEAD\n\tx = 2\n=======\n\tx = 3\n>>>>>>> b\n}\n", "", "x.go:5:1: " + Unresolved},
		{"conflict of elements", "package main\n\nvar a = []int{\n\t1,\n<<<<<<< HEAD\n\t2,\n=======\n\t3,\n>>>>>>> b\n}\n", "", "x.go:5:1: " + Unresolved},
		{"conflict of fields", "package main\n\ntype T struct {\n\ta int\n<<<<<<< HEAD\n\tb int\n=======\n\tc int\n>>>>>>> b\n}\n", "", "x.go:5:1: " + Unresolved},
		{"CRLF", "package main\r\n\r\n<<<<<<< HEAD\r\nvar A = 1\r\n=======\r\n", "", "x.go:3:1: " + Unresolved},
		{"one end of a conflict", "package main\n\nvar a = 1\n\n=======\n", "", "x.go:5:1: " + Unresolved},
		{"a text with markers", "package main\n\nconst doc = `\n<<<<<<< HEAD\n`\n", "", ""},
		{"an error elsewhere", "package main\n\nconst doc = `\n<<<<<<< HEAD\n`\n\nfunc (\n", "", "x.go:7:8: expected ')', found 'EOF'"},
		{"bytes", "package main\n\nconst a = \"\xff\"\n", "", "x.go:3:12: illegal UTF-8 encoding"},
		{"NUL", "package main\n\nconst a = 1\x00\n", "", "x.go:3:12: illegal character NUL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			whole := tt.whole
			if whole == "" {
				whole = tt.imports
			}
			for imports, want := range map[bool]string{true: tt.imports, false: whole} {
				got := ""
				e := Go("x.go", []byte(tt.src))
				if imports {
					_, e = Imports(token.NewFileSet(), "x.go", []byte(tt.src))
				}
				if e != nil {
					got = e.Error()
				}
				if got != want {
					t.Errorf("as far as the imports: %v: %q, want %q", imports, got, want)
				}
			}
		})
	}
}

func TestConflict(t *testing.T) {
	t.Parallel()
	for text, line := range map[string]int{
		"":                        0,
		"module m\n\ngo 1.21\n":   0,
		"a\n<<<<<<< HEAD\nb\n":    2,
		"a\n||||||| base\n":       2,
		"a\r\nb\r\n=======\r\n":   3,
		">>>>>>> b":               1,
		"========\n<<<<<<<\n<<<<": 0,
		" <<<<<<< HEAD\n":         0,
	} {
		e := Conflict("f", []byte(text))
		if e == nil && line > 0 || e != nil && (e.Line != line || e.NextStep() != ResolveIt) {
			t.Errorf("%q: %v, want line %d", text, e, line)
		}
	}
}

func TestDoubtful(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]bool{"package main\n": false, "// Ä\n": false, "\n<<<<<<< HEAD\n": true, "\n>>>>>>> b\n": true, "\xff": true, "a\x00": true} {
		if Doubtful([]byte(src)) != want {
			t.Errorf("%q: %v", src, !want)
		}
	}
}
