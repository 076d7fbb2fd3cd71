package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A scale says how large a plugin is that [scale.write] makes up. It is pinned, vendored,
// and check reads its import graph where graph is set: a module that pinfix moved has no
// package that the plugin could import blank.
type scale struct {
	modules  int // required, and linked in both
	packages int // of each module
	files    int // of each package
	own      int // Go files of the plugin, ten in a directory
	graph    bool
}

const scaleSum = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// write makes the plugin in dir/plugin, the module cache that it was vendored from in
// dir/cache, and a snapshot of its server, dir/server.buildinfo.
func (s scale) write(tb testing.TB, dir string) {
	tb.Helper()
	var mod, sums, vendored, deps, pkgs, imports strings.Builder
	fmt.Fprintf(&pkgs, "pkg\tmain\t%016x\n", 1)
	for m := range s.modules {
		path := fmt.Sprintf("example.com/m%05d", m)
		mark := ""
		if m == 0 && s.graph {
			mark = " // pinfix v1.0.0 -> v1.1.0"
		}
		if m == 1 {
			mark = " // indirect" // by m0, and not by the plugin
			if s.graph {
				mark = " // indirect; pinfix v1.0.0 -> v1.1.0"
			}
		} else {
			fmt.Fprintf(&imports, "\t_ %q\n", path+"/p000")
		}
		fmt.Fprintf(&mod, "\t%s v1.1.0%s\n", path, mark)
		fmt.Fprintf(&sums, "%s v1.1.0 %s\n%[1]s v1.1.0/go.mod %[2]s\n", path, scaleSum)
		fmt.Fprintf(&vendored, "# %s v1.1.0\n## explicit; go 1.20\n", path)
		fmt.Fprintf(&deps, "\tdep\t%s\tv1.1.0\t%s\n", path, scaleSum)
		putFile(tb, filepath.Join(dir, "cache/cache/download", path, "@v/v1.1.0.mod"), "module "+path+"\n\ngo 1.20\n")
		for p := range s.packages {
			pkg := fmt.Sprintf("%s/p%03d", path, p)
			if m == 1 {
				pkg = fmt.Sprintf("%s/internal/p%03d", path, p) // none can be imported
			}
			fmt.Fprintf(&vendored, "%s\n", pkg)
			fmt.Fprintf(&pkgs, "pkg\t%s\t%016x\n", pkg, m*s.packages+p)
			for f := range s.files {
				text := fmt.Sprintf("package p%03d\n", p)
				if f == 0 && p+1 < s.packages {
					text += fmt.Sprintf("\nimport _ %q\n", strings.TrimSuffix(pkg, fmt.Sprintf("%03d", p))+fmt.Sprintf("%03d", p+1))
				}
				if f == 0 && p == 0 && m == 0 && s.modules > 1 {
					text += "\nimport _ \"example.com/m00001/internal/p000\"\n"
				}
				text += strings.Repeat("\n// What a function does, and why.\nfunc _() {}\n", 20)
				name := fmt.Sprintf("f%d.go", f)
				putFile(tb, filepath.Join(dir, "plugin/vendor", pkg, name), text)
				putFile(tb, filepath.Join(dir, "cache", path+"@v1.1.0", strings.TrimPrefix(pkg, path), name), text)
			}
		}
	}
	putFile(tb, filepath.Join(dir, "plugin/go.mod"), "module example.com/plugin\n\ngo 1.21\n\nrequire (\n"+mod.String()+")\n")
	putFile(tb, filepath.Join(dir, "plugin/go.sum"), sums.String())
	putFile(tb, filepath.Join(dir, "plugin/vendor/modules.txt"), vendored.String())
	main := "package main\n\nimport (\n" + imports.String()
	for n := range s.own {
		in := fmt.Sprintf("own%d", n/10)
		putFile(tb, filepath.Join(dir, "plugin", in, fmt.Sprintf("f%d.go", n)), "package "+in+"\n\nimport \"fmt\"\n"+strings.Repeat("\nfunc _() { fmt.Println() }\n", 20))
		if n%10 == 0 {
			main += fmt.Sprintf("\t_ \"example.com/plugin/%s\"\n", in)
		}
	}
	putFile(tb, filepath.Join(dir, "plugin/main.go"), main+")\n\nfunc main() {}\n")
	putFile(tb, filepath.Join(dir, "server.buildinfo"), "server: go1.23.5\n\tpath\texample.com/server\n\tmod\texample.com/server\t(devel)\t\n"+deps.String()+
		"\tbuild\t-buildmode=exe\n\tbuild\t-compiler=gc\n\tbuild\t-trimpath=true\n\tbuild\tCGO_ENABLED=1\n\tbuild\tGOARCH=amd64\n\tbuild\tGOOS=linux\n\tbuild\tGOAMD64=v1\n"+pkgs.String())
}

func putFile(tb testing.TB, name, text string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		tb.Fatal(err)
	}
}
