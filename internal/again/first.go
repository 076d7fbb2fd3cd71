package again

import "os"

// asked is the question of this process. It is asked as soon as the packages are ready
// that this one imports: Go initialises packages in the order of their import paths as far
// as their imports allow (see the specification, Program initialization). An answer needs
// none of the others, and together they take as long as it does. So this package imports
// nothing that waits for more than os: not strings and bytes, which wait for unicode.
var asked *Question

func init() {
	asked = Ask(os.Args, os.Environ())
	stdout, stderr, ok := Answer(asked)
	if !ok {
		return
	}
	if stderr != "" {
		_, _ = os.Stderr.WriteString(stderr)
	}
	if _, err := os.Stdout.WriteString(stdout); err == nil {
		os.Exit(0)
	}
}

// Asked returns the question of this process, which has no answer yet; nil if its answer
// is not kept.
func Asked() *Question { return asked }
