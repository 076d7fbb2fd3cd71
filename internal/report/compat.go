package report

import (
	"fmt"
	"io"
	"strings"
)

// What a server of several says to the plugin.
const (
	ServerFits    = "fits"    // as it is; of a build: the server would load it
	ServerPins    = "pins"    // once pinfix apply has pinned it
	ServerRefuses = "refuses" // as the code is, whatever its modules are
	ServerUnknown = "unknown" // it could not be determined
)

// A Move is a module that a plan has at another version than the plugin.
type Move struct {
	Module string `json:"module"`
	Old    string `json:"old"`
	New    string `json:"new"`
	Server bool   `json:"server"` // the server has it so
	Why    string `json:"why,omitempty"`
}

func (m Move) text() string {
	old := m.Old
	if old == "" {
		old = "none"
	}
	return fmt.Sprintf("%s %s → %s", clean(m.Module), clean(old), clean(m.New))
}

// Compat is the result of pinfix compat.
type Compat struct {
	SchemaVersion int             `json:"schema_version"`
	Command       string          `json:"command"`
	Plugin        Module          `json:"plugin"`
	Servers       []*CompatServer `json:"servers"`

	Differ  int `json:"-"` // servers that do not take the plugin
	Unknown int `json:"-"` // servers of which it could not be determined
}

// CompatServer says whether one server can load the plugin, and what has to change for it.
// It has many fields, because the JSON has most of them.
type CompatServer struct {
	Name    string   `json:"name"`
	Ref     string   `json:"ref"`
	Server  Server   `json:"server"`
	Result  string   `json:"result"` // fits, pins, refuses, unknown
	Summary string   `json:"summary,omitempty"`
	Moved   []Move   `json:"moved"`   // linked modules that change their version
	Lowered []Move   `json:"lowered"` // the plugin's own that get an older version
	Raised  []Move   `json:"raised"`  // the plugin's own that get a newer version
	Edit    []string `json:"edit"`    // places in the plugin's code that do not compile
	Error   string   `json:"error,omitempty"`
	Reason  string   `json:"reason,omitempty"` // the first of Error, with its place
	Next    string   `json:"next,omitempty"`
	Unknown []string `json:"unknown,omitempty"` // what only a build tells

	Unparsed bool `json:"-"` // Error is that a file of the plugin does not parse
	Broken   bool `json:"-"` // the plugin's code does not compile, with or without pinfix

	Warnings []string `json:"warnings"`
	Plan     *Apply   `json:"plan,omitempty"` // what pinfix apply would do
}

// NewCompat returns a report without servers.
func NewCompat(dir, module string) *Compat {
	return &Compat{SchemaVersion: 1, Command: "compat", Plugin: Module{Dir: dir, Module: module}, Servers: []*CompatServer{}}
}

// Verdict is the result of a server in a few words.
func (s *CompatServer) Verdict() string {
	switch s.Result {
	case ServerFits:
		return "fits as it is" + asKnown(s.Unknown)
	case ServerPins:
		text := "fits"
		if n := s.pins(); n > 0 || !s.Broken {
			text += " with " + count(n, "pin")
		}
		if n := len(s.Lowered); n > 0 {
			text += ", " + count(n, "module") + " lowered"
		}
		if n := len(s.Raised); n > 0 {
			text += ", " + count(n, "module") + " raised"
		}
		if s.Broken {
			text += ", once your code compiles"
		}
		return text + asKnown(s.Unknown)
	}
	if s.Unparsed {
		return "your code does not parse: " + s.reason()
	}
	return s.noReason() + ": " + s.reason()
}

// noReason is the verdict of a server that does not fit, without the reason, for a form
// that has it next to the verdict.
func (s *CompatServer) noReason() string {
	if s.Result == ServerRefuses {
		return "does not fit"
	}
	return "could not be determined"
}

// Sign is the result as one sign.
func (s *CompatServer) Sign() string {
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

// pins is how many modules have to be pinned to the server's versions.
func (s *CompatServer) pins() int {
	n := 0
	for _, m := range s.Moved {
		if m.Server {
			n++
		}
	}
	return n
}

// reason says in one line why the server cannot load the plugin: place and cause.
func (s *CompatServer) reason() string { return clean(s.Reason) }

// Platform is what the server runs on, "linux/arm64"; "" where that is not known.
func (s Server) Platform() string {
	if s.Settings["GOOS"] == "" || s.Settings["GOARCH"] == "" {
		return ""
	}
	return s.Settings["GOOS"] + "/" + s.Settings["GOARCH"]
}

// Taken is the last line: how many of the servers can load the plugin.
func (r *Compat) Taken() string {
	pins, compiles := 0, ""
	for _, s := range r.Servers {
		if s.Result == ServerPins {
			pins++
		}
		if s.Broken {
			compiles = " and once your code compiles"
		}
	}
	n := len(r.Servers)
	if n == 1 {
		switch r.Servers[0].Result {
		case ServerFits:
			return "the server can load it"
		case ServerPins:
			return "the server can load it after pinfix apply" + compiles
		case ServerRefuses:
			return "the server cannot load it"
		}
		return "it could not be determined whether the server can load it"
	}
	text := Of(n-r.Differ-r.Unknown, n, "server") + " can load it"
	if pins > 0 {
		text += fmt.Sprintf(", %d of them after pinfix apply%s", pins, compiles)
	}
	if r.Unknown > 0 {
		text += fmt.Sprintf("; %d could not be determined", r.Unknown)
	}
	return text
}

// Text writes one row a server, and then what each would ask of the plugin: in a sentence,
// or with Verbose in full.
func (r *Compat) Text(w io.Writer, st Style) error {
	b := &strings.Builder{}
	if len(r.Servers) == 1 {
		if s := r.Servers[0]; s.Summary != "" {
			fmt.Fprintf(b, "%s\n\n", st.paint(bold, clean(s.Summary)))
		}
	}
	t := &table{heads: []string{"SERVER", "GO", "PLATFORM", "RESULT"}, prose: true}
	for _, s := range r.Servers {
		result := s.Verdict()
		if s.Error != "" && !s.Unparsed && len(r.Servers) == 1 { // it follows
			result = s.noReason()
		}
		t.row(clean(s.Name), Dash(s.Server.Go), Dash(s.Server.Platform()), result)
	}
	newSheet(b, st, nil).table(t)
	if len(r.Servers) > 1 && !st.Verbose {
		before := "\n"
		for _, s := range r.Servers {
			if s.Summary != "" && s.Result != ServerFits {
				fmt.Fprintf(b, "%s%s\n", before, clean(s.Summary))
				before = ""
			}
		}
	}
	if st.Verbose || len(r.Servers) == 1 {
		for _, s := range r.Servers {
			s.detail(b, st, len(r.Servers) > 1)
		}
	}
	fmt.Fprintf(b, "\n%s: %s\n", clean(r.Plugin.Module), r.Taken())
	_, err := io.WriteString(w, b.String())
	return err
}

// detail says what has to change for one server.
func (s *CompatServer) detail(b *strings.Builder, st Style, heading bool) {
	if heading {
		fmt.Fprintf(b, "\n%s\n", st.paint(bold, clean(s.Name+" ("+s.Ref+")")))
		if s.Summary != "" {
			fmt.Fprintf(b, "%s\n", clean(s.Summary))
		}
	}
	if s.Error != "" {
		if !s.Unparsed || s.Error != s.Reason { // the row has it
			if !heading {
				b.WriteString("\n")
			}
			fmt.Fprintf(b, "%s\n", Printable(s.Error))
		}
		if s.Next != "" {
			fmt.Fprintf(b, "fix: %s\n", clean(s.Next))
		}
		return
	}
	if s.Plan != nil && s.Result == ServerPins {
		newSheet(b, st, s.Plan.Changes).rows(s.Plan)
	}
	unknowns(b, s.Unknown)
}

// Markdown writes the same for a comment: a table, and what each server asks for folded
// away.
func (r *Compat) Markdown(w io.Writer) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "**%s**: %s\n\n", cell(r.Plugin.Module), cell(r.Taken()))
	b.WriteString("| server | Go | platform | result |\n|---|---|---|---|\n")
	for _, s := range r.Servers {
		fmt.Fprintf(b, "| %s | %s | %s | %s %s |\n", cell(s.Name), cell(Dash(s.Server.Go)), cell(Dash(s.Server.Platform())), s.Sign(), cell(cutText(s.Verdict(), 300)))
	}
	b.WriteString("\n")
	for _, s := range r.Servers {
		if s.Result == ServerFits {
			continue
		}
		fmt.Fprintf(b, "<details><summary>%s</summary>\n\n", cell(s.Name))
		if s.Summary != "" {
			fmt.Fprintf(b, "%s\n\n", cell(s.Summary))
		}
		if s.Error != "" {
			fmt.Fprintf(b, "%s\n\n", cell(cutText(oneLine(s.Error), 2000)))
		}
		if s.Next != "" {
			fmt.Fprintf(b, "fix: %s\n\n", cell(s.Next))
		}
		if s.Plan != nil {
			s.Plan.rowTables(b)
		}
		b.WriteString("</details>\n\n")
	}
	_, err := io.WriteString(w, fit(b.String()))
	return err
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
