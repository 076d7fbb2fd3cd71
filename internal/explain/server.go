package explain

import (
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/pattern"
)

// publicServers are the main modules of servers that load plugins and that many
// people use (docs/servers.md). A package of theirs in a log is the server's own.
var publicServers = []string{
	"github.com/heroiclabs/nakama", "github.com/TykTechnologies/tyk", "github.com/gotify/server", "github.com/krakend/krakend-ce",
	"github.com/krakendio/krakend-ce", "github.com/devopsfaith/krakend-ce", "github.com/prest/prest", "github.com/hyperledger/fabric",
	"github.com/ipfs/kubo", "github.com/ipfs/go-ipfs",
}

// sourceRE is the file of a function in a trimmed program.
var sourceRE = pattern.New(`^((?:[\w-]+\.)+[a-z]{2,}/[^\s@:]+?)(?:@[^/\s]+)?(?:/cmd/[^\s:]+)?/[^/\s:]+\.go:\d+`)

// isServers reports whether pkg belongs to the server that wrote the log: to one of
// the public ones, or to the module of the function main in a traceback.
func (f *finder) isServers(pkg string) bool {
	in := func(module string) bool {
		rest, ok := strings.CutPrefix(pkg, module)
		return ok && (rest == "" || rest[0] == '/')
	}
	return slices.ContainsFunc(publicServers, in) || slices.ContainsFunc(f.mains(), in)
}

// mains returns the directories of the functions main in the text, as import paths;
// of a repository on a known host, its root.
func (f *finder) mains() []string {
	if f.mainDirs != nil {
		return f.mainDirs
	}
	f.mainDirs = []string{}
	for i := range len(f.lines) - 1 {
		if !strings.HasPrefix(f.lines[i].text, "main.main(") {
			continue
		}
		m := sourceRE.Regexp().FindStringSubmatch(f.lines[i+1].text)
		if m == nil {
			continue
		}
		dir := m[1]
		if parts := strings.Split(dir, "/"); len(parts) > 3 && slices.Contains([]string{"github.com", "gitlab.com", "bitbucket.org"}, parts[0]) {
			dir = strings.Join(parts[:3], "/")
		}
		f.mainDirs = append(f.mainDirs, dir)
	}
	return f.mainDirs
}
