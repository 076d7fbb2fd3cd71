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

	"github.com/pinfix/pinfix/internal/tier"
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
	return disk{before: before, flush: noFlush}
}

// changes reports whether an operation changes the disk. Death before one that
// does not is death before the next that does.
func changes(verb string) bool {
	verb = strings.TrimPrefix(verb, stateVerb)
	return !slices.Contains([]string{"resolve", "open", "stat", "read", "walk", "lock", "sync", "syncdir"}, verb)
}

// stateVerb begins the verbs of what is done in the state directory. A commit goes
// on without that.
const stateVerb = "state "

func noFlush(*os.File) error { return nil }

// once is a fault at operation n.
func once(n int, err error) func(int) error {
	return func(i int) error {
		if i == n {
			return err
		}
		return nil
	}
}

// A rehearsal is a commit without faults: its operations, the rename among them
// from which the new tree counts, the last of the files' renames, and the tree
// that it makes. It is the table of all faults.
type rehearsal struct {
	verbs       []string
	point, last int
	tree        map[string]string
}

func rehearse(t *testing.T, quirk hook) rehearsal {
	t.Helper()
	f := newFixture(t)
	var r rehearsal
	done := false
	d := disk{before: func(verb, name string) error {
		if verb == "rename" && !done {
			r.last, r.point = r.point, len(r.verbs)
			done = name == doneName
		}
		r.verbs = append(r.verbs, verb)
		if quirk == nil {
			return nil
		}
		return quirk(verb, name)
	}}
	if err := write(context.Background(), f.tree, nil, d); err != nil {
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

// some returns the operations of a rehearsal that a test tries: the first and the last
// of each kind and every nth, in the whole suite all. File systems with quirks are tried
// at others than the one without.
func (r rehearsal) some(t *testing.T, nth int) []int {
	offset := 0
	switch {
	case strings.HasSuffix(t.Name(), "link"):
		offset = nth / 3
	case strings.HasSuffix(t.Name(), "move"):
		offset = 2 * nth / 3
	}
	var always []int
	for n, verb := range r.verbs {
		if !slices.Contains(r.verbs[:n], verb) || !slices.Contains(r.verbs[n+1:], verb) {
			always = append(always, n)
		}
	}
	return tier.Each(t, "operations", len(r.verbs), nth, offset, always...)
}

// TestFaults lets each operation fail once, each in several ways.
func TestFaults(t *testing.T) {
	t.Parallel()
	faults := map[string]error{"fault": errFault, "full": syscall.ENOSPC, "short": &shortWrite{syscall.ENOSPC}}
	eachQuirk(t, func(t *testing.T, quirk hook, r rehearsal) {
		for _, n := range r.some(t, 6) {
			verb := r.verbs[n]
			for kind, fault := range faults {
				if kind == "short" && verb != "write" {
					continue
				}
				o := observe(t, newFixture(t))
				err := write(context.Background(), o.f.tree, nil, count(quirk, once(n, fault)))
				if n > r.point || strings.HasPrefix(verb, stateVerb) {
					o.wantNew(t, r, err)
				} else {
					o.wantOld(t, err, fault)
				}
				if t.Failed() {
					t.Fatalf("with %s at operation %d, %s", kind, n, verb)
				}
			}
		}
	})
}

// TestCancel cancels at each operation.
func TestCancel(t *testing.T) {
	t.Parallel()
	eachQuirk(t, func(t *testing.T, quirk hook, r rehearsal) {
		for _, n := range r.some(t, 9) {
			o := observe(t, newFixture(t))
			ctx, cancel := context.WithCancel(context.Background())
			err := write(ctx, o.f.tree, nil, count(quirk, func(i int) error {
				if i == n {
					cancel()
				}
				return nil
			}))
			cancel()
			if n >= r.last { // it came when the last rename was on its way
				o.wantNew(t, r, err)
			} else {
				o.wantOld(t, err, context.Canceled)
			}
			if t.Failed() {
				t.Fatalf("cancelled at operation %d, %s", n, r.verbs[n])
			}
		}
	})
}

// TestDeadDisk lets each operation and all behind it fail, the way back too.
// The next run finds the journal, and a disk that works.
func TestDeadDisk(t *testing.T) {
	t.Parallel()
	eachQuirk(t, func(t *testing.T, quirk hook, r rehearsal) {
		for _, n := range r.some(t, 9) {
			o := observe(t, newFixture(t))
			err := write(context.Background(), o.f.tree, nil, count(quirk, func(i int) error {
				if i >= n {
					return errFault
				}
				return nil
			}))
			if n > r.point {
				o.wantNew(t, r, err)
			} else {
				o.wantRestored(t, err)
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
	for _, n := range r.some(t, 9) {
		verb := r.verbs[n]
		if verb != "rename" || n > r.point {
			continue
		}
		for m := n + 1; ; m++ {
			o := observe(t, newFixture(t))
			reached := false
			err := write(context.Background(), o.f.tree, nil, count(nil, func(i int) error {
				reached = reached || i == m
				if i == n || i == m {
					return errFault
				}
				return nil
			}))
			if !reached {
				break // the way back is shorter than that
			}
			o.wantRestored(t, err)
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
	err := write(context.Background(), f.tree, nil, count(nil, once(r.point, errFault)))
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
// runs next to the commit would see.
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
		if err := write(context.Background(), f.tree, nil, d); err != nil {
			t.Error(err)
		}
	}
}

// An observer knows a fixture as it was before the commit.
type observer struct {
	f      fixture
	module map[string]string
}

func observe(t *testing.T, f fixture) observer {
	t.Helper()
	return observer{f, snapshot(t, f.root)}
}

// wantOld asserts that nothing has happened.
func (o observer) wantOld(t *testing.T, err, cause error) {
	t.Helper()
	var halfway *HalfwayError
	if !errors.Is(err, cause) || errors.As(err, &halfway) {
		t.Errorf("got error %v, want %v", err, cause)
	}
	equal(t, "module", o.module, snapshot(t, o.f.root))
}

// wantNew asserts that all has happened; leftovers go with the next run.
func (o observer) wantNew(t *testing.T, r rehearsal, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("got error %v, want none", err)
	}
	equal(t, "module", r.tree, clean(snapshot(t, o.f.root)))
	o.nextRun(t)
	equal(t, "module after the next run", r.tree, snapshot(t, o.f.root))
}

// nextRun is the recovery at the next start.
func (o observer) nextRun(t *testing.T) {
	t.Helper()
	if _, err := recoverAll(o.f.root, nil, disk{flush: noFlush}); err != nil {
		t.Error(err)
	}
}

// wantRestored asserts that the error says so if anything is left, and that the
// next run puts everything back.
func (o observer) wantRestored(t *testing.T, err error) {
	t.Helper()
	var halfway *HalfwayError
	left := slices.DeleteFunc(leftovers(snapshot(t, o.f.root)), func(name string) bool {
		return strings.HasPrefix(name, asideName("")) // it counts for nothing
	})
	if !errors.Is(err, errFault) || len(left) > 0 && !errors.As(err, &halfway) {
		t.Errorf("got error %v", err)
	}
	o.nextRun(t)
	equal(t, "module after the next run", o.module, snapshot(t, o.f.root))
}
