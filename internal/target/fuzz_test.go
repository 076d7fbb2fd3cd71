package target

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/srcdir"
	"github.com/pinfix/pinfix/pinner"
)

// FuzzParse: whatever is in the file, there is a checked server, whose
// snapshot reads back as the same one, or an error with a next step.
func FuzzParse(f *testing.F) {
	names, err := filepath.Glob(servers + "/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:min(len(data), 2000)])
	}
	for _, seed := range []string{
		head + "pkg\tbufio\tbb0b098223de7830\n",
		`{"GoVersion":"go1.22.12","Main":{"Path":"example.com/s"},"Deps":[{"Path":"example.com/a","Version":"v1.0.0","Replace":{"Path":"../a"}}],"Settings":[{"Key":"GOOS","Value":"linux"}]}`,
		`{"GoVersion":"go1.23.5","Path":"a","Main":{"Path":"example.com/m"},"Settings":[{"Key":"-gcflags","Value":"all=-N -l"}]}`,
		"# pinfix snapshot: source=a%20b digest=sha256:00 pinfix=v1\n# binary: format=ELF arch=amd64 interp=/lib/ld.so glibc=2.34 needed=libc.so.6,b\n" +
			"x: go1.23.5 X:arenas\n\tpath\tm/x\n\tmod\texample.com/m\t(devel)\t\n\tdep\texample.com/a\tv1.0.0\n\t=>\texample.com/b\tv1.0.0\th1:x\n\tbuild\t-tags=\"a b\"\npkg\truntime\t0011223344556677\n",
		"# pinfix snapshot: source=a digest=unknown pinfix=v1\n# source: go=toolchain%20go1.23.5 packages=vendored\n" +
			"x: go1.23.5\n\tmod\texample.com/m\t(devel)\t\n\tdep\texample.com/a\tv1.0.0\t\npkg\texample.com/a\t-\n",
		"# paths: modcache=/go/pkg/mod vendored=\n" + head + "\tbuild\t-ldflags=\"-X main.a=b\"\n",
		strings.Replace(head, "go1.22.12", "go1.23.5+path", 1), strings.Replace(head, "go1.22.12", "go1.23.5-x+path", 1), strings.Replace(head, "go1.22.12", "go1.23.5/../x", 1),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data)
		if err != nil {
			if fault.Next(err) == "" {
				t.Errorf("no next step after %v", err)
			}
			return
		}
		checkServer(t, s)
		odd := string(data[:min(len(data), 20)])
		s.Origin = pinner.Origin{Source: odd, Digest: "digest", Platform: odd, Program: "/" + odd}
		text := format(s, s.Origin, "version")
		if check(s, text) != nil {
			return // said to be unfit
		}
		back, err := Parse(text)
		if err != nil || !reflect.DeepEqual(s, back) {
			t.Fatalf("%v\n%+v\n%+v", err, s, back)
		}
		if again := format(back, back.Origin, "version"); !bytes.Equal(text, again) {
			t.Errorf("not stable:\n%s\n%s", text, again)
		}
	})
}

var releaseRE = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*((rc|beta)[0-9]+)?$`)

// checkServer checks what ends in go.mod, in file names and in command lines.
func checkServer(t *testing.T, s *pinner.Server) {
	t.Helper()
	for _, p := range s.Pins {
		check := module.CheckPath
		if p.Version.Version == "(devel)" || p.Replace.Path != "" && p.Replace.Version == "" {
			check = module.CheckImportPath // a directory's path need not have a dot
		}
		if check(p.Path) != nil || strings.ContainsAny(p.Version.Version+p.Replace.Version, " \t\n/\\") {
			t.Errorf("unchecked pin %q", p)
		}
		if p.Replace.Version != "" && module.CheckPath(p.Replace.Path) != nil {
			t.Errorf("unchecked replacement %q", p)
		}
	}
	for path := range s.Packages {
		if module.CheckImportPath(path) != nil {
			t.Errorf("unchecked package %q", path)
		}
	}
	if s.Source != nil {
		for path := range s.Source.Packages {
			if module.CheckImportPath(path) != nil {
				t.Errorf("unchecked package %q", path)
			}
		}
	}
	if s.Main.Path != "" && module.CheckImportPath(s.Main.Path) != nil {
		t.Errorf("unchecked main module %q", s.Main)
	}
	if !releaseRE.MatchString(s.GoVersion()) {
		t.Errorf("unchecked Go version %q", s.Go)
	}
	for _, name := range []string{s.Paths.ModCache, s.Paths.Vendored} {
		if name != "" && !srcdir.Valid(name) {
			t.Errorf("unchecked path %q", name)
		}
	}
}
