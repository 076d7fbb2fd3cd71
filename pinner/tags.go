package pinner

import (
	"slices"
	"strings"
)

// Tags splits the value of -tags, sorted. The tag that GOFIPS140 sets by itself
// ("fips140v1.0", cmd/go/internal/fips140) is left out: it is a setting of its
// own.
func Tags(list string) []string {
	tags := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	tags = slices.DeleteFunc(tags, func(t string) bool { return strings.HasPrefix(t, "fips140v") })
	slices.Sort(tags)
	return slices.Compact(tags)
}
