package flow

import (
	"context"
	"fmt"
	"runtime"

	"github.com/pinfix/pinfix/internal/drift"
	"github.com/pinfix/pinfix/internal/parallel"
	"github.com/pinfix/pinfix/internal/report"
)

// Check reports what has been undone of the pins of one plugin or, in a walk, of
// each that is one and has a server. It reads files only, and git's index with
// Staged. With a *[CheckError] the report is of those that could be checked, and
// with a *[WalkError] it says why each module was left out.
func Check(ctx context.Context, modules []drift.Options, walk bool) (*report.Check, error) {
	r := &report.Check{SchemaVersion: 1, Command: "check", Staged: len(modules) > 0 && modules[0].Staged,
		Plugins: []report.Checked{}, Problems: []report.Problem{}, Notes: []string{}}
	var servers drift.Servers
	results := make([]drift.Checked, len(modules))
	parallel.Do(runtime.GOMAXPROCS(0), len(modules), func(i int) { results[i] = drift.CheckOne(ctx, modules[i], &servers, walk) })
	failed, none := &CheckError{All: len(modules)}, &WalkError{All: len(modules)}
	for _, c := range results {
		switch {
		case c.Err != nil && walk:
			failed.Errs = append(failed.Errs, fmt.Errorf("%s: %w", c.Dir, c.Err))
		case c.Err != nil:
			return nil, c.Err
		case c.Skipped != "":
			none.skip(c.Skipped)
			r.LeaveOut(c.Dir, c.Skipped)
		default:
			r.Plugins = append(r.Plugins, c.Plugin)
			r.Problems = append(r.Problems, c.Problems...)
			r.Notes = append(r.Notes, c.Notes...)
		}
	}
	r.Aligned = len(r.Problems) == 0
	switch {
	case len(failed.Errs) > 0:
		return r, failed
	case len(r.Plugins) == 0:
		return r, none
	}
	return r, nil
}

// A CheckError says that some modules of a walk could not be checked.
type CheckError struct {
	Errs []error // begin with the directory
	All  int
}

func (e *CheckError) Error() string {
	return report.Of(len(e.Errs), e.All, "module") + " could not be checked"
}
