package main

import (
	"strings"

	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/toolexec"
)

// toolexec is run between the go command and its tools: go build -toolexec 'pinfix
// toolexec' (package toolexec says why). It is no command for people, so it is in no help
// text, and it starts before all that makes up pinfix's own commands: a build runs it for
// each package. What it starts is what the go command has named, and nothing else.
func (e *env) toolexec(args []string) (code int, err error) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return 0, &manual.UsageError{Msg: toolexec.Name + " is what go build runs its compiler with: -toolexec 'pinfix " + toolexec.Name + "', as pinfix build --print shows; it is not typed", Help: "build"}
	}
	return gocmd.Exec(toolexec.Join(args), e.environ)
}
