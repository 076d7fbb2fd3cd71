package buildctx

import (
	"go/build"
	"slices"
	"testing"

	"github.com/pinfix/pinfix/pinner"
)

func TestOf(t *testing.T) {
	ctx := Of(&pinner.Server{Go: "go1.23.5 X:arenas", Settings: map[string]string{"GOOS": "freebsd", "GOARCH": "arm64", "-tags": "netgo,fips140v1.0 b,netgo"}})
	if ctx.GOOS != "freebsd" || ctx.GOARCH != "arm64" || !ctx.CgoEnabled || !slices.Equal(ctx.BuildTags, []string{"b", "netgo"}) {
		t.Errorf("%s/%s, cgo %v, tags %q", ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled, ctx.BuildTags)
	}
	if last := ctx.ReleaseTags[len(ctx.ReleaseTags)-1]; last != "go1.23" || len(ctx.ReleaseTags) != 23 {
		t.Errorf("release tags to %s: %q", last, ctx.ReleaseTags)
	}
	if got := releaseTags("1.24rc1"); got[len(got)-1] != "go1.24" {
		t.Errorf("of a release candidate: %q", got)
	}
	if ctx = Of(&pinner.Server{}); ctx.GOOS != build.Default.GOOS || !slices.Equal(ctx.ReleaseTags, build.Default.ReleaseTags) {
		t.Errorf("of a server of which nothing is known: %s, %q", ctx.GOOS, ctx.ReleaseTags)
	}
}
