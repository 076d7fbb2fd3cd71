package report

import (
	"fmt"
	"strings"
)

// Group says who decides about a row.
type Group string

// The groups, in the order in which people read them.
const (
	Yours   Group = "yours"   // a module that only the plugin has, or a line as its author wrote it: where it goes is the author's to accept
	Servers Group = "server"  // the server's build says it
	Follows Group = "follows" // what the others bring along, or need no longer
)

// Row is a module whose version changes, or the go or toolchain line. Every form of the
// plan shows this value.
type Row struct {
	Module   string   `json:"module"`
	From     string   `json:"from"` // what the plugin has; "" if go.mod does not have it
	To       string   `json:"to"`   // "" if go.mod has it no longer
	Group    Group    `json:"group"`
	Why      string   `json:"why"` // Reason in words
	Excludes []string `json:"excludes,omitempty"`
	Line     int      `json:"line,omitempty"` // of go.mod as it is; 0 for a row that is new there

	Reason Reason `json:"-"`
}

// Decision is what decided about a row.
type Decision int

// The causes.
const (
	CauseUnknown  Decision = iota
	CauseServer            // the server has the module so
	CauseReplaced          // the server replaces it so
	CauseOwnSum            // the server does not replace it
	CauseGo                // the go or toolchain line that the server's Go accepts
	CauseCap               // Chain says what it cannot be newer or older for
	CauseBack              // the version that the plugin's author has chosen
	CauseNeeded            // the last of Asked requires it, and Chain says why that has its version
	CauseUnasked           // as CauseNeeded, for what required the version that the plugin had
	CauseUnneeded          // nothing requires it any longer
)

// Reason is why a row has its version, as facts: a chain that ends at what decided.
type Reason struct {
	Cause Decision
	Asked []Bound // modules that ask for the row's, the nearest first
	Chain []Link  // why the last of Asked, or else the row's module, is not at another version
	Note  string  // what no chain can say, in words
}

// Link is one step to what decided: Module at Version cannot be used with Bound.
type Link struct {
	Module, Version string
	To              string // the version that it goes to
	Needs           string // the version of Bound that it requires
	Go, ServerGo    string // or the Go release that it needs, and what the server has
	Place, Fault    string // or where it does not compile
	Bound           Bound  // "" if nothing but Go or Words decided
	Words           string // what decided, if it is no bound
}

// AddRows puts the reasons of rows into words, and the rows into a.
func (a *Apply) AddRows(rows []Row) {
	for _, r := range rows {
		r.Why = r.words()
		a.Rows = append(a.Rows, r)
	}
}

// Grouped is the rows of one group, under the group's name for people.
type Grouped struct {
	Group Group
	Head  string
	Rows  []Row
}

// Groups returns the groups that have rows, in the order in which people read them.
func (a *Apply) Groups() []Grouped {
	var out []Grouped
	for _, g := range []Grouped{{Group: Yours, Head: "your own"}, {Group: Servers, Head: "set by the server"}, {Group: Follows, Head: "what follows"}} {
		if g.Rows = a.In(g.Group); len(g.Rows) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// In returns the rows of a group.
func (a *Apply) In(g Group) []Row {
	rows := []Row{}
	for _, r := range a.Rows {
		if r.Group == g {
			rows = append(rows, r)
		}
	}
	return rows
}

// modules is how many modules change, and whether the go or toolchain line does.
func (a *Apply) modules() (n int, lines []string) {
	for _, r := range a.Rows {
		if r.IsLine() {
			lines = append(lines, r.Module+" line")
			continue
		}
		n++
	}
	return n, lines
}

// own, added and gone are how many of the modules that change are the author's to accept, are
// new in go.mod, and are not in it any more.
func (a *Apply) own() int {
	return a.counted(func(r Row) bool { return r.Group == Yours })
}

func (a *Apply) added() int {
	return a.counted(func(r Row) bool { return r.From == "" && r.To != "" })
}

func (a *Apply) gone() int {
	return a.counted(func(r Row) bool { return r.From != "" && r.To == "" })
}

func (a *Apply) counted(is func(Row) bool) (n int) {
	for _, r := range a.Rows {
		if !r.IsLine() && is(r) {
			n++
		}
	}
	return n
}

// IsLine reports whether r is the go or toolchain line.
func (r Row) IsLine() bool { return r.Module == "go" || r.Module == "toolchain" }

// words are the reason as a sentence.
func (r Row) words() string {
	s := r.Reason
	switch s.Cause {
	case CauseServer:
		return "the server has " + r.To
	case CauseReplaced:
		return "the server replaces it so"
	case CauseOwnSum:
		return "the server does not replace it"
	case CauseBack:
		return "back to your own version"
	case CauseUnneeded:
		return "nothing needs it any longer"
	case CauseCap:
		return chain(r.Module, s.Chain)
	case CauseNeeded:
		return "needed by " + asked(s.Asked) + s.end()
	case CauseUnasked:
		return fmt.Sprintf("%s needed %s%s", asked(s.Asked), r.From, s.end())
	}
	return s.Note
}

func asked(by []Bound) string {
	var names []string
	for _, b := range by {
		names = append(names, b.Module+" "+b.Version)
	}
	return strings.Join(names, ", which is needed by ")
}

// end continues a sentence that has named the last of Asked: it says why that has its
// version.
func (s Reason) end() string {
	last := s.Asked[len(s.Asked)-1]
	switch {
	case len(s.Chain) > 0:
		return "; " + chain("", s.Chain)
	case last.Server:
		return ", which the server has"
	case s.Note != "":
		return "; " + s.Note
	}
	return ""
}

// chain says what each link requires, down to the one that decided. The module that the
// row has named already is called by its version only.
func chain(named string, links []Link) string {
	var parts []string
	for i, l := range links {
		name := l.Module + " " + l.Version
		if l.Module == named {
			name = l.Version
		}
		parts = append(parts, name+" "+l.words(i == 0))
	}
	return strings.Join(parts, "; ")
}

func (l Link) words(first bool) string {
	fault := ""
	if l.Fault != "" && first {
		fault = fmt.Sprintf(" (%s: %s)", l.Place, l.Fault)
	}
	with := l.Bound.Module + " " + l.Bound.Version
	if l.Bound.Server {
		with += ", which the server has"
	}
	switch {
	case l.Go != "":
		return fmt.Sprintf("needs Go %s; the server has Go %s", l.Go, l.ServerGo)
	case l.Words != "":
		return l.Words
	case l.Needs != "" && l.Bound.Server:
		return fmt.Sprintf("needs %s %s%s; the server has %s", l.Bound.Module, l.Needs, fault, l.Bound.Version)
	case l.Needs != "":
		return fmt.Sprintf("needs %s %s%s, which goes to %s", l.Bound.Module, l.Needs, fault, l.Bound.Version)
	case l.Bound.Module != "":
		return "does not compile with " + with + fault
	}
	return "does not compile" + fault
}

// short shortens the pseudo-versions in a version or in the version of a replacement:
// v0.0.0-20240102150405-abcdef123456 is v0.0.0-2024…-abcdef.
func short(version string) string {
	fields := strings.Fields(version)
	for i, f := range fields {
		if at := strings.LastIndexByte(f, '-'); at > 14 && len(f)-at == 13 && strings.Trim(f[at-14:at], "0123456789") == "" {
			fields[i] = f[:at-14] + f[at-14:at-10] + "…" + f[at:at+7]
		}
	}
	return strings.Join(fields, " ")
}

// cell is the one cell of both versions.
func (r Row) cell(arrow string, version func(string) string) string {
	from, to := "none", "none"
	if r.From != "" {
		from = version(r.From)
	}
	if r.To != "" {
		to = version(r.To)
	}
	return from + arrow + to
}
