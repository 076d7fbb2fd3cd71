// Package tier says which tests only the whole suite runs. It is for tests: no
// program may import it.
//
// There are two tiers and one rule. `make test` runs go test with -short, and goes
// once through every area, command and error text; `make test-all` runs it without.
// What only the latter does is repetition: more rounds of a loop, more pairs of a
// kind. A test says so by a call of this package, which `make test` counts and names
// in its last lines.
package tier

import (
	"fmt"
	"slices"
	"testing"
)

// Mark begins each message of this package; testdata/ran looks for it.
const Mark = "make test-all: "

// OnlyAll ends the test, as skipped, unless the whole suite runs. what says in a few
// words what is left out.
func OnlyAll(t testing.TB, what string) {
	t.Helper()
	if testing.Short() {
		t.Skip(Mark + what)
	}
}

// Rounds returns how often a loop is to run: all times in the whole suite, else some.
// what says what is counted.
func Rounds(t testing.TB, what string, some, all int) int {
	t.Helper()
	if !testing.Short() || some >= all {
		return all
	}
	t.Log(Mark + fmt.Sprintf("%d %s in place of %d", all, what, some))
	return some
}

// Each returns every nth number below all and those of always, in the whole suite every
// number. what says what is counted. With an offset the tests of one kind can share the
// numbers.
func Each(t testing.TB, what string, all, nth, offset int, always ...int) []int {
	t.Helper()
	if !testing.Short() {
		nth, offset = 1, 0
	}
	var list []int
	for i := range all {
		if (i+offset)%nth == 0 || slices.Contains(always, i) {
			list = append(list, i)
		}
	}
	if nth > 1 {
		t.Log(Mark + fmt.Sprintf("%d %s in place of %d", all, what, len(list)))
	}
	return list
}
