package wants

import (
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
)

// UserCaps returns the values of --cap, MODULE@VERSION. An error is about one of them, or about
// one of --keep, which takes modules.
func (o Options) UserCaps() ([]module.Version, error) {
	var caps []module.Version
	for _, s := range o.Caps {
		m, err := userCap(s)
		if err != nil {
			return nil, err
		}
		if slices.Contains(o.Keep, m.Path) {
			return nil, fault.New("remove one of the flags", "--cap %s and --keep %s contradict each other", s, m.Path)
		}
		caps = append(caps, m)
	}
	for _, s := range o.Keep {
		if path, _, ok := strings.Cut(s, "@"); ok {
			return nil, fault.OfSetting("--keep", s, "write --keep "+path, "it keeps the plugin's own version, so it takes no other one")
		}
	}
	return caps, nil
}

func userCap(s string) (module.Version, error) {
	path, v, _ := strings.Cut(s, "@")
	m := module.Version{Path: path, Version: v}
	switch err := module.CheckPath(path); {
	case err != nil:
		return m, fault.OfSetting("--cap", s, "name it as MODULE@VERSION", "%w", err)
	case v == "":
		return m, fault.OfSetting("--cap", s, "write --cap "+path+"@VERSION", "no version")
	case module.CanonicalVersion("v"+v) == "v"+v:
		return m, fault.OfSetting("--cap", s, "write --cap "+path+"@v"+v, "%s is not a version", v)
	case module.CanonicalVersion(v) != v:
		return m, fault.OfSetting("--cap", s, "name the version itself: go list -m "+path+"@"+v+" prints it", "%s is not a version", v)
	}
	if err := module.Check(path, v); err != nil {
		return m, fault.OfSetting("--cap", s, "name it as MODULE@VERSION", "%w", err)
	}
	return m, nil
}

// NotRequired is the error of a flag that names a module outside of the plugin's graph.
func NotRequired(flag string, m module.Version) error {
	return fault.OfSetting(flag, m.String(), "name a module of the plugin's build list; go list -m all prints it", "the plugin does not require %s, directly or not", m.Path)
}
