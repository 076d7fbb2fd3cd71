package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// looped is a dry run with loops of both directions.
func looped(n int) *Apply {
	a := apply()
	a.Plugin.Prefix = "plugin"
	a.Warnings = []string{"another"}
	loops := []Loop{{File: "../lib/a.go", Line: 7, From: "1.20", To: "1.24"}}
	for i := range n {
		loops = append(loops, Loop{File: "main.go", Line: i + 1, From: "1.22", To: "1.21", Shared: true, Own: true})
	}
	a.AddLoops(loops)
	return a
}

// TestLoops: each form names the loops, before all that is less urgent.
func TestLoops(t *testing.T) {
	const up, down = "from go 1.22 on each iteration of a loop has a variable of its own", "before go 1.22 all iterations of a loop share its variable"
	forms := map[string]func(*Apply, io.Writer) error{
		"text":     func(a *Apply, w io.Writer) error { return a.Text(w, Style{Width: 500}) },
		"json":     func(a *Apply, w io.Writer) error { return JSON(w, a) },
		"markdown": (*Apply).Markdown, "github": (*Apply).GitHub, "sarif": (*Apply).SARIF,
	}
	first := map[string]string{"text": "your own (1)", "json": `"another"`, "markdown": "| module |", "github": "another", "sarif": `"ruleId": "yours"`}
	for name, write := range forms {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(looped(2), &b); err != nil {
				t.Fatal(err)
			}
			head, _, found := strings.Cut(b.String(), first[name])
			if !found {
				t.Fatalf("no %s in\n%s", first[name], &b)
			}
			for _, want := range []string{up, down, "the language goes from go 1.22 to go 1.21"} {
				if !strings.Contains(head, want) {
					t.Errorf("%q is not at the top of\n%s", want, &b)
				}
			}
			if name == "github" {
				for _, want := range []string{"::warning file=lib/a.go,line=7::", "::warning file=plugin/main.go,line=2::"} {
					if !strings.Contains(b.String(), want) {
						t.Errorf("no %s in\n%s", want, &b)
					}
				}
			}
		})
	}
}

// TestManyLoops: a text names the first twenty, JSON all, and GitHub as many as it shows.
func TestManyLoops(t *testing.T) {
	a := looped(30)
	var text, hub bytes.Buffer
	if err := a.Text(&text, Style{}); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); !strings.Contains(got, "  main.go:20\n  and 10 more\nfix: ") || strings.Contains(got, "main.go:21") {
		t.Error(got)
	}
	if got := a.Warnings[1]; !strings.Contains(got, "in 30 loops") || !strings.Contains(got, "main.go:20, and 10 more; copy") {
		t.Error(got)
	}
	if err := a.GitHub(&hub); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(hub.String(), "::warning file="); got != maxAnnotations {
		t.Errorf("%d annotations\n%s", got, &hub)
	}
	if len(a.Loops) != 31 || len(a.Others()) != 1 {
		t.Error(fmt.Sprint(len(a.Loops), a.Others()))
	}
}

func TestLoopsReason(t *testing.T) {
	if got, want := LoopsReason(nil), "no loop of the plugin depends on what go 1.22 changed of loop variables"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := LoopsReason([]Loop{{File: "a.go", Line: 1}, {File: "b.go", Line: 2}}), "it changes what 2 loops may do: a.go:1, b.go:2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
