package report

import (
	"bytes"
	"encoding/json"
	"testing"
)

var verified = &Verify{
	SchemaVersion: 1, Command: "verify", Server: server,
	Plugins: []Verified{
		{File: "good.so", Loads: true, Shared: 303, Mismatched: []Mismatch{}, Causes: []Cause{}, Warnings: []string{"the plugin is built for GOAMD64=v3"}},
		{File: "out/bad,1.so", Shared: 303, Warnings: []string{}, Mismatched: []Mismatch{
			{Package: "go.uber.org/zap", Module: "go.uber.org/zap", Server: "v1.27.0", Plugin: "v1.27.1", Cause: "version"},
			{Package: "go.uber.org/zap/zapgrpc", Module: "go.uber.org/zap", Server: "v1.27.0", Plugin: "v1.27.1", Cause: "version", Through: "go.uber.org/zap"},
			{Package: "net", Module: "std", Server: "go1.23.5", Plugin: "go1.23.5", Cause: "tags"},
		}, Causes: []Cause{
			{Cause: "tags", Packages: 1, Fix: "build the plugin with the server's tags: -tags=netgo", Differences: []Difference{{"-tags", "-", "netgo"}}},
			{Cause: "version", Packages: 2, Fix: "pin the plugin to the server and build it again: pinfix apply --server ./nakama", Differences: []Difference{
				{"go.uber.org/zap", "v1.27.1", "v1.27.0"}, {"e.com/|x|\x1b[31m", "v1%", "v2"},
			}},
		}},
		{File: "other.so", Mismatched: []Mismatch{}, Warnings: []string{}, Causes: []Cause{
			{Cause: "go-version", Fix: "build the plugin with the server's Go", Differences: []Difference{{"Go", "go1.22.4", "go1.23.5"}}},
		}},
		{File: "copy.so", Mismatched: []Mismatch{}, Warnings: []string{}, Causes: []Cause{
			{Cause: "already-loaded", With: "a.so", Fix: "remove one of them", Differences: []Difference{{"plugin path", "example.com/plugin", "example.com/plugin"}}},
		}},
	},
}

func TestVerifyForms(t *testing.T) {
	for _, form := range []struct {
		name  string
		write func(*bytes.Buffer) error
	}{
		{"verify.txt", func(b *bytes.Buffer) error { return verified.Text(b, Style{}) }},
		{"verify_verbose.txt", func(b *bytes.Buffer) error { return verified.Text(b, Style{Verbose: true}) }},
		{"verify_color.txt", func(b *bytes.Buffer) error { return verified.Text(b, Style{Color: true}) }},
		{"verify.json", func(b *bytes.Buffer) error { return JSON(b, verified) }},
		{"verify.md", func(b *bytes.Buffer) error { return verified.Markdown(b) }},
		{"verify.github", func(b *bytes.Buffer) error { return verified.GitHub(b) }},
		{"verify.sarif", func(b *bytes.Buffer) error { return verified.SARIF(b) }},
	} {
		var b bytes.Buffer
		if err := form.write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, form.name, b.Bytes())
		if bytes.Contains(b.Bytes(), []byte("\x1b[31m")) && form.name != "verify_color.txt" {
			t.Errorf("%s: an escape sequence of a foreign file's", form.name)
		}
	}
	if verified.Loads() {
		t.Error("Loads with plugins that do not")
	}
}

// TestVerifySARIF checks what the schema of SARIF 2.1.0 demands: every result
// names a rule of the driver's, a known level, and a file.
func TestVerifySARIF(t *testing.T) {
	var b bytes.Buffer
	if err := verified.SARIF(&b); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for _, r := range log.Runs[0].Tool.Driver.Rules {
		rules[r.ID] = true
	}
	if log.Version != "2.1.0" || len(rules) != 4 || len(log.Runs[0].Results) != 4 {
		t.Errorf("%+v", log)
	}
	for _, r := range log.Runs[0].Results {
		if !rules[r.RuleID] || r.Level != "error" || r.Locations[0].PhysicalLocation.ArtifactLocation.URI == "" {
			t.Errorf("%+v", r)
		}
	}
}
