package page

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pinfix/pinfix/internal/report"
)

// saved is a result as JSON holds it, and what JSON leaves out.
type saved struct {
	*report.Apply
	Changes []struct {
		report.Change
		DemandedBy []string `json:"demanded_by"`
	} `json:"changes"`
	NextSteps string `json:"next_steps"`
	Write     string `json:"write"`
}

func load(t *testing.T, name string) *report.Apply {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	var s saved
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	s.Apply.NextSteps, s.Apply.Write = s.NextSteps, s.Write
	for _, c := range s.Changes {
		for _, by := range c.DemandedBy {
			c.Change.DemandedBy = append(c.Change.DemandedBy, chain(by))
		}
		s.Apply.Changes = append(s.Apply.Changes, c.Change)
	}
	return s.Apply
}

// chain reads "a@v1.0.0 -> b@v1.2.0".
func chain(text string) report.Chain {
	var out report.Chain
	for step := range strings.SplitSeq(text, " -> ") {
		path, version, _ := strings.Cut(step, "@")
		out = append(out, report.Step{Module: path, Version: version})
	}
	return out
}

// largeApply is the plan of testdata/real/firebase for Nakama 3.26.0, of whose
// diff of vendor/modules.txt only the beginning is left.
func largeApply(t *testing.T) *report.Apply {
	t.Helper()
	return load(t, "testdata/large.json")
}

// smallApply is the plan that the other forms of the report are tested with.
func smallApply(t *testing.T) *report.Apply {
	t.Helper()
	a := load(t, "../report/testdata/apply.json")
	a.Write, a.NextSteps = "pinfix apply --server ./nakama", "build it as the server was built:\n  go build -buildmode=plugin -trimpath ."
	a.Compiles = report.CompilesChecked
	a.Made = report.Made{When: time.Date(2026, 11, 28, 2, 30, 0, 0, time.UTC), Version: "v1.2.3", Commit: "0123abc"}
	return a
}

func alignedApply(t *testing.T) *report.Apply {
	t.Helper()
	a := smallApply(t)
	a.Aligned, a.Changes, a.Rows, a.Diff, a.Unpinned, a.Made = true, []report.Change{}, nil, "", []report.Unpinned{}, report.Made{}
	return a
}

// hostileText is text that would be markup, script, a style, a policy's end or a
// lie on a terminal, were it not escaped.
const hostileText = `</style></script><script>document.title="owned"</script><img src=x onerror=alert(1)>"'` + "\u202e\x1b[31m\x00`{{.}}]]>--><!--"

// foreignApply is a plan all of whose texts are h.
func foreignApply(h string) *report.Apply {
	return &report.Apply{
		DryRun: true, Server: report.Server{Ref: h, Main: h, Go: h, Settings: map[string]string{h: h}, ModCache: h, Source: &report.Source{Ref: h, Digest: h}},
		Plugin: report.Plugin{Dir: h, Module: h},
		Rows:   []report.Row{{Module: h, From: h, To: "x" + h, Group: report.Yours, Why: h, Excludes: []string{h}}},
		Changes: []report.Change{
			{Kind: "exclude", Action: "add", Path: h, New: h, File: h, Reason: h, DemandedBy: []report.Chain{{{Module: h, Version: h}, {Module: h, Version: h}}}},
			{Kind: "exclude", Action: "add", Path: "x" + h, New: h, File: h, Reason: h + "; " + h, Above: h},
			{Kind: "import", Action: "add", Path: h, New: h, File: h, Line: 3, Reason: h},
			{Kind: "vendor", Action: "add", Path: h, Old: h, New: h, File: h, Reason: h},
			{Kind: "sum", Action: "change", Path: h, File: h, Reason: h},
		},
		Caps: []report.Cap{
			{Module: "a" + h, Old: h, New: h, Cause: "compile", Error: h, For: &report.Bound{Module: "b" + h, Version: h}},
			{Module: "b" + h, Old: h, New: h, Cause: "compile", Error: h, For: &report.Bound{Module: "a" + h, Version: h}},
			{Module: "c" + h, Old: h, New: h, Cause: h},
		},
		Unpinned: []report.Unpinned{{Module: h, Why: h}}, Warnings: []string{h}, NextSteps: h, Write: h, Made: report.Made{Version: h, Commit: h},
		Diff:          "diff --git a/" + h + " b/" + h + "\n@@\n+" + h + "\n-" + h + "\n",
		ServerChanges: &report.ServerChanges{From: h, To: h, Settings: []report.Moved{{Name: h, Old: h, New: h}}, Pins: []report.Moved{{Name: h, New: h}}, Keep: h},
	}
}

// foreignCompat is a comparison of servers all of whose texts are h.
func foreignCompat(h string) *report.Compat {
	r := report.NewCompat(h, h)
	s := report.Server{Ref: h, Main: h, Go: h, Settings: map[string]string{"GOOS": h, "GOARCH": h}}
	r.Servers = []*report.CompatServer{
		{Name: h, Ref: h, Server: s, Result: report.ServerFits, Summary: h, Unknown: []string{h}},
		{Name: h, Ref: h, Server: s, Result: report.ServerPins, Summary: h, Moved: []report.Move{{Module: h, Server: true}}, Lowered: []report.Move{{Module: h}}, Plan: foreignApply(h)},
		{Name: h, Ref: h, Server: s, Result: report.ServerRefuses, Summary: h, Error: h, Reason: h, Next: h},
		{Name: h, Ref: h, Result: report.ServerUnknown, Error: h + "\n" + h, Reason: h, Next: h},
	}
	r.Differ, r.Unknown = 1, 1
	return r
}

// html is the page of a dry run.
func html(t *testing.T, a *report.Apply) string {
	t.Helper()
	return written(t, func(w io.Writer) error { return Apply(w, a) })
}

func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b strings.Builder
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// has fails for each want that is not in the page.
func has(t *testing.T, page string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			t.Errorf("the page lacks %q", w)
		}
	}
}

func TestPage(t *testing.T) {
	small := html(t, smallApply(t))
	has(t, small,
		"<title>example.com/plugin: plan</title>", `<p class="standing">not pinned to github.com/<wbr>heroiclabs/<wbr>nakama/<wbr>v3 (go1.23.5), 2 shared modules</p>`,
		`<p class="made">Made <time>2026-11-28 02:30 UTC</time> by pinfix v1.2.3, for commit <code>0123abc</code></p>`,
		"<li><b>3</b> set by the server</li>", "<code>pinfix apply --server ./nakama</code>", "go build -buildmode=plugin -trimpath .",
		"<dt>read from</dt><dd>./nakama</dd>", "<dt>links</dt><dd>3 modules, 460 packages with fingerprints</dd>",
		`<span class="from">v1.27.1</span> <span class="arrow">→</span> <b>v1.27.0</b>`, `<p><b>go.sum</b> 2 lines added, 1 removed</p>`, "<dt>example.com/<wbr>cmdonly</dt><dd>no package of it can be imported</dd>",
		`<span class="del">-require go.uber.org/zap v1.27.1`, "<summary><code>go.mod</code> <span class=\"added\">+1</span> <span class=\"removed\">−1</span></summary>")
	aligned := html(t, alignedApply(t))
	has(t, aligned, "<title>example.com/plugin: already pinned</title>", "already pinned to", "Nothing to change")
	for _, not := range []string{"<table", "Conflicts", "pinfix apply --server", `id="diff"`} {
		if strings.Contains(aligned, not) {
			t.Errorf("the page of an aligned plugin has %q", not)
		}
	}
}

// TestPageConflicts: each bound has one graph, with the way from the plugin to it.
func TestPageConflicts(t *testing.T) {
	a := largeApply(t)
	all := conflicts(a)
	var bounds []string
	lowered := 0
	excluded := map[report.Step]bool{}
	for _, c := range all {
		bounds = append(bounds, c.Bound)
		lowered += len(c.Lowered)
		for v := range c.excluded {
			excluded[v] = true
		}
	}
	if all[0].Bound != "cloud.google.com/go/compute/metadata" || all[1].Bound != goBound {
		t.Errorf("what was lowered does not come first: %q", bounds)
	}
	if lowered != len(a.Caps) {
		t.Errorf("%d of %d lowered modules are in a conflict", lowered, len(a.Caps))
	}
	for _, c := range a.Changes {
		if c.Kind == "exclude" && !excluded[report.Step{Module: c.Path, Version: c.New}] {
			t.Errorf("the exclude of %s %s is in no conflict", c.Path, c.New)
		}
	}
	words := drawn(t, all[0])
	for _, want := range []string{
		"example.com/plugins/firebase requires firebase.google.com/go/v4 v4.19.0 requires cloud.google.com/go/compute/metadata v0.6.0",
		"cloud.google.com/go/auth v0.16.1 is lowered to v0.12.1 for cloud.google.com/go/compute/metadata v0.5.2",
		"google.golang.org/api v0.231.0 is lowered to v0.211.0 for cloud.google.com/go/auth v0.12.1",
		"server has v0.5.2",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("the graph of %s does not say %q", all[0].Bound, want)
		}
	}
}

// TestConflictBounds: what is excluded or lowered for no module of the server's
// is next to what it was excluded or lowered for, too.
func TestConflictBounds(t *testing.T) {
	a := &report.Apply{Server: report.Server{Go: "go1.23.5"}, Plugin: report.Plugin{Module: "example.com/p"},
		Caps: []report.Cap{
			{Module: "a", Old: "v1.1.0", New: "v1.0.0", Cause: "go"},
			{Module: "b", Old: "v1.1.0", New: "v1.0.0", Cause: "user", Error: "--cap b@v1.0.0"},
			{Module: "c", Old: "v1.1.0", New: "v1.0.0", Cause: "downgrade"},
			{Module: "d", Old: "v1.1.0", New: "v1.0.0", Cause: "compile", For: &report.Bound{Module: "a", Version: "v1.0.0"}},
			{Module: "e", Old: "v1.1.0", New: "v1.0.0", Cause: "compile", For: &report.Bound{Module: "s", Version: "v1.5.0", Server: true}},
		},
		Changes: []report.Change{
			{Kind: "exclude", Action: "add", Path: "x", New: "v2.0.0", Reason: "w v1.0.0 requires x v2.0.0; the server's Go is 1.23.5", Above: "the server's Go is 1.23.5", DemandedBy: []report.Chain{chain("w@v1.0.0 -> x@v2.0.0")}},
			{Kind: "exclude", Action: "add", Path: "e", New: "v1.1.0", Reason: "f v1.0.0 requires e v1.1.0; it is lowered to v1.0.0", DemandedBy: []report.Chain{chain("f@v1.0.0 -> e@v1.1.0")}},
			{Kind: "exclude", Action: "remove", Path: "y", Old: "v1.0.0", Reason: "it is not needed any more"},
			{Kind: "require", Action: "add", Path: "z", New: "v1.0.0", Reason: "go mod tidy selects it with the pins", DemandedBy: []report.Chain{chain("w@v1.0.0 -> z@v1.0.0")}},
		},
	}
	var got []string
	for _, c := range conflicts(a) {
		line := strings.TrimSpace(c.Bound+" "+c.Version) + ":"
		for _, k := range c.Lowered {
			line += " " + k.Module
		}
		for _, k := range c.Words() {
			line += " [" + k + "]"
		}
		got = append(got, line)
	}
	want := []string{"--cap, as you said: b", "s v1.5.0: e [f v1.0.0 → e v1.1.0]", "the rest of the plan: c", "Go 1.23.5: a d", "the server's Go is 1.23.5: [w v1.0.0 → x v2.0.0]"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	// The way to e is the one through f, and not straight from the plugin.
	if svg := drawn(t, conflicts(a)[1]); strings.Count(svg, `class="edge"`) != 3 {
		t.Errorf("not three arrows: %s", svg)
	}
}

// drawn is the drawing of a conflict from left to right.
func drawn(t *testing.T, c *conflict) string {
	t.Helper()
	return written(t, func(w io.Writer) error { return parsed().ExecuteTemplate(w, "drawing", c.Drawings[0]) })
}

// TestGraph: every way leads from the plugin to the bound, from left to right,
// whatever the facts are.
func TestGraph(t *testing.T) {
	for name, a := range map[string]*report.Apply{"large": largeApply(t), "hostile": foreignApply(hostileText)} {
		for _, c := range conflicts(a) {
			svg := drawn(t, c)
			for _, m := range regexp.MustCompile(`class="edge" d="M(-?\d+) \S+ \S+ \S+ \S+ (-?\d+) `).FindAllStringSubmatch(svg, -1) {
				from, _ := strconv.Atoi(m[1])
				to, _ := strconv.Atoi(m[2])
				if name == "large" && from >= to {
					t.Errorf("%s: an arrow to the left: %s", c.Bound, m[0])
				}
			}
			if strings.Count(svg, `<g class="plugin">`) != 1 || strings.Count(svg, `<g class="bound">`) != 1 {
				t.Errorf("%s, %s: not one plugin and one bound", name, c.Bound)
			}
		}
	}
}

// hostile are foreign texts as a module path, a version, an error or a line of a diff may
// have them.
var hostile = []string{
	hostileText, "<script>alert(1)</script>", "</title><b>", "</style><style>*{color:red}", "</script>", "<!-- ", "-->", "<![CDATA[", "</svg>", "</textarea>", "<wbr>",
	`"`, "'", `" onmouseover="alert(1)`, "' onfocus='x", "` x", "javascript:alert(1)", "data:text/html,<b>", "url(javascript:x)", "expression(x)", `\";alert(1)//`, "{{.}}", "&lt;b&gt;", "&#60;b>",
	"\x1b[2J", "\u202egpj.so", "\u200b::x", "\x00", "\xff\xfe", "\r::x", "a\n::error::b", "::error title=x::y", ":", "##[error]x", "x ##vso[task.complete]y", "\U000e0041",
}

var (
	tagRE     = regexp.MustCompile(`<[^<>]*>`)
	labelRE   = regexp.MustCompile(` aria-label="[^"<>]*"`)
	numberRE  = regexp.MustCompile(`\d+`)
	commandRE = regexp.MustCompile(`(?mi)^[\s\pC]*::|##[a-z]*\[`)
)

// tags returns the tags of a page, without numbers and labels, and fails if its text has
// something that could be one, or if style and script are not pinfix's own.
func tags(t *testing.T, page string) map[string]bool {
	t.Helper()
	for _, own := range []struct{ tag, text string }{{"style", pageCSS}, {"script", pageJS}} {
		before, rest, found := strings.Cut(page, "<"+own.tag+">")
		text, after, ended := strings.Cut(rest, "</"+own.tag+">")
		if found != ended || !strings.HasPrefix(text, own.text) && found {
			t.Fatalf("not pinfix's own %s: %q", own.tag, text)
		}
		page = before + after
	}
	found := map[string]bool{}
	for _, tag := range tagRE.FindAllString(page, -1) {
		found[numberRE.ReplaceAllString(labelRE.ReplaceAllString(tag, ""), "0")] = true
	}
	if text := tagRE.ReplaceAllString(page, ""); strings.ContainsAny(text, "<>") {
		t.Errorf("not escaped: %s", text)
	}
	return found
}

// pages are both pages, with h for every foreign text.
func pages(t *testing.T, h string) map[string]string {
	t.Helper()
	return map[string]string{
		"apply":  html(t, foreignApply(h)),
		"compat": written(t, func(w io.Writer) error { return Compat(w, foreignCompat(h)) }),
	}
}

// plain are the tags of pages with plain texts, see plainTags.
var (
	plain     = map[string]bool{}
	plainOnce sync.Once
)

func plainTags(t *testing.T) map[string]bool {
	t.Helper()
	plainOnce.Do(func() {
		for _, text := range []string{"plain/text", "two\nlines", "v1.0.0", "go"} {
			for _, page := range pages(t, text) {
				maps.Copy(plain, tags(t, page))
			}
		}
	})
	return plain
}

// harmless fails unless the pages with the foreign text h have only tags that they have with
// plain ones, show all that they have, and give no command to a CI that prints them.
func harmless(t *testing.T, h string) {
	t.Helper()
	for name, got := range pages(t, h) {
		for tag := range tags(t, got) {
			if !plainTags(t)[tag] {
				t.Errorf("%s of %q has the tag %s", name, h, tag)
			}
		}
		for _, r := range got {
			if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
				t.Errorf("%s of %q shows %q as it is", name, h, r)
			}
		}
		if m := commandRE.FindString(got); m != "" || !utf8.ValidString(got) {
			t.Errorf("%s of %q: command %q, or not UTF-8", name, h, m)
		}
	}
}

func TestPageHostile(t *testing.T) {
	for _, h := range hostile {
		harmless(t, h)
	}
}

// FuzzPage: no foreign text makes a tag, a script, a style or a command.
func FuzzPage(f *testing.F) {
	for _, h := range hostile {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, h string) {
		if h != "" && len(h) < 300 {
			harmless(t, h)
		}
	})
}

// TestContexts: a value is made harmless for each kind of place that a template may have,
// also for those that no page has so far.
func TestContexts(t *testing.T) {
	const filtered = "ZgotmplZ" // what html/template writes instead of what it refuses
	for _, c := range []struct {
		place, template, value, want string
	}{
		{"text", `<p>{{.}}</p>`, `</p><b>"`, `<p>&lt;/p&gt;&lt;b&gt;&#34;</p>`},
		{"path", `<p>{{template "path" .}}</p>`, `a/<b>`, `<p>a/<wbr>&lt;b&gt;</p>`},
		{"title", `<title>{{.}}</title>`, `</title>`, `<title>&lt;/title&gt;</title>`},
		{"attribute", `<p title="{{.}}">`, `" onclick="x`, `<p title="&#34; onclick=&#34;x">`},
		{"attribute without quotes", `<p title={{.}}>`, `x onclick=y`, `<p title=x&#32;onclick&#61;y>`},
		{"URL", `<a href="{{.}}">`, `javascript:alert(1)`, `<a href="#` + filtered + `">`},
		{"part of a URL", `<a href="#{{.}}">`, `"><b>`, `<a href="#%22%3e%3cb%3e">`},
		{"script", `<script>x = {{.}}</script>`, `</script>"`, `<script>x = "\u003c/script\u003e\""</script>`},
		{"event", `<p onclick="x({{.}})">`, `");y("`, `<p onclick="x(&#34;\&#34;);y(\&#34;&#34;)">`},
		{"style", `<style>p { color: {{.}} }</style>`, `red } </style>`, `<style>p { color: ` + filtered + ` }</style>`},
		{"style of a tag", `<p style="color: {{.}}">`, `expression(x)`, `<p style="color: ` + filtered + `">`},
	} {
		probe := template.Must(parsed().New("probe").Parse(c.template))
		if got := written(t, func(w io.Writer) error { return probe.Execute(w, c.value) }); got != c.want {
			t.Errorf("%s: %s, want %s", c.place, got, c.want)
		}
	}
}

// TestOwnText: what makes foreign text printable leaves the style and the script as they
// are, or a browser would refuse them.
func TestOwnText(t *testing.T) {
	for _, own := range []string{pageCSS + tabsCSS, pageJS} {
		if got := report.Printable(own); got != own {
			t.Error(cmp.Diff(own, got))
		}
	}
}

// TestPageLoops: warnings of loops come before the others.
func TestPageLoops(t *testing.T) {
	a := smallApply(t)
	a.Warnings = []string{"another"}
	a.AddLoops([]report.Loop{{File: "../lib/a.go", Line: 7, From: "1.20", To: "1.24"}})
	if head, _, _ := strings.Cut(html(t, a), "another"); !strings.Contains(head, "from go 1.22 on each iteration of a loop has a variable of its own") {
		t.Errorf("no warning of a loop at the top of %s", head)
	}
}

// TestPageLimits: a huge diff does not make a page that no browser shows.
func TestPageLimits(t *testing.T) {
	a := smallApply(t)
	a.Diff = "diff --git a/vendor/x b/vendor/x\n@@ -1 +1 @@\n" + strings.Repeat("+some line of code < & > that is in vendor\n", 100_000)
	for i := range 500 {
		a.Changes = append(a.Changes, report.Change{Kind: "exclude", Action: "add", Path: "go.uber.org/zap", New: fmt.Sprintf("v1.28.%d", i), DemandedBy: []report.Chain{chain(fmt.Sprintf("d@v1.0.%d -> go.uber.org/zap@v1.28.%[1]d", i))}})
	}
	got := html(t, a)
	if len(got) > 4<<20 {
		t.Errorf("%d bytes", len(got))
	}
	has(t, got, "more lines</p>", "lines are left out here; <code>--format patch</code> has them all", "more are not drawn; the list below has them", "<li>d v1.0.499 → go.uber.org/<wbr>zap v1.28.499</li>")
}

// TestPageContrast: text can be read in both schemes (WCAG 2: 4.5 to 1).
func TestPageContrast(t *testing.T) {
	blocks := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(pageCSS, -1)
	if len(blocks) != 3 {
		t.Fatalf("%d blocks of colours; light, dark and print are three", len(blocks))
	}
	for i, scheme := range []string{"light", "dark", "print"} {
		colour := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{3,6})`).FindAllStringSubmatch(blocks[i][1], -1) {
			colour[m[1]] = m[2]
		}
		for _, pair := range []string{
			"text page", "text card", "text code-back", "soft page", "soft card", "soft code-back", "link page", "link card",
			"good good-back", "bad bad-back", "warm warm-back", "pin pin-back", "good card", "bad card", "pin code-back", "soft warm-back", "text warm-back",
		} {
			front, back, _ := strings.Cut(pair, " ")
			l, m := luminance(t, colour[front]), luminance(t, colour[back])
			if c := (max(l, m) + .05) / (min(l, m) + .05); c < 4.5 {
				t.Errorf("%s: %s on %s: contrast %.2f", scheme, front, back, c)
			}
		}
	}
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		t.Fatalf("no colour: %q", hex)
	}
	sum := 0.0
	for shift, weight := range map[int]float64{16: .2126, 8: .7152, 0: .0722} {
		c := float64(n>>shift&255) / 255
		if c <= .03928 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
