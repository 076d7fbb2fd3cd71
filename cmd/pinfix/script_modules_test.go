package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// modulesFile is the file of a script that lists small modules, one a line. What
// it says is written as go.mod and one Go file each, before the script begins.
//
//	MODULE VERSION, go 1.20, REQUIRED VERSION, …: CODE
//	DIR, go 1.22, REQUIRED VERSION, …: CODE
//
// The first form is a module of the proxy; the second, without a version, a main
// module in DIR. A path without a dot is below example.com. What CODE selects from
// (x.Name) of what is required is imported; a main module without CODE imports all
// that it requires, as the servers do. Lines that begin with a tab go on with the
// code. Other items are "toolchain go1.x", "PATH => PATH VERSION" or "PATH => DIR"
// for a replace, "import PATH", which replaces the imports that are found, and
// "package SUBDIR" for where the code is, "package ." for a directory that is not a
// program.
const modulesFile = "modules"

// writeModules writes the modules that dir's modules file lists, if it has one.
func writeModules(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, modulesFile))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	files, err := modulesOf(string(data))
	if err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(dir, f.Name)
		if _, err := os.Stat(name); err == nil {
			return fmt.Errorf("%s is a file of the script, and of its %s", f.Name, modulesFile)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			return err
		}
	}
	return os.Remove(filepath.Join(dir, modulesFile))
}

// modulesOf returns the files that the text of a modules file describes.
func modulesOf(text string) ([]txtar.File, error) {
	var entries []string
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "\t") && len(entries) > 0:
			entries[len(entries)-1] += line
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		default:
			entries = append(entries, line)
		}
	}
	var files []txtar.File
	for _, e := range entries {
		m, err := parseModule(e)
		if err != nil {
			return nil, err
		}
		files = append(files, m.files()...)
	}
	return files, nil
}

// A smallModule is one entry of a modules file.
type smallModule struct {
	path, version   string // version is "" for a main module
	dir             string // of a main module
	goLine, chain   string
	needs, replaces []string // lines of go.mod
	required        []string // their paths
	imports         []string // nil: those that code selects from
	pkg             string   // the directory of code in the module; "." is its top
	code            []string
}

func parseModule(entry string) (*smallModule, error) {
	lines := strings.Split(strings.TrimSuffix(entry, "\n"), "\n")
	head, first, _ := strings.Cut(lines[0], ":")
	m := &smallModule{}
	if first = strings.TrimPrefix(first, " "); first != "" {
		m.code = append(m.code, first)
	}
	for _, l := range lines[1:] {
		m.code = append(m.code, l[1:])
	}
	items := strings.Split(head, ", ")
	name, version, _ := strings.Cut(items[0], " ")
	m.path, m.version, m.dir = fullPath(name), version, name
	for _, item := range items[1:] {
		f := strings.Fields(item)
		switch {
		case len(f) == 2 && f[0] == "go":
			m.goLine = f[1]
		case len(f) == 2 && f[0] == "toolchain":
			m.chain = f[1]
		case len(f) == 2 && f[0] == "package":
			m.pkg = f[1]
		case len(f) == 2 && f[0] == "import":
			m.imports = append(m.imports, fullPath(f[1]))
		case len(f) >= 3 && f[1] == "=>":
			f[0] = fullPath(f[0])
			if len(f) > 3 {
				f[2] = fullPath(f[2])
			}
			m.replaces = append(m.replaces, strings.Join(f, " "))
		case len(f) == 2 && strings.HasPrefix(f[1], "v"):
			m.required = append(m.required, fullPath(f[0]))
			m.needs = append(m.needs, fullPath(f[0])+" "+f[1])
		default:
			return nil, fmt.Errorf("%s: what is %q?", modulesFile, item)
		}
	}
	return m, nil
}

func fullPath(p string) string {
	if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") {
		return p
	}
	return "example.com/" + p
}

var majorVersion = regexp.MustCompile(`/v[0-9]+$`)

// packageName is that of the package at the top of a module.
func packageName(p string) string { return path.Base(majorVersion.ReplaceAllString(p, "")) }

func (m *smallModule) files() []txtar.File {
	dir := m.dir
	if m.version != "" {
		dir = ".gomodproxy/" + strings.ReplaceAll(m.path, "/", "_") + "_" + m.version
	}
	pkg, file := packageName(m.path), packageName(m.path)+".go"
	switch {
	case m.pkg != "" && m.pkg != ".":
		pkg = path.Base(m.pkg)
		file = m.pkg + "/" + pkg + ".go"
	case m.version == "" && m.pkg == "" && len(m.code) == 0:
		pkg, file = "main", "deps.go"
	case m.version == "" && m.pkg == "":
		pkg, file = "main", "main.go"
	}
	return []txtar.File{{Name: dir + "/go.mod", Data: []byte(m.goMod())}, {Name: dir + "/" + file, Data: []byte(m.source(pkg))}}
}

func (m *smallModule) goMod() string {
	text := "module " + m.path + "\n"
	if m.goLine != "" {
		text += "\ngo " + m.goLine + "\n"
	}
	if m.chain != "" {
		text += "\ntoolchain " + m.chain + "\n"
	}
	return text + inBlock("require", m.needs) + inBlock("replace", m.replaces)
}

// inBlock writes a directive or an import as gofmt has it, after an empty line.
func inBlock(word string, lines []string) string {
	switch len(lines) {
	case 0:
		return ""
	case 1:
		return "\n" + word + " " + lines[0] + "\n"
	}
	return "\n" + word + " (\n\t" + strings.Join(lines, "\n\t") + "\n)\n"
}

var declaration = regexp.MustCompile(`^(const|var|func|type|import|//)`)

func (m *smallModule) source(pkg string) string {
	code := ""
	for i, l := range m.code {
		if i > 0 && declaration.MatchString(l) && !strings.HasPrefix(m.code[i-1], "//") {
			code += "\n"
		}
		code += l + "\n"
	}
	quote, imports := `"`, m.imports
	if pkg == "main" && code == "" {
		quote = `_ "`
	}
	for _, p := range m.required {
		if m.imports == nil && (quote != `"` || regexp.MustCompile(`\b`+regexp.QuoteMeta(packageName(p))+`\.[A-Z]`).MatchString(code)) {
			imports = append(imports, p)
		}
	}
	for i, p := range imports {
		imports[i] = quote + p + `"`
	}
	text := "package " + pkg + "\n" + inBlock("import", imports)
	if code != "" {
		text += "\n" + code
		if pkg == "main" {
			text += "\nfunc main() {}\n"
		}
	}
	return text
}

func TestModulesFile(t *testing.T) {
	files, err := modulesOf(`server, go 1.22, shared v1.0.0
plugin, go 1.22, a v1.0.0, shared => fork v1.5.0: func Hello() string { return a.Name }
shared v1.0.0: const Name = "shared v1.0.0"
	func New() string { return Name }
nested v1.0.0, package p/q: const Name = "q"
a v1.0.0, go 1.20, shared v1.0.0, gopkg.in/b.v2 v2.0.0: var Name = "a on " + shared.Name
`)
	if err != nil {
		t.Fatal(err)
	}
	want := `-- server/go.mod --
module example.com/server

go 1.22

require example.com/shared v1.0.0
-- server/deps.go --
package main

import _ "example.com/shared"
-- plugin/go.mod --
module example.com/plugin

go 1.22

require example.com/a v1.0.0

replace example.com/shared => example.com/fork v1.5.0
-- plugin/main.go --
package main

import "example.com/a"

func Hello() string { return a.Name }

func main() {}
-- .gomodproxy/example.com_shared_v1.0.0/go.mod --
module example.com/shared
-- .gomodproxy/example.com_shared_v1.0.0/shared.go --
package shared

const Name = "shared v1.0.0"

func New() string { return Name }
-- .gomodproxy/example.com_nested_v1.0.0/go.mod --
module example.com/nested
-- .gomodproxy/example.com_nested_v1.0.0/p/q/q.go --
package q

const Name = "q"
-- .gomodproxy/example.com_a_v1.0.0/go.mod --
module example.com/a

go 1.20

require (
	example.com/shared v1.0.0
	gopkg.in/b.v2 v2.0.0
)
-- .gomodproxy/example.com_a_v1.0.0/a.go --
package a

import "example.com/shared"

var Name = "a on " + shared.Name
`
	if d := cmp.Diff(want, string(txtar.Format(&txtar.Archive{Files: files}))); d != "" {
		t.Error(d)
	}
	if _, err := modulesOf("a v1.0.0, what is this\n"); err == nil {
		t.Error("a line that says nothing is taken")
	}
}
