package commit

import (
	"context"
	"errors"
	"fmt"
)

// A step is one small change of the disk with its way back.
//
// do changes the disk in one operation or only below a name that an earlier
// step has made, so that a do that fails has nothing of its own to undo. undo
// is content where there is nothing to remove, and all names are fixed before
// the first step: a journal can note a step before it is done, and go back from
// that note.
type step struct {
	what string // "go.mod: keep the old content"; empty where the error says it all
	do   func(context.Context) error
	undo func() error // nil: nothing to go back from
	left string       // what is left, and where, when undo fails
}

// run does the steps, or none: it goes back from the first that fails, or from
// where ctx is cancelled before the last of them.
func run(ctx context.Context, steps []step) error {
	for i, s := range steps {
		err := ctx.Err()
		if err == nil {
			err = s.do(ctx)
			if err != nil && s.what != "" {
				err = fmt.Errorf("%s: %w", s.what, err)
			}
		}
		if err != nil {
			return errors.Join(err, back(steps[:i]))
		}
	}
	return nil
}

// back undoes the steps in reverse. It asks no context, since half a way back
// is the worst of all places to stop, and it goes on behind an error, since
// each file put back counts.
func back(steps []step) error {
	var errs []error
	for i := len(steps) - 1; i >= 0; i-- {
		s := steps[i]
		if s.undo == nil {
			continue
		}
		if err := s.undo(); err != nil {
			errs = append(errs, fmt.Errorf("going back: %s: %w", s.left, err))
		}
	}
	return errors.Join(errs...)
}
