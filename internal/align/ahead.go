package align

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/pinfix/pinfix/internal/importgraph"
	"github.com/pinfix/pinfix/internal/stage"
	"github.com/pinfix/pinfix/internal/vendordir"
	"github.com/pinfix/pinfix/pinner"
)

// An ahead is go mod tidy and go mod vendor run on a guess of the plan, while
// the plugin's packages are still being loaded and checked. It decides nothing: a result is
// taken only where the plan then asks for just the same. Most plans do, and an
// apply then takes little longer than the two commands alone.
type ahead struct {
	cancel func()
	mod    []byte // the guess
	files  importgraph.Files

	tidyDone chan struct{}
	tidied   *pinner.Mod
	sum      []byte
	tidyErr  error

	may     chan bool // whether it vendors, see goOn
	vendors bool
	done    chan struct{}
	dir     string // the new vendor/; "": there is nothing to vendor
	err     error
}

// runAhead starts tidying. It goes on to vendor if goOn says so.
func runAhead(ctx context.Context, a *Aligner, plan *pinner.Plan) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	h := &ahead{cancel: cancel, mod: plan.Mod.Text(), files: a.Have, tidyDone: make(chan struct{}), may: make(chan bool, 1), done: make(chan struct{})}
	go func() {
		defer close(h.done)
		// A copy: formatting a Mod cleans it up, and the plan's is in use.
		mod, err := pinner.ParseMod("go.mod", h.mod)
		if err != nil {
			h.tidyErr, h.err = err, err
			close(h.tidyDone)
			return
		}
		h.tidied, h.sum, h.tidyErr = a.Stage.TidyAhead(ctx, mod, h.files)
		tidied := h.tidied
		if h.err = h.tidyErr; h.err == nil {
			tidied, h.err = h.tidied.Clone() // again a copy: the rounds have the other one
		}
		close(h.tidyDone)
		select {
		case may := <-h.may:
			if may && h.err == nil {
				h.dir, h.err = a.Stage.Vendor(ctx, tidied, h.sum, h.files)
			}
		case <-ctx.Done():
		}
	}()
	return h
}

// goOn says, once, whether what is tidied is also vendored ahead.
func (h *ahead) goOn(vendor bool) {
	h.vendors = vendor
	h.may <- vendor
}

// stop ends what still runs.
func (h *ahead) stop() {
	h.cancel()
	<-h.done
}

// tidy is stage.Tidy, or what ran ahead of it.
func (h *ahead) tidy(ctx context.Context, st *stage.Stage, mod *pinner.Mod, files importgraph.Files) (*pinner.Mod, []byte, error) {
	if h != nil && bytes.Equal(h.mod, mod.Text()) && maps.EqualFunc(h.files, files, slices.Equal[[]byte]) {
		<-h.tidyDone
		if h.tidyErr == nil || !errors.Is(h.tidyErr, context.Canceled) {
			return h.tidied, h.sum, h.tidyErr
		}
	}
	return st.Tidy(ctx, mod, files)
}

// vendor is stage.Vendor, or what ran ahead of it: vendor/ holds the same
// whether a requirement is indirect or not, and blank imports add no package.
func (h *ahead) vendor(ctx context.Context, st *stage.Stage, l *importgraph.Listing, tidied *pinner.Mod, sum []byte, files importgraph.Files) (string, error) {
	if h == nil {
		return st.Vendor(ctx, tidied, sum, files)
	}
	<-h.tidyDone
	if h.tidyErr == nil && h.vendors && sameBuild(h.tidied, tidied) && linksAll(l, h.files) {
		select {
		case <-h.done:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		if h.err == nil {
			return h.dir, nil
		}
	}
	h.cancel()
	return st.Vendor(ctx, tidied, sum, files)
}

// linksAll reports whether every import of pinfix's own in files is of a package
// that is linked anyway.
func linksAll(l *importgraph.Listing, files importgraph.Files) bool {
	for name, src := range files {
		paths, err := importgraph.ImportPaths(name, src)
		if err != nil || slices.ContainsFunc(paths, func(p string) bool { return l.Packages[p] == nil }) {
			return false
		}
	}
	return true
}

// sameBuild reports whether two go.mod files make the same build list: all but
// comments and order.
func sameBuild(x, y *pinner.Mod) bool {
	return slices.Equal(buildLines(x), buildLines(y))
}

func buildLines(m *pinner.Mod) []string {
	lines := []string{"go " + m.GoVersion()}
	for _, r := range m.Require {
		lines = append(lines, "require "+r.Mod.String())
	}
	for _, x := range m.Exclude {
		lines = append(lines, "exclude "+x.Mod.String())
	}
	for _, r := range m.Replace {
		lines = append(lines, "replace "+r.Old.String()+" => "+r.New.String())
	}
	slices.Sort(lines)
	return lines
}

// VendorDiff says in what vendor/ as it is differs from the one that al has made; the zero
// Diff where none is wanted. A vendor/ that go mod vendor would not make is an error.
func (a *Aligner) VendorDiff(ctx context.Context, al *Aligned) (*vendordir.Diff, error) {
	if al.Vendor != "" {
		return vendordir.Compare(ctx, a.Plugin.Root, al.Vendor, <-a.oldVendor)
	}
	if a.vendors && a.HasVendor() {
		return nil, vendordir.NoModules()
	}
	return &vendordir.Diff{}, nil
}
