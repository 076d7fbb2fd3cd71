// Package align plans and stages until nothing changes any more: pins, blank imports, tidy and
// vendor, and which modules to lower where code does not compile ([Align]).
//
// # How a round goes
//
// There are three values. An [Aligner] is what stays the same: the plugin, the server, what the
// user asked for, the stage. A [Look] is the plugin's import graph under some go.mod, and what
// that asks for: pins and blank imports. A round is one try. It begins with a look that an
// earlier round has left, and with what the earlier ones have learned (memory). Each step takes
// a round and returns another; none changes what it was given. A step that finds something out
// says so (again): then the next round begins with what is known now. These are the steps:
//
//  1. planned: restore has got the user's go.mod back from the marks, so a plan depends only on
//     that and on the server, and has no history. pinner.Make sets the requires, the replaces
//     and the go line. Then it loads the graph and excludes what is above a pin, until nothing
//     is.
//  2. compiled: the import graph is loaded under the plan, and the packages that other versions
//     may have broken are type-checked. What does not compile without pinfix either is left out
//     (package compiles). The rest goes to package solve, which answers with caps for another
//     round: first the least that fixes it, down or up, then the sound downgrade, then a search,
//     each within a budget. The rounds end where no version fixes an error. Once a plan
//     compiles, probes move each module nearer to the plugin's version; a probe that fails
//     teaches which versions clash, and those are not tried again.
//  3. tidied: go mod tidy with the server's toolchain. What that finds missing, or brings above
//     a pin, means another round.
//  4. settled: go mod vendor, and a second look at the import graph if tidy left other versions
//     than it was loaded with. If the look asks for the same pins and imports, that is it.
//
// The first plan is a guess: everything that go.mod requires and the server has. It is tidied
// ahead, while the packages are still being loaded, and vendored ahead, while they are
// type-checked, if these are few. The results are used only if the real plan requires the same.
package align
