package flow

import (
	"path/filepath"
	"slices"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/mains"
)

// skip returns why a walk leaves the module in dir alone, "" if it does not, and the
// module's path. all are the servers that are named for it.
func skip(dir string, all Servers) (why, path string, err error) {
	data, err := bounded.ReadFile(filepath.Join(dir, "go.mod"), bounded.Mod)
	if err != nil {
		return "", "", fault.New("make it a file that you can read", "%w", err)
	}
	mod, err := parse(data)
	if err != nil {
		return "", "", bounded.Hide(filepath.Join(dir, "go.mod"), err)
	}
	path = mod.Module.Mod.Path
	all = all.in(dir)
	kind, err := mains.KindOf(dir)
	switch {
	case err != nil:
		return "", path, err
	case kind == mains.Library:
		return "no main package", path, nil
	case kind == mains.Program && !slices.ContainsFunc(all, func(n Named) bool { return n.Own && !n.Above }):
		return "a program, not a plugin: each func main does something (to pin it nevertheless: server: in its .pinfix.yaml)", path, nil
	case len(all) == 0:
		return "no server: neither --server, PINFIX_SERVER, .pinfix.yaml nor server.buildinfo names one", path, nil
	}
	return "", path, nil
}
