package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/pinfix/pinfix/internal/config"
)

// TestConfigSchema: the schema of .pinfix.yaml knows the settings that there are, and takes
// and refuses what pinfix does.
func TestConfigSchema(t *testing.T) {
	data, err := os.ReadFile("../../docs/schema/pinfix.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct {
			Type string
			Enum []string
		}
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	for _, k := range settingKeys {
		p, ok := schema.Properties[k.Name]
		if want := map[config.Kind]string{config.Text: "string", config.Bool: "boolean"}[k.Kind]; !ok || !slices.Equal(p.Enum, k.Values) || k.Values == nil && p.Type != want {
			t.Errorf("%s: the schema says %+v", k.Name, p)
		}
	}
	if len(schema.Properties) != len(settingKeys) {
		t.Errorf("the schema has %d settings, pinfix %d", len(schema.Properties), len(settingKeys))
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text string
		ok   bool
	}{
		{"# yaml-language-server: $schema=https://example.com\nserver: ./x\n", true},
		{"server: image:a/b:1\npackage: [./a, ./b]\nvendor: never\noffline: true\n", true},
		{"package: ./a\ncap: [m@v1.0.0]\n", true},
		{"keep: []\n", false},
		{"# nothing\n", true},
		{"servr: x\n", false},
		{"vendor: maybe\n", false},
		{"offline: perhaps\n", false},
		{"server: [a, b]\n", true},
		{"path: [a, b]\n", false},
		{"server: ''\n", false},
		{"- server\n", false},
	} {
		var value any
		if err := yaml.Unmarshal([]byte(tt.text), &value); err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(value); (err == nil) != tt.ok {
			t.Errorf("the schema of %q: %v", tt.text, err)
		}
		if _, err := config.Parse(".pinfix.yaml", []byte(tt.text), settingKeys); (err == nil) != tt.ok {
			t.Errorf("pinfix of %q: %v", tt.text, err)
		}
	}
}

// TestSchemaIDs: each schema names itself by the address of the file.
func TestSchemaIDs(t *testing.T) {
	names, err := filepath.Glob("../../docs/schema/*.json")
	if err != nil || len(names) < 6 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var schema struct {
			ID string `json:"$id"`
		}
		if err := json.Unmarshal(data, &schema); err != nil || schema.ID != "https://raw.githubusercontent.com/pinfix/pinfix/main/docs/schema/"+filepath.Base(name) {
			t.Errorf("%s: $id %q %v", name, schema.ID, err)
		}
	}
}
