package main

import (
	"encoding"
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/report"
)

// TestSchemaFields: the schema of each result names every field that the result can have.
// docs/json.md names those at the top, and all of build, which has no schema.
func TestSchemaFields(t *testing.T) {
	page := readPage(t, "docs/json.md").old
	for _, tt := range []struct {
		schema string // "": the page has every field
		result any
	}{
		{"apply", report.Apply{}},
		{"unpin", report.Unpin{}},
		{"check", report.Check{}},
		{"verify", report.Verify{}},
		{"compat", report.Compat{}},
		{"explain", report.Explain{}},
		{"server", report.ServerResult{}},
		{"error", report.Failure{}},
		{"", report.Build{}},
		{"", report.BuildMany{}},
		{"", report.BuildAll{}},
	} {
		typ := reflect.TypeOf(tt.result)
		named := func(name string, top bool) bool {
			return !top && tt.schema != "" || strings.Contains(page, "`"+name+"`") || strings.Contains(page, `"`+name+`":`)
		}
		var schema map[string]any
		if tt.schema != "" {
			text, err := schemaText(tt.schema, filepath.Join("..", ".."))
			if err == nil {
				err = json.Unmarshal(text, &schema)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		eachField(typ, schema, typ.Name(), func(at, name string, inSchema, top bool) {
			if tt.schema != "" && !inSchema {
				t.Errorf("the schema of %s does not name %s", tt.schema, at)
			}
			if !named(name, top) {
				t.Errorf("docs/json.md does not name %s", at)
			}
		})
	}
}

// eachField calls do for each field of the JSON of typ, and of what is in it. schema
// describes typ, or is nil.
func eachField(typ reflect.Type, schema map[string]any, at string, do func(at, name string, inSchema, top bool)) {
	for {
		if typ.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
			return
		}
		if k := typ.Kind(); k == reflect.Slice {
			schema, _ = schema["items"].(map[string]any)
		} else if k != reflect.Pointer {
			break
		}
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	properties, _ := schema["properties"].(map[string]any)
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || name == "" {
			continue
		}
		inner, ok := properties[name].(map[string]any)
		do(at+"."+name, name, ok, !strings.Contains(at, "."))
		eachField(f.Type, inner, at+"."+name, do)
	}
}
