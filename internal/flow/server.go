package flow

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/meter"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

// A Reference says which server is meant for which plugin, and how to read it.
type Reference struct {
	Dir      string // where to look for the plugin's module
	Servers  Servers
	Platform string // of an image
	Path     string // of the program in it
	Offline  bool
	NoPaths  bool // what only a build needs of an untrimmed server is left out
	walk     bool // this is one module of several
	stays    bool // the plugin's repository is made to name the server
	bare     bool // a program that does not name its modules will do
	Environ  []string
	Step     func(string) // told what happens now; "" ends a step
	Count    meter.Count  // told how far the step has come; may be nil
	Note     func(string) // told who is asked because of a file of the plugin's; may be nil
	Log      func(string) // told each go command line, which source needs
}

func (r Reference) options(n Named) target.Options {
	return target.Options{Platform: r.Platform, Path: r.Path, Bare: r.bare, Offline: r.Offline, Foreign: n.Own, Environ: r.Environ, NoPaths: r.NoPaths, Step: r.Step}
}

// environ is what go commands run with: offline, the module cache is left.
func (r Reference) environ() []string {
	if r.Offline {
		return gocmd.Offline(r.Environ)
	}
	return r.Environ
}

// read reads the server that counts among those that are named and the snapshot
// next to the go.mod in root, and returns them all. Errors begin with the place
// that names it.
func (r Reference) read(ctx context.Context, root string) (*pinner.Server, Servers, error) {
	all := r.Servers.in(root)
	if len(all) == 0 {
		return nil, nil, fault.New("name it with --server FILE or --server image:NAME:TAG, or write a snapshot of it once: pinfix snapshot --server FILE", "no server given")
	}
	s, err := r.open(ctx, all[0])
	if err != nil {
		return nil, all, all[0].blame(err)
	}
	return s, all, nil
}

func (r Reference) open(ctx context.Context, n Named) (*pinner.Server, error) {
	// A clone's .pinfix.yaml is not the user's word: whom it makes pinfix ask is said.
	if asked := target.Asks(n.Ref); n.Own && asked != "" && !r.Offline && r.Note != nil {
		r.Note(fmt.Sprintf("%s names the server %s; asking %s", n.From, n.Ref, asked))
	}
	if target.IsSource(n.Ref) {
		return target.ReadSource(ctx, n.Ref, target.SourceOptions{Environ: r.environ(), Log: r.Log, Count: r.Count})
	}
	return target.Read(ctx, n.Ref, r.options(n))
}

// readBuilt is read for commands that need what only a built server has: no go
// command starts.
func (r Reference) readBuilt(ctx context.Context, root string) (*pinner.Server, error) {
	all := r.Servers.in(root)
	source := fault.New("name the program itself, or a snapshot of it: pinfix snapshot --server PROGRAM", "source has no package fingerprints")
	if len(all) > 0 && target.IsSource(all[0].Ref) {
		return nil, all[0].blame(fmt.Errorf("server %s: %w", all[0].Ref, source))
	}
	r.bare = true
	s, _, err := r.read(ctx, root)
	if err == nil && s.Source != nil {
		return nil, all[0].blame(fmt.Errorf("server %s: %w", s.Ref, source))
	}
	return s, err
}

// isModule reports whether the server that counts is the source in root: a
// plugin is no server of its own.
func (all Servers) isModule(root string) bool {
	if len(all) == 0 {
		return false
	}
	dir := strings.TrimSuffix(all[0].Ref, "go.mod")
	x, err := os.Stat(cmp.Or(dir, "."))
	if err != nil {
		return false
	}
	y, err := os.Stat(root)
	return err == nil && os.SameFile(x, y)
}

// Server reports what is known of a server; without a name, of the one that the
// plugin is pinned to.
func Server(ctx context.Context, ref Reference) (*report.ServerResult, error) {
	s, all, err := ref.read(ctx, Root(ref.Dir))
	if err != nil {
		return nil, err
	}
	out := &report.ServerResult{SchemaVersion: 1, Command: "server", Server: serverReport(s), Warnings: []string{},
		Reference: all.report(), Unknown: append([]string{}, target.Unknown(s)...), Assumed: append([]string{}, target.Assumed(s)...)}
	if err := hopeless(s); err != nil {
		out.Warnings = append(out.Warnings, err.Error())
	}
	for _, p := range s.Pins {
		pin := report.Pin{Path: p.Path, Version: p.Version.Version, Sum: p.Sum}
		if p.Replace.Path != "" {
			pin.Replace = &report.Replace{Path: p.Replace.Path, Version: p.Replace.Version}
		}
		out.Server.Pins = append(out.Server.Pins, pin)
	}
	return out, nil
}

// hopeless is the error of a server that no plugin can load into, whatever is done.
func hopeless(s *pinner.Server) error {
	err := s.Refuses()
	if err == nil {
		err = s.Unmatched()
	}
	if err != nil {
		return refusal{Err: fmt.Errorf("server %s: %w", s.Ref, err)}
	}
	return nil
}

// doubts says in warnings what the reference to s cannot know and what is
// assumed.
func doubts(s *pinner.Server) []string {
	var out []string
	for _, u := range target.Unknown(s) {
		out = append(out, fmt.Sprintf("server %s: not known: %s", s.Ref, u))
	}
	for _, a := range target.Assumed(s) {
		out = append(out, fmt.Sprintf("server %s: assumed: %s", s.Ref, a))
	}
	return out
}
