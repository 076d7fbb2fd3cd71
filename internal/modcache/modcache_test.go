package modcache

import (
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

func TestImports(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"example.com/!upper@v1.0.0/sub/a.go":         "package sub\n\nimport (\n\t\"fmt\"\n\t_ \"example.com/b\"\n)\n",
		"example.com/!upper@v1.0.0/sub/a_windows.go": "package sub\n\nimport \"example.com/windows\"\n",
		"example.com/!upper@v1.0.0/sub/a_test.go":    "package sub\n\nimport \"testing\"\n",
		"example.com/!upper@v1.0.0/sub/tagged.go":    "//go:build special\n\npackage sub\n\nimport \"example.com/tagged\"\n",
		"example.com/!upper@v1.0.0/cgo/a.go":         "package cgo\n\nimport \"C\"\n",
		"example.com/fork@v1.5.0/a.go":               "package upper\n\nimport \"example.com/forked\"\n",
		"example.com/!upper@v1.0.0/broken/a.go":      "packag",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	upper := pinner.Pin{Version: module.Version{Path: "example.com/Upper", Version: "v1.0.0"}}
	forked := upper
	forked.Replace = module.Version{Path: "example.com/fork", Version: "v1.5.0"}
	local := upper
	local.Replace = module.Version{Path: "./fork"}
	for _, tt := range []struct {
		pin       pinner.Pin
		pkg, tags string
		want      []string
		ok        bool
	}{
		{upper, "example.com/Upper/sub", "", []string{"example.com/b", "fmt"}, true},
		{upper, "example.com/Upper/sub", "a,special", []string{"example.com/b", "example.com/tagged", "fmt"}, true},
		{upper, "example.com/Upper/cgo", "", []string{"C"}, true},
		{forked, "example.com/Upper", "", []string{"example.com/forked"}, true},
		{upper, "example.com/Upper", "", nil, false},
		{upper, "example.com/Upper/broken", "", nil, false},
		{upper, "example.com/Upper/nosuch", "", nil, false},
		{upper, "example.com/Upper/../../etc", "", nil, false},
		{local, "example.com/Upper", "", nil, false},
	} {
		look := build.Default
		look.GOOS, look.GOARCH, look.CgoEnabled = "linux", "amd64", true
		look.BuildTags = strings.Split(tt.tags, ",")
		got, ok := New(dir, look).Imports(tt.pin, tt.pkg)
		slices.Sort(got)
		if ok != tt.ok || !slices.Equal(got, tt.want) {
			t.Errorf("%s %q: %q, %v; want %q", tt.pkg, tt.tags, got, ok, tt.want)
		}
	}
}

func TestDir(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"GOMODCACHE": "/m", "GOPATH": "/p"}, "/m"},
		{map[string]string{"GOPATH": "/p" + string(os.PathListSeparator) + "/q", "HOME": "/h"}, filepath.Join("/p", "pkg", "mod")},
		{map[string]string{"HOME": "/h"}, filepath.Join("/h", "go", "pkg", "mod")},
	} {
		if got := Dir(func(k string) string { return tt.env[k] }); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.env, got, tt.want)
		}
	}
}
