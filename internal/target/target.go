// Package target turns a server reference into a [pinner.Server]. The entry
// point is [Read].
package target

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/image"
	"github.com/pinfix/pinfix/internal/pkghash"
	"github.com/pinfix/pinfix/internal/srcdir"
	"github.com/pinfix/pinfix/pinner"
)

// Limits on what a server reference may hold; a real one is a hundredth of
// them.
const (
	maxText    = 32 << 20 // bytes of a snapshot or go version -m text
	maxModules = 100_000
)

// named returns err as that of the server called ref. The next step is err's own, or
// next where it has none.
func named(ref string, err error, next string) error {
	return fault.New(cmp.Or(fault.Next(err), next), "server %s: %w", printable(err, ref), err)
}

const refHint = "name the server program, or a file with the output of: go version -m PROGRAM"

// Options say how a reference is read, where it leaves that open.
type Options struct {
	Platform string       // of an image, "linux/arm64"; "" for Linux on this machine's architecture
	Path     string       // of the program in an image; "" for the one that its entrypoint names
	Offline  bool         // no network
	Foreign  bool         // a file of the plugin's names it, not the user: no registry on this machine is asked
	Environ  []string     // where the user's cache and credentials are
	Bare     bool         // a program that does not name its modules will do: its fingerprints count
	NoPaths  bool         // Server.Paths is not needed: to find them takes reading an untrimmed program whole
	Step     func(string) // told what happens now; may be nil
}

// Asks says whom reading ref would connect to: a registry's host, the module proxy,
// or "" for what is on this machine.
func Asks(ref string) string {
	if IsSource(ref) {
		info, err := os.Stat(ref)
		if err == nil && info.IsDir() {
			if _, err := os.Stat(filepath.Join(ref, "vendor", "modules.txt")); err == nil {
				return ""
			}
		}
		return "the module proxy (GOPROXY) with the go command"
	}
	if _, err := os.Stat(ref); err == nil {
		return ""
	}
	return image.Asks(ref)
}

// Read reads the server that ref names: a program file (ELF, Mach-O, PE), a
// snapshot, the output of go version -m with or without -json, or an image with
// the scheme of [image.Schemes]. What exists as a file is no scheme.
func Read(ctx context.Context, ref string, o Options) (*pinner.Server, error) {
	s, err := bounded.Wait(ctx, bounded.Grace, func() (*pinner.Server, error) { return read(ctx, ref, o) })
	if err != nil {
		return nil, named(ref, err, refHint)
	}
	s.Ref = ref
	return s, nil
}

func read(ctx context.Context, ref string, o Options) (*pinner.Server, error) {
	f, err := bounded.Open(ref)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := refusePattern(ref); err != nil {
			return nil, err
		}
		if scheme, _, ok := strings.Cut(ref, ":"); ok && slices.Contains(image.Schemes, scheme) {
			return readImage(ctx, ref, o)
		}
		return nil, errors.New("no such file")
	case err != nil:
		return nil, fault.Cause(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fault.Cause(err)
	}
	head, err := readHead(f)
	if err != nil {
		return nil, err
	}
	if isProgram(head) {
		return readProgram(f, head, o)
	}
	text := bytes.NewBuffer(make([]byte, 0, min(info.Size(), maxText)+bytes.MinRead)) // not grown: that costs more than to read
	text.Write(head)
	if _, err := text.ReadFrom(io.LimitReader(f, maxText)); err != nil {
		return nil, fault.Cause(err)
	}
	if text.Len() > maxText {
		return nil, fmt.Errorf("more than %d MiB is too much for the text of go version -m", maxText>>20)
	}
	return Parse(text.Bytes())
}

// The first bytes of ELF, PE, and Mach-O (thin of both sizes and byte orders,
// and fat) files.
var magics = []string{"\x7fELF", "MZ", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"}

// readHead returns the first bytes of a file, as many as [isProgram] needs; fewer
// of a shorter one.
func readHead(f *os.File) ([]byte, error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return head[:n], err
}

func isProgram(head []byte) bool {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m)) {
			return true
		}
	}
	return false
}

func readProgram(f *os.File, head []byte, o Options) (*pinner.Server, error) {
	if err := notHuge(f); err != nil {
		return nil, err
	}
	p, err := pkghash.Open(f)
	if err != nil {
		return nil, notGo(err)
	}
	s, err := programInfo(f, p)
	var bare error // what is wrong with a program that will do if it has fingerprints
	if err != nil && o.Bare && !isPE(head) {
		bare, s, err = err, bareInfo(p), nil
	}
	if err != nil || isPE(head) {
		return s, err
	}
	if s.Settings["-buildmode"] == "plugin" {
		return nil, fault.New("name the program that calls plugin.Open", "this is a plugin (-buildmode=plugin), not the server")
	}
	if s.Binary, err = p.Binary(); err != nil {
		return nil, err
	}
	s.Packages, err = p.Fingerprints()
	if errors.Is(err, pkghash.ErrNoTable) {
		if bare != nil {
			return nil, bare
		}
		err = nil
		if s.Binary.Format == "ELF" { // what Mach-O leaves out is not proven
			s.Packages = map[string]pinner.Fingerprint{}
		}
	}
	if err == nil && !s.Trimmed() && !o.NoPaths {
		s.Paths, err = srcdir.Find(f, s)
	}
	return s, err
}

// notHuge refuses what no one has linked: the size of a file costs its maker
// nothing.
func notHuge(f *os.File) error {
	info, err := f.Stat()
	if err == nil && info.Size() > bounded.Program {
		err = bounded.TooLarge(bounded.Program)
	}
	return fault.Cause(err)
}

// programInfo reads the build info of a program that go build has made of modules.
func programInfo(f *os.File, p *pkghash.Program) (*pinner.Server, error) {
	bi, err := readInfo(p)
	if err != nil {
		return nil, notGo(err)
	}
	return fromBuildInfo(bi)
}

func isPE(head []byte) bool { return bytes.HasPrefix(head, []byte("MZ")) }

func notGo(err error) error {
	return fault.New("name the server program itself, built by Go 1.18 or newer", "not a Go program, or its build info is stripped (%w)", err)
}

func readInfo(p *pkghash.Program) (*debug.BuildInfo, error) {
	version, text, err := p.BuildInfo()
	if err != nil {
		return nil, err
	}
	bi, err := debug.ParseBuildInfo(text)
	if err != nil {
		return nil, err
	}
	bi.GoVersion = version
	return bi, nil
}

// fromBuildInfo is [pinner.FromBuildInfo] with what a snapshot needs.
func fromBuildInfo(bi *debug.BuildInfo) (*pinner.Server, error) {
	if len(bi.Deps) > maxModules {
		return nil, fmt.Errorf("%d modules in the build info", len(bi.Deps))
	}
	s, err := pinner.FromBuildInfo(bi)
	if err != nil {
		return nil, err
	}
	s.Info = infoText(bi)
	return s, nil
}
