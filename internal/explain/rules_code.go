package explain

import (
	"strings"

	"github.com/pinfix/pinfix/internal/pattern"
)

// codeRules: the source of the plugin, and that of its dependencies.
var codeRules = []rule{
	{
		key: "requires exactly one main package", cause: UserCode,
		re:  pattern.New(`-buildmode=plugin requires exactly one main package`),
		why: "what is built is not package main, or more than one package",
		fix: "go build -buildmode=plugin ./DIR, with the one directory that holds package main",
	},
	{
		key: "use of internal package ", cause: UserCode,
		re:  pattern.New(posRE + `?use of internal package ` + pkgRE + ` not allowed`),
		why: "{pkg} may be imported by its own module only",
		fix: "import a public package instead of {pkg}",
	},
	{
		key: "is a program, not an importable package", cause: UserCode,
		re:  pattern.New(posRE + `?import "` + pkgRE + `" is a program, not an importable package`),
		why: "{pkg} is package main",
		fix: "move what the plugin needs of {pkg} into a package that can be imported",
	},
	{
		key: "import cycle not allowed", cause: UserCode,
		re:  pattern.New(`(?:imports ` + pkgRE + `(?: from \S+)?: )?import cycle not allowed`),
		why: "packages import each other in a circle", fix: "break the circle of imports that is shown",
	},
	{
		key: "function main is undeclared", cause: UserCode,
		re:  pattern.New(`function main is undeclared in the main package`),
		why: "package main needs a function main, in a plugin too", fix: "add to the plugin: func main() {}",
	},
	{
		key: "found packages ", cause: UserCode,
		re:  pattern.New(`(?:` + posRE + `|package \S+: )?found packages \S+ \(\S+\)(?: and|,) \S+ \(\S+\)[^"]*? in [^\s"]+`),
		why: "the files of one folder name different packages",
		fix: "move the files of the other package to a folder of their own, or name the file: go build -buildmode=plugin FILE.go",
	},
	{
		key: "no matching files found", cause: BuildContext,
		re:  pattern.New(posRE + `pattern (?P<pattern>\S+): no matching files found`),
		why: "//go:embed asks for {pattern}, which was not copied into the build",
		fix: "copy {pattern} into the build as well (COPY . . in a Dockerfile)",
	},
	{
		key: "no Go files in ", cause: BuildContext,
		re:  pattern.New(`(?:(?:package |imports )` + pkgRE + `: )?no (?:non-test )?Go files in (?P<dir>[^\s"]+)`),
		why: "there are no Go files in {dir}: they were not copied into the build, or the plugin is in another folder",
		fix: "go build -buildmode=plugin ./DIR, with the directory that holds package main",
	},
	{
		key: "directory not found", cause: BuildContext,
		re:  pattern.New(`(?:stat |cannot find package "\S+" in:\s*)(?P<dir>[^\s":]+): directory not found`),
		why: "there is no {dir} where the build runs",
		fix: "go build -buildmode=plugin ./DIR, with the directory that holds package main",
	},
	{
		key: ".go:", cause: UserCode,
		re:  pattern.New(`(?P<vet>vet: )?(?P<path>[^\s":]+\.go):\d+(?::\d+)?: (?P<what>.+)`),
		why: "the compiler refuses the source", fix: "fix the lines that it names, then build again", refine: refineCompiler,
	},
}

// compilerRE is what the compiler says most. Other programs also print a file,
// a line and some words.
var compilerRE = pattern.New(`^(?:` +
	`undefined: |undeclared name: |declared and not used|imported and not used|cannot use |cannot infer |cannot convert |cannot range over |cannot assign |cannot call |` +
	`missing return|missing function body|not enough (?:arguments|return values)|too many (?:arguments|return values|errors)|` +
	`assignment mismatch: |invalid (?:operation|argument|recursive type|receiver|composite literal)|impossible type |syntax error: |expected |unknown field |` +
	`method redeclared|duplicate (?:case|field|method|declaration)|could not import |import "|undefined \(|label \S+ defined|multiple-value |mixture of |` +
	`missing (?:argument|return)|first argument to append|non-(?:name|boolean)|unexpected |unreachable |invalid )|` +
	`^"[^"]+" imported (?:as \S+ )?and not used|^\S+ (?:declared and not used|redeclared in this block|is not a type|is not an expression|undefined|does not implement |` +
	`is not in std)|^\S+ \([^)]*\) is (?:not|neither) |\(type \S+ has no |does not implement \S+|not exported by package|undefined \(type `)

// dependencyRE is the path of a file of another module: in the module cache or
// in vendor/.
var dependencyRE = pattern.New(`@v\d[^/]*/|(?:^|/)vendor/[^/]+\.[^/]+/`)

// refineCompiler tells compilers' errors from other lines with a file, and the
// plugin's own source from that of its dependencies.
func refineCompiler(f *finder, m match, finding *Finding) bool {
	what := m.group("what")
	if f.pkg == "" && m.group("vet") == "" && !compilerRE.MatchString(what) || strings.HasSuffix(m.group("path"), "_test.go") {
		return false
	}
	finding.Package = f.pkg
	if !dependencyRE.MatchString(m.group("path")) {
		return true
	}
	finding.Cause, finding.kind = Version, dependency
	finding.Why = "a dependency does not compile with the versions that go.mod asks for"
	if f.pkg != "" {
		finding.Why = f.pkg + ", a dependency, does not compile with the versions that go.mod asks for"
	}
	finding.do(apply)
	return true
}
