package target

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/pkghash"
	"github.com/pinfix/pinfix/pinner"
)

// ReadPlugin reads a built plugin into the same form as a server. Where it has no
// build info that can be read (Go 1.20 or older, stripped, another build system)
// its Go is "", and only Ref, Packages and Binary are set: the loader compares
// nothing else. Path is the plugin path, "" where it is not known; one that is not
// among Packages was compiled into the plugin, and -pluginpath says otherwise.
func ReadPlugin(name string) (*pinner.Server, error) {
	s, err := readPlugin(name)
	if err != nil {
		return nil, notPlugin(name, err)
	}
	s.Ref = name
	return s, nil
}

// notPlugin returns err as the reason why the file called name cannot be compared as a
// plugin.
func notPlugin(name string, err error) error {
	return fault.New("name the file that go build -buildmode=plugin has written", "plugin %s: %w", name, err)
}

func readPlugin(name string) (*pinner.Server, error) {
	f, err := bounded.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("no such file")
	case err != nil:
		return nil, fault.Cause(err)
	}
	defer f.Close()
	if err := notHuge(f); err != nil {
		return nil, err
	}
	p, err := pkghash.Open(f)
	if err != nil {
		return nil, err
	}
	s, err := pluginInfo(p)
	if err != nil {
		return nil, err
	}
	if s.Packages, err = p.Fingerprints(); err != nil {
		if errors.Is(err, pkghash.ErrNoTable) {
			return nil, errors.New("not a Go plugin: it has no package fingerprints")
		}
		return nil, err
	}
	if s.Path, err = pluginPath(p, s); err != nil {
		return nil, err
	}
	if s.Binary, err = p.Binary(); err != nil {
		return nil, err
	}
	s.Binary.Asks, err = p.Asks()
	return s, err
}

// AddCgo finds out which packages of a plugin that [ReadPlugin] has read have C code.
func AddCgo(s *pinner.Server) error {
	return reopen(s, func(p *pkghash.Program) (err error) {
		s.Binary.Cgo, err = p.CgoPackages()
		return err
	})
}

// reopen reads more of a plugin's file.
func reopen(s *pinner.Server, read func(*pkghash.Program) error) error {
	f, err := bounded.Open(s.Ref)
	if err != nil {
		return notPlugin(s.Ref, fault.Cause(err))
	}
	defer f.Close()
	p, err := pkghash.Open(f)
	if err == nil {
		err = read(p)
	}
	if err != nil {
		return notPlugin(s.Ref, err)
	}
	return nil
}

// AddIFuncs finds out whether a plugin that [ReadPlugin] has read has indirect functions.
func AddIFuncs(s *pinner.Server) error {
	return reopen(s, func(p *pkghash.Program) (err error) {
		s.Binary.IFuncs, err = p.IFuncs()
		return err
	})
}

// ArchiveAsks returns which of names the C objects in a package's archive, which the go
// command has written, take from others.
func ArchiveAsks(file string, names []string) ([]string, error) {
	f, err := bounded.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return pkghash.ArchiveAsks(f, names)
}

// Libc returns the libc that a program of this machine is linked against, "musl" or
// "glibc", and "" where it does not say or cannot be read.
func Libc(name string) string {
	f, err := bounded.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	p, err := pkghash.Open(f)
	if err != nil {
		return ""
	}
	b, err := p.Binary()
	if err != nil {
		return ""
	}
	return b.Libc()
}

// pluginPath finds the path that the runtime knows the plugin by, and that no two
// plugins of a process may share: the import path of its main package, or what
// the go command makes of the files that it was built from.
func pluginPath(p *pkghash.Program, s *pinner.Server) (string, error) {
	mains, err := p.Mains()
	if err != nil {
		return "", err
	}
	linked := slices.DeleteFunc(slices.Clone(mains), func(name string) bool { _, ok := s.Packages[name]; return !ok })
	_, named := s.Packages[s.Path]
	switch {
	case len(linked) == 1:
		return linked[0], nil
	case named:
		return s.Path, nil
	case len(linked) == 0 && s.Path != "" && s.Path != "command-line-arguments":
		return s.Path, nil // not linked as what it was compiled as
	}
	// Several packages may have a function of that name.
	for _, name := range mains {
		if strings.HasPrefix(name, "plugin/unnamed-") {
			return name, nil
		}
	}
	return "", nil
}

// pluginInfo reads what build info there is.
func pluginInfo(p *pkghash.Program) (*pinner.Server, error) {
	s := bareInfo(p)
	if mode := s.Settings["-buildmode"]; mode != "" && mode != "plugin" {
		return nil, fmt.Errorf("built with -buildmode=%s, not as a plugin", mode)
	}
	return s, nil
}

// bareInfo returns what the build info of p says, and nothing where it cannot be
// read or says what no build says: a file can be compared without it. Build info
// without modules (GO111MODULE=off, Bazel) may still name the Go version and
// settings.
func bareInfo(p *pkghash.Program) *pinner.Server {
	unknown := &pinner.Server{Settings: map[string]string{}}
	bi, err := readInfo(p)
	if err != nil {
		return unknown
	}
	if bi.Main.Path == "" && len(bi.Deps) == 0 {
		s := &pinner.Server{Go: bi.GoVersion, Path: bi.Path, Settings: map[string]string{}}
		if !strings.HasPrefix(s.Go, "go") && !strings.HasPrefix(s.Go, "devel ") {
			s.Go = "" // "unknown", as garble writes it
		}
		for _, b := range bi.Settings {
			s.Settings[b.Key] = b.Value
		}
		return s
	}
	s, err := fromBuildInfo(bi)
	if err != nil {
		return unknown
	}
	return s
}
