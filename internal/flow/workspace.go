package flow

import "context"

// A workspace is a go.work that uses the plugin and the server's source.
type workspace struct {
	file     string // go.work in the scratch directory
	inTree   bool   // the same stands beside go.mod
	warnings []string
}

func (b *builder) workspace(ctx context.Context) (*workspace, error) { return nil, nil }

func (w *workspace) write(b *builder) error { return nil }
