package build

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/outlook"
	"github.com/pinfix/pinfix/internal/parallel"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/wants"
	"github.com/pinfix/pinfix/pinner"
)

// pinned is what a build for one of several servers has in the place of the plugin's
// go.mod, go.sum and Go files.
type pinned struct {
	server *pinner.Server
	many   bool     // it is one of several, and its files are named by a pattern
	flags  []string // of go build; nil before the plan is made
}

// DefaultPattern names the plugins of a build for several servers.
const DefaultPattern = "{name}-{server}-{version}-{os}-{arch}.so"

// Placeholders are what a pattern of file names may hold.
var Placeholders = []string{"name", "server", "version", "os", "arch"}

// ManyOptions are what pinfix build was asked for with several servers, or with one
// and --pin. Out may be a pattern.
type ManyOptions struct {
	Options
	Plan      wants.Options // how each server's plan is made
	Platforms []string
}

// A job is the build for one server.
type job struct {
	m      *reference.Member
	b      *builder
	close  func()
	result *report.ServerBuild
}

// RunMany builds the plugins for each server in a scratch directory, pinned to that
// server, and then writes all that their servers would load. The plugin's tree is only
// read. A server that cannot be served is in the report, and does not stop the others; an
// error means that nothing was written, unless writing itself failed.
//
// servers -> names -> for each: plan, go build, verify -> write.
func RunMany(ctx context.Context, o ManyOptions) (*report.BuildMany, error) {
	plugin, err := plugin.Read(o.Dir, o.Packages, "")
	if err != nil {
		return nil, err
	}
	members, err := o.Members(ctx, plugin.Root, o.Platforms)
	if err != nil {
		return nil, err
	}
	r := report.NewBuildMany(plugin.Root, plugin.Now.Module.Mod.Path)
	jobs := make([]*job, len(members))
	many := o.Servers.In(plugin.Root).Several() || len(o.Platforms) > 1 // also where a pattern matches one
	defer func() {
		for _, j := range jobs {
			if j != nil && j.close != nil {
				j.close()
			}
		}
	}()
	taken := map[string]*job{} // files, and for which server
	for i, m := range members {
		j := &job{m: m, result: &report.ServerBuild{Name: m.Shown(), Ref: m.Ref.Servers[0].Ref, Files: []report.BuiltFile{}, Moved: []report.Move{}, Plugins: []report.Verified{}, Warnings: []string{}, Server: report.Server{Settings: map[string]string{}}}}
		jobs[i] = j
		r.Servers = append(r.Servers, j.result)
		if m.Server != nil {
			j.result.Server = reference.Report(m.Server)
		}
		if m.Err == nil {
			j.b, m.Err = newBuilder(ctx, o.buildFor(m, many))
		}
		if j.b == nil {
			continue
		}
		for _, out := range j.b.outputs {
			if other, ok := taken[out.Abs]; ok {
				return nil, oneFile(other, j, out, o.Out)
			}
			taken[out.Abs] = j
		}
	}
	parallel.Do(parallel.Width(), len(jobs), func(i int) {
		if j := jobs[i]; j.m.Err == nil {
			j.m.Err = j.run(ctx, o)
		}
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return r, finish(ctx, r, jobs)
}

// oneFile is the error of two servers whose plugins would be the file out. pattern is that
// of -o, "" for none.
func oneFile(a, b *job, out Output, pattern string) error {
	what := fmt.Sprintf("the plugins for %s and for %s would be one file, %s", a.m.Ref.Servers[0].Ref, b.m.Ref.Servers[0].Ref, out.Name)
	if pattern != "" {
		what = "-o " + pattern + ": " + what
	}
	x, y := a.b.parts(out.pkg), b.b.parts(out.pkg)
	var apart []string
	for _, p := range Placeholders {
		if x[p] != y[p] {
			apart = append(apart, "{"+p+"}")
		}
	}
	switch {
	case len(apart) > 0:
		return fault.New("put "+apart[0]+" into the pattern of -o", "%s", what)
	case reference.NamedByFile(a.m.Server) && reference.NamedByFile(b.m.Server):
		return fault.New("give the servers' files names with a version, such as "+x["server"]+"-1.0, or build them one by one with -o FILE", "%s", what)
	}
	return fault.New("build them one by one with -o FILE", "%s", what)
}

// buildFor is the build for one server.
func (o ManyOptions) buildFor(m *reference.Member, many bool) Options {
	one := o.Options
	one.Reference, one.pinned = m.Ref, &pinned{server: m.Server, many: many}
	return one
}

// run plans, builds and verifies.
func (j *job) run(ctx context.Context, o ManyOptions) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b := j.b
	if err := b.comparable(); err != nil {
		return err
	}
	plan := o.Plan
	plan.Reference, plan.Packages, plan.DryRun, plan.LookOnly = j.m.Ref, o.Packages, true, true
	plugin, err := plugin.Read(plan.Dir, plan.Packages, plan.ImportsFile)
	if err != nil {
		return err
	}
	p, err := outlook.Make(ctx, plan, plugin, b.server)
	if err != nil {
		return err
	}
	defer p.Stage.Close()
	if b.o.pinned.flags, err = p.Stage.BuildFlags(p.Aligned.Mod, p.Aligned.Sum, p.Aligned.Files); err != nil {
		return err
	}
	j.result.Moved = p.Set.MovedModules()
	view := p.Outlook()
	view.Name = j.m.Shown()
	j.result.Summary = view.Sentence()
	if b.scratch, err = stage.NewScratch(); err != nil {
		return err
	}
	j.close = func() { b.scratch.Close() }
	if err := b.tools(ctx); err != nil {
		return err
	}
	for i := range b.outputs {
		if err := b.build(ctx, i); err != nil {
			return err
		}
	}
	j.result.Plugins, j.result.Warnings = b.result.Plugins, slices.Concat(p.Tool.Warnings, p.Aligned.Warnings, b.result.Warnings)
	for _, out := range b.outputs {
		j.result.Files = append(j.result.Files, report.BuiltFile{Package: out.pkg, Output: out.Name})
	}
	return nil
}

// finish judges each server, and writes what its server would load. What is written is
// written at the end and all of it: an interrupted run leaves no file.
func finish(ctx context.Context, r *report.BuildMany, jobs []*job) error {
	ctx = context.WithoutCancel(ctx)
	var t outlook.Trouble
	for _, j := range jobs {
		j.result.Result = report.ServerFits
		if err := j.m.Err; err != nil {
			j.result.Result = t.Add(err)
			j.result.Error, j.result.Next = outlook.ErrorText(err)
			continue
		}
		if !j.result.Loads() {
			t.Differ++
			j.result.Result = report.ServerRefuses
		}
		if err := j.write(ctx); err != nil {
			return err
		}
	}
	r.Differ, r.Unknown = t.Differ, t.Unknown
	return nil
}

func (j *job) write(ctx context.Context) error {
	for i, out := range j.b.outputs {
		if !j.result.Plugins[i].Loads {
			continue
		}
		data, err := bounded.ReadFile(j.b.file(i), bounded.Program)
		if err != nil {
			return err
		}
		if err := WriteOutput(ctx, j.b.plugin.Root, out, data); err != nil {
			return err
		}
		j.result.Files[i].Written = true
	}
	return nil
}

// nameByPattern gives each package the file that the pattern -o names for this server.
func (b *builder) nameByPattern(pkgs []string) ([]Output, error) {
	pattern, dir := b.o.Out, ""
	if info, err := os.Stat(pattern); pattern == "" || strings.HasSuffix(pattern, "/") || strings.HasSuffix(pattern, string(filepath.Separator)) || err == nil && info.IsDir() {
		dir, pattern = pattern, DefaultPattern
	}
	if b.o.Out == "" {
		dir = b.plugin.Root
	}
	var outs []Output
	for _, pkg := range pkgs {
		name, err := fillPattern(pattern, b.parts(pkg))
		if err != nil {
			return nil, err
		}
		o := Output{pkg: pkg}
		if o.Abs, err = filepath.Abs(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
		o.Name = place.Short(o.Abs)
		if slices.ContainsFunc(outs, func(p Output) bool { return p.Abs == o.Abs }) {
			return nil, fault.New("name them apart with {name}", "-o %s: %d main packages would be %s", b.o.Out, len(pkgs), o.Name)
		}
		if err := MayOverwrite(o, objectFile); err != nil {
			return nil, err
		}
		outs = append(outs, o)
	}
	return outs, nil
}

// parts are the values of the placeholders.
func (b *builder) parts(pkg string) map[string]string {
	goos, goarch, ok := b.server.Platform()
	if !ok {
		goos, goarch = "unknown", "unknown"
	}
	return map[string]string{
		"name": strings.TrimSuffix(b.base(pkg), ".so"), "server": reference.ShortServer(b.server), "version": cmp.Or(reference.ServerVersion(b.server), "devel"),
		"os": goos, "arch": goarch,
	}
}

// fillPattern puts values into a pattern. They may be foreign text: in a file name they
// are one part of it, and never a directory of their own or a way out of one.
func fillPattern(pattern string, values map[string]string) (string, error) {
	var b strings.Builder
	for rest := pattern; rest != ""; {
		before, after, ok := strings.Cut(rest, "{")
		b.WriteString(before)
		if !ok {
			break
		}
		key, tail, closed := strings.Cut(after, "}")
		value, known := values[key]
		if !closed || !known {
			return "", fault.New("a pattern may hold {"+strings.Join(Placeholders, "}, {")+"}", "-o %s: unknown placeholder {%s}", pattern, key)
		}
		b.WriteString(fileWord(value))
		rest = tail
	}
	return b.String(), nil
}

// fileWord makes a text a word that may be in the name of any file.
func fileWord(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._+-", r) {
			return r
		}
		return '_'
	}, s)
	if s = strings.TrimLeft(s, ".-"); s == "" {
		return "unknown"
	}
	return s[:min(len(s), 100)]
}
