//go:build unix

package gocmd

import (
	"os/exec"
	"syscall"
)

// group puts the command into a process group of its own: the go command starts
// others (git, for one) that must end with it.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// interrupt asks the whole group to end.
func interrupt(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }

// end ends what is left of the group. Its leader has been waited for, but the
// group keeps its number as long as it has a member.
func end(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
