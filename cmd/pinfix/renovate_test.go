package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestRenovatePreset: the preset finds the image and its tag in .pinfix.yaml, and the
// page on recipes shows the same expression.
func TestRenovatePreset(t *testing.T) {
	data, err := os.ReadFile("../../docs/renovate/server.json")
	if err != nil {
		t.Fatal(err)
	}
	var preset struct {
		CustomManagers []struct{ ManagerFilePatterns, MatchStrings []string }
	}
	if err := json.Unmarshal(data, &preset); err != nil || len(preset.CustomManagers) != 1 {
		t.Fatal(err)
	}
	m := preset.CustomManagers[0]
	file := regexp.MustCompile(strings.Trim(m.ManagerFilePatterns[0], "/"))
	for name, want := range map[string]bool{".pinfix.yaml": true, "plugins/a/.pinfix.yaml": true, "pinfix.yaml": false, "x.pinfix.yaml": false} {
		if file.MatchString(name) != want {
			t.Errorf("%s: want %t", name, want)
		}
	}
	// Renovate's expressions are those of RE2, as Go's.
	server := regexp.MustCompile(m.MatchStrings[0])
	for text, want := range map[string]string{
		"server: image:heroiclabs/nakama:3.26.0\n":                  "heroiclabs/nakama 3.26.0",
		"# a\nvendor: never\nserver: \"image:a/b:v1-rc.1\" # why\n": "a/b v1-rc.1",
		"server:   'image:localhost:5000/game/server:1.0'\n":        "localhost:5000/game/server 1.0",
		"server: dist/server.buildinfo\n":                           "",
		"server: mod:example.com/server@v1.0.0\n":                   "",
		"# server: image:a/b:1\n":                                   "",
		"server-source: image:a/b:1\n":                              "",
	} {
		got := ""
		if f := server.FindStringSubmatch(text); f != nil {
			got = f[server.SubexpIndex("depName")] + " " + f[server.SubexpIndex("currentValue")]
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	page, err := os.ReadFile("../../docs/recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	quoted := `"matchStrings": [`
	_, rest, _ := strings.Cut(string(data), quoted)
	line, _, _ := strings.Cut(rest, "]\n")
	line, _, _ = strings.Cut(line, "],")
	if line == "" || !strings.Contains(string(page), quoted+line) {
		t.Errorf("docs/recipes.md does not show %s", line)
	}
}
