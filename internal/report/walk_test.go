package report

import (
	"bytes"
	"errors"
	"testing"
)

type allText struct {
	*ApplyAll
	Style
}

func (s allText) Text(w *bytes.Buffer) error { return s.ApplyAll.Text(w, s.Style) }

func TestApplyAllText(t *testing.T) {
	changed, aligned := apply(), apply()
	changed.ServerChanges = &ServerChanges{
		From: "server.buildinfo", To: "./new", Keep: "pinfix snapshot --server ./new",
		Settings: []Moved{{"Go", "go1.23.5", "go1.24.1"}},
		Pins:     []Moved{{"example.com/x", "v1.0.0", "v1.0.0 => example.com/fork v1.5.0"}, {"go.uber.org/zap", "", "v1.27.0"}},
	}
	aligned.DryRun, aligned.Aligned = false, true
	written := apply()
	written.DryRun = false
	skipped, failed := NewApply(true), NewApply(true)
	skipped.Skipped, failed.Error = "no main package", "server \x1b[31m: no such file\nand more"
	r := &ApplyAll{
		SchemaVersion: 1, Command: "apply", Modules: []*Apply{changed, aligned, written, skipped, failed}, Warnings: []string{},
		Dirs: []string{"a", "b", "plugins/c", "lib", "bro\nken"}, Errs: []error{nil, nil, nil, nil, errors.New("x")},
		Write: "pinfix apply -C repo ./...",
	}
	golden(t, "apply_all.txt", text(t, allText{r, Style{}}))
	golden(t, "apply_all_verbose.txt", text(t, allText{r, Style{Verbose: true}}))
	if !r.Differs() {
		t.Error("a module that is not pinned is no difference")
	}
	if !r.Wrote() {
		t.Error("c is written")
	}
	r.Modules = r.Modules[1:]
	if r.Differs() {
		t.Error("what is written, skipped or failed counts as a difference")
	}
	if r.Modules = r.Modules[2:]; r.Wrote() {
		t.Error("what is skipped or failed counts as written")
	}
}
