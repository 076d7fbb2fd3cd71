package flow

import (
	"context"
	"path/filepath"

	"github.com/pinfix/pinfix/internal/build"
	"github.com/pinfix/pinfix/internal/git"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/vars"
)

// htmlPage is what begins as pinfix's own pages do.
var htmlPage = build.FileKind{Name: "an HTML page", Heads: []string{"<!doctype html>"}}

// A Page is the file of a report. It is looked at before the work whose result
// it should hold.
type Page struct {
	root string // of the module
	out  build.Output
}

// NewPage returns the page at name, for the plugin in dir, or an error where
// something else is.
func NewPage(dir, name string) (*Page, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	p := &Page{plugin.Root(dir), build.Output{Name: name, Abs: abs}}
	return p, build.MayOverwrite(p.out, htmlPage)
}

// Commit is the commit that is checked out where the plugin in dir is; "" without a
// repository, or without git.
func Commit(ctx context.Context, dir string, environ []string) string {
	root := plugin.Root(dir)
	if root == "" {
		return ""
	}
	repo, err := git.Open(ctx, root, root, vars.Without(environ, vars.Git))
	if err != nil {
		return ""
	}
	head, _ := repo.Head(ctx) // a repository without a commit has none
	return head
}

// Write writes the page, whole or not at all.
func (p *Page) Write(ctx context.Context, data []byte) error {
	return build.WriteOutput(ctx, p.root, p.out, data)
}
