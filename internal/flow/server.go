package flow

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/source"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

// A Reader reads servers; Environ and Log are for the go command, which a module
// or a go.mod needs.
type Reader struct {
	Environ []string
	Log     func(string)
}

// read reads the server that refs name, else the snapshot beside the go.mod in
// root. Errors begin with the place where the reference stands.
func (r Reader) read(ctx context.Context, refs References, root string) (*pinner.Server, References, error) {
	refs = refs.in(root)
	if len(refs) == 0 {
		return nil, nil, fault("name its program with --server FILE, or keep a snapshot beside go.mod: pinfix snapshot --server PROGRAM", "no server given")
	}
	s, err := r.open(ctx, refs[0].Ref)
	if err != nil {
		return nil, refs, refs[0].blame(err)
	}
	return s, refs, nil
}

// isModule reports whether the reference that counts is the source in root: a
// plugin is no server of its own.
func (refs References) isModule(root string) bool {
	if len(refs) == 0 {
		return false
	}
	dir := strings.TrimSuffix(refs[0].Ref, "go.mod")
	x, err := os.Stat(cmp.Or(dir, "."))
	if err != nil {
		return false
	}
	y, err := os.Stat(root)
	return err == nil && os.SameFile(x, y)
}

func (r Reader) open(ctx context.Context, ref string) (*pinner.Server, error) {
	if target.IsSource(ref) {
		return target.ReadSource(ctx, ref, source.Options{Environ: r.Environ, Log: r.Log})
	}
	return target.Read(ref)
}

// readBuilt reads a server without starting anything, for commands that need
// what only a built server has.
func readBuilt(refs References, root string) (*pinner.Server, error) {
	refs = refs.in(root)
	source := fault("name the program itself, or a snapshot of it: pinfix snapshot --server PROGRAM", "source has no package fingerprints")
	if len(refs) > 0 && target.IsSource(refs[0].Ref) {
		return nil, refs[0].blame(fmt.Errorf("server %s: %w", refs[0].Ref, source))
	}
	s, _, err := Reader{}.read(context.Background(), refs, "")
	if err == nil && s.Source != nil {
		return nil, refs[0].blame(fmt.Errorf("server %s: %w", s.Ref, source))
	}
	return s, err
}

// Server reports what is known of the server that refs name; without any, of the
// one that the module around dir is pinned to.
func Server(ctx context.Context, dir string, refs References, r Reader) (*report.ServerResult, error) {
	s, refs, err := r.read(ctx, refs, Root(dir))
	if err != nil {
		return nil, err
	}
	out := &report.ServerResult{SchemaVersion: 1, Command: "server", Server: ServerReport(s), Warnings: []string{},
		Reference: refs.report(), Unknown: append([]string{}, s.Unknown()...), Assumed: append([]string{}, s.Assumed()...)}
	if err := s.Refuses(); err != nil {
		out.Warnings = append(out.Warnings, fmt.Sprintf("server %s: %v", s.Ref, err))
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

// doubts says in warnings what the reference to s cannot know and what is
// assumed.
func doubts(s *pinner.Server) []string {
	var out []string
	for _, u := range s.Unknown() {
		out = append(out, fmt.Sprintf("server %s: not known: %s", s.Ref, u))
	}
	for _, a := range s.Assumed() {
		out = append(out, fmt.Sprintf("server %s: assumed: %s", s.Ref, a))
	}
	return out
}
