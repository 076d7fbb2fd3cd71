package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pinfix/pinfix/internal/meter"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/vars"
)

// Flags of several commands.

// serverFlags name the server, and say how it is read.
func serverFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "server", Aliases: []string{"s"}, Usage: "`REF`: the server; forms: pinfix help server"},
		platformFlag(),
		pathFlag(),
		offlineFlag(),
	}
}

func platformFlag() cli.Flag {
	return &cli.StringFlag{Name: "platform", Usage: "use the image for `OS/ARCH` (default: linux, this CPU)"}
}

func pathFlag() cli.Flag {
	return &cli.StringFlag{Name: "path", Usage: "use the program `PATH` of the image, not its entrypoint"}
}

func offlineFlag() cli.Flag {
	return &cli.BoolFlag{Name: "offline", Usage: "use no network, only the caches"}
}

func dirFlag() cli.Flag {
	return &cli.StringFlag{Name: "C", Value: ".", Usage: "use the plugin in `DIR`"}
}

func formatFlag(forms ...string) cli.Flag {
	return choice("format", "`FORM`: how to show the result", forms...)
}

func quietFlag() cli.Flag {
	return &cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print no progress and no warnings"}
}

func packageFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "package", Usage: "`PKG|FILE`: a main package, or a Go file of one (repeatable)"}
}

func importsFlag() cli.Flag {
	return choice("imports", "`HOW`: blank imports for transitive modules", choices["imports"]...)
}

func importsFileFlag() cli.Flag {
	return &cli.StringFlag{Name: "imports-file", Usage: "`FILE`: the Go file for the blank imports"}
}

func vendorFlag() cli.Flag {
	return choice("vendor", "`WHEN`: whether to use vendor/", choices["vendor"]...)
}

func dryRunFlag() cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "write nothing; show what would change"}
}

func fullFlag() cli.Flag {
	return &cli.BoolFlag{Name: "full", Usage: "show the whole diff of go.sum and vendor/"}
}

// goCommands is what --verbose shows of commands that run go.
const goCommands = "also show the go commands"

// lookFlags say how a result is shown; verbose is what --verbose adds.
func lookFlags(verbose string) []cli.Flag {
	return []cli.Flag{
		choice("color", "`WHEN`: colours", "auto", "always", "never"),
		quietFlag(),
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: verbose},
	}
}

func (e *env) get(name string) string { return vars.Get(e.environ, name) }

// reference is which server c means, and how it is read.
func (e *env) reference(c *cli.Context, p *progress) reference.Reference {
	return reference.Reference{
		Dir: c.String("C"), Servers: e.servers, Platform: onePlatform(c), Path: c.String("path"),
		Offline: c.Bool("offline"), Environ: e.environ, Step: p.step, Count: p.count, Note: p.say, Log: p.log,
	}
}

// typedFlags returns those flags of the names that were typed, as words of a
// command line.
func (e *env) typedFlags(c *cli.Context, names ...string) []string {
	var words []string
	for _, name := range names {
		if !slices.Contains(e.typed, name) {
			continue
		}
		switch v := c.Value(name).(type) {
		case bool:
			if v {
				words = append(words, "--"+name)
			}
		case cli.StringSlice:
			for _, s := range v.Value() {
				words = append(words, "--"+name, s)
			}
		default:
			words = append(words, "--"+name, fmt.Sprint(v))
		}
	}
	return words
}

func isTerminal(stream any) bool {
	f, ok := fileOf(stream)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width is how wide text is, and whether something shows it that breaks longer lines: what
// COLUMNS says, else a terminal.
func (e *env) width(stream io.Writer) (columns int, fold bool) {
	if n, err := strconv.Atoi(e.get("COLUMNS")); err == nil && n > 0 {
		return n, true
	}
	f, ok := fileOf(stream)
	if !ok {
		return report.DefaultWidth, false
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return columns, true
	}
	return report.DefaultWidth, term.IsTerminal(int(f.Fd()))
}

// text prints a result for people. On a terminal no line is longer than that is wide.
func (e *env) text(c *cli.Context, r printed) error { return e.textTo(e.stdout, c, r) }

// printed is a result that people read.
type printed interface {
	Text(io.Writer, report.Style) error
}

// A summary is a result of one sentence.
type summary string

func (s summary) Text(w io.Writer, _ report.Style) error {
	_, err := fmt.Fprintln(w, report.Printable(string(s)))
	return err
}

// textTo writes to w what text prints.
func (e *env) textTo(w io.Writer, c *cli.Context, r printed) error {
	st := e.style(c)
	var b strings.Builder
	if err := r.Text(&b, st); err != nil {
		return err
	}
	fold := report.FoldSentences
	if st.Fold {
		fold = report.Fold
	}
	_, err := io.WriteString(w, fold(b.String(), st.Width))
	return err
}

// style decides about colour: --color, then NO_COLOR, CLICOLOR_FORCE,
// TERM=dumb, and at last whether stdout is a terminal (https://no-color.org).
func (e *env) style(c *cli.Context) report.Style {
	st := report.Style{Verbose: c.Bool("verbose")}
	st.Width, st.Fold = e.width(e.stdout)
	switch c.String("color") {
	case "always":
		st.Color = true
	case "auto":
		switch {
		case e.get("NO_COLOR") != "":
		case e.get("CLICOLOR_FORCE") != "" && e.get("CLICOLOR_FORCE") != "0":
			st.Color = true
		case e.get("TERM") == "dumb":
		default:
			st.Color = isTerminal(e.stdout)
		}
	}
	return st
}

// A screen is where progress is shown: one live line on a terminal, plain lines
// elsewhere. Where a step takes long, a clock adds to it, from time to time, how far
// it has come.
type screen struct {
	w       io.Writer
	live    bool
	quiet   bool
	verbose bool
	width   int // of the terminal; 0 if it is not known

	mu     sync.Mutex
	shown  []*progress // those that have had a step
	clock  *time.Ticker
	ended  chan struct{} // closed with the clock
	closed bool
}

// How often a screen says how far a long step has come.
const (
	liveEvery  = time.Second
	plainEvery = 10 * time.Second
)

// A progress is what one module shows on a screen.
type progress struct {
	*screen
	prefix string // "plugins/a: ", of a walk
	meter  *meter.Meter
}

// silent is the progress of what takes no time worth telling.
var silent = &progress{screen: &screen{quiet: true}}

func (e *env) progress(c *cli.Context) *progress {
	s := &screen{
		w:       e.stderr,
		live:    isTerminal(e.stderr) && e.get("TERM") != "dumb" && e.get("CI") == "" && !c.Bool("verbose"),
		quiet:   c.Bool("quiet"),
		verbose: c.Bool("verbose"),
	}
	if f, ok := fileOf(e.stderr); ok && s.live {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			s.width = width
		}
	}
	return &progress{screen: s, meter: meter.New(time.Now)}
}

// of returns p for one module among others.
func (p *progress) of(module string) *progress {
	return &progress{screen: p.screen, prefix: report.Printable(module) + ": ", meter: meter.New(time.Now)}
}

// step begins a step; "" ends the last one.
func (p *progress) step(what string) {
	if p.quiet {
		return // silent has no meter
	}
	// Names in images are foreign text; a step is one line.
	what = report.Printable(strings.ReplaceAll(what, "\n", `\n`))
	p.meter.Step(what)
	if what == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.shown, p) {
		p.shown = append(p.shown, p)
	}
	p.start()
	p.line(p.prefix + what)
}

// count says how far the step has come, once it takes long.
func (p *progress) count(unit string, n, of int) {
	if !p.quiet {
		p.meter.Count(unit, n, of)
	}
}

// start starts the clock. It needs the lock.
func (s *screen) start() {
	if s.clock != nil || s.closed {
		return
	}
	every := plainEvery
	if s.live {
		every = liveEvery
	}
	s.clock, s.ended = time.NewTicker(every), make(chan struct{})
	go s.run(s.clock.C, s.ended)
}

// run ticks until the screen is closed.
func (s *screen) run(ticks <-chan time.Time, ended <-chan struct{}) {
	for {
		select {
		case <-ticks:
			s.tick()
		case <-ended:
			return
		}
	}
}

// tick shows how far each long step has come; the one live line is of the module
// that began to show last.
func (s *screen) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	var lines []string
	for _, p := range s.shown {
		if line, long := p.meter.Line(); long {
			lines = append(lines, p.prefix+line)
		}
	}
	if s.live && len(lines) > 1 {
		lines = lines[len(lines)-1:]
	}
	for _, line := range lines {
		s.line(line)
	}
}

// line shows a line. It needs the lock.
func (s *screen) line(text string) {
	if !s.live {
		fmt.Fprintf(s.w, "%s\n", text)
		return
	}
	// A line that the terminal breaks could not be taken back.
	if r := []rune(text); s.width > 2 && len(r) > s.width-2 {
		text = string(r[:s.width-2])
	}
	fmt.Fprintf(s.w, "\r\x1b[K%s …", text)
}

// wrote says which file holds the result, which is not on stdout then.
func (p *progress) wrote(name string) {
	if !p.quiet {
		fmt.Fprintf(p.w, "wrote %s\n", report.Printable(name))
	}
}

func (p *progress) log(line string) {
	if p.verbose && !p.quiet {
		p.mu.Lock()
		defer p.mu.Unlock()
		fmt.Fprintf(p.w, "  %s%s\n", p.prefix, message(line))
	}
}

// done ends the progress: it clears the live line, and stops the clock.
func (p *progress) done() {
	if p.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	if p.clock != nil && !p.closed {
		p.clock.Stop()
		close(p.ended)
	}
	p.closed = true
}

// clear clears the live line. It needs the lock.
func (s *screen) clear() {
	if s.live {
		fmt.Fprint(s.w, "\r\x1b[K")
	}
}

func (p *progress) warn(warnings []string) {
	if p.quiet {
		return
	}
	for _, w := range warnings {
		fmt.Fprintf(p.w, "pinfix: warning: %s%s\n", p.prefix, message(w))
	}
}

// note prints what cannot be known.
func (p *progress) note(notes []string) {
	if p.quiet {
		return
	}
	for _, n := range notes {
		fmt.Fprintf(p.w, "pinfix: note: %s\n", message(n))
	}
}

// say prints a note while something goes on.
func (p *progress) say(note string) {
	if p.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, "pinfix: note: %s%s\n", p.prefix, message(note))
}

// message is a text of several lines behind pinfix's name: none of them can pass
// for another message, or for pinfix's own advice.
func message(text string) string {
	first, rest, more := strings.Cut(report.Printable(text), "\n")
	if !more {
		return first
	}
	var b strings.Builder
	b.WriteString(first + "\n")
	for line := range strings.Lines(rest) {
		for _, own := range []string{"pinfix:", "fix:", "try:"} {
			if strings.HasPrefix(line, own) {
				b.WriteString("  ")
			}
		}
		b.WriteString(line)
	}
	return b.String()
}
