package recipe

import (
	"fmt"
	"strings"

	"github.com/pinfix/pinfix/pinner"
)

// BuildsVendored reports whether the server takes a plugin that go build alone makes from
// the vendor/ in root: paths count only in an untrimmed one's fingerprints.
func BuildsVendored(s *pinner.Server, root string) bool {
	return s.Trimmed() || s.Paths.Vendored == root
}

// SuffixWarning says that a server's Go is no plain release; what only names
// experiments is one.
func SuffixWarning(s *pinner.Server) []string {
	release, _, _ := strings.Cut(s.Go, "X:")
	release = strings.TrimRight(release, " -")
	if strings.TrimPrefix(release, "go") == s.GoVersion() {
		return nil
	}
	return []string{fmt.Sprintf("the server was built by %q, which is not a plain release; its plugins must be too", s.Go)}
}
