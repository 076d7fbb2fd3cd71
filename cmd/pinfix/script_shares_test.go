package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

// archives is a format of go list: the compiled archive of each package.
const archives = `{{with .Export}}{{$.ImportPath}} {{.}}{{end}}`

func init() { commands["shares"], commands["settled"] = shares, settled }

// shares DIR SERVER [PKG] [-go=go1.x.y] [flags of go build]: the plugin in DIR is
// compiled, trimmed as the server is, and not linked, which takes a quarter of the
// time. Every package that the server links as well has the server's fingerprint,
// which is all that the loader compares; TestMatrix holds that the loader agrees. With
// !, a package differs. stdout has the packages that differ. In the whole suite the
// plugin is linked besides, and the server must say the same.
func shares(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: shares DIR SERVER [PKG] [-go=go1.x.y] [flags]")
	}
	fmt.Fprint(ts.Stdout(), strings.Join(fit(ts, neg, args), "\n")+"\n")
}

// fit does what shares says, but for stdout, and returns the packages that differ.
func fit(ts *testscript.TestScript, neg bool, args []string) []string {
	flags, version := buildFlags(ts, args[2:])
	pkg := "."
	if len(flags) > 0 && !strings.HasPrefix(flags[0], "-") {
		pkg, flags = flags[0], flags[1:]
	}
	server, err := target.Read(context.Background(), ts.MkAbs(args[1]), target.Options{})
	ts.Check(err)
	if server.Trimmed() {
		flags = append(flags, "-trimpath")
	}
	differ := unlike(ts, args[0], version, pkg, flags, server)
	if (len(differ) == 0) == neg {
		ts.Fatalf("%s: %d shared packages differ from the server's: %s", args[0], len(differ), strings.Join(differ, " "))
	}
	if !testing.Short() {
		file := filepath.Join(ts.Getenv("TMPDIR"), "shares.so")
		if version != "" {
			flags = append(flags, "-go="+version)
		}
		pluginBuild(ts, false, append([]string{args[0], file, pkg}, flags...))
		load(ts, neg, []string{args[1], file})
		ts.Check(os.Remove(file))
	}
	return differ
}

// unlike compiles a plugin and returns the packages whose fingerprints are not the
// server's.
func unlike(ts *testscript.TestScript, dir, version, pkg string, flags []string, server *pinner.Server) []string {
	list := append(append([]string{"list", "-export", "-deps", "-buildmode=plugin", "-f", archives}, flags...), pkg)
	ts.Check(goIn(ts, ts.MkAbs(dir), version, list...))
	have, err := archiveFingerprints(ts.ReadFile("stdout"))
	ts.Check(err)
	n, differ := compareFingerprints(have, server.Packages)
	if n == 0 {
		ts.Fatalf("%s: no package is shared with the server", dir)
	}
	return differ
}

// settled DIR SERVER [PKG] [-go=go1.x.y] [flags of pinfix apply]: what apply has left
// in DIR fits the server, vendored where there is vendor/, and not; and a second
// apply changes no byte.
func settled(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: settled DIR SERVER [PKG] [-go=go1.x.y] [flags of apply]")
	}
	dir, server := args[0], args[1]
	var pkg, release []string
	apply := []string{"0", "pinfix", "apply", "-C", dir, "-s", server}
	for i, a := range args[2:] {
		switch {
		case strings.HasPrefix(a, "-go="):
			release = []string{a}
		case i == 0 && !strings.HasPrefix(a, "-"):
			pkg = []string{a}
			apply = append(apply, "--package", a)
		default:
			apply = append(apply, a)
		}
	}
	for _, mod := range modes(ts, dir) {
		fit(ts, false, slices.Concat([]string{dir, server}, pkg, release, []string{"-mod=" + mod}))
	}
	tree := describe(ts, ts.MkAbs(dir), true)
	status(ts, false, apply)
	if !strings.Contains(ts.ReadFile("stdout"), "already pinned") {
		ts.Fatalf("a second apply does not say that the plugin is pinned")
	}
	untouched(ts, ts.MkAbs(dir), tree)
}

// modes are the ways in which go build may take the modules of dir.
func modes(ts *testscript.TestScript, dir string) []string {
	if _, err := os.Stat(filepath.Join(ts.MkAbs(dir), "vendor", "modules.txt")); err == nil {
		return []string{"vendor", "mod"}
	}
	return []string{"mod"}
}

// compareFingerprints returns how many packages both have, and those that differ.
func compareFingerprints(plugin, server map[string]pinner.Fingerprint) (n int, differ []string) {
	for _, path := range slices.Sorted(maps.Keys(plugin)) {
		want, ok := server[path]
		if !ok {
			continue
		}
		n++
		if plugin[path] != want {
			differ = append(differ, path)
		}
	}
	return n, differ
}

// archiveFingerprints reads what go list has printed: lines of a package and its
// archive.
func archiveFingerprints(listed string) (map[string]pinner.Fingerprint, error) {
	all := map[string]pinner.Fingerprint{}
	for line := range strings.Lines(listed) {
		pkg, file, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue // of another package's line
		}
		f, err := archiveFingerprint(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", pkg, file, err)
		}
		all[pkg] = f
	}
	return all, nil
}

// archiveFingerprint returns the fingerprint in a compiled package: the eight bytes
// after the magic of its object file (cmd/internal/goobj), which the linker copies
// into the program for plugin.Open (cmd/link/internal/ld, symtab.go).
func archiveFingerprint(name string) (f pinner.Fingerprint, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return f, err
	}
	const magic = "\n!\n\x00go120ld"
	i := bytes.Index(data, []byte(magic))
	if i < 0 || len(data) < i+len(magic)+len(f) {
		return f, errors.New("no object file in it")
	}
	copy(f[:], data[i+len(magic):])
	return f, nil
}
