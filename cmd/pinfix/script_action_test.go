package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"
)

func init() { commands["actionstep"] = actionStep }

// actionstep ID: runs the shell step ID of action.yml as a runner does. Its environment
// is the script's; a variable that the step sets and the script has not is an error.
func actionStep(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: actionstep ID")
	}
	data, err := os.ReadFile(filepath.Join(ts.Getenv("TESTDATA"), "..", "action.yml"))
	ts.Check(err)
	var action struct {
		Runs struct {
			Steps []struct {
				ID, Shell, Run string
				Env            map[string]string
			}
		}
	}
	ts.Check(yaml.Unmarshal(data, &action))
	for _, s := range action.Runs.Steps {
		if s.ID != args[0] || s.Run == "" {
			continue
		}
		if s.Shell != "bash" || strings.Contains(s.Run, "${{") {
			ts.Fatalf("step %s: not for bash, or a value of the workflow is in the script: anyone could write commands into it", s.ID)
		}
		for name := range s.Env {
			if ts.Getenv(name+"_SET") == "" && ts.Getenv(name) == "" {
				ts.Fatalf("step %s wants %s", s.ID, name)
			}
		}
		err := ts.Exec("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
		if (err != nil) != neg {
			ts.Fatalf("step %s: %v", s.ID, err)
		}
		return
	}
	ts.Fatalf("no step %s with a script", args[0])
}
