package pinner

import (
	"fmt"
	"go/version"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/module"
)

// FromBuildInfo returns the server whose program holds the build info: what
// [debug/buildinfo.ReadFile] reads of the program, or [debug.ParseBuildInfo] of
// the output of go version -m. Build info does not say which packages are linked,
// so Packages is nil and every module in it counts as shared. The error is that of
// [Server.Check]. A program without modules has none: see [Server.KnowsModules].
func FromBuildInfo(bi *debug.BuildInfo) (*Server, error) {
	s := &Server{
		Main:     module.Version{Path: bi.Main.Path, Version: bi.Main.Version},
		Path:     bi.Path,
		Go:       bi.GoVersion,
		Settings: map[string]string{},
	}
	for _, b := range bi.Settings {
		s.Settings[b.Key] = b.Value
	}
	if bi.Main.Path != "" {
		s.Installed = installed(linkedPin(&bi.Main), s.Settings)
	}
	for _, d := range bi.Deps {
		s.Pins = append(s.Pins, linkedPin(d))
	}
	return s, s.Check()
}

func linkedPin(m *debug.Module) Pin {
	p := Pin{Version: module.Version{Path: m.Path, Version: m.Version}, Sum: m.Sum}
	if m.Replace != nil {
		p.Sum = m.Replace.Sum
		p.Replace = module.Version{Path: m.Replace.Path, Version: m.Replace.Version}
		if p.Replace.Version == "(devel)" {
			p.Replace.Version = "" // a directory
		}
	}
	return p
}

// Check returns an error if s cannot describe a server: its Go version is not a release, or
// a module path or version is malformed or a duplicate. These values are untrusted, and
// pinfix writes them into go.mod and into command lines.
func (s *Server) Check() error {
	if s.Main.Path != "" {
		if err := module.CheckImportPath(s.Main.Path); err != nil {
			return fmt.Errorf("its main module: %w", err)
		}
	}
	if !validGo(s.GoVersion()) {
		return fmt.Errorf("its Go version %q is not a release (go1.x.y)", s.Go)
	}
	if s.Installed != nil {
		if err := s.Installed.check(); err != nil {
			return fmt.Errorf("its main module: %w", err)
		}
	}
	seen := map[string]bool{s.Main.Path: true}
	for _, p := range s.Pins {
		if seen[p.Path] {
			return fmt.Errorf("its modules: %q is there twice", p.Path)
		}
		seen[p.Path] = true
		if err := p.check(); err != nil {
			return fmt.Errorf("its modules: %w", err)
		}
	}
	return nil
}

func (p Pin) check() error {
	switch {
	case workspace(p):
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

// validGo reports whether v is a release or a release candidate. It is used in GOTOOLCHAIN,
// and version.IsValid also accepts other words than rc and beta.
func validGo(v string) bool {
	numbers := strings.Replace(strings.Replace(v, "rc", "", 1), "beta", "", 1)
	return v != "" && version.IsValid("go"+v) && strings.Trim(numbers, "0123456789.") == ""
}
