package image

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A start is what an image says of how it is started.
type start struct {
	Entrypoint, Cmd, Env []string
	WorkingDir           string
}

// program returns where the program may be: --path, else what the entrypoint
// starts, which without a slash is looked up in PATH.
func (s start) program(given string) (candidates []string, asked string, err error) {
	argv := slices.Concat(s.Entrypoint, s.Cmd)
	if given != "" {
		return []string{path.Join("/", given)}, given, nil
	}
	if len(argv) == 0 || argv[0] == "" {
		return nil, "", errors.New("the image has no entrypoint")
	}
	name := argv[0]
	asked = fmt.Sprintf("its entrypoint %s", name)
	if strings.Contains(name, "/") {
		if !path.IsAbs(name) {
			name = path.Join("/", s.WorkingDir, name)
		}
		return []string{name}, asked, nil
	}
	for _, dir := range s.searchPath() {
		candidates = append(candidates, path.Join("/", s.WorkingDir, dir, name))
		if path.IsAbs(dir) {
			candidates[len(candidates)-1] = path.Join(dir, name)
		}
	}
	return candidates, asked, nil
}

// defaultPath is the PATH that container runtimes set where an image has none.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func (s start) searchPath() []string {
	search := defaultPath
	for _, kv := range s.Env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			search = v
		}
	}
	dirs := strings.Split(search, ":")
	return dirs[:min(len(dirs), maxPathDirs)]
}
