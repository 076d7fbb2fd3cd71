package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema NAME FILE: FILE is JSON that docs/schema/NAME.schema.json describes,
// without a field that it does not name; or, for sarif, that is valid against the
// schema of SARIF 2.1.0.
func schema(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: schema NAME FILE")
	}
	if err := validate(args[0], filepath.Dir(ts.Getenv("TESTDATA")), []byte(ts.ReadFile(args[1]))); err != nil {
		ts.Fatalf("%s: %v", args[1], err)
	}
}

// validate says whether data is what the schema of that name describes in full.
func validate(name, top string, data []byte) error {
	text, err := schemaText(name, top)
	if err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	if name != "sarif" {
		closeObjects(doc)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		return err
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return compiled.Validate(value)
}

// closeObjects makes every described object refuse other fields: what pinfix
// prints, the schema must name.
func closeObjects(schema any) {
	switch s := schema.(type) {
	case map[string]any:
		if _, ok := s["properties"]; ok {
			s["additionalProperties"] = false
		}
		for _, v := range s {
			closeObjects(v)
		}
	case []any:
		for _, v := range s {
			closeObjects(v)
		}
	}
}

func schemaText(name, top string) ([]byte, error) {
	if name == "sarif" {
		return sarifSchema()
	}
	return os.ReadFile(filepath.Join(top, "docs", "schema", name+".schema.json"))
}

// sarifSchema is the schema of SARIF 2.1.0. OASIS owns it and it is not in this
// repository; a Go module carries it.
var sarifSchema = sync.OnceValues(func() ([]byte, error) {
	const carrier = "github.com/owenrumney/go-sarif/v3@v3.3.0"
	cmd := exec.Command("go", "mod", "download", "-json", carrier)
	cmd.Env = append(os.Environ(), "GOFLAGS=-modcacherw", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.New("the schema of SARIF could not be fetched; run: go mod download " + carrier)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return nil, err
	}
	src, err := os.ReadFile(filepath.Join(m.Dir, "pkg/report/v210/sarif/schema.go"))
	if err != nil {
		return nil, err
	}
	_, text, _ := bytes.Cut(src, []byte("`"))
	text, _, ok := bytes.Cut(text, []byte("`"))
	if !ok {
		return nil, errors.New("no schema in " + carrier)
	}
	return text, nil
})
