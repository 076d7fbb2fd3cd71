package main

import (
	"errors"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pinfix/pinfix/internal/manual"
)

func init() { commands["examples"] = examples }

// examples [FROM TO]: runs the examples of every help text in the current
// directory, with FROM in them replaced by TO. What cannot be done is a bad
// example. (completion's are for shells; other scripts type them there.)
func examples(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args)%2 != 0 {
		ts.Fatalf("usage: examples [FROM TO]...")
	}
	other := strings.NewReplacer(args...)
	for _, n := range allNodes() {
		if n.Name() == "completion" {
			continue
		}
		for _, x := range manual.ParsePage(n.Cmd.Description).Examples {
			var exit *exec.ExitError
			err := ts.Exec("sh", "-c", other.Replace(x.Line))
			if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != exitDiffers) {
				ts.Fatalf("an example of pinfix help %s: %s: %v", n.Name(), x.Line, err)
			}
		}
	}
}
