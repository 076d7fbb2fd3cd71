//go:build !unix

package gocmd

import (
	"errors"
	"os"
	"os/exec"
)

// Exec runs a tool of the go command, and returns its exit code.
func Exec(args, environ []string) (code int, err error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = environ, os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		return failed.ExitCode(), nil
	}
	return 0, err
}
