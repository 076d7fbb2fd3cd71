package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/pinfix/pinfix/internal/vars"
)

// docsGo is the Go release of the pages' servers and plugins: its name is
// in what they print.
const docsGo = "go1.26.8"

// worlds are the places where pages are tried. Each is made once, by the
// shell lines and files of testdata/docs/NAME.txtar.
type worlds struct {
	dir, top string
	env      []string

	mu   sync.Mutex
	made map[string]func() error
}

func newWorlds(t *testing.T) *worlds {
	t.Helper()
	if _, err := exec.LookPath("script"); err != nil {
		t.Fatal("no script in PATH, which gives the commands a terminal; install it: apt-get install bsdutils")
	}
	top, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	host := hostEnv(t)
	w := &worlds{dir: t.TempDir(), top: top, made: map[string]func() error{}}
	// A make that runs the tests would have its own say in the make of the page.
	w.env = append(vars.Without(os.Environ(), []string{"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}),
		"TOP="+top, "GOFLAGS=", "GOWORK=off", "GOENV=off", "GOTOOLCHAIN="+docsGo, "CGO_ENABLED=1",
		"GOMODCACHE="+host["GOMODCACHE"], "GOPROXY="+host["GOPROXY"],
		"TERM=xterm", "COLUMNS=500", "PAGER=cat", "NO_COLOR=1", "CI=", "PINFIX_SERVER=", // a browser breaks the lines of a page
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=author", "GIT_AUTHOR_EMAIL=author@example.com", "GIT_COMMITTER_NAME=author", "GIT_COMMITTER_EMAIL=author@example.com")
	w.env = slices.Clip(w.env) // sessions of several pages append to it at a time
	return w
}

// A session runs commands one after the other in one directory.
type session struct {
	dir, now string
	status   int
	env      []string
}

// session returns a fresh copy of a world. The world "checkout" is this
// repository itself.
func (w *worlds) session(t *testing.T, name string) *session {
	t.Helper()
	if name == "checkout" {
		return &session{dir: w.top, now: w.top, env: w.env}
	}
	w.mu.Lock()
	once, ok := w.made[name]
	if !ok {
		once = sync.OnceValue(func() error { return w.make(name) })
		w.made[name] = once
	}
	w.mu.Unlock()
	if err := once(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// A cp of its own: os.CopyFS does not keep links.
	if out, err := exec.Command("cp", "-a", filepath.Join(w.dir, name)+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v\n%s", err, out)
	}
	return &session{dir: dir, now: dir, env: w.env}
}

func (w *worlds) make(name string) error {
	a, err := txtar.ParseFile(filepath.Join(w.top, "testdata", "docs", name+".txtar"))
	if err != nil {
		return err
	}
	dir := filepath.Join(w.dir, name)
	for _, f := range a.Files {
		file := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(file, f.Data, 0o666); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	cmd := exec.Command("sh", "-euc", string(a.Comment))
	cmd.Dir, cmd.Env = dir, append(w.env, "PWD="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.New(name + ".txtar: " + err.Error() + "\n" + string(out))
	}
	return nil
}

// aServerPath is how pages name the reader's server; here it is the demo's.
const aServerPath = "/path/to/server"

// step runs a line where the last one has ended, with its exit status in $?.
const step = `cd "$SESSION_NOW" && (exit "$SESSION_STATUS"); eval "$SESSION_LINE"; status=$?; printf '%s\n' "$PWD" "$status" >"$SESSION_STATE"; exit $status`

// run types a line into a terminal of the session and returns what is to be
// seen there afterwards, and the exit status.
func (s *session) run(t *testing.T, line string) (out []string, status string) {
	t.Helper()
	line = strings.NewReplacer(aServerPath, filepath.Join(s.dir, "server.bin"), "your/plugin", "plugin").Replace(line)
	state := filepath.Join(t.TempDir(), "state")
	cmd := exec.CommandContext(t.Context(), "script", "-qec", step, "/dev/null")
	cmd.Dir = s.dir
	cmd.Env = append(s.env, "SHELL=/bin/sh", "PWD="+s.dir, "SESSION_NOW="+s.now, "SESSION_LINE="+line, "SESSION_STATE="+state, "SESSION_STATUS="+strconv.Itoa(s.status))
	printed, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	data, err := os.ReadFile(state)
	if err != nil {
		t.Fatalf("$ %s\n%s\n%v", line, printed, err)
	}
	f := strings.Split(string(data), "\n")
	s.now = f[0]
	s.status, _ = strconv.Atoi(f[1])
	return s.screen(string(printed)), f[1]
}

// colour is what git prints though NO_COLOR is set.
var colour = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// screen returns the lines that stay on a terminal: of a live line, what was
// written last.
func (s *session) screen(printed string) []string {
	text := strings.ReplaceAll(colour.ReplaceAllString(printed, ""), "\r\n", "\n")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		if j := strings.LastIndex(line, "\r\x1b[K"); j >= 0 {
			line = line[j+len("\r\x1b[K"):]
		}
		lines[i] = strings.NewReplacer(filepath.Join(s.dir, "server.bin"), aServerPath, s.dir, "…").Replace(line)
	}
	if len(lines) == 1 && lines[0] == "" {
		return nil
	}
	return lines
}
