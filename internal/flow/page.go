package flow

import (
	"context"
	"path/filepath"
)

// htmlPage is what begins as pinfix's own pages do.
var htmlPage = fileKind{"an HTML page", []string{"<!doctype html>"}}

// A Page is the file of a report. It is looked at before the work whose result
// it should hold.
type Page struct {
	root string // of the module
	out  output
}

// NewPage returns the page at name, for the plugin in dir, or an error where
// something else is.
func NewPage(dir, name string) (*Page, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	p := &Page{Root(dir), output{name: name, abs: abs}}
	return p, mayOverwrite(p.out, htmlPage)
}

// Write writes the page, whole or not at all.
func (p *Page) Write(ctx context.Context, data []byte) error {
	return writeOutput(ctx, p.root, p.out, data)
}
