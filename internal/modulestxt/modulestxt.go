// Package modulestxt reads vendor/modules.txt. The go command writes that file
// (cmd/go/internal/modcmd, vendor.go) and skips what it does not know when it reads it
// (cmd/go/internal/modload, vendor.go). [Parse] answers both questions: what the go
// command takes from a file, and whether go mod vendor can have written it.
package modulestxt

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/modpath"
)

// Name is the file's path in a module.
const Name = "vendor/modules.txt"

// A File is the modules of a modules.txt, in its order and each path once. The replace
// lines of go.mod that no module is taken by, which come last, are not among them.
type File struct{ Modules []Module }

// A Module is one entry: "# path version" or "# path version => path [version]", then
// "## explicit; go 1.17", then its packages.
type Module struct {
	module.Version                // as the build list selects it
	Replace        module.Version // what replaces it; zero for nothing
	Line           int
	Explicit       bool   // go.mod requires it
	Go             string // the go line of its go.mod; "" for none
	Packages       []Package
}

// A Package is one package line.
type Package struct {
	Path string
	Line int
}

// An Error is a line that go mod vendor does not write.
type Error struct {
	Line int
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %v", Name, e.Line, e.Err) }

// Unwrap returns the error without its place.
func (e *Error) Unwrap() error { return e.Err }

// Parse reads the text of a modules.txt. It always returns a File, with what the go command
// takes from the text, and of a path that is there twice the first entry. The error is the
// [*Error] of the first line that go mod vendor does not write, or nil.
func Parse(text []byte) (*File, error) {
	p := parser{file: &File{}, seen: map[string]bool{}, pkgs: map[string]bool{}}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		var err error
		switch {
		case strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, "## "):
			err = p.note(line)
		case strings.HasPrefix(line, "# "):
			p.end()
			err = p.begin(strings.Fields(line)[1:], n)
		default:
			err = p.pkg(strings.TrimSpace(line), n)
		}
		if err != nil && p.err == nil {
			p.err = &Error{n, err}
		}
	}
	p.end()
	if p.err != nil {
		return p.file, p.err
	}
	return p.file, nil
}

type parser struct {
	file *File
	seen map[string]bool // paths of file's modules
	pkgs map[string]bool // and of their packages
	err  *Error

	now   Module // the entry that is being read
	valid bool   // now is one
}

// begin starts the entry of a module line, given its words. A line "path => path [version]"
// replaces whatever version there is, and has no packages.
func (p *parser) begin(f []string, line int) error {
	p.now, p.valid = Module{Line: line}, false
	if len(f) < 2 {
		return errors.New("a module without a version")
	}
	path, version, replace := f[0], "", f[1:]
	if f[1] != "=>" {
		version, replace = f[1], f[2:]
	}
	switch {
	case module.CheckImportPath(path) != nil:
		return module.CheckImportPath(path)
	case version != "" && !semver.IsValid(version):
		return fmt.Errorf("the version %q of %s", version, path)
	}
	p.now.Version, p.valid = module.Version{Path: path, Version: version}, version != ""
	switch {
	case len(replace) == 0:
	case replace[0] == "=>" && len(replace) == 2:
		p.now.Replace.Path = replace[1]
	case replace[0] == "=>" && len(replace) == 3:
		p.now.Replace = module.Version{Path: replace[1], Version: replace[2]}
	default:
		return fmt.Errorf("unexpected %q", strings.Join(replace, " "))
	}
	if module.CanonicalVersion(version) != version {
		return fmt.Errorf("the version %q of %s", version, path)
	}
	return nil
}

// note reads "## explicit; go 1.17". The go command ignores notes that it does not know.
func (p *parser) note(line string) error {
	for note := range strings.SplitSeq(strings.TrimPrefix(line, "## "), ";") {
		note = strings.TrimSpace(note)
		switch v, isGo := strings.CutPrefix(note, "go "); {
		case note == "workspace":
			return errors.New("this vendor/ is of a go.work (go work vendor), not of one module")
		case note == "explicit":
			p.now.Explicit = true
			if p.seen[p.now.Path] {
				return fmt.Errorf("module %s is there twice", p.now.Path)
			}
		case isGo:
			p.now.Go = v
		}
	}
	return nil
}

func (p *parser) pkg(path string, line int) error {
	if err := module.CheckImportPath(path); err != nil {
		return err
	}
	switch {
	case !p.valid:
		return fmt.Errorf("package %s is below no module", path)
	case !modpath.In(path, p.now.Path):
		return fmt.Errorf("package %s is not in module %s", path, p.now.Path)
	case p.seen[p.now.Path]:
		return fmt.Errorf("module %s is there twice", p.now.Path)
	}
	p.now.Packages = append(p.now.Packages, Package{path, line})
	if p.pkgs[path] {
		return fmt.Errorf("package %s is there twice", path)
	}
	p.pkgs[path] = true
	return nil
}

// end adds the entry that was read to the file. One that has a replacement and neither
// packages nor a requirement is a replace line that is not in use.
func (p *parser) end() {
	m := p.now
	if !p.valid || p.seen[m.Path] || len(m.Packages) == 0 && !m.Explicit && m.Replace.Path != "" {
		return
	}
	p.seen[m.Path] = true
	p.file.Modules = append(p.file.Modules, m)
}

// Taken returns the module's version and what replaces it, as they follow the path in the
// file: "v1.0.0 => ../fork".
func (m *Module) Taken() string {
	if m.Replace.Path == "" {
		return m.Version.Version
	}
	return strings.TrimRight(m.Version.Version+" => "+m.Replace.Path+" "+m.Replace.Version, " ")
}

// Versions returns the module of each package. Of a package that is there twice it is the
// last one, as for the go command.
func (f *File) Versions() map[string]module.Version {
	out := map[string]module.Version{}
	for _, m := range f.Modules {
		for _, p := range m.Packages {
			out[p.Path] = m.Version
		}
	}
	return out
}
