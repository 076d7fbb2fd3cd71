package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTemplateCounts: what pinfix apply starts, opens and reads from source for the plugin
// of testdata/template, as upper bounds that no clock measures, with nothing in its cache
// and with what earlier runs have kept there; and that the cache does not change the
// result, byte for byte.
func TestTemplateCounts(t *testing.T) {
	t.Parallel()
	w := newTemplate(t)
	build := exec.Command("go", "build", "-o", w.pinfix, ".")
	build.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off", "CGO_ENABLED=0")
	costOf(t, build)
	none := *w
	none.environ = append(none.environ, "XDG_CACHE_HOME=relative") // where nothing is kept

	var want map[string]string
	type counts struct{ commands, files, source, bodies int }
	for _, run := range []struct {
		name, file, add string
		args            []string
		most            counts // files only where no go command opens any
	}{
		{"first", "", "", nil, counts{4, 0, 105, 50}},
		{"the same", "", "", nil, counts{0, 4200, 0, 0}},
		{"keep", "", "", []string{"--conflicts", "keep"}, counts{0, 4200, 0, 0}},
		{"another body", "rewards.go", "\nvar run = 1\n", nil, counts{0, 4200, 1, 1}},
		{"another API of its own", "rpc/find.go", "\nvar Run = 1\n", nil, counts{0, 4200, 2, 2}},
		{"another import", "rpc/more.go", "package rpc\n\nimport _ \"unicode/utf16\"\n", nil, counts{3, 0, 5, 2}},
	} {
		plugin := func() string {
			dir := copyTo(t, w.plugin)
			if run.file != "" {
				appendTo(t, filepath.Join(dir, filepath.FromSlash(run.file)), run.add)
			}
			return dir
		}
		dir := plugin()
		trace := filepath.Join(t.TempDir(), "trace")
		args := append([]string{"-f", "-qq", "-e", "trace=execve,openat", "-o", trace, w.pinfix, "apply", "-v", "-C", dir, "-s", w.server}, run.args...)
		cmd := exec.Command("strace", args...)
		cmd.Env = w.environ
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", run.name, err, out)
		}
		data, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		got := counts{commands: len(startedRE.FindAllString(string(data), -1)), files: len(openedRE.FindAllString(string(data), -1))}
		if run.most.commands > 0 {
			got.files = 0
		}
		if m := checkedRE.FindStringSubmatch(string(out)); m != nil {
			got.source, _ = strconv.Atoi(m[1])
			got.bodies, _ = strconv.Atoi(m[2])
		}
		t.Logf("%s: %+v", run.name, got)
		if m := run.most; got.commands > m.commands || got.files > m.files || got.source > m.source || got.bodies > m.bodies {
			t.Errorf("%s: %+v, want at most %+v", run.name, got, m)
		}
		if run.name != "the same" {
			control := plugin()
			none.applyTo(t, control, run.args...)
			want = treeOf(t, control)
		}
		if diff := cmp.Diff(want, treeOf(t, dir)); diff != "" {
			t.Errorf("%s: with the cache (-without, +with)\n%s", run.name, diff)
		}
	}
}

var (
	// startedRE is a go command that pinfix starts; a toolchain that came as a module takes its
	// place.
	startedRE = regexp.MustCompile(`(?m)^\d+ +execve\("[^"@]*/go", `)
	openedRE  = regexp.MustCompile(`(?m)^\d+ +openat\(.* = \d+$|^\d+ <... openat resumed>.* = \d+$`)
	checkedRE = regexp.MustCompile(`(?m)^ *read (\d+) packages? from source, (\d+) with function bodies$`)
)

// treeOf returns the files below dir with their content.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		out[strings.TrimPrefix(name, dir)] = fmt.Sprintf("%v %s", d.Type(), data)
		return err
	})
	if err != nil || len(out) < 200 {
		t.Fatalf("%d files, %v", len(out), err)
	}
	return out
}

func copyTo(t *testing.T, from string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "plugin")
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return dir
}
