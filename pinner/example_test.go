package pinner_test

import (
	"fmt"
	"log"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

// A plugin whose own dependency asks for a newer yaml than the server has.
func Example() {
	server := &pinner.Server{
		Go:   "go1.23.5",
		Pins: []pinner.Pin{{Version: module.Version{Path: "gopkg.in/yaml.v3", Version: "v3.0.0"}}},
	}
	mod, err := pinner.ParseMod("go.mod", []byte(`module example.com/plugin

go 1.24

require example.com/config v1.2.0 // ours
`))
	if err != nil {
		log.Fatal(err)
	}
	// go.mod files of other modules, as far as the graph needs them.
	source := func([]module.Version) (map[module.Version]*pinner.Summary, error) {
		return map[module.Version]*pinner.Summary{
			{Path: "example.com/config", Version: "v1.2.0"}: {
				Go:      "1.22",
				Require: []module.Version{{Path: "gopkg.in/yaml.v3", Version: "v3.0.1"}},
			},
			{Path: "gopkg.in/yaml.v3", Version: "v3.0.0"}: {},
		}, nil
	}
	match := pinner.Compare(server, []pinner.Linked{
		{Path: "example.com/config", Module: module.Version{Path: "example.com/config", Version: "v1.2.0"}},
		{Path: "gopkg.in/yaml.v3", Module: module.Version{Path: "gopkg.in/yaml.v3", Version: "v3.0.1"}},
	})
	in := pinner.Input{Server: server, Mod: mod, Pins: match.Pins, Source: source}
	plan, err := pinner.Make(in)
	if err != nil {
		log.Fatal(err)
	}
	tidied := plan.Mod // go mod tidy runs here
	needed, _, err := plan.Recheck(in, tidied)
	if err != nil {
		log.Fatal(err)
	}
	done, err := plan.Finish(mod, tidied, needed)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", done.Bytes())
	fmt.Println("---")
	for _, d := range needed {
		fmt.Println(d.By[0])
	}
	// Output:
	// module example.com/plugin
	//
	// go 1.23.5 // pinfix 1.24 -> 1.23.5
	//
	// require (
	// 	example.com/config v1.2.0 // ours
	// 	gopkg.in/yaml.v3 v3.0.0 // pinfix v3.0.1 -> v3.0.0
	// )
	//
	// exclude gopkg.in/yaml.v3 v3.0.1 // pinfix
	// ---
	// example.com/config@v1.2.0 -> gopkg.in/yaml.v3@v3.0.1
}

func ExampleMod_Restore() {
	mod, err := pinner.ParseMod("go.mod", []byte(`module example.com/plugin

go 1.20 // pinfix 1.22.0 -> 1.20, toolchain go1.22.3

require (
	example.com/a v1.0.0 // why; pinfix v1.1.0 -> v1.0.0
	example.com/b v1.3.0 // pinfix v1.1.0 -> v1.0.0
	example.com/c v1.0.0 // indirect; pinfix
)

// pinfix dropped: replace example.com/a => example.com/fork v1.0.0

exclude example.com/a v1.1.0 // pinfix
`))
	if err != nil {
		log.Fatal(err)
	}
	if err := mod.Restore(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", mod.Bytes())
	// Output:
	// module example.com/plugin
	//
	// go 1.22.0
	//
	// toolchain go1.22.3
	//
	// require (
	// 	example.com/a v1.1.0 // why
	// 	example.com/b v1.3.0
	// )
	//
	// replace example.com/a => example.com/fork v1.0.0
}

func ExampleLoadGraph() {
	mod, err := pinner.ParseMod("go.mod", []byte("module example.com/plugin\n\ngo 1.22\n\nrequire example.com/a v1.0.0\n\nrequire example.com/b v1.0.0\n"))
	if err != nil {
		log.Fatal(err)
	}
	b := func(v string) module.Version { return module.Version{Path: "example.com/b", Version: v} }
	graph, err := pinner.LoadGraph(mod, func([]module.Version) (map[module.Version]*pinner.Summary, error) {
		return map[module.Version]*pinner.Summary{
			{Path: "example.com/a", Version: "v1.0.0"}: {Go: "1.22", Require: []module.Version{b("v1.2.0")}},
			b("v1.0.0"): {Go: "1.22"},
		}, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(graph.Selected("example.com/b"), graph.Versions("example.com/b"))
	fmt.Println(graph.Demands(b("v1.2.0")))
	// Output:
	// v1.2.0 [v1.0.0 v1.2.0]
	// [example.com/a@v1.0.0 -> example.com/b@v1.2.0]
}

func ExampleServer_Refuses() {
	s := &pinner.Server{Settings: map[string]string{"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "0"}}
	fmt.Println(s.Refuses())
	// Output: built with CGO_ENABLED=0; it answers every plugin with "plugin: not implemented"
}
