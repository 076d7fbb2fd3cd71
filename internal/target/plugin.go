package target

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/pkghash"
	"github.com/pinfix/pinfix/pinner"
)

// ReadPlugin reads a built plugin into the same form as a server. A plugin built
// by Go 1.20 or older has no build info that can be read: its Go is "", and only
// Ref, Packages and Binary are set.
func ReadPlugin(name string) (*pinner.Server, error) {
	s, err := readPlugin(name)
	if err != nil {
		return nil, &PluginError{name, err}
	}
	s.Ref = name
	return s, nil
}

// A PluginError says why a file is no plugin that can be compared.
type PluginError struct {
	Name string
	Err  error
}

func (e *PluginError) Error() string {
	err := e.Err
	if t := (*Error)(nil); errors.As(err, &t) {
		err = t.Err // without its "server"
	}
	return fmt.Sprintf("plugin %s: %v", e.Name, err)
}

func (e *PluginError) Unwrap() error { return e.Err }

// NextStep says what the user can do.
func (e *PluginError) NextStep() string {
	return "name the file that go build -buildmode=plugin has written"
}

func readPlugin(name string) (*pinner.Server, error) {
	f, err := bounded.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("no such file")
	case err != nil:
		return nil, cause(err)
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
	s.Binary, err = p.Binary()
	return s, err
}

// pluginInfo reads what build info there is. One without modules (GO111MODULE=off)
// still names its Go version and settings.
func pluginInfo(p *pkghash.Program) (*pinner.Server, error) {
	bi, err := readInfo(p)
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
