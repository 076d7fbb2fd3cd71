package report

import (
	"fmt"
	"io"
	"strings"
)

// Failure is what a command says that has failed, in each of its forms.
type Failure struct {
	SchemaVersion int    `json:"schema_version"`
	Command       string `json:"command"`
	Error         Failed `json:"error"`

	File string `json:"-"` // of the place, as a review names it
	Line int    `json:"-"`
}

// Failed is an error in its parts.
type Failed struct {
	Message string `json:"message"`         // what is wrong, without its place
	Place   string `json:"place,omitempty"` // FILE:LINE
	Cause   string `json:"cause,omitempty"` // why, in lines
	Fix     string `json:"fix,omitempty"`   // the next step
	Try     string `json:"try,omitempty"`   // or what helps to find it
}

// Markdown writes the failure for a comment.
func (f *Failure) Markdown(w io.Writer) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "❌ **pinfix %s failed**\n\n", cell(f.Command))
	if f.Error.Place != "" {
		fmt.Fprintf(b, "%s: ", code(f.Error.Place))
	}
	fmt.Fprintf(b, "%s\n\n", cell(f.Error.Message))
	if f.Error.Cause != "" {
		text, cut := block("", f.Error.Cause, 10_000)
		b.WriteString(text)
		if cut > 0 {
			fmt.Fprintf(b, "\n… and %s more\n", count(cut, "line"))
		}
		b.WriteString("\n")
	}
	if step := f.step(); step != "" {
		fmt.Fprintf(b, "%s\n", cell(step))
	}
	_, err := io.WriteString(w, fit(b.String()))
	return err
}

// GitHub writes one error, at its place.
func (f *Failure) GitHub(w io.Writer) error {
	b := &strings.Builder{}
	command(b, "error", f.File, f.Line, cutText(f.text("\n"), 8_000))
	_, err := io.WriteString(w, b.String())
	return err
}

// SARIF writes one result, and that the command has failed.
func (f *Failure) SARIF(w io.Writer) error {
	rules := addRule(nil, "failed", "pinfix could not do what it was asked for")
	file := f.File
	if file == "" {
		file = "go.mod" // a result has to be somewhere
	}
	text := sarifText{clean(f.text("; "))}
	return sarif(w, rules, []sarifResult{sarifAt("failed", "error", text.Text, file, f.Line)},
		sarifInvocation{ToolExecutionNotifications: []sarifNotification{{"error", text}}})
}

// text is the error with its parts between separators.
func (f *Failure) text(sep string) string {
	s := f.Error.Message
	if f.Error.Cause != "" {
		s += sep + strings.ReplaceAll(f.Error.Cause, "\n", sep)
	}
	if step := f.step(); step != "" {
		s += sep + step
	}
	return s
}

// step is the next step, with the word that says how far it leads.
func (f *Failure) step() string {
	switch {
	case f.Error.Fix != "":
		return "fix: " + f.Error.Fix
	case f.Error.Try != "":
		return "try: " + f.Error.Try
	}
	return ""
}
