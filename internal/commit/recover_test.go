package commit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/change"
)

// dieAfter commits the fixture and dies before the n-th rename from now; 0 is
// the first.
func dieAfter(t *testing.T, f fixture, n int, quirk hook) {
	t.Helper()
	until(func() {
		err := write(context.Background(), f.tree, nil, disk{flush: noFlush, before: func(verb, name string) error {
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
	renamedNote = iota + 1 // the journal, into its place
	renamedMain
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
	}{{0, Nothing}, {renamedNote, Restored}, {renamedMain, Restored}, {renamedNewVendor, Restored}, {renamedGone, Restored}} {
		dieAfter(t, f, c.renames, nil)
		if got, err := Recover(t.Context(), f.root, nil, nil); got != c.want || err != nil {
			t.Errorf("after %d renames: %v, %v", c.renames, got, err)
		}
		if got, err := Recover(t.Context(), f.root, nil, nil); got != Nothing || err != nil {
			t.Errorf("once more: %v, %v", got, err)
		}
		f = newFixture(t)
	}
	until(func() {
		_ = write(context.Background(), f.tree, nil, disk{flush: noFlush, before: func(verb, name string) error {
			if verb == "remove" {
				panic(died{}) // the first: all renames are done
			}
			return nil
		}})
	})
	if got, err := Recover(t.Context(), f.root, nil, nil); got != Finished || err != nil {
		t.Errorf("after the last rename: %v, %v", got, err)
	}
}

// TestBusy: a journal whose writer is alive is left alone, and waited for, but
// not for ever.
func TestBusy(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dieAfter(t, f, renamedMod, nil)
	l, err := tryLock(f.root)
	if err != nil || !l.flock.Locked() {
		t.Fatal(err)
	}
	before := snapshot(t, f.root)
	var busy *BusyError
	if err := settled(t.Context(), f.root, 3*retry); !errors.As(err, &busy) {
		t.Errorf("settled: %v", err)
	}
	_, _, err = acquire(t.Context(), f.root, nil, nil, disk{wait: 3 * retry})
	if !errors.As(err, &busy) || busy.NextStep() == "" {
		t.Errorf("acquire: %v", err)
	}
	if runtime.GOOS == "linux" && !strings.Contains(err.Error(), fmt.Sprintf("locked by process %d (commit.test)", os.Getpid())) {
		t.Errorf("acquire: %v", err)
	}
	equal(t, "module", before, snapshot(t, f.root))
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err = Acquire(ctx, f.root, nil, func(string) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Acquire: %v", err)
	}
	settledNow := make(chan error)
	go func() { settledNow <- Settled(t.Context(), f.root) }()
	l.Close()
	var dead *UnfinishedError
	if err := <-settledNow; !errors.As(err, &dead) || dead.Done || dead.NextStep() == "" {
		t.Errorf("Settled: %v", err)
	}
	equal(t, "module", before, snapshot(t, f.root))
	l, got, err := Acquire(t.Context(), f.root, nil, nil)
	if got != Restored || err != nil {
		t.Errorf("Acquire: %v, %v", got, err)
	}
	l.Close()
	if err := Settled(t.Context(), f.root); err != nil {
		t.Errorf("Settled: %v", err)
	}
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

// TestChangedSince: what someone wrote after the death is his, and what the file
// was before is next to it.
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
			_, err := Recover(t.Context(), f.root, nil, nil)
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
			if got, err := Recover(t.Context(), f.root, nil, nil); got != Nothing || err != nil {
				t.Errorf("once more: %v, %v", got, err)
			}
		})
	}
}

// TestRecoverSymlinks dies where what the links lead to is away.
func TestRecoverSymlinks(t *testing.T) {
	t.Parallel()
	for n := renamedNote; n < renamedJournal; n++ {
		f := newFixture(t)
		shared := filepath.Join(filepath.Dir(f.root), "shared")
		if err := os.Mkdir(shared, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, to := range map[string]string{"go.mod": "../shared/go.mod", "vendor": "kept/vendor", "cmd": "kept/cmd", "gone.go": "kept/gone.go"} {
			resolved := filepath.Join(f.root, filepath.FromSlash(to))
			if err := errors.Join(os.MkdirAll(filepath.Dir(resolved), 0o755), os.Rename(filepath.Join(f.root, name), resolved)); err != nil {
				t.Fatal(err)
			}
			symlink(t, to, filepath.Join(f.root, name))
		}
		module, resolved := snapshot(t, f.root), snapshot(t, shared)
		dieAfter(t, f, n, nil)
		if got, err := Recover(t.Context(), f.root, nil, nil); got != Restored || err != nil {
			t.Fatalf("after %d renames: %v, %v", n, got, err)
		}
		equal(t, "module", module, snapshot(t, f.root))
		equal(t, "shared", resolved, snapshot(t, shared))
	}
}

// journalIn writes r as a journal into root, and its proof if that is asked for.
func journalIn(t *testing.T, root string, r record, prove bool) {
	t.Helper()
	data, err := r.encode()
	if err != nil {
		t.Fatal(err)
	}
	put(t, root, journalName, string(data), 0o600)
	if !prove {
		return
	}
	p, err := disk{}.here(root)
	if err != nil {
		t.Fatal(err)
	}
	s, err := openState(disk{}, p.Dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	p.ID, p.Journal = r.ID, sum(data)
	if err := s.write(p); err != nil {
		t.Fatal(err)
	}
}

// TestJournalRefused: what is named like a journal and is not one that this user's
// pinfix has written in this directory is not followed, by no one, and nothing is
// touched.
func TestJournalRefused(t *testing.T) {
	t.Parallel()
	const foreign = "not written here by a pinfix of yours"
	id, head := strings.Repeat("ab", idSize), "ref: refs/heads/main\n"
	clone := func(r record) func(*testing.T, fixture) string {
		return func(t *testing.T, f fixture) string {
			put(t, f.root, ".git/HEAD", head, 0o644)
			put(t, f.root, ".git/hooks/pre-commit", "mine\n", 0o755)
			symlink(t, ".git", filepath.Join(f.root, "g"))
			symlink(t, ".git/hooks", filepath.Join(f.root, "h"))
			r.ID = id
			journalIn(t, f.root, r, false)
			return f.root
		}
	}
	died := func(then func(t *testing.T, root string) string) func(*testing.T, fixture) string {
		return func(t *testing.T, f fixture) string {
			dieAfter(t, f, renamedMod, nil)
			return then(t, f.root)
		}
	}
	rewrite := func(change func(string) string) func(*testing.T, fixture) string {
		return died(func(t *testing.T, root string) string {
			data, err := os.ReadFile(filepath.Join(root, journalName))
			if err != nil {
				t.Fatal(err)
			}
			put(t, root, journalName, change(string(data)), 0o644)
			return root
		})
	}
	copied := func(t *testing.T, root string) string {
		to := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(to, os.DirFS(root)); err != nil {
			t.Fatal(err)
		}
		return to
	}
	for name, c := range map[string]struct {
		make func(*testing.T, fixture) string // returns the module root
		want string
	}{
		"git through a link": {clone(record{Files: []entry{{Path: "g/HEAD", New: sum([]byte(head))}}}), foreign},
		"a hook":             {clone(record{Files: []entry{{Path: "h/pre-commit", New: sum([]byte("mine\n"))}}}), foreign},
		"an old file back":   {clone(record{Files: []entry{{Path: "go.mod", New: sum([]byte("old mod\n")), Old: sum([]byte("x"))}}}), foreign},
		"upwards":            {clone(record{Files: []entry{{Path: "../x", New: sum(nil)}}}), foreign},
		"nothing":            {clone(record{}), foreign},
		"line ends":          {rewrite(func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }), "no longer what pinfix wrote"},
		"one byte":           {rewrite(func(s string) string { return strings.Replace(s, "go.mod", "go.sum", 1) }), "no longer what pinfix wrote"},
		"cut":                {rewrite(func(s string) string { return s[:20] }), "no longer what pinfix wrote"},
		"empty":              {rewrite(func(string) string { return "" }), "no longer what pinfix wrote"},
		"large":              {rewrite(func(string) string { return strings.Repeat("x", maxJournal+1) }), "larger than"},
		"copied":             {died(copied), "pinfix wrote it in "},
		"moved": {died(func(t *testing.T, root string) string {
			to := filepath.Join(t.TempDir(), "moved")
			if err := os.Rename(root, to); err != nil {
				t.Fatal(err)
			}
			return to
		}), "pinfix wrote it in "},
		"copied and moved here": {died(func(t *testing.T, root string) string {
			to := copied(t, root)
			if err := errors.Join(os.Rename(root, root+"-was"), os.Rename(to, root)); err != nil {
				t.Fatal(err)
			}
			return root
		}), "in another directory of this name"},
		"a directory": {func(t *testing.T, f fixture) string {
			put(t, f.root, journalName+"/x", "x", 0o644)
			return f.root
		}, "a directory where"},
		"a link": {died(func(t *testing.T, root string) string {
			to := filepath.Join(t.TempDir(), "journal")
			if err := os.Rename(filepath.Join(root, journalName), to); err != nil {
				t.Fatal(err)
			}
			symlink(t, to, filepath.Join(root, journalName))
			return root
		}), "not a regular file"},
	} {
		for _, at := range []string{journalName, doneName} {
			t.Run(name+" "+at, func(t *testing.T) {
				t.Parallel()
				root := c.make(t, newFixture(t))
				if at != journalName {
					if err := os.Rename(filepath.Join(root, journalName), filepath.Join(root, at)); err != nil {
						t.Fatal(err)
					}
				}
				before := snapshot(t, root)
				_, recoverErr := Recover(t.Context(), root, nil, nil)
				_, _, acquireErr := Acquire(t.Context(), root, nil, nil)
				lookErr := Look(t.Context(), root, func() { t.Error("it looks") })
				for who, err := range map[string]error{"Recover": recoverErr, "Acquire": acquireErr, "Settled": Settled(t.Context(), root), "Look": lookErr} {
					var bad *JournalError
					if !errors.As(err, &bad) || bad.NextStep() == "" || !strings.Contains(err.Error(), c.want) {
						t.Errorf("%s: %v, want %q", who, err, c.want)
					}
				}
				equal(t, "module", before, snapshot(t, root))
			})
		}
	}
}

// TestJournalOnce: a journal that was followed is not followed again.
func TestJournalOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dieAfter(t, f, renamedMod, nil)
	data, err := os.ReadFile(filepath.Join(f.root, journalName))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Recover(t.Context(), f.root, nil, nil); got != Restored || err != nil {
		t.Fatal(got, err)
	}
	put(t, f.root, journalName, string(data), 0o600)
	var bad *JournalError
	if _, err := Recover(t.Context(), f.root, nil, nil); !errors.As(err, &bad) {
		t.Errorf("once more: %v", err)
	}
}

// TestProvenPaths: a journal of pinfix's own leads nowhere either where a commit
// would not go, whatever happened to the links since.
func TestProvenPaths(t *testing.T) {
	t.Parallel()
	known := "ref: refs/heads/main\n"
	files := func(path string) record { return record{Files: []entry{{Path: path, New: sum([]byte(known))}}} }
	for name, r := range map[string]record{
		"by name":          files(".git/HEAD"),
		"of a nested one":  files("sub/.GIT/HEAD"),
		"by a link":        files("g/HEAD"),
		"by a link of one": files("gg/HEAD"),
		"file link":        files("head"),
		"bare":             files("gateway/HEAD"),
		"worktree":         files("tree/HEAD"),
		"parent":           files("up/HEAD"),
		"directory":        {Files: []entry{{Path: "g/empty/x", New: sum([]byte("x")), Dirs: []string{"g/empty"}}}},
		"vendor":           {Vendor: &swap{New: digest(nil)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			top := t.TempDir()
			root := filepath.Join(top, "module")
			r.ID = newID() // the state directory is that of all tests
			put(t, root, "go.mod", "x\n", 0o644)
			put(t, top, "HEAD", known, 0o644)
			for _, dir := range []string{".git", "sub/.GIT", "gateway"} {
				put(t, root, dir+"/HEAD", known, 0o644)
				for _, sub := range []string{"objects", "refs", "hooks", "empty"} {
					put(t, root, dir+"/"+sub+"/x", "x", 0o644)
				}
			}
			put(t, root, "tree/HEAD", known, 0o644)
			put(t, root, "tree/commondir", "../.git\n", 0o644)
			for link, to := range map[string]string{"g": ".git", "gg": "g", "head": ".git/HEAD", "up": "..", "vendor": ".git/hooks"} {
				symlink(t, to, filepath.Join(root, link))
			}
			journalIn(t, root, r, true)
			before := snapshot(t, top)
			_, err := Recover(t.Context(), root, nil, nil)
			var path *PathError
			if !errors.As(err, &path) || path.NextStep() == "" {
				t.Errorf("got %v", err)
			}
			equal(t, "all", before, snapshot(t, top))
		})
	}
}

// TestNoState: without a state directory a commit works, and its journal is
// followed by no one.
func TestNoState(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "file", "", 0o644)
	if err := os.Mkdir(filepath.Join(dir, "open"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "open", "pinfix"), 0o777); err != nil {
		t.Fatal(err)
	}
	chmod(t, filepath.Join(dir, "open", "pinfix"), 0o777)
	if err := os.MkdirAll(filepath.Join(dir, "link"), 0o777); err != nil {
		t.Fatal(err)
	}
	symlink(t, t.TempDir(), filepath.Join(dir, "link", "pinfix"))
	for name, home := range map[string]string{"unset": "", "a file": filepath.Join(dir, "file"), "open to others": filepath.Join(dir, "open"), "a link": filepath.Join(dir, "link")} {
		t.Setenv("XDG_STATE_HOME", home)
		t.Setenv("HOME", home)
		f := newFixture(t)
		before := snapshot(t, f.root)
		err := write(t.Context(), f.tree, nil, disk{flush: noFlush})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if left := leftovers(snapshot(t, f.root)); left != nil {
			t.Errorf("%s: left %v", name, left)
		}
		g := newFixture(t)
		dieAfter(t, g, renamedMod, nil)
		half := snapshot(t, g.root)
		var bad *JournalError
		if _, err := Recover(t.Context(), g.root, nil, nil); !errors.As(err, &bad) || !strings.Contains(bad.NextStep(), ".NAME.pinfix-old-ID") {
			t.Errorf("%s: %v", name, err)
		}
		equal(t, name, half, snapshot(t, g.root))
		h := newFixture(t)
		renames := 0
		err = write(t.Context(), h.tree, nil, disk{flush: noFlush, before: func(verb, _ string) error {
			if verb == "rename" {
				if renames++; renames == renamedGone {
					return errFault
				}
			}
			return nil
		}})
		if !errors.Is(err, errFault) {
			t.Errorf("%s: %v", name, err)
		}
		equal(t, name, before, snapshot(t, h.root))
	}
	// What came with a clone is no state directory.
	f := newFixture(t)
	t.Setenv("XDG_STATE_HOME", filepath.Join(f.root, "state"))
	if err := os.MkdirAll(filepath.Join(f.root, "state", "pinfix"), 0o700); err != nil {
		t.Fatal(err)
	}
	if s, err := openState(disk{}, f.root, true); err == nil {
		s.close()
		t.Error("a state directory in the module")
	}
}

// TestBackLink: a failing commit takes its own new files back from where a link has
// led them.
func TestBackLink(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := os.Mkdir(filepath.Join(f.root, "elsewhere"), 0o755); err != nil {
		t.Fatal(err)
	}
	symlink(t, "elsewhere", filepath.Join(f.root, "pins"))
	module := snapshot(t, f.root)
	renames := 0
	err := write(t.Context(), f.tree, nil, disk{flush: noFlush, before: func(verb, _ string) error {
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
}

// TestSavedMeanwhile: an editor that saves into the old file itself, between the
// last look and the rename, has not saved in vain.
func TestSavedMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	saved := false
	err := write(t.Context(), f.tree, nil, disk{flush: noFlush, before: func(verb, name string) error {
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

// TestSavedThenFailed: what an editor saves into the old file itself, between the
// last look and the rename, is there after a later step of the commit has failed,
// or has died, and so is what it saves into the old vendor/.
func TestSavedThenFailed(t *testing.T) {
	t.Parallel()
	for file, mode := range map[string]os.FileMode{"go.mod": 0o640, "gone.go": 0o600, "vendor/a/a.go": 0o644} {
		for quirk := range quirks {
			for _, dies := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, quirk %s, dies %v", path.Base(file), quirk, dies), func(t *testing.T) {
					t.Parallel()
					f := newFixture(t)
					want := snapshot(t, f.root)
					want[file] = fmt.Sprint(mode, " the user's\n")
					saved := false
					until(func() {
						err := write(t.Context(), f.tree, nil, disk{flush: noFlush, before: func(verb, name string) error {
							if verb == "rename" && name == "main.go" && !saved { // the first one
								saved = true
								put(t, f.root, file, "the user's\n", mode)
							}
							if verb == "rename" && name == doneName {
								if dies {
									panic(died{})
								}
								return errFault
							}
							if quirks[quirk] == nil {
								return nil
							}
							return quirks[quirk](verb, name)
						}})
						if !errors.Is(err, errFault) {
							t.Error(err)
						}
					})
					if !saved {
						t.Fatal("there was nothing to save into")
					}
					_, err := Recover(t.Context(), f.root, nil, nil)
					now := snapshot(t, f.root)
					if quirk == "link" && file == "go.mod" {
						// The old file itself is gone by the rename; what was kept is a copy.
						want[file] = fmt.Sprint(mode, " old mod\n")
					}
					if err != nil {
						t.Error(err)
					}
					equal(t, "module", want, now)
				})
			}
		}
	}
}

// TestVendorSavedMeanwhile: what is saved into the old vendor/ while it is swapped
// stays under its kept name.
func TestVendorSavedMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	err := write(t.Context(), f.tree, nil, disk{flush: noFlush, before: func(verb, name string) error {
		if verb == "rename" && strings.HasPrefix(name, ".vendor.pinfix-old-") {
			put(t, f.root, "vendor/a/a.go", "the user's\n", 0o644)
		}
		return nil
	}})
	var since *ChangedSinceError
	if !errors.As(err, &since) || !strings.Contains(err.Error(), "vendor (what was saved meanwhile: .vendor.pinfix-old-") {
		t.Fatalf("got %v", err)
	}
	found := false
	for name, what := range snapshot(t, f.root) {
		found = found || strings.HasPrefix(name, ".vendor.pinfix-old-") && strings.HasSuffix(name, "/a/a.go") && strings.HasSuffix(what, " the user's\n")
	}
	if !found {
		t.Error("what was saved is nowhere")
	}
}

// FuzzJournal: a journal is refused or kept to, and what is kept to comes back from
// encode.
func FuzzJournal(f *testing.F) {
	fix := Tree{Root: "/", Files: change.Set{{Path: "go.mod", Old: []byte("a"), New: []byte("b")}}}
	c := newCommit(fix, nil, disk{})
	c.files = []*file{{Change: fix.Files[0], at: place{name: "go.mod"}}}
	for _, r := range []record{c.record(), {ID: c.id, Vendor: &swap{"", "d"}}, {ID: c.id, Files: []entry{{Path: "a/b", New: sum([]byte("x")), Dirs: []string{"a"}}}}} {
		data, err := r.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.TrimPrefix(string(data), journalHead))
	}
	f.Fuzz(func(t *testing.T, body string) {
		r, err := parseJournal([]byte(journalHead + body))
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
