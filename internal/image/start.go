package image

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// programOf returns where the program may be: given, which is --path, else what the
// entrypoint of c starts, which without a slash is looked up in PATH. asked is what to
// call that.
func programOf(c v1.Config, given string) (candidates []string, asked string, err error) {
	argv := slices.Concat(c.Entrypoint, c.Cmd)
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
			name = path.Join("/", c.WorkingDir, name)
		}
		return []string{name}, asked, nil
	}
	for _, dir := range searchPath(c) {
		candidates = append(candidates, path.Join("/", c.WorkingDir, dir, name))
		if path.IsAbs(dir) {
			candidates[len(candidates)-1] = path.Join(dir, name)
		}
	}
	return candidates, asked, nil
}

// defaultPath is the PATH that container runtimes set where an image has none.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// maxPathDirs is how many directories of PATH count.
const maxPathDirs = 32

func searchPath(c v1.Config) []string {
	search := defaultPath
	for _, kv := range c.Env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			search = v
		}
	}
	dirs := strings.Split(search, ":")
	return dirs[:min(len(dirs), maxPathDirs)]
}
