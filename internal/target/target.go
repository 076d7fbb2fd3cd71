// Package target turns a server reference into a [pinner.Server]. The entry
// point is [Read].
package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/image"
	"github.com/pinfix/pinfix/internal/pkghash"
	"github.com/pinfix/pinfix/pinner"
)

// Limits on what a server reference may hold; a real one is a hundredth of
// them.
const (
	maxText    = 32 << 20 // bytes of a snapshot or go version -m text
	maxModules = 100_000
)

// An Error says why a reference is no server, and what to do.
type Error struct {
	Ref  string
	Err  error
	Next string
}

func (e *Error) Error() string { return fmt.Sprintf("server %s: %v", e.Ref, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// NextStep says what the user can do.
func (e *Error) NextStep() string { return e.Next }

const refHint = "name the server program, or a file with the output of: go version -m PROGRAM"

// Options say how a reference is read, where it leaves that open.
type Options struct {
	Platform string       // of an image, "linux/arm64"; "" for Linux on this machine's architecture
	Path     string       // of the program in an image; "" for the one that its entrypoint names
	Offline  bool         // no network
	Environ  []string     // where the user's cache and credentials are
	NoPaths  bool         // Server.Paths is not needed: to find them takes reading an untrimmed program whole
	Step     func(string) // told what happens now; may be nil
}

// Read reads the server that ref names: a program file (ELF, Mach-O, PE), a
// snapshot, the output of go version -m with or without -json, or an image with
// the scheme of [image.Schemes]. What exists as a file is no scheme.
func Read(ctx context.Context, ref string, o Options) (*pinner.Server, error) {
	s, err := read(ctx, ref, o)
	if err != nil {
		e := &Error{Err: err, Next: refHint}
		errors.As(err, &e)
		e.Ref = printable(err, ref)
		return nil, e
	}
	s.Ref = ref
	return s, nil
}

func read(ctx context.Context, ref string, o Options) (*pinner.Server, error) {
	info, err := os.Stat(ref)
	if errors.Is(err, fs.ErrNotExist) {
		if scheme, _, ok := strings.Cut(ref, ":"); ok && slices.Contains(image.Schemes, scheme) {
			return readImage(ctx, ref, o)
		}
		return nil, errors.New("no such file")
	}
	if err != nil {
		return nil, cause(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(ref)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if isProgram(head[:n]) {
		return readProgram(f, string(head), o)
	}
	data, err := io.ReadAll(io.LimitReader(io.MultiReader(bytes.NewReader(head[:n]), f), maxText+1))
	if err != nil {
		return nil, cause(err)
	}
	if len(data) > maxText {
		return nil, fmt.Errorf("more than %d MiB is too much for the text of go version -m", maxText>>20)
	}
	return Parse(data)
}

// cause leaves out the name that an [fs.PathError] repeats.
func cause(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// The first bytes of ELF, PE, and Mach-O (thin of both sizes and byte orders,
// and fat) files.
var magics = []string{"\x7fELF", "MZ", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"}

func isProgram(head []byte) bool {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m)) {
			return true
		}
	}
	return false
}

func readProgram(f *os.File, magic string, o Options) (*pinner.Server, error) {
	bi, err := readInfo(f)
	if err != nil {
		return nil, &Error{f.Name(), errors.New("not a Go program, or its build info is stripped (" + err.Error() + ")"),
			"name the program itself, not a start script or a package; was it built by Go 1.18 or newer?"}
	}
	s, err := fromBuildInfo(bi)
	if err != nil {
		return nil, err
	}
	if isPE(magic) {
		return s, nil
	}
	if s.Settings["-buildmode"] == "plugin" {
		return nil, &Error{"", errors.New("this is a plugin (-buildmode=plugin), not the server"), "name the program that calls plugin.Open"}
	}
	if s.Binary, err = pkghash.ReadBinary(f); err != nil {
		return nil, err
	}
	if !s.Trimmed() && !o.NoPaths {
		if s.Paths, err = pkghash.ReadPaths(f, s.Pins); err != nil {
			return nil, err
		}
	}
	s.Packages, err = pkghash.Read(f)
	if errors.Is(err, pkghash.ErrNoTable) {
		err = nil
		if s.Binary.Format == "ELF" { // what Mach-O leaves out is not proven
			s.Packages = map[string]pinner.Fingerprint{}
		}
	}
	return s, err
}

func isPE(magic string) bool { return strings.HasPrefix(magic, "MZ") }

func readInfo(f *os.File) (*debug.BuildInfo, error) {
	version, text, err := pkghash.ReadBuildInfo(f)
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

// fromBuildInfo checks what comes from elsewhere: module paths and versions end
// in go.mod and in command lines.
func fromBuildInfo(bi *debug.BuildInfo) (*pinner.Server, error) {
	if bi.Main.Path == "" && len(bi.Deps) == 0 {
		return nil, &Error{"", errors.New("its build info holds no modules"), "it was built without modules (GO111MODULE=off) or by another build system; pinfix needs a server built with modules"}
	}
	if len(bi.Deps) > maxModules {
		return nil, fmt.Errorf("%d modules in the build info", len(bi.Deps))
	}
	if bi.Main.Path != "" {
		if err := module.CheckImportPath(bi.Main.Path); err != nil {
			return nil, fmt.Errorf("build info: %w", err)
		}
	}
	s := &pinner.Server{
		Main:     module.Version{Path: bi.Main.Path, Version: bi.Main.Version},
		Path:     bi.Path,
		Go:       bi.GoVersion,
		Settings: map[string]string{},
		Info:     infoText(bi),
	}
	if !validGo(s.GoVersion()) {
		return nil, fmt.Errorf("its Go version %q is not a release (go1.x.y)", bi.GoVersion)
	}
	for _, b := range bi.Settings {
		s.Settings[b.Key] = b.Value
	}
	seen := map[string]bool{bi.Main.Path: true}
	for _, d := range bi.Deps {
		if seen[d.Path] {
			return nil, fmt.Errorf("build info: module %q stands there twice", d.Path)
		}
		seen[d.Path] = true
		p := pinner.Pin{Version: module.Version{Path: d.Path, Version: d.Version}, Sum: d.Sum}
		if d.Replace != nil {
			p.Sum = d.Replace.Sum
			p.Replace = module.Version{Path: d.Replace.Path, Version: d.Replace.Version}
			if p.Replace.Version == "(devel)" {
				p.Replace.Version = "" // a directory
			}
		}
		if err := checkPin(p); err != nil {
			return nil, fmt.Errorf("build info: %w", err)
		}
		s.Pins = append(s.Pins, p)
	}
	return s, nil
}

func checkPin(p pinner.Pin) error {
	switch {
	case p.Version.Version == "(devel)":
		return module.CheckImportPath(p.Path)
	case p.Replace.Path != "" && p.Replace.Version == "":
		// Replaced by a directory: a path without a dot, too, that no proxy knows.
		return checkVersion(p.Version, module.CheckImportPath)
	case p.Replace.Path != "":
		if err := checkVersion(p.Replace, module.CheckPath); err != nil {
			return err
		}
	}
	return checkVersion(p.Version, module.CheckPath)
}

// checkVersion is module.Check without its tie between path and major version:
// a replacement or an +incompatible one need not keep it.
func checkVersion(v module.Version, checkPath func(string) error) error {
	if err := checkPath(v.Path); err != nil {
		return err
	}
	if v.Version == "" || module.CanonicalVersion(v.Version) != v.Version {
		return fmt.Errorf("module %s has the malformed version %q", v.Path, v.Version)
	}
	return nil
}
