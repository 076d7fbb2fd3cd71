package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pinfix/pinfix/internal/report"
)

// solved DIR SERVER [-go=go1.x.y] [flags of pinfix apply]: the whole way of a
// plugin whose dependencies ask for more than the server has. As its author has
// it, it does not fit; pinfix apply solves it; the server loads it; a
// second apply changes no byte. apply.json is what the first apply says, stdout
// what the server says of the loaded plugin.
func solved(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: solved DIR SERVER [-go=go1.x.y] [flags of apply]")
	}
	dir, server := args[0], args[1]
	flags, version := buildFlags(ts, args[2:])
	apply := append([]string{"0", "pinfix", "apply", "-C", dir, "-s", server}, flags...)
	goFlag := []string{}
	if version != "" {
		goFlag = append(goFlag, "-go="+version)
	}
	after, trees := dir+"-after.so", dir+"-after.tree"

	tidy(ts, false, []string{dir})
	fit(ts, true, []string{dir, server})
	status(ts, false, append(apply, "--format", "json"))
	ts.Check(os.WriteFile(ts.MkAbs("apply.json"), []byte(ts.ReadFile("stdout")), 0o666))
	saveTree(ts, false, []string{dir, trees})
	status(ts, false, apply)
	if !strings.Contains(ts.ReadFile("stdout"), "already pinned") {
		ts.Fatalf("a second apply changes something")
	}
	sameTree(ts, false, []string{dir, trees})
	pluginBuild(ts, false, append([]string{dir, after, ".", "-trimpath"}, goFlag...))
	load(ts, false, []string{server, after})
}

// caps FILE ['MODULE OLD NEW CAUSE'...]: the report of apply in FILE has exactly
// these caps.
func caps(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: caps FILE ['MODULE OLD NEW CAUSE'...]")
	}
	var r report.Apply
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &r))
	have := []string{}
	for _, c := range r.Caps {
		have = append(have, fmt.Sprintf("%s %s %s %s", c.Module, c.Old, c.New, c.Cause))
		if c.Error == "" {
			ts.Fatalf("the cap of %s has no reason", c.Module)
		}
	}
	if want := slices.Sorted(slices.Values(args[1:])); !slices.Equal(slices.Sorted(slices.Values(have)), want) {
		ts.Fatalf("caps are:\n%s\nwant:\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}
