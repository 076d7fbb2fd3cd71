package commit

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pinfix/pinfix/internal/change"
)

// A fixture is a module and a commit that changes, adds and removes files in
// it and swaps its vendor directory.
type fixture struct {
	root, scratch string
	tree          Tree
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir()) // a link on macOS
	if err != nil {
		t.Fatal(err)
	}
	f := fixture{root: filepath.Join(top, "module"), scratch: filepath.Join(top, "scratch")}.withFiles(t)
	if err := f.setTree(); err != nil {
		t.Fatal(err)
	}
	return f
}

// setTree makes the commit out of the files that are there.
func (f *fixture) setTree() error {
	old, err := VendorSums(context.Background(), f.root)
	if err != nil {
		return err
	}
	now, err := VendorSums(context.Background(), f.scratch)
	f.tree = Tree{
		Root: f.root,
		Files: change.Set{
			{Path: "cmd/plugin/main.go", Old: []byte("old main\n"), New: []byte("new main\n"), Mode: 0o644},
			{Path: "go.mod", Old: []byte("old mod\n"), New: []byte("new mod\n"), Mode: 0o644},
			{Path: "gone.go", Old: []byte("gone\n")},
			{Path: "pins/deep/pin.go", New: []byte("pin\n"), Mode: 0o640},
			{Path: "pins/empty.go", New: []byte{}},
		},
		Vendor: &Vendor{Dir: filepath.Join(f.scratch, "vendor"), New: now, Old: old},
	}
	return err
}

func (f fixture) withFiles(t *testing.T) fixture {
	t.Helper()
	put(t, f.root, "go.mod", "old mod\n", 0o640)
	put(t, f.root, "gone.go", "gone\n", 0o600)
	put(t, f.root, "kept.txt", "kept\n", 0o644)
	put(t, f.root, "cmd/plugin/main.go", "old main\n", 0o755)
	put(t, f.root, "vendor/modules.txt", "old modules\n", 0o644)
	put(t, f.root, "vendor/a/a.go", "a\n", 0o644)
	put(t, f.root, "vendor/b/b.go", "b\n", 0o600)
	put(t, f.scratch, "vendor/modules.txt", "new modules\n", 0o644)
	put(t, f.scratch, "vendor/a/a.go", "a\n", 0o644)
	put(t, f.scratch, "vendor/c/d/d.go", "d\n", 0o755)
	chmod(t, filepath.Join(f.root, "vendor"), 0o750)
	chmod(t, filepath.Join(f.scratch, "vendor"), 0o700)
	return f
}

func put(t *testing.T, dir, name, data string, mode fs.FileMode) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	chmod(t, file, mode)
}

func chmod(t *testing.T, file string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(file, mode); err != nil { // past the umask
		t.Fatal(err)
	}
}

// snapshot is all there is below dir: slash path -> mode and content.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, file)
		content := ""
		switch {
		case entry.Type() == fs.ModeSymlink:
			content, err = os.Readlink(file)
		case entry.Type().IsRegular():
			var data []byte
			data, err = os.ReadFile(file)
			content = string(data)
		}
		all[filepath.ToSlash(name)] = fmt.Sprintf("%v %s", info.Mode(), content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// leftovers are the names that a commit has made for its own use and left.
func leftovers(all map[string]string) (names []string) {
	for name := range all {
		if base := filepath.Base(name); strings.Contains(base, ".pinfix-") {
			names = append(names, name)
		}
	}
	return names
}

// clean is a snapshot without leftovers and what is in them.
func clean(all map[string]string) map[string]string {
	kept := map[string]string{}
	for name, what := range all {
		if !strings.Contains(name, ".pinfix-") {
			kept[name] = what
		}
	}
	return kept
}

// files is a snapshot without directories, whose modes the umask may change
// when they are copied.
func files(all map[string]string) map[string]string {
	kept := map[string]string{}
	for name, what := range all {
		if !strings.HasPrefix(what, "d") {
			kept[name] = what
		}
	}
	return kept
}

func equal(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got)\n%s", what, d)
	}
}

// Write is what the callers of the package do.
func Write(ctx context.Context, t Tree) error {
	l, _, err := Acquire(ctx, t.Root, nil, nil)
	if err != nil {
		return err
	}
	defer l.Close()
	return l.Write(ctx, t)
}
