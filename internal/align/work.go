package align

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/workspace"
	"github.com/pinfix/pinfix/pinner"
)

// WithSource returns a copy of mod with the loan.
func (a *Aligner) WithSource(mod *pinner.Mod) (*pinner.Mod, error) {
	if a.ServerSource == nil {
		return mod, nil
	}
	c, err := mod.Clone()
	if err != nil {
		return nil, err
	}
	return c, a.ServerSource.Lend(c, a.Plugin.Root)
}

// WithoutSource is read without what the server's modules ask for: the plugin's own
// versions, not the workspace's.
func (a *Aligner) WithoutSource(read pinner.Source) pinner.Source {
	if a.ServerSource == nil {
		return read
	}
	return func(vs []module.Version) (map[module.Version]*pinner.Summary, error) {
		got, err := read(vs)
		for v := range got {
			if slices.ContainsFunc(a.ServerSource.All(), func(m workspace.Used) bool { return v.Path == m.Path || v.Path == m.Dir }) {
				got[v] = &pinner.Summary{Go: got[v].Go}
			}
		}
		return got, err
	}
}

// workFiles takes the loan back and returns the go.work to be written, with its
// go.work.sum, and makes sure that the workspace selects the server's versions.
func workFiles(ctx context.Context, al *Aligned) error {
	a := al.Aligner
	if a.ServerSource == nil {
		return nil
	}
	if len(al.Match.Own) == 0 && a.Options.ServerSource != "" {
		return fault.New("leave --server-source out", "the plugin links none of the server's own packages, so it needs no go.work")
	}
	al.Warnings = append(al.Warnings, a.ServerSource.Warnings...)
	if err := a.ServerSource.TakeBack(al.Mod, a.Plugin.User); err != nil {
		return err
	}
	a.Options.Step("checking the workspace")
	sum, err := checkWork(ctx, al)
	if err != nil {
		return err
	}
	text, err := a.workText(al.Mod)
	if err != nil {
		return err
	}
	al.Work = map[string][]byte{workspace.Name: text}
	if sum != nil {
		al.Work[workspace.Name+".sum"] = sum
	}
	return nil
}

// workText is the go.work next to go.mod: the user's own as it is, if it uses
// both, or pinfix's.
func (a *Aligner) workText(mod *pinner.Mod) ([]byte, error) {
	name := filepath.Join(a.Plugin.Root, workspace.Name)
	have, err := bounded.ReadFile(name, bounded.Mod)
	if err == nil && a.Options.ServerSource == "" {
		return have, nil // it named the source
	}
	if err == nil && !strings.HasPrefix(string(have), workspace.Head) {
		if _, dir, err := workspace.InTree(a.Plugin.Root, a.Server, workspace.ReadMod); err != nil || dir == a.ServerSource.Dir {
			return have, err
		}
		return nil, fault.New("go work use "+a.Options.ServerSource, "%s is there, does not use the server's source, and is not pinfix's to change", workspace.Name)
	}
	work, err := a.ServerSource.Work(mod, ".", func(dir string) string {
		rel, err := filepath.Rel(a.Plugin.Root, dir)
		if err != nil || filepath.IsAbs(a.Options.ServerSource) {
			return dir
		}
		if rel = filepath.ToSlash(rel); !strings.HasPrefix(rel, "../") {
			rel = "./" + rel
		}
		return rel
	})
	if err != nil {
		return nil, err
	}
	return append([]byte(workspace.Head+"\n"), modfile.Format(work.Syntax)...), nil
}

// checkWork loads the workspace's module graph in a scratch directory: a copy of
// the new go.mod next to the server's source. It returns the go.work.sum that
// the go command made, nil for none.
func checkWork(ctx context.Context, al *Aligned) ([]byte, error) {
	a := al.Aligner
	scratch, err := stage.NewScratch()
	if err != nil {
		return nil, err
	}
	defer scratch.Close()
	mod, err := al.Mod.Clone()
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Clone(mod.Replace) {
		if r.New.Version == "" && !filepath.IsAbs(r.New.Path) {
			if err := mod.AddReplace(r.Old.Path, r.Old.Version, filepath.Join(a.Plugin.Root, r.New.Path), ""); err != nil {
				return nil, err
			}
		}
	}
	if _, err := scratch.Write("work/plugin/go.mod", mod.Text()); err != nil {
		return nil, err
	}
	if _, err := scratch.Write("work/plugin/go.sum", al.Sum); err != nil {
		return nil, err
	}
	work, err := a.ServerSource.Work(mod, "./plugin", func(dir string) string { return dir })
	if err != nil {
		return nil, err
	}
	old, err := bounded.ReadFile(filepath.Join(a.Plugin.Root, workspace.Name+".sum"), bounded.Mod)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := workspace.Write(scratch, work, old)
	if err != nil {
		return nil, err
	}
	g := a.Tool.Go.With(scratch.Path("work", "plugin"), "GOWORK="+file, "GOFLAGS=-mod=readonly")
	if err := selects(ctx, g, al.Match.Pins); err != nil {
		return nil, err
	}
	sum, err := bounded.ReadFile(file+".sum", bounded.Mod)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return sum, err
}

// selects compares what the go command selects with the pins.
func selects(ctx context.Context, g *gocmd.Go, pins []pinner.Pin) error {
	out, err := g.Run(ctx, "list", "-m", "-f", "{{.Path}} {{.Version}}", "all")
	if err != nil {
		return err
	}
	selected := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, v, _ := strings.Cut(strings.TrimSpace(line), " ")
		selected[path] = v
	}
	var lines []string
	for _, p := range pins {
		if v := selected[p.Path]; v != "" && v != p.Version.Version {
			lines = append(lines, fmt.Sprintf("exclude %s // the server has %s", module.Version{Path: p.Path, Version: v}, p.Version.Version))
		}
	}
	if len(lines) > 0 {
		return fault.New("add these lines to go.mod and run pinfix again", "the workspace selects other versions than the server has:\n%s", strings.Join(lines, "\n"))
	}
	return nil
}
