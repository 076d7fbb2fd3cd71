package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pinfix/pinfix/internal/pkghash"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/target"
)

// pinned DIR SERVER N: the plugin in DIR and the server link N modules in
// common, or packages of them where the server's packages are known, and each is
// the server's line in the plugin: version and replacement. In vendor/, where
// there is one, as well.
func pinned(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: pinned DIR SERVER N")
	}
	dir := ts.MkAbs(args[0])
	server, err := target.Read(context.Background(), ts.MkAbs(args[1]), target.Options{})
	ts.Check(err)
	count, err := strconv.Atoi(args[2])
	ts.Check(err)
	builds := []string{"-mod=mod"}
	if _, err := os.Stat(filepath.Join(dir, "vendor", "modules.txt")); err == nil {
		builds = append(builds, "-mod=vendor")
	}
	for _, mod := range builds {
		ts.Check(goIn(ts, dir, "", "list", "-deps", mod, "-f", linkedFormat, "."))
		have := map[string]string{}
		for line := range strings.Lines(ts.ReadFile("stdout")) {
			f := strings.SplitN(strings.TrimSpace(line), " ", 3)
			if len(f) < 3 {
				continue // of the plugin's own or the standard library
			}
			if _, ok := server.Packages[f[0]]; ok || server.Packages == nil {
				have[f[1]] = f[2]
			}
		}
		n := 0
		for _, pin := range server.Pins {
			want := pin.Version.Version
			if pin.Replace.Path != "" {
				want += " => " + pin.Replace.Path + " " + pin.Replace.Version
			}
			switch got := have[pin.Path]; got {
			case "":
			case want:
				n++
			default:
				ts.Fatalf("%s has %s %s with %s, the server has %s", args[0], pin.Path, got, mod, want)
			}
		}
		if n != count {
			ts.Fatalf("%s shares %d modules with the server, not %d", args[0], n, count)
		}
	}
}

const linkedFormat = `{{.ImportPath}} {{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{with .Replace}} => {{.Path}} {{.Version}}{{end}}{{end}}{{end}}`

// fits PLUGIN SERVER: every package linked in both has the same fingerprint.
// stdout: the packages that have not, then a count.
func fits(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: fits PLUGIN SERVER")
	}
	server, err := target.Read(context.Background(), ts.MkAbs(args[1]), target.Options{})
	ts.Check(err)
	have, err := pkghash.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	shared, bad := 0, 0
	for _, path := range slices.Sorted(maps.Keys(have)) {
		want, ok := server.Packages[path]
		if !ok {
			continue
		}
		shared++
		if want != have[path] {
			bad++
			fmt.Fprintln(ts.Stdout(), path)
		}
	}
	fmt.Fprintf(ts.Stdout(), "%d shared packages, %d mismatched\n", shared, bad)
	if shared == 0 || (bad == 0) == neg {
		ts.Fatalf("%s: %d of %d shared packages differ from the server's", args[0], bad, shared)
	}
}

// lowered DIR SERVER FILE: the modules next to the shared ones that are lowered
// for the server are just those of FILE, lines of "module old -> new cause".
func lowered(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: lowered DIR SERVER FILE")
	}
	ts.Check(ts.Exec("pinfix", "apply", "-n", "--format", "json", "-C", args[0], "-s", args[1]))
	var r report.Apply
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &r))
	var lines []string
	for _, c := range r.Caps {
		lines = append(lines, fmt.Sprintf("%s %s -> %s %s\n", c.Module, c.Old, c.New, c.Cause))
	}
	slices.Sort(lines)
	if want, got := ts.ReadFile(args[2]), strings.Join(lines, ""); got != want {
		ts.Fatalf("other modules are lowered:\n%s", difference(want, got))
	}
}
