// Command pinfix makes a Go plugin load into one given server: it pins the
// modules that both link to what the server has. Try: pinfix help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Environ(), os.Stdin, os.Stdout, os.Stderr, os.Args)
	stop()
	os.Exit(code)
}
