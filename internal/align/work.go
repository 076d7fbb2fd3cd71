package align

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/workspace"
)

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
	text, err := workspace.TextOf(a.ServerSource, al.Mod, a.Plugin.Root, a.Server, a.Options.ServerSource)
	if err != nil {
		return err
	}
	al.Work = map[string][]byte{workspace.Name: text}
	if sum != nil {
		al.Work[workspace.Name+".sum"] = sum
	}
	return nil
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
	if err := workspace.Selects(ctx, g, al.Match.Pins); err != nil {
		return nil, err
	}
	sum, err := bounded.ReadFile(file+".sum", bounded.Mod)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return sum, err
}
