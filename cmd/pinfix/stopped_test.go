//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A stopped is a pinfix that gets signals while it waits for something.
type stopped struct {
	*exec.Cmd
	stderr *os.File // no pipe: a child of pinfix's may hold that open
	ended  chan struct{}
}

func startStopped(t *testing.T, environ []string, stdout *os.File, args ...string) *stopped {
	t.Helper()
	s := &stopped{Cmd: exec.Command("pinfix", args...), ended: make(chan struct{})}
	s.Env = append(append(os.Environ(), "HOME="+t.TempDir(), "TMPDIR="+t.TempDir()), environ...)
	var err error
	if s.stderr, err = os.Create(filepath.Join(t.TempDir(), "stderr")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stderr.Close() })
	s.Stderr = s.stderr
	if stdout != nil {
		s.Stdout = stdout
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Process.Kill() })
	go func() { _ = s.Wait(); close(s.ended) }()
	return s
}

func (s *stopped) said(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(s.stderr.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// end sends the signals, and says how long pinfix took to end.
func (s *stopped) end(t *testing.T, signals ...syscall.Signal) time.Duration {
	t.Helper()
	start := time.Now()
	for _, sig := range signals {
		_ = s.Process.Signal(sig) // it may have ended already
	}
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		t.Fatalf("still running ten seconds after %v", signals)
	}
	return time.Since(start)
}

func fifo(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// writer waits until another process has opened the pipe for reading, and holds
// its other end until the test is over.
func writer(t *testing.T, pipe string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		f, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			t.Cleanup(func() { f.Close() })
			return
		}
		if !errors.Is(err, syscall.ENXIO) {
			t.Fatal(err)
		}
	}
}

// TestStopped: the first signal ends what waits for a pipe or for another
// program, and two at the same time count as one.
func TestStopped(t *testing.T) {
	t.Parallel()
	for _, signals := range [][]syscall.Signal{{syscall.SIGINT}, {syscall.SIGTERM}, {syscall.SIGHUP}, {syscall.SIGTERM, syscall.SIGTERM, syscall.SIGCONT}} {
		if signals[0] == syscall.SIGHUP && signal.Ignored(syscall.SIGHUP) {
			continue // these tests run under nohup, and so does pinfix
		}
		pipe := fifo(t)
		s := startStopped(t, nil, nil, "explain", pipe)
		writer(t, pipe)
		took := s.end(t, signals...)
		if code := s.ProcessState.ExitCode(); code != 2 || s.said(t) != "pinfix: interrupted; nothing was changed\n" {
			t.Errorf("%v: exit code %d after %v\n%s", signals, code, took, s.said(t))
		}
	}

	// A credential helper that never answers. It holds the pipe open.
	pipe, bin, docker := fifo(t), t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(bin, "docker-credential-hang"), []byte("#!/bin/sh\nexec cat "+pipe+"\n"))
	writeFile(t, filepath.Join(docker, "config.json"), []byte(`{"credsStore":"hang"}`))
	if err := os.Chmod(filepath.Join(bin, "docker-credential-hang"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := startStopped(t, []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "DOCKER_CONFIG=" + docker}, nil, "server", "-q", "-s", "image:localhost:1/game:1")
	writer(t, pipe)
	took := s.end(t, syscall.SIGINT)
	if code := s.ProcessState.ExitCode(); code != 2 || !strings.HasSuffix(s.said(t), "pinfix: interrupted; nothing was changed\n") {
		t.Errorf("a credential helper: exit code %d after %v\n%s", code, took, s.said(t))
	}
}

// TestSecondSignal: a process that does not come to its end, here because what it
// prints is not read, ends at the second signal.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	for i := range 900 {
		fmt.Fprintf(&log, "plugin.Open(\"a\"): plugin was built with a different version of package example.com/%s/p%d\n", strings.Repeat("x", 100), i)
	}
	name := filepath.Join(t.TempDir(), "server.log")
	writeFile(t, name, []byte(log.String()))
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		s := startStopped(t, nil, w, "explain", "--format", "json", name)
		w.Close()
		if _, err := io.ReadFull(r, make([]byte, 1)); err != nil { // it prints now, and the pipe is full soon
			t.Fatal(err, s.said(t))
		}
		tick := time.NewTicker(sameSignal)
		sent := 0
		for running := true; running; {
			_ = s.Process.Signal(sig)
			sent++
			select {
			case <-s.ended:
				running = false
			case <-tick.C:
			}
		}
		tick.Stop()
		if code := s.ProcessState.ExitCode(); code != 128+int(sig) || sent > 5 || s.said(t) != "" {
			t.Errorf("%v: exit code %d after %d signals\n%s", sig, code, sent, s.said(t))
		}
	}
}
