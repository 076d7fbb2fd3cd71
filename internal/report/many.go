package report

import (
	"fmt"
	"io"
	"strings"
)

// BuildMany is the result of a pinfix build for several servers, or with --pin.
type BuildMany struct {
	SchemaVersion int            `json:"schema_version"`
	Command       string         `json:"command"`
	Plugin        Module         `json:"plugin"`
	Servers       []*ServerBuild `json:"servers"`

	Differ  int `json:"-"` // servers that would not load the plugin
	Unknown int `json:"-"` // servers for which it could not be built or compared
}

// ServerBuild is what was built for one server.
type ServerBuild struct {
	Name    string      `json:"name"`
	Ref     string      `json:"ref"`
	Server  Server      `json:"server"`
	Result  string      `json:"result"` // fits, refuses, unknown
	Summary string      `json:"summary,omitempty"`
	Moved   []Move      `json:"moved"` // linked modules that the build has at another version than the tree
	Files   []BuiltFile `json:"files"`
	Plugins []Verified  `json:"plugins"` // one for each file
	Error   string      `json:"error,omitempty"`
	Next    string      `json:"next,omitempty"`

	Warnings []string `json:"warnings"`
}

// BuiltFile is the file of one plugin.
type BuiltFile struct {
	Package string `json:"package"`
	Output  string `json:"output"`
	Written bool   `json:"written"` // a plugin that would not load is not
}

// NewBuildMany returns a report without servers.
func NewBuildMany(dir, module string) *BuildMany {
	return &BuildMany{SchemaVersion: 1, Command: "build", Plugin: Module{Dir: dir, Module: module}, Servers: []*ServerBuild{}}
}

// Loads reports whether the server would load all plugins.
func (s *ServerBuild) Loads() bool { return (&Verify{Plugins: s.Plugins}).Loads() }

// Text writes the files of each server, and the versions in which its build differs from
// the tree.
func (r *BuildMany) Text(w io.Writer, st Style) error {
	b := &strings.Builder{}
	for i, s := range r.Servers {
		if i > 0 {
			b.WriteString("\n")
		}
		s.text(b, st)
	}
	if len(r.Servers) > 1 {
		n := len(r.Servers)
		fmt.Fprintf(b, "\nbuilt for %s\n", Of(n-r.Differ-r.Unknown, n, "server"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *ServerBuild) text(b *strings.Builder, st Style) {
	head := clean(s.Name)
	var of []string
	for _, t := range []string{s.Server.Go, s.Server.Platform()} {
		if t != "" {
			of = append(of, clean(t))
		}
	}
	if len(of) > 0 {
		head += " (" + strings.Join(of, ", ") + ")"
	}
	switch {
	case s.Error != "" && s.Result == ServerRefuses:
		fmt.Fprintf(b, "%s: does not fit, nothing was built\n", st.paint(bold, head))
	case s.Error != "":
		fmt.Fprintf(b, "%s: could not be built\n", st.paint(bold, head))
	default:
		fmt.Fprintf(b, "%s: %s\n", st.paint(bold, head), clean(s.Summary))
	}
	if s.Error != "" {
		fmt.Fprintf(b, "  %s\n", strings.ReplaceAll(Printable(s.Error), "\n", "\n  "))
		if s.Next != "" {
			fmt.Fprintf(b, "  fix: %s\n", clean(s.Next))
		}
		return
	}
	s.differs(b, st)
	for i, f := range s.Files {
		if f.Written {
			fmt.Fprintf(b, "  wrote %s: the server would load it, %s\n", clean(f.Output), count(s.Plugins[i].Shared, "shared package"))
			continue
		}
		fmt.Fprintf(b, "  not written, since the server would refuse it: %s\n", clean(f.Output))
	}
	if !s.Loads() {
		_ = (&Verify{Server: s.Server, Plugins: s.Plugins}).Text(b, st)
	}
}

// maxMoves is how many modules are named whose version in a build differs from the tree.
const maxMoves = 5

func (s *ServerBuild) differs(b *strings.Builder, st Style) {
	if len(s.Moved) == 0 {
		b.WriteString("  built from the modules of the tree\n")
		return
	}
	shown := s.Moved
	if len(shown) > maxMoves && !st.Verbose {
		shown = shown[:maxMoves]
	}
	var texts []string
	for _, m := range shown {
		texts = append(texts, m.text())
	}
	more := ""
	if n := len(s.Moved) - len(shown); n > 0 {
		more = fmt.Sprintf(", and %d more", n)
	}
	fmt.Fprintf(b, "  not as in the tree: %s%s\n", strings.Join(texts, ", "), more)
}
