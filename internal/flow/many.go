package flow

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

// A member is one server of a run that is for several.
type member struct {
	ref    Reference // names it alone
	server *pinner.Server
	err    error
}

// shown is how people see the server of m, as far as it could be read.
func (m *member) shown() string {
	if m.server == nil {
		return m.ref.Servers[0].Ref
	}
	return serverName(m.server)
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

// members reads all servers that count, each for each of the platforms; a server that
// cannot be read is a member with that error. The order is that of the references, and
// of what a pattern matches, the oldest first.
func (r Reference) members(ctx context.Context, root string, platforms []string) ([]*member, error) {
	all := r.Servers.in(root)
	if len(all) == 0 {
		_, _, err := r.read(ctx, root) // says so
		return nil, err
	}
	var out []*member
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
				m := &member{ref: r, err: err}
				one := n
				one.Ref = ref
				m.ref.Servers, m.ref.Platform, m.ref.Count = Servers{one}, platform, nil
				if !slices.ContainsFunc(out, m.same) {
					out = append(out, m)
				}
			}
		}
	}
	parallel(width(), len(out), func(i int) {
		if m := out[i]; m.err == nil {
			m.ref.Step = prefixed(r.Step, m.shown())
			m.server, m.err = m.ref.open(ctx, m.ref.Servers[0])
		}
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for _, m := range out {
		if m.err != nil {
			m.err = m.ref.Servers[0].blame(m.err)
		}
		m.ref.Step, m.ref.Log = prefixed(r.Step, m.shown()), prefixed(r.Log, m.shown())
	}
	return out, nil
}

func (m *member) same(n *member) bool {
	return m.ref.Servers[0].Ref == n.ref.Servers[0].Ref && m.ref.Platform == n.ref.Platform
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
	return target.Expand(ctx, n.Ref, r.options(n), target.SourceOptions{Environ: r.environ(), Log: r.Log})
}

// prefixed tells f what happens for one of several servers.
func prefixed(f func(string), name string) func(string) {
	return func(what string) { f(name + ": " + what) }
}

// memoryEach is what a plan or a build of a large plugin takes at its peak.
const memoryEach = 2 << 30

// width is how many servers are worked on at a time: each starts go commands that use
// several processors themselves, and must have its memory.
func width() int {
	n := min(atOnce, runtime.GOMAXPROCS(0))
	if free, ok := freeMemory(); ok {
		n = min(n, max(1, int(free/memoryEach)))
	}
	return n
}

// freeMemory is what Linux says is available; false elsewhere.
func freeMemory() (bytes int64, ok bool) {
	data, err := bounded.ReadFile("/proc/meminfo", bounded.Any)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "MemAvailable:" {
			kb, err := strconv.ParseInt(f[1], 10, 64)
			return kb << 10, err == nil
		}
	}
	return 0, false
}

// serverName is a server as people call it: "nakama v3.26.0".
func serverName(s *pinner.Server) string {
	return strings.TrimSpace(shortServer(s) + " " + serverVersion(s))
}

// shortServer is the last element of the server's name, without a major version.
func shortServer(s *pinner.Server) string {
	name := s.Name()
	if prefix, _, ok := module.SplitPathVersion(name); ok {
		name = prefix
	}
	return path.Base(name)
}

// serverVersion is the version of a server: of its main module or, where that was built
// in its own directory, its image's tag or what distinguishes the name of its file. It may
// be empty.
func serverVersion(s *pinner.Server) string {
	if v := s.Main.Version; v != "" && v != "(devel)" {
		return strings.TrimSuffix(v, "+dirty")
	}
	for _, ref := range []string{s.Ref, s.Origin.Source} {
		if _, rest, ok := strings.Cut(ref, "image:"); ok && !strings.Contains(rest, "@") {
			if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, '/') {
				return rest[i+1:]
			}
		}
	}
	if target.IsImage(s.Ref) {
		return ""
	}
	file := filepath.ToSlash(s.Ref)
	if v := versionIn(path.Base(file), shortServer(s)); v != "" {
		return v
	}
	return versionIn(path.Base(path.Dir(file)), shortServer(s))
}

// versionIn takes the server's name and the endings that pinfix knows from the name of a
// file: nakama-3.26.0.buildinfo is 3.26.0. A name of another kind counts if it has a digit.
func versionIn(base, server string) string {
	for _, end := range []string{".buildinfo", ".json", ".txt", ".tar", ".exe"} {
		base = strings.TrimSuffix(base, end)
	}
	rest, named := strings.CutPrefix(base, server+"-")
	if !named && !strings.ContainsAny(rest, "0123456789") {
		return ""
	}
	return strings.Trim(strings.TrimPrefix(strings.TrimPrefix(rest, server), "server-"), "-_.")
}

// A trouble counts how the servers of a run came off.
type trouble struct{ differ, unknown int }

// add counts an error, and returns the result that it means for its server.
func (t *trouble) add(err error) string {
	if refuses(err) {
		t.differ++
		return report.ServerRefuses
	}
	t.unknown++
	return report.ServerUnknown
}

// Sorted returns references in the order of the numbers in them.
func Sorted(refs []string) []string {
	refs = slices.Clone(refs)
	slices.SortStableFunc(refs, target.Natural)
	return refs
}
