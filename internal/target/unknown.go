package target

import (
	"fmt"

	"github.com/pinfix/pinfix/pinner"
)

// Unknown says what the reference to s cannot know, each with what that means;
// nil for a program or a snapshot of one.
func Unknown(s *pinner.Server) []string {
	var out []string
	if !s.KnowsModules() {
		out = append(out, "which modules it links or at which versions (its build info names none, as for a program built in a GOPATH or by another build system)")
	}
	if len(out) > 0 && len(s.Settings) == 0 {
		out = append(out, "its build flags, tags or platform (its build info has no settings)")
	}
	switch {
	case s.Source == nil && s.Packages != nil:
		return out
	case s.Source == nil && len(out) > 0:
		return append(out, "which packages it links or what their fingerprints are")
	case s.Source == nil:
		return []string{"which packages it links or what their fingerprints are (each module that both link counts as shared)"}
	case s.Source.Packages != nil:
		out = append(out, "which of its vendored packages it links on its platform (all of them count as linked)")
	default:
		out = append(out, "which modules or packages it links (each module of its build list counts as linked)")
	}
	return append(out, "its build flags, tags or platform, or the fingerprints of its packages")
}

// Assumed says what is taken for granted of s in place of what is not known.
func Assumed(s *pinner.Server) []string {
	if s.Source == nil {
		return nil
	}
	return []string{
		fmt.Sprintf("it is built by %s (%q in its go.mod), or by whatever newer release its publisher uses", s.Go, s.Source.GoFrom),
		"it is built with -trimpath and without tags",
	}
}
