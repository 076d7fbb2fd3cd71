package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// An interruptible context ends when the user stops the process. It catches
// signals from the first time on that somebody asks whether it has ended: to
// catch them takes the runtime a thread and as long as a fifth of check, which
// writes nothing and may just be stopped.
type interruptible struct {
	context.Context
	catch func()
}

func untilInterrupted() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	return &interruptible{ctx, sync.OnceFunc(func() {
		caught := make(chan os.Signal, 1)
		signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
		if !signal.Ignored(syscall.SIGHUP) { // nohup
			signal.Notify(caught, syscall.SIGHUP)
		}
		go func() {
			<-caught
			cancel()
		}()
	})}
}

func (c *interruptible) Done() <-chan struct{} {
	c.catch()
	return c.Context.Done()
}

func (c *interruptible) Err() error {
	c.catch()
	return c.Context.Err()
}
