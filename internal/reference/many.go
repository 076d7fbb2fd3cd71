package reference

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/parallel"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

// A Member is one server of a run that is for several.
type Member struct {
	Ref    Reference // names it alone
	Server *pinner.Server
	Err    error

	alike bool // another server of the run has the same name and platform
}

// Shown is how people see the server of m, as far as it could be read: its name, or the
// reference where the name would be that of another one, too.
func (m *Member) Shown() string {
	if m.Server == nil || m.alike {
		return m.Ref.Servers[0].Ref
	}
	return ServerName(m.Server)
}

// counted are the servers that count where several may: all that the first place names.
func (all Servers) counted() Servers {
	return slices.DeleteFunc(slices.Clone(all), func(n Named) bool { return n.From != all[0].From })
}

// Several reports whether more than one server counts, or one name may match more.
func (all Servers) Several() bool {
	counted := all.counted()
	return len(counted) > 1 || len(counted) == 1 && target.IsPattern(counted[0].Ref)
}

// NamesOne returns an error if the plugin's repository names more than one server, or a
// pattern: no single other server can take their place.
func (r Reference) NamesOne(root string) error {
	all := r.Servers.In(root)
	i := slices.IndexFunc(all, func(n Named) bool { return n.Own })
	if i < 0 || !all[i:].Several() {
		return nil
	}
	words := append([]string{"pinfix apply"}, r.Typed()...)
	if r.Dir != "." {
		words = append(words, "-C", shell.Quote(r.Dir))
	}
	return fault.New("change that line by hand, or pin the plugin to one server and leave the line: "+strings.Join(words, " "),
		"%s names several servers, and one cannot take their place", all[i].From)
}

// Members reads all servers that count, each for each of the platforms; a server that
// cannot be read is a member with that error. The order is that of the references, and
// of what a pattern matches, the oldest first.
func (r Reference) Members(ctx context.Context, root string, platforms []string) ([]*Member, error) {
	all := r.Servers.In(root)
	if len(all) == 0 {
		_, _, err := r.Read(ctx, root) // says so
		return nil, err
	}
	var out []*Member
	for _, n := range all.counted() {
		refs, err := r.expand(ctx, n)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			refs = []string{n.Ref}
		}
		for _, ref := range refs {
			for _, platform := range platformsOf(ref, platforms) {
				m := &Member{Ref: r, Err: err}
				one := n
				one.Ref = ref
				m.Ref.Servers, m.Ref.Platform, m.Ref.among, m.Ref.Count = Servers{one}, platform, platforms, nil
				if !slices.ContainsFunc(out, m.same) {
					out = append(out, m)
				}
			}
		}
	}
	parallel.Do(parallel.Width(), len(out), func(i int) {
		if m := out[i]; m.Err == nil {
			m.Ref.Step = prefixed(r.Step, m.Shown())
			m.Server, m.Err = m.Ref.Open(ctx, m.Ref.Servers[0])
		}
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	markAlike(out)
	for _, m := range out {
		if m.Err != nil {
			m.Err = m.Ref.Servers[0].Blame(m.Err)
		}
		m.Ref.Step, m.Ref.Log = prefixed(r.Step, m.Shown()), prefixed(r.Log, m.Shown())
	}
	return out, nil
}

// markAlike finds the servers that their names do not tell apart.
func markAlike(all []*Member) {
	of := map[string][]*Member{}
	for _, m := range all {
		if m.Server != nil {
			goos, goarch, _ := m.Server.Platform()
			key := ServerName(m.Server) + " " + goos + "/" + goarch
			of[key] = append(of[key], m)
		}
	}
	for _, same := range of {
		for _, m := range same {
			m.alike = len(same) > 1
		}
	}
}

func (m *Member) same(n *Member) bool {
	return m.Ref.Servers[0].Ref == n.Ref.Servers[0].Ref && m.Ref.Platform == n.Ref.Platform
}

// platformsOf are the platforms to read ref for: only an image is there for several.
func platformsOf(ref string, platforms []string) []string {
	switch {
	case len(platforms) == 0:
		return []string{""}
	case !target.IsImage(ref):
		return platforms[:1]
	}
	return platforms
}

// expand returns the references that a server's name matches. Whom a pattern of the
// plugin's own files makes pinfix ask is said, as for a single reference.
func (r Reference) expand(ctx context.Context, n Named) ([]string, error) {
	if !target.IsPattern(n.Ref) {
		return []string{n.Ref}, nil
	}
	if asked := target.Asks(n.Ref); n.Own && asked != "" && !r.Offline && r.Note != nil {
		r.Note(fmt.Sprintf("%s names the servers %s; asking %s", n.From, n.Ref, asked))
	}
	return target.Expand(ctx, n.Ref, r.Options(n), target.SourceOptions{Environ: r.GoEnviron(), Log: r.Log})
}

// prefixed tells f what happens for one of several servers.
func prefixed(f func(string), name string) func(string) {
	return func(what string) { f(name + ": " + what) }
}

// ServerName is a server as people call it: "nakama v3.26.0".
func ServerName(s *pinner.Server) string {
	return strings.TrimSpace(ShortServer(s) + " " + ServerVersion(s))
}

// ShortServer is the last element of the server's name, without a major version.
func ShortServer(s *pinner.Server) string {
	name := s.Name()
	if prefix, _, ok := module.SplitPathVersion(name); ok {
		name = prefix
	}
	return path.Base(name)
}

// ServerVersion is the version of a server: of its main module or, where that was built
// in its own directory, its image's tag or what distinguishes the name of its file. It may
// be empty.
func ServerVersion(s *pinner.Server) string {
	if v, byFile := versionOf(s); !byFile {
		return v
	}
	return versionByFile(filepath.ToSlash(s.Ref), s)
}

// versionByFile is the version that the name of a file of s has, or else its directory's.
func versionByFile(file string, s *pinner.Server) string {
	if v := versionIn(path.Base(file), s); v != "" {
		return v
	}
	return versionOfDir(path.Base(path.Dir(file)))
}

// IsForAnother reports whether the name of a file, a slash path, says that it is for another
// version of the server than s. A name without a version is for any.
func IsForAnother(file string, s *pinner.Server) bool {
	v := versionByFile(file, s)
	return v != "" && strings.TrimPrefix(v, "v") != strings.TrimPrefix(ServerVersion(s), "v")
}

// NamedByFile reports whether a server has no version but that of its file's name.
func NamedByFile(s *pinner.Server) bool {
	_, byFile := versionOf(s)
	return byFile
}

// versionOf returns the version of s that does not depend on its file's name, and reports
// whether only that name may have one.
func versionOf(s *pinner.Server) (version string, byFile bool) {
	if v := s.Main.Version; v != "" && v != "(devel)" {
		return strings.TrimSuffix(v, "+dirty"), false
	}
	for _, ref := range []string{s.Ref, s.Origin.Source} {
		if _, rest, ok := strings.Cut(ref, "image:"); ok && !strings.Contains(rest, "@") {
			if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, '/') {
				return rest[i+1:], false
			}
		}
	}
	return "", !target.IsImage(s.Ref)
}

var (
	versionRE = pattern.New(`(?:^|[-_])(v?\d.*)$`)
	dottedRE  = pattern.New(`(?:^|[-_])(v?\d+\.\d.*)$`)
)

// versionIn takes the server's name, the platform and the endings that pinfix knows from
// the name of a file: nakama-3.26.0.buildinfo is 3.26.0, and so is what comes after any
// other word. A name without such a part counts whole if it has a digit.
func versionIn(base string, s *pinner.Server) string {
	for _, end := range []string{".buildinfo", ".json", ".txt", ".tar", ".exe", ".bin"} {
		base = strings.TrimSuffix(base, end)
	}
	if goos, goarch, ok := s.Platform(); ok {
		for _, between := range []string{"-", "_"} {
			base = strings.TrimSuffix(base, between+goos+between+goarch)
		}
	}
	server := ShortServer(s)
	if rest, named := strings.CutPrefix(base, server+"-"); named {
		return strings.Trim(strings.TrimPrefix(rest, "server-"), "-_.")
	}
	if m := versionRE.Regexp().FindStringSubmatch(base); m != nil {
		return strings.Trim(m[1], "-_.")
	}
	if !strings.ContainsAny(base, "0123456789") {
		return ""
	}
	return strings.Trim(strings.TrimPrefix(base, server), "-_.")
}

// versionOfDir takes a version from the name of a directory, which may have digits for any
// other reason: nakama-3.26.0 and 3.26.0 are versions, k8s is not.
func versionOfDir(base string) string {
	if m := dottedRE.Regexp().FindStringSubmatch(base); m != nil {
		return strings.Trim(m[1], "-_.")
	}
	return ""
}

// Sorted returns references in the order of the numbers in them.
func Sorted(refs []string) []string {
	refs = slices.Clone(refs)
	slices.SortStableFunc(refs, target.Natural)
	return refs
}
