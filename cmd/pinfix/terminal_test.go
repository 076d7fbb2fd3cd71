package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/meter"
)

// A clockwork is a progress with a clock that the test sets.
func clockwork(s *screen) (p *progress, pass func(time.Duration)) {
	now := time.Unix(0, 0)
	s.clock, s.ended = time.NewTicker(time.Hour), make(chan struct{}) // the test ticks
	return &progress{screen: s, meter: meter.New(func() time.Time { return now })}, func(d time.Duration) { now = now.Add(d); s.tick() }
}

// TestProgressPlain: on a pipe a step is a line, and each tick is one that finds it
// longer than two seconds.
func TestProgressPlain(t *testing.T) {
	var b bytes.Buffer
	p, pass := clockwork(&screen{w: &b})
	want := func(text string) {
		t.Helper()
		if b.String() != text {
			t.Errorf("%q, want %q", b.String(), text)
		}
		b.Reset()
	}
	pass(time.Minute)
	want("")
	p.step("loading")
	p.count("go.mod file", 3, 9)
	want("loading\n")
	pass(time.Second)
	want("")
	pass(plainEvery)
	want("loading: 3 of 9 go.mod files, 11 s\n")
	p.step("tidying\x1b[2J\nnow")
	pass(time.Second)
	want("tidying\\x1b[2J\\nnow\n")
	pass(time.Second)
	want("tidying\\x1b[2J\\nnow: 2 s\n")

	// In a walk each module has its own steps; one that has ended says no more.
	q := p.of("b")
	q.meter = p.meter // with the test's clock
	q.step("loading")
	want("b: loading\n")
	pass(plainEvery)
	want("loading: 10 s\nb: loading: 10 s\n")
	q.step("")
	pass(plainEvery)
	want("")
	p.done()
	p.done()
	pass(time.Minute)
	want("")
	select {
	case <-p.ended:
	default:
		t.Error("the clock goes on")
	}
}

// TestProgressLive: on a terminal it is all one line, and no longer than that.
func TestProgressLive(t *testing.T) {
	var b bytes.Buffer
	p, pass := clockwork(&screen{w: &b, live: true, width: 30})
	p.step("loading")
	pass(time.Second)
	p.count("package", 12, 345)
	pass(2 * time.Second)
	pass(60 * time.Second)
	p.say("another")
	p.done()
	if want := "\r\x1b[Kloading …\r\x1b[Kloading: 12 of 345 packages, …\r\x1b[Kloading: 12 of 345 packages, …\r\x1b[Kpinfix: note: another\n\r\x1b[K"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// TestProgressQuiet: nothing is printed, and no clock is started.
func TestProgressQuiet(t *testing.T) {
	var b bytes.Buffer
	for _, p := range []*progress{silent, {screen: &screen{w: &b, quiet: true}, meter: meter.New(time.Now)}} {
		p.step("loading")
		p.count("package", 1, 2)
		p.say("note")
		p.done()
		if b.Len() > 0 || p.clock != nil {
			t.Errorf("%q", b.String())
		}
	}
}

// TestProgressClock: the clock of a screen ticks until it is closed.
func TestProgressClock(t *testing.T) {
	var b bytes.Buffer
	p, pass := clockwork(&screen{w: &b})
	p.step("loading")
	pass(time.Second)
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() {
		p.run(ticks, p.ended)
		close(ended)
	}()
	ticks <- time.Time{}
	p.done()
	<-ended
}
