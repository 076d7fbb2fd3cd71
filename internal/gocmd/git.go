package gocmd

import (
	"context"
	"strings"

	"github.com/pinfix/pinfix/internal/vars"
)

// Git runs git in dir and returns its standard output without the last line
// end. It reads only: git's own variables are gone, and a repository's monitor
// is not started.
func Git(ctx context.Context, environ []string, dir string, args ...string) (string, error) {
	env := append(vars.Without(environ, vars.Git), "PWD="+dir, "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0")
	out, err := start(ctx, "git", dir, env, append([]string{"-c", "core.fsmonitor=false"}, args...), maxOutput)
	return strings.TrimRight(string(out), "\n"), err
}
