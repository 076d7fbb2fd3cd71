package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A driftKind is one way in which a pinned plugin changes. do says what it has
// done, "" for nothing.
type driftKind struct {
	name string
	do   func(t *testing.T, dir string, r *rand.Rand) string
}

// inFile is a drift that edits one file.
func inFile(name, file string, edit func(r *rand.Rand, text string) string) driftKind {
	return driftKind{name, func(t *testing.T, dir string, r *rand.Rand) string {
		full := filepath.Join(dir, file)
		old, err := os.ReadFile(full)
		if err != nil {
			return ""
		}
		text := edit(r, string(old))
		if text == string(old) {
			return ""
		}
		writeFile(t, full, []byte(text))
		return name + " in " + file
	}}
}

// pickLine replaces one random line that matches by what f makes of it.
func pickLine(re string, f func(r *rand.Rand, line string) string) func(*rand.Rand, string) string {
	match := regexp.MustCompile(re)
	return func(r *rand.Rand, text string) string {
		lines := strings.SplitAfter(text, "\n")
		var at []int
		for i, l := range lines {
			if match.MatchString(l) {
				at = append(at, i)
			}
		}
		if len(at) == 0 {
			return text
		}
		i := at[r.IntN(len(at))]
		lines[i] = f(r, lines[i])
		return strings.Join(lines, "")
	}
}

func removed(*rand.Rand, string) string { return "" }

func replaced(old, new string) func(*rand.Rand, string) string {
	return func(_ *rand.Rand, line string) string { return strings.Replace(line, old, new, 1) }
}

func appended(text string) func(*rand.Rand, string) string {
	return func(_ *rand.Rand, old string) string { return old + text }
}

// otherVersion moves the version of a go.mod or modules.txt line up or down.
func otherVersion(r *rand.Rand, line string) string {
	for _, v := range [][2]string{{"v1.1.0", "v1.0.0"}, {"v1.1.0", "v1.2.0"}, {"v1.0.0", "v1.1.0"}} {
		if r.IntN(2) == 0 && strings.Contains(line, " "+v[0]) && (v[1] != "v1.2.0" || strings.Contains(line, "/deep ") || strings.Contains(line, "/shared ")) {
			return strings.Replace(line, " "+v[0], " "+v[1], 1)
		}
	}
	return line
}

const requireRE = `^\t?(require )?example\.com/\S+ v1\.\S+( //.*)?\n`

var driftKinds = []driftKind{
	// What undoes a pin.
	inFile("version of a pin down", "go.mod", pickLine(`^\texample\.com/(shared|deep|parent/nested) v1\.1\.0`, replaced("v1.1.0", "v1.0.0"))),
	inFile("version of a pin up", "go.mod", pickLine(`^\texample\.com/(shared|deep) v1\.1\.0`, replaced("v1.1.0", "v1.2.0"))),
	inFile("version with its mark taken off", "go.mod", pickLine(`^\texample\.com/(shared|deep) v1\.1\.0`, func(*rand.Rand, string) string { return "\texample.com/shared v1.2.0\n" })),
	inFile("some version", "go.mod", pickLine(requireRE, otherVersion)),
	inFile("requirement of a pin removed", "go.mod", pickLine(`^\texample\.com/(shared|deep|parent/nested|linux) `, removed)),
	inFile("requirement removed", "go.mod", pickLine(requireRE, removed)),
	inFile("replace of a pin added", "go.mod", appended("\nreplace example.com/shared => example.com/shared v1.0.0\n")),
	inFile("replace of a version added", "go.mod", appended("\nreplace example.com/deep v1.1.0 => example.com/deep v1.2.0\n")),
	inFile("replace changed", "go.mod", pickLine(`=> example\.com/fork v1\.5\.0`, replaced("v1.5.0", "v1.6.0"))),
	inFile("replace removed", "go.mod", pickLine(`=> example\.com/fork v1\.5\.0`, removed)),
	inFile("exclude of a pin added", "go.mod", appended("\nexclude example.com/shared v1.1.0\n")),
	inFile("mark removed", "go.mod", pickLine(`// pinfix`, func(_ *rand.Rand, l string) string { return l[:strings.Index(l, " //")] + "\n" })),
	inFile("mark changed", "go.mod", pickLine(`(shared|deep) .*// pinfix v1\.0\.0 -> `, replaced("v1.0.0 -> ", "v1.2.0 -> "))),
	inFile("// indirect added", "go.mod", pickLine(`^\texample\.com/\S+ v1\S+\n`, replaced("\n", " // indirect\n"))),
	inFile("// indirect removed", "go.mod", pickLine(`// indirect\n`, replaced(" // indirect", ""))),
	inFile("go line up", "go.mod", pickLine(`^go 1`, func(*rand.Rand, string) string { return "go 1.99\n" })),
	inFile("go line down", "go.mod", pickLine(`^go 1`, func(r *rand.Rand, l string) string {
		if strings.HasPrefix(l, "go 1.16") {
			return l // the form of go.mod changes with it
		}
		return []string{"go 1.20\n", "go 1.19\n", "go 1.21.0\n"}[r.IntN(3)]
	})),
	inFile("toolchain added", "go.mod", pickLine(`^go 1`, replaced("\n", "\n\ntoolchain go1.99.0\n"))),
	inFile("toolchain added that is old", "go.mod", pickLine(`^go 1`, replaced("\n", "\n\ntoolchain go1.21.0\n"))),
	inFile("blank import removed", "main.go", pickLine(`^\t_ .*// pinfix`, removed)),
	inFile("mark of a blank import removed", "main.go", pickLine(`^\t_ .*// pinfix`, replaced(" // pinfix", ""))),
	inFile("blank import of something else", "main.go", pickLine(`^\t_ .*// pinfix`, replaced("example.com/deep", "example.com/shared"))),
	inFile("blank import added", "main.go", pickLine(`^\t"fmt"\n`, replaced("\n", "\n\t_ \"example.com/shared\" // pinfix\n"))),
	inFile("imports sorted together", "main.go", func(_ *rand.Rand, s string) string { return strings.Replace(s, "\n\n\t_ ", "\n\t_ ", 1) }),
	inFile("import of a module that is not required", "main.go", pickLine(`^\t"fmt"\n`, replaced("\n", "\n\t_ \"example.com/other\"\n"))),
	inFile("import removed", "main.go", func(_ *rand.Rand, s string) string {
		return strings.Replace(strings.Replace(s, "\t\"example.com/only\"\n", "", 1), "only.Name, ", "", 1)
	}),
	inFile("import of the server's own", "main.go", pickLine(`^\t"fmt"\n`, replaced("\n", "\n\t_ \"example.com/server\"\n"))),
	inFile("import of a package of the server's", "main.go", pickLine(`^\t"fmt"\n`, replaced("\n", "\n\t_ \"example.com/server/api\"\n"))),
	inFile("use removed", "go.work", pickLine(`server$`, removed)),
	inFile("use of something else", "go.work", pickLine(`server$`, replaced("/server", "/nowhere"))),
	{"go.work removed", func(t *testing.T, dir string, _ *rand.Rand) string {
		if os.Remove(filepath.Join(dir, "go.work")) != nil {
			return ""
		}
		return "go.work removed"
	}},
	inFile("other sum", "go.sum", pickLine(`^example\.com/(shared|deep|parent/nested) v1\.1\.0 h1:`, func(_ *rand.Rand, l string) string {
		i := strings.Index(l, "h1:")
		return l[:i+3] + strings.Repeat("A", 43) + "=\n"
	})),
	inFile("sum removed", "go.sum", pickLine(`^example\.com/(shared|deep|only) v1\.\d\.0 h1:`, removed)),
	inFile("sum of a go.mod removed", "go.sum", pickLine(`^example\.com/(shared|deep|only) v1\.\d\.0/go\.mod`, removed)),
	inFile("sum malformed", "go.sum", appended("example.com/what\n")),
	{"go.sum removed", func(t *testing.T, dir string, _ *rand.Rand) string {
		return "go.sum removed" + fmt.Sprint(os.Remove(filepath.Join(dir, "go.sum")))
	}},
	inFile("version of a module", "vendor/modules.txt", pickLine(`^# example\.com`, otherVersion)),
	inFile("explicit removed", "vendor/modules.txt", pickLine(`^## explicit; go`, replaced("explicit; ", ""))),
	inFile("package removed", "vendor/modules.txt", pickLine(`^example\.com`, removed)),
	inFile("package added", "vendor/modules.txt", appended("example.com/what\n")),
	inFile("module removed", "vendor/modules.txt", func(r *rand.Rand, s string) string {
		entries := strings.SplitAfter(s, "\n# ")
		i := r.IntN(len(entries))
		return strings.Join(append(entries[:i:i], entries[i+1:]...), "")
	}),
	inFile("replace removed", "vendor/modules.txt", pickLine(`=>`, removed)),
	inFile("line of no one's", "vendor/modules.txt", appended("# what is this\n")),
	inFile("go line of a module", "vendor/modules.txt", pickLine(`^## explicit; go`, replaced("1.20", "1.19"))),
	{"a vendored package removed", func(t *testing.T, dir string, r *rand.Rand) string {
		return removeOne(t, dir, r, "vendor/example.com/*")
	}},
	{"a vendored file removed", func(t *testing.T, dir string, r *rand.Rand) string {
		return removeOne(t, dir, r, "vendor/example.com/*/*.go")
	}},
	{"vendored package of no one's", func(t *testing.T, dir string, _ *rand.Rand) string {
		if _, err := os.Stat(filepath.Join(dir, "vendor")); err != nil {
			return ""
		}
		writeFile(t, filepath.Join(dir, "vendor/example.com/what/what.go"), []byte("package what\n"))
		return "vendored package of no one's"
	}},
	{"vendored file of no one's", func(t *testing.T, dir string, _ *rand.Rand) string {
		if _, err := os.Stat(filepath.Join(dir, "vendor")); err != nil {
			return ""
		}
		writeFile(t, filepath.Join(dir, "vendor/example.com/shared/what.go"), []byte("package shared\n"))
		return "vendored file of no one's"
	}},
	inFile("vendored file edited", "vendor/example.com/shared/shared.go", appended("\nvar More int\n")),
	{"vendor/ removed", func(t *testing.T, dir string, _ *rand.Rand) string {
		return "vendor/ removed" + fmt.Sprint(os.RemoveAll(filepath.Join(dir, "vendor")))
	}},
	{"another plugin", func(t *testing.T, dir string, _ *rand.Rand) string {
		writeFile(t, filepath.Join(dir, "second/main.go"), []byte("package main\n\nimport \"example.com/shared\"\n\nvar Second = shared.Name\n\nfunc main() {}\n"))
		return "another plugin"
	}},
	{"a blank import of pinfix's in a program", func(t *testing.T, dir string, _ *rand.Rand) string {
		writeFile(t, filepath.Join(dir, "second/main.go"), []byte("package main\n\nimport _ \"example.com/deep\" // pinfix\n\nfunc main() { println() }\n"))
		return "a blank import of pinfix's in a program"
	}},

	// What undoes nothing.
	{"a program", func(t *testing.T, dir string, _ *rand.Rand) string {
		writeFile(t, filepath.Join(dir, "second/main.go"), []byte("package main\n\nimport \"example.com/shared\"\n\nfunc main() { println(shared.Name) }\n"))
		return "a program"
	}},
	inFile("comment", "go.mod", pickLine(`^module`, replaced("\n", " // the plugin\n"))),
	inFile("spacing", "go.mod", pickLine(`^\texample\.com`, replaced("\t", "\t\t"))),
	inFile("code", "main.go", appended("\nvar answer = 42\n")),
	inFile("another file", "lib/lib.go", appended("\nvar answer = 42\n")),
	{"new package", func(t *testing.T, dir string, _ *rand.Rand) string {
		writeFile(t, filepath.Join(dir, "tool/tool.go"), []byte("//go:build ignore\n\npackage main\n\nimport _ \"example.com/nobody\"\n\nfunc main() {}\n"))
		return "new package with the tag ignore"
	}},
	{"nested module", func(t *testing.T, dir string, _ *rand.Rand) string {
		writeFile(t, filepath.Join(dir, "inner/go.mod"), []byte("module example.com/inner\n"))
		writeFile(t, filepath.Join(dir, "inner/main.go"), []byte("package main\n\nimport _ \"example.com/nobody\"\n\nfunc main() {}\n"))
		return "nested module"
	}},
}

// removeOne removes one random file or directory.
func removeOne(t *testing.T, dir string, r *rand.Rand, pattern string) string {
	list, err := fs.Glob(os.DirFS(dir), pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		return ""
	}
	name := list[r.IntN(len(list))]
	if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	return "removed " + name
}
