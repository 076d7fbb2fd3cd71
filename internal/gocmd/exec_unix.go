//go:build unix

package gocmd

import (
	"os/exec"
	"syscall"
)

// Exec lets a tool of the go command take the place of this process. It returns only
// if that fails.
func Exec(args, environ []string) (code int, err error) {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return 0, err
	}
	return 0, &exec.Error{Name: args[0], Err: syscall.Exec(path, args, environ)}
}
