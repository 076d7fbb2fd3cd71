package commit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

var errFault = errors.New("injected fault")

type hook = func(verb, name string) error

// quirks are file systems on which a commit goes another way.
var quirks = map[string]hook{
	"":     nil,
	"move": answer("move", syscall.EXDEV),
	"link": answer("link", errors.ErrUnsupported),
}

// answer is a disk on which one verb never works.
func answer(verb string, err error) hook {
	return func(v, _ string) error {
		if v == verb {
			return err
		}
		return nil
	}
}

// count calls at with the number of each operation, from 0; a nil answer is
// followed by quirk's.
func count(quirk hook, at func(i int) error) disk {
	i := -1
	before := func(verb, name string) error {
		i++
		if err := at(i); err != nil || quirk == nil {
			return err
		}
		return quirk(verb, name)
	}
	return disk{before: before, flush: func(*os.File) error { return nil }}
}

// A rehearsal is a commit without faults: its operations, the last rename
// among them, and the tree that it makes.
type rehearsal struct {
	verbs []string
	last  int
	tree  map[string]string
}

func rehearse(t *testing.T, quirk hook) rehearsal {
	t.Helper()
	f := newFixture(t)
	var r rehearsal
	d := disk{before: func(verb, name string) error {
		r.verbs = append(r.verbs, verb)
		if verb == "rename" {
			r.last = len(r.verbs) - 1
		}
		if quirk == nil {
			return nil
		}
		return quirk(verb, name)
	}}
	if err := write(context.Background(), f.tree, d); err != nil {
		t.Fatal(err)
	}
	r.tree = snapshot(t, f.root)
	if left := leftovers(r.tree); left != nil {
		t.Fatalf("left: %v", left)
	}
	return r
}

// eachQuirk runs test in parallel for each file system.
func eachQuirk(t *testing.T, test func(t *testing.T, quirk hook, r rehearsal)) {
	plain := files(rehearse(t, nil).tree)
	for name, quirk := range quirks {
		t.Run("quirk "+name, func(t *testing.T) {
			t.Parallel()
			r := rehearse(t, quirk)
			equal(t, "files, against a file system without quirks", plain, files(r.tree))
			test(t, quirk, r)
		})
	}
}

// TestFaults lets each operation fail once. A tree that came through as the old
// one serves the next time too; that saves most of the making of trees.
func TestFaults(t *testing.T) {
	t.Parallel()
	eachQuirk(t, func(t *testing.T, quirk hook, r rehearsal) {
		o := observe(t, newFixture(t))
		for n := range r.verbs {
			err := write(context.Background(), o.f.tree, count(quirk, func(i int) error {
				if i == n {
					return errFault
				}
				return nil
			}))
			if n > r.last {
				o.wantNew(t, r, err)
				o = observe(t, newFixture(t))
			} else {
				o.wantOld(t, err, errFault)
			}
			if t.Failed() {
				t.Fatalf("with a fault at operation %d, %s", n, r.verbs[n])
			}
		}
	})
}

// TestCancel cancels at each operation.
func TestCancel(t *testing.T) {
	t.Parallel()
	eachQuirk(t, func(t *testing.T, quirk hook, r rehearsal) {
		o := observe(t, newFixture(t))
		for n := range r.verbs {
			ctx, cancel := context.WithCancel(context.Background())
			err := write(ctx, o.f.tree, count(quirk, func(i int) error {
				if i == n {
					cancel()
				}
				return nil
			}))
			cancel()
			if n >= r.last { // it came when the last rename was on its way
				o.wantNew(t, r, err)
				o = observe(t, newFixture(t))
			} else {
				o.wantOld(t, err, context.Canceled)
			}
			if t.Failed() {
				t.Fatalf("cancelled at operation %d, %s", n, r.verbs[n])
			}
		}
	})
}

// TestDeadDisk lets each operation and all behind it fail, the way back too:
// then nothing may be lost, and the error says where everything is.
func TestDeadDisk(t *testing.T) {
	t.Parallel()
	eachQuirk(t, func(t *testing.T, quirk hook, r rehearsal) {
		for n := range r.verbs {
			f := newFixture(t)
			o := observe(t, f)
			err := write(context.Background(), f.tree, count(quirk, func(i int) error {
				if i >= n {
					return errFault
				}
				return nil
			}))
			if n > r.last {
				o.wantNew(t, r, err)
			} else {
				o.wantSafe(t, err)
			}
			if t.Failed() {
				t.Fatalf("with a disk dead from operation %d, %s", n, r.verbs[n])
			}
		}
	})
}

// TestTwoFaults lets one operation of the way back fail, for each rename that
// it may begin at.
func TestTwoFaults(t *testing.T) {
	t.Parallel()
	r := rehearse(t, nil)
	for n, verb := range r.verbs {
		if verb != "rename" {
			continue
		}
		for m := n + 1; ; m++ {
			f := newFixture(t)
			o := observe(t, f)
			reached := false
			err := write(context.Background(), f.tree, count(nil, func(i int) error {
				reached = reached || i == m
				if i == n || i == m {
					return errFault
				}
				return nil
			}))
			if !reached {
				break // the way back is shorter than that
			}
			o.wantSafe(t, err)
			if t.Failed() {
				t.Fatalf("with faults at operations %d, %s, and %d", n, verb, m)
			}
		}
	}
}

// TestSameFile goes back from the last rename: what comes back is the file
// itself, not one that looks like it.
func TestSameFile(t *testing.T) {
	t.Parallel()
	r, f := rehearse(t, nil), newFixture(t)
	stat := func() (infos []os.FileInfo) {
		for _, name := range []string{"go.mod", "gone.go", "cmd/plugin/main.go", "vendor", "vendor/a/a.go"} {
			info, err := os.Stat(filepath.Join(f.root, name))
			if err != nil {
				t.Fatal(err)
			}
			infos = append(infos, info)
		}
		return infos
	}
	before := stat()
	err := write(context.Background(), f.tree, count(nil, func(i int) error {
		if i == r.last {
			return errFault
		}
		return nil
	}))
	if !errors.Is(err, errFault) {
		t.Fatal(err)
	}
	for i, now := range stat() {
		if was := before[i]; !os.SameFile(was, now) || !was.ModTime().Equal(now.ModTime()) && !was.IsDir() {
			t.Errorf("%s is another file", was.Name())
		}
	}
}

// TestEachMoment looks at the files before each operation: what a build that
// runs beside the commit would see.
func TestEachMoment(t *testing.T) {
	t.Parallel()
	for name, quirk := range quirks {
		f := newFixture(t)
		d := count(quirk, func(i int) error {
			for _, c := range f.tree.Files {
				data, err := os.ReadFile(filepath.Join(f.root, c.Path))
				switch now := string(data); {
				case err != nil && (c.Old == nil || c.New == nil):
				case err == nil && c.Old != nil && now == string(c.Old):
				case err == nil && c.New != nil && now == string(c.New):
				default:
					t.Errorf("quirk %q, operation %d, %s: %q, %v", name, i, c.Path, data, err)
				}
			}
			return nil
		})
		if err := write(context.Background(), f.tree, d); err != nil {
			t.Error(err)
		}
	}
}

// An observer knows a fixture as it was before the commit.
type observer struct {
	f               fixture
	module, scratch map[string]string
}

func observe(t *testing.T, f fixture) observer {
	t.Helper()
	return observer{f, snapshot(t, f.root), snapshot(t, f.scratch)}
}

// wantOld asserts that nothing has happened, to the scratch directory neither.
func (o observer) wantOld(t *testing.T, err, cause error) {
	t.Helper()
	if !errors.Is(err, cause) {
		t.Errorf("got error %v, want %v", err, cause)
		return
	}
	if strings.Contains(err.Error(), "going back") {
		t.Errorf("the way back failed too: %v", err)
	}
	equal(t, "module", o.module, snapshot(t, o.f.root))
	scratch := snapshot(t, o.f.scratch)
	scratch["vendor"] = o.scratch["vendor"] // its mode may be vendor/'s by then
	equal(t, "scratch", o.scratch, scratch)
}

// wantNew asserts that all has happened; leftovers are allowed.
func (o observer) wantNew(t *testing.T, r rehearsal, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("got error %v, want none", err)
	}
	equal(t, "module", r.tree, clean(snapshot(t, o.f.root)))
}

// wantSafe asserts that all old content is still there, under its own name or
// one that the error tells, and that the error tells every other leftover.
func (o observer) wantSafe(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, errFault) {
		t.Errorf("got error %v", err)
		return
	}
	now := snapshot(t, o.f.root)
	for _, name := range leftovers(now) {
		if base := filepath.Base(name); !strings.Contains(err.Error(), base) {
			t.Errorf("%s is left, and the error does not say so: %v", base, err)
		}
	}
	for name, what := range o.module {
		if now[name] != what && !slices.Contains(kept(now, name), what) {
			t.Errorf("%s is lost: %v\n%v", name, err, now)
		}
	}
}

// kept returns what stands under the backup names of a file or of the vendor
// directory that it is in.
func kept(now map[string]string, name string) (found []string) {
	first, rest, _ := strings.Cut(name, "/")
	for other, what := range now {
		dir, base := filepath.Split(other)
		backupOf := dir == filepath.ToSlash(filepath.Dir(name))+"/" || dir == "" && !strings.Contains(name, "/")
		if backupOf && strings.HasPrefix(base, "."+filepath.Base(name)+".pinfix-old-") {
			found = append(found, what)
		}
		top, below, _ := strings.Cut(other, "/")
		if first == "vendor" && strings.HasPrefix(top, ".vendor.pinfix-old-") && below == rest {
			found = append(found, what)
		}
	}
	return found
}
