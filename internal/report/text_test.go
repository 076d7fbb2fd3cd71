package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got); go test -update writes it:\n%s", file, d)
	}
}

var server = Server{
	Ref: "./nakama", Main: "github.com/heroiclabs/nakama/v3", Go: "go1.23.5",
	Settings: map[string]string{"-trimpath": "true", "GOOS": "linux", "CGO_ENABLED": "1"},
	Modules:  3, Packages: 460,
}

func apply() *Apply {
	return &Apply{
		SchemaVersion: 1, Command: "apply", DryRun: true, Server: server,
		Plugin: Plugin{Dir: "/plugin", Module: "example.com/plugin", SharedModules: 2},
		Changes: []Change{
			{Kind: "go", Action: "change", Path: "go", Old: "1.26", New: "1.23.5", File: "go.mod", Line: 3, Reason: "the server's Go 1.23.5 accepts no higher go line"},
			{Kind: "require", Action: "change", Path: "go.uber.org/zap", Old: "v1.27.1", New: "v1.27.0", File: "go.mod", Line: 5, Reason: "linked in both", DemandedBy: []Chain{{{"d", "v1.0.0"}, {"go.uber.org/zap", "v1.27.1"}}}},
			{Kind: "sum", Action: "change", Path: "go.sum", File: "go.sum", Reason: "go mod tidy: 2 lines added, 1 removed", Lines: &LineCounts{2, 1}},
			{Kind: "vendor", Action: "change", Path: "go.uber.org/zap", Old: "v1.27.1", New: "v1.27.0", File: "vendor/go.uber.org/zap", Reason: "3 files changed", Files: &FileCounts{Changed: 3}},
			{Kind: "vendor", Action: "change", Path: "modules.txt", File: "vendor/modules.txt", Reason: "1 file changed", Files: &FileCounts{Changed: 1}},
		},
		Caps:   []Cap{},
		Raises: []Cap{}, Unpinned: []Unpinned{{"example.com/cmdonly", "no package of it can be imported"}},
		Warnings: []string{},
		Loops:    []Loop{},
		Diff:     "diff --git a/go.mod b/go.mod\n--- a/go.mod\n+++ b/go.mod\n@@ -5 +5 @@\n-require go.uber.org/zap v1.27.1\n+require go.uber.org/zap v1.27.0 // pinfix v1.27.1 -> v1.27.0\n",
		Rows: []Row{
			{Module: "example.com/own", From: "v1.5.0", To: "v1.2.0", Group: Yours, Why: "v1.5.0 needs go.uber.org/zap v1.27.1; the server has v1.27.0", Reason: Reason{Cause: CauseCap}},
			{Module: "go", From: "1.26", To: "1.23.5", Group: Servers, Why: "the server's Go 1.23.5 accepts no higher go line", Line: 3, Reason: Reason{Cause: CauseGo}},
			{Module: "go.uber.org/zap", From: "v1.27.1", To: "v1.27.0", Group: Servers, Why: "the server has v1.27.0", Excludes: []string{"v1.27.1"}, Line: 5, Reason: Reason{Cause: CauseServer}},
			{Module: "example.com/a/rather/long/name/of/a/module/that/is/linked/in/both/of/them", From: "v0.0.0-20240102150405-abcdef123456", To: "v0.0.0-20230102150405-abcdef123456", Group: Servers, Why: "the server has it", Reason: Reason{Cause: CauseServer}},
			{Module: "example.com/new", To: "v1.0.0", Group: Follows, Why: "needed by example.com/own v1.2.0", Reason: Reason{Cause: CauseNeeded}},
		},
		Write: "pinfix apply --server ./nakama -C '/home/someone/go/src/a plugin with a long name' --conflicts downgrade", Compiles: CompilesChecked, Checked: 225,
		NextSteps: "build it as the server was built:\n  go build -buildmode=plugin -trimpath .",
	}
}

func text(t *testing.T, r interface {
	Text(w *bytes.Buffer) error
}) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// applyText and serverText bind a style.
type applyText struct {
	*Apply
	Style
}

func (a applyText) Text(w *bytes.Buffer) error { return a.Apply.Text(w, a.Style) }

type serverText struct {
	*ServerResult
	Style
}

func (s serverText) Text(w *bytes.Buffer) error { return s.ServerResult.Text(w, s.Style) }

func TestApplyText(t *testing.T) {
	golden(t, "apply_dryrun.txt", text(t, applyText{apply(), Style{}}))
	golden(t, "apply_dryrun_color.txt", text(t, applyText{apply(), Style{Color: true}}))

	done := apply()
	done.DryRun = false
	golden(t, "apply_done.txt", text(t, applyText{done, Style{}}))
	golden(t, "apply_done_verbose.txt", text(t, applyText{done, Style{Verbose: true}}))

	aligned := apply()
	aligned.DryRun, aligned.Aligned = false, true
	aligned.Plugin.SharedModules = 1
	aligned.Changes, aligned.Rows, aligned.Diff = nil, nil, ""
	golden(t, "apply_aligned.txt", text(t, applyText{aligned, Style{}}))
}

// Paragraphs have one empty line between them, whichever of them are there.
func TestApplyGaps(t *testing.T) {
	for i := range 1 << 7 {
		a := apply()
		a.DryRun, a.Aligned = i&1 != 0, i&2 != 0
		if i&4 != 0 {
			a.Changes, a.Diff = nil, ""
		}
		if i&8 != 0 {
			a.NextSteps = ""
		}
		if i&16 != 0 {
			a.ServerChanges = &ServerChanges{From: "server.buildinfo", To: "./new", Keep: "pinfix snapshot"}
		}
		if i&32 != 0 {
			a.Loops = []Loop{{File: "main.go", Line: 3}}
		}
		if i&64 != 0 {
			a.Guide, a.Unpinned = []string{"commit it"}, nil
		}
		if s := string(text(t, applyText{a, Style{}})); strings.Contains(s, "\n\n\n") || strings.HasSuffix(s, "\n\n") || strings.HasPrefix(s, "\n") {
			t.Errorf("%b:\n%s", i, s)
		}
	}
}

func TestHeadline(t *testing.T) {
	mods := []Row{{Module: "example.com/a", From: "v1.1.0", To: "v1.0.0", Group: Servers}, {Module: "example.com/b", From: "v1.1.0", To: "v1.0.0", Group: Servers}}
	fresh, gone := Row{Module: "example.com/c", To: "v1.0.0", Group: Follows}, Row{Module: "example.com/d", From: "v1.0.0", Group: Follows}
	goLine, toolchain := Row{Module: "go", Group: Servers}, Row{Module: "toolchain", Group: Servers}
	for _, tt := range []struct {
		rows []Row
		done bool
		want string
	}{
		{nil, false, "no module changes its version"},
		{nil, true, "no module changed its version"},
		{mods[:1], false, "1 module changes"},
		{[]Row{goLine}, false, "the go line changes"},
		{[]Row{goLine, toolchain}, false, "the go line and the toolchain line change"},
		{append(mods[:1:1], goLine), false, "1 module and the go line change"},
		{append(mods[:2:2], goLine, toolchain), false, "2 modules, the go line and the toolchain line change"},
		{append(mods[:2:2], goLine, toolchain), true, "2 modules, the go line and the toolchain line changed"},
		{[]Row{fresh}, false, "1 module is new"},
		{[]Row{fresh, fresh}, true, "2 modules are new"},
		{[]Row{gone}, false, "1 module goes"},
		{[]Row{gone, gone}, true, "2 modules are gone"},
		{[]Row{fresh, gone}, false, "2 modules change"},
		{[]Row{fresh, goLine}, false, "1 module and the go line change"},
		{[]Row{{Module: "go", Group: Yours}}, false, "the go line changes"},
	} {
		a := &Apply{Rows: tt.rows, DryRun: !tt.done, Compiles: CompilesAsIs}
		code := "; your code links what it linked before"
		if slices.ContainsFunc(tt.rows, func(r Row) bool { return r.Module == fresh.Module || r.Module == gone.Module }) {
			code = "; no version that your code links changes"
		}
		if got, want := a.Headline(), tt.want+code; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A verdict names what is missing where no pin is.
func TestMissing(t *testing.T) {
	snapshot := Change{Kind: "server", Action: "add", File: "server.buildinfo", Lines: &LineCounts{Added: 9}}
	vendor := Change{Kind: "vendor", Action: "add", Path: "example.com/x", File: "vendor/modules.txt"}
	for _, tt := range []struct {
		changes []Change
		made    string // NewVendor
		want    string
	}{
		{[]Change{snapshot}, "", "pinned to s (go1.26.0), 2 shared modules, but server.buildinfo is missing"},
		{[]Change{{Kind: "server", Action: "change", File: "../server.buildinfo", Lines: &LineCounts{}}}, "", "pinned to s (go1.26.0), 2 shared modules, but ../server.buildinfo is not up to date"},
		{[]Change{{Kind: "server", Action: "change", File: ".pinfix.yaml", Line: 1}}, "", "pinned to s (go1.26.0), 2 shared modules, but .pinfix.yaml names another server"},
		{[]Change{vendor, vendor}, "vendor/ is new", "pinned to s (go1.26.0), 2 shared modules, but vendor/ is missing"},
		{[]Change{vendor}, "", "pinned to s (go1.26.0), 2 shared modules, but vendor/ is not up to date"},
		{[]Change{{Kind: "sum", Action: "change", File: "go.sum"}, snapshot}, "", "pinned to s (go1.26.0), 2 shared modules, but go.sum is not up to date, and server.buildinfo is missing"},
		{[]Change{{Kind: "sum", Action: "add", File: "go.sum"}}, "", "pinned to s (go1.26.0), 2 shared modules, but go.sum is missing"},
		{[]Change{snapshot, {Kind: "import", Action: "add", File: "main.go"}}, "", "not pinned to s (go1.26.0), 2 shared modules"},
		{[]Change{{Kind: "work", Action: "add", File: "go.work"}}, "", "not pinned to s (go1.26.0), 2 shared modules"},
	} {
		a := &Apply{DryRun: true, Server: Server{Main: "s", Go: "go1.26.0"}, Plugin: Plugin{SharedModules: 2}, Changes: tt.changes, NewVendor: tt.made}
		if got := a.Standing(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// Colours add codes and change nothing else.
func TestColor(t *testing.T) {
	plain := string(text(t, applyText{apply(), Style{}}))
	colored := string(text(t, applyText{apply(), Style{Color: true}}))
	for _, code := range []string{red, green, cyan, bold} {
		if !strings.Contains(colored, "\x1b["+code+"m") {
			t.Errorf("no code %s", code)
		}
		colored = strings.ReplaceAll(colored, "\x1b["+code+"m", "")
	}
	if d := cmp.Diff(plain, strings.ReplaceAll(colored, "\x1b[0m", "")); d != "" {
		t.Error(d)
	}
}

func TestServerText(t *testing.T) {
	r := &ServerResult{SchemaVersion: 1, Command: "server", Server: server, Warnings: []string{},
		Reference: Reference{From: ".pinfix.yaml:3", PassedOver: []string{"server.buildinfo"}}}
	r.Server.Pins = []Pin{
		{Path: "example.com/d", Version: "v1.0.0", Replace: &Replace{Path: "../d"}},
		{Path: "example.com/x", Version: "v1.0.0", Replace: &Replace{Path: "example.com/fork", Version: "v1.5.0"}},
		{Path: "go.uber.org/zap", Version: "v1.27.0", Sum: "h1:x="},
	}
	golden(t, "server.txt", text(t, serverText{r, Style{}}))

	r.Server.Pins, r.Server.Modules, r.Server.Packages = nil, 1, 0
	r.Reference = Reference{From: "--server"}
	r.Unknown, r.Assumed = []string{"which packages it links"}, []string{"it is built by go1.23.5"}
	golden(t, "server_little.txt", text(t, serverText{r, Style{}}))
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	a := apply()
	a.Changes[0].Reason = "a <b> & c"
	if err := JSON(&b, a); err != nil {
		t.Fatal(err)
	}
	golden(t, "apply.json", b.Bytes())

	// Lists without elements are lists.
	b.Reset()
	if err := JSON(&b, &Apply{Changes: []Change{}, Caps: []Cap{}, Unpinned: []Unpinned{}, Warnings: []string{}, Loops: []Loop{}}); err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"changes", "caps", "unpinned", "warnings"} {
		if _, ok := back[name].([]any); !ok {
			t.Errorf("%s is %v", name, back[name])
		}
	}
}

const evil = "evil\x1b]0;title\x07\u202ename\r\n\xff"

// What comes from a foreign file reaches no terminal as it is.
func TestControlCharacters(t *testing.T) {
	a := apply()
	a.Server.Main, a.Server.Go = evil, evil
	a.Plugin.Module = evil
	a.Rows[0] = Row{Module: evil, From: evil, To: evil + "2", Group: Yours, Why: evil, Excludes: []string{evil}}
	a.Changes[3].Path, a.Changes[3].Old, a.Changes[3].New = evil, evil, evil
	a.Unpinned[0] = Unpinned{evil, evil}
	a.Diff = "+" + evil
	a.DryRun = true
	s := &ServerResult{Server: server}
	s.Server.Main, s.Server.Settings = evil, map[string]string{evil: evil}
	s.Server.Pins = []Pin{{Path: evil, Version: evil, Replace: &Replace{Path: evil, Version: evil}}}
	for name, out := range map[string][]byte{
		"apply":     text(t, applyText{a, Style{}}),
		"server":    text(t, serverText{s, Style{}}),
		"printable": []byte(Printable(evil)),
	} {
		// A diff keeps the line ends of its file.
		for _, r := range strings.ReplaceAll(string(out), "\r\n", "\n") {
			if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
				t.Errorf("%s holds %q:\n%q", name, r, out)
				break
			}
		}
		if !strings.Contains(string(out), "evil") {
			t.Errorf("%s: nothing of it left", name)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":            "",
		"a\tb\nc é 世": "a\tb\nc é 世",
		"a\rb":        `a\rb`,
		"\x1b[31m":    `\x1b[31m`,
		"\xff\u202e":  `\xff\u202e`,
		`"quoted" \n`: `"quoted" \n`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
