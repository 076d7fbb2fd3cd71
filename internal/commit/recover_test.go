package commit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/change"
)

// dieAfter commits the fixture and dies before the n-th rename from now; 0 is
// the first.
func dieAfter(t *testing.T, f fixture, n int, quirk hook) {
	t.Helper()
	until(func() {
		err := write(context.Background(), f.tree, disk{flush: noFlush, before: func(verb, name string) error {
			if verb == "rename" {
				if n--; n < 0 {
					panic(died{})
				}
			}
			if quirk == nil {
				return nil
			}
			return quirk(verb, name)
		}})
		t.Fatalf("it did not die: %v", err)
	})
}

// renames of the fixture, in their order.
const (
	renamedMain = iota + 1
	renamedMod
	renamedPin
	renamedEmpty
	renamedOldVendor
	renamedNewVendor
	renamedGone
	renamedJournal
)

func TestOutcome(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, c := range []struct {
		renames int
		want    Outcome
	}{{0, Restored}, {renamedMain, Restored}, {renamedNewVendor, Restored}, {renamedGone, Restored}} {
		dieAfter(t, f, c.renames, nil)
		if got, err := Recover(f.root); got != c.want || err != nil {
			t.Errorf("after %d renames: %v, %v", c.renames, got, err)
		}
		if got, err := Recover(f.root); got != Nothing || err != nil {
			t.Errorf("once more: %v, %v", got, err)
		}
		f = newFixture(t)
	}
	until(func() {
		_ = write(context.Background(), f.tree, disk{flush: noFlush, before: func(verb, name string) error {
			if verb == "remove" {
				panic(died{}) // the first: all renames are done
			}
			return nil
		}})
	})
	if got, err := Recover(f.root); got != Finished || err != nil {
		t.Errorf("after the last rename: %v, %v", got, err)
	}
}

// TestBusy: a journal whose writer is alive is left alone.
func TestBusy(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dieAfter(t, f, renamedMod, nil)
	l, err := tryLock(f.root)
	if err != nil || !l.flock.Locked() {
		t.Fatal(err)
	}
	before := snapshot(t, f.root)
	if got, err := Recover(f.root); got != Busy || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	equal(t, "module", before, snapshot(t, f.root))
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err = Acquire(ctx, f.root, cancel)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Acquire: %v", err)
	}
	l.Close()
	l, got, err := Acquire(t.Context(), f.root, nil)
	if got != Restored || err != nil {
		t.Errorf("Acquire: %v, %v", got, err)
	}
	l.Close()
}

// TestLockFile: where directories cannot be locked, a file stands for them.
func TestLockFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	root, other := t.TempDir(), t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	symlink(t, root, link)
	one, err := tryLockFile(root)
	if err != nil || !one.flock.Locked() {
		t.Fatal(err)
	}
	two, err := tryLockFile(link)
	if err != nil || two.flock.Locked() {
		t.Errorf("by another name: locked twice, or %v", err)
	}
	three, err := tryLockFile(other)
	if err != nil || !three.flock.Locked() {
		t.Errorf("another module: not locked, or %v", err)
	}
	one.Close()
	two, err = tryLockFile(link)
	if err != nil || !two.flock.Locked() {
		t.Errorf("after Close: not locked, or %v", err)
	}
	two.Close()
	three.Close()
}

// TestChangedSince: what somebody wrote after the death is his, and what the file
// was before is beside it.
func TestChangedSince(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		renames int
		edit    string // a file
		want    string // in the error
		kept    string // of the old one
	}{
		"replaced":         {renamedMod, "go.mod", "go.mod (before: .go.mod.pinfix-old-", "old mod\n"},
		"not yet replaced": {renamedMain, "go.mod", "", ""},
		"added":            {renamedPin, "pins/deep/pin.go", "pins/deep/pin.go", ""},
		"removed":          {renamedGone, "gone.go", "gone.go (before: .gone.go.pinfix-old-", "gone\n"},
		"vendor":           {renamedNewVendor, "vendor/c/d/d.go", "vendor (before: .vendor.pinfix-old-", ""},
		"first vendor":     {renamedNewVendor - 1, "vendor/c/d/d.go", "vendor", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			if name == "first vendor" {
				if err := os.RemoveAll(filepath.Join(f.root, "vendor")); err != nil {
					t.Fatal(err)
				}
				f.tree.Vendor.Old = nil
			}
			before := snapshot(t, f.root)
			dieAfter(t, f, c.renames, nil)
			put(t, f.root, c.edit, "the user's\n", 0o644)
			_, err := Recover(f.root)
			var since *ChangedSinceError
			if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &since) || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			now := snapshot(t, f.root)
			if !strings.HasSuffix(now[c.edit], " the user's\n") {
				t.Errorf("the user's file holds %q", now[c.edit])
			}
			var kept []string
			for _, name := range leftovers(now) {
				if !strings.Contains(name, "/") && !strings.HasPrefix(now[name], "d") {
					kept = append(kept, now[name])
				}
			}
			if c.kept != "" && (len(kept) != 1 || !strings.HasSuffix(kept[0], " "+c.kept)) {
				t.Errorf("kept: %q", kept)
			}
			if _, ok := now[journalName]; ok {
				t.Error("the journal is still there")
			}
			// Everything else is as before.
			if name == "replaced" {
				for _, other := range []string{"cmd/plugin/main.go", "vendor/a/a.go", "gone.go"} {
					if now[other] != before[other] {
						t.Errorf("%s: %q", other, now[other])
					}
				}
			}
			if got, err := Recover(f.root); got != Nothing || err != nil {
				t.Errorf("once more: %v, %v", got, err)
			}
		})
	}
}

// TestRecoverSymlinks dies where what the links lead to is away.
func TestRecoverSymlinks(t *testing.T) {
	t.Parallel()
	for n := range renamedJournal {
		f := newFixture(t)
		shared := filepath.Join(filepath.Dir(f.root), "shared")
		if err := os.Mkdir(shared, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"go.mod", "vendor", "cmd", "gone.go"} {
			if err := os.Rename(filepath.Join(f.root, name), filepath.Join(shared, name)); err != nil {
				t.Fatal(err)
			}
			symlink(t, "../shared/"+name, filepath.Join(f.root, name))
		}
		module, real := snapshot(t, f.root), snapshot(t, shared)
		dieAfter(t, f, n, nil)
		if got, err := Recover(f.root); got != Restored || err != nil {
			t.Fatalf("after %d renames: %v, %v", n, got, err)
		}
		equal(t, "module", module, snapshot(t, f.root))
		equal(t, "shared", real, snapshot(t, shared))
	}
}

// TestJournalOutside: a journal may be anybody's. It makes nobody remove a file
// that a link leads to, nor read what is no file.
func TestJournalOutside(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("ab", idSize)
	for name, r := range map[string]record{
		"file":      {ID: id, Files: []entry{{Path: "link", New: sum([]byte("mine\n"))}}},
		"directory": {ID: id, Files: []entry{{Path: "out/file", New: sum([]byte("mine\n")), Dirs: []string{"out"}}}},
		"empty":     {ID: id, Files: []entry{{Path: "out/empty/file", New: sum([]byte("x")), Dirs: []string{"out", "out/empty"}}}},
		"vendor":    {ID: id, Vendor: &swap{New: "d"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, outside := t.TempDir(), t.TempDir()
			put(t, outside, "file", "mine\n", 0o644)
			if err := os.Mkdir(filepath.Join(outside, "empty"), 0o755); err != nil {
				t.Fatal(err)
			}
			symlink(t, filepath.Join(outside, "file"), filepath.Join(root, "link"))
			symlink(t, outside, filepath.Join(root, "out"))
			symlink(t, outside, filepath.Join(root, "vendor"))
			sums, err := VendorSums(t.Context(), root)
			if err != nil {
				t.Fatal(err)
			}
			if r.Vendor != nil {
				r.Vendor.New = digest(sums)
			}
			data, err := r.encode()
			if err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, outside)
			put(t, root, journalName, string(data), 0o644)
			_, _ = Recover(root) // whatever it says
			equal(t, "outside", before, snapshot(t, outside))
		})
	}
}

func TestJournalTrouble(t *testing.T) {
	t.Parallel()
	good, err := record{ID: strings.Repeat("ab", idSize)}.encode()
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(good[:strings.LastIndex(string(good), "sum ")]), "journal 1", "journal 9", 1)
	for name, c := range map[string]struct{ data, want string }{
		"unfinished": {string(good[:20]), ""},
		"empty":      {"", ""},
		"newer":      {other + "sum " + sum([]byte(other)) + "\n", "not of this release of pinfix"},
		"large":      {strings.Repeat("x", maxJournal+1), "larger than"},
	} {
		root := t.TempDir()
		put(t, root, journalName, c.data, 0o644)
		_, err := Recover(root)
		var bad *JournalError
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &bad) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
		if gone := !exists(root, journalName); gone != (c.want == "") {
			t.Errorf("%s: removed: %v", name, gone)
		}
	}
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, journalName), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Recover(root); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory: %v", err)
	}
}

// TestJournalRefused: what no commit writes is not kept to.
func TestJournalRefused(t *testing.T) {
	t.Parallel()
	id, known := strings.Repeat("ab", idSize), sum([]byte("ref: refs/heads/main\n"))
	for name, r := range map[string]record{
		"git's own": {ID: id, Files: []entry{{Path: ".git/HEAD", New: known}}},
		"a sub's":   {ID: id, Files: []entry{{Path: "sub/.GIT/HEAD", New: known}}},
		"no sum":    {ID: id, Files: []entry{{Path: "socket", New: "other"}}},
		"upwards":   {ID: id, Files: []entry{{Path: "../x", New: known}}},
		"an id":     {ID: "../../x", Files: []entry{{Path: "x", New: known}}},
		"many":      {ID: id, Files: make([]entry, maxFiles+1)},
	} {
		data, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		root := t.TempDir()
		put(t, root, ".git/HEAD", "ref: refs/heads/main\n", 0o644)
		put(t, root, journalName, string(data), 0o644)
		before := snapshot(t, root)
		_, err = Recover(root)
		var bad *JournalError
		if !errors.As(err, &bad) || bad.NextStep() == "" {
			t.Errorf("%s: %v", name, err)
		}
		equal(t, name, before, snapshot(t, root))
	}
}

// TestBackOutside: a failing commit takes its own new files back wherever a link
// of the user's has led them.
func TestBackOutside(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	shared := filepath.Join(filepath.Dir(f.root), "shared")
	if err := os.Mkdir(shared, 0o755); err != nil {
		t.Fatal(err)
	}
	symlink(t, "../shared", filepath.Join(f.root, "pins"))
	module, real := snapshot(t, f.root), snapshot(t, shared)
	renames := 0
	err := write(t.Context(), f.tree, disk{flush: noFlush, before: func(verb, _ string) error {
		if verb == "rename" {
			if renames++; renames == renamedGone+1 {
				return errFault
			}
		}
		return nil
	}})
	if !errors.Is(err, errFault) {
		t.Fatal(err)
	}
	equal(t, "module", module, snapshot(t, f.root))
	equal(t, "shared", real, snapshot(t, shared))
}

// TestSavedMeanwhile: an editor that saves into the old file itself, between the
// last look and the rename, has not saved in vain.
func TestSavedMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	saved := false
	err := write(t.Context(), f.tree, disk{flush: noFlush, before: func(verb, name string) error {
		if verb == "rename" && name == "go.mod" && !saved {
			saved = true
			return os.WriteFile(filepath.Join(f.root, "go.mod"), []byte("the user's\n"), 0o640)
		}
		return nil
	}})
	var since *ChangedSinceError
	if !errors.As(err, &since) || !strings.Contains(err.Error(), "go.mod (what was saved meanwhile: .go.mod.pinfix-old-") {
		t.Fatalf("got %v", err)
	}
	now := snapshot(t, f.root)
	left := leftovers(now)
	if len(left) != 1 || now[left[0]] != "-rw-r----- the user's\n" || now["go.mod"] != "-rw-r----- new mod\n" {
		t.Errorf("left %v, go.mod %q", left, now["go.mod"])
	}
}

// FuzzJournal: a journal of anybody's is refused or kept to, and what is kept to
// comes back from encode.
func FuzzJournal(f *testing.F) {
	fix := Tree{Root: "/", Files: change.Set{{Path: "go.mod", Old: []byte("a"), New: []byte("b")}}}
	c := newCommit(fix, disk{})
	c.files = []*file{{Change: fix.Files[0], at: place{name: "go.mod"}}}
	for _, r := range []record{c.record(), {ID: c.id, Vendor: &swap{true, "d"}}, {ID: c.id, Files: []entry{{Path: "a/b", New: sum([]byte("x")), Dirs: []string{"a"}}}}} {
		data, err := r.encode()
		if err != nil {
			f.Fatal(err)
		}
		body := strings.TrimPrefix(string(data), journalHead)
		f.Add(body[:strings.Index(body, "\n")])
	}
	f.Fuzz(func(t *testing.T, body string) {
		data := []byte(journalHead + body + "\n")
		data = append(data, "sum "+sum(data)+"\n"...)
		r, err := parseJournal(data)
		if err != nil {
			return
		}
		for _, p := range r.paths() {
			if !isLocal(p) {
				t.Errorf("path %q", p)
			}
		}
		again, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseJournal(again); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}
