package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/tier"
)

// docsOf returns the files that TestDocs and TestLinks read, from the top.
func docsOf(t *testing.T, more ...string) []string {
	t.Helper()
	names, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range names {
		names[i] = "docs/" + filepath.Base(n)
	}
	return append(append([]string{"README.md"}, names...), more...)
}

// longPages have commands that build for minutes, of kinds that other pages have.
var longPages = []string{"docs/build-and-verify.md", "docs/exit-codes.md", "docs/many-servers.md", "docs/servers.md"}

// TestDocs runs every command line of README.md and docs/*.md, and compares
// what is printed with what the page shows. testdata/README.md has the
// conventions; -update rewrites the output.
func TestDocs(t *testing.T) {
	worlds := newWorlds(t)
	for _, name := range docsOf(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".md"), func(t *testing.T) {
			t.Parallel()
			p := readPage(t, name)
			r := &reader{t: t, page: p, worlds: worlds, sessions: map[string]*session{}}
			if testing.Short() && slices.Contains(longPages, name) {
				r.parseOnly = true
				t.Log(tier.Mark + "the commands of " + name + ", which are only parsed here")
			}
			for _, b := range p.blocks {
				r.block(b)
			}
			for _, span := range p.spans {
				if strings.HasPrefix(span.text, "pinfix ") {
					r.check(span.line, parses(span.text))
				}
			}
			if *update {
				p.save(t)
			}
		})
	}
}

// A reader does what a page says.
type reader struct {
	t        *testing.T
	page     *docPage
	worlds   *worlds
	sessions map[string]*session

	parseOnly bool // run nothing
}

// check reports an error of a line.
func (r *reader) check(line int, err error) {
	if err != nil {
		r.t.Errorf("%s:%d: %v", r.page.name, line, err)
	}
}

// block treats a fenced block after its language. One of no known language has
// no test, so it may not be.
func (r *reader) block(b *block) {
	switch b.lang {
	case "console":
		r.console(b)
	case "sh":
		r.shell(b)
	case "yaml":
		r.yaml(b)
	case "dockerfile":
		r.dockerfile(b)
	case "makefile":
		r.makefile(b)
	case "mermaid":
		r.graph(b)
	case "text", "json", "go", "diff":
		for i, line := range b.lines {
			if strings.HasPrefix(line, "$ ") {
				r.t.Errorf("%s:%d: a command in a block that no one runs; make it ```console", r.page.name, b.line+i+1)
			}
		}
	default:
		r.t.Errorf("%s:%d: a block of %q is not tested", r.page.name, b.line, b.lang)
	}
}

// session returns the directory where the block's commands run: a world of its
// own for each page, which the page's commands change one after the other.
func (r *reader) session(b *block) *session {
	r.t.Helper()
	if b.world == "" {
		r.t.Fatalf("%s:%d: commands without a world; put <!-- world: NAME --> above", r.page.name, b.line)
	}
	s, ok := r.sessions[b.world]
	if !ok {
		s = r.worlds.session(r.t, b.world)
		r.sessions[b.world] = s
	}
	return s
}

// console runs the lines that begin with "$ " and compares what follows them.
// Below <!-- output: COMMAND --> all of the block is what that prints.
func (r *reader) console(b *block) {
	if b.from != "" {
		b.lines = r.typed(b, b.line, b.from, b.lines)
		return
	}
	var out []string
	for i := 0; i < len(b.lines); {
		cmd, ok := strings.CutPrefix(b.lines[i], "$ ")
		if !ok {
			r.t.Errorf("%s:%d: a console block begins with $", r.page.name, b.line+i+1)
			return
		}
		out = append(out, b.lines[i])
		line, from := b.line+i+1, i+1
		for i++; i < len(b.lines) && !strings.HasPrefix(b.lines[i], "$ "); i++ {
		}
		out = append(out, r.typed(b, line, cmd, b.lines[from:i])...)
	}
	b.lines = out
}

// typed runs a command that is in a line, and compares what it prints. It
// returns what the page should have.
func (r *reader) typed(b *block, line int, cmd string, want []string) []string {
	r.check(line, parsesAll(cmd))
	if r.parseOnly {
		return want
	}
	got, _ := r.session(b).run(r.t, cmd)
	r.check(line, validJSON(cmd, got))
	if matches(want, got) {
		return want
	}
	if !*update {
		r.t.Errorf("%s:%d: $ %s\n-- the page has\n%s\n-- it prints\n%s", r.page.name, line, cmd, strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
	return got
}

var exitComment = regexp.MustCompile(`#.*\bexit (\d)`)

// shell runs the lines of an sh block, each of which must exit with 0, or with
// the N of "exit N" in its comment. What cannot run here must be in notRun.
func (r *reader) shell(b *block) {
	for i, line := range b.lines {
		number := b.line + i + 1
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r.check(number, parsesAll(line))
		if why := notRunHere(line); why != "" {
			r.t.Logf("%s:%d: only parsed, %s: %s", r.page.name, number, why, line)
			continue
		}
		if r.parseOnly {
			continue
		}
		want := "0"
		if m := exitComment.FindStringSubmatch(line); m != nil {
			want = m[1]
		}
		if out, status := r.session(b).run(r.t, line); status != want {
			r.t.Errorf("%s:%d: %s exits %s, want %s\n%s", r.page.name, number, line, status, want, strings.Join(out, "\n"))
		}
	}
}

// matches compares lines. In want, a line "…" stands for any lines, and "…" in a
// line for any text.
func matches(want, got []string) bool {
	var re strings.Builder
	re.WriteString("^")
	for _, line := range want {
		if strings.TrimSpace(line) == "…" {
			re.WriteString(`(.*\n)*?`)
			continue
		}
		parts := strings.Split(line, "…")
		for i, p := range parts {
			parts[i] = regexp.QuoteMeta(p)
		}
		re.WriteString(strings.Join(parts, ".*") + `\n`)
	}
	text := ""
	for _, line := range got {
		text += line + "\n"
	}
	return regexp.MustCompile(re.String() + "$").MatchString(text)
}

// validJSON validates what a command prints with --format json against the
// schema of the command.
func validJSON(cmd string, out []string) error {
	m := regexp.MustCompile(`^pinfix (\w+) .*--format json`).FindStringSubmatch(cmd)
	if m == nil || len(out) == 0 || strings.ContainsAny(cmd, "|>") {
		return nil
	}
	name := m[1]
	if name == "build" || name == "hook" {
		return nil // no schema of its own
	}
	return validate(name, filepath.Join("..", ".."), []byte(strings.Join(out, "\n")))
}

func (p *docPage) save(t *testing.T) {
	t.Helper()
	if text := p.text(); text != p.old {
		if err := os.WriteFile(filepath.Join("..", "..", p.name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
