package build

import (
	"path/filepath"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/recipe"
	"github.com/pinfix/pinfix/internal/report"
)

// print reports the commands instead of running them. It asks no go command:
// who prints often cannot build.
func (b *builder) print() (*report.Build, error) {
	if b.work != nil && !b.work.InTree {
		return nil, fault.New("pinfix apply --server-source writes the go.work that it needs; then run pinfix build --print", "--print: there is no go.work next to go.mod that uses the server's source")
	}
	if err := b.printedCompiler(); err != nil {
		return nil, err
	}
	for i := range b.outputs {
		b.result.Commands = append(b.result.Commands, b.show(i))
	}
	if b.o.Print == "dockerfile" {
		return b.result, b.dockerfile()
	}
	return b.result, nil
}

func (b *builder) dockerfile() error {
	switch {
	case len(b.outputs) != 1:
		return fault.New("name one: pinfix build --print=dockerfile PACKAGE", "%d main packages; a Dockerfile is for one", len(b.outputs))
	case b.work != nil:
		return fault.New("copy both into one image, and run pinfix apply --server-source and pinfix build there", "--print=dockerfile: the server's source is not in the plugin's directory")
	}
	im := recipe.Image{Server: b.server, Version: b.o.Version, Package: b.outputs[0].pkg, Out: filepath.Base(b.outputs[0].Abs)}
	if b.how.Profile != "" {
		im.Profile = inRoot(b.plugin.Root, b.how.Profile)
	}
	b.result.Dockerfile = recipe.Dockerfile(im)
	return nil
}
