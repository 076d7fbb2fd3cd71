package main

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/manual"
)

// printVersion answers pinfix version as --version is answered.
func (e *env) printVersion(c *cli.Context) error {
	if c.NArg() > 1 {
		return &manual.UsageError{Msg: fmt.Sprintf("version takes no argument %q", c.Args().Get(1))}
	}
	cli.VersionPrinter(c)
	return nil
}

// version is the module version that go install or a release has stamped.
func version() string {
	bi, _ := debug.ReadBuildInfo()
	return versionOf(bi)
}

func versionOf(bi *debug.BuildInfo) string {
	if bi == nil {
		return "(devel)"
	}
	return cmp.Or(bi.Main.Version, "(devel)")
}

// longVersion is the version with what bug reports need: the revision that it was
// built from, where build info has it, and the Go that built it, which says what
// language the type-check knows.
func longVersion() string {
	bi, _ := debug.ReadBuildInfo()
	return longVersionOf(bi)
}

func longVersionOf(bi *debug.BuildInfo) string {
	if bi == nil {
		return versionOf(bi)
	}
	set := map[string]string{}
	for _, s := range bi.Settings {
		set[s.Key] = s.Value
	}
	var more []string
	if rev := set["vcs.revision"]; rev != "" {
		if set["vcs.modified"] == "true" {
			rev += ", modified"
		}
		more = append(more, "revision "+rev)
	}
	return versionOf(bi) + " (" + strings.Join(append(more, bi.GoVersion), ", ") + ")"
}
