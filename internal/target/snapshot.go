package target

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/srcdir"
	"github.com/pinfix/pinfix/pinner"
)

// The comment-like lines of a snapshot; the last is there for a server that was
// built without -trimpath. They hold key=value fields; in a value, what would end
// it is written as in a URL.
const (
	snapshotPrefix = "# pinfix snapshot: "
	binaryPrefix   = "# binary: "
	pathsPrefix    = "# paths: "
)

// Snapshot returns the snapshot of a server that [Read] has read: a first line
// with source, digest and the version of pinfix, what is known of the program
// file, the text of go version -m, and the fingerprints, sorted. The same server
// gives the same bytes.
func Snapshot(s *pinner.Server, version string) ([]byte, error) {
	o, err := origin(s)
	if err != nil {
		return nil, named(s.Ref, fault.Cause(err), refHint)
	}
	data := format(s, o, version)
	return data, check(s, data)
}

// IsSnapshot reports whether data begins as [Snapshot] writes it.
func IsSnapshot(data []byte) bool { return bytes.HasPrefix(data, []byte(snapshotPrefix)) }

func format(s *pinner.Server, o pinner.Origin, version string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%ssource=%s digest=%s", snapshotPrefix, escape(o.Source), escape(o.Digest))
	if o.Program != "" {
		fmt.Fprintf(&b, " platform=%s program=%s", escape(o.Platform), escape(o.Program))
	}
	fmt.Fprintf(&b, " pinfix=%s\n", escape(version))
	if s.Binary != nil {
		fmt.Fprintf(&b, "%s%s\n", binaryPrefix, formatBinary(s.Binary))
	}
	if s.Paths != (pinner.Paths{}) {
		fmt.Fprintf(&b, "%smodcache=%s vendored=%s", pathsPrefix, escape(s.Paths.ModCache), escape(s.Paths.Vendored))
		for _, f := range []struct{ key, dir string }{{"own", s.Paths.Own}, {"gopath", s.Paths.GoPath}} {
			if f.dir != "" {
				fmt.Fprintf(&b, " %s=%s", f.key, escape(f.dir))
			}
		}
		b.WriteString("\n")
	}
	if s.Source != nil {
		fmt.Fprintf(&b, "%s%s\n", sourcePrefix, formatSource(s.Source))
	}
	fmt.Fprintf(&b, "%s: %s\n", escape(cmp.Or(o.Program, o.Source)), s.Go)
	for line := range strings.Lines(s.Info) {
		fmt.Fprintf(&b, "\t%s\n", strings.TrimSuffix(line, "\n"))
	}
	for _, path := range slices.Sorted(maps.Keys(s.Packages)) {
		fmt.Fprintf(&b, "pkg\t%s\t%x\n", path, s.Packages[path])
	}
	if s.Source != nil {
		for _, path := range slices.Sorted(maps.Keys(s.Source.Packages)) {
			fmt.Fprintf(&b, "pkg\t%s\t%s\n", path, noFingerprint)
		}
	}
	return b.Bytes()
}

// check reads a snapshot back: a server whose build info holds what the text
// form cannot must not come out as another one.
func check(s *pinner.Server, data []byte) error {
	back, err := Parse(data)
	if err != nil {
		return fmt.Errorf("server %s: its snapshot cannot be read back: %w", s.Ref, err)
	}
	back.Ref, back.Origin = s.Ref, s.Origin
	if !reflect.DeepEqual(s, back) {
		return named(s.Ref, errors.New("its build info does not fit into a snapshot"), "keep the program itself")
	}
	return nil
}

// infoText is the build info without the Go version, which is in the header
// line of a snapshot.
func infoText(bi *debug.BuildInfo) string {
	c := *bi
	c.GoVersion = ""
	return c.String()
}

// origin returns where the server comes from: what is known already (an image, a
// snapshot), else the program file and its sha256. Plain text does not know the
// program.
func origin(s *pinner.Server) (pinner.Origin, error) {
	if s.Origin.Source != "" {
		return s.Origin, nil
	}
	o := pinner.Origin{Source: filepath.Base(s.Ref), Digest: "unknown"}
	f, err := bounded.Open(s.Ref)
	if err != nil {
		return o, err
	}
	defer f.Close()
	head, err := readHead(f)
	if err != nil {
		return o, err
	}
	if !isProgram(head) {
		return o, nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.MultiReader(bytes.NewReader(head), f)); err != nil {
		return o, err
	}
	o.Digest = fmt.Sprintf("sha256:%x", h.Sum(nil))
	return o, nil
}

// parseOrigin reads the first line of a snapshot, which hands it on.
func parseOrigin(line string) pinner.Origin {
	m := fields(strings.TrimPrefix(line, snapshotPrefix))
	return pinner.Origin{Source: m["source"], Digest: m["digest"], Platform: m["platform"], Program: m["program"]}
}

func formatBinary(b *pinner.Binary) string {
	needed := make([]string, len(b.Needed))
	for i, n := range b.Needed {
		needed[i] = escape(n)
	}
	return fmt.Sprintf("format=%s arch=%s interp=%s glibc=%s needed=%s",
		escape(b.Format), escape(b.Arch), escape(b.Interp), escape(b.Glibc), strings.Join(needed, ","))
}

func parseBinary(line string) (*pinner.Binary, error) {
	m := fields(strings.TrimPrefix(line, binaryPrefix))
	b := &pinner.Binary{Format: m["format"], Arch: m["arch"], Interp: m["interp"], Glibc: m["glibc"]}
	if b.Format == "" {
		return nil, errors.New("a binary line without format=")
	}
	for _, f := range strings.Fields(line) {
		list, ok := strings.CutPrefix(f, "needed=")
		if !ok || list == "" {
			continue
		}
		for name := range strings.SplitSeq(list, ",") {
			b.Needed = append(b.Needed, unescape(name))
		}
	}
	return b, nil
}

// parsePaths reads what format writes as the paths line. The paths end in command lines,
// so they must be such as a program's file names can give.
func parsePaths(line string) (pinner.Paths, error) {
	m := fields(strings.TrimPrefix(line, pathsPrefix))
	p := pinner.Paths{ModCache: m["modcache"], Vendored: m["vendored"], Own: m["own"], GoPath: m["gopath"]}
	for _, name := range []string{p.ModCache, p.Vendored, p.Own, p.GoPath} {
		if name != "" && !srcdir.Valid(name) {
			return pinner.Paths{}, fmt.Errorf("%q is not a place of sources", name)
		}
	}
	return p, nil
}

// fields reads key=value fields.
func fields(s string) map[string]string {
	m := map[string]string{}
	for _, f := range strings.Fields(s) {
		if k, v, ok := strings.Cut(f, "="); ok {
			m[k] = unescape(v)
		}
	}
	return m
}

// escape writes as %XX what separates fields and names here, and what is no
// plain text.
func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`%,"#`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// unescape leaves alone what escape cannot have written.
func unescape(s string) string {
	if t, err := url.PathUnescape(s); err == nil {
		return t
	}
	return s
}
