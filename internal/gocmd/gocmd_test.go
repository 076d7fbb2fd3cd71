package gocmd

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/vars"
)

// lookup returns the value that a child sees: the last one counts.
func lookup(env []string, name string) (string, bool) {
	for _, kv := range slices.Backward(env) {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v, true
		}
	}
	return "", false
}

func TestNewEnvironment(t *testing.T) {
	g := New(Config{
		Dir:       "/plugin",
		Toolchain: "go1.23.5",
		Environ: []string{
			"HOME=/home/me", "GOPROXY=https://proxy.example.com", "GOPRIVATE=example.com", "PWD=/elsewhere",
			"GOFLAGS=-mod=vendor -tags=x -toolexec=evil", "GOWORK=/plugin/go.work", "GO111MODULE=off", "GOTOOLCHAIN=local",
			"GOOS=windows", "CGO_ENABLED=0",
			"GIT_DIR=/repo/.git", "GIT_INDEX_FILE=/repo/.git/index.lock", "GIT_WORK_TREE=/repo", "GIT_PREFIX=sub/",
			"GIT_SSH_COMMAND=ssh -i key", "GIT_CONFIG_COUNT=1",
		},
		Set: []string{"CGO_ENABLED=1", "GOOS=linux"},
	})
	for name, want := range map[string]string{
		"HOME": "/home/me", "GOPROXY": "https://proxy.example.com", "GOPRIVATE": "example.com", "GIT_SSH_COMMAND": "ssh -i key",
		"PWD": "/plugin", "GOFLAGS": "-mod=mod -buildvcs=false", "GOWORK": "off", "GO111MODULE": "on", "GOTOOLCHAIN": "go1.23.5",
		"GOOS": "linux", "CGO_ENABLED": "1",
	} {
		if got, ok := lookup(g.Env, name); got != want || !ok {
			t.Errorf("%s=%s, want %s", name, got, want)
		}
	}
	for _, name := range []string{"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX", "GIT_CONFIG_COUNT"} {
		if v, ok := lookup(g.Env, name); ok {
			t.Errorf("%s=%s stays", name, v)
		}
	}

	// The user's own choice of a toolchain stays where none is asked for.
	g = New(Config{Environ: []string{"GOTOOLCHAIN=local", "GOFLAGS=-modcacherw"}})
	if v, _ := lookup(g.Env, "GOTOOLCHAIN"); v != "local" {
		t.Errorf("GOTOOLCHAIN=%s", v)
	}
	if v, _ := lookup(g.Env, "GOFLAGS"); v != "-mod=mod -buildvcs=false -modcacherw" {
		t.Errorf("GOFLAGS=%s", v)
	}
	for _, flags := range []string{"-mod=readonly", "-mod=vendor"} {
		if v, _ := lookup(g.With("/work", "GOFLAGS="+flags).Env, "GOFLAGS"); v != flags+" -buildvcs=false -modcacherw" {
			t.Errorf("GOFLAGS=%s", v)
		}
	}

	// A release before 1.18 does not know -buildvcs, and does not ask git.
	for toolchain, want := range map[string]string{"go1.17.13": "-mod=mod", "go1.18": "-mod=mod -buildvcs=false", "go1.18beta1": "-mod=mod"} {
		for _, c := range []Config{{Toolchain: toolchain}, {Set: []string{"GOTOOLCHAIN=" + toolchain}}} {
			if v, _ := lookup(New(c).Env, "GOFLAGS"); v != want {
				t.Errorf("%+v: GOFLAGS=%s", c, v)
			}
		}
	}
}

// vars.Git are all that git itself names.
func TestGitVars(t *testing.T) {
	out, err := exec.Command("git", "rev-parse", "--local-env-vars").Output()
	if err != nil {
		t.Skip(err)
	}
	for _, name := range strings.Fields(string(out)) {
		if !slices.Contains(vars.Git, name) {
			t.Errorf("%s is not removed", name)
		}
	}
}

func TestErrorShort(t *testing.T) {
	for _, tt := range []struct{ stderr, short, whole string }{
		{"# example.com/p\n./a.go:1:2: undefined: x\n./b.go:3:4: undefined: y\n", "./a.go:1:2: undefined: x\nand 1 more from the go command: -v shows all", "./a.go:1:2: undefined: x\n./b.go:3:4: undefined: y"},
		{"# example.com/p\n", "# example.com/p", "# example.com/p"},
		{"malformed go.sum:\ngo.sum:1: wrong number of fields 1\n", "malformed go.sum: go.sum:1: wrong number of fields 1", "malformed go.sum: go.sum:1: wrong number of fields 1"},
		{"main.go:4:2: missing go.sum entry for module providing package example.com/a; to add:\n\tgo get example.com/p\n", "main.go:4:2: missing go.sum entry for module providing package example.com/a", "main.go:4:2: missing go.sum entry for module providing package example.com/a"},
		{"go: updates to go.mod needed; to update it:\n\tgo mod tidy\n", "updates to go.mod needed", "updates to go.mod needed"},
	} {
		err := &Error{Args: []string{"build"}, Stderr: tt.stderr, Err: errors.New("exit status 1")}
		if err.Short() != "go build: "+tt.short || err.Error() != "go build: "+tt.whole {
			t.Errorf("%q:\nshort %q\nwhole %q", tt.stderr, err.Short(), err)
		}
	}
}

func TestErrorText(t *testing.T) {
	for _, tt := range []struct{ stderr, want string }{
		{"go: no such tool\n", "go mod tidy: no such tool"},
		{"", "go mod tidy: exit status 1"},
		{"go: downloading example.com/a v1.0.0\ngo: finding module for package x\ngo: found x in y v1\n", "go mod tidy: exit status 1"},
		{"go: downloading example.com/a v1.0.0\r\ngo: example.com/a@v1.0.0: 404 Not Found\r\n\tserver response: gone\r\n", "go mod tidy: example.com/a@v1.0.0: 404 Not Found server response: gone"},
		{"go: a imports\n\tb imports\n\tc: no module\ngo: a imports\n\td: no module\n", "go mod tidy: a imports b imports c: no module\na imports d: no module"},
		{"\tindented first\n", "go mod tidy: \tindented first"},
	} {
		err := &Error{Args: []string{"mod", "tidy", "-modfile=/tmp/go.mod", "x"}, Stderr: tt.stderr, Err: errors.New("exit status 1")}
		if got := err.Error(); got != tt.want {
			t.Errorf("%q:\n got %q\nwant %q", tt.stderr, got, tt.want)
		}
	}
}

func TestRun(t *testing.T) {
	var log []string
	g := New(Config{Dir: t.TempDir(), Environ: os.Environ(), Log: func(s string) { log = append(log, s) }})
	facts, err := g.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(facts.GOVERSION, "go1.") || !filepath.IsAbs(facts.GOMODCACHE) {
		t.Errorf("%+v", facts)
	}
	_, err = g.Run(t.Context(), "nonsense", "-x")
	var failed *Error
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "go nonsense: ") || !strings.Contains(err.Error(), "unknown command") {
		t.Errorf("%v", err)
	}
	if want := []string{"go env -json " + strings.Join(factNames, " "), "go nonsense -x"}; !slices.Equal(log, want) || g.Calls() != 2 {
		t.Errorf("%d calls: %q", g.Calls(), log)
	}
}

func TestRunWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := New(Config{Dir: t.TempDir(), Environ: os.Environ()}).Run(t.Context(), "version")
	if err == nil || err.Error() != "no go command in PATH" || !strings.Contains(fault.Next(err), "install Go") {
		t.Errorf("%v", err)
	}
}

// A child that prints without end is stopped, and what it printed is not kept.
func TestRunEndless(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	for stream, script := range map[string]string{"stdout": "#!/bin/sh\nexec yes\n", "stderr": "#!/bin/sh\nexec yes >&2\n"} {
		if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o777); err != nil {
			t.Fatal(err)
		}
		out, _, err := start(t.Context(), "go", dir, os.Environ(), []string{"list"}, 1<<20, nil)
		if len(out) > 0 || !errors.Is(err, bounded.ErrOutput) || err.Error() != "go list: it prints more than 512 MiB" {
			t.Errorf("%s: %d bytes, %v", stream, len(out), err)
		}
	}
}

// A context that ends ends the child, also one that does not listen.
func TestRunCancelled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	for name, script := range map[string]string{
		"listens": "#!/bin/sh\necho started > started\nexec sleep 60\n",
		"deaf":    "#!/bin/sh\ntrap '' INT\necho started > started\nwhile :; do sleep 1; done\n",
		"reports": "#!/bin/sh\ntrap 'echo oh no >&2; exit 1' INT\necho started > started\nwhile :; do sleep 0.1; done\n",
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o777); err != nil {
				t.Fatal(err)
			}
			work := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			// To read from a pipe waits for the child that writes.
			pipe := filepath.Join(work, "started")
			if out, err := exec.Command("mkfifo", pipe).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			go func() {
				if _, err := os.ReadFile(pipe); err != nil {
					t.Error(err)
				}
				cancel()
			}()
			start := time.Now()
			_, err := New(Config{Dir: work, Environ: os.Environ()}).Run(ctx, "mod", "tidy")
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}
