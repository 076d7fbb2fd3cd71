package commit

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/change"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	want := snapshot(t, f.root)
	delete(want, "gone.go")
	delete(want, "vendor/b")
	delete(want, "vendor/b/b.go")
	want["go.mod"] = "-rw-r----- new mod\n"
	want["cmd/plugin/main.go"] = "-rwxr-xr-x new main\n"
	want["pins"], want["pins/deep"] = dirMode(t), dirMode(t)
	want["pins/deep/pin.go"] = "-rw-r----- pin\n"
	want["pins/empty.go"] = "-rw-r--r-- "
	want["vendor/modules.txt"] = "-rw-r--r-- new modules\n"
	want["vendor/c"], want["vendor/c/d"] = want["vendor/a"], want["vendor/a"]
	want["vendor/c/d/d.go"] = "-rwxr-xr-x d\n"
	if err := Write(t.Context(), f.tree); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" {
		t.Skip("modes mean little on windows")
	}
	equal(t, "after Write", want, snapshot(t, f.root))
}

// dirMode is what a new directory has under this process's umask.
func dirMode(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return snapshot(t, dir)["."]
}

func TestWriteFirstVendor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := os.RemoveAll(filepath.Join(f.root, "vendor")); err != nil {
		t.Fatal(err)
	}
	f.tree.Vendor.Old = nil
	if err := Write(t.Context(), f.tree); err != nil {
		t.Fatal(err)
	}
	got := snapshot(t, f.root)
	if got["vendor"] != "drwxr-xr-x " && runtime.GOOS != "windows" {
		t.Errorf("vendor: %s, the scratch directory's 0700 shows through", got["vendor"])
	}
	if len(leftovers(got)) > 0 || !strings.HasSuffix(got["vendor/modules.txt"], " new modules\n") {
		t.Errorf("got %v", got)
	}
}

func TestWriteNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	before := snapshot(t, f.root)
	f.tree.Vendor = nil
	f.tree.Files = change.Set{{Path: "go.mod", Old: []byte("old mod\n"), New: []byte("old mod\n")}, {Path: "none"}}
	if err := Write(t.Context(), f.tree); err != nil {
		t.Fatal(err)
	}
	equal(t, "after Write", before, snapshot(t, f.root))
}

func TestChanged(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		path string // of the ChangedError
		do   func(t *testing.T, root string)
	}{
		{"edited", "go.mod", func(t *testing.T, root string) { put(t, root, "go.mod", "mine\n", 0o644) }},
		{"gone", "go.mod", remove("go.mod")},
		{"already removed", "gone.go", remove("gone.go")},
		{"already there", "pins/empty.go", func(t *testing.T, root string) { put(t, root, "pins/empty.go", "", 0o644) }},
		{"vendor edited", "vendor/a/a.go", func(t *testing.T, root string) { put(t, root, "vendor/a/a.go", "patched\n", 0o644) }},
		{"vendor has more", "vendor/z/z.go", func(t *testing.T, root string) { put(t, root, "vendor/z/z.go", "z\n", 0o644) }},
		{"vendor has less", "vendor/b/b.go", remove("vendor/b/b.go")},
		{"vendor gone", "vendor", remove("vendor")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			tt.do(t, f.root)
			before := snapshot(t, f.root)
			err := Write(t.Context(), f.tree)
			var changed *ChangedError
			if !errors.As(err, &changed) || changed.Path != tt.path {
				t.Fatalf("got %v, want a ChangedError for %s", err, tt.path)
			}
			if want := tt.path + ": changed during the run; it is not overwritten (run pinfix again)"; err.Error() != want {
				t.Errorf("got %q, want %q", err, want)
			}
			equal(t, "after the error", before, snapshot(t, f.root))
		})
	}
}

func remove(name string) func(*testing.T, string) {
	return func(t *testing.T, root string) {
		t.Helper()
		if err := os.RemoveAll(filepath.Join(root, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestChangedNamesAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	put(t, f.root, "go.mod", "mine\n", 0o644)
	put(t, f.root, "gone.go", "mine\n", 0o644)
	err := Write(t.Context(), f.tree)
	if err == nil || !strings.Contains(err.Error(), "go.mod: changed") || !strings.Contains(err.Error(), "gone.go: changed") {
		t.Errorf("got %v", err)
	}
}

// An editor that saves while the new content is being staged wins as well.
func TestChangedLate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	want := snapshot(t, f.root)
	want["go.mod"] = "-rw-r----- mine\n"
	d := disk{before: func(verb, name string) error {
		if verb == "move" && strings.HasSuffix(filepath.Dir(name), "module") {
			put(t, f.root, "go.mod", "mine\n", 0o640)
		}
		return nil
	}}
	var changed *ChangedError
	if err := write(t.Context(), f.tree, nil, d); !errors.As(err, &changed) || changed.Path != "go.mod" {
		t.Errorf("got %v", err)
	}
	equal(t, "after the error", want, snapshot(t, f.root))
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	set := func(paths ...string) func(t *testing.T, f *fixture) {
		return func(_ *testing.T, f *fixture) {
			f.tree.Files = nil
			for _, p := range paths {
				f.tree.Files = append(f.tree.Files, change.Change{Path: p, New: []byte("x")})
			}
		}
	}
	tests := []struct {
		name, want string
		do         func(t *testing.T, f *fixture)
	}{
		{"parent", `"../x": not a file path inside the module`, set("../x")},
		{"absolute", `"/x": not a file path inside the module`, set("/x")},
		{"root", `".": not a file path inside the module`, set(".")},
		{"empty", `"": not a file path inside the module`, set("")},
		{"not clean", `"a/../b": not a file path inside the module`, set("a/../b")},
		{"twice", "x: two changes of one file", set("x", "x")},
		{"in vendor", "vendor/x: a change of its own inside the vendor directory", set("vendor/x")},
		{"file as directory", "kept.txt/x: ", set("kept.txt/x")},
		{"directory", "cmd: is a directory, not a file", set("cmd")},
		{"no root", "module root ", func(t *testing.T, f *fixture) { f.tree.Root = filepath.Join(f.root, "none") }},
		{"root not given", "module root", func(t *testing.T, f *fixture) { f.tree.Root = "" }},
		{"new vendor not given", "no new vendor directory", func(t *testing.T, f *fixture) { f.tree.Vendor.Dir = "" }},
		{"new vendor missing", "new vendor directory: ", func(t *testing.T, f *fixture) { f.tree.Vendor.Dir += "-none" }},
		{"new vendor a file", "new vendor directory: ", func(t *testing.T, f *fixture) { f.tree.Vendor.Dir += "/modules.txt" }},
		{"vendor a file", "vendor: is not a directory", func(t *testing.T, f *fixture) {
			remove("vendor")(t, f.root)
			put(t, f.root, "vendor", "", 0o644)
		}},
		{"link to nowhere", "symbolic link that leads nowhere", func(t *testing.T, f *fixture) {
			set("link")(t, f)
			symlink(t, "none", filepath.Join(f.root, "link"))
		}},
		{"parent links to nowhere", "symbolic link that leads nowhere", func(t *testing.T, f *fixture) {
			set("link/x")(t, f)
			symlink(t, "none", filepath.Join(f.root, "link"))
		}},
		{"one file under two names", "are the same file", func(t *testing.T, f *fixture) {
			set("link", "kept.txt")(t, f)
			symlink(t, "kept.txt", filepath.Join(f.root, "link"))
		}},
		{"link inside vendor", "vendor: a/link: is not a regular file", func(t *testing.T, f *fixture) {
			symlink(t, "a.go", filepath.Join(f.root, "vendor/a/link"))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			tt.do(t, &f)
			before, scratch := snapshot(t, f.root), snapshot(t, f.scratch)
			err := Write(t.Context(), f.tree)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			equal(t, "module", before, snapshot(t, f.root))
			equal(t, "scratch", scratch, snapshot(t, f.scratch))
		})
	}
}

func symlink(t *testing.T, to, name string) {
	t.Helper()
	if err := os.Symlink(to, name); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
}

// TestSymlinks: links stay links where they lead within the module, and so does
// a go.mod that the user has linked to one elsewhere.
func TestSymlinks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	shared := filepath.Join(filepath.Dir(f.root), "shared")
	links := map[string]string{"go.mod": "../shared/go.mod", "vendor": "kept/vendor", "cmd": "kept/cmd"}
	for _, dir := range []string{shared, filepath.Join(f.root, "kept")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range links {
		if err := os.Rename(filepath.Join(f.root, name), filepath.Join(f.root, filepath.FromSlash(to))); err != nil {
			t.Fatal(err)
		}
		symlink(t, to, filepath.Join(f.root, name))
	}
	f.tree.Files = append(f.tree.Files, change.Change{Path: "cmd/other/new.go", New: []byte("other\n")})
	asked := ""
	brought := func(_, slash string) bool { asked += slash; return false }
	if err := write(t.Context(), f.tree, brought, disk{flush: noFlush}); err != nil {
		t.Fatal(err)
	}
	module, resolved := snapshot(t, f.root), snapshot(t, shared)
	for name, to := range links {
		if !strings.HasSuffix(module[name], to) {
			t.Errorf("%s is no longer a link: %s", name, module[name])
		}
	}
	for name, want := range map[string]string{"kept/vendor/modules.txt": "new modules\n", "kept/cmd/plugin/main.go": "new main\n", "kept/cmd/other/new.go": "other\n"} {
		if !strings.HasSuffix(module[name], " "+want) {
			t.Errorf("%s: %q", name, module[name])
		}
	}
	if !strings.HasSuffix(resolved["go.mod"], " new mod\n") || strings.Trim(asked, "go.md") != "" || asked == "" {
		t.Errorf("shared/go.mod: %q; asked about %q", resolved["go.mod"], asked)
	}
	if _, ok := module["kept/vendor/b"]; ok || len(leftovers(module)) > 0 || len(leftovers(resolved)) > 0 {
		t.Errorf("left: %v, %v, vendor/b %v", leftovers(module), leftovers(resolved), ok)
	}
}

// TestLinksAway: a link that leads out of the module or into git's own directory is
// not followed, and nothing is written.
func TestLinksAway(t *testing.T) {
	t.Parallel()
	away := func(name, to string) func(*testing.T, *fixture) {
		return func(t *testing.T, f *fixture) {
			at := filepath.Join(f.root, name)
			if err := os.RemoveAll(at); err != nil {
				t.Fatal(err)
			}
			symlink(t, to, at)
		}
	}
	file := func(slash string) func(*testing.T, *fixture) {
		return func(_ *testing.T, f *fixture) {
			f.tree.Vendor, f.tree.Files = nil, change.Set{{Path: slash, New: []byte("x\n")}}
		}
	}
	both := func(a, b func(*testing.T, *fixture)) func(*testing.T, *fixture) {
		return func(t *testing.T, f *fixture) { a(t, f); b(t, f) }
	}
	const outside, gits = "is outside of the module", "is in git's own directory"
	for name, c := range map[string]struct {
		do   func(*testing.T, *fixture)
		want string
	}{
		"go.mod of the repository":   {away("go.mod", "../other/go.mod"), outside},
		"go.mod by another link":     {both(away("go.mod", "hop/go.mod"), away("hop", "../other")), outside},
		"vendor":                     {away("vendor", "../other"), outside},
		"absolute vendor":            {away("vendor", "/"), outside},
		"file":                       {both(away("pins.go", "../other/pins.go"), file("pins.go")), outside},
		"file that is not there":     {both(away("pins.go", "../other/new.go"), file("pins.go")), outside},
		"directory":                  {both(away("d", "../other"), file("d/new.go")), outside},
		"directory below":            {both(away("d", "../other"), file("d/e/new.go")), outside},
		"parent":                     {both(away("up", ".."), file("up/new.go")), outside},
		"parent and back":            {both(away("up", ".."), file("up/other/pins.go")), outside},
		"the module itself":          {both(away("all", "."), file("all/.git/x.go")), gits},
		"git":                        {both(away("g", ".git"), file("g/x.go")), gits},
		"git by name":                {file(".git/x.go"), gits},
		"GIT":                        {both(away("g", ".GIT"), both(away(".GIT", ".git"), file("g/x.go"))), gits},
		"hooks":                      {away("vendor", ".git/hooks"), gits},
		"bare repository":            {file("gateway/x.go"), gits},
		"hooks of a bare repository": {both(away("h", "gateway/hooks"), file("h/x.go")), gits},
		"directory of a worktree":    {file("tree/x.go"), gits},
		"nested repository":          {file("nested/.git/x.go"), gits},
		"repository in vendor": {func(t *testing.T, f *fixture) {
			put(t, f.root, "vendor/.git", "gitdir: ../.git/modules/vendor\n", 0o644)
		}, "vendor: .git: is git's own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			top := filepath.Dir(f.root)
			for _, at := range []string{"module/.git", "module/gateway", "module/nested/.git"} {
				put(t, top, at+"/HEAD", "ref: refs/heads/main\n", 0o644)
				for _, dir := range []string{"objects", "refs", "hooks"} {
					put(t, top, at+"/"+dir+"/x", "x\n", 0o644)
				}
			}
			put(t, top, "module/tree/HEAD", "ref: refs/heads/main\n", 0o644)
			put(t, top, "module/tree/commondir", "../.git\n", 0o644)
			put(t, top, "other/go.mod", "old mod\n", 0o644)
			put(t, top, "other/pins.go", "x\n", 0o644)
			put(t, top, "other/modules.txt", "x\n", 0o644)
			c.do(t, &f)
			before := snapshot(t, top)
			err := write(t.Context(), f.tree, func(string, string) bool { return true }, disk{flush: noFlush})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			var path *PathError
			if errors.As(err, &path) && (path.NextStep() == "" || strings.Contains(err.Error(), "\n")) {
				t.Errorf("got %v; %s", err, path.NextStep())
			}
			equal(t, "all", before, snapshot(t, top))
		})
	}
}

// TestHardLink: another name of a file keeps the old content.
func TestHardLink(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	other := filepath.Join(filepath.Dir(f.root), "other.mod")
	if err := os.Link(filepath.Join(f.root, "go.mod"), other); err != nil {
		t.Skip("no hard links here: ", err)
	}
	if err := write(t.Context(), f.tree, nil, disk{flush: noFlush}); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(other); err != nil || string(data) != "old mod\n" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestVendorSums(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if sums, err := VendorSums(t.Context(), root); sums != nil || err != nil {
		t.Errorf("no vendor directory: %v, %v", sums, err)
	}
	put(t, root, "vendor/a/a.go", "a\n", 0o644)
	sums, err := VendorSums(t.Context(), root)
	if err != nil || len(sums) != 1 || sums["a/a.go"] != sha256.Sum256([]byte("a\n")) {
		t.Errorf("got %v, %v", sums, err)
	}
	if err := os.RemoveAll(filepath.Join(root, "vendor", "a")); err != nil {
		t.Fatal(err)
	}
	if sums, err = VendorSums(t.Context(), root); sums == nil || len(sums) != 0 || err != nil {
		t.Errorf("an empty vendor directory is not none: %v, %v", sums, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := VendorSums(ctx, root); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestNotWritable(t *testing.T) {
	t.Parallel()
	t.Run("told so", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		before := snapshot(t, f.root)
		err := write(t.Context(), f.tree, nil, disk{before: func(verb, _ string) error {
			if verb == "create" {
				return fs.ErrPermission
			}
			return nil
		}})
		wantNotWritable(t, err, f.root)
		equal(t, "after the error", before, snapshot(t, f.root))
	})
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		if os.Getuid() == 0 {
			t.Skip("uid 0 writes in every directory")
		}
		f := newFixture(t)
		dir := filepath.Join(f.root, "cmd", "plugin")
		chmod(t, dir, 0o555)
		t.Cleanup(func() { _ = os.Chmod(dir, 0o755) }) // for TempDir's removal
		before := snapshot(t, f.root)
		wantNotWritable(t, Write(t.Context(), f.tree), dir)
		equal(t, "after the error", before, snapshot(t, f.root))
	})
}

func wantNotWritable(t *testing.T, err error, dir string) {
	t.Helper()
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "cannot write in directory "+dir+": ") ||
		strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}
