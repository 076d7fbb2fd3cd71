package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/pinfix/pinfix/"

// mayImport is the map of the house: who may import whom. A package that is not
// here may not exist; CONTRIBUTING.md has the map in words.
var mayImport = map[string][]string{
	"cmd/pinfix":           {"internal/again", "internal/bounded", "internal/build", "internal/config", "internal/drift", "internal/fault", "internal/flow", "internal/gocmd", "internal/manual", "internal/meter", "internal/page", "internal/pattern", "internal/place", "internal/plugin", "internal/reference", "internal/report", "internal/shell", "internal/suggest", "internal/terminal", "internal/toolexec", "internal/vars", "internal/wants"},
	"internal/flow":        {"internal/bounded", "internal/build", "internal/buildctx", "internal/change", "internal/commit", "internal/drift", "internal/edit", "internal/explain", "internal/fault", "internal/fetch", "internal/git", "internal/gocmd", "internal/hook", "internal/importgraph", "internal/kept", "internal/modcache", "internal/outlook", "internal/parallel", "internal/place", "internal/plugin", "internal/prove", "internal/reference", "internal/report", "internal/shell", "internal/stage", "internal/target", "internal/vars", "internal/vendordir", "internal/verify", "internal/wants", "internal/workspace", "pinner"},
	"internal/toolexec":    {},
	"internal/target":      {"internal/bounded", "internal/image", "internal/pkghash", "internal/shell", "internal/source", "internal/srcdir", "internal/syntax", "pinner", "internal/fault"},
	"internal/image":       {"internal/bounded", "internal/fault", "internal/kept", "internal/layers", "internal/pattern", "internal/registry"},
	"internal/layers":      {"internal/bounded", "internal/fault"},
	"internal/registry":    {"internal/bounded", "internal/fault"},
	"internal/srcdir":      {"pinner"},
	"internal/kept":        {"internal/bounded", "internal/vars"},
	"internal/imagetest":   {}, // for tests: no one may import it
	"internal/tier":        {}, // for tests: no program may import it
	"internal/source":      {"internal/bounded", "internal/gocmd", "internal/meter", "internal/scratch", "pinner", "internal/fault", "internal/modulestxt"},
	"internal/config":      {"internal/suggest", "internal/pattern", "internal/syntax", "internal/fault"},
	"internal/suggest":     {},
	"internal/recipe":      {"internal/buildctx", "internal/modcache", "internal/pattern", "internal/place", "internal/shell", "internal/toolexec", "internal/vars", "internal/workspace", "pinner"},
	"internal/stage":       {"internal/bounded", "internal/fetch", "internal/gocmd", "internal/importgraph", "internal/kept", "internal/meter", "internal/modcache", "internal/modpath", "internal/modulestxt", "internal/pattern", "internal/scratch", "pinner"},
	"internal/scratch":     {"internal/pattern"},
	"internal/check":       {"internal/look", "internal/modpath", "internal/modulestxt", "pinner"},
	"internal/look":        {"astimports", "internal/bounded", "internal/buildctx", "internal/importgraph", "internal/mains", "internal/modcache", "internal/modpath", "internal/parallel", "internal/syntax", "pinner"},
	"internal/buildctx":    {"pinner"},
	"internal/git":         {"internal/bounded", "internal/vars", "internal/fault"},
	"internal/hook":        {"internal/mains", "internal/pattern", "internal/shell"},
	"internal/commit":      {"internal/change"},
	"internal/report":      {"internal/pattern", "internal/shell"},
	"internal/page":        {"internal/report"},
	"internal/pkghash":     {"internal/bounded", "internal/objfile", "pinner"},
	"internal/objfile":     {},
	"internal/gocmd":       {"internal/bounded", "internal/kept", "internal/meter", "internal/pattern", "internal/vars", "internal/fault"},
	"internal/modcache":    {"internal/bounded", "pinner"},
	"internal/solve":       {"internal/conflict", "internal/typecheck", "pinner"},
	"internal/typecheck":   {"internal/blame", "internal/bounded", "internal/kept", "internal/meter", "internal/reach"},
	"internal/meter":       {},
	"internal/loopvar":     {},
	"internal/syntax":      {},
	"internal/bounded":     {"internal/fault"},
	"internal/fault":       {}, // an error and its next step; pure
	"internal/modulestxt":  {"internal/modpath"},
	"internal/modpath":     {}, // which module a package may come from; pure
	"internal/again":       {}, // it runs before the packages that it does not import are ready
	"internal/mains":       {"internal/bounded"},
	"internal/vars":        {},
	"internal/shell":       {},
	"internal/pattern":     {},
	"internal/verify":      {"internal/buildctx", "internal/ccompiler", "internal/libc", "internal/recipe", "internal/shell", "pinner", "internal/fault", "internal/modpath"},
	"internal/ccompiler":   {"internal/gocmd", "internal/target", "internal/vars", "pinner"}, // which C compiler; pure
	"internal/libc":        {},                                                               // what musl exports; pure
	"internal/explain":     {"internal/buildctx", "internal/ccompiler", "internal/libc", "internal/recipe", "internal/verify", "pinner", "internal/pattern", "internal/fault", "internal/modpath"},
	"internal/change":      {},
	"pinner":               {"internal/pattern", "internal/fault", "internal/modpath"},
	"astimports":           {},
	"internal/align":       {"internal/advice", "internal/bounded", "internal/compiles", "internal/conflict", "internal/fault", "internal/fetch", "internal/gocmd", "internal/importgraph", "internal/modpath", "internal/pattern", "internal/plugin", "internal/reference", "internal/report", "internal/solve", "internal/stage", "internal/toolchain", "internal/typecheck", "internal/vendordir", "internal/wants", "internal/workspace", "pinner"},
	"internal/edit":        {"internal/align", "internal/bounded", "internal/ccompiler", "internal/change", "internal/commit", "internal/compiles", "internal/fault", "internal/importgraph", "internal/loopvar", "internal/pattern", "internal/place", "internal/plugin", "internal/recipe", "internal/reference", "internal/report", "internal/shell", "internal/target", "internal/toolchain", "internal/typecheck", "internal/vendordir", "internal/workspace", "pinner"},
	"internal/place":       {"internal/bounded", "internal/git", "internal/shell"},
	"internal/prove":       {"internal/fault", "internal/report", "internal/target", "internal/verify", "pinner"},
	"internal/outlook":     {"internal/align", "internal/conflict", "internal/edit", "internal/fault", "internal/importgraph", "internal/kept", "internal/look", "internal/modcache", "internal/modpath", "internal/place", "internal/plugin", "internal/reference", "internal/report", "internal/stage", "internal/syntax", "internal/toolchain", "internal/wants", "internal/workspace", "pinner"},
	"internal/parallel":    {"internal/bounded"},
	"internal/workspace":   {"internal/bounded", "internal/fault", "internal/git", "internal/gocmd", "internal/pattern", "internal/place", "internal/plugin", "internal/stage", "internal/vars", "pinner"},
	"internal/plugin":      {"internal/bounded", "internal/buildctx", "internal/fault", "internal/importgraph", "internal/mains", "internal/place", "internal/shell", "internal/syntax", "pinner", "internal/modpath"},
	"internal/vendordir":   {"internal/bounded", "internal/change", "internal/commit", "internal/fault", "internal/git", "internal/modulestxt", "internal/plugin", "internal/report", "internal/stage", "internal/modpath"},
	"internal/reference":   {"internal/bounded", "internal/fault", "internal/gocmd", "internal/mains", "internal/meter", "internal/modpath", "internal/parallel", "internal/place", "internal/plugin", "internal/report", "internal/shell", "internal/target", "internal/vars", "pinner", "internal/pattern"},
	"internal/drift":       {"internal/bounded", "internal/buildctx", "internal/check", "internal/commit", "internal/edit", "internal/fault", "internal/git", "internal/importgraph", "internal/look", "internal/mains", "internal/modcache", "internal/modpath", "internal/modulestxt", "internal/place", "internal/plugin", "internal/reference", "internal/report", "internal/shell", "internal/syntax", "internal/target", "internal/wants", "internal/workspace", "pinner"},
	"internal/importgraph": {"astimports", "internal/bounded", "internal/fault", "internal/mains", "internal/pattern", "pinner"},
	"internal/build":       {"internal/bounded", "internal/buildctx", "internal/ccompiler", "internal/commit", "internal/compiles", "internal/fault", "internal/gocmd", "internal/importgraph", "internal/look", "internal/modcache", "internal/modpath", "internal/modulestxt", "internal/outlook", "internal/parallel", "internal/place", "internal/plugin", "internal/prove", "internal/recipe", "internal/reference", "internal/report", "internal/stage", "internal/target", "internal/toolexec", "internal/vars", "internal/verify", "internal/wants", "internal/workspace", "pinner"},
	"internal/reach":       {},
	"internal/wants":       {"astimports", "internal/bounded", "internal/buildctx", "internal/fault", "internal/importgraph", "internal/kept", "internal/look", "internal/modcache", "internal/modpath", "internal/place", "internal/plugin", "internal/recipe", "internal/reference", "internal/shell", "internal/target", "internal/vars", "internal/vendordir", "internal/workspace", "pinner"},
	"internal/compiles":    {"internal/bounded", "internal/importgraph", "internal/modpath", "internal/place", "internal/plugin", "internal/report", "internal/stage", "internal/syntax", "internal/typecheck", "internal/wants", "pinner"},
	"internal/toolchain":   {"internal/ccompiler", "internal/gocmd", "internal/recipe", "internal/wants", "pinner"},
	"internal/fetch":       {"internal/bounded", "internal/gocmd", "internal/meter", "internal/modcache", "internal/scratch", "pinner"},
	"internal/blame":       {},
	"internal/advice":      {"internal/bounded", "internal/fault", "internal/fetch", "internal/gocmd", "internal/importgraph", "internal/modpath", "internal/place", "internal/stage", "internal/vendordir", "internal/wants", "pinner"},
	"internal/terminal":    {"internal/meter", "internal/report"},
	"internal/manual":      {"internal/reference", "internal/suggest"},
	"internal/conflict":    {"internal/modpath", "internal/typecheck", "pinner"},
}

// only says which packages may do what others may not.
var only = []struct {
	what    string
	pattern *regexp.Regexp
	in      []string
}{
	{"exit", regexp.MustCompile(`os\.Exit\(|log\.Fatal`), []string{"cmd/pinfix/main.go", "internal/again/first.go"}},
	{"start a program", regexp.MustCompile(`exec\.Command`), []string{"internal/gocmd/", "internal/git/"}},
	{"change the process", regexp.MustCompile(`os\.(Chdir|Setenv|Unsetenv)\(`), nil},
	{"compile an expression, or hold one, but as a pattern", regexp.MustCompile(`(?m)^(var )?\s*\w+ *= regexp\.MustCompile\(`), nil},
	// Facts travel in fields, and become sentences at the end.
	{"find out a fact from pinfix's own words", regexp.MustCompile(`strings\.(Cut|CutPrefix|CutSuffix|HasPrefix|HasSuffix|TrimPrefix|TrimSuffix|Contains|Index|Split|Replace|ReplaceAll)\([^()\n]*\.(Fix|Why|Reason|Warnings)\b|ContainsFunc\(\w+\.Warnings\b|\.(Fix|Why|Reason) [!=]= ("[^"]|fix[A-Z])`), nil},
	{"look for a next step but by package fault", regexp.MustCompile(`interface ?\{\s*NextStep\(\)`), []string{"internal/fault/"}},
	{"mark a text as safe markup", regexp.MustCompile(`template\.(CSS|HTML|HTMLAttr|JS|JSStr|Srcset|URL)\(|"text/template"`), []string{"internal/page/page.go"}},
	{"catch signals", regexp.MustCompile(`"os/signal"`), []string{"cmd/pinfix/interrupt.go"}},
	{"write files", regexp.MustCompile(`os\.(WriteFile|Create|CreateTemp|Mkdir|MkdirAll|MkdirTemp|Rename|Remove|RemoveAll|Chmod|Link|Symlink)\(`), []string{"internal/commit/", "internal/scratch/", "internal/stage/", "internal/fetch/", "internal/source/", "internal/image/", "internal/imagetest/", "internal/kept/", "internal/again/"}},
	// A pipe, a device or a socket makes a reader wait for ever: package bounded asks first
	// what it opens. The user may name a pipe to explain, and Ctrl-C ends that; commit
	// looks at each place by itself, in its journal's terms; imagetest is for tests.
	{"open a file but by package bounded", regexp.MustCompile(`os\.(Open|OpenFile|OpenInRoot|OpenRoot|ReadFile|DirFS|CopyFS)\(|[rR]oot\.(Open|OpenFile|ReadFile|FS)\(`), []string{"internal/bounded/", "cmd/pinfix/explain.go", "internal/commit/", "internal/imagetest/"}},
	{"touch the disk in a pure package", regexp.MustCompile(`"(os|os/exec|path/filepath|net/http)"`), []string{"cmd/", "internal/flow/", "internal/advice/", "internal/align/", "internal/compiles/", "internal/build/", "internal/drift/", "internal/edit/", "internal/importgraph/", "internal/outlook/", "internal/place/", "internal/plugin/", "internal/terminal/", "internal/recipe/", "internal/reference/", "internal/vendordir/", "internal/wants/", "internal/workspace/", "internal/target/", "internal/source/", "internal/scratch/", "internal/stage/", "internal/fetch/", "internal/commit/", "internal/gocmd/", "internal/pkghash/", "internal/modcache/", "internal/look/", "internal/git/", "internal/typecheck/", "internal/image/", "internal/registry/", "internal/imagetest/", "internal/bounded/", "internal/mains/", "internal/kept/", "internal/again/"}},
}

func TestHouse(t *testing.T) {
	used := map[string]bool{} // "from to"
	walkHouse(t, func(name, rel string) {
		if err := checkFile(t, name, rel, used); err != nil {
			t.Error(err)
		}
	})
	for from, list := range mayImport {
		for _, to := range list {
			if !used[from+" "+to] {
				t.Errorf("%s may import %s, and does not", from, to)
			}
		}
	}
}

// walkHouse calls f for every Go file but those of tests and test data, with its name
// and its path below the top.
func walkHouse(t *testing.T, f func(name, rel string)) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git" || d.Name() == "bin") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		f(name, filepath.ToSlash(rel))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkFile(t *testing.T, name, rel string, used map[string]bool) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
	if err != nil {
		return err
	}
	pkg := rel[:strings.LastIndexByte(rel, '/')]
	allowed, ok := mayImport[pkg]
	if !ok {
		t.Errorf("%s: package %s has no place in the house", rel, pkg)
	}
	if f.Name.Name == "main" && pkg != "cmd/pinfix" {
		t.Errorf("%s: package main: go install ./... would install another program", rel)
	}
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		p, own := strings.CutPrefix(path, module)
		used[pkg+" "+p] = true
		if own && !slices.Contains(allowed, p) {
			t.Errorf("%s: %s may not import %s", rel, pkg, p)
		}
	}
	for _, o := range only {
		if o.pattern.Match(src) && !slices.ContainsFunc(o.in, func(in string) bool { return strings.HasPrefix(rel, in) }) {
			t.Errorf("%s: may not %s", rel, o.what)
		}
	}
	return nil
}

var sleepRE = regexp.MustCompile(`\btime\.Sleep\(`)

// TestNoSleeping: no Go file and no command of a script waits for time to pass.
// What happens then on a slow machine is a failure, and on a fast one a waste:
// wait for the event, by a pipe, a channel or a connection. (A child of a test
// may sleep, to be one that does not end.)
func TestNoSleeping(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "bin") {
			return fs.SkipDir
		}
		ext := filepath.Ext(name)
		if d.IsDir() || ext != ".go" && ext != ".txtar" {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		n := 0
		for line := range strings.Lines(string(data)) {
			n++
			script := ext == ".txtar" && strings.HasPrefix(line, "exec ") && slices.Contains(strings.Fields(line), "sleep")
			if sleepRE.MatchString(line) || script {
				t.Errorf("%s:%d: sleeps", name, n)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
