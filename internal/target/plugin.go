package target

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pinfix/pinfix/internal/pkghash"
	"github.com/pinfix/pinfix/pinner"
)

// ReadPlugin reads a built plugin into the same form as a server. A plugin built
// by Go 1.20 or older has no build info that can be read: its Go is "", and only
// Ref, Packages and Binary are set.
func ReadPlugin(name string) (*pinner.Server, error) {
	s, err := readPlugin(name)
	if err != nil {
		e := &Error{Err: err, Next: "build it with: pinfix build, or go build -buildmode=plugin"}
		errors.As(err, &e)
		return nil, &Error{e.Ref, fmt.Errorf("plugin %s: %w", name, e.Err), e.Next}
	}
	s.Ref = name
	return s, nil
}

func readPlugin(name string) (*pinner.Server, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("no such file")
	case err != nil:
		return nil, cause(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	s, err := pluginInfo(f)
	if err != nil {
		return nil, err
	}
	if s.Packages, err = pkghash.Read(f); err != nil {
		if errors.Is(err, pkghash.ErrNoTable) {
			return nil, errors.New("not a Go plugin: it has no package fingerprints")
		}
		return nil, err
	}
	s.Binary, err = pkghash.ReadBinary(f)
	return s, err
}

// pluginInfo reads what build info there is. One without modules (GO111MODULE=off)
// still names its Go version and settings.
func pluginInfo(f *os.File) (*pinner.Server, error) {
	bi, err := readInfo(f, "")
	if errors.Is(err, pkghash.ErrNoBuildInfo) {
		return &pinner.Server{Settings: map[string]string{}}, nil
	}
	if err != nil {
		return nil, err
	}
	if bi.Main.Path == "" && len(bi.Deps) == 0 {
		s := &pinner.Server{Go: bi.GoVersion, Path: bi.Path, Settings: map[string]string{}}
		for _, b := range bi.Settings {
			s.Settings[b.Key] = b.Value
		}
		return s, nil
	}
	s, err := fromBuildInfo(bi)
	if err == nil && s.Settings["-buildmode"] != "" && s.Settings["-buildmode"] != "plugin" {
		return nil, fmt.Errorf("built with -buildmode=%s, not as a plugin", s.Settings["-buildmode"])
	}
	return s, err
}
