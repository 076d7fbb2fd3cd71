package target

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/image"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/source"
)

// maxServers is how many servers one pattern may match: each is read, and of an
// image that means its layers.
const maxServers = 100

const globSigns = "*?["

// IsPattern reports whether ref may match several servers: image:NAME:3.*, whose tags
// the registry knows, mod:PATH@>=v1.2 with versions of the proxy, or names of files with
// *, ? or []. What exists as a file is no pattern.
func IsPattern(ref string) bool {
	if _, err := os.Stat(ref); err == nil {
		return false
	}
	if rest, ok := strings.CutPrefix(ref, modScheme); ok {
		_, query, _ := strings.Cut(rest, "@")
		return strings.ContainsAny(query, "<>*")
	}
	if rest, ok := strings.CutPrefix(ref, "image:"); ok {
		_, tag := cutTag(rest)
		return strings.ContainsAny(tag, globSigns)
	}
	return strings.ContainsAny(ref, globSigns)
}

// IsImage reports whether ref names an image, which may be there for several platforms.
func IsImage(ref string) bool {
	scheme, _, ok := strings.Cut(ref, ":")
	if _, err := os.Stat(ref); err == nil || !ok {
		return false
	}
	return slices.Contains(image.Schemes, scheme)
}

// cutTag splits NAME:TAG; the host of NAME may have a port.
func cutTag(ref string) (name, tag string) {
	i := strings.LastIndexByte(ref, ':')
	if i < 0 || strings.Contains(ref[i:], "/") {
		return ref, ""
	}
	return ref[:i], ref[i+1:]
}

// Expand returns the references that a pattern matches, the oldest version first, or
// ref alone where it is none. A pattern that matches nothing is an error with a next step.
func Expand(ctx context.Context, ref string, o Options, so SourceOptions) ([]string, error) {
	if !IsPattern(ref) {
		return []string{ref}, nil
	}
	refs, err := expand(ctx, ref, o, so)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil && len(refs) > maxServers {
		err = fault.New("write a narrower pattern", "it matches %d servers, and more than %d are too many", len(refs), maxServers)
	}
	if err != nil {
		return nil, named(ref, err, "quote the pattern, so that the shell leaves it alone")
	}
	return refs, nil
}

func expand(ctx context.Context, ref string, o Options, so SourceOptions) ([]string, error) {
	if rest, ok := strings.CutPrefix(ref, modScheme); ok {
		return expandModule(ctx, rest, so)
	}
	if rest, ok := strings.CutPrefix(ref, "image:"); ok {
		return expandImage(ctx, rest, o)
	}
	scheme, glob := "", ref
	for _, s := range image.Schemes {
		if rest, ok := strings.CutPrefix(ref, s+":"); ok {
			scheme, glob = s+":", rest
		}
	}
	names, err := filepath.Glob(glob)
	if err != nil {
		return nil, fault.With(err, "a [ in a name is written as [[]")
	}
	if len(names) == 0 {
		dir := filepath.Dir(glob)
		for _, err := os.Stat(dir); err != nil; _, err = os.Stat(dir) {
			dir = filepath.Dir(dir)
		}
		return nil, fault.New("name servers that are there: ls "+shell.Quote(dir), "no file matches")
	}
	slices.SortFunc(names, Natural)
	for i := range names {
		names[i] = scheme + names[i]
	}
	return names, nil
}

// expandImage asks the registry for the tags of NAME:PATTERN. Tags that are versions go
// before all others, and pre-releases count only where the pattern has a hyphen.
func expandImage(ctx context.Context, ref string, o Options) ([]string, error) {
	name, pattern := cutTag(ref)
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fault.With(err, "write it as in image:heroiclabs/nakama:3.*")
	}
	tags, err := image.Tags(ctx, "image:"+name, o.image())
	if err != nil {
		return nil, err
	}
	var found []string
	for _, tag := range tags {
		if ok, _ := path.Match(pattern, tag); ok {
			found = append(found, tag)
		}
	}
	if versions := slices.DeleteFunc(slices.Clone(found), func(tag string) bool {
		return !semver.IsValid(vVersion(tag)) || semver.Prerelease(vVersion(tag)) != "" && !strings.Contains(pattern, "-")
	}); len(versions) > 0 {
		found = versions
	}
	if len(found) == 0 {
		next := "the repository has no tags"
		if len(tags) > 0 {
			slices.SortFunc(tags, compareTags)
			next = "its newest tags are " + strings.Join(tags[max(0, len(tags)-5):], ", ")
		}
		return nil, fault.New(next, "none of %d tags fits", len(tags))
	}
	slices.SortFunc(found, compareTags)
	for i, tag := range found {
		found[i] = "image:" + name + ":" + tag
	}
	return found, nil
}

func vVersion(tag string) string { return "v" + strings.TrimPrefix(tag, "v") }

func compareTags(a, b string) int {
	x, y := semver.IsValid(vVersion(a)), semver.IsValid(vVersion(b))
	switch {
	case x && y:
		return cmp.Or(semver.Compare(vVersion(a), vVersion(b)), strings.Compare(a, b))
	case x != y:
		if x {
			return 1
		}
		return -1
	}
	return Natural(a, b)
}

// expandModule returns the versions of PATH@QUERY. A query is bounds (>=v1.2,<v2) and
// prefixes (v1.2.*), all of which must hold, with commas between.
func expandModule(ctx context.Context, ref string, o SourceOptions) ([]string, error) {
	mod, query, _ := strings.Cut(ref, "@")
	q, err := parseQuery(query)
	if err != nil {
		return nil, fault.With(err, "write it as in mod:example.com/server@>=v1.2,<v2 or @v1.2.*")
	}
	versions, err := source.Versions(ctx, mod, o)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(versions), func(v string) bool { return !q.has(v) })
	if len(found) == 0 {
		next := "the proxy has no version of it"
		if len(versions) > 0 {
			next = "the proxy has " + strings.Join(versions[max(0, len(versions)-5):], ", ")
		}
		return nil, fault.New(next, "no version matches; there are %d", len(versions))
	}
	slices.SortFunc(found, semver.Compare)
	for i, v := range found {
		found[i] = modScheme + mod + "@" + v
	}
	return found, nil
}

// A query is what a version must be.
type query struct {
	bounds   []func(v string) bool
	preAsked bool
}

func (q query) has(v string) bool {
	if semver.Prerelease(v) != "" && !q.preAsked {
		return false
	}
	return !slices.ContainsFunc(q.bounds, func(ok func(string) bool) bool { return !ok(v) })
}

func parseQuery(text string) (query, error) {
	q := query{preAsked: strings.Contains(text, "-")}
	for _, part := range strings.Split(text, ",") {
		if prefix, ok := strings.CutSuffix(part, "*"); ok {
			if prefix = strings.TrimSuffix(prefix, "."); prefix != "" && !semver.IsValid(prefix) {
				return q, fmt.Errorf("%q is no version with * in the place of its end", part)
			}
			q.bounds = append(q.bounds, func(v string) bool { return prefix == "" || strings.HasPrefix(v, prefix+".") || v == prefix })
			continue
		}
		op := part[:len(part)-len(strings.TrimLeft(part, "<>="))]
		bound := part[len(op):]
		if !semver.IsValid(bound) {
			return q, fmt.Errorf("%q is no version after %q", bound, op)
		}
		var ok func(c int) bool
		switch op {
		case ">=":
			ok = func(c int) bool { return c >= 0 }
		case ">":
			ok = func(c int) bool { return c > 0 }
		case "<=":
			ok = func(c int) bool { return c <= 0 }
		case "<":
			ok = func(c int) bool { return c < 0 }
		default:
			return q, fmt.Errorf("%q is none of >=, >, <= and <", op)
		}
		q.bounds = append(q.bounds, func(v string) bool { return ok(semver.Compare(v, bound)) })
	}
	return q, nil
}

// Natural compares names as people do: digits in them are numbers.
func Natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		p, q := digits(x), digits(y)
		if p > 0 && q > 0 {
			m, n := strings.TrimLeft(x[:p], "0"), strings.TrimLeft(y[:q], "0")
			if c := cmp.Or(cmp.Compare(len(m), len(n)), strings.Compare(m, n)); c != 0 {
				return c
			}
			x, y = x[p:], y[q:]
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x[0], y[0])
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}

// digits is how many digits s begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// refusePattern is the error of a command that is about one server.
func refusePattern(ref string) error {
	if !IsPattern(ref) {
		return nil
	}
	return fault.New("pinfix compat and pinfix build take patterns; name one server here", "no such file; it may be a pattern of several servers")
}
