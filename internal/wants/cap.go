package wants

import (
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/fault"
)

// ParseCap reads a value of --cap, MODULE@VERSION. An error says what to write instead.
func ParseCap(s string) (path, v string, err error) {
	path, v, _ = strings.Cut(s, "@")
	switch pathErr := module.CheckPath(path); {
	case pathErr != nil:
		return "", "", fault.New("name it as MODULE@VERSION", "--cap %s: %w", s, pathErr)
	case v == "":
		return "", "", fault.New("write --cap "+path+"@VERSION", "--cap %s: no version", s)
	case module.CanonicalVersion("v"+v) == "v"+v:
		return "", "", fault.New("write --cap "+path+"@v"+v, "--cap %s: %s is not a version", s, v)
	case module.CanonicalVersion(v) != v:
		return "", "", fault.New("name the version itself: go list -m "+path+"@"+v+" prints it", "--cap %s: %s is not a version", s, v)
	}
	if err := module.Check(path, v); err != nil {
		return "", "", fault.New("name it as MODULE@VERSION", "--cap %s: %w", s, err)
	}
	return path, v, nil
}
