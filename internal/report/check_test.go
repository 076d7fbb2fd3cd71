package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

var checked = &Check{
	SchemaVersion: 1, Command: "check",
	Plugins: []Checked{
		{Dir: "/r/a", Module: "example.com/a", Server: "example.com/server", Ref: "./server", Go: "go1.23.5", SharedModules: 12, Aligned: true, Prefix: "a", Fix: "pinfix apply -C a"},
		{Dir: "/r/b", Module: "example.com/b", Server: "example.com/server", Ref: "./server", Go: "go1.23.5", SharedModules: 1, Problems: 3, Prefix: "b", Fix: "pinfix apply -C b"},
	},
	Problems: []Problem{
		Problem{Kind: "version", Module: "go.uber.org/zap", Want: "v1.27.0", Have: "v1.27.1", File: "go.mod", Line: 7, Fix: "pinfix apply -C b", Plugin: "example.com/b", Dir: "/r/b", Place: "b/go.mod", Path: "b/go.mod"}.Because("linked in both", "v1.27.0"),
		{Kind: "vendor", Module: "e.com/|x|\x1b[31m`", Have: "v1%", File: "vendor/modules.txt", Line: 3, Why: "go.mod does not require it", Fix: "pinfix apply -C b", Plugin: "example.com/b", Dir: "/r/b", Place: "b/vendor/modules.txt", Path: "b/vendor/modules.txt"},
		{Kind: "sum", Module: "example.com/c", Want: "h1:s=", Have: "h1:x=", File: "go.sum", Line: 9, Why: "the server was built from other content", Fix: "find out who is right", Plugin: "example.com/b", Dir: "/r/b", Place: "b/go.sum", Path: "b/go.sum"},
	},
	Notes: []string{"c: no main package; left out"},
}

// The verdict tells an undone pin from files that lack something.
func TestCheckVerdict(t *testing.T) {
	for _, tt := range []struct {
		problem     Problem
		want, total string
	}{
		{Problem{Kind: "sum", Want: "go.sum"}, "p: pinned to s (go1.26.0), 2 shared modules, but 1 problem", "1 of 1 plugin pinned, 1 with problems"},
		{Problem{Kind: "vendor", Want: "vendor/"}, "p: pinned to s (go1.26.0), 2 shared modules, but 1 problem", "1 of 1 plugin pinned, 1 with problems"},
		{Problem{Kind: "sum", Want: "h1:a=", Have: "h1:b="}, "p: not pinned to s (go1.26.0), 2 shared modules, 1 problem", "0 of 1 plugin pinned"},
		{Problem{Kind: "import", Want: "x"}, "p: not pinned to s (go1.26.0), 2 shared modules, 1 problem", "0 of 1 plugin pinned"},
	} {
		r := &Check{Plugins: []Checked{{Module: "p", Server: "s", Go: "go1.26.0", SharedModules: 2, Problems: 1}}, Problems: []Problem{tt.problem}}
		if got := r.verdict(r.Plugins[0]); got != tt.want || r.total() != tt.total {
			t.Errorf("%q, %q; want %q, %q", got, r.total(), tt.want, tt.total)
		}
	}
}

// People read of modules that are left out for one reason once, programs of each.
func TestLeaveOut(t *testing.T) {
	r := &Check{Notes: []string{"something else"}}
	for _, dir := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		r.LeaveOut(dir, "no main package")
	}
	r.LeaveOut("x", "no server")
	if n := len(r.Notes); n != 9 {
		t.Errorf("%d notes: %q", n, r.Notes)
	}
	for verbose, want := range map[bool]string{
		false: "left out a, b, c, d, e and 2 more: no main package|left out x: no server|something else",
		true:  "left out a, b, c, d, e, f, g: no main package|left out x: no server|something else",
	} {
		if got := strings.Join(r.Remarks(verbose), "|"); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

func TestImportMessage(t *testing.T) {
	p := Problem{Kind: "import", Module: "e.com/x", Have: "imported", Why: "go.mod requires no module that has this package"}
	if got := p.message(); got != "import: e.com/x cannot be used (go.mod requires no module that has this package)" {
		t.Error(got)
	}
}

func TestCheckForms(t *testing.T) {
	for _, form := range []struct {
		name  string
		write func(*bytes.Buffer) error
	}{
		{"check.txt", func(b *bytes.Buffer) error { return checked.Text(b, Style{}) }},
		{"check_verbose.txt", func(b *bytes.Buffer) error { return checked.Text(b, Style{Verbose: true}) }},
		{"check_color.txt", func(b *bytes.Buffer) error { return checked.Text(b, Style{Color: true}) }},
		{"check.json", func(b *bytes.Buffer) error { return JSON(b, checked) }},
		{"check.md", func(b *bytes.Buffer) error { return checked.Markdown(b) }},
		{"check.github", func(b *bytes.Buffer) error { return checked.GitHub(b) }},
		{"check.sarif", func(b *bytes.Buffer) error { return checked.SARIF(b) }},
		{"apply.md", func(b *bytes.Buffer) error { return reviewedApply.Markdown(b) }},
		{"apply.github", func(b *bytes.Buffer) error { return reviewedApply.GitHub(b) }},
		{"apply.sarif", func(b *bytes.Buffer) error { return reviewedApply.SARIF(b) }},
	} {
		var b bytes.Buffer
		if err := form.write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, form.name, b.Bytes())
		if bytes.Contains(b.Bytes(), []byte("\x1b[31m`")) {
			t.Errorf("%s: an escape sequence of a foreign file's", form.name)
		}
	}
}

var reviewedApply = &Apply{
	SchemaVersion: 1, Command: "apply", DryRun: true, Server: server, Plugin: Plugin{Dir: "/r/b", Module: "example.com/b", SharedModules: 3, Prefix: "b"},
	Rows: []Row{
		{Module: "example.com/cap", From: "v1.2.0", To: "v1.1.0", Group: Yours, Why: "v1.2.0 does not compile (x.go:1: undefined: y)", Line: 7},
		{Module: "go.uber.org/zap", From: "v1.27.1", To: "v1.27.0", Group: Servers, Why: "the server has v1.27.0", Excludes: []string{"v1.27.1"}, Line: 5},
		{Module: "e.com/|x|", From: "v1", To: "v2", Group: Follows, Why: "needed by 100% of it"},
	},
	Changes: []Change{
		{Kind: "require", Action: "change", Path: "go.uber.org/zap", Old: "v1.27.1", New: "v1.27.0", File: "go.mod", Line: 5, Reason: "linked in both"},
		{Kind: "require", Action: "change", Path: "go.uber.org/multierr", Old: "v1.11.0", New: "v1.11.0", File: "go.mod", Line: 6, Reason: "the server links it"},
		{Kind: "exclude", Action: "add", Path: "go.uber.org/zap", New: "v1.27.1", File: "go.mod", Line: 12, Reason: "d requires 100% of it"},
		{Kind: "import", Action: "add", Path: "go.uber.org/multierr", New: "go.uber.org/multierr", File: "main.go", Line: 9, Near: 4, Reason: "it makes the pin visible"},
		{Kind: "sum", Action: "change", Path: "go.sum", File: "go.sum", Reason: "go mod tidy: 2 lines added, 2 removed", Lines: &LineCounts{2, 2}},
		{Kind: "vendor", Action: "add", Path: "go.uber.org/zap", New: "v1.27.0", File: "vendor/modules.txt", Reason: "3 files added", Files: &FileCounts{Added: 3}},
		{Kind: "vendor", Action: "add", Path: "modules.txt", File: "vendor/modules.txt", Reason: "1 file added", Files: &FileCounts{Added: 1}},
	},
	Caps:     []Cap{{Module: "example.com/cap", Old: "v1.2.0", New: "v1.1.0", Cause: "compile", Error: "x.go:1: undefined: y"}},
	Warnings: []string{"a | warning"},
	Write:    "pinfix apply -C b",
	Diff:     "--- a/go.mod\n+++ b/go.mod\n@@ -1 +1 @@\n-a ```\n+b\x1b[31m\n",
}

// TestMarkdownFits: no plugin is so large that a comment could not hold its
// report.
func TestAnnotations(t *testing.T) {
	var b strings.Builder
	a := annotations{b: &b, level: "warning", what: "change"}
	for i := range maxAnnotations + 2 {
		a.add("go.mod", i+1, "x")
	}
	a.end()
	if got, want := b.String(), "::3 more changes:%0A"; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}

func TestMarkdownFits(t *testing.T) {
	huge := &Apply{DryRun: true, Server: server, Diff: strings.Repeat("+\tgithub.com/some/module v1.2.3 // ```` 百\n", 200_000)}
	all := &Check{Plugins: []Checked{{Dir: "d", Problems: 1}}}
	verify := &Verify{Server: server}
	for i := range 20_000 {
		name := fmt.Sprintf("github.com/some/rather/long/module/path/%d", i)
		huge.Rows = append(huge.Rows, Row{Module: name, From: "v1.2.3", To: "v1.2.4", Group: []Group{Yours, Servers, Follows}[i%3], Why: strings.Repeat("why ", 1000), Excludes: []string{name}})
		huge.Warnings = append(huge.Warnings, name)
		all.Problems = append(all.Problems, Problem{Kind: "version", Module: name, Path: "go.mod", File: "go.mod", Line: i + 1, Dir: "d", Why: "because", Fix: name})
		verify.Plugins = append(verify.Plugins, Verified{File: name, Causes: []Cause{{Cause: "version", Fix: name}}})
	}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"apply":  func(b *bytes.Buffer) error { return huge.Markdown(b) },
		"check":  func(b *bytes.Buffer) error { return all.Markdown(b) },
		"verify": func(b *bytes.Buffer) error { return verify.Markdown(b) },
		"diff": func(b *bytes.Buffer) error {
			return (&Apply{DryRun: true, Server: server, Diff: huge.Diff}).Markdown(b)
		},
		"github": func(b *bytes.Buffer) error { return all.GitHub(b) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if b.Len() > 65_536 || b.Len() < 1000 {
			t.Errorf("%s: %d bytes", name, b.Len())
		}
		if name == "diff" && (!strings.Contains(b.String(), "lines more") || !strings.HasSuffix(b.String(), "</details>\n")) {
			t.Errorf("the diff is not cut as it should be: …%q", b.String()[b.Len()-200:])
		}
	}
}
