package flow

import (
	"context"

	"github.com/pinfix/pinfix/internal/build"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
)

// A BuildModule is a module of a walk that builds: what to do there, or why it cannot be.
type BuildModule struct {
	Dir     string
	Options build.Options
	Err     error // its settings cannot be read
}

// BuildAll is [Build] for each module, one after the other: go build uses all processors
// by itself. One that fails does not keep the others from being built. What [ApplyAll]
// skips is skipped.
func BuildAll(ctx context.Context, modules []BuildModule) *report.BuildAll {
	all := &report.BuildAll{SchemaVersion: 1, Command: "build", Modules: []report.BuiltModule{}}
	for _, m := range modules {
		one, err := m.build(ctx)
		if err != nil {
			if one.Error = err.Error(); ctx.Err() != nil {
				one.Error = "interrupted"
			}
		}
		all.Modules, all.Errs = append(all.Modules, one), append(all.Errs, err)
	}
	return all
}

func (m BuildModule) build(ctx context.Context) (one report.BuiltModule, err error) {
	one.Dir = m.Dir
	if err = m.Err; err != nil {
		return one, err
	}
	if one.Skipped, one.Module, err = reference.Skip(m.Dir, m.Options.Servers, nil); err != nil || one.Skipped != "" {
		return one, err
	}
	if err = ctx.Err(); err == nil { // not yet begun
		m.Options.Walk = true
		one.Build, err = build.Run(ctx, m.Options)
	}
	return one, err
}

// BuildTrouble returns an error if all is not well: a module failed, or none was built.
func BuildTrouble(ctx context.Context, r *report.BuildAll) error {
	failed, none := 0, &WalkError{All: len(r.Modules)}
	for i, m := range r.Modules {
		switch {
		case r.Errs[i] != nil:
			failed++
		case m.Skipped != "":
			none.skip(m.Skipped)
		}
	}
	all := len(r.Modules)
	switch {
	case ctx.Err() != nil && failed > 0:
		return fault.New("run it again", "interrupted; %s %s not built", report.Of(failed, all, "module"), report.Verb(failed, "were"))
	case failed > 0:
		return fault.New("follow the fix of each one above, and run it again", "%s could not be built", report.Of(failed, all, "module"))
	case none.Skipped == all:
		return none
	}
	return nil
}
