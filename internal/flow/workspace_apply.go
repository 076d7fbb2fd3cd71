package flow

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
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/pinner"
)

// useSource prepares an apply whose plugin imports the server's own packages:
// with the source that was named, or that a go.work next to go.mod uses.
func (a *aligner) useSource(ctx context.Context) error {
	_, dir, err := treeWork(a.plugin.root, a.server, readMod)
	if err != nil {
		return err
	}
	if a.o.ServerSource != "" {
		dir = a.o.ServerSource
	}
	if dir == "" {
		return nil
	}
	if a.serverSource, err = readSource(ctx, a.o.environ(), a.server, dir); err != nil {
		return err
	}
	return a.serverSource.lend(a.plugin.user, a.plugin.root)
}

// withSource returns a copy of mod with the loan.
func (a *aligner) withSource(mod *pinner.Mod) (*pinner.Mod, error) {
	if a.serverSource == nil {
		return mod, nil
	}
	c, err := mod.Clone()
	if err != nil {
		return nil, err
	}
	return c, a.serverSource.lend(c, a.plugin.root)
}

// withoutSource is read without what the server's modules ask for: the plugin's own
// versions, not the workspace's.
func (a *aligner) withoutSource(read pinner.Source) pinner.Source {
	if a.serverSource == nil {
		return read
	}
	return func(vs []module.Version) (map[module.Version]*pinner.Summary, error) {
		got, err := read(vs)
		for v := range got {
			if slices.ContainsFunc(a.serverSource.all(), func(m usedModule) bool { return v.Path == m.path || v.Path == m.dir }) {
				got[v] = &pinner.Summary{Go: got[v].Go}
			}
		}
		return got, err
	}
}

// works reports the go.work.
func (c *changes) works() []report.Change {
	for _, f := range c.tree.Files {
		if f.Path != workName || len(c.al.match.Own) == 0 {
			continue
		}
		action := "change"
		if f.Old == nil {
			action = "add"
		}
		return []report.Change{{Kind: "work", Action: action, Path: c.a.serverSource.path, New: c.a.serverSource.dir, File: workName,
			Reason: "the plugin links " + c.al.match.Own[0].Path + "; only a workspace gives the server's own packages their label"}}
	}
	return nil
}

// workFiles takes the loan back and returns the go.work to be written, with its
// go.work.sum, and makes sure that the workspace selects the server's versions.
func (a *aligner) workFiles(ctx context.Context, al *aligned, tool *toolchain) error {
	if a.serverSource == nil {
		return nil
	}
	if len(al.match.Own) == 0 && a.o.ServerSource != "" {
		return fault.New("leave --server-source out", "the plugin links none of the server's own packages, so it needs no go.work")
	}
	// A line of the loan is nowhere; what the plan says of it is not for
	// the user.
	al.warnings = slices.DeleteFunc(al.warnings, func(w string) bool { return strings.HasPrefix(w, "go.mod:0: ") })
	al.warnings = append(al.warnings, a.serverSource.warnings...)
	if err := a.serverSource.takeBack(al.mod, a.plugin.user); err != nil {
		return err
	}
	a.o.Step("checking the workspace")
	sum, err := a.checkWork(ctx, al, tool)
	if err != nil {
		return err
	}
	text, err := a.workText(al)
	if err != nil {
		return err
	}
	al.work = map[string][]byte{workName: text}
	if sum != nil {
		al.work[workName+".sum"] = sum
	}
	return nil
}

// workText is the go.work next to go.mod: the user's own as it is, if it uses
// both, or pinfix's.
func (a *aligner) workText(al *aligned) ([]byte, error) {
	name := filepath.Join(a.plugin.root, workName)
	have, err := bounded.ReadFile(name, bounded.Mod)
	if err == nil && a.o.ServerSource == "" {
		return have, nil // it named the source
	}
	if err == nil && !strings.HasPrefix(string(have), workHead) {
		if _, dir, err := treeWork(a.plugin.root, a.server, readMod); err != nil || dir == a.serverSource.dir {
			return have, err
		}
		return nil, fault.New("go work use "+a.o.ServerSource, "%s is there, does not use the server's source, and is not pinfix's to change", workName)
	}
	work, err := a.serverSource.work(al.mod, ".", func(dir string) string {
		rel, err := filepath.Rel(a.plugin.root, dir)
		if err != nil || filepath.IsAbs(a.o.ServerSource) {
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
	return append([]byte(workHead+"\n"), modfile.Format(work.Syntax)...), nil
}

// checkWork loads the workspace's module graph in a scratch directory: a copy of
// the new go.mod next to the server's source. It returns the go.work.sum that
// the go command made, nil for none.
func (a *aligner) checkWork(ctx context.Context, al *aligned, tool *toolchain) ([]byte, error) {
	scratch, err := stage.NewScratch()
	if err != nil {
		return nil, err
	}
	defer scratch.Close()
	mod, err := al.mod.Clone()
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Clone(mod.Replace) {
		if r.New.Version == "" && !filepath.IsAbs(r.New.Path) {
			if err := mod.AddReplace(r.Old.Path, r.Old.Version, filepath.Join(a.plugin.root, r.New.Path), ""); err != nil {
				return nil, err
			}
		}
	}
	if _, err := scratch.Write("work/plugin/go.mod", mod.Text()); err != nil {
		return nil, err
	}
	if _, err := scratch.Write("work/plugin/go.sum", al.sum); err != nil {
		return nil, err
	}
	work, err := a.serverSource.work(mod, "./plugin", func(dir string) string { return dir })
	if err != nil {
		return nil, err
	}
	old, err := bounded.ReadFile(filepath.Join(a.plugin.root, workName+".sum"), bounded.Mod)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := writeWork(scratch, work, old)
	if err != nil {
		return nil, err
	}
	g := tool.go_.With(scratch.Path("work", "plugin"), "GOWORK="+file, "GOFLAGS=-mod=readonly")
	if err := a.selects(ctx, g, al.match.Pins); err != nil {
		return nil, err
	}
	sum, err := bounded.ReadFile(file+".sum", bounded.Mod)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return sum, err
}

// selects compares what the go command selects with the pins.
func (a *aligner) selects(ctx context.Context, g *gocmd.Go, pins []pinner.Pin) error {
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
