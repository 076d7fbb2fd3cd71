package flow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/check"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/git"
	"github.com/pinfix/pinfix/internal/look"
	"github.com/pinfix/pinfix/internal/modcache"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

// CheckOptions are what pinfix check was asked for of one module. Of Options,
// those count that say what apply would do.
type CheckOptions struct {
	Options
	Staged bool // the git index instead of the working tree
	Get    func(name string) string
	Err    error // its settings cannot be read

	Sources *Sources // filled with what an outcome without problems depends on; may be nil
}

// Check reports what has been undone of the pins of one plugin or, in a walk, of
// each that is one and has a server. It reads files only, and git's index with
// Staged. With a *[CheckError] the report is of those that could be checked.
func Check(ctx context.Context, modules []CheckOptions, walk bool) (*report.Check, error) {
	r := &report.Check{SchemaVersion: 1, Command: "check", Staged: len(modules) > 0 && modules[0].Staged,
		Plugins: []report.Checked{}, Problems: []report.Problem{}, Notes: []string{}}
	s := &servers{by: map[string]*serverRead{}}
	results := make([]checked, len(modules))
	parallel(runtime.GOMAXPROCS(0), len(modules), func(i int) { results[i] = checkOne(ctx, modules[i], s, walk) })
	failed := &CheckError{All: len(modules)}
	for _, c := range results {
		switch {
		case c.err != nil && walk:
			failed.Errs = append(failed.Errs, fmt.Errorf("%s: %w", c.dir, c.err))
		case c.err != nil:
			return nil, c.err
		case c.skipped != "":
			r.Notes = append(r.Notes, fmt.Sprintf("%s: %s; left out", c.dir, c.skipped))
		default:
			r.Plugins = append(r.Plugins, c.plugin)
			r.Problems = append(r.Problems, c.problems...)
			r.Notes = append(r.Notes, c.notes...)
		}
	}
	r.Aligned = len(r.Problems) == 0
	switch {
	case len(failed.Errs) > 0:
		return r, failed
	case len(r.Plugins) == 0:
		return nil, &WalkError{All: len(modules), Skipped: len(modules)}
	}
	return r, nil
}

// A CheckError says that some modules of a walk could not be checked.
type CheckError struct {
	Errs []error // begin with the directory
	All  int
}

func (e *CheckError) Error() string {
	return report.Of(len(e.Errs), e.All, "module") + " could not be checked"
}

// parallel runs f for 0 to n-1, as many at a time as limit says.
func parallel(limit, n int, f func(i int)) {
	if n == 1 {
		f(0) // to start a thread for it takes longer than some checks
		return
	}
	var group errgroup.Group
	group.SetLimit(limit)
	for i := range n {
		group.Go(func() error { f(i); return nil })
	}
	_ = group.Wait() // no function returns an error
}

// servers reads each server once.
type servers struct {
	mu sync.Mutex
	by map[string]*serverRead // by reference, platform and path
}

type serverRead struct {
	once   sync.Once
	server *pinner.Server
	err    error
}

func (s *servers) get(ctx context.Context, r Reference, root string) (*pinner.Server, error) {
	all := r.Servers.in(root)
	if len(all) == 0 {
		_, _, err := r.read(ctx, root) // says so
		return nil, err
	}
	if err := local(all[0]); err != nil {
		return nil, all[0].blame(err)
	}
	key := strings.Join([]string{all[0].Ref, r.Platform, r.Path, strconv.FormatBool(r.NoPaths)}, "\x00")
	s.mu.Lock()
	one := s.by[key]
	if one == nil {
		one = &serverRead{}
		s.by[key] = one
	}
	s.mu.Unlock()
	one.once.Do(func() { one.server, one.err = r.open(ctx, all[0]) })
	if one.err != nil {
		return nil, all[0].blame(one.err) // by the place that this plugin names it in
	}
	return one.server, nil
}

// local refuses a server reference that check cannot read: it stays off the
// network and starts no go command.
func local(server Named) error {
	ref, instead := server.Ref, ""
	if server.From != "--server" && !server.snapshot { // it counts before the snapshot next to go.mod
		instead = ", and name it in " + server.From + " instead"
	}
	next := "write a snapshot of it once, and commit that" + instead + ": pinfix snapshot --server " + shell.Quote(ref)
	switch scheme, _, _ := strings.Cut(ref, ":"); {
	case exists(ref) && !target.IsSource(ref):
	case scheme == "image" || scheme == "mod":
		return fault(next, "server %s: check reads files only, and this server is on the network", ref)
	case target.IsSource(ref):
		return fault(next, "server %s: check reads files only, and what source links takes the go command to find out", ref)
	}
	return nil
}

// checked is the outcome for one plugin.
type checked struct {
	dir      string
	skipped  string // why it was left out of a walk
	plugin   report.Checked
	problems []report.Problem
	notes    []string
	err      error
}

// checkOne checks the module while no commit changes it.
func checkOne(ctx context.Context, o CheckOptions, s *servers, walk bool) (out checked) {
	if o.Err != nil {
		return checked{dir: o.Dir, err: o.Err}
	}
	_, root, err := pluginRoot(o.Dir)
	if err != nil {
		return judge(ctx, o, s, walk) // it says so
	}
	if len(o.Servers.in(root)) > 0 {
		ref := o.Reference
		ref.NoPaths = true
		_, _ = s.get(ctx, ref, root) // it may take long, and a commit would wait
	}
	if err := commit.Look(ctx, root, func() { out = judge(ctx, o, s, walk) }); err != nil {
		return checked{dir: o.Dir, err: err}
	}
	return out
}

func judge(ctx context.Context, o CheckOptions, s *servers, walk bool) (out checked) {
	out.dir = o.Dir
	if walk {
		if out.skipped, _, out.err = (Module{Dir: o.Dir, Options: o.Options}).skip(); out.err != nil || out.skipped != "" {
			return out
		}
	}
	c := &checker{o: o.Options, cache: modcache.Dir(o.Get), disk: !o.Staged, seen: o.Sources}
	done, err := c.open(ctx, o)
	if err != nil {
		out.err = err
		return out
	}
	defer done()
	ref := o.Reference
	ref.NoPaths, c.o.NoPaths = true, true
	if c.server, out.err = s.get(ctx, ref, c.plugin.root); out.err != nil {
		return out
	}
	if c.needsPaths() {
		ref.NoPaths, c.o.NoPaths = false, false
		if c.server, out.err = s.get(ctx, ref, c.plugin.root); out.err != nil {
			return out
		}
	}
	if out.err = c.stagedServer(ctx, ref.Servers.in(c.plugin.root)); out.err != nil {
		return out
	}
	if out.err = hopeless(c.server); out.err != nil {
		return out
	}
	if out.err = c.run(ctx); out.err != nil {
		return out
	}
	c.sources(o)
	out.plugin = c.report(o)
	for _, p := range c.problems {
		out.problems = append(out.problems, c.problem(p, out.plugin, o))
	}
	for _, n := range c.notes {
		out.notes = append(out.notes, c.plugin.user.Module.Mod.Path+": "+n)
	}
	return out
}

// needsPaths reports whether it counts where an untrimmed server's own modules were: the
// plugin requires one of them. To find that out takes a search through the program.
func (c *checker) needsPaths() bool {
	return !c.server.Trimmed() && slices.ContainsFunc(c.server.Own(), func(path string) bool {
		return required(c.plugin.now, path) != ""
	})
}

// open finds the plugin and the tree to read it from.
func (c *checker) open(ctx context.Context, o CheckOptions) (done func(), err error) {
	done = func() {}
	if !o.Staged {
		if c.plugin, err = readPluginBy(o.Options, readText); err == nil {
			c.tree = look.Disk(c.plugin.root)
			if o.Sources != nil {
				c.tree = noted{c.tree, c.plugin.root, o.Sources}
			}
		}
		return done, err
	}
	var index *git.Index
	c.plugin, err = readPluginBy(o.Options, func(name string) ([]byte, error) {
		if index, err = stagedBelow(ctx, filepath.Dir(name), o.Environ); err != nil {
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
func stagedBelow(ctx context.Context, dir string, environ []string) (*git.Index, error) {
	cwd, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	repo, err := git.Open(ctx, dir, cwd, environ)
	if err != nil {
		return nil, err
	}
	return repo.Index(ctx)
}

// stagedError adds the next step to an error of the index.
func stagedError(err error) error {
	var failed *git.Error
	var e interface{ NextStep() string }
	next := ""
	switch {
	case errors.As(err, &failed):
		next = "leave --staged out where there is no git repository"
	case errors.Is(err, fs.ErrNotExist):
		next = "git add it, or leave --staged out"
	case errors.As(err, &e):
		next = e.NextStep()
	}
	return &Error{fmt.Errorf("--staged: %w", err), next}
}

// stagedServer takes a snapshot of the module, or of the repository above it, from the
// index too.
func (c *checker) stagedServer(ctx context.Context, all Servers) error {
	index, ok := c.tree.(*git.Index)
	if !ok {
		return nil
	}
	full, err := filepath.Abs(c.server.Ref)
	if err != nil {
		return err
	}
	root := c.plugin.root
	if len(all) > 0 && all[0].Above {
		root = filepath.Dir(full)
		if index, err = stagedBelow(ctx, root, c.o.Environ); err != nil {
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
	disk, err := bounded.ReadFile(full, maxSnapshot)
	if err == nil && string(disk) == string(data) {
		return nil
	}
	staged, err := target.Parse(data)
	if err != nil {
		return fmt.Errorf("--staged: %w", err)
	}
	staged.Ref = c.server.Ref
	c.server = staged
	return nil
}

func (c *checker) report(o CheckOptions) report.Checked {
	return report.Checked{
		Dir: c.plugin.root, Module: c.plugin.user.Module.Mod.Path, Server: c.server.Name(), Ref: c.server.Ref, Go: c.server.Go,
		SharedModules: len(c.in.Pins), Aligned: len(c.problems) == 0, Problems: len(c.problems), Fix: c.fix(o), Unknown: c.aligner().doubts(c.in.Pins, c.doubts),
		Prefix: reviewPrefix(c.plugin.root),
	}
}

// fix is the command line that fixes the plugin.
func (c *checker) fix(o CheckOptions) string {
	dir := "."
	if o.Dir != "." {
		dir = c.from("")
	}
	return o.applyLine(dir)
}

// from returns a path below the module root as seen from where pinfix runs.
func (c *checker) from(name string) string {
	return fromHere(filepath.Join(c.plugin.root, filepath.FromSlash(name)))
}

func (c *checker) problem(p check.Problem, in report.Checked, o CheckOptions) report.Problem {
	fix := p.Fix
	if fix == "" {
		fix = in.Fix
	}
	return report.Problem{Kind: string(p.Kind), Module: p.Module, Want: p.Want, Have: p.Have, File: p.File, Line: p.Line, Why: p.Why, Fix: fix,
		Plugin: in.Module, Dir: in.Dir, Place: filepath.ToSlash(c.from(p.File)), Path: path.Join(in.Prefix, p.File)}
}
