package explain

import (
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/pattern"
)

// registerRules: panics of a package that wants a name in a table of the whole
// process, and finds it taken. Server and plugin share one copy of a package that
// both link, and it starts once; so the name was registered by two packages.
var registerRules = []rule{
	{
		key: "proto: ", cause: UserCode, kind: registration,
		re:  pattern.New(`proto: (?:file|message|enum|extension) "?(?P<name>[^"\s]+)"? (?:is already registered|has a name conflict over (?P<over>\S+))`),
		why: "plugin and server register the protobuf name {name} from two Go packages",
		fix: "share one generated package: import in the plugin the one that the server has; or rename the .proto file and its package", refine: refineProto,
	},
	{
		key: "proto: duplicate ", cause: UserCode, kind: registration,
		re:  pattern.New(`proto: duplicate proto (?:type|enum) registered: (?P<name>\S+)`),
		why: "plugin and server register the protobuf name {name} from two Go packages",
		fix: "share one generated package: import in the plugin the one that the server has; or rename the .proto file and its package",
	},
	{
		key: "redefine", cause: UserCode, kind: registration,
		re:  pattern.New(`(?:^|\s)flag redefined: (?P<name>\S+)|unable to redefine '(?P<short>[^']+)' shorthand`),
		why: "plugin and server define the flag {name}{short}, both in the process's one set of flags",
		fix: "define the plugin's flags in a set of its own (flag.NewFlagSet), not at package level",
	},
	{
		key: "Reuse of exported var name", cause: UserCode, kind: registration,
		re:  pattern.New(`Reuse of exported var name:? (?P<name>\S+)`),
		why: "plugin and server publish the expvar variable {name}",
		fix: "publish it in the plugin under another name, or only if expvar.Get says that it is not there",
	},
	{
		key: "sql: Register called twice", cause: UserCode, kind: registration,
		re:  pattern.New(`sql: Register called twice for driver (?P<name>\S+)`),
		why: "plugin and server register the SQL driver {name}, each from another package: a fork, or another major version of the driver",
		fix: "import in the plugin the driver's package that the server has, at its version, or none: the server has registered it",
	},
	{
		key: "duplicate metrics collector registration", cause: UserCode, kind: registration,
		re:  pattern.New(`duplicate metrics collector registration attempted`),
		why: "plugin and server register one metric in Prometheus's default registry, which they share",
		fix: "register the plugin's metrics in a registry of its own (prometheus.NewRegistry), or under names with a prefix of its own",
	},
	{
		key: "gob: registering duplicate", cause: UserCode, kind: registration,
		re:  pattern.New(`gob: registering duplicate (?:types|names) for (?P<name>.+)`),
		why: "plugin and server register two types under one name with encoding/gob, or one type under two: {name}",
		fix: "register the type in one package that both import, or under a name of its own (gob.RegisterName)",
	},
	{
		key: "multiple registrations for", cause: UserCode, kind: registration,
		re:  pattern.New(`http: multiple registrations for (?P<name>\S+)`),
		why: "plugin and server register a handler for {name} on http.DefaultServeMux, which they share",
		fix: "register the plugin's handlers on a mux of its own (http.NewServeMux)",
	},
	{
		key: "conflicts with pattern", cause: UserCode, kind: registration,
		re:  pattern.New(`pattern "(?P<name>[^"]+)" \(registered at [^)]*\) conflicts with pattern "[^"]+"`),
		why: "plugin and server register a handler for {name} on http.DefaultServeMux, which they share",
		fix: "register the plugin's handlers on a mux of its own (http.NewServeMux)",
	},
	{
		key: "duplicate service registration", cause: UserCode, kind: registration,
		re:  pattern.New(`grpc: Server\.RegisterService found duplicate service registration for "?(?P<name>[^"\s]+)"?`),
		why: "plugin and server register the gRPC service {name} on one server",
		fix: "register the service once: leave it to the server, or use another gRPC server in the plugin",
	},
}

// takenRE is how other packages say that a name is taken. Any program may say so at
// its start: only below plugin.Open it is a plugin's.
var takenRE = pattern.New(`(?i)^panic: .*(?:already (?:been )?registered|register(?:ed)? (?:is |was )?(?:called )?twice|registered (?:multiple|more than once)|duplicate registration|already exists)`)

const (
	whyTaken = "plugin and server register the same name in a table of the whole process, from two packages"
	fixTaken = "import in the plugin the package that the server has, at its version, or register under another name"
)

// refineProto names the two packages, which are below the message.
func refineProto(f *finder, m match, finding *Finding) bool {
	if m.group("over") != "" {
		finding.Why = m.expand(strings.ReplaceAll(m.rule.why, "{name}", "{over}"))
	}
	var by []string
	for _, line := range strings.Split(finding.Text, "\n") {
		for _, side := range []string{"previously from:", "currently from:"} {
			if _, name, ok := strings.Cut(line, side); ok {
				by = append(by, strings.Trim(strings.TrimSpace(name), `"`))
			}
		}
	}
	if len(by) == 2 {
		finding.Why += ": " + by[0] + " and " + by[1]
		finding.Package = by[1]
	}
	return true
}

// registered completes what a panic at a registration says by the traceback below
// it, which goes from line i to end; false where it is not a plugin's.
func (f *finder) registered(i, end int, finding *Finding) bool {
	functions := f.functions(i, end)
	if len(functions) == 0 {
		return true // the message is all there is
	}
	at := slices.IndexFunc(functions, func(fn string) bool { return fn == "plugin.open" || fn == "plugin.Open" })
	if at < 0 {
		return false
	}
	if finding.Package != "" {
		return true
	}
	for _, fn := range slices.Backward(functions[:at]) {
		if pkg := packageOf(fn); !isStd(pkg) && fn != "panic" {
			finding.Package = pkg
			break
		}
	}
	return true
}
