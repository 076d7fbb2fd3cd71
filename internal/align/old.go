package align

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/conflict"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/typecheck"
)

// since finds out with which version of a module came what the server's, an older one,
// does not have: a server with that one would do as well. Where it could not be determined, the
// plugin's version stays the answer.
func (r round) since(ctx context.Context, err error) error {
	var e *conflict.FinalError
	if !errors.As(err, &e) || r.versions == nil {
		return nil
	}
	known := map[typecheck.API]string{}
	for i, f := range e.Finals {
		if !f.Server || f.API.Kind != typecheck.Gone || semver.Compare(f.Had, f.Module.Version) <= 0 {
			continue
		}
		if _, ok := known[f.API]; !ok && len(known) < maxSince {
			known[f.API] = r.firstWith(ctx, f)
		}
		e.Finals[i].Since = known[f.API]
	}
	return ctx.Err()
}

// maxSince bounds how many declarations are looked for: each takes some downloads.
const maxSince = 4

// firstWith returns the first version of a module, after the server's, that has the
// declaration; "" if it could not be determined.
func (a *Aligner) firstWith(ctx context.Context, f conflict.Final) string {
	all, err := a.versions([]string{f.Module.Path})
	if err != nil {
		return ""
	}
	var between []string
	for _, v := range all[f.Module.Path] {
		if semver.Compare(v, f.Module.Version) > 0 && semver.Compare(v, f.Had) < 0 {
			between = append(between, v)
		}
	}
	semver.Sort(between)
	i, failed := 0, false
	i = sort.Search(len(between), func(i int) bool {
		if failed {
			return true
		}
		files, err := a.Stage.Fetch.GoFiles(ctx, module.Version{Path: f.Module.Path, Version: between[i]}, f.API.Package)
		failed = err != nil
		return failed || typecheck.Declares(files, f.API.Name)
	})
	if failed || i == len(between) {
		return ""
	}
	return between[i]
}

// withOld adds to the error of a plugin without a solution what does not compile without
// pinfix either.
func (r round) withOld(err error) error {
	var none *conflict.NoSolutionError
	if len(r.old) == 0 || !errors.As(err, &none) {
		return err
	}
	return fault.With(fmt.Errorf("%w\n%s", err, strings.Join(r.old, "\n")), none.Next)
}
