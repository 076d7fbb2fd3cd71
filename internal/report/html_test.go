package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// savedApply is a result as JSON holds it, and what JSON leaves out.
type savedApply struct {
	*Apply
	NextSteps string `json:"next_steps"`
	Write     string `json:"write"`
}

// largeApply is the plan of testdata/real/firebase for Nakama 3.26.0, of whose
// diff of vendor/modules.txt only the beginning is left.
func largeApply(t *testing.T) *Apply {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "page_large.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s savedApply
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	s.Apply.NextSteps, s.Apply.Write = s.NextSteps, s.Write
	return s.Apply
}

func smallApply() *Apply {
	a := apply()
	a.Write = "pinfix apply --server ./nakama"
	a.Made = Made{time.Date(2026, 11, 28, 2, 30, 0, 0, time.UTC), "v1.2.3", "0123abc"}
	return a
}

func alignedApply() *Apply {
	a := apply()
	a.Aligned, a.Changes, a.Rows, a.Diff, a.Unpinned = true, []Change{}, nil, "", []Unpinned{}
	return a
}

// hostileText is text that would be markup, script, a style, a policy's end or a
// lie on a terminal, were it not escaped.
const hostileText = `</style></script><script>document.title="owned"</script><img src=x onerror=alert(1)>"'` + "\u202e\x1b[31m\x00`{{.}}]]>--><!--"

func hostileApply() *Apply {
	h := hostileText
	return &Apply{
		DryRun: true, Server: Server{Ref: h, Main: h, Go: h, Settings: map[string]string{h: h}, ModCache: h, Source: &Source{Ref: h, Digest: h}},
		Plugin: Plugin{Dir: h, Module: h},
		Rows:   []Row{{Module: h, From: h, To: "x" + h, Group: Yours, Why: h, Excludes: []string{h}}},
		Changes: []Change{
			{Kind: "exclude", Action: "add", Path: h, New: h, File: h, Reason: h, DemandedBy: []string{h + "@" + h + " -> " + h + "@" + h}},
			{Kind: "exclude", Action: "add", Path: "x" + h, New: h, File: h, Reason: h + "; " + h},
			{Kind: "import", Action: "add", Path: h, New: h, File: h, Line: 3, Reason: h},
			{Kind: "vendor", Action: "add", Path: h, Old: h, New: h, File: h, Reason: h},
			{Kind: "sum", Action: "change", Path: h, File: h, Reason: h},
		},
		Caps: []Cap{
			{Module: "a" + h, Old: h, New: h, Cause: "compile", Error: h, For: &Bound{Module: "b" + h, Version: h}},
			{Module: "b" + h, Old: h, New: h, Cause: "compile", Error: h, For: &Bound{Module: "a" + h, Version: h}},
			{Module: "c" + h, Old: h, New: h, Cause: h},
		},
		Unpinned: []Unpinned{{h, h}}, Warnings: []string{h}, NextSteps: h, Write: h, Made: Made{Version: h, Commit: h},
		Diff:          "diff --git a/" + h + " b/" + h + "\n@@\n+" + h + "\n-" + h + "\n",
		ServerChanges: &ServerChanges{From: h, To: h, Settings: []Moved{{h, h, h}}, Pins: []Moved{{h, "", h}}, Keep: h},
	}
}

func page(t *testing.T, a *Apply) string {
	t.Helper()
	var b bytes.Buffer
	if err := a.HTML(&b); err != nil {
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
	small := page(t, smallApply())
	has(t, small,
		"<title>example.com/plugin: plan</title>", `<p class="standing">not pinned to github.com/<wbr>heroiclabs/<wbr>nakama/<wbr>v3 (go1.23.5), 2 shared modules</p>`,
		`<p class="made">Made <time>2026-11-28 02:30 UTC</time> by pinfix v1.2.3, for commit <code>0123abc</code></p>`,
		"<li><b>3</b> set by the server</li>", "<code>pinfix apply --server ./nakama</code>", "go build -buildmode=plugin -trimpath .",
		"<dt>read from</dt><dd>./nakama</dd>", "<dt>links</dt><dd>3 modules, 460 packages with fingerprints</dd>",
		`<span class="from">v1.27.1</span> <span class="arrow">→</span> <b>v1.27.0</b>`, `<p><b>go.sum</b> 2 lines added, 1 removed</p>`, "<dt>example.com/<wbr>cmdonly</dt><dd>no package of it can be imported</dd>",
		`<span class="del">-require go.uber.org/zap v1.27.1`, "<summary><code>go.mod</code> <span class=\"added\">+1</span> <span class=\"removed\">−1</span></summary>")
	aligned := page(t, alignedApply())
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
	all := a.conflicts()
	var bounds []string
	lowered := 0
	excluded := map[string]bool{}
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
		if c.Kind == "exclude" && !excluded[c.Path+"@"+c.New] {
			t.Errorf("the exclude of %s %s is in no conflict", c.Path, c.New)
		}
	}
	words := string(all[0].Graph.SVG)
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
	a := &Apply{Server: Server{Go: "go1.23.5"}, Plugin: Plugin{Module: "example.com/p"},
		Caps: []Cap{
			{Module: "a", Old: "v1.1.0", New: "v1.0.0", Cause: "go"},
			{Module: "b", Old: "v1.1.0", New: "v1.0.0", Cause: "user", Error: "--cap b@v1.0.0"},
			{Module: "c", Old: "v1.1.0", New: "v1.0.0", Cause: "downgrade"},
			{Module: "d", Old: "v1.1.0", New: "v1.0.0", Cause: "compile", For: &Bound{Module: "a", Version: "v1.0.0"}},
			{Module: "e", Old: "v1.1.0", New: "v1.0.0", Cause: "compile", For: &Bound{Module: "s", Version: "v1.5.0", Server: true}},
		},
		Changes: []Change{
			{Kind: "exclude", Action: "add", Path: "x", New: "v2.0.0", Reason: "w v1.0.0 requires x v2.0.0; the server's Go is 1.23.5", Above: "the server's Go is 1.23.5", DemandedBy: []string{"w@v1.0.0 -> x@v2.0.0"}},
			{Kind: "exclude", Action: "add", Path: "e", New: "v1.1.0", Reason: "f v1.0.0 requires e v1.1.0; it is lowered to v1.0.0", DemandedBy: []string{"f@v1.0.0 -> e@v1.1.0"}},
			{Kind: "exclude", Action: "remove", Path: "y", Old: "v1.0.0", Reason: "it is not needed any more"},
			{Kind: "require", Action: "add", Path: "z", New: "v1.0.0", Reason: "go mod tidy selects it with the pins", DemandedBy: []string{"w@v1.0.0 -> z@v1.0.0"}},
		},
	}
	var got []string
	for _, c := range a.conflicts() {
		line := strings.TrimSpace(c.Bound+" "+c.Version) + ":"
		for _, k := range c.Lowered {
			line += " " + k.Module
		}
		for _, k := range c.Asks {
			line += " [" + k.Words() + "]"
		}
		got = append(got, line)
	}
	want := []string{"--cap, as you said: b", "s v1.5.0: e [f v1.0.0 → e v1.1.0]", "the rest of the plan: c", "Go 1.23.5: a d", "the server's Go is 1.23.5: [w v1.0.0 → x v2.0.0]"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	// The way to e is the one through f, and not straight from the plugin.
	if svg := string(a.conflicts()[1].Graph.SVG); strings.Count(svg, `class="edge"`) != 3 {
		t.Errorf("not three arrows: %s", svg)
	}
}

// TestGraph: every way leads from the plugin to the bound, from left to right,
// whatever the facts are.
func TestGraph(t *testing.T) {
	for name, a := range map[string]*Apply{"large": largeApply(t), "hostileText": hostileApply()} {
		for _, c := range a.conflicts() {
			svg := string(c.Graph.SVG)
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

func TestPageHostile(t *testing.T) {
	got := page(t, hostileApply())
	for _, bad := range []string{"<script>document", "<img", "onerror=alert(1)>", "\u202e", "\x1b", "\x00"} {
		if strings.Contains(got, bad) {
			t.Errorf("foreign text is in the page as it is: %q", bad)
		}
	}
	if n := strings.Count(got, "<script>"); n != 1 {
		t.Errorf("%d scripts", n)
	}
}

// TestPageEscapes: every action of the template prints through escape.
func TestPageEscapes(t *testing.T) {
	tmpl, err := pageTemplate()
	if err != nil {
		t.Fatal(err)
	}
	text := tmpl.Tree.Root.String()
	for _, action := range regexp.MustCompile(`\{\{[^{}]*\}\}`).FindAllString(text, -1) {
		if !regexp.MustCompile(`^\{\{(if|else|end|range|with)\b`).MatchString(action) && !strings.HasSuffix(action, "| escape}}") {
			t.Errorf("%s is not escaped", action)
		}
	}
}

// TestPageLimits: a huge diff does not make a page that no browser shows.
func TestPageLimits(t *testing.T) {
	a := smallApply()
	a.Diff = "diff --git a/vendor/x b/vendor/x\n@@ -1 +1 @@\n" + strings.Repeat("+some line of code < & > that is in vendor\n", 100_000)
	for i := range 500 {
		a.Changes = append(a.Changes, Change{Kind: "exclude", Action: "add", Path: "go.uber.org/zap", New: fmt.Sprintf("v1.28.%d", i), DemandedBy: []string{fmt.Sprintf("d@v1.0.%d -> go.uber.org/zap@v1.28.%[1]d", i)}})
	}
	got := page(t, a)
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
