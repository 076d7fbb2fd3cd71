package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Style says how text looks.
type Style struct {
	Color, Verbose bool

	Width int  // in columns; 0: DefaultWidth
	Fold  bool // a terminal of that width shows it: no line is longer, whatever it is
}

func (s Style) paint(code, text string) string {
	if !s.Color || text == "" || code == "" {
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

// Text writes the report for people: the verdict with counts, the modules that change by
// who decides, the diff where nothing is written yet, and the next command.
func (a *Apply) Text(w io.Writer, st Style) error {
	b := &strings.Builder{}
	p := newSheet(b, st, a.Changes)
	first := a.Headline()
	if a.Aligned {
		first = a.verdict()
	}
	p.line(st.paint(bold, first))
	if a.ServerChanges != nil {
		p.servers(a.ServerChanges)
		if !a.Aligned {
			p.gap()
		}
	}
	switch {
	case a.Aligned:
	case a.DryRun:
		p.line(fmt.Sprintf("%s: %s", clean(a.Plugin.Module), a.missing(fmt.Sprintf("%s (%s)", clean(a.Server.Main), clean(a.Server.Go)))))
	default:
		p.line(a.verdict())
	}
	a.loopText(p)
	if !a.Aligned {
		p.rows(a)
		a.rest(p)
	}
	for _, u := range a.Unknown {
		if !slices.Contains(a.Warned, u) {
			p.line("not known: " + clean(u))
		}
	}
	if len(a.Unpinned) > 0 && (st.Verbose || !a.Aligned) {
		p.gap()
		p.line("without a blank import:")
		for _, u := range a.Unpinned {
			p.item("  ", clean(u.Module)+": "+clean(u.Why))
		}
	}
	if a.NextSteps != "" && !a.DryRun {
		p.gap()
		p.line(Printable(a.NextSteps))
	}
	if len(a.Guide) > 0 {
		p.gap()
		p.line(Printable(strings.Join(a.Guide, "\n")))
	}
	if a.ServerChanges != nil && a.ServerChanges.Keep != "" {
		p.gap()
		p.line("to stay with this server: " + Printable(a.ServerChanges.Keep))
	}
	if a.DryRun && !a.Aligned && a.Write != "" {
		p.gap()
		p.line("Apply it: " + Printable(a.Write))
	}
	_, err := io.WriteString(w, strings.TrimRight(b.String(), "\n")+"\n")
	return err
}

// rest is what changes in no row: the diff, and counts of what it leaves out.
func (a *Apply) rest(p *sheet) {
	p.gap()
	if a.Diff != "" && (a.DryRun || p.st.Verbose) {
		diff := a.Diff
		if !p.st.Verbose {
			diff = compact(diff)
		}
		p.b.WriteString(p.st.diff(diff))
	}
	a.counts(p)
	for _, n := range a.Notes {
		p.line(clean(n))
	}
}

// Headline is the verdict with counts.
func (a *Apply) Headline() string {
	n, lines := a.modules()
	verb := Verb(n+len(lines), "change")
	if !a.DryRun {
		verb = "changed"
	}
	var list []string
	if n > 0 {
		list = append(list, count(n, "module"))
	}
	for _, line := range lines {
		list = append(list, "the "+line)
	}
	what := listed(list)
	switch {
	case len(lines) > 0:
	case n > 0 && a.added() == n:
		verb = Verb(n, "are") + " new"
	case n > 0 && a.gone() == n:
		verb = map[bool]string{true: Verb(n, "go"), false: Verb(n, "are") + " gone"}[a.DryRun]
	case n == 0:
		what, verb = "no module", map[bool]string{true: "changes its version", false: "changed its version"}[a.DryRun]
	}
	s := what + " " + verb
	if own := a.own(); own > 0 {
		s += fmt.Sprintf(", %d of your own", own)
	}
	return s + "; " + a.code()
}

// What a plan means for code of which nothing that is linked has another version: no module
// comes or goes, or some do.
const (
	LinksBefore  = "your code links what it linked before"
	LinksNoOther = "no version that your code links changes"
)

// code is what the plan means for the plugin's code.
func (a *Apply) code() string {
	switch a.Compiles {
	case CompilesNever:
		return "your code does not compile, with or without pinfix"
	case CompilesAsIs:
		if a.added()+a.gone() > 0 {
			return LinksNoOther
		}
		return LinksBefore
	case CompilesChecked:
		return fmt.Sprintf("your code compiles (%s checked)", count(a.Checked, "package"))
	}
	return "whether your code compiles was not checked"
}

func (a *Apply) verdict() string {
	return clean(a.Plugin.Module) + ": " + a.Standing()
}

// Standing is whether the plugin is pinned, and to what.
func (a *Apply) Standing() string {
	server := fmt.Sprintf("%s (%s)", clean(a.Server.Main), clean(a.Server.Go))
	shared := count(a.Plugin.SharedModules, "shared module")
	switch {
	case a.Aligned:
		return fmt.Sprintf("already pinned to %s, %s", server, shared) + asKnown(a.Unknown)
	case a.DryRun:
		return a.missing(server + ", " + shared)
	}
	return fmt.Sprintf("pinned to %s, %s", server, shared) + asKnown(a.Unknown)
}

// missing is the verdict of a dry run that changes something. Where that is no pin, it names
// the files.
func (a *Apply) missing(server string) string {
	lacks := a.lacks()
	if lacks == "" {
		return "not pinned to " + server
	}
	return "pinned to " + server + ", but " + lacks
}

// lacks is what is wrong where all pins are right: "server.buildinfo is missing". It is ""
// if a pin is wrong.
func (a *Apply) lacks() string {
	var out []string
	for _, c := range a.Changes {
		file, wrong := c.seen(), "is not up to date"
		switch c.Kind {
		case "sum":
		case "vendor":
			file = "vendor/"
		case "server":
			if c.Lines == nil {
				wrong = "names another server"
			}
		default:
			return ""
		}
		if c.Action == "add" && c.Kind != "vendor" || file == "vendor/" && a.NewVendor != "" {
			wrong = "is missing"
		}
		if s := file + " " + wrong; !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, ", and ")
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

// Dash is [clean], and a dash for nothing.
func Dash(s string) string {
	if s == "" {
		return "-"
	}
	return clean(s)
}

// Count is a number with what is counted: "1 module", "2 modules".
func Count(n int, what string) string {
	return fmt.Sprintf("%d %s", n, Plural(n, what))
}

// listed is a list in words: "a", "a and b", "a, b and c".
func listed(list []string) string {
	if last := len(list) - 1; last > 0 {
		return strings.Join(list[:last], ", ") + " and " + list[last]
	}
	return strings.Join(list, "")
}

// Plural is what is counted, without its number.
func Plural(n int, what string) string {
	if n == 1 {
		return what
	}
	return what + "s"
}

func count(n int, what string) string { return Count(n, what) }

// Of is a part of what is counted: "1 of 2 modules".
func Of(n, all int, what string) string { return fmt.Sprintf("%d of %s", n, count(all, what)) }

// Verb is the verb of so many: "differ" of one is "differs".
func Verb(n int, verb string) string {
	switch {
	case n != 1:
		return verb
	case verb == "have":
		return "has"
	case verb == "are":
		return "is"
	case verb == "were":
		return "was"
	case strings.HasSuffix(verb, "o"):
		return verb + "es"
	}
	return verb + "s"
}

// counts says how much changes in what the diff leaves out: the sums, vendor/, a
// snapshot.
func (a *Apply) counts(p *sheet) {
	for _, c := range a.Changes {
		if c.Lines != nil || c.Kind == "server" {
			p.line(c.counted())
		}
	}
	modules, files := a.vendored()
	if modules == 0 {
		return
	}
	if a.NewVendor != "" {
		p.line(clean(a.NewVendor))
	} else {
		p.line(fmt.Sprintf("vendor/: %s; %s", count(modules, "module"), files.Text()))
	}
	if !p.st.Verbose {
		return
	}
	for _, c := range a.Changes {
		if c.Files != nil {
			p.item("  ", fmt.Sprintf("%s: %s", clean(c.Path), c.Files.Text()))
		}
	}
}

// vendored is how many modules in vendor/ change, and how many files.
func (a *Apply) vendored() (modules int, files FileCounts) {
	for _, c := range a.Changes {
		if c.Files == nil {
			continue
		}
		if c.Path != "modules.txt" {
			modules++
		}
		files.Added += c.Files.Added
		files.Changed += c.Files.Changed
		files.Removed += c.Files.Removed
	}
	return modules, files
}

// Counted is how many lines of a file change, and of what it is made.
func (c *Change) Counted() string {
	s := fmt.Sprintf("%s added, %d removed", count(c.Lines.Added, "line"), c.Lines.Removed)
	if c.Kind == "server" {
		s += " (" + clean(c.Reason) + ")"
	}
	return s
}

// seen is the file of a change as people find it.
func (c *Change) seen() string { return clean(cmp.Or(c.Seen, c.File)) }

// counted is what changes in a file, with its name and, for a single line, its place.
func (c *Change) counted() string {
	if c.Lines != nil {
		return c.seen() + ": " + c.Counted()
	}
	return fmt.Sprintf("%s:%d: server: %s -> %s", c.seen(), c.Line, clean(c.Old), clean(c.New))
}

// diff makes a unified diff printable, colours it, and breaks its lines for a terminal.
// The carriage returns of line ends stay.
func (s Style) diff(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimRight(line, "\r\n")
		end := line[len(body):]
		body = Printable(body)
		code := ""
		switch {
		case strings.HasPrefix(line, "diff "), strings.HasPrefix(line, "+++ "), strings.HasPrefix(line, "--- "):
			code = bold
		case strings.HasPrefix(line, "@@"):
			code = cyan
		case strings.HasPrefix(line, "+"):
			code = green
		case strings.HasPrefix(line, "-"):
			code = red
		}
		for piece := range strings.Lines(s.foldDiff(body) + end) {
			text := strings.TrimRight(piece, "\r\n")
			b.WriteString(s.paint(code, text) + piece[len(text):])
		}
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
		fmt.Fprintf(b, "from %s\n", clean(s.Source.Text()))
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
	t := &table{heads: []string{"MODULE", "VERSION", "REPLACED BY"}}
	for _, p := range s.Pins {
		by := ""
		if p.Replace != nil {
			by = strings.TrimSpace(p.Replace.Path + " " + p.Replace.Version)
		}
		t.row(clean(p.Path), clean(p.Version), clean(by))
	}
	if len(t.rows) > 0 {
		b.WriteString("\n")
		newSheet(b, st, nil).table(t)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
