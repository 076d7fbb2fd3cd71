package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/report"
)

// graph draws a conflict as Mermaid, and compares that with the block. The
// comment above names the files FILE.json, a report of apply, and FILE.graph,
// what go mod graph says before it; commands of the page have written them.
func (r *reader) graph(b *block) {
	if r.parseOnly {
		return
	}
	s := r.session(b)
	var a report.Apply
	data, err := os.ReadFile(filepath.Join(s.now, b.from+".json"))
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	graph, err2 := os.ReadFile(filepath.Join(s.now, b.from+".graph"))
	if err != nil || err2 != nil {
		r.t.Fatalf("%s:%d: no graph to draw: %v %v", r.page.name, b.line, err, err2)
	}
	want := drawing(&a, string(graph))
	if slices.Equal(b.lines, want) {
		return
	}
	if !*update {
		r.t.Errorf("%s:%d: the graph of the run is\n%s", r.page.name, b.line, strings.Join(want, "\n"))
	}
	b.lines = want
}

// drawing draws who asks for what among the plugin, the modules that apply
// lowers because they do not compile, and the pins behind that.
func drawing(a *report.Apply, graph string) []string {
	ids := map[string]string{} // "module@version" -> node
	lines := []string{"flowchart LR"}
	node := func(id, module, old, now, class string) {
		ids[module+"@"+old] = id
		lines = append(lines, fmt.Sprintf("    %s[\"%s<br>%s → %s\"]:::%s", id, module, old, now, class))
	}
	ids[a.Plugin.Module] = "plugin"
	lines = append(lines, fmt.Sprintf("    plugin([\"%s\"])", a.Plugin.Module))
	for i, c := range a.Caps {
		if c.Cause != "downgrade" {
			node(fmt.Sprint("cap", i), c.Module, c.Old, c.New, "lowered")
		}
	}
	for i, c := range a.Changes {
		if c.Kind == "require" && c.Action == "change" && ids[c.Path+"@"+c.Old] == "" && forces(a.Caps, c.Path) {
			node(fmt.Sprint("pin", i), c.Path, c.Old, c.New, "pinned")
		}
	}
	var edges, own []string
	for line := range strings.Lines(graph) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		if ids[from] == "" || ids[to] == "" {
			continue
		}
		_, version, _ := strings.Cut(to, "@")
		edge := fmt.Sprintf("    %s -- asks for %s --> %s", ids[from], version, ids[to])
		if from == a.Plugin.Module {
			own = append(own, edge)
		} else {
			edges = append(edges, edge)
		}
	}
	// The plugin's go.mod lists also what only its modules ask for.
	own = slices.DeleteFunc(own, func(edge string) bool {
		to := edge[strings.LastIndex(edge, " "):]
		return slices.ContainsFunc(edges, func(e string) bool { return strings.HasSuffix(e, to) })
	})
	lines = append(append(lines, own...), edges...)
	return append(lines,
		"    classDef lowered stroke:#b58900,stroke-width:2px",
		"    classDef pinned stroke:#2aa198,stroke-width:2px")
}

// forces says whether a module is behind one of the caps.
func forces(caps []report.Cap, module string) bool {
	return slices.ContainsFunc(caps, func(c report.Cap) bool { return strings.Contains(c.Error, " requires "+module+" ") })
}
