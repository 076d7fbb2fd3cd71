package workspace

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/git"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/vars"
	"github.com/pinfix/pinfix/pinner"
)

var revisionRE = pattern.New(`^[0-9a-f]{7,64}$`)

// commit compares the commits. It reports false where one is not known.
func (src *Source) commit(ctx context.Context, environ []string, s *pinner.Server, dir string) (bool, error) {
	var head string
	repo, err := git.Open(ctx, src.Dir, src.Dir, vars.Without(environ, vars.Git))
	if err == nil {
		head, err = repo.Head(ctx)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		src.warn("%s is in no git repository, so its commit cannot be compared with the server's; the fingerprints decide", dir)
		return false, nil
	}
	want := s.Settings["vcs.revision"]
	if want == "" {
		want = versionCommit(ctx, s.Main.Version, repo)
	}
	if !revisionRE.MatchString(want) {
		src.warn("the server's build info does not name its commit, so that of %s (%.12s) cannot be compared; the fingerprints decide", dir, head)
		return false, nil
	}
	if !repo.HasCommit(ctx, want) {
		// A copy within another repository, or a clone without its history.
		src.warn("the server was built from commit %.12s, which the repository of %s does not have; the fingerprints decide", want, dir)
		return false, nil
	}
	if !strings.HasPrefix(head, want) {
		return false, fault.OfSetting("--server-source", dir, fmt.Sprintf("git -C %s checkout %s", dir, want), "it is at commit %.12s, the server was built from %.12s", head, want)
	}
	changed, err := repo.Changed(ctx)
	if err != nil {
		return false, err
	}
	if len(changed) > 0 {
		src.warn("%s has changes that are not committed, %s among them; the fingerprints decide", dir, changed[0])
	}
	if s.Settings["vcs.modified"] == "true" {
		src.warn("the server was built from a changed copy of commit %.12s; the changes cannot be seen, so the fingerprints decide", want)
	}
	return true, nil
}

// versionCommit returns the commit that the version of the server's module
// stands for, or "": that of a pseudo-version, or of a tag that is available.
func versionCommit(ctx context.Context, version string, repo *git.Repo) string {
	if module.IsPseudoVersion(version) {
		rev, err := module.PseudoVersionRev(version)
		if err != nil {
			return ""
		}
		return rev
	}
	if module.CanonicalVersion(version) != version || version == "" {
		return ""
	}
	return repo.Tag(ctx, version)
}

// requirements compares go.mod with what the server links: a tidy one of Go 1.17
// or newer names all of it, at the selected version.
func (src *Source) requirements(s *pinner.Server, dir string) error {
	if len(s.Own()) > 1 {
		return nil // built in a go.work
	}
	want := map[string]string{}
	for _, r := range src.mod.Require {
		want[r.Mod.Path] = r.Mod.Version
	}
	var differ []string
	for _, p := range s.Required() {
		if v, ok := want[p.Path]; ok && v != p.Version.Version {
			differ = append(differ, fmt.Sprintf("its go.mod requires %s %s, the server has %s", p.Path, v, p.Version.Version))
		}
	}
	if len(differ) == 0 {
		return nil
	}
	more := ""
	if len(differ) > 1 {
		more = fmt.Sprintf(" (and %d more)", len(differ)-1)
	}
	return fault.OfSetting("--server-source", dir, "check out the commit there that the server was built from", "not the server's source: %s%s", differ[0], more)
}
