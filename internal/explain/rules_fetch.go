package explain

import "github.com/pinfix/pinfix/internal/pattern"

// atRE is the module that the go command was about to fetch.
const atRE = `(?:go: )?(?:[^\s"]+: )??` + pkgRE + `@(?P<version>v[^\s":]+): `

// fetchRules: what the go command says when it cannot get a module.
var fetchRules = []rule{
	{
		key: "verifying module: ", cause: BuildContext,
		re:  pattern.New(`(?:go: )?` + pkgRE + `@(?P<version>\S+): verifying (?:module|go\.mod): [^"]*`),
		why: "the checksum database cannot be asked for {pkg}: a private module, or no network",
		fix: "for a private module: go env -w GOPRIVATE={pkg}",
	},
	{
		key: "reading http", cause: BuildContext,
		re:  pattern.New(posRE + `?` + atRE + `reading (?P<url>https?://[^\s"]+): (?P<code>\d{3}) [\w ]*`),
		why: "the proxy answers {code} for {pkg} {version}: there is no such version, or it is a private module",
		fix: "for a private module: go env -w GOPRIVATE={pkg}, with git credentials in the build", refine: refineCode,
	},
	{
		key: "Get \"", cause: BuildContext,
		re:  pattern.New(posRE + `?` + atRE + `Get "(?P<url>[^"]+)": (?P<what>[^"]+)`),
		why: "the build cannot reach the module proxy: {what}",
		fix: "build where the network is, or with the modules in vendor/: go mod vendor",
	},
	{
		key: "reading file://", cause: BuildContext,
		re:  pattern.New(posRE + `?` + atRE + `reading (?P<url>file://[^\s"]+): [^"]*`),
		why: "GOPROXY names a directory without {pkg} {version}",
		fix: "go env -u GOPROXY; unset GOPROXY",
	},
	{
		key: "disabled by GOPROXY=off", cause: BuildContext,
		re:  pattern.New(posRE + `?(?:go: )?(?:` + pkgRE + `@\S+: )?module lookup disabled by GOPROXY=off`),
		why: "the build may fetch no modules (GOPROXY=off), and the module cache does not hold this one",
		fix: "go mod download, where the network is; or build with the modules in vendor/",
	},
	{
		key: "unrecognized import path", cause: BuildContext,
		re:  pattern.New(posRE + `?(?:go: )?(?:[^\s"]+: )??unrecognized import path "` + pkgRE + `": [^"]*(?:"[^"]*": [^"]*)?`),
		why: "the build cannot reach the host of {pkg}, or there is no such module",
		fix: "build where the network is, or with the modules in vendor/: go mod vendor",
	},
	{
		key: "git ", cause: BuildContext, item: true,
		re:  pattern.New(posRE + `?(?:go: )?(?:(?P<mod>[^\s"@]+)@v[^\s"]*: )?(?:invalid version: |reading ` + pkgRE + ` at revision \S+: )?git (?:ls-remote|fetch|clone|init)\b[^"]*?: exit status \d+:?`),
		why: "git cannot fetch the module: no network, or no credentials for a private one",
		fix: "go env -w GOPRIVATE=HOST/PATH, and git credentials in the build", refine: refineGit,
		more: pattern.New(`^(?:fatal|remote|ERROR|Confirm|If this|See https://golang\.org)\b`),
	},
	{
		key: "terminal prompts disabled", cause: BuildContext, item: true,
		re:  pattern.New(`fatal: could not read Username for '(?P<host>[^']+)': terminal prompts disabled`),
		why: "git has no credentials for {host}: a private module",
		fix: "go env -w GOPRIVATE=HOST/PATH, and git credentials in the build",
	},
}

// refineGit: the module's name is what GOPRIVATE takes.
func refineGit(f *finder, m match, finding *Finding) bool {
	if mod := m.group("mod"); mod != "" {
		finding.Package = mod
	}
	if finding.Package != "" {
		finding.say("go env -w GOPRIVATE=" + finding.Package + ", and git credentials in the build")
	}
	return true
}

// refineCode: a proxy that fails says nothing of the module.
func refineCode(f *finder, m match, finding *Finding) bool {
	if code := m.group("code"); code[0] == '5' || code == "429" {
		finding.Why = "the module proxy fails with " + code
		finding.say("build again later, or with the modules in vendor/: go mod vendor")
	}
	return true
}
