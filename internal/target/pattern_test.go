package target

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestNatural(t *testing.T) {
	names := []string{"server-10", "server-9", "server-1.10.0", "server-1.9.1", "server-1.9", "a", "server-009", ""}
	slices.SortFunc(names, Natural)
	if got, want := strings.Join(names, " "), " a server-1.9 server-1.9.1 server-1.10.0 server-009 server-9 server-10"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestIsPattern(t *testing.T) {
	for ref, want := range map[string]bool{
		"server": false, "servers/*.buildinfo": true, "v[12]": true, "image:x/y:3.*": true, "image:x/y:3": false, "image:host:5000/y": false,
		"image:host:5000/y:?": true, "mod:example.com/x@v1.0.0": false, "mod:example.com/x@>=v1": true, "mod:example.com/x@v1.*": true,
		"mod:example.com/x@latest": false, "oci-archive:*.tar": true, "docker-archive:x.tar:tag": false,
	} {
		if IsPattern(ref) != want {
			t.Errorf("IsPattern(%q) is not %v", ref, want)
		}
	}
	name := filepath.Join(t.TempDir(), "a[1]*")
	if err := os.WriteFile(name, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if IsPattern(name) {
		t.Error("a file that exists is a pattern")
	}
}

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	for i := range 120 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("v%d.buildinfo", i)), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	refs, err := Expand(context.Background(), filepath.Join(dir, "v?.buildinfo"), Options{}, SourceOptions{})
	if err != nil || len(refs) != 10 || !strings.HasSuffix(refs[9], "v9.buildinfo") {
		t.Errorf("%v, %v", refs, err)
	}
	refs, err = Expand(context.Background(), "oci-archive:"+filepath.Join(dir, "v1*.buildinfo"), Options{}, SourceOptions{})
	if err != nil || len(refs) != 31 || refs[30] != "oci-archive:"+filepath.Join(dir, "v119.buildinfo") {
		t.Errorf("%v, %v", refs, err)
	}
	for pattern, want := range map[string]string{"v*": "matches 120 servers", "w*": "no file matches", "[": "syntax error in pattern"} {
		if _, err := Expand(context.Background(), filepath.Join(dir, pattern), Options{}, SourceOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", pattern, err, want)
		}
	}
}

func TestQuery(t *testing.T) {
	all := []string{"v0.9.0", "v1.0.0", "v1.2.0", "v1.2.3", "v1.20.0", "v2.0.0-rc.1", "v2.0.0"}
	for text, want := range map[string]string{
		">=v1.2,<v2":  "v1.2.0 v1.2.3 v1.20.0",
		"v1.2.*":      "v1.2.0 v1.2.3",
		"v1*":         "v1.0.0 v1.2.0 v1.2.3 v1.20.0",
		"*":           "v0.9.0 v1.0.0 v1.2.0 v1.2.3 v1.20.0 v2.0.0",
		">v1.20.0":    "v2.0.0",
		">=v2.0.0-rc": "v2.0.0-rc.1 v2.0.0",
		"<=v1.0":      "v0.9.0 v1.0.0",
	} {
		q, err := parseQuery(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := slices.DeleteFunc(slices.Clone(all), func(v string) bool { return !q.has(v) })
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
	for _, text := range []string{"=>v1", ">=1.2", "v1.2.3", ">=", ",", "x*", "<>v1"} {
		if _, err := parseQuery(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// FuzzQuery: a query that is taken agrees with itself, and any two names have an order.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{">=v1.2,<v2", "v1.2.*", "*", ">", "v1-*", "a10b", ",,"} {
		f.Add(s, "v1.2.3")
	}
	f.Fuzz(func(t *testing.T, text, v string) {
		if q, err := parseQuery(text); err == nil && q.has(v) && len(q.bounds) == 0 {
			t.Errorf("%q bounds nothing", text)
		}
		if Natural(text, v) != -Natural(v, text) || Natural(text, text) != 0 {
			t.Errorf("no order of %q and %q", text, v)
		}
	})
}
