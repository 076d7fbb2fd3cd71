// Command vuln reads what govulncheck -format json prints, and fails if pinfix
// calls something with a known fault in a module that go.mod names.
//
// Faults of the standard library are those of the Go that builds, not of this
// repository: they are shown, and what release mends them.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// A message is one JSON object of govulncheck (golang.org/x/vuln/internal/govulncheck).
type message struct {
	Config *struct {
		DBLastModified string `json:"db_last_modified"`
		GoVersion      string `json:"go_version"`
	}
	Finding *struct {
		OSV          string
		FixedVersion string `json:"fixed_version"`
		Trace        []struct{ Module, Version, Function string }
	}
}

func main() {
	bad, err := check(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vuln:", err)
	}
	if bad || err != nil {
		os.Exit(1)
	}
}

func check(r io.Reader) (bad bool, err error) {
	database, found := "", map[string]bool{}
	for dec := json.NewDecoder(r); ; {
		var m message
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return false, err
		}
		if m.Config != nil {
			database = m.Config.DBLastModified
		}
		if f := m.Finding; f != nil && len(f.Trace) > 0 && f.Trace[0].Function != "" {
			at := f.Trace[0]
			found[fmt.Sprintf("%s: %s %s, mended in %s", f.OSV, at.Module, at.Version, f.FixedVersion)] = at.Module != "stdlib"
		}
	}
	if database == "" {
		return false, errors.New("govulncheck names no database, so it has checked nothing")
	}
	for _, f := range slices.Sorted(maps.Keys(found)) {
		if found[f] {
			bad = true
			fmt.Println("fault:", f)
		} else {
			fmt.Println("build with a newer Go:", f)
		}
	}
	fmt.Println("vulnerability database of", database)
	return bad, nil
}
