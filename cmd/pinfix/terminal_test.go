package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/meter"
	"github.com/pinfix/pinfix/internal/terminal"
)

// A clockwork is a progress with a clock that the test sets.
func clockwork(s *terminal.Screen) (p *terminal.Progress, pass func(time.Duration)) {
	now := time.Unix(0, 0)
	s.Clock, s.Ended = time.NewTicker(time.Hour), make(chan struct{}) // the test ticks
	return &terminal.Progress{Screen: s, Meter: meter.New(func() time.Time { return now })}, func(d time.Duration) { now = now.Add(d); s.Tick() }
}

// TestProgressPlain: on a pipe a step is a line, and each tick is one that finds it
// longer than two seconds.
func TestProgressPlain(t *testing.T) {
	var b bytes.Buffer
	p, pass := clockwork(&terminal.Screen{W: &b})
	want := func(text string) {
		t.Helper()
		if b.String() != text {
			t.Errorf("%q, want %q", b.String(), text)
		}
		b.Reset()
	}
	pass(time.Minute)
	want("")
	p.Step("loading")
	p.Count("go.mod file", 3, 9)
	want("loading\n")
	pass(time.Second)
	want("")
	pass(terminal.PlainEvery)
	want("loading: 3 of 9 go.mod files, 11 s\n")
	p.Step("tidying\x1b[2J\nnow")
	pass(time.Second)
	want("tidying\\x1b[2J\\nnow\n")
	pass(time.Second)
	want("tidying\\x1b[2J\\nnow: 2 s\n")

	// In a walk each module has its own steps; one that has ended says no more.
	q := p.Of("b")
	q.Meter = p.Meter // with the test's clock
	q.Step("loading")
	want("b: loading\n")
	pass(terminal.PlainEvery)
	want("loading: 10 s\nb: loading: 10 s\n")
	q.Step("")
	pass(terminal.PlainEvery)
	want("")
	p.Done()
	p.Done()
	pass(time.Minute)
	want("")
	select {
	case <-p.Ended:
	default:
		t.Error("the clock goes on")
	}
}

// TestProgressLive: on a terminal it is all one line, and no longer than that.
func TestProgressLive(t *testing.T) {
	var b bytes.Buffer
	p, pass := clockwork(&terminal.Screen{W: &b, Live: true, Width: 30})
	p.Step("loading")
	pass(time.Second)
	p.Count("package", 12, 345)
	pass(2 * time.Second)
	pass(60 * time.Second)
	p.Say("another")
	p.Done()
	if want := "\r\x1b[Kloading …\r\x1b[Kloading: 12 of 345 packages, …\r\x1b[Kloading: 12 of 345 packages, …\r\x1b[Kpinfix: note: another\n\r\x1b[K"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// TestProgressQuiet: nothing is printed, and no clock is started.
func TestProgressQuiet(t *testing.T) {
	var b bytes.Buffer
	for _, p := range []*terminal.Progress{terminal.Silent, {Screen: &terminal.Screen{W: &b, Quiet: true}, Meter: meter.New(time.Now)}} {
		p.Step("loading")
		p.Count("package", 1, 2)
		p.Say("note")
		p.Done()
		if b.Len() > 0 || p.Clock != nil {
			t.Errorf("%q", b.String())
		}
	}
}

// TestProgressClock: the clock of a screen ticks until it is closed.
func TestProgressClock(t *testing.T) {
	var b bytes.Buffer
	p, pass := clockwork(&terminal.Screen{W: &b})
	p.Step("loading")
	pass(time.Second)
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() {
		p.Run(ticks, p.Ended)
		close(ended)
	}()
	ticks <- time.Time{}
	p.Done()
	<-ended
}
