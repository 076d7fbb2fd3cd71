package typecheck

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestKnown: what is read from source after a change, and what is not.
func TestKnown(t *testing.T) {
	t.Parallel()
	pkgs := graph(t, `
-- a/a.go --
package a
type T struct{ N int }
func F(t *T) int { return t.N }
-- b/b.go --
package b
import "a"
func G() *a.T { return &a.T{N: a.F(nil)} }
-- c/c.go --
package c
import "a"
func H() *a.T { return nil }
-- d/d.go --
package d
import "e"
var V = e.E
-- e/e.go --
package e
var E = 1
-- own/own.go --
package own
import "a"
import "b"
import "c"
import "d"
var X *a.T = b.G()
var Y *a.T = c.H()
var Z int = d.V
`)
	pkgs["own"].Own = true
	pkgs["e"].Bodies = false
	store := keptIn(t)
	for i, step := range []struct {
		what           string
		file, add      string
		source, bodies int // at most
		faults         int
	}{
		{"the first run", "", "", 6, 5, 0},
		{"nothing", "", "", 0, 0, 0},
		{"the plugin's own", "own/own.go", "\nvar W = a.F(X)\n", 1, 1, 0},
		{"the plugin's own, with a fault", "own/own.go", "\nvar U string = a.F(X)\n", 7, 2, 1},
		{"it is gone", "own/own.go", "\nvar W = a.F(X)\n", 0, 0, 0},
		{"what the plugin imports", "c/c.go", "\nfunc I() {}\n", 3, 2, 0},
		{"what all import", "a/a.go", "\nfunc J() {}\n", 6, 4, 0},
	} {
		name := filepath.Join(filepath.Dir(pkgs["a"].Dir), filepath.FromSlash(step.file))
		if step.file != "" {
			was := restore(t, name)
			if err := os.WriteFile(name, append(was, step.add...), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		c := New("amd64")
		c.Kept = store
		faults, err := c.Check(t.Context(), pkgs, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(faults) != step.faults || c.FromSource > step.source || c.Bodies > step.bodies {
			t.Errorf("%d. %s: %v; %d packages from source, %d with bodies; want %d faults, at most %d and %d", i, step.what, faults, c.FromSource, c.Bodies, step.faults, step.source, step.bodies)
		}
	}
}

// restore returns what a file was when it was asked for first.
func restore(t *testing.T, name string) []byte {
	t.Helper()
	first := name + ".first"
	data, err := os.ReadFile(first)
	if err == nil {
		return data
	}
	if data, err = os.ReadFile(name); err == nil {
		err = os.WriteFile(first, data, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestKey: what a package depends on is in its key.
func TestKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte("package p\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for i, change := range []func(p *Package, q *Package, c *Checker){
		func(p, q *Package, c *Checker) {},
		func(p, q *Package, c *Checker) { p.Go = "1.20" },
		func(p, q *Package, c *Checker) { p.Path = "p2" },
		func(p, q *Package, c *Checker) { p.Cgo = true },
		func(p, q *Package, c *Checker) { p.Files = nil },
		func(p, q *Package, c *Checker) { p.Imports = nil },
		func(p, q *Package, c *Checker) { p.Imports = []string{"q", "C"} },
		func(p, q *Package, c *Checker) { p.Map = map[string]string{"x": "q"} },
		func(p, q *Package, c *Checker) {
			p.Imports, p.Missing = []string{"q", "r"}, map[string]string{"r": "why"}
		},
		func(p, q *Package, c *Checker) {
			p.Imports, p.Missing = []string{"q", "r"}, map[string]string{"r": "not"}
		},
		func(p, q *Package, c *Checker) { p.Sealed = "sealed" },
		func(p, q *Package, c *Checker) { q.Go = "1.20" },
		func(p, q *Package, c *Checker) { q.Sealed = "another release" },
		func(p, q *Package, c *Checker) { c.goarch = "arm64" },
	} {
		p := &Package{Path: "p", Dir: dir, Files: []string{"p.go"}, Imports: []string{"q"}}
		q := &Package{Path: "q", Dir: dir, Files: []string{"q.go"}, Sealed: "a release"}
		c := New("amd64")
		c.Kept = keptIn(t)
		change(p, q, c)
		k := c.knows(map[string]*Package{"p": p, "q": q}, []*Package{q, p}, nil)
		key, ok := k.keys[p.Path]
		if !ok {
			t.Errorf("%d: no key", i)
		}
		if was, ok := seen[string(key[:])]; ok {
			t.Errorf("%d has the key of %s", i, was)
		}
		seen[string(key[:])] = fmt.Sprint(i)
	}
}
