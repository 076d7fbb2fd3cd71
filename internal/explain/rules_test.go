package explain

import (
	"slices"
	"strings"
	"testing"
)

// TestRules: what a rule says can be filled in, and there is a log for it.
func TestRules(t *testing.T) {
	t.Parallel()
	used := map[*rule]bool{}
	for _, name := range caseFiles(t, "*.txt") {
		for _, l := range split(readCase(t, name).text) {
			for _, m := range matchAll(l.text) {
				used[m.rule] = true
			}
		}
	}
	for i := range rules {
		r := &rules[i]
		if r.key == "" || r.cause == "" || r.why == "" || r.fix == "" && r.do == 0 {
			t.Errorf("rule %d is not complete: %s", i, r.re)
		}
		for _, p := range placeholderRE.Regexp().FindAllString(r.why+r.fix, -1) {
			if !slices.Contains(r.re.Regexp().SubexpNames(), strings.Trim(p, "{}")) {
				t.Errorf("%s: no group for %s", r.re, p)
			}
		}
		if r.same != "" && r.re.Regexp().SubexpIndex(r.same) < 0 {
			t.Errorf("%s: no group %s", r.re, r.same)
		}
		if !used[r] {
			t.Errorf("no log in testdata for the rule %s", r.re)
		}
	}
}

func TestIsStd(t *testing.T) {
	t.Parallel()
	for _, pkg := range []string{"runtime", "runtime/cgo", "internal/cpu", "os/user", "vendor/golang.org/x/net/idna", "crypto/internal/fips140/aes", "log/slog"} {
		if !isStd(pkg) {
			t.Errorf("%s is of the standard library", pkg)
		}
	}
	for _, pkg := range []string{"golang.org/x/net", "gopkg.in/yaml.v3", "myproject/profile", "main", "command-line-arguments", "netx", ""} {
		if isStd(pkg) {
			t.Errorf("%s is not of the standard library", pkg)
		}
	}
	for pkg := range stdSince {
		if !isStd(pkg) {
			t.Errorf("stdRoots lacks the root of %s", pkg)
		}
	}
}
