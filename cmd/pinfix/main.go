// Command pinfix makes a Go plugin load into one given server: it pins the
// modules that both link to what the server has. Try: pinfix help.
//
// It is large: each command has a file with its flags, its help and what it prints.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/pinfix/pinfix/internal/again"
)

// collectAfter is GOGC unless the user has set it. What a type-check allocates is alive until it
// ends, so that collecting it at each doubling takes a fifth of its time.
const collectAfter = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAfter)
	}
	e := &env{environ: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	if q := again.Asked(); q != nil {
		e.question = q
	}
	e.catch = func(ctx context.Context) context.Context { return untilStopped(ctx, os.Exit) }
	os.Exit(e.run(context.Background(), os.Args))
}
