package target

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pinfix/pinfix/pinner"
)

var someBinary = &pinner.Binary{Format: "ELF", Arch: "amd64", Interp: "/lib64/ld linux,%.so", Needed: []string{"libc.so.6", "lib ö=1,2.so"}, Glibc: "2.34"}

// TestSnapshotServers: every real server comes back the same, twice.
func TestSnapshotServers(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata", "servers")
	names, err := filepath.Glob(filepath.Join(dir, "*.buildinfo"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			s, err := Read(t.Context(), name, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if table, err := os.ReadFile(strings.TrimSuffix(name, "buildinfo") + "pkghash"); err == nil {
				s.Packages = map[string]pinner.Fingerprint{}
				for line := range strings.Lines(string(table)) {
					f := strings.Fields(line)
					b, _ := hex.DecodeString(f[2])
					s.Packages[f[1]] = pinner.Fingerprint(b)
				}
			}
			s.Binary = someBinary
			first := snapshot(t, s)
			file := filepath.Join(t.TempDir(), "server.buildinfo")
			if err := os.WriteFile(file, first, 0o666); err != nil {
				t.Fatal(err)
			}
			back, err := Read(t.Context(), file, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if again := snapshot(t, back); !bytes.Equal(first, again) {
				t.Errorf("a snapshot of the snapshot differs:\n%s", cmp.Diff(string(first), string(again)))
			}
			back.Ref, back.Origin = s.Ref, s.Origin // only the snapshot has to say it
			if d := cmp.Diff(s, back); d != "" {
				t.Errorf("-server +snapshot:\n%s", d)
			}
		})
	}
}

func snapshot(t *testing.T, s *pinner.Server) []byte {
	t.Helper()
	data, err := Snapshot(s, "v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(data, []byte("# pinfix snapshot: source=")) {
		t.Errorf("first line: %.80q", data)
	}
	return data
}

// TestSnapshotNames: a file name may hold what ends a field or a line.
func TestSnapshotNames(t *testing.T) {
	for _, source := range []string{"a b", "a: go1.2", "#", "pkg\tx", "{", "a\nb", "ö%41", "a,b=c", `"`, ""} {
		s, err := Parse([]byte("x: go1.23.5\n\tpath\tm/x\n\tmod\texample.com/m\t(devel)\t\n"))
		if err != nil {
			t.Fatal(err)
		}
		data := format(s, pinner.Origin{Source: source, Digest: "sha256:00"}, "(devel)")
		if err := check(s, data); err != nil {
			t.Errorf("%q: %v", source, err)
		}
		line, _, _ := strings.Cut(string(data), "\n")
		if got := fields(strings.TrimPrefix(line, snapshotPrefix)); got["source"] != source || got["digest"] != "sha256:00" || got["pinfix"] != "(devel)" {
			t.Errorf("%q comes back as %q", source, got)
		}
	}
}

// TestSnapshotUnfit: what text cannot hold is an error, never another server.
func TestSnapshotUnfit(t *testing.T) {
	s, err := Parse([]byte(`{"GoVersion":"go1.23.5","Path":"a\nmod\tb","Main":{"Path":"example.com/m"}}`))
	if err != nil {
		t.Skip("refused before: ", err)
	}
	if err := check(s, format(s, pinner.Origin{Source: "x", Digest: "y"}, "z")); err == nil {
		t.Error("no error")
	}
}
