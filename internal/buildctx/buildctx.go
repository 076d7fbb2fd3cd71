// Package buildctx says how the go command chooses the files of a package when
// it builds a plugin for a server: by platform, tags and Go release. [Of] is the
// entry point.
package buildctx

import (
	"go/build"
	"go/version"
	"slices"
	"strconv"
	"strings"

	"github.com/pinfix/pinfix/pinner"
)

// Of returns the context of a build for s. What is not known of it is as on this
// machine.
func Of(s *pinner.Server) build.Context {
	ctx := build.Default
	ctx.Compiler, ctx.CgoEnabled = "gc", true // a plugin has no other way
	if goos := s.Settings["GOOS"]; goos != "" {
		ctx.GOOS = goos
	}
	if goarch := s.Settings["GOARCH"]; goarch != "" {
		ctx.GOARCH = goarch
	}
	ctx.BuildTags = Tags(s.Settings["-tags"])
	ctx.ReleaseTags = releaseTags(s.GoVersion())
	return ctx
}

// Tags splits the value of -tags, sorted. The tag that GOFIPS140 sets by itself
// ("fips140v1.0", cmd/go/internal/fips140) is left out: it is a setting of its
// own.
func Tags(list string) []string {
	tags := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	tags = slices.DeleteFunc(tags, func(t string) bool { return strings.HasPrefix(t, "fips140v") })
	slices.Sort(tags)
	return slices.Compact(tags)
}

// releaseTags are the tags that hold for Go v, "1.23.5": go1.1 to go1.23.
func releaseTags(v string) []string {
	n, err := strconv.Atoi(strings.TrimPrefix(version.Lang("go"+v), "go1."))
	if err != nil {
		return build.Default.ReleaseTags
	}
	var tags []string
	for i := range n {
		tags = append(tags, "go1."+strconv.Itoa(i+1))
	}
	return tags
}
