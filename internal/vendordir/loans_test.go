package vendordir

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pinfix/pinfix/internal/plugin"
)

// What modules.txt says goes into go.mod files and paths: only what the go command
// may have written counts.
func TestReadVendored(t *testing.T) {
	t.Parallel()
	mod, err := plugin.Parse([]byte("module example.com/plugin\n\ngo 1.22\n\nrequire example.com/a v1.0.0\n\nreplace example.com/r => example.com/fork v1.5.0\n\nreplace example.com/d => ../d\n"))
	if err != nil {
		t.Fatal(err)
	}
	p := &plugin.Plugin{Root: t.TempDir(), Now: mod}
	if got := Read(p); got != nil {
		t.Errorf("without vendor/: %v", got)
	}
	text := strings.Join([]string{
		"# example.com/a v1.0.0", "## explicit; go 1.20", "example.com/a", "example.com/a/sub",
		"# example.com/r v1.0.0 => example.com/fork v1.5.0", "## explicit", "example.com/r",
		"# example.com/d v1.0.0 => ../d", "example.com/d",
		"# example.com/none v1.0.0", "## explicit",
		"# ../../etc v1.0.0", "etc",
		"# example.com/version v1.0.0/../../x", "example.com/version",
		"# example.com/go v1.0.0", "## go 1.20 // x", "example.com/go",
		"# example.com/r => example.com/fork v1.5.0", "",
	}, "\n")
	if err := os.MkdirAll(filepath.Join(p.Root, "vendor"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.Root, "vendor", "modules.txt"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range Read(p) {
		got = append(got, strings.Join(append([]string{v.Version.String(), v.Source.String(), v.Go}, v.Packages...), " "))
	}
	want := []string{"example.com/a@v1.0.0 example.com/a@v1.0.0 1.20 example.com/a example.com/a/sub", "example.com/r@v1.0.0 example.com/fork@v1.5.0  example.com/r"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestVendorRule(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		flag                               string
		fits, work, ownTree, have, ignored bool
		renamed                            bool
		write, warns, notes                bool
	}{
		{flag: "auto", fits: true, write: true},
		{flag: "auto", fits: true, have: true, write: true},
		{flag: "auto", fits: true, have: true, ignored: true, write: true},
		{flag: "auto", fits: true, ignored: true, notes: true},
		{flag: "auto"},
		{flag: "auto", ignored: true},
		{flag: "auto", have: true, warns: true},
		{flag: "auto", fits: true, work: true},
		{flag: "auto", fits: true, work: true, have: true, warns: true},
		{flag: "never", fits: true},
		{flag: "never", fits: true, have: true, warns: true},
		{flag: "always", fits: true, ignored: true, write: true},
		{flag: "always", write: true, warns: true},
		{flag: "auto", fits: true, ownTree: true},
		{flag: "auto", fits: true, ownTree: true, have: true, write: true},
		{flag: "auto", renamed: true},
		{flag: "auto", renamed: true, have: true, write: true},
		{flag: "auto", renamed: true, work: true},
		{flag: "always", renamed: true, write: true},
		{flag: "never", renamed: true},
		{flag: "never", renamed: true, have: true, warns: true},
	} {
		rule := Rule{tt.flag, tt.fits, tt.renamed, tt.work, tt.ownTree, tt.have, func() bool { return tt.ignored }}
		write, warning, note := rule.Decide()
		if write != tt.write || (warning != "") != tt.warns || (note != "") != tt.notes {
			t.Errorf("%+v: %v, %q, %q", tt, write, warning, note)
		}
		if !tt.have && strings.Contains(warning, "stays as it is") {
			t.Errorf("%+v: a warning about what is not there: %s", tt, warning)
		}
	}
}
