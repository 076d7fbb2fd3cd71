// Command vuln reads what govulncheck -format json prints, and fails if pinfix
// calls something with a known fault in a module that go.mod names. Its argument
// is the directory of the database that govulncheck was given.
//
// Faults of the standard library are those of the Go that builds, not of this
// repository: they are shown, and what release fixes them.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A message is one JSON object of govulncheck (golang.org/x/vuln/internal/govulncheck).
type message struct {
	Config *struct {
		DB string
	}
	Finding *struct {
		OSV          string
		FixedVersion string `json:"fixed_version"`
		Trace        []struct{ Module, Version, Function string }
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: vuln DATABASE < JSON")
		os.Exit(2)
	}
	bad, err := check(os.Stdin, os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "vuln:", err)
	}
	if bad || err != nil {
		os.Exit(1)
	}
}

func check(r io.Reader, dir string) (bad bool, err error) {
	used, found := "", map[string]bool{}
	for dec := json.NewDecoder(r); ; {
		var m message
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return false, err
		}
		if m.Config != nil {
			used = m.Config.DB
		}
		if f := m.Finding; f != nil && len(f.Trace) > 0 && f.Trace[0].Function != "" {
			at := f.Trace[0]
			found[fmt.Sprintf("%s: %s %s, fixed in %s", f.OSV, at.Module, at.Version, f.FixedVersion)] = at.Module != "stdlib"
		}
	}
	// A check against nothing finds nothing.
	if used != "file://"+dir {
		return false, fmt.Errorf("govulncheck has used the database %q, not that of %s", used, dir)
	}
	entries, err := filepath.Glob(filepath.Join(dir, "GO-*.json"))
	if err != nil || len(entries) < 1000 {
		return false, fmt.Errorf("%d entries in the database %s: that is not all of it", len(entries), dir)
	}
	for _, f := range slices.Sorted(maps.Keys(found)) {
		if found[f] {
			bad = true
			fmt.Println("fault:", f)
		} else {
			fmt.Println("build with a newer Go:", f)
		}
	}
	fmt.Printf("%d known faults looked for, the last %s\n", len(entries), strings.TrimSuffix(filepath.Base(entries[len(entries)-1]), ".json"))
	return bad, nil
}
