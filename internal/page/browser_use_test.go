package page

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/report"
)

// TestPageInBrowser looks at pages and uses them as people do, in Chromium.
func TestPageInBrowser(t *testing.T) {
	dir := t.TempDir()
	b := startBrowser(t)
	file := func(name string) string { return filepath.Join(dir, name+".html") }
	pages := map[string]*report.Apply{"small": smallApply(t), "large": largeApply(t), "aligned": alignedApply(t), "hostile": foreignApply(hostileText)}
	for name, a := range pages {
		if err := os.WriteFile(file(name), []byte(html(t, a)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name := range pages {
		t.Run("look_"+name, func(t *testing.T) { looks(t, b, name, file(name)) })
	}
	for _, step := range []struct {
		name string
		test func(*testing.T, *tab)
		view
	}{
		{"sort", sorting, view{width: 1280}},
		{"filter", filtering, view{width: 360}},
		{"links", links, view{width: 1280}},
		{"policy", policy, view{width: 1280}},
		{"no_script", noScript, view{width: 1280, noScript: true}},
		{"print", printing, view{width: 700, print: true, noScript: true}},
	} {
		t.Run(step.name, func(t *testing.T) {
			b.t = t
			step.test(t, b.open(file("large"), step.view))
		})
	}
	b.t = t
}

// is fails unless a script gives what is wanted.
func (p *tab) is(want any, script string, args ...any) {
	p.b.t.Helper()
	if got := p.eval(script, args...); fmt.Sprint(got) != fmt.Sprint(want) {
		p.b.t.Errorf("%s: %v, want %v", fmt.Sprintf(script, args...), got, want)
	}
}

// looks: in both schemes, wide and on a phone, with everything unfolded, nothing
// is next to the page, all text can be read, and the console is silent.
func looks(t *testing.T, b *browser, name, file string) {
	b.t = t
	p := b.open(file, view{width: 1280})
	for _, v := range []view{{width: 1280}, {width: 1280, dark: true}, {width: 360, dark: true}, {width: 360}} {
		p.look(v)
		p.shot(fmt.Sprintf("%s_%d_%v", name, v.width, v.dark))
	}
	p.eval("document.querySelectorAll('details').forEach(function (d) { d.open = true })")
	for _, v := range []view{{width: 360}, {width: 1280}} {
		p.look(v)
		p.is(v.width, "document.documentElement.scrollWidth")
		p.is("", `Array.from(document.querySelectorAll("body *")).filter(function (e) {
			return e.getBoundingClientRect().right > innerWidth && !e.closest(".scroll") && !e.closest("pre");
		}).map(function (e) { return e.outerHTML.slice(0, 200) }).join("\n")`)
		p.is("", dim)
	}
	p.look(view{width: 1280, dark: true})
	p.is("", dim)
	p.is("", badMarkup)
	if len(p.problems) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(p.problems, "\n"))
	}
	p.is(false, `document.title === "owned"`)
}

// dim lists the text with less contrast to what is behind it than 4.5 to 1.
const dim = `(function () {
	function numbers(c) { return c.match(/[\d.]+/g).map(Number); }
	function luminance(c) {
		return numbers(c).slice(0, 3).reduce(function (sum, v, i) {
			v /= 255;
			return sum + [.2126, .7152, .0722][i] * (v <= .03928 ? v / 12.92 : Math.pow((v + .055) / 1.055, 2.4));
		}, 0);
	}
	function behind(e) {
		var box = e.closest("svg g");
		if (box) return getComputedStyle(box.querySelector("rect")).fill;
		for (; e; e = e.parentElement) {
			var c = getComputedStyle(e).backgroundColor;
			if (numbers(c).length === 3 || numbers(c)[3] === 1) return c;
		}
		return "rgb(255, 255, 255)";
	}
	return Array.from(document.querySelectorAll("body *")).filter(function (e) {
		if (/^(SCRIPT|OPTION|title|desc)$/.test(e.tagName)) return false;
		if (!Array.from(e.childNodes).some(function (n) { return n.nodeType === 3 && n.data.trim(); })) return false;
		var style = getComputedStyle(e);
		var l = luminance(e.closest("svg") ? style.fill : style.color), m = luminance(behind(e));
		return (Math.max(l, m) + .05) / (Math.min(l, m) + .05) < 4.5;
	}).map(function (e) { return e.outerHTML.slice(0, 200) }).join("\n");
})()`

// badMarkup lists what a reader without eyes would miss.
const badMarkup = `(function () {
	var bad = [], ids = {}, level = 0;
	document.querySelectorAll("[id]").forEach(function (e) { if (ids[e.id]) bad.push("twice: " + e.id); ids[e.id] = true; });
	document.querySelectorAll("[aria-labelledby], [aria-controls], a[href^='#']").forEach(function (e) {
		((e.getAttribute("aria-labelledby") || "") + " " + (e.getAttribute("aria-controls") || "") + " " + (e.getAttribute("href") || "").replace("#", "")).split(" ").filter(Boolean).forEach(function (id) {
			if (!id.startsWith("https:") && !ids[id]) bad.push("no " + id);
		});
	});
	document.querySelectorAll("h1, h2, h3").forEach(function (h) {
		var l = Number(h.tagName[1]);
		if (l > level + 1) bad.push("a level is left out: " + h.textContent);
		level = l;
	});
	if (document.querySelectorAll("h1").length !== 1) bad.push("not one h1");
	document.querySelectorAll("svg").forEach(function (s) {
		if (!s.querySelector("title").textContent || !s.querySelector("desc").textContent.includes(" ")) bad.push("a graph without words");
	});
	document.querySelectorAll("input, select").forEach(function (e) { if (!e.labels.length) bad.push("no label: " + e.id); });
	document.querySelectorAll("th").forEach(function (e) { if (!e.scope) bad.push("no scope: " + e.textContent); });
	document.querySelectorAll("[tabindex='0']").forEach(function (e) {
		if (!e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby")) bad.push("stops at something nameless: " + e.className);
	});
	return bad.join("\n");
})()`

// cells is the text of a column, as it is shown, from the top.
const cells = `Array.from(document.querySelectorAll("#table .row")).filter(function (r) { return r.offsetHeight > 0 }).map(function (r) { return r.cells[%d].textContent })`

// grouped is cells for each group, and headsOf the names of the groups.
const (
	grouped = `Array.from(document.querySelectorAll("#table tbody")).map(function (b) { return Array.from(b.querySelectorAll(".row")).map(function (r) { return r.cells[%d].textContent }) })`
	headsOf = `Array.from(document.querySelectorAll("#table tbody")).map(function (b) { return b.rows[0].textContent })`
)

// sorting, by keyboard alone: the groups stay, and each is sorted.
func sorting(t *testing.T, p *tab) {
	p.key("Tab")
	p.is("skip", "document.activeElement.className")
	p.is(true, "document.activeElement.getBoundingClientRect().left >= 0")
	p.key("Enter")
	for range 30 {
		p.key("Tab")
		if p.eval("document.activeElement.closest('thead') !== null").(bool) {
			break
		}
	}
	p.is("module", "document.activeElement.textContent")
	p.is("3px", "getComputedStyle(document.activeElement).outlineWidth")
	groups := p.eval("JSON.stringify(" + headsOf + ")")
	before := p.eval("JSON.stringify("+grouped+")", 0)
	p.key("Enter")
	p.is("ascending", "document.activeElement.closest('th').getAttribute('aria-sort')")
	p.key("Enter")
	p.is("descending", "document.activeElement.closest('th').getAttribute('aria-sort')")
	p.is(before, "JSON.stringify("+grouped+".map(function (g) { return g.reverse() }))", 0)
	p.key("Tab")
	p.key("Space")
	p.is("version", "document.activeElement.textContent")
	p.is(1, "document.querySelectorAll('[aria-sort]').length")
	p.is(true, grouped+".every(function (g) { return g.join() === g.slice().sort(new Intl.Collator('en', {numeric: true}).compare).join() })", 1)
	p.is(before, "JSON.stringify("+grouped+".map(function (g) { return g.sort(new Intl.Collator('en', {numeric: true}).compare) }))", 0)
	p.is(groups, "JSON.stringify("+headsOf+")")
}

// filtering by text and by group.
func filtering(t *testing.T, p *tab) {
	all := p.eval(cells+".length", 0)
	p.eval("document.getElementById('text').focus()")
	p.write("AWS config")
	p.is("github.com/aws/aws-sdk-go-v2/config, github.com/aws/aws-sdk-go-v2/internal/configsources", cells+".join(', ')", 0)
	p.is(fmt.Sprintf("2 of %v", all), "document.getElementById('shown').textContent")
	p.eval("document.getElementById('text').select()")
	p.write("nothing has this name")
	p.is(0, cells+".length", 0)
	p.eval("(function (t) { t.value = ''; t.dispatchEvent(new Event('input')); document.getElementById('group').focus() })(document.getElementById('text'))")
	p.eval("(function (s) { s.value = 'yours'; s.dispatchEvent(new Event('change')) })(document.getElementById('group'))")
	p.is(true, "Array.from(document.querySelectorAll('#table tbody')).every(function (b) { return b.hidden === (b.dataset.group !== 'yours') })")
	p.is(p.eval("document.querySelector('[value=yours]').textContent.match(/\\d+/)[0]"), cells+".length", 0)
	p.eval("(function (s) { s.value = ''; s.dispatchEvent(new Event('change')) })(document.getElementById('group'))")
	p.is(all, cells+".length", 0)
}

// links: a module leads to its graph, folded or not.
func links(t *testing.T, p *tab) {
	p.is(false, "Array.from(document.querySelectorAll('.conflict')).every(function (d) { return d.open })")
	const link = "Array.from(document.querySelectorAll('#table a')).find(function (a) { return a.textContent === 'google.golang.org/protobuf' })"
	p.is(false, "document.querySelector(%s.getAttribute('href')).closest('details').open", link)
	p.eval(link + ".focus()")
	p.key("Enter")
	p.is(true, "document.querySelector(location.hash).closest('details').open")
	p.is("google.golang.org/protobuf", "document.querySelector(location.hash).closest('details').querySelector('h3').textContent")
	p.is(true, "(function (r) { return r.top >= 0 && r.top < innerHeight })(document.querySelector(location.hash).getBoundingClientRect())")
	p.eval("document.querySelector('.diff summary').focus()")
	p.key("Enter")
	p.is(true, "document.querySelector('.diff').open")
	p.is("go.mod", "document.querySelector('.diff code').textContent")
	p.is(true, "getComputedStyle(document.querySelector('.diff .add')).color !== getComputedStyle(document.querySelector('.diff .del')).color")
}

// policy: what got into the page in spite of everything could load and run
// nothing.
func policy(t *testing.T, p *tab) {
	p.eval(`addEventListener("securitypolicyviolation", function (e) { (window.blocked = window.blocked || []).push(e.effectiveDirective) })`)
	p.eval(`document.body.insertAdjacentHTML("beforeend", "<img src='http://127.0.0.1:9/x.png' onerror='window.owned = 1'><b style='color:red'>x</b>")`)
	p.eval(`(function (s) { s.textContent = "window.owned = 1"; document.body.append(s) })(document.createElement("script"))`)
	p.is("undefined", "typeof window.owned")
	var r struct{ Result struct{ Value string } }
	p.call("Runtime.evaluate", object{"awaitPromise": true, "returnByValue": true, "expression": `new Promise(function (done) {
		(function wait() { (window.blocked || []).length < 4 ? requestAnimationFrame(wait) : done(window.blocked.sort().join(" ")) })();
	})`}, &r)
	if want := "img-src script-src-attr script-src-elem style-src-attr"; r.Result.Value != want {
		t.Errorf("blocked: %s, want %s", r.Result.Value, want)
	}
}

// noScript: everything is there without a script but what needs one.
func noScript(t *testing.T, p *tab) {
	p.is(len(largeApply(t).Rows), cells+".length", 0)
	p.is(0, "document.querySelectorAll('button').length")
	p.is(0, "document.querySelector('.filter').offsetHeight")
	p.eval("document.querySelector('.diff summary').focus()")
	p.key("Enter")
	p.is(true, "document.querySelector('.diff pre').offsetHeight > 0")
}

// printing: what is folded is on paper, what cannot be used there is not, and
// nothing is cut off at the side.
func printing(t *testing.T, p *tab) {
	p.is(0, "document.querySelector('nav').offsetHeight")
	p.is(false, "document.querySelector('.diff').open")
	p.is(true, "document.querySelector('.diff pre').getBoundingClientRect().height > 0")
	p.is("", `Array.from(document.querySelectorAll("body *")).filter(function (e) {
		return e.getBoundingClientRect().right > innerWidth + 1;
	}).map(function (e) { return e.outerHTML.slice(0, 200) }).join("\n")`)
	p.shot("print")
}
