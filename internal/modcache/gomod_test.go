package modcache

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/module"
)

func TestRetracted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	newest := module.Version{Path: "example.com/Upper", Version: "v1.4.0"}
	name, err := goModFile(dir, newest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Retracted(dir, newest); err == nil {
		t.Error("no error without a go.mod")
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	// Of a newer Go, with a directive that this one does not know.
	text := "module example.com/Upper\n\ngo 1.99\n\nbrandnew x\n\nretract (\n\tv1.2.0 // wrong\n\t[v1.3.0, v1.3.5]\n)\n"
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	retracted, err := Retracted(dir, newest)
	if err != nil {
		t.Fatal(err)
	}
	for v, want := range map[string]bool{"v1.1.0": false, "v1.2.0": true, "v1.2.1": false, "v1.3.0": true, "v1.3.4": true, "v1.3.5": true, "v1.3.6": false, "v1.4.0": false} {
		if retracted(v) != want {
			t.Errorf("%s: %v", v, !want)
		}
	}
}

func TestHasSource(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := func(path string) module.Version { return module.Version{Path: path, Version: "v1.0.0"} }
	for _, name := range []string{"example.com/!dir@v1.0.0/a.go", "cache/download/example.com/zip/@v/v1.0.0.zip", "cache/download/example.com/mod/@v/v1.0.0.mod"} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]bool{"example.com/Dir": true, "example.com/zip": true, "example.com/mod": false, "../zip": false} {
		if HasSource(dir, v(path)) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}
