package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Style says how text looks.
type Style struct{ Color, Verbose bool }

func (s Style) paint(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

const (
	red   = "31"
	green = "32"
	cyan  = "36"
	bold  = "1"
)

// Text writes the report for people: the verdict, a table of the modules that
// move, the diff where nothing is written yet, and what to do next.
func (a *Apply) Text(w io.Writer, st Style) error {
	b := &strings.Builder{}
	if a.Summary != "" {
		fmt.Fprintf(b, "%s\n\n", st.paint(bold, clean(a.Summary)))
	}
	if a.ServerChanges != nil {
		a.ServerChanges.text(b, st)
	}
	fmt.Fprintln(b, st.paint(bold, a.verdict()))
	a.loopText(b, st)
	if !a.Aligned {
		a.table(b)
		if a.Diff != "" && (a.DryRun || st.Verbose) {
			b.WriteString("\n")
			b.WriteString(st.diff(a.Diff))
		}
		a.counts(b)
		for _, n := range a.Notes {
			fmt.Fprintf(b, "\n%s\n", clean(n))
		}
	}
	unknowns(b, slices.DeleteFunc(slices.Clone(a.Unknown), func(u string) bool {
		return slices.ContainsFunc(a.Warnings, func(w string) bool { return strings.HasSuffix(w, "not known: "+u) })
	}))
	if len(a.Unpinned) > 0 && (st.Verbose || !a.Aligned) {
		fmt.Fprintln(b, "\nwithout a blank import:")
		for _, u := range a.Unpinned {
			fmt.Fprintf(b, "  %s: %s\n", clean(u.Module), clean(u.Why))
		}
	}
	if a.NextSteps != "" && !a.DryRun {
		fmt.Fprintf(b, "\n%s\n", Printable(a.NextSteps))
	}
	if len(a.Guide) > 0 {
		fmt.Fprintf(b, "\n%s\n", Printable(strings.Join(a.Guide, "\n")))
	}
	if a.ServerChanges != nil && a.ServerChanges.Keep != "" {
		fmt.Fprintf(b, "\nto stay with this server: %s\n", Printable(a.ServerChanges.Keep))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (a *Apply) verdict() string {
	v := clean(a.Plugin.Module) + ": " + a.standing()
	if a.DryRun && !a.Aligned {
		v += "; this would change:"
	}
	return v
}

// standing is whether the plugin is pinned, and to what.
func (a *Apply) standing() string {
	server := fmt.Sprintf("%s (%s)", clean(a.Server.Main), clean(a.Server.Go))
	shared := count(a.Plugin.SharedModules, "shared module")
	switch {
	case a.Aligned:
		return fmt.Sprintf("already pinned to %s, %s", server, shared) + asKnown(a.Unknown)
	case a.DryRun:
		return fmt.Sprintf("not pinned to %s, %s", server, shared)
	}
	return fmt.Sprintf("pinned to %s, %s", server, shared) + asKnown(a.Unknown)
}

// asKnown limits a verdict where something is not known.
func asKnown(unknown []string) string {
	if len(unknown) == 0 {
		return ""
	}
	return ", as far as is known"
}

// unknowns lists what is not known.
func unknowns(b *strings.Builder, unknown []string) {
	for _, u := range unknown {
		fmt.Fprintf(b, "not known: %s\n", clean(u))
	}
}

func (a *Apply) table(b *strings.Builder) {
	if len(a.Rows) == 0 {
		return
	}
	b.WriteString("\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "MODULE\tPLUGIN HAS\tSERVER HAS\tACTION\tWHY")
	for _, r := range a.Rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", clean(r.Module), dash(r.Plugin), dash(r.Server), r.Action, clean(r.Why))
	}
	t.Flush()
}

// dash is [clean], and a dash for nothing.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return clean(s)
}

// count is a number with what is counted, "1 module" or "2 modules".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// counts writes what the diff leaves out: go.sum as counts and vendor/ as a
// table.
func (a *Apply) counts(b *strings.Builder) {
	for _, c := range a.Changes {
		switch c.Kind {
		case "sum":
			_, lines, _ := strings.Cut(c.Reason, ": ")
			fmt.Fprintf(b, "\n%s: %s\n", clean(c.Path), clean(lines))
		case "server":
			fmt.Fprintf(b, "\n%s: %s\n", clean(c.Path), clean(c.Reason))
		}
	}
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	first := true
	for _, c := range a.Changes {
		if c.Kind != "vendor" {
			continue
		}
		if first {
			fmt.Fprintln(t, "\nVENDOR/\tFROM\tTO\tFILES")
			first = false
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", clean(c.Path), dash(c.Old), dash(c.New), clean(strings.TrimPrefix(c.Reason, "files: ")))
	}
	t.Flush()
}

// diff makes a unified diff printable, and colours it. The carriage returns of
// line ends stay.
func (s Style) diff(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimRight(line, "\r\n")
		end := line[len(body):]
		body = Printable(body)
		switch {
		case strings.HasPrefix(line, "diff "), strings.HasPrefix(line, "+++ "), strings.HasPrefix(line, "--- "):
			body = s.paint(bold, body)
		case strings.HasPrefix(line, "@@"):
			body = s.paint(cyan, body)
		case strings.HasPrefix(line, "+"):
			body = s.paint(green, body)
		case strings.HasPrefix(line, "-"):
			body = s.paint(red, body)
		}
		b.WriteString(body + end)
	}
	return b.String()
}

// ServerResult is the result of pinfix server.
type ServerResult struct {
	SchemaVersion int      `json:"schema_version"`
	Command       string   `json:"command"`
	Server        Server   `json:"server"`
	Warnings      []string `json:"warnings"`

	Reference Reference `json:"reference"`
	Unknown   []string  `json:"unknown"` // what the reference cannot know
	Assumed   []string  `json:"assumed"` // what is taken for granted instead
}

// Text writes what pinfix knows of a server.
func (r *ServerResult) Text(w io.Writer, st Style) error {
	b := &strings.Builder{}
	s := r.Server
	fmt.Fprintln(b, st.paint(bold, fmt.Sprintf("%s (%s)", clean(s.Main), clean(s.Go))))
	if s.Source != nil {
		fmt.Fprintf(b, "from %s\n", clean(s.Source.text()))
	}
	for _, k := range slices.Sorted(maps.Keys(s.Settings)) {
		fmt.Fprintf(b, "  %s=%s\n", clean(k), clean(s.Settings[k]))
	}
	switch {
	case s.ModCache != "":
		fmt.Fprintf(b, "  built without -trimpath, with its module cache at %s\n", clean(s.ModCache))
	case s.Vendored != "":
		fmt.Fprintf(b, "  built without -trimpath, in %s with vendor/\n", clean(s.Vendored))
	}
	packages := "no package fingerprints"
	if s.Packages > 0 {
		packages = count(s.Packages, "package") + " with fingerprints"
	}
	fmt.Fprintf(b, "%s, %s\n", count(s.Modules, "module"), packages)
	for _, u := range r.Unknown {
		fmt.Fprintf(b, "not known: %s\n", clean(u))
	}
	for _, a := range r.Assumed {
		fmt.Fprintf(b, "assumed: %s\n", clean(a))
	}
	fmt.Fprintf(b, "named by %s\n", r.Reference.text())
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	if len(s.Pins) > 0 {
		fmt.Fprintln(t, "\nMODULE\tVERSION\tREPLACED BY")
	}
	for _, p := range s.Pins {
		by := ""
		if p.Replace != nil {
			by = strings.TrimSpace(p.Replace.Path + " " + p.Replace.Version)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", clean(p.Path), clean(p.Version), clean(by))
	}
	t.Flush()
	_, err := io.WriteString(w, trimRight(b.String()))
	return err
}

// trimRight removes the blanks that a table leaves at line ends.
func trimRight(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}
