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
// stale says that there is a vendor/ that does not fit.
func buildHint(s *pinner.Server, root string, l *stage.Listing, stale bool) string {
	cmd := buildCommand(s)
	if stale {
		cmd += " -mod=mod"
	}
	as := "was"
	if s.Source != nil {
		as = "is assumed to be"
	}
	hint := fmt.Sprintf("build it as the server %s built:\n  %s %s", as, cmd, packageArgument(root, l.Roots[0]))
	if more := beside(s); len(more) > 0 {
		hint += "\nand with these settings of the server's, which change fingerprints too: " + strings.Join(more, " ")
	}
	return hint
}

// buildCommand is that command without the package.
func buildCommand(s *pinner.Server) string {
	cmd := []string{"GOTOOLCHAIN=go" + s.GoVersion(), "GOWORK=off", "CGO_ENABLED=1", "go build -buildmode=plugin"}
	for _, flag := range []string{"-trimpath", "-race", "-msan", "-asan"} {
		if s.Settings[flag] == "true" || flag == "-trimpath" && s.Trimmed() {
			cmd = append(cmd, flag)
		}
	}
	if tags := strings.Join(pinner.Tags(s.Settings["-tags"]), ","); tagsRE.MatchString(tags) {
		cmd = append(cmd, "-tags="+tags)
	}
	return strings.Join(cmd, " ")
}

// beside returns the settings that the loader compares as well and that the
// command leaves out: they are free text, or need a file of the server's.
func beside(s *pinner.Server) []string {
	var out []string
	for _, name := range []string{"-gcflags", "-asmflags", "-coverpkg", "-pgo", "GOEXPERIMENT", "GOFIPS140"} {
		v := s.Settings[name]
		// Flags without a pattern go to the main package only.
		if v == "" || v == "off" || strings.HasSuffix(name, "flags") && !strings.Contains(v, "=") {
			continue
		}
		out = append(out, fmt.Sprintf("%s=%q", name, v))
	}
	return out
}

// packageArgument names a main package for go build in the module root.
func packageArgument(root string, p *stage.Package) string {
	name := p.Dir
	if p.File() {
		name = p.ImportPath // a package given as a file
	}
	rel, err := filepath.Rel(root, name)
	if err != nil || rel == "." {
		return "."
	}
	return "./" + filepath.ToSlash(rel)
}
