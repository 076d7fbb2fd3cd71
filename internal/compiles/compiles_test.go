package compiles

import (
	"fmt"
	"path/filepath"

	"strings"
	"testing"

	"github.com/pinfix/pinfix/astimports"
	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/typecheck"
	"github.com/pinfix/pinfix/internal/wants"
)

// TestOnDisk: a fault that was found in a file without pinfix's own imports is shown where
// it is in the file as the user has it, whatever form the imports have there.
func TestOnDisk(t *testing.T) {
	const body = "\n\nfunc a() {\n}\n\nfunc b() { fault }\n\nfunc c() {\n}\n"
	for name, head := range map[string]string{
		"a block":               "package main\n\nimport (\n\t\"fmt\"\n\t_ \"example.com/x\" // pinfix\n\t_ \"example.com/y\" // pinfix\n)\n\nvar _ = fmt.Sprint",
		"between others":        "package main\n\nimport (\n\t_ \"example.com/x\" // pinfix\n\t\"fmt\"\n\n\t_ \"example.com/y\" // pinfix\n\t\"os\"\n)\n\nvar _, _ = fmt.Sprint, os.Exit",
		"a block of its own":    "package main\n\nimport \"fmt\"\n\nimport (\n\t_ \"example.com/x\" // pinfix\n)\n\nvar _ = fmt.Sprint",
		"a line":                "package main\n\nimport _ \"example.com/x\" // pinfix\n",
		"none":                  "package main\n\nimport \"fmt\"\n\nvar _ = fmt.Sprint",
		"with carriage returns": strings.ReplaceAll("package main\n\nimport (\n\t\"fmt\"\n\t_ \"example.com/x\" // pinfix\n)\n\nvar _ = fmt.Sprint", "\n", "\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			have := []byte(head + body)
			bare, err := astimports.Set("main.go", have, nil)
			if err != nil {
				t.Fatal(err)
			}
			a := &Code{Case: &wants.Case{Plugin: &plugin.Plugin{Root: "/root"}}, Have: importgraph.Files{"main.go": have}, Bare: importgraph.Files{"main.go": bare}}
			for _, text := range []string{"package main", "func a()", "fault", "func c()"} {
				f := typecheck.Fault{File: filepath.Join("/root", "main.go"), Line: lineWith(bare, text)}
				if got, want := a.onDisk([]typecheck.Fault{f})[0].Line, lineWith(have, text); got != want {
					t.Errorf("%s: line %d, want %d", text, got, want)
				}
			}
			other := typecheck.Fault{File: "/root/other.go", Line: 7}
			if got := a.onDisk([]typecheck.Fault{other})[0]; fmt.Sprint(got) != fmt.Sprint(other) {
				t.Errorf("another file: %v", got)
			}
		})
	}
}

func lineWith(src []byte, text string) int {
	before, _, _ := strings.Cut(string(src), text)
	return strings.Count(before, "\n") + 1
}
