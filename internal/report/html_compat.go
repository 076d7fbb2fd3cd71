package report

import (
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/template"
)

//go:embed page/compat.html
var compatHTML string

// tabsCSS shows one server at a time, the one that the address names or the first, and all
// on paper.
const tabsCSS = `
.tabs { display: flex; flex-wrap: wrap; gap: .25rem; margin: 1rem 0 0; }
.tabs a { padding: .35rem .75rem; border: 1px solid var(--line); border-radius: 8px 8px 0 0; background: var(--card); text-decoration: none; }
@media screen {
	.server { display: none; }
	.server:target, main:not(:has(.server:target)) .tabs + .server { display: block; }
}
`

// compatPage is what the page of several servers shows.
type compatPage struct {
	*Compat
	CSS, StyleHash markup
	Taken          string
	Good           bool // no server refuses the plugin, and all could be told
	Tabs           []compatTab
}

// compatTab is one server.
type compatTab struct {
	*CompatServer
	ID, Go, Platform, Sign, Verdict string
	Rows                            []moduleRow
}

// compatTemplate is pageTemplate for several servers.
var compatTemplate = sync.OnceValues(func() (*template.Template, error) {
	t, err := template.New("compat").Funcs(template.FuncMap{"escape": escape, "path": breakable}).Parse(compatHTML)
	if err != nil {
		return nil, err
	}
	escapeAll(t.Tree.Root)
	return t, nil
})

// HTML writes one self-contained page with a tab for each server. It loads nothing and runs
// no script.
func (r *Compat) HTML(w io.Writer) error {
	t, err := compatTemplate()
	if err != nil {
		return err
	}
	v := &compatPage{Compat: r, Taken: r.taken(), Good: r.Differ+r.Unknown == 0}
	var css strings.Builder
	css.WriteString(pageCSS + tabsCSS)
	for i, s := range r.Servers {
		tab := compatTab{CompatServer: s, ID: fmt.Sprintf("server-%d", i+1), Go: dash(s.Server.Go), Platform: dash(s.Server.platform()), Sign: s.sign(), Verdict: s.verdict()}
		if s.Plan != nil {
			for _, row := range s.Plan.Rows {
				tab.Rows = append(tab.Rows, newModuleRow(row, ""))
			}
		}
		v.Tabs = append(v.Tabs, tab)
		fmt.Fprintf(&css, "main:has(#%[1]s:target) .tabs a[href=\"#%[1]s\"] { border-bottom-color: transparent; font-weight: bold; }\n", tab.ID)
	}
	v.CSS, v.StyleHash = markup(css.String()), markup(cspHash(css.String()))
	return t.Execute(w, v)
}

// sign is the result as one sign.
func (s *CompatServer) sign() string {
	switch s.Result {
	case ServerFits:
		return "✅"
	case ServerPins:
		return "📌"
	case ServerRefuses:
		return "❌"
	}
	return "❔"
}
