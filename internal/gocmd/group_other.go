//go:build !unix

package gocmd

import (
	"os"
	"os/exec"
)

func group(*exec.Cmd) {}

func interrupt(cmd *exec.Cmd) error { return cmd.Process.Signal(os.Interrupt) }

func end(*exec.Cmd) {}
