package explain

import (
	"strings"

	"github.com/pinfix/pinfix/internal/pattern"
)

// vendorRules: vendor/ and go.mod do not fit.
var vendorRules = []rule{
	{
		key: "inconsistent vendoring in ", cause: Vendor,
		re:  pattern.New(`(?:go: )?inconsistent vendoring in (?P<dir>[^\s":]+):?`),
		why: "vendor/ does not fit go.mod, or was not copied into the build",
		fix: "go mod vendor", refine: refineVendoring,
	},
	{
		key: "vendor/modules.txt", cause: Vendor, item: true,
		re:  pattern.New(pkgRE + `(?:@\S+?)?: is (?:explicitly required|marked as|replaced|not explicitly)[^"]*vendor/modules\.txt[^"]*`),
		why: "vendor/modules.txt does not fit go.mod",
		fix: "go mod vendor",
	},
	{
		key: "-mod=vendor", cause: Vendor,
		re:  pattern.New(posRE + `?(?:go: )?(?:(?:cannot find module providing package|cannot query module due to) )?` + pkgRE + `?[^"]*? (?:disabled by|due to) -mod=vendor\b`),
		why: "{pkg} is not in vendor/, or vendor/ was not copied into the build",
		fix: "go mod vendor", refine: refineVendored,
	},
	{
		key: "vendor/modules.txt: no such file", cause: Vendor,
		re:  pattern.New(`(?:open )?[^\s"]*vendor/modules\.txt: no such file or directory`),
		why: "there is no vendor/, or it was not copied into the build",
		fix: "go mod vendor",
	},
	{
		key: `cannot find package "." in`, cause: Vendor,
		re:  pattern.New(posRE + `?cannot find package "\." in:?`),
		why: "vendor/ lacks the folder of a package, or was not copied whole into the build",
		fix: "go mod vendor",
	},
	{
		key: "cannot be run in workspace mode", cause: BuildContext,
		re:  pattern.New(`(?:go: )?'go mod vendor' cannot be run in workspace mode[^"]*`),
		why: "a go.work next to or above the plugin takes part",
		fix: "GOWORK=off go mod vendor",
	},
	{
		key: "-mod may only be set to readonly", cause: BuildContext,
		re:  pattern.New(`(?:go: )?-mod may only be set to readonly(?: or vendor)? when in workspace mode(?:, but it is set to "\w*")?`),
		why: "a go.work next to or above the plugin takes part in the build", do: leaveWork,
	},
	{
		key: "-mod=vendor only valid", cause: BuildContext,
		re:  pattern.New(`build flag -mod=vendor only valid when using modules`),
		why: "modules are off, or there is no go.mod",
		fix: "GO111MODULE=on go build -buildmode=plugin, in the folder with the plugin's go.mod",
	},
}

// refineVendoring: the go command lists what to run at the end.
func refineVendoring(f *finder, m match, finding *Finding) bool {
	if strings.Contains(finding.Text, "go work vendor") {
		finding.Why = "a go.work next to or above the plugin takes part in the build, and vendor/ does not fit it"
		finding.do(leaveWork)
		finding.Fix += " -mod=vendor"
	}
	return true
}

// refineVendored: the package may not be named.
func refineVendored(f *finder, m match, finding *Finding) bool {
	if !strings.ContainsAny(finding.Package, "./") {
		finding.Package = ""
		finding.Why = "the build takes modules from vendor/ only, and what it asks for is not there"
	}
	return true
}
