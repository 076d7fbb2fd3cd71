package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
)

var onlyExperiments = flag.Bool("experiments", false, "TestMatrix: only the pairs of docs/how-the-loader-decides.md; print what the server says")

const loaderPage = "docs/how-the-loader-decides.md"

// experiments are the tables of the page, in its words: pairs of TestMatrix,
// which builds and loads them.
var experiments = []struct {
	name string // <!-- experiment: NAME --> is above the table
	rows []experiment
}{
	{"package", []experiment{
		{"loads/same", "links `a` v1.0.0", "links `a` v1.0.0"},
		{"version/up", "links `a` v1.0.0", "links `a` v1.0.1"},
		{"loads/two_versions", "links only package `u/y` of `u` v1.0.0", "links only package `u/x` of `u` v1.1.0"},
		{"version/of_one_package", "links only package `u/y` of `u` v1.0.0", "links package `u/y` of `u` v1.1.0"},
	}},
	{"label", []experiment{
		{"loads/same", "`a` v1.0.0", "`require a v1.0.0`"},
		{"version/same_bytes", "`a` v1.0.0", "`require a v1.0.2`, which has the bytes of v1.0.0"},
		{"version/demanded", "`a` v1.0.0", "`require a v1.0.0`, but a module `d` requires `a v1.0.1`"},
		{"replace/demanded", "`a` v1.0.0", "the same with `replace a => a v1.0.0`"},
		{"replace/down_by_replace_of_version", "`a` v1.0.0", "`require a v1.0.1`, `replace a v1.0.1 => a v1.0.0`"},
		{"loads/demand_excluded", "`a` v1.0.0", "`require a v1.0.0`, `exclude a v1.0.1`; `d` requires `a v1.0.1`"},
		{"loads/vendored", "`a` v1.0.0", "`require a v1.0.0`, vendored"},
		{"loads/server_vendored", "`a` v1.0.0, vendored", "`require a v1.0.0`"},
	}},
	{"replace", []experiment{
		{"replace/missing", "`a v1.0.0 => fork v1.5.0`", "`require a v1.0.0`"},
		{"loads/fork_both_halves", "`a v1.0.0 => fork v1.5.0`", "`require a v1.0.0`, `replace a => fork v1.5.0`"},
		{"replace/other_label", "`a v1.0.0 => fork v1.5.0`", "`require a v1.0.1`, `replace a => fork v1.5.0`"},
		{"replace/other_fork_version", "`a v1.0.0 => fork v1.5.0`", "`require a v1.0.0`, `replace a => fork v1.5.1`"},
		{"loads/localdir_same_source", "`a v1.0.0 => ./a`, with the source of v1.0.0", "`require a v1.0.0`"},
		{"content/localdir_of_server", "`a v1.0.0 => ./a`, with other source", "`require a v1.0.0`"},
	}},
	{"own", []experiment{
		{"server-own/required", "imports its own package `api`", "`require example.com/server v1.2.0`, the same source"},
		{"loads/own_in_workspace", "imports its own package `api`", "a go.work that uses the server's source"},
		{"server-own/other_commit", "imports its own package `api`", "a go.work that uses another commit of it"},
		{"server-own/replaced", "imports its own package `api`", "`replace example.com/server => DIR`, the same source"},
		{"server-own/required_of_file_name", "built with `go build main.go`", "`require example.com/server v1.2.0`, the same source"},
		{"loads/own_of_file_name", "built with `go build main.go`", "a go.work that uses the server's source"},
		{"loads/own_installed", "installed with `go install example.com/server@v1.2.0`", "`require example.com/server v1.2.0`"},
		{"version/own_installed_in_workspace", "installed with `go install example.com/server@v1.2.0`", "a go.work that uses the same source"},
	}},
	{"trimpath", []experiment{
		{"trimpath/plugin", "`-trimpath`", "without"},
		{"trimpath/server", "without", "`-trimpath`"},
		{"loads/untrimmed_both", "without", "without, module cache at the same path"},
		{"trimpath/other_module_cache", "without", "without, module cache at another path"},
		{"trimpath/vendored", "without", "without, vendored"},
		{"loads/untrimmed_replaced_down", "without, `a` v1.0.0", "without, `require a v1.0.1`, `replace a => a v1.0.0`"},
	}},
	{"settings", []experiment{
		{"go-version/go1.26.0", "this Go", "Go 1.26.0"},
		{"go-version/go1.22", "this Go", "Go 1.22.12"},
		{"loads/go1.22", "Go 1.22.12", "Go 1.22.12"},
		{"flags/gcflags_l", "", "`-gcflags=all=-l`"},
		{"loads/gcflags_of_main", "", "`-gcflags=-l`"},
		{"flags/race", "", "`-race`"},
		{"loads/race_both", "`-race`", "`-race`"},
		{"flags/asan", "", "`-asan`"},
		{"loads/cover", "", "`-cover`"},
		{"flags/coverpkg", "", "`-cover -coverpkg=all`"},
		{"flags/goexperiment", "", "`GOEXPERIMENT=arenas`"},
		{"flags/gofips140", "", "`GOFIPS140=v1.0.0`"},
		{"tags/netgo", "", "`-tags=netgo`"},
		{"tags/of_a_module", "", "`-tags=special`, which selects a file of `t`"},
		{"loads/tags_without_effect", "", "`-tags=nobody`, which selects no file"},
		{"flags/pgo", "`-pgo=FILE`", ""},
		{"flags/default_pgo", "a `default.pgo` in its main package", ""},
		{"loads/pgo_both", "`-pgo=FILE`", "`-pgo=FILE`, the same profile"},
		{"content/cgo_cflags", "", "`CGO_CFLAGS=-DWIDE`, which changes a C type"},
		{"loads/ldflags", "", "`-ldflags=\"-X main.version=1\"`"},
		{"loads/plugin_stripped", "", "`-ldflags=\"-s -w\"`"},
		{"loads/goamd64", "`GOAMD64=v3`", ""},
		{"flags/cgo_disabled", "`CGO_ENABLED=0`", ""},
	}},
}

// An experiment is a pair, and what differs between its server and its plugin.
type experiment struct{ pair, server, plugin string }

// A notebook holds what the server has said of each pair.
type notebook struct {
	mu   sync.Mutex
	said map[string]string
}

func (n *notebook) note(pair, said string, loads bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said[pair] = verdict(said, loads)
}

func isExperiment(pair string) bool {
	for _, e := range experiments {
		if slices.ContainsFunc(e.rows, func(r experiment) bool { return r.pair == pair }) {
			return true
		}
	}
	return false
}

// verdict says in a few words what a server has said.
func verdict(said string, loads bool) string {
	if loads {
		return "loads"
	}
	if p := namedPackage(said); p != "" {
		return "**refused** at `" + p + "`"
	}
	for _, end := range []struct{ text, means string }{
		{"plugin: not implemented", "**refused**"},
		{"ASan runtime does not come first", "**the server exits**"},
		{"runtime: no plugin module data", "**the server dies**"},
		{"plugin.lastmoduleinit", "**the server dies**"},
	} {
		if strings.Contains(said, end.text) {
			return end.means + ": `" + end.text + "`"
		}
	}
	return "**refused**"
}

// compare holds the tables of the page against what the servers have said, or
// writes them. With -experiments it prints them.
func (n *notebook) compare(t *testing.T) {
	if f := flag.Lookup("test.run"); strings.Contains(f.Value.String(), "/") {
		return // not all pairs have run
	}
	data, err := os.ReadFile(filepath.Join("..", "..", loaderPage))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, e := range experiments {
		begin := "<!-- experiment: " + e.name + " -->\n\n"
		before, rest, ok := strings.Cut(text, begin)
		if !ok {
			t.Errorf("%s: no table %s", loaderPage, e.name)
			continue
		}
		have, after, _ := strings.Cut(rest, "\n\n")
		want := n.table(e.rows, strings.Split(have, "\n"))
		if *onlyExperiments {
			printTable(e.name, want)
		}
		if comparable(have) != comparable(want) {
			if !*update {
				t.Errorf("%s: table %s is not what the servers say:\n%s", loaderPage, e.name, want)
			}
			text = before + begin + want + "\n\n" + after
		}
	}
	if *update && text != string(data) {
		if err := os.WriteFile(filepath.Join("..", "..", loaderPage), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// table writes a table anew. have are the lines of the page, which count for the pairs
// that only the whole suite has.
func (n *notebook) table(rows []experiment, have []string) string {
	lines := []string{"| server | plugin | result |", "|---|---|---|"}
	for i, r := range rows {
		said := n.said[r.pair]
		if said == "" && testing.Short() && i+2 < len(have) && strings.HasPrefix(have[i+2], fmt.Sprintf("| %s | %s | ", r.server, r.plugin)) {
			lines = append(lines, have[i+2])
			continue
		}
		switch {
		case said == "":
			said = "not tried: no pair " + r.pair
		case said != "loads" && strings.Contains(r.pair, "pgo"):
			said = "**refused** at a standard package" // which one is up to the profile
		}
		lines = append(lines, fmt.Sprintf("| %s | %s | %s |", r.server, r.plugin, said))
	}
	return strings.Join(lines, "\n")
}

// comparable is a table without what depends on the Go release that runs the
// tests: which package of the standard library it compares first, and whether
// the server survives that.
func comparable(table string) string {
	if runtime.Version() == docsGo {
		return table
	}
	return regexp.MustCompile(`\*\*.* \|`).ReplaceAllString(table, "refused |")
}

// printTable prints a table for a terminal.
func printTable(name, table string) {
	fmt.Printf("\n%s\n", strings.ToUpper(name))
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for i, line := range strings.Split(table, "\n") {
		if i != 1 {
			line = strings.NewReplacer("`", "", "**", "", "|  |", "| - |").Replace(line)
			fmt.Fprintln(w, strings.ReplaceAll(strings.Trim(line, "| "), " | ", "\t"))
		}
	}
	w.Flush()
}
