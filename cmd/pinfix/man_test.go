package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/manual"
)

// TestManPage: docs/man/pinfix.1 is what the command tables give. make docs
// writes it.
func TestManPage(t *testing.T) {
	name := filepath.Join("..", "..", "docs", "man", "pinfix.1")
	want := manPage(allNodes())
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not in step with the help texts; write it again: make docs", name)
	}
}

// manPage is one page for all commands: what their help shows, and what only fits
// here.
func manPage(all []manual.Node) string {
	var b strings.Builder
	b.WriteString(".\\\" Written by make docs from the command tables; edit those.\n")
	b.WriteString(".TH PINFIX 1 \"\" pinfix \"User Commands\"\n.nh\n.ad l\n.SH NAME\n")
	top := manual.ParsePage(all[0].Cmd.Description)
	fmt.Fprintf(&b, "pinfix \\- %s\n.SH SYNOPSIS\n.B pinfix\n.I COMMAND\n[flags] [arguments]\n.SH DESCRIPTION\n", roff(all[0].Cmd.Usage))
	manText(&b, top.Lead)
	manExamples(&b, top.Examples)
	manText(&b, top.Notes[:len(top.Notes)-1])
	manFlags(&b, all[0])
	b.WriteString(".SH COMMANDS\n")
	for _, n := range all[1:] {
		manCommand(&b, n)
	}
	b.WriteString(".SH EXIT STATUS\n")
	manText(&b, []string{strings.TrimPrefix(top.Notes[len(top.Notes)-1], "Exit codes: ")})
	b.WriteString(".SH ENVIRONMENT\n")
	var names []string
	for _, k := range settingKeys {
		names = append(names, k.Env())
	}
	manText(&b, []string{
		strings.Join(names, ", ") + " stand for the flags of these names. An empty variable counts as unset.",
		"NO_COLOR, CLICOLOR_FORCE and TERM=dumb decide about colours where --color does not.",
	})
	b.WriteString(".SH FILES\n")
	manText(&b, []string{
		".pinfix.yaml, next to go.mod or above it: the settings of a plugin. Its keys are names of flags.",
		"server.buildinfo, next to go.mod or above it: the snapshot of the server, as pinfix snapshot writes it.",
	})
	return b.String()
}

func manCommand(b *strings.Builder, n manual.Node) {
	p := manual.ParsePage(n.Cmd.Description)
	fmt.Fprintf(b, ".SS %s\n", roff(manual.UsageLine(n.Path, n.Cmd)))
	manText(b, p.Lead)
	manExamples(b, p.Examples)
	manFlags(b, n)
	manText(b, append(append([]string{""}, p.Notes...), p.More...))
}

// manText writes paragraphs. The first of a section needs no macro; an empty one
// stands for what is there already.
func manText(b *strings.Builder, paragraphs []string) {
	for i, text := range paragraphs {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		for _, line := range manual.Wrap(text, 66) {
			if line != "" {
				b.WriteString(roff(line) + "\n")
			}
		}
	}
}

func manExamples(b *strings.Builder, examples []manual.Example) {
	const most = 71 // of 78, behind the margin
	b.WriteString(".PP\n.nf\n")
	for _, line := range manual.ExampleLines(examples, most) {
		if len(line) > most {
			line = strings.Replace(line, " > ", " \\\n      > ", 1)
		}
		b.WriteString(strings.ReplaceAll(roff(line), "'", `\(aq`) + "\n")
	}
	b.WriteString(".fi\n")
}

func manFlags(b *strings.Builder, n manual.Node) {
	for _, f := range manual.Flags(n.Cmd) {
		if f.Text == manual.HelpFlag.Usage {
			continue // every command has it
		}
		var names []string
		for _, name := range f.Names {
			names = append(names, `\fB`+roff(name)+`\fR`)
		}
		left := strings.Join(names, ", ")
		if f.Placeholder != "" {
			left += ` \fI` + roff(f.Placeholder) + `\fR`
		}
		text := manual.FlagRow(f)[1]
		if f.Values != nil && !f.Optional {
			text += " (default: " + f.Values[0] + ")"
		}
		fmt.Fprintf(b, ".TP\n%s\n", left)
		manText(b, []string{text})
	}
}

var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "~", `\(ti`, "^", `\(ha`, "`", `\(ga`)

// roff escapes a line of text.
func roff(line string) string {
	line = roffEscapes.Replace(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	return line
}
