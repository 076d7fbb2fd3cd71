package gocmd

import (
	"errors"
	"os/exec"
	"strings"
)

// Compiler reports whether the C compiler of a CC value, "gcc" or "zig cc
// -target x", is there to be started.
func Compiler(cc string) bool {
	name, _, _ := strings.Cut(strings.TrimSpace(cc), " ")
	_, err := exec.LookPath(name)
	return err == nil || errors.Is(err, exec.ErrDot)
}
