package commit

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// TestMain is also the process that dies: see TestKilled.
func TestMain(m *testing.M) {
	if dir := os.Getenv("PINFIX_TEST_DIE_IN"); dir != "" {
		dieIn(dir, os.Getenv("PINFIX_TEST_DIE_AT"), os.Getenv("PINFIX_TEST_QUIRK"))
	}
	os.Exit(run(m))
}

// run gives the tests a state directory of their own.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pinfix-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Setenv("XDG_STATE_HOME", dir); err != nil {
		panic(err)
	}
	return m.Run()
}

// dieIn commits the fixture in dir and is killed at operation at.
func dieIn(dir, at, quirk string) {
	n, err := strconv.Atoi(at)
	if err != nil {
		panic(err)
	}
	f := fixture{root: filepath.Join(dir, "module"), scratch: filepath.Join(dir, "scratch")}
	if err := f.setTree(); err != nil {
		panic(err)
	}
	d := count(quirks[quirk], func(i int) error {
		if i == n {
			self, err := os.FindProcess(os.Getpid())
			if err != nil {
				panic(err)
			}
			if err := self.Kill(); err != nil {
				panic(err)
			}
			select {} // until the signal is there
		}
		return nil
	})
	l, _, err := Acquire(context.Background(), f.root, nil, nil)
	if err == nil {
		err = write(context.Background(), f.tree, nil, d)
		l.Close()
	}
	if err != nil {
		panic(err)
	}
	os.Exit(0)
}

// TestKilled kills a real process before each operation of its commit. The next
// run makes the old tree or the new one of what it left, byte for byte.
func TestKilled(t *testing.T) {
	t.Parallel()
	for name, quirk := range quirks {
		t.Run("quirk "+name, func(t *testing.T) {
			t.Parallel()
			r := rehearse(t, quirk)
			for _, n := range r.some(t, 6) {
				verb := r.verbs[n]
				if !changes(verb) {
					continue
				}
				o := observe(t, newFixture(t))
				child := exec.Command(os.Args[0])
				child.Env = append(os.Environ(), "PINFIX_TEST_DIE_IN="+filepath.Dir(o.f.root), "PINFIX_TEST_DIE_AT="+strconv.Itoa(n), "PINFIX_TEST_QUIRK="+name)
				out, err := child.CombinedOutput()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.ExitCode() > 0 {
					t.Fatalf("operation %d, %s: not killed: %v\n%s", n, verb, err, out)
				}
				o.wantEither(t, r, n)
				if t.Failed() {
					t.Fatalf("killed at operation %d, %s", n, verb)
				}
			}
		})
	}
}

// wantEither asserts that the next run makes one of the two trees, the one that
// belongs to the moment of death, before operation n.
func (o observer) wantEither(t *testing.T, r rehearsal, n int) {
	t.Helper()
	o.nextRun(t)
	if n > r.point {
		equal(t, "new module", r.tree, snapshot(t, o.f.root))
	} else {
		equal(t, "old module", o.module, snapshot(t, o.f.root))
	}
}

// died is what a test throws for a process that dies.
type died struct{}

// until runs f to its death.
func until(f func()) {
	defer func() {
		if r := recover(); r != nil && r != (died{}) {
			panic(r)
		}
	}()
	f()
}

// dyingAt is a disk on which the process dies before change number n.
func dyingAt(n int, reached *bool) disk {
	return disk{flush: noFlush, before: func(verb, _ string) error {
		if !changes(verb) {
			return nil
		}
		if n--; n < 0 {
			*reached = true
			panic(died{})
		}
		return nil
	}}
}

// TestKilledTwice kills the recovery too, at each of its operations, behind each
// operation of the commit. The third run has to put it right.
func TestKilledTwice(t *testing.T) {
	t.Parallel()
	eachQuirk(t, func(t *testing.T, quirk hook, r rehearsal) {
		for _, n := range r.some(t, 12) {
			verb := r.verbs[n]
			for m := 0; changes(verb); m++ {
				o := observe(t, newFixture(t))
				until(func() {
					_ = write(context.Background(), o.f.tree, nil, count(quirk, func(i int) error {
						if i == n {
							panic(died{})
						}
						return nil
					}))
				})
				reached := false
				until(func() {
					_, _ = recoverAll(o.f.root, nil, dyingAt(m, &reached))
				})
				o.wantEither(t, r, n)
				if t.Failed() {
					t.Fatalf("killed at operation %d, %s, and at operation %d of the recovery", n, verb, m)
				}
				if !reached {
					break
				}
			}
		}
	})
}
