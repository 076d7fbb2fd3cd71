package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// Explain is the result of pinfix explain.
type Explain struct {
	SchemaVersion int         `json:"schema_version"`
	Command       string      `json:"command"`
	Findings      []Explained `json:"findings"`
	Warnings      []string    `json:"warnings"`
}

// Explained is an error that was found in the text, and the one thing to do.
type Explained struct {
	Line    int    `json:"line"`  // where it starts, from 1
	Count   int    `json:"count"` // on how many lines it is
	Cause   string `json:"cause"`
	Package string `json:"package"`
	Text    string `json:"text"`
	Why     string `json:"why"`
	Fix     string `json:"fix"`
	Library string `json:"-"` // that is missing; the text of the error has it, too

	Module     string   `json:"module,omitempty"`
	Server     string   `json:"server,omitempty"` // what the server has of the module
	Plugin     string   `json:"plugin,omitempty"`
	DemandedBy []string `json:"demanded_by,omitempty"`
}

// Text writes the findings for people. Neighbours with the same answer, such as
// a compiler's errors, share it.
func (r *Explain) Text(w io.Writer, st Style) error {
	b := &strings.Builder{}
	if len(r.Findings) == 0 {
		b.WriteString("not recognised: this text has no error of building or loading a Go plugin\n")
	}
	for i, f := range r.Findings {
		f.head(b, st)
		if i+1 < len(r.Findings) && f.sameAnswer(r.Findings[i+1]) {
			continue
		}
		f.answer(b, st)
		if i+1 < len(r.Findings) {
			b.WriteString("\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (f *Explained) sameAnswer(g Explained) bool {
	return f.Cause == g.Cause && f.Why == g.Why && f.Fix == g.Fix
}

// differs are the causes that say what of a package is different, in words.
var differs = map[string]string{
	"version": "different version of",
	"replace": "different replacement of",
	"content": "different source of",
}

// causes are the others in words. The package follows, if one is known.
var causes = map[string]string{
	"tags":               "different build tags",
	"trimpath":           "different source paths",
	"flags":              "different build flags",
	"go-version":         "different Go release",
	"toolchain-or-flags": "different Go release or flags",
	"platform":           "different platform",
	"libc":               "different C library",
	"server-own":         "the server's own package",
	"already-loaded":     "already loaded",
	"no-plugin-support":  "the server cannot load plugins",
	"vendor":             "vendor/ does not fit go.mod",
	"build-context":      "missing from the build",
	"user-code":          "the plugin's own code",
	"unknown":            "not known what differs",
}

// words is the cause in words, with the package.
func (f *Explained) words() string {
	if of := differs[f.Cause]; of != "" {
		return of + " " + cmp.Or(f.Package, "a package")
	}
	if f.Library != "" {
		return "missing library: " + f.Library
	}
	text, known := causes[f.Cause]
	switch {
	case !known:
		text = f.Cause
	case f.Package != "":
		text += ":"
	}
	return strings.TrimSpace(text + " " + f.Package)
}

func (f *Explained) head(b *strings.Builder, st Style) {
	head := fmt.Sprintf("line %d: %s", f.Line, f.words())
	if f.Count > 1 {
		head += fmt.Sprintf(" (on %d lines)", f.Count)
	}
	fmt.Fprintln(b, st.paint(bold, Printable(head)))
	lines := strings.Split(f.Text, "\n")
	for i, line := range lines {
		if i == 6 && !st.Verbose {
			fmt.Fprintf(b, "    … and %s more\n", count(len(lines)-i, "line"))
			break
		}
		if line != "" {
			fmt.Fprintf(b, "    %s\n", Printable(line))
		}
	}
}

func (f *Explained) answer(b *strings.Builder, st Style) {
	fmt.Fprintf(b, "  why: %s\n", Printable(f.Why))
	if len(f.DemandedBy) > 0 && st.Verbose {
		for _, d := range f.DemandedBy {
			fmt.Fprintf(b, "       %s\n", Printable(d))
		}
	}
	fmt.Fprintf(b, "  do:  %s\n", st.paint(green, Printable(f.Fix)))
}
