package drift

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/check"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/git"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// Options are what pinfix check was asked for of one module. Of Options,
// those count that say what apply would do.
type Options struct {
	wants.Options
	Staged bool // the git index instead of the working tree
	Get    func(name string) string
	Err    error // its settings cannot be read

	Sources *Sources // filled with what an outcome without problems depends on; may be nil
}

// Servers reads each server once. The zero value is ready.
type Servers struct {
	mu sync.Mutex
	by map[string]*serverRead // by reference, platform and path
}

type serverRead struct {
	once   sync.Once
	server *pinner.Server
	err    error
}

func (s *Servers) get(ctx context.Context, r reference.Reference, root string) (*pinner.Server, error) {
	all := r.Servers.In(root)
	if len(all) == 0 {
		return nil, reference.NotNamed(root, "name a program or a snapshot with --server FILE, or write a snapshot of the server once: pinfix snapshot --server FILE")
	}
	if err := local(all[0]); err != nil {
		return nil, all[0].Blame(err)
	}
	key := strings.Join([]string{all[0].Ref, r.Platform, r.Path, strconv.FormatBool(r.NoPaths)}, "\x00")
	s.mu.Lock()
	one := s.by[key]
	if one == nil {
		if s.by == nil {
			s.by = map[string]*serverRead{}
		}
		one = &serverRead{}
		s.by[key] = one
	}
	s.mu.Unlock()
	one.once.Do(func() { one.server, one.err = r.Open(ctx, all[0]) })
	if one.err != nil {
		return nil, all[0].Blame(one.err) // by the place that this plugin names it in
	}
	return one.server, nil
}

// local refuses a server reference that check cannot read: it stays off the
// network and starts no go command.
func local(server reference.Named) error {
	ref, keep := server.Ref, "write a snapshot of it once, and commit that"
	if server.From != "--server" && !server.Snapshot { // it counts before the snapshot next to go.mod
		keep = "write a snapshot of it once, commit that, and name it in " + server.From + " instead"
	}
	next := keep + ": pinfix snapshot --server " + shell.Quote(ref)
	switch scheme, _, _ := strings.Cut(ref, ":"); {
	case place.Exists(ref) && !target.IsSource(ref):
	case scheme == "image" || scheme == "mod":
		return fault.New(next, "server %s: check reads files only, and this server is on the network", ref)
	case target.IsSource(ref):
		return fault.New(next, "server %s: check reads files only, and only the go command can tell what source links", ref)
	}
	return nil
}

// Readable returns the error that check would have with a server that the user has typed,
// nil for none.
func Readable(ctx context.Context, ref string, environ []string) error {
	n, _ := reference.Typed(ref, "--server")
	if err := local(n); err != nil {
		return err
	}
	r := reference.Reference{Environ: environ, NoPaths: true, Step: func(string) {}}
	_, err := r.Open(ctx, n)
	return err
}

// Checked is the outcome for one plugin.
type Checked struct {
	Dir      string
	Skipped  string // why it was left out of a walk
	Plugin   report.Checked
	Problems []report.Problem
	Notes    []string
	Err      error
}

// CheckOne checks the module while no commit changes it.
func CheckOne(ctx context.Context, o Options, s *Servers, walk bool) (out Checked) {
	if o.Err != nil {
		return Checked{Dir: o.Dir, Err: o.Err}
	}
	_, root, err := plugin.Locate(o.Dir)
	if err != nil {
		return judge(ctx, o, s, walk) // it says so
	}
	if len(o.Servers.In(root)) > 0 {
		ref := o.Reference
		ref.NoPaths = true
		_, _ = s.get(ctx, ref, root) // it may take long, and a commit would wait
	}
	if err := commit.Look(ctx, root, func() { out = judge(ctx, o, s, walk) }); err != nil {
		return Checked{Dir: o.Dir, Err: err}
	}
	return out
}

func judge(ctx context.Context, o Options, s *Servers, walk bool) (out Checked) {
	out.Dir = o.Dir
	if walk {
		if out.Skipped, _, out.Err = reference.Skip(o.Dir, o.Servers, o.Sources.look()); out.Err != nil || out.Skipped != "" {
			o.Sources.skipped(o.Dir)
			return out
		}
	}
	c := &checker{o: o.Options, cache: modcache.Dir(o.Get), disk: !o.Staged, seen: o.Sources}
	done, err := c.open(ctx, o)
	if err != nil {
		out.Err = err
		return out
	}
	defer done()
	ref := o.Reference
	ref.NoPaths, c.o.NoPaths = true, true
	if c.server, out.Err = s.get(ctx, ref, c.plugin.Root); out.Err != nil {
		return out
	}
	if c.needsPaths() {
		ref.NoPaths, c.o.NoPaths = false, false
		if c.server, out.Err = s.get(ctx, ref, c.plugin.Root); out.Err != nil {
			return out
		}
	}
	if out.Err = c.stagedServer(ctx, ref.Servers.In(c.plugin.Root)); out.Err != nil {
		return out
	}
	if out.Err = reference.Hopeless(c.server); out.Err != nil {
		return out
	}
	if out.Err = c.run(ctx); out.Err != nil {
		return out
	}
	c.sources(o)
	todo := c.remedy(ctx, o, s)
	out.Plugin = c.report(todo.line)
	for _, p := range c.problems {
		out.Problems = append(out.Problems, c.problem(p, out.Plugin, todo.of(p)))
	}
	for _, n := range c.notes {
		out.Notes = append(out.Notes, c.plugin.User.Module.Mod.Path+": "+n)
	}
	return out
}

// needsPaths reports whether it counts where an untrimmed server's own modules were: the
// plugin requires one of them. To find that out takes a search through the program.
func (c *checker) needsPaths() bool {
	return !c.server.Trimmed() && slices.ContainsFunc(c.server.Own(), func(path string) bool {
		return plugin.Required(c.plugin.Now, path) != ""
	})
}

// open finds the plugin and the tree to read it from.
func (c *checker) open(ctx context.Context, o Options) (done func(), err error) {
	done = func() {}
	if !o.Staged {
		if c.plugin, err = plugin.ReadBy(o.Dir, o.Packages, o.ImportsFile, plugin.ReadText); err == nil {
			c.tree = look.Disk(c.plugin.Root)
			if o.Sources != nil {
				c.tree = noted{c.tree, c.plugin.Root, o.Sources}
			}
		}
		return done, err
	}
	var index *noting
	c.plugin, err = plugin.ReadBy(o.Dir, o.Packages, o.ImportsFile, func(name string) ([]byte, error) {
		if index, err = c.stagedBelow(ctx, filepath.Dir(name)); err != nil {
			return nil, err
		}
		return index.ReadFile("go.mod")
	})
	if index != nil {
		done = func() { index.Close() }
	}
	if err != nil {
		done()
		return nil, stagedError(err)
	}
	c.tree = index
	return done, nil
}

// stagedBelow returns what is staged below a directory.
func (c *checker) stagedBelow(ctx context.Context, dir string) (*noting, error) {
	repo, err := c.repository(ctx, dir)
	if err != nil {
		return nil, err
	}
	index, err := repo.Index(ctx)
	if err != nil {
		return nil, err
	}
	x := &noting{Index: index, read: map[string]bool{}}
	c.indexes = append(c.indexes, x)
	return x, nil
}

// repository opens the git repository around a directory.
func (c *checker) repository(ctx context.Context, dir string) (*git.Repo, error) {
	cwd, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	return git.Open(ctx, dir, cwd, c.o.Environ)
}

// stagedError adds the next step to an error of the index.
func stagedError(err error) error {
	var failed *git.Error
	next := fault.Next(err)
	switch {
	case errors.As(err, &failed):
		next = "leave --staged out where there is no git repository"
	case errors.Is(err, fs.ErrNotExist):
		next = "git add it, or leave --staged out"
	}
	return fault.With(fmt.Errorf("--staged: %w", err), next)
}

// stagedServer takes a snapshot of the module, or of the repository above it, from the
// index too.
func (c *checker) stagedServer(ctx context.Context, all reference.Servers) error {
	index, ok := c.tree.(*noting)
	if !ok {
		return nil
	}
	full, err := filepath.Abs(c.server.Ref)
	if err != nil {
		return err
	}
	root := c.plugin.Root
	if len(all) > 0 && all[0].Above {
		root = filepath.Dir(full)
		if index, err = c.stagedBelow(ctx, root); err != nil {
			c.more = true
			return nil // the snapshot is in no repository, or in another one
		}
		defer index.Close()
	}
	rel, err := filepath.Rel(root, full)
	if err != nil || !index.Has(filepath.ToSlash(rel)) {
		return nil
	}
	data, err := index.ReadFile(filepath.ToSlash(rel))
	if err != nil {
		return err
	}
	disk, err := bounded.ReadFile(full, reference.MaxSnapshot)
	if err == nil && string(disk) == string(data) {
		return nil
	}
	staged, err := target.Parse(data)
	if err != nil {
		return fmt.Errorf("--staged: %w", err)
	}
	staged.Ref = c.server.Ref
	c.server = staged
	c.snapshot, _ = filepath.Rel(c.plugin.Root, full) // both are full names
	return nil
}

func (c *checker) report(fix string) report.Checked {
	return report.Checked{
		Dir: c.plugin.Root, Module: c.plugin.User.Module.Mod.Path, Server: c.server.Name(), Ref: c.server.Ref, Go: c.server.Go,
		SharedModules: len(c.in.Pins), Aligned: len(c.problems) == 0, Problems: len(c.problems), Fix: fix, Unknown: c.wants.Doubts(c.in.Pins, c.doubts),
		Prefix: place.ReviewPrefix(c.plugin.Root),
	}
}

// from names a path below the module root as the user's shell finds it.
func (c *checker) from(name string) string {
	return c.here(filepath.Join(c.plugin.Root, filepath.FromSlash(name)))
}

// here names a file as the user's shell finds it: as seen from where pinfix runs or, if the
// shell is elsewhere, by its full name.
func (c *checker) here(full string) string {
	if c.below() {
		return full
	}
	return place.FromHere(full)
}

// below reports whether the user is in another directory than pinfix.
func (c *checker) below() bool { return git.FromBelow(c.o.Environ) }

func (c *checker) problem(p check.Problem, in report.Checked, fix string) report.Problem {
	out := report.Problem{Kind: string(p.Kind), Module: p.Module, Want: p.Want, Have: p.Have, File: p.File, Line: p.Line, Fix: fix,
		Plugin: in.Module, Dir: in.Dir, Place: filepath.ToSlash(c.from(p.File)), Path: path.Join(in.Prefix, p.File)}
	return out.Because(p.Why, p.Served)
}
