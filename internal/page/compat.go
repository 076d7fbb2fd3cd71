package page

import (
	"fmt"
	"io"
	"strings"

	"github.com/pinfix/pinfix/internal/report"
)

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

// compatView is what the page of several servers shows.
type compatView struct {
	*report.Compat
	head
	Good bool // no server refuses the plugin, and all could be told
	Tabs []serverTab
}

// serverTab is one server.
type serverTab struct {
	*report.CompatServer
	ID, Go, Platform string
	Rows             []moduleRow
}

// Compat writes one page with a tab for each server, which runs no script. Its errors are
// those of w.
func Compat(w io.Writer, r *report.Compat) error {
	v := &compatView{Compat: r, Good: r.Differ+r.Unknown == 0}
	var css strings.Builder
	css.WriteString(pageCSS + tabsCSS)
	for i, s := range r.Servers {
		t := serverTab{CompatServer: s, ID: fmt.Sprintf("server-%d", i+1), Go: report.Dash(s.Server.Go), Platform: report.Dash(s.Server.Platform())}
		if s.Plan != nil {
			t.Rows = moduleRows(s.Plan.Rows, nil)
		}
		v.Tabs = append(v.Tabs, t)
		fmt.Fprintf(&css, "main:has(#%[1]s:target) .tabs a[href=\"#%[1]s\"] { border-bottom-color: transparent; font-weight: bold; }\n", t.ID)
	}
	v.head = head{Title: r.Taken(), Style: newStyle(css.String())}
	return write(w, "compat.html", v)
}
