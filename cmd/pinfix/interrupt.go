package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// sameSignal is how far apart two signals may be that are one: timeout(1) and
// some CI systems send theirs to the process and to its group.
const sameSignal = 100 * time.Millisecond

// untilStopped returns a context that ends with the user's first signal. The
// second one is for a process that still waits, whatever for: exit is called
// with the code that shells give to what died of it. (signal.NotifyContext
// cannot do that for a background job of a script, which has SIGINT ignored.)
func untilStopped(ctx context.Context, exit func(code int)) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signal.Notify(caught, syscall.SIGHUP)
	}
	go func() {
		<-caught
		first := time.Now()
		cancel()
		for s := range caught {
			if n, ok := s.(syscall.Signal); ok && time.Since(first) > sameSignal {
				exit(128 + int(n))
			}
		}
	}()
	return ctx
}
