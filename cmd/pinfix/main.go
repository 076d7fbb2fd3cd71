// Command pinfix makes a Go plugin load into one given server: it pins the
// modules that both link to what the server has. Try: pinfix help.
package main

import "os"

func main() {
	os.Exit(run(untilInterrupted(), os.Environ(), os.Stdin, os.Stdout, os.Stderr, os.Args))
}
