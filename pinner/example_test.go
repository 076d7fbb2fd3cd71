package pinner_test

import (
	"bytes"
	"fmt"
	"log"
	"runtime/debug"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

// From a server and a plugin to the go.mod to be written: a plugin whose own
// dependency asks for a newer yaml than the server has.
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

// The build info of a program, here as go version -m prints it: a local build
// with a replaced module.
func ExampleFromBuildInfo() {
	bi, err := debug.ParseBuildInfo("path\texample.com/server\n" +
		"mod\texample.com/server\t(devel)\n" +
		"dep\tgo.uber.org/zap\tv1.27.0\th1:aJMhYGrd5QSmlpLMr2MftRKl7t8J8PTZPA732ud/XR8=\n" +
		"dep\tgopkg.in/yaml.v3\tv3.0.1\n" +
		"=>\texample.com/fork/yaml\tv3.0.2\th1:fxVm/GzAzEWqLHuvctI91KS9hhNmmWOoWu0XTYJS7CA=\n" +
		"build\t-trimpath=true\n" +
		"build\tCGO_ENABLED=1\n")
	if err != nil {
		log.Fatal(err)
	}
	bi.GoVersion = "go1.23.5" // it is in the header line
	server, err := pinner.FromBuildInfo(bi)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(server.GoVersion(), server.Trimmed(), server.Refuses())
	for _, pin := range server.Pins {
		fmt.Println(pin)
	}
	// Output:
	// 1.23.5 true <nil>
	// go.uber.org/zap v1.27.0
	// gopkg.in/yaml.v3 v3.0.1 => example.com/fork/yaml v3.0.2
}

// A package that both link makes its module a pin. Where it comes from another
// module in the plugin, it is a split.
func ExampleCompare() {
	at := func(path, version string) module.Version { return module.Version{Path: path, Version: version} }
	server := &pinner.Server{
		Main: at("example.com/server", "(devel)"),
		Pins: []pinner.Pin{{Version: at("example.com/log", "v1.2.0")}, {Version: at("example.com/cloud", "v0.9.0")}},
		Packages: map[string]pinner.Fingerprint{
			"example.com/log":           {1},
			"example.com/cloud/storage": {2},
			"example.com/server/api":    {3},
		},
	}
	match := pinner.Compare(server, []pinner.Linked{
		{Path: "example.com/log", Module: at("example.com/log", "v1.5.0")},
		{Path: "example.com/log/test", Module: at("example.com/log", "v1.5.0")},
		{Path: "example.com/cloud/storage", Module: at("example.com/cloud/storage", "v1.0.0")},
		{Path: "example.com/server/api", Module: at("example.com/server", "v1.0.0")},
		{Path: "example.com/other", Module: at("example.com/other", "v1.0.0")},
	})
	fmt.Println("pins:", match.Pins)
	fmt.Println("split:", match.Splits[0].Package, "from", match.Splits[0].From, "to", match.Splits[0].To)
	fmt.Println("the server's own:", match.Own[0].Path)
	// Output:
	// pins: [example.com/cloud v0.9.0 example.com/log v1.2.0]
	// split: example.com/cloud/storage from example.com/cloud/storage@v1.0.0 to example.com/cloud v0.9.0
	// the server's own: example.com/server/api
}

// A go.mod is pinned if it is what Expect makes of it.
func ExampleExpect() {
	server := &pinner.Server{
		Go:   "go1.23.5",
		Pins: []pinner.Pin{{Version: module.Version{Path: "example.com/log", Version: "v1.2.0"}}},
	}
	now, err := pinner.ParseMod("go.mod", []byte(`module example.com/plugin

go 1.22

require example.com/log v1.5.0 // pinfix v1.4.0 -> v1.2.0
`))
	if err != nil {
		log.Fatal(err)
	}
	want, err := pinner.Expect(server, now, server.Pins, "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes.Equal(now.Text(), want.Text()))
	fmt.Printf("%s", want.Text())
	// Output:
	// false
	// module example.com/plugin
	//
	// go 1.22
	//
	// require example.com/log v1.2.0 // pinfix v1.5.0 -> v1.2.0
}

func ExampleDowngrade() {
	at := func(path, version string) module.Version { return module.Version{Path: path, Version: version} }
	mod, err := pinner.ParseMod("go.mod", []byte("module example.com/plugin\n\ngo 1.22\n\nrequire example.com/client v1.3.0\n"))
	if err != nil {
		log.Fatal(err)
	}
	mods := map[module.Version]*pinner.Summary{
		at("example.com/client", "v1.3.0"): {Go: "1.22", Require: []module.Version{at("example.com/log", "v1.4.0")}},
		at("example.com/client", "v1.2.0"): {Go: "1.22", Require: []module.Version{at("example.com/log", "v1.2.0")}},
		at("example.com/client", "v1.1.0"): {Go: "1.22", Require: []module.Version{at("example.com/log", "v1.1.0")}},
		at("example.com/log", "v1.2.0"):    {Go: "1.22"},
		at("example.com/log", "v1.4.0"):    {Go: "1.22"},
	}
	caps, err := pinner.Downgrade(pinner.Input{
		Server: &pinner.Server{Go: "go1.23.5"},
		Mod:    mod,
		Pins:   []pinner.Pin{{Version: at("example.com/log", "v1.2.0")}},
		Source: func([]module.Version) (map[module.Version]*pinner.Summary, error) { return mods, nil },
		Versions: func([]string) (map[string][]string, error) {
			return map[string][]string{"example.com/client": {"v1.1.0", "v1.2.0", "v1.3.0"}}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range caps {
		fmt.Println(c.Version, c.Cause)
		fmt.Println(c.Error)
	}
	// Output:
	// example.com/client@v1.2.0 downgrade
	// example.com/client v1.3.0 requires example.com/log v1.4.0; the server has v1.2.0
}

func ExampleServer_Refuses() {
	s := &pinner.Server{Settings: map[string]string{"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "0"}}
	fmt.Println(s.Refuses())
	// Output: built with CGO_ENABLED=0; it answers every plugin with "plugin: not implemented"
}
