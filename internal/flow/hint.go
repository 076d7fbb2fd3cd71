package flow

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// tagsRE is what build tags look like. Nothing else of the server's settings
// reaches a command line but switches that are on or off.
var tagsRE = regexp.MustCompile(`^[\p{L}\p{N}_.,]+$`)

// buildHint is the command that builds the plugin as the server was built.
func buildHint(s *pinner.Server, root string, l *stage.Listing) string {
	cmd := []string{"GOTOOLCHAIN=go" + s.GoVersion(), "GOWORK=off", "CGO_ENABLED=1", "go build -buildmode=plugin"}
	for _, flag := range []string{"-trimpath", "-race", "-msan", "-asan"} {
		if s.Settings[flag] == "true" {
			cmd = append(cmd, flag)
		}
	}
	if tags := s.Settings["-tags"]; tagsRE.MatchString(tags) {
		cmd = append(cmd, "-tags="+tags)
	}
	return fmt.Sprintf("build it as the server was built:\n  %s %s", strings.Join(cmd, " "), packageArgument(root, l.Roots[0]))
}

// packageArgument names a main package for go build in the module root.
func packageArgument(root string, p *stage.Package) string {
	name := p.Dir
	if strings.HasSuffix(p.ImportPath, ".go") {
		name = p.ImportPath // a package given as a file
	}
	rel, err := filepath.Rel(root, name)
	if err != nil || rel == "." {
		return "."
	}
	return "./" + filepath.ToSlash(rel)
}
