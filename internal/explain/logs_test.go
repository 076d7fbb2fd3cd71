package explain

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

const logs = "../../testdata/logs"

// A logCase is a file of testdata/logs: headers "# key: value", then the log.
// The README there says what they mean.
type logCase struct {
	header map[string]string
	text   string
}

func readCase(t testing.TB, name string) logCase {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c := logCase{map[string]string{}, string(data)}
	for {
		line, rest, _ := strings.Cut(c.text, "\n")
		key, value, ok := strings.Cut(strings.TrimPrefix(line, "# "), ": ")
		if !ok || !strings.HasPrefix(line, "# ") || strings.Contains(key, " ") {
			return c
		}
		c.header[key] = value
		c.text = rest
	}
}

func caseFiles(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(logs, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return files
}

// known reads the server and the go.mod that a case names.
func (c logCase) known(t *testing.T) Known {
	t.Helper()
	var k Known
	if name := c.header["server"]; name != "" {
		data, err := os.ReadFile(filepath.Join(logs, name))
		if err != nil {
			t.Fatal(err)
		}
		if k.Server, err = target.Parse(data); err != nil {
			t.Fatal(err)
		}
		k.Flags = "--server ./nakama"
		k.Build = "GOOS=linux GOARCH=amd64 GOTOOLCHAIN=go" + k.Server.GoVersion() + " go build -buildmode=plugin"
		if tags := k.Server.Settings["-tags"]; tags != "" {
			k.Build += " -tags=" + tags
		}
	}
	if name := c.header["mod"]; name != "" {
		data, err := os.ReadFile(filepath.Join(logs, name))
		if err != nil {
			t.Fatal(err)
		}
		if k.Mod, err = pinner.ParseMod("go.mod", data); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func TestLogs(t *testing.T) {
	t.Parallel()
	for _, name := range caseFiles(t, "*.txt") {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			t.Parallel()
			c := readCase(t, name)
			k := c.known(t)
			own := c.header["own"]
			if k.Mod != nil {
				own = k.Mod.Module.Mod.Path
			}
			var causes []string
			var first *Finding
			for _, f := range Find(c.text, own) {
				f = k.Answer(f)
				if first == nil {
					first = &f
				}
				causes = append(causes, string(f.Cause))
				checkFinding(t, c.text, f)
			}
			want := strings.Fields(c.header["cause"])
			if all := c.header["findings"]; all != "" {
				want = strings.Fields(all)
			}
			if d := cmp.Diff(want, causes); d != "" {
				t.Fatalf("causes (-want +got):\n%s", d)
			}
			c.check(t, first)
		})
	}
}

// check compares the first finding with the headers.
func (c logCase) check(t *testing.T, f *Finding) {
	t.Helper()
	if want := c.header["cause"]; string(f.Cause) != want {
		t.Errorf("cause %s, want %s", f.Cause, want)
	}
	if want, ok := c.header["package"]; ok && f.Package != want {
		t.Errorf("package %q, want %q", f.Package, want)
	}
	for key, got := range map[string]int{"line": f.Line, "count": f.Count} {
		if want := c.header[key]; want != "" && strconv.Itoa(got) != want {
			t.Errorf("%s %d, want %s", key, got, want)
		}
	}
	for key, got := range map[string]string{"why": f.Why, "fix": f.Fix} {
		if want := c.header[key]; !strings.Contains(got, want) {
			t.Errorf("%s: %q does not say %q", key, got, want)
		}
	}
}

// checkFinding checks what holds for every finding.
func checkFinding(t testing.TB, text string, f Finding) {
	t.Helper()
	if lines := strings.Count(text, "\n") + 1; f.Line < 1 || f.Line > lines || f.Count < 1 || f.Count > lines {
		t.Errorf("line %d, on %d lines, of %d", f.Line, f.Count, lines)
	}
	if f.Cause == "" || f.Text == "" || f.Why == "" || f.Fix == "" {
		t.Errorf("not complete: %+v", f)
	}
	for _, s := range []string{f.Package, f.Text, f.Why, f.Fix, f.Module, f.Server, f.Plugin} {
		if p := plain(strings.ReplaceAll(s, "\n", "\t")); p != strings.ReplaceAll(s, "\n", "\t") {
			t.Errorf("control characters in %q", s)
		}
		if len(s) > 2*maxText {
			t.Errorf("%d bytes: %.100q", len(s), s)
		}
	}
}

func TestNotRecognised(t *testing.T) {
	t.Parallel()
	for _, name := range caseFiles(t, "none/*.txt") {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if found := Find(string(data), ""); len(found) > 0 {
				t.Errorf("%+v", found)
			}
		})
	}
}

// TestEveryCause: there is a case for each cause.
func TestEveryCause(t *testing.T) {
	t.Parallel()
	seen := map[Cause]int{}
	for _, name := range caseFiles(t, "*.txt") {
		seen[Cause(readCase(t, name).header["cause"])]++
	}
	for _, c := range []Cause{
		Platform, GoVersion, Trimpath, Flags, Tags, Version, Replace, ServerOwn, Content, Libc, Unknown,
		ToolchainOrFlags, NoPluginSupport, AlreadyLoaded, Vendor, BuildContext, UserCode,
	} {
		if seen[c] == 0 {
			t.Errorf("no case for %s", c)
		}
		t.Logf("%s: %d", c, seen[c])
	}
}
