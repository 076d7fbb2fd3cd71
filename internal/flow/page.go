package flow

import (
	"context"
	"path/filepath"
)

// htmlPage is what begins as pinfix's own pages do.
var htmlPage = fileKind{"HTML page", []string{"<!doctype html>"}}

// A Page is the file of a report. It is looked at before the work whose result
// it shall hold.
type Page struct{ out output }

// NewPage returns the page at name, or an error where something else stands.
func NewPage(name string) (*Page, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	p := &Page{output{name: name, abs: abs}}
	return p, mayOverwrite(p.out, htmlPage)
}

// Write writes the page, whole or not at all.
func (p *Page) Write(ctx context.Context, data []byte, step func(string)) error {
	return writeOutput(ctx, p.out, data, step)
}
