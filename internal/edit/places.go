package edit

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/pinfix/pinfix/internal/change"
	"github.com/pinfix/pinfix/internal/report"
)

// afterRun makes the places in r, "main.go:17" of a file that the run writes, those that the
// user finds afterwards: the code was checked before blank imports moved its lines.
func (c *Changes) afterRun(r *report.Apply) {
	if r.DryRun {
		return
	}
	for _, f := range c.Tree.Files {
		if f.Old == nil || f.New == nil || path.Ext(f.Path) != ".go" {
			continue
		}
		re := regexp.MustCompile(`(^|[^\w./-])` + regexp.QuoteMeta(f.Path) + `:[0-9]+`)
		moved := func(text *string) {
			*text = re.ReplaceAllStringFunc(*text, func(at string) string {
				i := strings.LastIndexByte(at, ':') + 1
				line, _ := strconv.Atoi(at[i:])
				if now := change.Line(f.Old, f.New, line); now > 0 {
					return at[:i] + strconv.Itoa(now)
				}
				return at
			})
		}
		for i := range r.Warnings {
			moved(&r.Warnings[i])
		}
		for i := range r.Rows {
			moved(&r.Rows[i].Why)
		}
		for i := range r.Changes {
			moved(&r.Changes[i].Reason)
		}
		for _, list := range [][]report.Cap{r.Caps, r.Raises} {
			for i := range list {
				moved(&list[i].Error)
			}
		}
	}
}
