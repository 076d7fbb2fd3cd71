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

// untilStopped returns a context that ends with the user's first signal. The second one is
// for a process that still waits, whatever for: exit is called with the code that shells
// give to what died of it. To give the signals back to the system would not do that for a
// background job of a script, which has SIGINT ignored.
func untilStopped(ctx context.Context, exit func(code int)) context.Context {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, _ = signal.NotifyContext(ctx, signals...) // until the process ends
	context.AfterFunc(ctx, func() {
		time.AfterFunc(sameSignal, func() {
			again := make(chan os.Signal, 1)
			signal.Notify(again, signals...)
			if s, ok := (<-again).(syscall.Signal); ok {
				exit(128 + int(s))
			}
		})
	})
	return ctx
}
