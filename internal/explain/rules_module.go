package explain

import (
	"strings"

	"github.com/pinfix/pinfix/internal/pattern"
)

// moduleRules: what the go command says of go.mod, go.sum and the modules.
var moduleRules = []rule{
	{
		key: "missing go.sum entry", cause: BuildContext,
		re:  pattern.New(posRE + `?(?:go: )?(?:` + pkgRE + `@[^\s":]+: )?missing go\.sum entry(?: for (?:module providing package (?P<provided>[^\s"]+)|go\.mod file)[^";]*)?(?:; to add(?: it)?:)?`),
		why: "go.sum lacks a line: it is older than go.mod, or was not copied into the build", do: tidy,
		refine: refineProvided,
	},
	{
		key: " go.mod needed", cause: BuildContext,
		re:  pattern.New(`(?:go: )?updates to go\.mod needed[^"]*`),
		why: "go.mod is not tidy: it lacks lines that the build needs", do: tidy,
	},
	{
		key: "checksum mismatch", cause: Content,
		re:  pattern.New(`(?:go: )?(?:downloading \S+: )?(?:verifying )?` + pkgRE + `@(?P<version>[^\s":]+?)(?:/go\.mod)?: (?:verifying (?:module|go\.mod): )?checksum mismatch`),
		why: "what the build has of {pkg} {version} is not what go.sum was made from: the version was published again, or a cache is damaged",
		fix: "go clean -modcache, then build again; if it stays, ask where {pkg} {version} was changed",
		more: pattern.New(`^(?:SECURITY ERROR|This download does NOT match|This download was NOT|The bits may have been replaced|have intercepted the download|` +
			`For more information, see 'go help module-auth')`),
	},
	{
		key: "ambiguous import", cause: Version, kind: conflict,
		re:  pattern.New(posRE + `?(?:go: )?(?:` + pkgRE + `: )?ambiguous import: found package (?P<found>[^\s"]+) in multiple modules:?`),
		why: "{found} is in two modules at the required versions: it moved from one into the other", do: apply,
		more: pattern.New(`^\S+ v\S+ \(`), refine: func(f *finder, m match, finding *Finding) bool {
			finding.Package = importPath(m.group("found"))
			return true
		},
	},
	{
		key: "does not contain package ", cause: BuildContext, kind: ownFolder,
		re:  pattern.New(posRE + `?(?:go: )?main module \([^)]*\) does not contain package ` + pkgRE),
		why: "there is no folder for {pkg} in the plugin's module: it was not copied into the build",
		fix: "copy the folder of {pkg} into the build as well (COPY . . in a Dockerfile)",
	},
	{
		key: "does not contain package ", cause: Version, kind: conflict,
		re:  pattern.New(posRE + `?(?:go: )?(?:[^\s"]+: )?module (?P<mod>[^\s"@]+)(?:@\S+)? found(?: \([^)]*\))?(?:, replaced by [^,]+)?, but does not contain package ` + pkgRE),
		why: "no package {pkg} is in {mod} at that version", fix: "import a package that {mod} has, or require a version with {pkg}",
	},
	{
		key: "no required module provides package ", cause: BuildContext, kind: ownFolder,
		re:  pattern.New(posRE + `?(?:go: )?(?:[^\s"]+: )?no required module provides package ` + pkgRE + `[^"]*`),
		why: "go.mod requires no module with {pkg}",
		do:  tidy, refine: refineOwn,
	},
	{
		key: "cannot find module providing package ", cause: BuildContext, kind: ownFolder,
		re:  pattern.New(posRE + `?(?:go: )?(?:[^\s"]+: )?cannot find module providing package ` + pkgRE),
		why: "no module with {pkg} is known",
		do:  tidy, refine: refineOwn,
	},
	{
		key: " is not in ", cause: BuildContext, kind: ownFolder,
		re:  pattern.New(posRE + `?(?:imports |package )` + pkgRE + `(?: is not in|: package \S+ is not in) (?:std|GOROOT)(?: \((?P<dir>[^)]*)\))?`),
		why: "{pkg} is a folder of the plugin's own module that is not there: it was not copied into the build, or go.mod names another module",
		fix: "copy the folder of {pkg} into the build as well (COPY . . in a Dockerfile)", refine: refineNotInStd,
	},
	{
		key: "cannot find package ", cause: BuildContext, kind: ownFolder, // GO111MODULE=off
		re:  pattern.New(posRE + `?cannot find package "` + pkgRE + `" in any of:?`),
		why: "{pkg} is not there: modules are off, or its folder was not copied into the build",
		fix: "GO111MODULE=on go build -buildmode=plugin, in the folder with the plugin's go.mod", refine: refineNotInStd,
	},
	{
		key: "missing dot in first path element", cause: BuildContext, kind: ownFolder,
		re:  pattern.New(posRE + `?(?:go: )?(?:[^\s"]+: )?(?:malformed module path "|package )` + pkgRE + `(?:"|[^"]*?): missing dot in first path element`),
		why: "{pkg} is a folder of the plugin's own module that is not there, or go.mod names another module",
		fix: "copy the folder of {pkg} into the build as well (COPY . . in a Dockerfile)",
	},
	{
		key: "import path does not begin with hostname", cause: BuildContext, kind: ownFolder,
		re:  pattern.New(posRE + `?[^"]*unrecognized import path "` + pkgRE + `": import path does not begin with hostname`),
		why: "{pkg} is a folder of the plugin's own module that is not there, or go.mod names another module",
		fix: "copy the folder of {pkg} into the build as well (COPY . . in a Dockerfile)",
	},
	{
		key: ", not ", cause: Version, kind: conflict, // go get of versions that do not fit
		re:  pattern.New(`(?:go: )?` + pkgRE + `@v\S+ (?:indirectly )?requires (?P<dep>\S+@v\S+), not (?P<want>\S+@v[^\s",;]+)`),
		why: "{pkg} asks for {dep}; go get does not go below that", do: apply,
	},
	{
		key: "declares its path as", cause: Replace, kind: declaredPath,
		re:  pattern.New(posRE + `?(?:go: )?(?:[^\s"]+: )?(?:[^\s"]+: )?(?:parsing go\.mod: )?module declares its path as: (?P<declared>\S+)`),
		why: "the module is a fork or has moved: its go.mod calls it {declared}",
		fix: "require it as {declared}, or through a replace line: go mod edit -replace={declared}=PATH@VERSION", refine: refineDeclared,
	},
	{
		key: "used for two different module paths", cause: Replace,
		re:  pattern.New(`(?:go: )?(?P<mod>[^\s"]+) used for two different module paths \((?P<paths>[^)]*)\)`),
		why: "a replace line puts {mod} in place of a module that is another one: {paths}",
		fix: "go mod edit -dropreplace of the line with {mod}",
	},
	{
		key: "replacement directory ", cause: BuildContext,
		re:  pattern.New(posRE + `?(?:go: )?` + pkgRE + `@\S+: replacement directory (?P<dir>[^\s"]+) does not exist`),
		why: "go.mod replaces {pkg} with the directory {dir}, which was not copied into the build",
		fix: "copy {dir} into the build as well, or drop the line: go mod edit -dropreplace={pkg}",
	},
	{
		key: "(replaced by ", cause: BuildContext,
		re:  pattern.New(posRE + `?(?:go: )?` + pkgRE + `@\S+ \(replaced by (?P<dir>\.{0,2}/[^)\s]*)\): reading [^"]*no such file or directory`),
		why: "go.mod replaces {pkg} with the directory {dir}, which was not copied into the build",
		fix: "copy {dir} into the build as well, or drop the line: go mod edit -dropreplace={pkg}",
	},
	{
		key: "replacement module without version", cause: Replace,
		re:  pattern.New(`(?:\S*go\.mod:\d+(?::\d+)?: )?replacement module without version must be directory path[^"]*`),
		why: "a replace line names a module, not a directory, and no version",
		fix: "write the version behind it: replace OLD => NEW v1.2.3",
	},
	{
		key: "unknown revision", cause: Version,
		re:  pattern.New(`(?:go: )?(?:` + pkgRE + `@\S+: )?(?:invalid version: )?unknown revision (?P<version>[^\s"]+)`),
		why: "there is no version {version}: a typing error, a tag that was removed, or a private module", do: apply,
	},
	{
		key: `" invalid: `, cause: Version,
		re:  pattern.New(`(?:go: )?(?:\S*go\.mod:\d+(?::\d+)?: )?(?:require )?` + pkgRE + `(?:@\S+)?: version "(?P<version>[^"]+)" invalid: [^"]*`),
		why: "{pkg} has no version {version}", do: apply,
	},
	{
		key: "no matching versions for query", cause: Version,
		re:  pattern.New(posRE + `?(?:go: )?(?:module )?(?:` + pkgRE + `(?:@[^\s":]+)?: )?no matching versions for query "[^"]*"`),
		why: "there is no such version of the module", do: apply,
	},
	{
		key: "go.mod:", cause: UserCode,
		re:  pattern.New(`^(?P<where>\S*go\.mod:\d+)(?::\d+)?: (?:unknown (?:directive|block type)|usage: |malformed|invalid|repeated|unexpected|syntax error|unterminated|no such|mixed)[^"]*.*`),
		why: "go.mod has an error in the line that is named", fix: "fix {where}",
	},
	{
		key: "go.mod file not found", cause: BuildContext,
		re:  pattern.New(`(?:go: )?(?:cannot match "[^"]*": )?go\.mod file not found in current directory or any parent directory`),
		why: "there is no go.mod where the build runs: it was not copied into the build, or the build runs in another folder",
		fix: "build in the folder with the plugin's go.mod (in a Dockerfile: COPY go.mod go.sum ./)",
	},
	{
		key: "cannot find main module", cause: BuildContext,
		re:  pattern.New(`(?:go: )?cannot find main module[^"]*`),
		why: "there is no go.mod where the build runs: it was not copied into the build, or the build runs in another folder",
		fix: "build in the folder with the plugin's go.mod (in a Dockerfile: COPY go.mod go.sum ./)",
	},
	{
		key: "cannot determine module path", cause: BuildContext,
		re:  pattern.New(`(?:go: )?cannot determine module path for source directory[^"]*`),
		why: "go mod init cannot guess the plugin's module path",
		fix: "go mod init example.com/PLUGIN",
	},
	{
		key: "go.work", cause: BuildContext,
		re: pattern.New(`(?:go: )?(?:current directory is contained in a module that is not one of the workspace modules listed in go\.work|` +
			`(?:pattern [^"]*?: )?directory (?:prefix )?\S+ (?:does not contain|outside) modules listed in go\.work|` +
			`cannot load module \S+ listed in go\.work file)[^"]*`),
		why: "a go.work next to or above the plugin takes part in the build", do: leaveWork,
	},
	{
		key: "main module", cause: BuildContext,
		re:  pattern.New(`(?:pattern [^"]*?: )?directory (?:prefix )?\S+ (?:does not contain|outside) (?:the )?(?:main module|available modules)[^"]*`),
		why: "the folder does not belong to the module in which the build runs",
		fix: "build in the folder with the plugin's go.mod: go build -C DIR -buildmode=plugin",
	},
}

// refineOwn: a package below the plugin's module path is a folder of it.
func refineOwn(f *finder, m match, finding *Finding) bool {
	if f.isOwn(finding.Package) {
		finding.Why = finding.Package + " is a folder of the plugin's own module that is not there: it was not copied into the build"
		finding.say("copy the folder of " + finding.Package + " into the build as well (COPY . . in a Dockerfile)")
	} else {
		finding.kind = other
	}
	return true
}

// refineProvided: the error names a module, or a package of it.
func refineProvided(f *finder, m match, finding *Finding) bool {
	if pkg := m.group("provided"); pkg != "" {
		finding.Package = importPath(pkg)
	}
	return true
}

// refineNotInStd tells the packages that a newer Go has from folders of the
// plugin's own.
func refineNotInStd(f *finder, m match, finding *Finding) bool {
	since := stdSince[finding.Package]
	switch {
	case since != "":
		finding.Cause, finding.kind = GoVersion, goLine
		finding.Why, finding.needs = finding.Package+" came with Go "+since+"; the build runs an older one", since
		finding.do(build)
	case isStd(finding.Package):
		finding.Why = finding.Package + " is in no Go release, and the plugin's own module has no such folder, or it was not copied into the build"
	}
	return true
}

// refineDeclared looks for the path that was asked for in the lines below.
func refineDeclared(f *finder, m match, finding *Finding) bool {
	_, after, ok := strings.Cut(finding.Text, "but was required as: ")
	if required, _, _ := strings.Cut(after, "\n"); ok {
		finding.Package = importPath(required)
	}
	return true
}
