// Package vars reads and cleans lists of environment variables, "NAME=value".
package vars

import (
	"slices"
	"strings"
)

// Git are the names that git rev-parse --local-env-vars prints. git gives some
// of them to hooks, for the repository whose hook it runs. A child that runs git
// with them looks at the wrong repository, or damages the user's index.
var Git = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
	"GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE",
	"GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_PREFIX",
	"GIT_SHALLOW_FILE", "GIT_COMMON_DIR", "GIT_INTERNAL_SUPER_PREFIX",
}

// Get returns the value of a variable: the last one counts, as for a program
// that is started with the list. "" where there is none.
func Get(environ []string, name string) string {
	for _, kv := range slices.Backward(environ) {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

// Without returns a copy of environ that lacks the variables of the lists.
func Without(environ []string, lists ...[]string) []string {
	names := slices.Concat(lists...)
	return slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(names, name)
	})
}
