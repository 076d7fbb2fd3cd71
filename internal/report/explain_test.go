package report

import (
	"bytes"
	"strings"
	"testing"
)

var explained = &Explain{
	SchemaVersion: 1, Command: "explain", Warnings: []string{},
	Findings: []Explained{
		{
			Line: 2, Count: 3, Cause: "version", Package: "go.uber.org/zap/buffer",
			Text: "plugin.Open(\"backend\"): plugin was built with a different version of package go.uber.org/zap/buffer",
			Why:  "the server has go.uber.org/zap v1.27.0; the plugin's go.mod requires v1.27.1", Fix: "pinfix apply --server ./nakama",
			Module: "go.uber.org/zap", Server: "v1.27.0", Plugin: "v1.27.1", DemandedBy: []string{"d@v1.0.0 -> go.uber.org/zap@v1.27.1"},
		},
		{Line: 7, Count: 1, Cause: "vendor", Text: "go: inconsistent vendoring in /backend:\n" + strings.Repeat("\ta: is explicitly required\n", 8) + "\n\tend", Why: "vendor/ does not fit", Fix: "go mod vendor"},
		{Line: 18, Count: 1, Cause: "libc", Library: "libmy.so.1", Text: "libmy.so.1: cannot open shared object file: No such file or directory", Why: "it needs the library libmy.so.1", Fix: "install it"},
		{Line: 20, Count: 1, Cause: "user-code", Package: "example.com/p", Text: "./main.go:3:1: undefined: x", Why: "the compiler refuses the source", Fix: "fix it"},
		{Line: 21, Count: 1, Cause: "user-code", Package: "example.com/p", Text: "./main.go:4:1: undefined: \x1b[2Jy", Why: "the compiler refuses the source", Fix: "fix it"},
	},
}

func TestExplainForms(t *testing.T) {
	t.Parallel()
	for _, form := range []struct {
		name  string
		write func(*bytes.Buffer) error
	}{
		{"explain.txt", func(b *bytes.Buffer) error { return explained.Text(b, Style{}) }},
		{"explain_verbose.txt", func(b *bytes.Buffer) error { return explained.Text(b, Style{Verbose: true}) }},
		{"explain_color.txt", func(b *bytes.Buffer) error { return explained.Text(b, Style{Color: true}) }},
		{"explain.json", func(b *bytes.Buffer) error { return JSON(b, explained) }},
		{"explain_nothing.txt", func(b *bytes.Buffer) error { return (&Explain{}).Text(b, Style{}) }},
	} {
		var b bytes.Buffer
		if err := form.write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, form.name, b.Bytes())
		if bytes.Contains(b.Bytes(), []byte("\x1b[2J")) {
			t.Errorf("%s: an escape sequence of the log's", form.name)
		}
	}
}
