package report

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// ServerChanges is what changes for a plugin with another server than the one
// that its module names.
type ServerChanges struct {
	From     string  `json:"from"` // where the module names its server
	To       string  `json:"to"`   // the reference of the other one
	Settings []Moved `json:"settings"`
	Pins     []Moved `json:"pins"`
	Keep     string  `json:"keep"` // what makes the module name the other one
}

// Moved is a setting or a module and what the two servers have of it; "" is
// nothing that the plugin shares.
type Moved struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

func (c *ServerChanges) text(b *strings.Builder, st Style) {
	head := fmt.Sprintf("another server than that of %s: %s; ", clean(c.From), clean(c.To))
	if len(c.Settings)+len(c.Pins) == 0 {
		fmt.Fprintf(b, "%s\n\n", st.paint(bold, head+"for this plugin nothing changes"))
		return
	}
	fmt.Fprintf(b, "%s\n\n", st.paint(bold, head+"for this plugin there change:"))
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SERVER'S\tHAD\tHAS NOW")
	for _, list := range [][]Moved{c.Settings, c.Pins} {
		for _, m := range list {
			fmt.Fprintf(t, "%s\t%s\t%s\n", clean(m.Name), dash(m.Old), dash(m.New))
		}
	}
	t.Flush()
	b.WriteString("\n")
}
